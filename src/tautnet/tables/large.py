"""Tables larger than memory are read one column at a time, and their numbers are kept on disk.

What a column holds is told by rules that look at all of its cells. One column is small beside the
table: so every rule is the same here as for a table in memory, and so is every result.
"""

import errno
import io
import pickle
from collections.abc import Collection, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells
from tautnet.tables.disk import exceeds_memory, no_room, on_disk, scratch, scratch_file
from tautnet.tables.errors import TableError
from tautnet.tables.frames import cannot_run, is_dataset, is_lazy, pandas_of
from tautnet.tables.layout import as_text, column_names, rows_of_text
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.opening import size_of
from tautnet.tables.parquet import mark_missing, one_line_of_parquet
from tautnet.tables.parsing import parse_column

if TYPE_CHECKING:
    import pyarrow.dataset

__all__ = [
    "frame_of_files",
    "frame_of_query",
    "is_directory_of_parquet",
    "is_large_text",
    "open_dataset",
    "open_if_large",
    "read_large_text",
]

# What a cell of Parquet takes in memory until its table is encoded: as Arrow has it, as pandas has
# it, and as the encoder has it.
BYTES_OF_CELL = 20
# What a byte of a file of text takes in memory, where each cell is a text of Python's own.
BYTES_OF_CHARACTER = 10
# How many times the size of a packed file of text its cells commonly have.
EXPANSION = 5
# Why there can be no file in a directory.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS)
# Rows of text that are read at once.
ROWS = 2**16
# Texts of a column that are looked up, so that equal ones are one in memory.
MOST_KNOWN = 2**16
ENDINGS = (".parquet", ".pq")


def is_directory_of_parquet(source: str) -> bool:
    """Tell whether a path is that of a directory with Parquet files in it, or in directories there.

    Examples
    --------
    >>> is_directory_of_parquet("no such directory")
    False
    """
    return bool(_parts(source))


