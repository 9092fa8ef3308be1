"""A table read block by block, for predictions: memory does not grow with the file.

What each column holds is known from the model, so a block is read as the whole table would be.
"""

import csv
import gzip
import io
import re
import zlib
from itertools import islice

import numpy as np
import pandas as pd

from tautnet.tables.cells import distinct_texts
from tautnet.tables.errors import TableError
from tautnet.tables.reader import (
    MISSING_MARKERS,
    check_is_text,
    column_names,
    csv_rows,
    open_source,
    parse_numbers,
    sniff_delimiter,
    unknown_encoding,
)

__all__ = ["ROWS", "read_blocks"]

ROWS = 8 * 8192
"""Rows of a block: a multiple of those that a prediction takes at once, so that it does not depend
on them.
"""


def read_blocks(source, recipes, *, na=(), decimal=".", encoding=None, rows=ROWS, on_extra=None):
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
        Of a block.
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
    source = str(source)
    markers = MISSING_MARKERS | {marker.strip() for marker in ([na] if isinstance(na, str) else na)}
    with open_source(source) as file:
        head = file.peek(4)[:4]
        if not head:
            raise TableError(f"{source} is empty")
        if head == b"PAR1":
            yield from _parquet_blocks(file, source, recipes, rows, on_extra)
            return
        if head.startswith(b"\x1f\x8b"):
            file = io.BufferedReader(gzip.GzipFile(fileobj=file))
        try:
            check_is_text(file.peek(4096), encoding, source)
            text = io.TextIOWrapper(file, encoding or "utf-8-sig", newline="")
            yield from _text_blocks(text, source, recipes, markers, decimal, rows, on_extra)
        except LookupError:
            raise unknown_encoding(encoding) from None
        except UnicodeError as error:
            other = (
                "another, such as utf-8" if encoding else "--encoding latin-1 or --encoding cp1252"
            )
            raise TableError(
                f"{source} is not {encoding or 'UTF-8'} ({error.reason}): pass {other}"
            ) from None
        except (EOFError, OSError, zlib.error) as error:
            raise TableError(f"{source} is damaged: {error}") from None


def _text_blocks(text, source, recipes, markers, decimal, rows, on_extra):
    lines = iter(text)
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise TableError(f"{source} is empty")
    # A line that ends inside quotation marks goes on in the next.
    while header.count('"') % 2 and (more := next(lines, None)) is not None:
        header += more
    header = header.removeprefix("\ufeff")
    delimiter = sniff_delimiter(header)
    names = column_names(next(csv_rows(io.StringIO(header, newline=""), delimiter)), source)
    position = _find(names, recipes, source, on_extra)
    cells = _checked_rows(csv_rows(lines, delimiter), len(names), source, header)
    block = list(islice(cells, rows))
    # A file without rows has one block, too: what is made of it has its columns.
    while True:
        columns = list(zip(*block, strict=True)) or [()] * len(names)
        yield pd.DataFrame(
            {
                recipe["predictor"]: _column(
                    recipe, np.array(columns[at], dtype=object), markers, decimal
                )
                for recipe, at in zip(recipes, position, strict=True)
            },
            index=range(len(block)),
        )
        if not (block := list(islice(cells, rows))):
            return


def _checked_rows(reader, width, source, header):
    """Rows of as many cells as the header; lines without any are left out."""
    before = len(re.findall(r"\r\n|\r|\n", header))
    try:
        for row in reader:
            if len(row) == width:
                yield row
            elif "".join(row).strip():
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                line = reader.line_num + before
                raise TableError(
                    f"{source} line {line} has {cells}, the header has {width}: mend that line"
                )
    except csv.Error as error:
        raise TableError(
            f"{source} line {reader.line_num + before} cannot be read: {error}"
        ) from None


