"""A table in any form that users hand over becomes a data frame of pandas."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells
from tautnet.tables.errors import TableError
from tautnet.tables.sparse import as_dense, is_sparse

if TYPE_CHECKING:
    import pyarrow

__all__ = [
    "cannot_run",
    "TableLike",
    "exceeds_float64",
    "frame_of_other",
    "has_names",
    "has_text_names",
    "inferred",
    "is_dataset",
    "is_lazy",
    "names_of",
    "pandas_of",
    "refuse_query",
    "without_mask",
]

# A data frame of pandas, polars, pyarrow or another library, an array, or nested lists.
TableLike: TypeAlias = Any

# What runs a query and gives its data frame: polars and Dask, then others.
_RUNS = ("collect", "compute")
_OTHER_RUNS = ("toPandas", "df", "to_pandas")


def has_names(X: TableLike) -> bool:
    """Tell whether a table has named columns, as a data frame does and an array does not.

    Examples
    --------
    >>> from tautnet.tables.frames import has_names
    >>> has_names(pd.DataFrame({"a": [1]})), has_names(np.eye(2))
    (True, False)
    """
    # A lazy frame of polars warns where it is asked for its columns.
    is_frame = hasattr(type(X), "columns") or hasattr(type(X), "column_names")
    return is_frame or is_dataset(X) or hasattr(X, "columns")


def names_of(X: TableLike) -> Iterable[Any]:
    """Return the names of a table's columns, none where it has no names.

    Examples
    --------
    >>> list(names_of(pd.DataFrame({"a": [1]}))), list(names_of(np.eye(2)))
    (['a'], [])
    """
    if is_dataset(X):
        return list(X.schema.names)
    if is_lazy(X):
        return _names_of_query(X)
    # Arrow's tables call their names so, and have arrays as ``columns``.
    names: Iterable[Any] = (
        X.column_names if hasattr(X, "column_names") else getattr(X, "columns", ())
    )
    return names


def is_lazy(X: TableLike) -> bool:
    """Tell whether a table is a query of polars.

    Examples
    --------
    >>> is_lazy(np.eye(2))
    False
    """
    return hasattr(type(X), "sink_parquet")


def is_dataset(X: TableLike) -> bool:
    """Tell whether a table is a dataset of Arrow, whose rows are in files.

    Examples
    --------
    >>> is_dataset(np.eye(2))
    False
    """
    return all(hasattr(type(X), name) for name in ("to_table", "count_rows", "get_fragments"))


def _names_of_query(X: TableLike) -> list[str]:
    """Return the names of the columns that a query of polars will give."""
    from polars.exceptions import PolarsError

    try:
        return list(X.collect_schema().names())
    except (OSError, PolarsError) as error:
        raise cannot_run(error) from None


def cannot_run(error: Exception) -> TableError:
    """Return what to say of a query that its library cannot run."""
    return TableError(f"the query cannot be run: {str(error).splitlines()[0]}")


def has_text_names(X: TableLike) -> bool:
    """Tell whether all columns of a table have texts as names, which scikit-learn calls valid.

    Examples
    --------
    >>> has_text_names(pd.DataFrame({"a": [1]})), has_text_names(pd.DataFrame([[1]]))
    (True, False)
    """
    if not has_names(X):
        return False
    names = names_of(X)
    is_text = isinstance(getattr(names, "dtype", None), pd.StringDtype)
    return is_text or all(isinstance(name, str) for name in names)


def frame_of_other(X: TableLike) -> pd.DataFrame:
    """Return a pandas data frame of an array or of another library's data frame."""
    if has_names(X):
        refuse_query(X)
        table = _eager(X)
        if table is not None:
            return pd.DataFrame({name: _cells(table[name]) for name in table.columns})
    array = as_dense(X) if is_sparse(X) else np.asarray(without_mask(X))
    if array.ndim != 2:
        raise TableError(
            f"a table has rows and columns, this array has {array.ndim} dimensions: reshape it"
        )
    frame = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])], copy=False)
    return inferred(frame) if array.dtype == object else frame


