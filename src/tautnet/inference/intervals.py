"""Intervals for differences of losses that were measured on the same rows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t

from tautnet.tables.arrays import Booleans, Floats, Integers

# A row, or an observation, carries a difference where it moves it by more than this share of its
# standard error.
CARRYING = 0.5
# Of fewer observations than this, the largest is that large by chance alone.
LEAST_OBSERVATIONS = 40
# Observations that are set aside at most, as a share of all.
MOST_SET_ASIDE = 0.05
# Beyond this correlation of neighbouring blocks a standard error says nothing.
LARGEST_CORRELATION = 0.9


class Observations(NamedTuple):
    """What counts as one observation.

    Attributes
    ----------
    codes : int array (n_rows,), optional
        Rows of one code are one observation: a group, exact copies, or a block of neighbours. None
        where each row is one.
    in_order : bool
        Whether observations are blocks in the order of time, so that neighbours may be alike.
    """

    codes: Integers | None = None
    in_order: bool = False


EACH_ROW = Observations()


class Without(NamedTuple):
    """A difference without the few rows that carry it.

    Attributes
    ----------
    rows : int array
        The rows set aside, from 0.
    diff, ci_low, ci_high : float
        The difference of the others.
    other : float
        Their mean loss under the other model, which the difference is a share of.
    """

    rows: Integers
    diff: float
    ci_low: float
    ci_high: float
    other: float


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
    without : Without or None
        The same without the rows that carry it; None where no few rows do.
    """

    diff: float
    se: float
    ci_low: float
    ci_high: float
    p: float
    without: Without | None = None


def standard_error(values: Floats, weight: Floats, observations: Observations = EACH_ROW) -> float:
    """Standard error of a weighted mean.

    With m the weighted mean, n observations g and ``c_g = Σ_{i∈g} wᵢ (vᵢ - m)`` it is
    ``√(n/(n-1) Σ_g c_g²) / Σ wᵢ`` (Liang and Zeger 1986). Of blocks in order it is ``√((1 + ρ) /
    (1 - ρ))`` times that, with ρ the correlation of neighbouring c_g where it is above 0, since
    what comes over to the next block is no news (Bartlett 1946).

    Parameters
    ----------
    values, weight : arrays (n_rows,)
    observations : Observations, optional
    """
    sums = _deviations(values, weight, observations)
    n = len(sums)
    squares = np.square(sums).sum()
    error = float(np.sqrt(squares * n / max(n - 1, 1)) / weight.sum())
    if observations.in_order and squares > 0:
        alike = float(np.clip((sums[1:] * sums[:-1]).sum() / squares, 0, LARGEST_CORRELATION))
        error *= float(np.sqrt((1 + alike) / (1 - alike)))
    return error


def _deviations(values: Floats, weight: Floats, observations: Observations) -> Floats:
    """Weighted distance of each observation from the mean of all."""
    sums = weight * (values - np.average(values, weights=weight))
    if observations.codes is None:
        return sums
    own = np.unique(observations.codes, return_inverse=True)[1]
    return np.asarray(np.bincount(own, sums), float)


def paired_difference(
    other: Floats, own: Floats, weight: Floats, observations: Observations = EACH_ROW
) -> Difference:
    """Difference of two mean losses, with an interval by Student's t.

    The losses of cross-validation have a normal one although folds share training rows (Bayle et
    al. 2020); of few observations, such as groups or blocks, t is the wider and right one.

    Parameters
    ----------
    other, own : arrays (n_rows,)
        Loss of each row under a model that did not see it.
    weight : array (n_rows,)
    observations : Observations, optional

    Returns
    -------
    Difference

    Examples
    --------
    >>> round(paired_difference(np.array([1.0, 2, 3]), np.array([0.5, 1, 2]), np.ones(3)).diff, 3)
    0.833
    """
    values = other - own
    found = _interval(values, weight, observations)
    rows = carrying_rows(values, weight, observations)
    if not rows.any():
        return found
    codes = observations.codes
    rest = observations._replace(codes=None if codes is None else codes[~rows])
    others = _interval(values[~rows], weight[~rows], rest)
    rest_of_other = float(np.average(other[~rows], weights=weight[~rows]))
    without = Without(
        np.flatnonzero(rows), others.diff, others.ci_low, others.ci_high, rest_of_other
    )
    return found._replace(without=without)


def _interval(values: Floats, weight: Floats, observations: Observations) -> Difference:
    """The mean of differences, with its interval."""
    mean = float(np.average(values, weights=weight))
    se = standard_error(values, weight, observations)
    codes = observations.codes
    n = int(np.count_nonzero(weight)) if codes is None else len(np.unique(codes[weight > 0]))
    freedom = max(n - 1, 1)
    p = float(2 * t.sf(abs(mean) / se, freedom)) if se > 0 else float(mean == 0)
    half = float(t.ppf(0.975, freedom)) * se
    return Difference(mean, se, mean - half, mean + half, p)


def carrying_rows(values: Floats, weight: Floats, observations: Observations) -> Booleans:
    """The rows of the few observations that carry a mean, if any do.

    One does where the mean without it would differ by more than half of a standard error. Those
    are set aside, and the others looked at again, up to 5 % of all: where more carry it, it is no
    matter of a few.

    Returns
    -------
    bool array (n_rows,)

    Examples
    --------
    >>> values = np.append(np.tile([-1.0, 1.0], 50), 40.0)
    >>> np.flatnonzero(carrying_rows(values, np.ones(101), EACH_ROW))
    array([100])
    """
    codes = np.arange(len(values)) if observations.codes is None else observations.codes
    names, own = np.unique(codes, return_inverse=True)
    aside = np.zeros(len(names), bool)
    if len(names) < LEAST_OBSERVATIONS:
        return aside[own]
    masses = np.bincount(own, weight)
    totals = np.bincount(own, weight * values)
    while aside.sum() < MOST_SET_ASIDE * len(names):
        mean = totals[~aside].sum() / masses[~aside].sum()
        deviations = np.where(aside, 0.0, totals - masses * mean)
        largest = int(np.argmax(np.abs(deviations)))
        if abs(deviations[largest]) <= CARRYING * np.sqrt(np.square(deviations).sum()):
            break
        aside[largest] = True
    return aside[own]


def blocks_of(residuals: Sequence[Floats], weight: Floats) -> Integers:
    """Contiguous blocks of rows that are in the order of time, each one observation.

    A block is as long as residuals remember: up to the first lag at which the autocorrelation of
    each is below ``2 / √n``, what chance alone gives. There are at least ten.

    Parameters
    ----------
    residuals : list of arrays (n_rows,)
        In the order of the rows.
    weight : array (n_rows,)

    Returns
    -------
    int array (n_rows,)

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=200)
    >>> blocks_of([noise], np.ones(200)).max(), blocks_of([noise.cumsum()], np.ones(200)).max()
    (np.int64(199), np.int64(9))
    """
    n = len(weight)
    memory = max((memory_of(one) for one in residuals), default=1)
    n_blocks = int(np.clip(n // memory, min(10, n), n))
    return np.arange(n) * n_blocks // n


def memory_of(residual: Floats) -> int:
    """The first lag at which a series' autocorrelation is no more than chance."""
    n = len(residual)
    centred = residual - residual.mean()
    variance = np.square(centred).sum()
    if variance == 0:
        return 1
    for lag in range(1, n // 2):
        if (centred[lag:] * centred[:-lag]).sum() / variance < 2 / np.sqrt(n):
            return lag
    return max(n // 2, 1)


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
