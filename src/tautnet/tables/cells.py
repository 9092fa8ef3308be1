"""Cells of a table: kinds of columns, texts of categories, numbers, and dates as numbers."""

import datetime
import decimal
import math
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.dates import Written, days_of, way_of
from tautnet.tables.errors import TableError
from tautnet.tables.sparse import as_dense, is_sparse

__all__ = [
    "TableLike",
    "as_frame",
    "as_numbers",
    "column_kind",
    "dates_written",
    "distinct_texts",
    "fits_float32",
    "has_names",
    "has_text_names",
    "text_of",
]

# A data frame of pandas, polars, pyarrow or another library, an array, or nested lists.
TableLike: TypeAlias = Any

_KINDS_OF_DTYPE = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "date"}
_NUMBERS = (int, float, np.integer, np.floating, decimal.Decimal)
_TRUTH_VALUES = (bool, np.bool_)
_KNOWN_CELLS = (str, datetime.date, *_TRUTH_VALUES, *_NUMBERS)


def as_frame(X: TableLike) -> pd.DataFrame:
    """Return a table as a pandas data frame whose column names are distinct strings.

    Parameters
    ----------
    X : data frame or array of shape (n_rows, n_columns)
        A pandas data frame, one of polars, pyarrow or another library that narwhals knows, or an
        array, a sparse one of SciPy's too, whose columns are then called ``x0, x1, ...``.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.cells import as_frame
    >>> as_frame(np.eye(2)).columns.tolist()
    ['x0', 'x1']
    """
    if not isinstance(X, pd.DataFrame):
        X = _frame_of_other(X)
    names = [str(name) for name in X.columns]
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise TableError(
            f"columns of the same name: {', '.join(map(repr, repeated[:10]))}; rename them"
        )
    return X if names == list(X.columns) else X.set_axis(names, axis=1)


def has_names(X: TableLike) -> bool:
    """Tell whether a table is a frame of some library, whose columns have names.

    Examples
    --------
    >>> has_names(pd.DataFrame({"a": [1]})), has_names([[1]])
    (True, False)
    """
    return hasattr(X, "columns") or hasattr(X, "column_names")


def has_text_names(X: TableLike) -> bool:
    """Tell whether all columns of a table have texts as names, which scikit-learn calls valid.

    Examples
    --------
    >>> has_text_names(pd.DataFrame({"a": [1]})), has_text_names(pd.DataFrame([[1]]))
    (True, False)
    """
    if not has_names(X):
        return False
    names = X.columns if hasattr(X, "columns") else X.column_names
    is_text = isinstance(getattr(names, "dtype", None), pd.StringDtype)
    return is_text or all(isinstance(name, str) for name in names)


def _frame_of_other(X: TableLike) -> pd.DataFrame:
    """Return a pandas data frame of an array or of another library's data frame."""
    if has_names(X):
        import narwhals

        table = narwhals.from_native(X, eager_only=True, pass_through=True)
        if table is not X:
            return pd.DataFrame({name: table[name].to_numpy() for name in table.columns})
    array = as_dense(X) if is_sparse(X) else np.asarray(X)
    if array.ndim != 2:
        raise TableError(
            f"a table has rows and columns, this array has {array.ndim} dimensions: reshape it"
        )
    frame = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])], copy=False)
    return frame.infer_objects() if array.dtype == object else frame


