"""Intervals for differences of losses that were measured on the same rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, t

from tautnet.tables.arrays import Floats, Integers


class Difference(NamedTuple):
    """A paired difference of mean losses, ``other - own``: positive when one's own loss is lower.

    Attributes
    ----------
    diff, se : float
        The difference and its standard error.
    ci_low, ci_high : float
        95 % interval.
    p : float
        Two-sided: how often a difference this large would be seen if there were none.
    """

    diff: float
    se: float
    ci_low: float
    ci_high: float
    p: float


def standard_error(values: Floats, weight: Floats, groups: Integers | None = None) -> float:
    """Standard error of a weighted mean; rows of one group count as one observation.

    With m the weighted mean and n groups g it is ``√(n/(n-1) Σ_g (Σ_{i∈g} wᵢ (vᵢ - m))²) / Σ wᵢ``
    (Liang and Zeger 1986).

    Parameters
    ----------
    values, weight : arrays (n_rows,)
    groups : int array (n_rows,), optional
    """
    sums = weight * (values - np.average(values, weights=weight))
    if groups is not None:
        own = np.unique(groups, return_inverse=True)[1]
        sums = np.asarray(np.bincount(own, sums), float)
    n = len(sums)
    return float(np.sqrt(np.square(sums).sum() * n / max(n - 1, 1)) / weight.sum())


def paired_difference(
    other: Floats, own: Floats, weight: Floats, groups: Integers | None = None
) -> Difference:
    """Difference of two mean losses, with a normal interval.

    The losses of cross-validation have one although folds share training rows (Bayle et al. 2020).

    Parameters
    ----------
    other, own : arrays (n_rows,)
        Loss of each row under a model that did not see it.
    weight : array (n_rows,)
    groups : int array (n_rows,), optional
        Rows that belong together.

    Returns
    -------
    Difference

    Examples
    --------
    >>> round(paired_difference(np.array([1.0, 2, 3]), np.array([0.5, 1, 2]), np.ones(3)).diff, 3)
    0.833
    """
    values = other - own
    mean = float(np.average(values, weights=weight))
    se = standard_error(values, weight, groups)
    p = float(2 * norm.sf(abs(mean) / se)) if se > 0 else float(mean == 0)
    half = norm.ppf(0.975) * se
    return Difference(mean, se, mean - half, mean + half, p)


def corrected_resampled_t(fold_differences: Floats, test_share: float) -> tuple[float, float]:
    """Interval over repeated folds that allows for shared training rows (Nadeau and Bengio 2003).

    The variance of the mean of n differences of variance s² is ``s² (1/n + test_share)``.

    Parameters
    ----------
    fold_differences : array (n_repeats * n_folds,)
    test_share : float
        Test rows over training rows: ``1 / (n_folds - 1)``.

    Returns
    -------
    low, high : float
    """
    n = len(fold_differences)
    se = np.sqrt(np.var(fold_differences, ddof=1) * (1 / n + test_share))
    half = t.ppf(0.975, n - 1) * se
    mean = np.mean(fold_differences)
    return float(mean - half), float(mean + half)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979).

    Of n in ascending order the one at rank i, from 1 on, becomes the largest of
    ``min(1, (n - j + 1) pⱼ)`` over all ranks j up to i.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    n = len(p_values)
    corrected = [0.0] * n
    largest = 0.0
    for rank, i in enumerate(np.argsort(p_values)):
        largest = max(largest, min(1.0, (n - rank) * p_values[i]))
        corrected[i] = float(largest)
    return corrected
