"""Strengths: the grid that all chains share, and the place of one on it."""

from collections.abc import Sequence

import numpy as np

from tautnet.tables.arrays import Floats


def grid(low: float, high: float, per_decade: int = 8) -> Floats:
    """The strengths 10^(k/8) for whole numbers k, from ``low`` to ``high``.

    They are the same numbers for every table and fold. ``per_decade`` takes the place of 8.

    Examples
    --------
    >>> grid(0.5, 1.5).round(3).tolist()
    [0.562, 0.75, 1.0, 1.334]
    """
    first = np.ceil(per_decade * np.log10(low) - 1e-9)
    last = np.floor(per_decade * np.log10(high) + 1e-9)
    return 10.0 ** (np.arange(first, last + 1) / per_decade)


def nearest(alphas: Sequence[float] | Floats, alpha: float) -> int:
    """Index of the strength nearest to ``alpha`` on a logarithmic scale; of equal ones the last.

    Examples
    --------
    >>> nearest([0.1, 1.0, 10.0], 2.0)
    1
    """
    distance = np.abs(np.log(np.maximum(alphas, 1e-300)) - np.log(max(alpha, 1e-300)))
    return len(distance) - 1 - int(np.round(distance, 9)[::-1].argmin())