def _parts(source: str) -> list[Path]:
    """Return the Parquet files of a directory, in order; hidden ones are none of its table."""
    directory = Path(source)
    if not directory.is_dir():
        return []
    found = [path for path in directory.rglob("*") if path.suffix.lower() in ENDINGS]
    return sorted(path for path in found if not _is_hidden(path.relative_to(directory)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def open_if_large(source: str) -> "pyarrow.dataset.Dataset | None":
    """Open a Parquet file whose table exceeds memory; None where it is read as a whole."""
    try:
        dataset = open_dataset(source)
        n_cells = dataset.count_rows() * len(dataset.schema)
    except TableError:
        # What is wrong with it is said by who reads it.
        return None
    return dataset if exceeds_memory(BYTES_OF_CELL * n_cells) else None


def open_dataset(source: str) -> "pyarrow.dataset.Dataset":
    """Open a Parquet file, or a directory of them, as one dataset.

    The names of directories such as ``year=2024`` are cells of a column.

    Raises
    ------
    TableError
        Where it cannot be read, or its files have other columns.
    """
    with one_line_of_parquet(source):
        import pyarrow.dataset

        parts = _parts(source)
        if not parts:
            return pyarrow.dataset.dataset(source, format="parquet")
        opened = partial(
            pyarrow.dataset.dataset,
            list(map(str, parts)),
            format="parquet",
            partitioning="hive",
            partition_base_dir=source,
        )
        return opened(schema=_schema(opened()))


def _schema(dataset: "pyarrow.dataset.Dataset") -> "pyarrow.Schema":
    """Return the schema of files whose columns may be of several types: one that holds all."""
    import pyarrow

    schemas = [dataset.schema]
    first: Any = None
    for fragment in dataset.get_fragments():
        own = fragment.physical_schema
        first = own if first is None else first
        odd = set(own.names) ^ set(first.names)
        if odd:
            raise TableError(
                f"{fragment.path} has other columns than the first file: {min(odd)!r} is not in"
                " both; files of one table have the same columns"
            )
        schemas.append(own)
    return pyarrow.unify_schemas(schemas, promote_options="permissive")


def frame_of_files(
    dataset: "pyarrow.dataset.Dataset", source: str, notation: Notation
) -> pd.DataFrame:
    """Return Parquet files as a data frame: names are read as those of any file.

    Parameters, result and errors are those of `frame_of_dataset`.
    """
    names = column_names(dataset.schema.names, source)
    return frame_of_dataset(dataset, source, notation, names)


def frame_of_dataset(
    dataset: "pyarrow.dataset.Dataset",
    source: str = "the dataset",
    notation: Notation = PLAIN,
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return a dataset of Arrow as a data frame, whose numbers lie on disk where they are many.

    Parameters
    ----------
    dataset : pyarrow.dataset.Dataset
    source : str
        What to call it.
    names : sequence of str, optional
        Of its columns; by default those that they have.
    notation : Notation
        Which cells mean missing.

    Raises
    ------
    TableError
    """
    with one_line_of_parquet(source):
        import pyarrow

        n_rows = dataset.count_rows()
        stored = dataset.schema.names
        if not n_rows:
            raise TableError(f"{source} has no rows")
        is_large = exceeds_memory(BYTES_OF_CELL * n_rows * len(stored))
        columns = {}
        for own, name in zip(stored, names or stored, strict=True):
            frame = pandas_of(dataset.to_table(columns=[own])).reset_index(drop=True)
            # The index of a data frame is no column.
            if frame.shape[1]:
                frame = mark_missing(frame.set_axis([name], axis=1), notation)
                columns[name] = _kept(frame[name]) if is_large else frame[name]
            pyarrow.default_memory_pool().release_unused()
        return pd.DataFrame(columns, copy=False)


def _kept(cells: pd.Series | Cells) -> pd.Series | Cells:
    """Return cells as they are, on disk where they are numbers or truth values of NumPy's types."""
    if not isinstance(cells.dtype, np.dtype) or cells.dtype.kind not in "biuf":
        return cells
    kept = on_disk((len(cells),), cells.dtype)
    kept[:] = cells
    return kept


def frame_of_query(X: Any) -> pd.DataFrame | None:
    """Return a dataset of Arrow or a query of polars as a data frame; None of anything else."""
    if is_dataset(X):
        return frame_of_dataset(X)
    if not is_lazy(X):
        return None
    from polars.exceptions import PolarsError

    try:
        with TemporaryDirectory(prefix=".tautnet-", dir=scratch()) as directory:
            path = f"{directory}/query.parquet"
            X.sink_parquet(path)
            frame = frame_of_dataset(open_dataset(path), "the query")
    except OSError as error:
        if error.errno in NO_ROOM:
            raise no_room(error) from None
        raise cannot_run(error) from None
    except PolarsError as error:
        raise cannot_run(error) from None
    # Categories are texts here, as in a data frame of polars.
    own = {
        name: series.astype(object)
        for name, series in frame.items()
        if isinstance(series.dtype, pd.CategoricalDtype)
    }
    return frame.assign(**own) if own else frame


def is_large_text(source: str) -> bool:
    """Tell whether a file of text is read column by column; a stream never is."""
    n_bytes = size_of(source)
    if n_bytes is None:
        return False
    unpacked = EXPANSION if source.lower().endswith((".gz", ".gzip")) else 1
    return exceeds_memory(BYTES_OF_CHARACTER * unpacked * n_bytes)


def read_large_text(
    file: io.BufferedReader,
    encoding: str | None,
    drop_rows: Collection[int],
    notation: Notation,
    unused: Collection[str],
    source: str,
) -> pd.DataFrame:
    """Read a file of text: first its rows, some at a time, then its columns, one at a time.

    Parameters
    ----------
    file : file
        Its bytes.
    encoding, drop_rows, notation, unused, source
        As in `read_table`.

    Raises
    ------
    TableError
    """
    with as_text(file, encoding, source) as text, scratch_file() as spilled:
        table = rows_of_text(text, drop_rows, source)
        places = _spill(table.rows, spilled)
        if not places:
            raise TableError(f"{source} has a header and no rows")
        columns = {}
        for j, name in enumerate(table.names):
            cells = _column(spilled, [begins[j] for begins in places])
            is_used = name not in unused
            parsed = parse_column(name, cells, notation, table.delimiter, is_used=is_used)
            columns[name] = _kept(parsed)
    return pd.DataFrame(columns, copy=False)


def _spill(rows: Iterator[list[str]], file: IO[bytes]) -> list[list[int]]:
    """Write rows into a file, some at a time, column by column; return where each part begins."""
    places = []
    try:
        while block := list(islice(rows, ROWS)):
            begins = []
            for cells in zip(*block, strict=True):
                begins.append(file.tell())
                pickle.dump(cells, file)
            places.append(begins)
        file.flush()
    except OSError as error:
        raise no_room(error) from None
    return places


def _column(file: IO[bytes], begins: Sequence[int]) -> Cells:
    """Read the parts of one column, written by this very process."""
    known: dict[str, str] = {}
    parts = []
    for begin in begins:
        file.seek(begin)
        cells = pickle.load(file)
        if len(known) < MOST_KNOWN:
            cells = [known.setdefault(cell, cell) for cell in cells]
        part = np.empty(len(cells), object)
        part[:] = cells
        parts.append(part)
    return np.concatenate(parts)
