"""Strengths: the grid that all chains share, and the place of one on it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

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


def keys(alphas: Sequence[float] | Floats) -> Floats:
    """Numbers by which strengths are told apart: those that differ by rounding alone share one.

    They are logarithms to six digits, so that a strength that was float32 once is still the same.

    Examples
    --------
    >>> keys([1.0, np.float32(0.1), 0.1, 0.101]).tolist()
    [0.0, -2.302585, -2.302585, -2.292635]
    """
    return np.round(np.log(np.maximum(np.asarray(alphas, np.float64), 1e-300)), 6)


def as_strengths(alphas: str | ArrayLike) -> str | Floats:
    """The strengths to walk: "auto", or an ascending array in which each is another one.

    Examples
    --------
    >>> as_strengths([1, 0.1, np.float32(0.1)]).tolist()
    [0.1, 1.0]
    """
    if isinstance(alphas, str):
        return alphas
    ascending = np.unique(np.asarray(alphas, np.float64))
    return ascending[np.unique(keys(ascending), return_index=True)[1]]


def nearest(alphas: Sequence[float] | Floats, alpha: float) -> int:
    """Index of the strength nearest to ``alpha`` on a logarithmic scale; of equal ones the last.

    Examples
    --------
    >>> nearest([0.1, 1.0, 10.0], 2.0)
    1
    """
    others = np.log(np.maximum(np.asarray(alphas, np.float64), 1e-300))
    distance = np.abs(others - np.log(max(float(alpha), 1e-300)))
    return len(distance) - 1 - int(np.round(distance, 9)[::-1].argmin())
