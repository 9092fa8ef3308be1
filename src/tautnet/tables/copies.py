"""Rows that are exact copies of others, where chance does not explain that they are equal."""

import numpy as np

from tautnet.tables.arrays import Booleans, Cells, Floats, Integers
from tautnet.tables.scaling import NUMBERS_AT_ONCE

__all__ = ["copy_codes", "n_copies"]

# Equal pairs must be so many times those that independent columns would have by chance.
BEYOND_CHANCE = 10
SEED = 20170823


def copy_codes(
    X: Floats, y: Floats, weight: Floats, column_predictor: Integers | None = None
) -> Integers | None:
    """Return which rows are exact copies of each other, or None where none are worth the name.

    Rows are equal where all encoded predictors and the target are, a missing cell being equal to a
    missing cell. A table of few columns with few values each has equal rows by chance; they are
    copies only where there are more than ten times the equal pairs that independent predictors
    would have.

    Parameters
    ----------
    X : array of shape (n_rows, n_columns)
        Encoded predictors, missing numbers NaN.
    y : array of shape (n_rows, n_outputs)
    weight : array of shape (n_rows,)
        Rows of weight 0 do not count as evidence.
    column_predictor : int array of shape (n_columns,), optional
        The predictor that each column encodes. The columns of one category depend on each other,
        and chance is understated where they are taken for predictors of their own.

    Returns
    -------
    int array of shape (n_rows,) or None
        Rows with the same code are copies of each other; codes are 0, 1, ... in the order in which
        they are met.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.copies import copy_codes
    >>> X = np.random.default_rng(0).normal(size=(5, 3))[[0, 1, 2, 1, 3, 4]]
    >>> copy_codes(X, y=X[:, :1], weight=np.ones(6)).tolist()
    [0, 1, 2, 1, 3, 4]
    >>> copy_codes(X > 0, y=X[:, :1] > 0, weight=np.ones(6)) is None
    True
    """
    hashes = _hashes(X) + _mixed(_hashes(y))
    counted = weight > 0
    n_pairs = _equal_pairs(hashes[counted])
    if not n_pairs or not _is_beyond_chance(n_pairs, X, y, counted, column_predictor):
        return None
    return _in_order(hashes)


def n_copies(codes: Integers | None) -> int:
    """Return how many rows are copies of an earlier row.

    Parameters
    ----------
    codes : int array of shape (n_rows,) or None
        As `copy_codes` returns them.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.copies import n_copies
    >>> n_copies(np.array([0, 1, 0, 0])), n_copies(None)
    (2, 0)
    """
    return 0 if codes is None else len(codes) - len(np.unique(codes))


def _is_beyond_chance(
    n_pairs: int,
    X: Floats,
    y: Floats,
    counted: Booleans,
    column_predictor: Integers | None,
) -> bool:
    """Tell whether there are more equal pairs than chance explains."""
    if column_predictor is None:
        column_predictor = np.arange(X.shape[1])
    n_rows = int(counted.sum())
    expected = n_rows * (n_rows - 1) / 2 * _chance(y[counted])
    # A share is 1 at most, so the first predictors often settle it.
    for predictor in np.unique(column_predictor):
        if n_pairs > BEYOND_CHANCE * expected:
            break
        expected *= _chance(X[:, column_predictor == predictor][counted])
    return n_pairs > BEYOND_CHANCE * expected


def _chance(columns: Floats) -> float:
    """Return the sum of the squared shares of the values: how often two rows drawn are equal."""
    counts = np.unique(_hashes(columns), return_counts=True)[1]
    return float(((counts / len(columns)) ** 2).sum())


def _equal_pairs(hashes: Cells) -> int:
    """Return the number of pairs of equal rows."""
    counts = np.unique(hashes, return_counts=True)[1].astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def _in_order(hashes: Cells) -> Integers:
    """Return numbers of the distinct values, in the order in which they are met."""
    _, first, codes = np.unique(hashes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[codes]


def _hashes(columns: Floats) -> Cells:
    """Return 64 bits of each row that are, but for one chance in 10^7, the same of equal rows only.

    A million rows are half of 10^12 pairs, and two unequal rows agree once in 10^19.
    """
    salts = np.random.default_rng(SEED).integers(2**63, size=columns.shape[1], dtype=np.uint64)
    hashes = np.empty(len(columns), dtype=np.uint64)
    size = max(NUMBERS_AT_ONCE // max(columns.shape[1], 1), 1)
    for start in range(0, len(columns), size):
        # Adding 0 makes one of both zeros, and missing cells need not share their bits.
        block = np.array(columns[start : start + size], dtype=np.float64, order="C") + 0.0
        block[np.isnan(block)] = np.nan
        hashes[start : start + size] = _mixed(block.view(np.uint64) + salts).sum(axis=1)
    return hashes


def _mixed(bits: Cells) -> Cells:
    """Return numbers of 64 bits each of which depends on every bit of its own (splitmix64)."""
    bits = bits ^ (bits >> np.uint64(30))
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)
    return bits
