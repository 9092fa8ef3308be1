"""Integers beyond 2**53, of which float64 does not hold each: kept as they are, or refused."""

import decimal
from typing import Any

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.cells import SPANS, as_numbers, dtype_code
from tautnet.tables.errors import TableError
from tautnet.tables.frames import exceeds_float64

__all__ = ["as_floats", "check_told_apart", "exact_numbers", "large_integers"]


def as_floats(series: pd.Series) -> Floats:
    """Return numbers as floats, time spans as seconds.

    Examples
    --------
    >>> from tautnet.tables.integers import as_floats
    >>> as_floats(pd.Series(pd.to_timedelta(["1 min", "2 s"])))
    array([60.,  2.])
    """
    if dtype_code(series) in "mO":
        return as_numbers(str(series.name), series, "number")
    return series.to_numpy(dtype=np.float64)


def exact_numbers(what: str, series: pd.Series) -> Floats | Integers:
    """Return numbers as floats, but as integers where float64 may not hold each of them.

    Parameters
    ----------
    what : str
        What to call the column in a message.
    series : pandas.Series

    Examples
    --------
    >>> from tautnet.tables.integers import exact_numbers
    >>> exact_numbers("y", pd.Series([1, 2])), exact_numbers("y", pd.Series([1, 2**53 + 1]))
    (array([1., 2.]), array([               1, 9007199254740993]))
    """
    if not large_integers(series):
        return as_floats(series)
    cells = series.tolist()
    for limits in (np.iinfo(np.int64), np.iinfo(np.uint64)):
        fits = all(_is_exact(cell) and limits.min <= cell <= limits.max for cell in cells)
        if fits:
            return np.array([int(cell) for cell in cells], dtype=limits.dtype)
    check_told_apart(what, series)
    return as_floats(series)


def check_told_apart(what: str, series: pd.Series) -> None:
    """Raise where a column holds different integers that are one number in float64.

    Parameters
    ----------
    what : str
        What to call the column in the message.
    series : pandas.Series
        Numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.integers import check_told_apart
    >>> check_told_apart("column 'id'", pd.Series([10**18, 10**18 + 1]))
    Traceback (most recent call last):
    tautnet.tables.errors.TableError: column 'id' holds integers that float64 cannot tell apart, ...
    """
    numbers: dict[float, int] = {}
    for integer in large_integers(series):
        other = numbers.setdefault(float(integer), integer)
        if other != integer:
            raise TableError(
                f"{what} holds integers that float64 cannot tell apart, such as {other} and"
                f" {integer}: make them text if they name something, subtract a constant if they"
                " measure something, or leave the column out"
            )


def large_integers(series: pd.Series) -> list[int]:
    """Return the distinct integers of a column of numbers that float64 may not hold.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.integers import large_integers
    >>> large_integers(pd.Series([1, 2**53 + 1])), large_integers(pd.Series([0.5, 1e300]))
    ([9007199254740993], [])
    """
    code = dtype_code(series)
    if code not in "iuO" or series.isna().all():
        return []
    if code in "iu" and not exceeds_float64(series.min(), series.max()):
        return []
    whole = (int(one) for one in series.dropna().unique() if _is_exact(one))
    return sorted(one for one in whole if exceeds_float64(one))


def _is_exact(number: Any) -> bool:
    """Tell whether a cell holds an integer digit by digit."""
    if isinstance(number, decimal.Decimal):
        return number.is_finite() and number == number.to_integral_value()
    return isinstance(number, (int, np.integer)) and not isinstance(number, SPANS)