def column_kind(series: pd.Series) -> str:
    """Tell what a column holds.

    Parameters
    ----------
    series : pandas.Series
        Any column.

    Returns
    -------
    {"number", "boolean", "date", "category", "none"}
        ``"none"`` where no cell has a value, and the type of the column does not tell.

    Raises
    ------
    TableError
        For time spans, complex numbers and nested objects, which have no place in a table of
        predictors.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.cells import column_kind
    >>> column_kind(pd.Series(["2024-02-29", None])), column_kind(pd.Series(["00123", "94110"]))
    ('date', 'category')
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    code = _dtype_code(series)
    if code in _KINDS_OF_DTYPE:
        return _KINDS_OF_DTYPE[code]
    if isinstance(series.dtype, pd.StringDtype):
        if series.isna().all():
            return "none"
        return "category" if dates_written(series) is None else "date"
    if code != "O":
        what = f"column {series.name!r} has type {series.dtype}"
        raise TableError(f"{what}: turn it into numbers or text, or drop it")
    return _kind_of_objects(series)


def dates_written(series: pd.Series) -> Written | None:
    """Return how the dates of a column are written, None where some cell is no date.

    Parameters
    ----------
    series : pandas.Series

    Returns
    -------
    Written or None

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.cells import dates_written
    >>> dates_written(pd.Series(["31.12.2024", None, "1.1.2025"]))
    Written(way='day.month.year', other='')
    """
    if _dtype_code(series) == "M":
        return Written("", "")
    codes, values = pd.factorize(series)
    return way_of(np.asarray(values, dtype=object), codes)


def _dtype_code(series: pd.Series) -> str:
    """Return NumPy's letter for the type of a column.

    Columns of Arrow that hold no numbers or truth values count as columns of Python objects.
    """
    code = getattr(series.dtype, "kind", "O")
    return "O" if isinstance(series.dtype, pd.ArrowDtype) and code not in "biuf" else code


def fits_float32(series: pd.Series) -> bool:
    """Tell whether float32 holds every number of a column without rounding.

    Examples
    --------
    >>> (fits_float32(pd.Series([1.5], dtype="float32")),
    ...  fits_float32(pd.Series([1, 2], dtype="int32")))
    (True, False)
    """
    code = _dtype_code(series)
    size = getattr(series.dtype, "itemsize", 8)
    return code == "b" or (code == "f" and size <= 4) or (code in "iu" and size <= 2)


def _kind_of_objects(series: pd.Series) -> str:
    """Tell what a column of Python objects holds, from the types of its cells."""
    values = series.dropna()
    types = {type(value) for value in values}
    if not types:
        return "none"
    # bool is a subclass of int, so truth values are asked for first.
    if all(issubclass(one, _TRUTH_VALUES) for one in types):
        return "boolean"
    if all(issubclass(one, _NUMBERS) for one in types):
        return "number"
    for one in types:
        if not issubclass(one, _KNOWN_CELLS):
            what = f"column {series.name!r} holds cells of type {one.__name__}"
            raise TableError(f"{what}: turn it into numbers or text, or drop it")
    if all(issubclass(one, (str, datetime.date)) for one in types):
        return "category" if dates_written(series) is None else "date"
    return "category"


def distinct_texts(series: pd.Series) -> tuple[Integers, list[str]]:
    """Return the distinct texts of a column, and the position of each cell's text among them.

    Missing cells have position -1. Whole numbers read ``3`` whether they are stored as 3, 3.0 or
    "3", so that a code is the same level in a file where its column also has missing cells and in
    one where it has none.

    Parameters
    ----------
    series : pandas.Series

    Returns
    -------
    tuple of an int array of shape (n_rows,) and a sorted list of str
    """
    codes, values = pd.factorize(series)
    texts = [text_of(value) for value in values]
    levels = sorted(set(texts))
    position = {level: index for index, level in enumerate(levels)}
    lookup = np.array([position[text] for text in texts] + [-1])
    return lookup[codes], levels


def text_of(value: Any) -> str:
    """Return the text of a cell that is not missing; whole numbers have no decimal point.

    Examples
    --------
    >>> from tautnet.tables.cells import text_of
    >>> text_of(3.0), text_of(0.5), text_of(True)
    ('3', '0.5', 'True')
    """
    if isinstance(value, (float, np.floating)) and value.is_integer():
        return str(int(value))
    return str(value)


def as_numbers(name: str, series: pd.Series, kind: str, way: str = "") -> Floats:
    """Return a column as numbers: dates are days since 1970-01-01, missing cells are NaN.

    Parameters
    ----------
    name : str
        What to call the column in messages.
    series : pandas.Series
    kind : {"number", "date"}
    way : str
        How dates that are texts are written, as in `Written`: "" is ISO's way.

    Returns
    -------
    array of shape (n_rows,), float64

    Raises
    ------
    TableError
        For infinite cells, and for cells that are neither numbers nor dates.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.cells import as_numbers
    >>> as_numbers("day", pd.Series(["1970-01-03", None]), "date")
    array([ 2., nan])
    """
    code = _dtype_code(series)
    if kind == "date":
        return _days_of_column(name, series, code, way)
    if code in "biuf":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        converted = pd.to_numeric(series.astype(object), errors="coerce")
        values = converted.to_numpy(dtype=np.float64, na_value=np.nan)
        _check_readable(name, series, values, "numbers")
    n_infinite = np.isinf(values).sum()
    if n_infinite:
        cells = "1 infinite cell" if n_infinite == 1 else f"{n_infinite} infinite cells"
        raise TableError(f"column {name!r} has {cells}: make them missing or finite")
    return values


def _days_of_column(name: str, series: pd.Series, code: str, way: str) -> Floats:
    """Return a column of dates as days since 1970-01-01, NaN where one is missing."""
    if code == "M":
        if getattr(series.dt, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        stamps = series.to_numpy(dtype="datetime64[us]")
        days = stamps.astype(np.int64) / 86_400e6
        return np.where(np.isnat(stamps), np.nan, days)
    codes, values = pd.factorize(series)
    known = [days_of(value, way) for value in values]
    days = np.array([math.nan if day is None else day for day in known] + [math.nan])[codes]
    _check_readable(name, series, days, f"dates written {way}" if way else "ISO dates")
    return days


def _check_readable(name: str, series: pd.Series, values: Floats, what: str) -> None:
    """Raise where a cell that is not missing is no number or date, as those that `fit` saw were."""
    missing = np.isnan(values)
    if not missing.any():
        return
    odd = series[missing & series.notna().to_numpy()]
    if len(odd):
        cell = odd.iloc[0]
        raise TableError(
            f"column {name!r} should hold {what}, but has {cell!r}: correct it or blank it out"
        )
