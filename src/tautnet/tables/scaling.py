"""Imputation, centre and scale as NumPy arrays: learned from some rows, applied to any rows.

A missing cell is imputed at the column's mean, which is 0 once standardised, so the imputation
value and the centre are one number and the whole transform is ``(x - centre) / scale`` with
missing cells set to 0.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tautnet.tables.arrays import Booleans, Floats, Integers

__all__ = [
    "Scaling",
    "StandardisedRows",
    "fit_scaling",
    "restore",
    "rows_at_once",
    "standardise",
]

# Numbers that are worked on at once, so that no table is copied as a whole.
NUMBERS_AT_ONCE = 2**18
# Numbers of encoded rows that are held at once, where nothing but their predictions is kept.
NUMBERS_HELD = 2**25

# Blocks of rows as float64, each with the weights of its rows.
Blocks: TypeAlias = Iterator[tuple[Floats, Floats]]


def rows_at_once(width: int) -> int:
    """How many rows of so many numbers are held at once: a power of two.

    So smaller blocks always fill larger ones.

    Examples
    --------
    >>> rows_at_once(32), rows_at_once(4096), rows_at_once(100_000)
    (1048576, 8192, 256)
    """
    return 1 << max(NUMBERS_HELD // max(width, 1), 1).bit_length() - 1


class Scaling(NamedTuple):
    """Centre and scale of each column, both float64 of shape (n_columns,)."""

    centre: Floats
    scale: Floats

    def of(self, columns: Integers | Booleans) -> "Scaling":
        """Return those of some columns: positions, or a truth value for each column."""
        return Scaling(self.centre[columns], self.scale[columns])


def fit_scaling(
    X: ArrayLike, weights: ArrayLike | None = None, rows: ArrayLike | None = None
) -> Scaling:
    """Learn centre and scale from the rows that count.

    Parameters
    ----------
    X : array of shape (n_rows, n_columns)
        Numbers; NaN marks a missing cell.
    weights : array of shape (n_rows,), optional
        Non-negative row weights; a weight of 2 is the row twice, a weight of 0 is no row at all.
    rows : int array, optional
        The rows to learn from, in the order of ``weights``; else all.

    Returns
    -------
    Scaling
        ``centre`` is the weighted mean of the cells that are there; ``scale`` the weighted
        population standard deviation of the imputed column. A column that is constant over the
        rows used keeps its value as centre, and a scale of 1; one with no cell at all gets 0 and
        1.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.scaling import fit_scaling, standardise
    >>> X = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])
    >>> fit_scaling(X, weights=[1, 1, 0])
    Scaling(centre=array([2., 5.]), scale=array([1., 1.]))
    >>> standardise(X, fit_scaling(X, weights=[1, 1, 0]))
    array([[-1.,  0.],
           [ 1.,  0.],
           [ 0.,  0.]])
    """
    X = np.asarray(X)
    rows = np.arange(len(X)) if rows is None else np.asarray(rows)
    weights = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    used = weights > 0
    if not used.any():
        raise ValueError("no row has a weight above zero")
    rows = rows[used]
    weights = weights[used]

    def blocks() -> Blocks:
        size = max(NUMBERS_AT_ONCE // max(X.shape[1], 1), 1)
        for i in range(0, len(rows), size):
            yield np.asarray(X[rows[i : i + size]], dtype=np.float64), weights[i : i + size]

    low, high = _extremes(blocks, X.shape[1])
    empty = low > high
    low = np.where(empty, 0.0, low)
    high = np.where(empty, 0.0, high)

    # Deviations are taken from the lowest cell and divided by the range: neither a huge offset
    # (a time stamp) nor huge or tiny units lose digits, and no square can overflow.
    half_span = high / 2 - low / 2
    constant = ~(half_span > 0)
    unit = np.where(constant, 1.0, half_span)
    mean, squares = _moments(blocks, low, unit, empty)
    spread = 2 * np.sqrt(squares / weights.sum()) * unit
    centre = np.where(constant, low, low + 2 * mean * unit)
    return Scaling(centre, np.where(constant | (spread == 0), 1.0, spread))


def _extremes(blocks: Callable[[], Blocks], n_columns: int) -> tuple[Floats, Floats]:
    """Return the lowest and the highest cell of each column, inf and -inf where it has none."""
    low = np.full(n_columns, np.inf)
    high = np.full(n_columns, -np.inf)
    for cells, _ in blocks():
        missing = np.isnan(cells)
        low = np.minimum(low, np.where(missing, np.inf, cells).min(axis=0))
        high = np.maximum(high, np.where(missing, -np.inf, cells).max(axis=0))
    return low, high


def _moments(
    blocks: Callable[[], Blocks], low: Floats, unit: Floats, empty: Booleans
) -> tuple[Floats, Floats]:
    """Return the mean of ``(x / 2 - low / 2) / unit``, and the sum of squares around it."""
    counted = np.zeros(len(low))
    total = np.zeros(len(low))
    for cells, weight in blocks():
        present = ~np.isnan(cells)
        counted += weight @ present
        total += weight @ (np.where(present, cells / 2 - low / 2, 0.0) / unit)
    mean = total / np.where(empty, 1.0, counted)
    squares = np.zeros(len(low))
    for cells, weight in blocks():
        deviations = np.where(np.isnan(cells), 0.0, (cells / 2 - low / 2) / unit - mean)
        squares += weight @ deviations**2
    return mean, squares


class StandardisedRows:
    """Chosen rows of a table, standardised only when they are read, so that none are copied.

    Parameters
    ----------
    X : array of shape (n_table_rows, n_columns)
        Numbers; NaN marks a missing cell.
    rows : int array of shape (n_rows,)
    scaling : Scaling

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.scaling import Scaling, StandardisedRows
    >>> rows = StandardisedRows(np.array([[1.0], [3.0], [5.0]]), np.array([2, 0]),
    ...     Scaling(np.ones(1), np.full(1, 4.0)))
    >>> len(rows), rows[1:], rows.shape
    (2, array([[0.]]), (2, 1))
    """

    def __init__(self, X: Floats, rows: Integers, scaling: Scaling) -> None:
        self.X = X
        self.rows = rows
        self.scaling = scaling
        self.shape = (len(rows), X.shape[1])

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice | Integers) -> Floats:
        """Return some of the rows, float64: a slice or an array of positions."""
        return standardise(self.X[self.rows[which]], self.scaling)


def standardise(X: ArrayLike, scaling: Scaling) -> Floats:
    """Centre and scale the columns of ``X``; missing cells become 0, the mean when learned.

    Parameters
    ----------
    X : array of shape (n_rows, n_columns)
        Numbers; NaN marks a missing cell.
    scaling : Scaling
        What `fit_scaling` learned.

    Returns
    -------
    array of shape (n_rows, n_columns), float64
    """
    Z = (np.asarray(X, dtype=np.float64) - scaling.centre) / scaling.scale
    Z[np.isnan(Z)] = 0.0
    return Z


def restore(Z: ArrayLike, scaling: Scaling) -> Floats:
    """Bring standardised columns back to their own units; the inverse of `standardise`.

    Parameters
    ----------
    Z : array of shape (n_rows, n_columns)
        Standardised numbers.
    scaling : Scaling
        What `fit_scaling` learned.

    Returns
    -------
    array of shape (n_rows, n_columns), float64

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.scaling import Scaling, restore
    >>> restore(np.array([[-1.0], [2.0]]), Scaling(np.array([10.0]), np.array([3.0])))
    array([[ 7.],
           [16.]])
    """
    return np.asarray(Z, dtype=np.float64) * scaling.scale + scaling.centre
