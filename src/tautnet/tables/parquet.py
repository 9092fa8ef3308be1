"""What Parquet files are read by, and what is said of those that cannot be."""

import io
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from tautnet.tables.errors import TableError
from tautnet.tables.frames import pandas_of
from tautnet.tables.layout import column_names
from tautnet.tables.notation import Notation
from tautnet.tables.numerals import marking_numbers
from tautnet.tables.opening import in_bytes

__all__ = ["check_expansion", "mark_missing", "one_line_of_parquet", "read_parquet"]

# What a cell takes in memory, at least.
BYTES_OF_CELL = 8


def read_parquet(data: bytes, source: str, most: int) -> pd.DataFrame:
    """Read a Parquet file; its index is no column.

    Parameters
    ----------
    data : bytes
    source : str
        What to call the file.
    most : int
        How many bytes its cells may take.

    Raises
    ------
    TableError
    """
    with one_line_of_parquet(source):
        from pyarrow.parquet import ParquetFile

        file = ParquetFile(io.BytesIO(data))
        column_names(file.schema_arrow.names, source)
        check_expansion(file.metadata.num_rows, file.metadata.num_columns, source, most)
        frame = pandas_of(file.read()).reset_index(drop=True)
    frame.columns = column_names([str(name) for name in frame.columns], source)
    if frame.empty:
        raise TableError(f"{source} has no rows")
    return frame


def check_expansion(n_rows: int, n_columns: int, source: str, most: int) -> None:
    """Raise where the cells of a file take more than so many bytes."""
    n_bytes = BYTES_OF_CELL * n_rows * n_columns
    if n_bytes > most:
        raise TableError(
            f"{source} expands to more than {in_bytes(most)}: if that is right, pass --max-size"
            f" {n_bytes / 1e9:.2g} (in GB) or more"
        )


@contextmanager
def one_line_of_parquet(source: str) -> Iterator[None]:
    """Say in one line what is wrong with Parquet that is read inside.

    Raises
    ------
    TableError
    """
    try:
        import pyarrow
    except ImportError:
        hint = "pip install 'tautnet[parquet]'"
        raise TableError(
            f"{source} is a Parquet file, and reading one needs pyarrow: {hint}"
        ) from None
    try:
        yield
    except TableError:
        raise
    except (OSError, ValueError, NotImplementedError, pyarrow.ArrowException) as error:
        what = f"{source} is a damaged Parquet file"
        raise TableError(f"{what}: {str(error).splitlines()[0]}") from None


def mark_missing(frame: pd.DataFrame, notation: Notation) -> pd.DataFrame:
    """Return a frame without the cells that mean missing in a notation, as a text file is read.

    Only what users name themselves is looked for: a typed table has missing cells of its own.

    Parameters
    ----------
    frame : pandas.DataFrame
    notation : Notation

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.notation import Notation
    >>> from tautnet.tables.parquet import mark_missing
    >>> frame = pd.DataFrame({"a": [1, -9], "b": ["x", "?"]})
    >>> mark_missing(frame, Notation(na=("-9", "?"))).isna().sum().tolist()
    [1, 1]
    """
    if not notation.na:
        return frame
    texts = {text.strip() for text in notation.na}
    numbers = marking_numbers(notation)
    columns = {}
    for name, column in frame.items():
        if getattr(column.dtype, "kind", "O") in "iuf":
            gone = column.isin(numbers)
        else:
            cells = [isinstance(cell, str) and cell.strip() in texts for cell in column]
            gone = pd.Series(cells, index=column.index, dtype=bool)
        columns[name] = column.mask(gone) if gone.any() else column
    return pd.DataFrame(columns, index=frame.index)
