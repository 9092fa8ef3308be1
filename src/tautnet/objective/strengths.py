"""Strengths: the grid that all chains share, and the place of one on it."""

import numpy as np


def grid(low, high, per_decade=8):
    """The strengths 10^(k/8) from ``low`` to ``high``, or fewer: the same numbers for every
    table
    and fold.

    Examples
    --------
    >>> grid(0.5, 1.5).round(3).tolist()
    [0.562, 0.75, 1.0, 1.334]
    """
    first, last = (per_decade * np.log10(edge) for edge in (low, high))
    return 10.0 ** (np.arange(np.ceil(first - 1e-9), np.floor(last + 1e-9) + 1) / per_decade)


def nearest(alphas, alpha):
    """Index of the strength nearest to one; of equal strengths the last.

    Examples
    --------
    >>> nearest([0.1, 1.0, 10.0], 2.0)
    1
    """
    distance = np.abs(np.log(np.maximum(alphas, 1e-300)) - np.log(max(alpha, 1e-300)))
    return len(distance) - 1 - int(np.round(distance, 9)[::-1].argmin())
