"""Cells of a table: kinds of columns, texts of categories, numbers, and dates as numbers."""

import datetime
import decimal
import math
from typing import Any

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.dates import Written, days_of, way_of
from tautnet.tables.errors import TableError
from tautnet.tables.frames import TableLike, exceeds_float64, frame_of_other, names_of, refuse_query
from tautnet.tables.large import frame_of_query
from tautnet.tables.missing import MISSING_MARKERS
from tautnet.tables.names import check_distinct

__all__ = [
    "SPANS",
    "TableLike",
    "as_frame",
    "as_numbers",
    "check_column_names",
    "column_kind",
    "dates_written",
    "distinct_texts",
    "dtype_code",
    "fits_float32",
    "text_of",
]

# Time spans are numbers: seconds.
_KINDS_OF_DTYPE = {
    "b": "boolean",
    "i": "number",
    "u": "number",
    "f": "number",
    "m": "number",
    "M": "date",
}
_NUMBERS = (int, float, np.integer, np.floating, decimal.Decimal)
_TRUTH_VALUES = (bool, np.bool_)
SPANS = (datetime.timedelta, np.timedelta64)
_KNOWN_CELLS = (str, datetime.date, *_TRUTH_VALUES, *_NUMBERS)
_SECOND = np.timedelta64(1, "s")


def as_frame(X: TableLike) -> pd.DataFrame:
    """Return a table as a pandas data frame whose column names are distinct strings.

    Parameters
    ----------
    X : data frame or array of shape (n_rows, n_columns)
        A pandas data frame, one of polars, pyarrow or another library that narwhals knows, a query
        of polars or a dataset of pyarrow, which may be larger than memory, or an array, a sparse
        one of SciPy's too, whose columns are then called ``x0, x1, ...``.

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
    # Before narwhals and scikit-learn see the names, which have errors of their own for this.
    check_column_names(X)
    if not isinstance(X, pd.DataFrame):
        run = frame_of_query(X)
        X = frame_of_other(X) if run is None else run
    names = [str(name) for name in X.columns]
    return X if names == list(X.columns) else X.set_axis(names, axis=1)


def check_column_names(X: TableLike) -> None:
    """Raise where two columns of a data frame have the same name; an array has no names.

    Parameters
    ----------
    X : data frame or array

    Raises
    ------
    TableError

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.cells import check_column_names
    >>> check_column_names(np.eye(2))
    """
    refuse_query(X)
    check_distinct([str(name) for name in names_of(X)])


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
        For complex numbers and nested objects, which have no place in a table of predictors.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.cells import column_kind
    >>> column_kind(pd.Series(["2024-02-29", None])), column_kind(pd.Series(["00123", "94110"]))
    ('date', 'category')
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    code = dtype_code(series)
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
    if dtype_code(series) == "M":
        return Written("", "")
    codes, values = pd.factorize(series)
    return way_of(np.asarray(values, dtype=object), codes)


def dtype_code(series: pd.Series) -> str:
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
    code = dtype_code(series)
    size = getattr(series.dtype, "itemsize", 8)
    return code == "b" or (code == "f" and size <= 4) or (code in "iu" and size <= 2)


def _kind_of_objects(series: pd.Series) -> str:
    """Tell what a column of Python objects holds, from the types of its cells."""
    values = series.dropna()
    types = {type(value) for value in values}
    if not types:
        return "none"
    # bool is a subclass of int, and NumPy's time spans are one of its integers.
    for kind, known in (("boolean", _TRUTH_VALUES), ("number", SPANS), ("number", _NUMBERS)):
        if all(issubclass(one, known) for one in types):
            return kind
    for one in types:
        if issubclass(one, SPANS) or not issubclass(one, _KNOWN_CELLS):
            what = f"column {series.name!r} holds cells of type {one.__name__}"
            raise TableError(f"{what}: turn it into numbers or text, or drop it")
    are_dates = all(issubclass(one, (str, datetime.date)) for one in types)
    return "date" if are_dates and dates_written(series) is not None else "category"


def distinct_texts(series: pd.Series) -> tuple[Integers, list[str]]:
    """Return the distinct texts of a column, and the position of each cell's text among them.

    Missing cells have position -1. Whole numbers read ``3`` whether they are stored as 3, 3.0 or
    "3", so that a code is the same level in a file where its column also has missing cells and in
    one where it has none. Truth values and numbers in one column are told apart.

    Parameters
    ----------
    series : pandas.Series

    Returns
    -------
    tuple of an int array of shape (n_rows,) and a sorted list of str
    """
    if series.dtype == object and pd.api.types.infer_dtype(series).startswith("mixed"):
        # To Python, and so to pandas, True equals 1.
        series = series.map(text_of, na_action="ignore")
    codes, values = pd.factorize(series)
    texts = [text_of(value) for value in values]
    levels = sorted(set(texts))
    position = {level: index for index, level in enumerate(levels)}
    lookup = np.array([position[text] for text in texts] + [-1])
    return lookup[codes], levels


def text_of(value: Any) -> str:
    """Return the text of a cell that is not missing; whole numbers have no decimal point.

    Beyond 2**53 a float may stand for several integers, so that it is no text of one.

    Examples
    --------
    >>> from tautnet.tables.cells import text_of
    >>> text_of(3.0), text_of(0.5), text_of(True), text_of(1e18)
    ('3', '0.5', 'True', '1e+18')
    """
    if isinstance(value, (float, np.floating)) and value.is_integer():
        if not exceeds_float64(int(value)):
            return str(int(value))
    return str(value)


def as_numbers(name: str, series: pd.Series, kind: str, way: str = "") -> Floats:
    """Return a column as numbers: dates as days since 1970-01-01, time spans as seconds.

    Missing cells are NaN; so are texts that are read as missing in a file.

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
    code = dtype_code(series)
    if kind == "date":
        return _days_of_column(name, series, code, way)
    values = _numbers_of_column(name, series, code)
    n_infinite = np.isinf(values).sum()
    if n_infinite:
        cells = "1 infinite cell" if n_infinite == 1 else f"{n_infinite} infinite cells"
        raise TableError(f"column {name!r} has {cells}: make them missing or finite")
    return values


def _numbers_of_column(name: str, series: pd.Series, code: str) -> Floats:
    """Return a column of numbers or time spans as numbers, NaN where one is missing."""
    if code in "biuf":
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    if code == "m":
        seconds: Floats = series.to_numpy() / _SECOND
        return seconds
    series = series.astype(object)
    if any(isinstance(cell, SPANS) for cell in series):
        series = series.map(lambda one: one / _SECOND if isinstance(one, SPANS) else one)
    values = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    _check_readable(name, series, values, "numbers")
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
    cells = [value.strip() if isinstance(value, str) else value for value in values]
    known = [days_of(cell, way) for cell in cells]
    days = np.array([math.nan if day is None else day for day in known] + [math.nan])[codes]
    _check_readable(name, series, days, f"dates written {way}" if way else "ISO dates")
    return days


def _check_readable(name: str, series: pd.Series, values: Floats, what: str) -> None:
    """Raise where a cell that is not missing is no number or date, as those that `fit` saw were."""
    missing = np.isnan(values)
    if not missing.any():
        return
    for cell in series[missing & series.notna().to_numpy()].unique():
        if not isinstance(cell, str) or cell.strip() not in MISSING_MARKERS:
            raise TableError(
                f"column {name!r} should hold {what}, but has {cell!r}: correct it or blank it out"
            )
