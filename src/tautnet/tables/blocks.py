"""A table is read block by block for predictions, so that memory does not grow with the file.

What each column holds is known from the model, so a block is read as the whole table would be.
"""

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import numpy as np
import pandas as pd

from tautnet.tables.converted import Written
from tautnet.tables.errors import TableError
from tautnet.tables.frames import pandas_of
from tautnet.tables.known_cells import known_cells
from tautnet.tables.large import is_directory_of_parquet, open_dataset
from tautnet.tables.layout import as_text, column_names, rows_of_text
from tautnet.tables.names import lacking
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.opening import PARQUET, Bounds, check_is_text, open_source
from tautnet.tables.parquet import mark_missing, one_line_of_parquet
from tautnet.tables.reader import refuse_idle
from tautnet.tables.recipes import Recipe
from tautnet.tables.spelling import find_columns

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.dataset

__all__ = ["ROWS", "Block", "read_blocks"]

# Bytes of a column of Parquet that are read at once.
BUFFER = 2**20

ROWS = 8 * 8192
"""Rows of a block.

A prediction takes rows in blocks of its own; a multiple of those leaves it as it would be without.
"""


class Block(NamedTuple):
    """Some rows of a table.

    Attributes
    ----------
    predictors : pandas.DataFrame
        One column a predictor.
    kept : pandas.DataFrame
        Other columns as they stand in the file.
    """

    predictors: pd.DataFrame
    kept: pd.DataFrame


class _Wanted(NamedTuple):
    """What to read of a table.

    Attributes
    ----------
    source : str
        What to call the table in messages.
    recipes : list of dict
        What each predictor holds.
    notation : Notation
        How cells are written.
    rows : int
        Number of rows of a block.
    keep : sequence of str
        Names of columns that are handed on as they stand in the file.
    dates : str
        The order of dates that this file was said to have, or "".
    on_extra : callable or None
        Told the names of the other columns.
    """

    source: str
    recipes: list[Recipe]
    notation: Notation
    dates: str
    rows: int
    keep: Sequence[str]
    on_extra: Callable[[list[str]], None] | None


def read_blocks(
    source: str | PathLike[str],
    recipes: list[Recipe],
    *,
    notation: Notation = PLAIN,
    given: Mapping[str, Any] | None = None,
    encoding: str | None = None,
    drop_rows: Collection[int] = (),
    max_size: float | None = None,
    keep: Sequence[str] = (),
    rows: int = ROWS,
    on_extra: Callable[[list[str]], None] | None = None,
) -> Iterator[Block]:
    """Read the predictors of a model from a file, block by block.

    Parameters
    ----------
    source : str or path
        CSV or TSV (plain or gzipped), Parquet or a directory of such files, or ``"-"`` for
        standard input.
    recipes : list of dict
        As `TableEncoder` has them: what each predictor holds. Columns are found by name, in any
        order.
    notation : Notation
        How the cells of the model's table were written.
    given : dict, optional
        Parts of a notation by name, in which this file differs; its missing markers are added.
    encoding, drop_rows, max_size
        As in `read_table`; what is held at once is bounded, not the file.
    keep : sequence of str
        Names of columns that are handed on as they stand in the file.
    rows : int
        Number of rows of a block.
    on_extra : callable, optional
        Told the names of the other columns, before any row is read.

    Yields
    ------
    Block
        Of a file without rows one that has none.

    Raises
    ------
    TableError
        When the file cannot be read, lacks a predictor, or has text where a number should be.
    """
    source = str(source)
    given = given or {}
    wanted = _Wanted(
        source,
        recipes,
        notation.changed(given),
        given.get("dates", ""),
        rows,
        list(dict.fromkeys(keep)),
        on_extra,
    )
    asked = PLAIN.changed(given)._replace(na=())
    if is_directory_of_parquet(source):
        refuse_idle(source, "a directory of Parquet files", asked, encoding, drop_rows)
        yield from _dataset_blocks(open_dataset(source), wanted)
        return
    # Parquet from a stream is held as a whole, text is not.
    bounds = Bounds(max_size, is_kept=False)
    with open_source(source, bounds, written=Written(wanted.notation.decimal, encoding)) as file:
        head = file.peek(4096)[:4096]
        if not head:
            raise TableError(f"{source} is empty")
        if head.startswith(PARQUET):
            refuse_idle(source, "a Parquet file", asked, encoding, drop_rows)
            yield from _parquet_blocks(file, wanted)
            return
        check_is_text(head, encoding, source)
        with as_text(file, encoding, source) as text:
            yield from _text_blocks(text, wanted, drop_rows)


def _text_blocks(text: TextIO, wanted: _Wanted, drop_rows: Collection[int]) -> Iterator[Block]:
    """Yield the blocks of a table of text."""
    table = rows_of_text(text, drop_rows, wanted.source)
    names = table.names
    position = _positions(table.given, names, wanted)
    kept = {name: names.index(name) for name in wanted.keep}
    cells = table.rows
    # A file without rows has one block, too: what is made of it has its columns.
    for block in chain([list(islice(cells, wanted.rows))], _full(cells, wanted.rows)):
        columns = list(zip(*block, strict=True)) or [()] * len(names)
        as_they_are = {name: np.array(columns[at], dtype=object) for name, at in kept.items()}
        yield Block(
            _frame(columns, len(block), position, wanted),
            pd.DataFrame(as_they_are, index=range(len(block)), dtype=object),
        )


