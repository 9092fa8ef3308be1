"""Pairs of predictors that say the same."""

import hashlib
from typing import NamedTuple

import numpy as np

from tautnet.tables.arrays import Booleans, Floats
from tautnet.tables.leaks import LEAST_PRESENT, LEAST_ROWS_A_LEVEL, beyond_chance
from tautnet.tables.ranked import Ranked
from tautnet.tables.sample import Sample

__all__ = ["Twin", "correlated", "digests", "renamed"]

NEARLY_EQUAL = 0.9999
# More predictors have too many pairs.
MOST_PREDICTORS = 2000
# Pairs that are nearly equal in these rows are looked at in all.
ROWS_LOOKED_AT = 1000
LEAST_ROWS = 10
SEED = 0
# The share of cells nearest to the mean that must agree as all cells do.
ORDINARY = 0.98


class Twin(NamedTuple):
    """A predictor that says what another says.

    Attributes
    ----------
    first, other : int
        Positions of the predictors; the other comes later in the table.
    correlation : float or None
        Of numbers that move together; None where one is the other up to renaming.
    """

    first: int
    other: int
    correlation: float | None


def digests(ranked: Ranked, n_predictors: int) -> dict[int, bytes]:
    """Return, by position, a digest of each predictor that is the same where one renames another.

    Left out are those of so many or so rare levels that others have the same by chance.
    """
    found = {}
    n_rows = ranked.values.shape[1]
    levels = ranked.levels
    few = (ranked.n_levels >= 2) & (ranked.n_levels * LEAST_ROWS_A_LEVEL <= n_rows)
    for one in np.flatnonzero(few):
        counts = np.bincount(levels[one])
        if not beyond_chance(counts, len(counts), n_predictors**2):
            continue
        codes = np.empty(n_rows, dtype=np.int64)
        codes[ranked.order[one]] = levels[one]
        first = np.full(len(counts), n_rows)
        np.minimum.at(first, codes, np.arange(n_rows))
        # Levels are numbered in the order in which the rows have them.
        renamed = np.empty(len(counts), dtype=np.int32)
        renamed[np.argsort(first)] = np.arange(len(counts), dtype=np.int32)
        key = hashlib.blake2b(renamed[codes].tobytes(), digest_size=16).digest()
        found[int(ranked.positions[one])] = key
    return found


def renamed(found: dict[int, bytes]) -> list[Twin]:
    """Return the predictors that rename an earlier one, given the digests of all.

    Examples
    --------
    >>> from tautnet.tables.twins import renamed
    >>> renamed({0: b"a", 1: b"b", 2: b"a"})
    [Twin(first=0, other=2, correlation=None)]
    """
    first: dict[bytes, int] = {}
    twins = []
    for position in sorted(found):
        known = first.setdefault(found[position], position)
        if known != position:
            twins.append(Twin(known, position, None))
    return twins


def correlated(sample: Sample, columns: dict[int, int]) -> list[Twin]:
    """Return the predictors that move with an earlier one.

    Parameters
    ----------
    sample : Sample
    columns : dict
        The column of each predictor that holds numbers, by its position.
    """
    n_rows = len(sample.X)
    if not 2 <= len(columns) <= MOST_PREDICTORS or n_rows < LEAST_ROWS:
        return []
    positions = list(columns)
    X = np.asarray(sample.X[:, list(columns.values())], dtype=np.float64)
    rows = np.arange(n_rows)
    if n_rows > ROWS_LOOKED_AT:
        rows = np.random.default_rng(SEED).choice(n_rows, ROWS_LOOKED_AT, replace=False)
    looked_at = _standardised(X[rows])
    nearly = np.abs(looked_at.T @ looked_at) > 0.99
    twins = []
    for other in np.flatnonzero(np.triu(nearly, 1).any(axis=0)):
        for first in np.flatnonzero(nearly[:other, other]):
            r = _correlation(X[:, first], X[:, other])
            if abs(r) > NEARLY_EQUAL:
                twins.append(Twin(positions[first], positions[other], r))
                break
    return twins


def _standardised(X: Floats) -> Floats:
    """Return columns of mean 0 and length 1, missing cells 0."""
    present = ~np.isnan(X)
    means = np.where(present, X, 0.0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    X = np.where(present, X - means, 0.0)
    length = np.sqrt((X * X).sum(axis=0))
    return X / np.where(length > 0, length, 1.0)


def _correlation(a: Floats, b: Floats) -> float:
    """Return the correlation of two columns in rows that have both, 0 where they are too few."""
    present: Booleans = ~np.isnan(a) & ~np.isnan(b)
    either = ~np.isnan(a) | ~np.isnan(b)
    if present.sum() < max(LEAST_PRESENT * either.sum(), LEAST_ROWS):
        return 0.0
    pair = _standardised(np.stack([a[present], b[present]], axis=1))
    r = float(pair[:, 0] @ pair[:, 1])
    ordinary = (np.abs(pair) <= np.quantile(np.abs(pair), ORDINARY, axis=0)).all(axis=1)
    if abs(r) <= NEARLY_EQUAL or ordinary.sum() < LEAST_ROWS:
        return r
    # A few huge cells that both have must not make twins of columns that differ elsewhere.
    most = _standardised(pair[ordinary])
    r_of_most = float(most[:, 0] @ most[:, 1])
    return r if abs(r_of_most) > NEARLY_EQUAL or not most.any() else r_of_most
