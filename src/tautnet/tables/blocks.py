"""A table is read block by block for predictions, so that memory does not grow with the file.

What each column holds is known from the model, so a block is read as the whole table would be.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from os import PathLike
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats
from tautnet.tables.errors import TableError
from tautnet.tables.frames import pandas_of
from tautnet.tables.missing import as_markers, missing_markers
from tautnet.tables.parsing import marking_numbers, parse_numbers
from tautnet.tables.reader import (
    check_is_text,
    column_names,
    csv_rows,
    damaged_parquet,
    open_source,
    other_encoding,
    ragged_row,
    sniff_delimiter,
    unknown_encoding,
    without_pyarrow,
)
from tautnet.tables.recipes import Recipe
from tautnet.tables.spelling import find_columns

if TYPE_CHECKING:
    from _csv import Reader

    import pyarrow

__all__ = ["ROWS", "read_blocks"]

ROWS = 8 * 8192
"""Rows of a block.

A prediction takes rows in blocks of its own; a multiple of those leaves it as it would be without.
"""


class _Wanted(NamedTuple):
    """What to read of a table.

    Attributes
    ----------
    source : str
        What to call the table in messages.
    recipes : list of dict
        What each predictor holds.
    na : set of str
        Texts that the user wants read as missing, whatever they are.
    decimal : str
        The decimal mark.
    rows : int
        Number of rows of a block.
    on_extra : callable or None
        Told the names of the other columns.
    """

    source: str
    recipes: list[Recipe]
    na: frozenset[str]
    decimal: str
    rows: int
    on_extra: Callable[[list[str]], None] | None


def read_blocks(
    source: str | PathLike[str],
    recipes: list[Recipe],
    *,
    na: str | Iterable[str] = (),
    decimal: str = ".",
    encoding: str | None = None,
    rows: int = ROWS,
    on_extra: Callable[[list[str]], None] | None = None,
) -> Iterator[pd.DataFrame]:
    """Read the predictors of a model from a file, block by block.

    Parameters
    ----------
    source : str or path
        CSV or TSV (plain or gzipped), Parquet, or ``"-"`` for standard input.
    recipes : list of dict
        As `TableEncoder` has them: what each predictor holds. Columns are found by name, in any
        order.
    na, decimal, encoding
        As in `read_table`.
    rows : int
        Number of rows of a block.
    on_extra : callable, optional
        Told the names of the other columns, before any row is read.

    Yields
    ------
    pandas.DataFrame
        One column a predictor; of a file without rows one block that has none.

    Raises
    ------
    TableError
        When the file cannot be read, lacks a predictor, or has text where a number should be.
    """
    wanted = _Wanted(str(source), recipes, as_markers(na), decimal, rows, on_extra)
    with open_source(wanted.source) as file:
        head = file.peek(4)[:4]
        if not head:
            raise TableError(f"{source} is empty")
        if head == b"PAR1":
            yield from _parquet_blocks(file, wanted)
            return
        if head.startswith(b"\x1f\x8b"):
            file = io.BufferedReader(gzip.GzipFile(fileobj=file))
        try:
            check_is_text(file.peek(4096), encoding, wanted.source)
            text = io.TextIOWrapper(file, encoding or "utf-8-sig", newline="")
            yield from _text_blocks(text, wanted)
        except LookupError:
            raise unknown_encoding(encoding) from None
        except UnicodeError as error:
            reason = getattr(error, "reason", str(error))
            raise other_encoding(wanted.source, encoding, reason) from None
        except (EOFError, OSError, zlib.error) as error:
            raise TableError(f"{source} is damaged: {error}") from None


def _text_blocks(text: io.TextIOWrapper, wanted: _Wanted) -> Iterator[pd.DataFrame]:
    """Yield the blocks of a table of text."""
    lines = iter(text)
    header = _header(lines, wanted.source)
    delimiter = sniff_delimiter(header)
    names = next(csv_rows(io.StringIO(header, newline=""), delimiter))
    position = _positions(names, wanted)
    cells = _checked_rows(csv_rows(lines, delimiter), len(names), wanted.source, header)
    # A file without rows has one block, too: what is made of it has its columns.
    for block in chain([list(islice(cells, wanted.rows))], _full(cells, wanted.rows)):
        yield _frame(block, len(names), position, wanted)


def _full(cells: Iterator[list[str]], rows: int) -> Iterator[list[list[str]]]:
    """Yield blocks of rows until there are none."""
    while block := list(islice(cells, rows)):
        yield block


def _header(lines: Iterator[str], source: str) -> str:
    """Read the first line that is not blank, and those that its quotation marks go on in."""
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise TableError(f"{source} is empty")
    while header.count('"') % 2 and (more := next(lines, None)) is not None:
        header += more
    return header.removeprefix("\ufeff")


def _frame(
    block: list[list[str]], width: int, position: list[int], wanted: _Wanted
) -> pd.DataFrame:
    """Return the predictors of some rows, one column each."""
    columns = list(zip(*block, strict=True)) or [()] * width
    held = {}
    for recipe, at in zip(wanted.recipes, position, strict=True):
        cells = np.array(columns[at], dtype=object)
        held[recipe["predictor"]] = _column(recipe, cells, wanted.na, wanted.decimal)
    return pd.DataFrame(held, index=range(len(block)))


def _checked_rows(reader: "Reader", width: int, source: str, header: str) -> Iterator[list[str]]:
    """Yield rows of as many cells as the header; lines without any are left out."""
    before = len(re.findall(r"\r\n|\r|\n", header))
    try:
        for row in reader:
            if len(row) == width:
                yield row
            elif "".join(row).strip():
                raise ragged_row(source, reader.line_num + before, len(row), width)
    except csv.Error as error:
        raise TableError(
            f"{source} line {reader.line_num + before} cannot be read: {error}"
        ) from None


def _positions(names: list[str], wanted: _Wanted) -> list[int]:
    """Return where each predictor stands among the columns, given their names as the file has."""
    read = column_names(names, wanted.source)
    predictors = [recipe["predictor"] for recipe in wanted.recipes]
    # A table that was read with blank names has other names in their places.
    named = [one if one in predictors else other for one, other in zip(names, read, strict=True)]
    position, absent = find_columns(predictors, named)
    if absent:
        shown = ", ".join(map(repr, absent[:10])) + (", ..." if len(absent) > 10 else "")
        what = f"{len(absent)} of the model's {len(predictors)} predictors"
        raise TableError(f"{wanted.source} lacks {what}: {shown}")
    if wanted.on_extra is not None:
        used = set(position)
        wanted.on_extra([name for i, name in enumerate(read) if i not in used])
    return position


def _column(recipe: Recipe, cells: Cells, na: frozenset[str], decimal: str) -> Cells:
    """Return the cells of one predictor: numbers, or texts as they are, or NaN.

    What a text says is for the encoder to tell, as in every other table.
    """
    if recipe["kind"] == "number":
        return _numbers(recipe["predictor"], cells, missing_markers(na), decimal)
    codes, texts = pd.factorize(cells)
    tokens = np.array(texts, dtype=object)
    if "levels" in recipe:
        _check_spaces(recipe, tokens)
        tokens = _with_points(tokens, set(recipe["levels"]), decimal)
    tokens[[token.strip() in na for token in tokens]] = np.nan
    return tokens[codes]


def _numbers(name: str, cells: Cells, markers: frozenset[str], decimal: str) -> Floats:
    """Return numbers, NaN where one is missing.

    Most numbers are distinct, so only cells that are none, or that are read as missing, are looked
    at as texts.
    """
    values = parse_numbers(cells, decimal).astype(np.float64)
    for i in np.flatnonzero(np.isnan(values)):
        if cells[i].strip() not in markers:
            odd = cells[i].strip()
            raise TableError(
                f"column {name!r} should hold numbers, but has {odd!r}: correct it or blank it out"
            )
    values[np.isin(values, marking_numbers(markers, decimal))] = np.nan
    return values


def _check_spaces(recipe: Recipe, tokens: Cells) -> None:
    """Raise where the spaces before a cell would tell its level: a file of text does not keep them.

    Nor does it tell a blank text from no value.
    """
    meant: dict[str, list[str]] = {}
    for level in recipe["levels"]:
        meant.setdefault(level.lstrip(" "), []).append(repr(level))
    if recipe["missing"] and "" in meant:
        meant[""].append("a missing one")
    for token in tokens:
        if len(meant.get(token, ())) > 1:
            raise TableError(
                f"column {recipe['predictor']!r} has the cell {token!r}, which may be"
                f" {' or '.join(meant[token])}: text files do not tell; give a Parquet file"
            )


def _with_points(tokens: Cells, levels: set[str], decimal: str) -> Cells:
    """Return texts whose numbers have a decimal point, but for those that are levels."""
    if decimal == ".":
        return tokens
    is_number = ~np.isnan(parse_numbers(tokens, decimal).astype(np.float64))
    with_point = [
        token.replace(",", ".") if number and token not in levels else token
        for token, number in zip(tokens, is_number, strict=True)
    ]
    return np.array(with_point, dtype=object)


def _parquet_blocks(file: io.BufferedReader, wanted: _Wanted) -> Iterator[pd.DataFrame]:
    """Yield the blocks of a Parquet file."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise without_pyarrow(wanted.source) from None
    try:
        # What cannot be sought in, such as standard input, is read as a whole.
        table = ParquetFile(file if file.seekable() else io.BytesIO(file.read()))
        stored = table.schema_arrow.names
        position = _positions(stored, wanted)
        columns = [stored[at] for at in position]
        schema = pyarrow.schema([table.schema_arrow.field(at) for at in position])
        blocks: Iterable[list[pyarrow.RecordBatch]] = [[]]
        if table.metadata.num_rows:
            blocks = _even(table.iter_batches(wanted.rows, columns=columns), wanted.rows)
        for block in blocks:
            rows = pyarrow.Table.from_batches(block, None if block else schema)
            frame = pandas_of(rows)[columns]
            yield frame.set_axis([recipe["predictor"] for recipe in wanted.recipes], axis=1)
    except (OSError, NotImplementedError, pyarrow.ArrowException) as error:
        raise damaged_parquet(wanted.source, error) from None


def _even(
    batches: Iterable["pyarrow.RecordBatch"], rows: int
) -> Iterator[list["pyarrow.RecordBatch"]]:
    """Yield lists of batches that have so many rows together.

    A file gives smaller batches where a group of its rows ends.
    """
    held: list[pyarrow.RecordBatch] = []
    n_held = 0
    for batch in batches:
        while n_held + len(batch) >= rows:
            cut = rows - n_held
            yield [*held, batch.slice(0, cut)]
            batch = batch.slice(cut)
            held = []
            n_held = 0
        if len(batch):
            held.append(batch)
            n_held += len(batch)
    if held:
        yield held