def inferred(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of objects with the types of its columns.

    Integers that a float may not hold stay objects where pandas would make them floats.

    Examples
    --------
    >>> inferred(pd.DataFrame({"a": [1, 2], "b": [2**53 + 1, None]}, dtype=object)).dtypes.tolist()
    [dtype('int64'), dtype('O')]
    """
    found = frame.infer_objects()
    floats = found.select_dtypes("float64")
    for name in floats.columns[(floats.abs() >= 2**53).any()]:
        found[name] = frame[name]
    return found


def _eager(X: TableLike) -> Any:
    """Return another library's data frame as narwhals' own, None where it is none."""
    import narwhals

    table = narwhals.from_native(_whole_batch(X), pass_through=True)
    if isinstance(table, narwhals.LazyFrame):
        raise _not_run(X)
    return table if isinstance(table, narwhals.DataFrame) else None


def refuse_query(X: TableLike) -> None:
    """Raise where a table is a query, of Dask say, that is not run here.

    Examples
    --------
    >>> refuse_query(np.eye(2))
    """
    if has_names(X) and not is_lazy(X) and any(hasattr(type(X), name) for name in _RUNS):
        raise _not_run(X)


def _not_run(X: TableLike) -> TableError:
    """Return what to say of a query that was not run yet."""
    runs = [f"X.{name}()" for name in (*_RUNS, *_OTHER_RUNS) if hasattr(type(X), name)]
    what = runs[0] if runs else "its rows as a data frame"
    return TableError(f"this {type(X).__name__} is a query that was not run yet: pass {what}")


def _whole_batch(X: TableLike) -> TableLike:
    """Return a batch of pyarrow's records as its table, anything else as it is."""
    if type(X).__name__ != "RecordBatch" or not hasattr(X, "schema"):
        return X
    import pyarrow

    return pyarrow.Table.from_batches([X])


def pandas_of(table: "pyarrow.Table") -> pd.DataFrame:
    """Return a table of pyarrow as pandas has it, integers that a float may not hold as integers.

    Else integers among which cells are missing come as floats.
    """
    import pyarrow.compute

    def is_large(column: "pyarrow.ChunkedArray") -> bool:
        if not pyarrow.types.is_integer(column.type) or not column.null_count:
            return False
        extremes = pyarrow.compute.min_max(column).as_py()
        return exceeds_float64(*extremes.values())

    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=any(map(is_large, table.columns)))
    return frame


def _cells(column: Any) -> Cells:
    """Return a column of narwhals as an array.

    Integers among which cells are missing come as floats, but for those that a float may not hold.
    """
    if column.dtype.is_integer() and column.null_count():
        if exceeds_float64(column.min(), column.max()):
            return np.array(column.to_list(), dtype=object)
    cells: Cells = column.to_numpy()
    return cells


def exceeds_float64(*extremes: int | None) -> bool:
    """Tell whether integers between these may be none that float64 holds.

    Examples
    --------
    >>> exceeds_float64(-3, 2**53), exceeds_float64(0, 2**53 + 1), exceeds_float64(None)
    (False, True, False)
    """
    return any(one is not None and abs(int(one)) > 2**53 for one in extremes)


def without_mask(array: TableLike) -> TableLike:
    """Return a masked array as one whose masked cells are missing; anything else as it is.

    Examples
    --------
    >>> without_mask(np.ma.masked_equal([1, 2, -9], -9))
    array([ 1.,  2., nan])
    """
    if not isinstance(array, np.ma.MaskedArray):
        return array
    if not np.ma.is_masked(array):
        return array.data
    kind = array.dtype.kind
    if kind in "mM":
        return np.where(np.ma.getmaskarray(array), np.array("NaT", array.dtype), array.data)
    present = array.compressed()
    is_large = kind in "iu" and len(present) > 0 and exceeds_float64(present.min(), present.max())
    if kind in "iuf" and not is_large:
        return np.where(np.ma.getmaskarray(array), np.float32(np.nan), array.data)
    return np.where(np.ma.getmaskarray(array), np.array(None), array.data.astype(object))
