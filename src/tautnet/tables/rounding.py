"""Numbers that differ by rounding alone are one number."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from tautnet.tables.arrays import Booleans, Floats, Integers

__all__ = ["are_constant", "are_whole", "column_rounding", "merged", "rounding_of", "varies"]

# Relative differences that count as rounding, by the bytes of a float. A result of some dozen
# operations is off by a few units in its last place. Half precision has so few digits that only one
# unit is no difference.
_ROUNDING = {
    2: float(np.finfo(np.float16).eps),
    4: 16 * float(np.finfo(np.float32).eps),
    8: 16 * float(np.finfo(np.float64).eps),
}
# Whole numbers are exact up to here.
_EXACT = {2: 2.0**11, 4: 2.0**24, 8: 2.0**53}
# Rows that are looked at before columns that are not whole are left alone.
ROWS_AT_ONCE = 4096


def rounding_of(dtype: Any) -> float:
    """Return the relative difference that is rounding in numbers of a type: 0 for integers.

    Parameters
    ----------
    dtype : type of NumPy or pandas

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.rounding import rounding_of
    >>> rounding_of(np.dtype(np.int64)), rounding_of(np.dtype(np.float64)) < 1e-14
    (0.0, True)
    """
    return 0.0 if getattr(dtype, "kind", "O") in "biu" else _ROUNDING[_size_of(dtype)]


def _size_of(dtype: Any) -> int:
    """Return the bytes of the floats that a type holds; Python's own have eight."""
    size = getattr(dtype, "itemsize", 8) if getattr(dtype, "kind", "O") == "f" else 8
    return min(size, 8)


def are_constant(low: Floats, high: Floats, rounding: float | Floats) -> Booleans:
    """Tell of which columns the lowest and the highest cell differ by rounding at most.

    Parameters
    ----------
    low, high : array (n_columns,)
    rounding : float or array (n_columns,)
        Relative differences that are rounding; at 0 equal cells alone are.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.rounding import are_constant
    >>> are_constant(np.array([0.3, -1e-13]), np.array([0.1 + 0.2, 1e-13]), 1e-15)
    array([ True, False])
    """
    # Halves: the difference of two huge numbers may be none.
    magnitude = np.maximum(np.abs(low), np.abs(high))
    return np.asarray(high / 2 - low / 2 <= magnitude * (np.asarray(rounding) / 2))


def are_whole(numbers: Floats | Integers, dtype: Any = None) -> bool:
    """Tell whether all numbers are whole ones that their type, or another one, holds exactly."""
    largest = _EXACT[_size_of(numbers.dtype if dtype is None else dtype)]
    return bool(((numbers == np.round(numbers)) & (np.abs(numbers) <= largest)).all())


def varies(numbers: Floats | Integers, dtype: Any = None) -> bool:
    """Tell whether numbers differ by more than their rounding.

    Whole numbers differ where they are not equal.

    Parameters
    ----------
    numbers : array (n,)
        At least one, none missing.
    dtype : type of NumPy or pandas, optional
        What they were stored in before.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.rounding import varies
    >>> varies(np.array([0.3, 0.1 + 0.2])), varies(np.array([1e15, 1e15 + 1]))
    (False, True)
    """
    low = numbers.min()
    high = numbers.max()
    if low == high:
        return False
    dtype = numbers.dtype if dtype is None else dtype
    return not are_constant(low, high, rounding_of(dtype)) or are_whole(numbers, dtype)


def merged(numbers: Floats | Integers) -> Floats | Integers:
    """Return numbers in which those that differ by rounding alone are that with the fewest digits.

    Whole numbers stay as they are, and so do numbers so dense that each is rounding away from the
    next.

    Parameters
    ----------
    numbers : array (n,)
        None missing.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.rounding import merged
    >>> merged(np.array([0.1 + 0.2, 0.3, 0.7])).tolist()
    [0.3, 0.3, 0.7]
    """
    if numbers.dtype.kind in "iu":
        return numbers
    distinct, own = np.unique(cast("Floats", numbers), return_inverse=True)
    rounding = rounding_of(distinct.dtype)
    begins = np.append(True, ~are_constant(distinct[:-1], distinct[1:], rounding))
    if begins.all() or are_whole(distinct):
        return numbers
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(distinct)) - 1
    is_one = are_constant(distinct[first], distinct[last], rounding) & (last > first)
    for start, end in zip(first[is_one], last[is_one], strict=True):
        alike = distinct[start : end + 1]
        alike[:] = min(alike, key=lambda number: len(str(number)))
    return distinct[own]


def column_rounding(X: Floats, stored: Sequence[Any]) -> Floats:
    """Return the relative difference that is rounding in each column of a table.

    Parameters
    ----------
    X : array (n_rows, n_columns)
        Missing cells NaN.
    stored : sequence of types of NumPy or pandas
        What each column was stored in before; columns of whole numbers are exact whatever that is.

    Returns
    -------
    array (n_columns,)

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.rounding import column_rounding
    >>> X = np.array([[0.5, 1.0], [np.nan, 2.0]])
    >>> column_rounding(X, [X.dtype, X.dtype]) > 0
    array([ True, False])
    """
    rounding = np.array([rounding_of(one) for one in stored])
    largest = np.array([_EXACT[_size_of(one)] for one in stored])
    whole = rounding > 0
    for start in range(0, len(X), ROWS_AT_ONCE):
        at = np.flatnonzero(whole)
        if not len(at):
            break
        block = X[start : start + ROWS_AT_ONCE][:, at]
        odd = (block != np.round(block)) | (np.abs(block) > largest[at])
        whole[at] = ~(odd & ~np.isnan(block)).any(axis=0)
    return np.where(whole, 0.0, rounding)