def _find(names, recipes, source, on_extra):
    """Where each predictor stands among the columns."""
    position = {name: i for i, name in enumerate(names)}
    wanted = [recipe["predictor"] for recipe in recipes]
    absent = [name for name in wanted if name not in position]
    if absent:
        shown = ", ".join(map(repr, absent[:10])) + (", ..." if len(absent) > 10 else "")
        raise TableError(
            f"{source} lacks {len(absent)} of the model's {len(wanted)} predictors: {shown}"
        )
    if on_extra is not None:
        on_extra([name for name in names if name not in set(wanted)])
    return [position[name] for name in wanted]


def _column(recipe, cells, markers, decimal):
    """The cells of one predictor: numbers, or texts as they stand among its levels; NaN where they
    are missing.
    """
    if recipe["kind"] == "number":
        return _numbers(recipe["predictor"], cells, markers, decimal)
    codes, texts = pd.factorize(cells)
    tokens = np.array([text.strip() for text in texts], dtype=object)
    missing = np.array([token in markers for token in tokens], dtype=bool)
    if "levels" in recipe:
        tokens[~missing] = _as_levels(tokens[~missing], set(recipe["levels"]), decimal)
    tokens[missing] = np.nan
    return tokens[codes]


def _numbers(name, cells, markers, decimal):
    """Numbers, most of them distinct: only cells that are none, or are to mean missing, are looked
    at as texts.
    """
    values = parse_numbers(cells, decimal).astype(np.float64)
    for i in np.flatnonzero(np.isnan(values)):
        if cells[i].strip() not in markers:
            odd = cells[i].strip()
            raise TableError(
                f"column {name!r} should hold numbers, but has {odd!r}: correct it or blank it out"
            )
    marking = np.array(sorted(markers), dtype=object)
    marking = {*marking[~np.isnan(parse_numbers(marking, decimal))]}
    if marking:
        values[[cell.strip() in marking for cell in cells]] = np.nan
    return values


def _as_levels(tokens, levels, decimal):
    """Texts as the levels spell them: 3.0 and true are 3 and True where the table they come from
    has read them so.
    """
    numbers = parse_numbers(tokens, decimal)
    spelled = dict(zip(tokens, tokens, strict=True))
    for token, number in zip(tokens, numbers, strict=True):
        others = (
            [token.capitalize()]
            if np.isnan(number)
            else distinct_texts(pd.Series([float(number)]))[1]
        )
        if token not in levels and others[0] in levels:
            spelled[token] = others[0]
    return [spelled[token] for token in tokens]


def _parquet_blocks(file, source, recipes, rows, on_extra):
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        hint = "pip install 'tautnet[parquet]'"
        raise TableError(
            f"{source} is a Parquet file, and reading one needs pyarrow: {hint}"
        ) from None
    try:
        # What cannot be sought in, such as standard input, is read as a whole.
        table = ParquetFile(file if file.seekable() else io.BytesIO(file.read()))
        stored = table.schema_arrow.names
        position = _find(column_names(stored, source), recipes, source, on_extra)
        columns = [stored[at] for at in position]
        schema = pyarrow.schema([table.schema_arrow.field(at) for at in position])
        blocks = (
            _even(table.iter_batches(rows, columns=columns), rows)
            if table.metadata.num_rows
            else [[]]
        )
        for block in blocks:
            frame = pyarrow.Table.from_batches(block, None if block else schema).to_pandas()[
                columns
            ]
            yield frame.set_axis([recipe["predictor"] for recipe in recipes], axis=1)
    except (OSError, NotImplementedError, pyarrow.ArrowException) as error:
        raise TableError(
            f"{source} is a damaged Parquet file: {str(error).splitlines()[0]}"
        ) from None


def _even(batches, rows):
    """Lists of batches of so many rows together: a file gives smaller ones where a group of its
    rows ends.
    """
    held, n_held = [], 0
    for batch in batches:
        while n_held + len(batch) >= rows:
            cut = rows - n_held
            yield [*held, batch.slice(0, cut)]
            batch, held, n_held = batch.slice(cut), [], 0
        if len(batch):
            held, n_held = [*held, batch], n_held + len(batch)
    if held:
        yield held
