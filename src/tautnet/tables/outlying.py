"""Values far from all others that repeat, as codes for missing cells do."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tautnet.tables.arrays import Floats
from tautnet.tables.ranked import Ranked
from tautnet.tables.rounding import merged

__all__ = ["Outlying", "outlying_values"]

# In so many rows, and in so large a share of them, a value repeats.
LEAST_REPEATS = 3
LEAST_SHARE = 0.005
# The others must be so many values: among a few counts or ratings one stands apart by nature.
LEAST_OTHERS = 10
# The gap to the nearest other value, as a part of the others' range. 0 often means none, not
# missing, so it must be further away.
LEAST_GAP = 0.5
LEAST_GAP_OF_0 = 1.0

# A value below 0 among others that are not may be nearer to them, if it is many of their steps off.
LEAST_GAP_BELOW_0 = 0.1
MANY_STEPS = 10


class Outlying(NamedTuple):
    """A value that repeats far from all others.

    Attributes
    ----------
    position : int
        The predictor.
    value : float
    n_rows : int
        How many rows have it.
    low, high : float
        The least and the largest of the others.
    """

    position: int
    value: float
    n_rows: int
    low: float
    high: float


def outlying_values(ranked: Ranked) -> Iterator[Outlying]:
    """Yield the values of numbers that repeat far from all others.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.outlying import outlying_values
    >>> from tautnet.tables.ranked import rank
    >>> cells = np.append(np.linspace(0, 12, 20), [-200.0] * 3)
    >>> [(one.value, one.n_rows, one.high) for one in outlying_values(rank(cells[np.newaxis]))]
    [(-200.0, 3, 12.0)]
    """
    missing = np.isnan(ranked.values)
    n_present = ranked.values.shape[1] - missing.sum(axis=1)
    n_others = ranked.n_levels - missing.any(axis=1) - 1
    n_rows = ranked.values.shape[1]
    repeats = max(LEAST_REPEATS, round(LEAST_SHARE * n_rows))
    for one in np.flatnonzero((n_others >= LEAST_OTHERS) & (n_present > repeats)):
        position = int(ranked.positions[one])
        present = ranked.values[one, : n_present[one]]
        # Where fewer rows have the value, the cell so far in is another one.
        if present[0] == present[repeats - 1]:
            at = int(np.searchsorted(present, present[0], side="right"))
            least = float(present[0])
            if _is_far(least, present[at:]) or _is_wrong_sign(least, present[at:]):
                yield _outlying(position, least, at, present[at:])
        if present[-1] == present[-repeats]:
            at = int(np.searchsorted(present, present[-1], side="left"))
            most = float(present[-1])
            if _is_far(most, present[:at]):
                yield _outlying(position, most, len(present) - at, present[:at])


def _outlying(position: int, value: float, n_rows: int, others: Floats) -> Outlying:
    """Return a value that repeats in so many rows, far from the others, which are sorted."""
    return Outlying(position, value, n_rows, float(others[0]), float(others[-1]))


def _is_far(value: float, others: Floats) -> bool:
    """Tell whether a value is further from all others than these are from each other, by half."""
    gap = max(others[0] - value, value - others[-1])
    return bool(gap > (LEAST_GAP if value else LEAST_GAP_OF_0) * (others[-1] - others[0]))


def _is_wrong_sign(value: float, others: Floats) -> bool:
    """Tell whether a value is the only negative one, and far below others that lie close."""
    if value >= 0 or others[0] < 0:
        return False
    gap = others[0] - value
    usual = np.median(np.diff(np.unique(merged(others))))
    return bool(gap > LEAST_GAP_BELOW_0 * (others[-1] - others[0]) and gap > MANY_STEPS * usual)