def _full(cells: Iterator[list[str]], rows: int) -> Iterator[list[list[str]]]:
    """Yield blocks of rows until there are none."""
    while block := list(islice(cells, rows)):
        yield block


def _frame(
    columns: Sequence[Sequence[str]], n_rows: int, position: list[int], wanted: _Wanted
) -> pd.DataFrame:
    """Return the predictors of some rows, one column each."""
    held = {}
    for recipe, at in zip(wanted.recipes, position, strict=True):
        cells = np.array(columns[at], dtype=object)
        held[recipe["predictor"]] = known_cells(recipe, cells, wanted.notation, wanted.dates)
    return pd.DataFrame(held, index=range(n_rows))


def _positions(given: list[str], names: list[str], wanted: _Wanted) -> list[int]:
    """Return where each predictor stands among the columns.

    Parameters
    ----------
    given, names : list of str
        Names of the columns as the file has them, and as they are read: none is blank.
    wanted : _Wanted
    """
    predictors = [recipe["predictor"] for recipe in wanted.recipes]
    asked = set(predictors)
    found = [raw if raw in asked else name for raw, name in zip(given, names, strict=True)]
    position, absent = find_columns(predictors, found)
    if absent:
        what = f"{wanted.source} lacks {len(absent)} of the model's {len(predictors)} predictors"
        raise TableError(lacking(what, absent, names))
    absent = [name for name in wanted.keep if name not in names]
    if absent:
        raise TableError(lacking(f"{wanted.source} lacks what --keep names", absent, names))
    if wanted.on_extra is not None:
        known = {*(names[at] for at in position), *wanted.keep}
        wanted.on_extra([name for name in names if name not in known])
    return position


def _parquet_blocks(file: io.BufferedReader, wanted: _Wanted) -> Iterator[Block]:
    """Yield the blocks of a Parquet file."""
    with one_line_of_parquet(wanted.source):
        from pyarrow.parquet import ParquetFile

        # What cannot be sought in, such as standard input, is read as a whole.
        own = file if file.seekable() else io.BytesIO(file.read())
        table = ParquetFile(own, buffer_size=BUFFER)

        def batches(columns: list[str]) -> Iterable["pyarrow.RecordBatch"]:
            # A reader of several groups of rows holds what it has read until its end.
            for group in range(table.num_row_groups):
                yield from table.iter_batches(wanted.rows, row_groups=[group], columns=columns)

        yield from _arrow_blocks(table.schema_arrow, batches, wanted)


def _dataset_blocks(dataset: "pyarrow.dataset.Dataset", wanted: _Wanted) -> Iterator[Block]:
    """Yield the blocks of a dataset, whose files are read one after the other."""

    def batches(columns: list[str]) -> Iterable["pyarrow.RecordBatch"]:
        # A scan of all of them reads far ahead.
        for fragment in dataset.get_fragments():
            for group in fragment.split_by_row_group():
                yield from group.to_batches(
                    dataset.schema, columns=columns, batch_size=wanted.rows, use_threads=False
                )

    with one_line_of_parquet(wanted.source):
        yield from _arrow_blocks(dataset.schema, batches, wanted)


def _arrow_blocks(
    stored: "pyarrow.Schema",
    batches: Callable[[list[str]], Iterable["pyarrow.RecordBatch"]],
    wanted: _Wanted,
) -> Iterator[Block]:
    """Yield blocks of rows that Arrow reads.

    Parameters
    ----------
    stored : pyarrow.Schema
        Of all columns.
    batches : callable
        Gives the rows in some columns.
    wanted : _Wanted
    """
    import pyarrow

    names = column_names(stored.names, wanted.source)
    position = _positions(stored.names, names, wanted)
    kept = [names.index(name) for name in wanted.keep]
    fields = list(dict.fromkeys([*position, *kept]))
    schema = pyarrow.schema([stored.field(at) for at in fields])
    blocks = _even(batches([stored.names[at] for at in fields]), wanted.rows)
    # A file without rows has one block, too.
    for block in chain([next(blocks, [])], blocks):
        rows = pyarrow.Table.from_batches(block, None if block else schema)
        yield Block(
            mark_missing(
                _predictors(rows, [stored.names[at] for at in position], wanted), wanted.notation
            ),
            # Types of Arrow's own: whole numbers stay such where some are missing.
            rows.select([stored.names[at] for at in kept])
            .to_pandas(types_mapper=pd.ArrowDtype)
            .set_axis(wanted.keep, axis=1),
        )


def _predictors(rows: "pyarrow.Table", columns: list[str], wanted: _Wanted) -> pd.DataFrame:
    """Return the predictors of some rows, under their names."""
    # What pandas says of an index is not asked: columns are found by their names.
    plain = rows.select(columns).replace_schema_metadata(None)
    frame = pandas_of(plain)[columns]
    return frame.set_axis([recipe["predictor"] for recipe in wanted.recipes], axis=1)


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
