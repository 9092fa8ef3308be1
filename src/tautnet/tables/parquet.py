"""What Parquet files are read by, and what is said of those that cannot be."""

import io

import pandas as pd

from tautnet.tables.errors import TableError
from tautnet.tables.frames import pandas_of
from tautnet.tables.layout import column_names
from tautnet.tables.notation import Notation
from tautnet.tables.numerals import marking_numbers
from tautnet.tables.opening import in_bytes

__all__ = ["damaged_parquet", "mark_missing", "read_parquet", "without_pyarrow"]

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
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise without_pyarrow(source) from None
    try:
        file = ParquetFile(io.BytesIO(data))
        column_names(file.schema_arrow.names, source)
        n_bytes = BYTES_OF_CELL * file.metadata.num_rows * file.metadata.num_columns
        if n_bytes > most:
            raise TableError(
                f"{source} expands to more than {in_bytes(most)}: if that is right, pass --max-size"
                f" {n_bytes / 1e9:.2g} (in GB) or more"
            )
        frame = pandas_of(file.read()).reset_index(drop=True)
    except TableError:
        raise
    except (OSError, ValueError, NotImplementedError, pyarrow.ArrowException) as error:
        raise damaged_parquet(source, error) from None
    frame.columns = column_names([str(name) for name in frame.columns], source)
    if frame.empty:
        raise TableError(f"{source} has no rows")
    return frame


def without_pyarrow(source: str) -> TableError:
    """Return what to say of a Parquet file where pyarrow is not installed."""
    hint = "pip install 'tautnet[parquet]'"
    return TableError(f"{source} is a Parquet file, and reading one needs pyarrow: {hint}")


def damaged_parquet(source: str, error: Exception) -> TableError:
    """Return what to say of a Parquet file that cannot be read."""
    return TableError(f"{source} is a damaged Parquet file: {str(error).splitlines()[0]}")


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
