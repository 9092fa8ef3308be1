"""Imputation, centre and scale as NumPy arrays: learned from some rows, applied to any rows.

A missing cell is imputed at the column's mean, which is 0 once standardised, so the imputation
value and the centre are one number and the whole transform is ``(x - centre) / scale`` with
missing cells set to 0. A basis may be made of the columns that are so standardised.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.basis import RAMP, ROUNDING, Basis, fit_basis, joined
from tautnet.tables.rounding import are_constant

__all__ = [
    "Scaling",
    "StandardisedRows",
    "expand",
    "fit_scaling",
    "is_large",
    "restore",
    "rows_at_once",
    "standardise",
    "standardised",
]

# Numbers that are worked on at once, so that no table is copied as a whole.
NUMBERS_AT_ONCE = 2**18
# Rows that a basis is learned from: their number depends on no column, so that some columns alone
# have the same basis as among others.
ROWS_LEARNED_FROM = 2**16
# Rows of tables with more numbers than this are not copied but read from the table: steps then
# take a tenth more time, and outputs, for which rows are standardised anew at every strength, up
# to half more.
LARGE = 2**22
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
    """How columns are standardised, and what is made of them then.

    Attributes
    ----------
    centre, scale : arrays (n_columns,)
        Float64.
    basis : Basis, optional
        What is made of the standardised columns; None is the columns themselves.
    """

    centre: Floats
    scale: Floats
    basis: Basis | None = None

    def of(self, columns: Integers | Booleans) -> "Scaling":
        """Return those of some columns: ascending positions, or a truth value for each column."""
        basis = None
        if self.basis is not None:
            basis = self.basis.of(np.arange(len(self.centre))[columns])
        return Scaling(self.centre[columns], self.scale[columns], basis)

    def names(self, columns: Sequence[str]) -> list[str]:
        """Return what each column behind this is called, from the names of the table's columns."""
        if self.basis is None:
            return list(columns)
        pairs = zip(self.basis.source, self.basis.labels(), strict=True)
        return [f"{columns[j]} ({label})" if label else columns[j] for j, label in pairs]

    def is_log(self, column: int) -> bool:
        """Whether a column is read on the logarithmic scale."""
        basis = self.basis
        return basis is not None and bool(basis.is_log[basis.source == column].any())

    def ramp_ends(self, column: int) -> Floats:
        """Return where the ramps of a column begin and end, in its own units; none is empty."""
        basis = self.basis
        if basis is None:
            return np.empty(0)
        ramps = (basis.source == column) & (basis.curve == RAMP)
        ends = np.union1d(basis.centre[ramps], (basis.centre + basis.scale)[ramps])
        if (basis.is_log & ramps).any():
            first = np.argmax(ramps)
            ends = np.exp(ends) - basis.offset[first] + basis.origin[first]
        ends = ends * self.scale[column] + self.centre[column]
        ends = np.where(np.abs(ends) > ROUNDING * self.scale[column], ends, 0.0)
        # A ramp begins where the one before it ends, but for rounding.
        apart = np.diff(ends, prepend=-np.inf) > ROUNDING * self.scale[column]
        return ends[apart]

    @property
    def source(self) -> Integers:
        """The column of the table that each column behind this is made from."""
        return np.arange(len(self.centre)) if self.basis is None else self.basis.source

    def made_from(self, columns: Integers | Booleans) -> Integers:
        """Return the positions of what is made from some columns of the table."""
        return np.flatnonzero(np.isin(self.source, np.arange(len(self.centre))[columns]))


def fit_scaling(
    X: ArrayLike,
    weights: ArrayLike | None = None,
    rows: ArrayLike | None = None,
    rounding: ArrayLike | None = None,
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
    rounding : array of shape (n_columns,), optional
        Relative differences of each column that are rounding, see `rounding.column_rounding`; else
        cells are exact.

    Returns
    -------
    Scaling
        ``centre`` is the weighted mean of the cells that are there; ``scale`` the weighted
        population standard deviation of the imputed column. A column that is constant over the
        rows used keeps its value as centre, and a scale of 1; one that is constant but for rounding
        its lowest value, and its largest magnitude as scale; one with no cell at all gets 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.scaling import fit_scaling, standardise
    >>> X = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])
    >>> fit_scaling(X, weights=[1, 1, 0])
    Scaling(centre=array([2., 5.]), scale=array([1., 1.]), basis=None)
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
    constant = are_constant(low, high, 0.0 if rounding is None else np.asarray(rounding))
    unit = np.where(half_span > 0, half_span, 1.0)
    mean, squares = _moments(blocks, low, unit, empty)
    spread = 2 * np.sqrt(squares / weights.sum()) * unit
    centre = np.where(constant, low, low + 2 * mean * unit)
    # What is left of rounding is far below 1 in this scale, and no huge number in new rows.
    whole = np.maximum(np.abs(low), np.abs(high))
    spread = np.where(constant & (half_span > 0), whole, spread)
    return Scaling(centre, np.where((half_span == 0) | (spread == 0), 1.0, spread))


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
        self.shape = (len(rows), len(scaling.source))

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: slice | Integers) -> Floats:
        """Return some of the rows, float64: a slice or an array of positions."""
        return standardise(self.X[self.rows[which]], self.scaling)


def standardise(X: ArrayLike, scaling: Scaling) -> Floats:
    """Centre and scale the columns of ``X``; missing cells become 0, the mean when learned.

    Where the scaling has a basis, that is then made of them.

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
    return Z if scaling.basis is None else scaling.basis.apply(Z)


def standardised(X: Floats, rows: Integers, scaling: Scaling) -> Floats | StandardisedRows:
    """Some rows of a table, standardised: at once, or where they are many when they are read."""
    if is_large(len(rows), len(scaling.source)):
        return StandardisedRows(X, rows, scaling)
    return standardise(X[rows], scaling)


def is_large(n_rows: int, n_columns: int) -> bool:
    """Whether rows are better read than copied.

    Wide tables are copied: columns that have left can leave the copy.
    """
    return n_rows * n_columns > LARGE and n_rows > n_columns


def expand(scaling: Scaling, X: Floats, weights: Floats, rows: Integers, kind: str) -> Scaling:
    """Learn a basis from the rows whose scaling was learned.

    Parameters
    ----------
    scaling : Scaling
        Of these rows, without a basis.
    X, weights, rows
        As in `fit_scaling`; weights above 0. Of many rows some are looked at, evenly spread.
    kind : {"smooth", "splines"}

    Returns
    -------
    Scaling
    """
    spread = np.linspace(0, len(rows) - 1, min(ROWS_LEARNED_FROM, len(rows))).astype(int)
    zeros = -scaling.centre / scaling.scale
    size = max(NUMBERS_HELD // (8 * len(spread)), 1)
    bases = []
    # Column by column it is the same: so many at once as memory allows.
    for i in range(0, X.shape[1], size):
        columns = np.arange(i, min(i + size, X.shape[1]))
        cells = X[np.ix_(rows[spread], columns)]
        Z = standardise(cells, scaling.of(columns))
        bases.append(fit_basis(Z, np.isnan(cells), zeros[columns], weights[spread], kind))
    return scaling._replace(basis=joined(bases, size))


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
