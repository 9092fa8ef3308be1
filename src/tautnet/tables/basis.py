"""A basis expansion: columns that are made from standardised ones, each by a curve of its own.

Every curve is one formula of a standardised column z, whose missing cells are 0, its mean:

    u = log(max(z - origin, 0) + offset)  or  u = z
    v = (u - centre) / scale
    w = v,  or v / sqrt(1 + (v / 3)^2),  or v clipped to 0 and 1
    column = (w - mean) / spread

so that what is learned is arrays of numbers, and every door writes the same formula.

References
----------
Hastie, Tibshirani and Friedman (2009), The Elements of Statistical Learning, chapter 5.
Gorishniy, Rubachev and Babenko (2022), On Embeddings for Numerical Features in Tabular Deep
Learning: ramps, there called piecewise linear encoding. Holzmüller, Grinsztajn and Steinwart
(2024), Better by Default: the smooth clip.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from tautnet.tables.arrays import Booleans, Floats, Integers

__all__ = ["Basis", "fit_basis", "joined", "most_columns"]

# What a curve does last, by its number in `Basis.curve`.
LINE = 0
SMOOTH = 1
RAMP = 2
CURVES = (LINE, SMOOTH, RAMP)
# A smooth curve never goes beyond so many standard deviations.
REACH = 3.0
# Beyond it a smooth curve is flat to the last digit, and squares stay numbers.
FAR = 1e9
# Skewness of columns without negative cells above which they are read on the logarithmic scale.
SKEWED = 1.0
# Where 0 is so many standard deviations away the logarithm would be a straight line.
FAR_FROM_ZERO = 10.0
# Where ramps begin and end.
QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
# A standardised column with a smaller range is constant but for rounding.
SAME = 1e-6
# Rows that tell of most columns whether they have more than two values.
ENOUGH = 1000
# What sums of weights may lack, and edges of ramps may differ by, for rounding.
ROUNDING = 1e-9


class Basis(NamedTuple):
    """Columns made from standardised ones; all arrays are of shape (n_made,).

    Attributes
    ----------
    source : int array
        The standardised column that each is made from, ascending.
    curve : int array
        `LINE`, `SMOOTH` or `RAMP`.
    is_log : bool array
        Whether the logarithm is taken.
    origin, offset : arrays
        Of the logarithm: where the column is 0 in its own units, and what is added.
    centre, scale : arrays
        What is bent is ``(u - centre) / scale``.
    mean, spread : arrays
        Of what comes out.
    """

    source: Integers
    curve: Integers
    is_log: Booleans
    origin: Floats
    offset: Floats
    centre: Floats
    scale: Floats
    mean: Floats
    spread: Floats

    def of(self, columns: Integers) -> "Basis":
        """Return what is made from some standardised columns alone: their positions, ascending."""
        chosen = Basis._make(array[np.isin(self.source, columns)] for array in self)
        return chosen._replace(source=np.searchsorted(columns, chosen.source))

    def apply(self, Z: Any, xp: Any = np) -> Any:
        """Make the columns.

        Parameters
        ----------
        Z : array (..., n_columns)
            Standardised.
        xp : module
            NumPy, or JAX's.

        Returns
        -------
        array (..., n_made)
        """
        z = Z[..., self.source]
        u = xp.where(self.is_log, xp.log(xp.maximum(z - self.origin, 0.0) + self.offset), z)
        v = (u - self.centre) / self.scale
        near = xp.clip(v, -FAR, FAR)
        smooth = near / xp.sqrt(1 + (near / REACH) ** 2)
        ramp = xp.clip(v, 0.0, 1.0)
        w = xp.where(self.curve == RAMP, ramp, xp.where(self.curve == SMOOTH, smooth, v))
        return (w - self.mean) / self.spread

    def labels(self) -> Iterator[str]:
        """Yield what each column is, to stand behind the name of its source: "" is as it came."""
        n_ramps = np.bincount(self.source, self.curve == RAMP).astype(int)
        n_seen = np.zeros_like(n_ramps)
        for source, curve, is_log in zip(self.source, self.curve, self.is_log, strict=True):
            if curve == RAMP:
                n_seen[source] += 1
                yield f"ramp {n_seen[source]} of {n_ramps[source]}"
            elif curve == SMOOTH:
                yield "log" if is_log else "smooth"
            else:
                yield ""


def most_columns(X: Floats, kind: str) -> int:
    """How many columns a basis of a table has at most.

    Examples
    --------
    >>> X = np.array([[1.0, 0], [2, 1], [3, 0]])
    >>> most_columns(X, "smooth"), most_columns(X, "splines")
    (2, 6)
    """
    if kind != "splines":
        return X.shape[1]
    n_bent = sum(_has_more_than_two(X[:, j]) for j in range(X.shape[1]))
    return X.shape[1] + (len(QUARTILES) - 1) * n_bent


def _has_more_than_two(cells: Floats) -> bool:
    """Whether there are more than two values; most columns show it in their first rows."""
    first = cells[:ENOUGH]
    if len(np.unique(first[~np.isnan(first)])) > 2:
        return True
    there = cells[~np.isnan(cells)]
    return bool(len(there)) and bool(((there > there.min()) & (there < there.max())).any())


def fit_basis(Z: Floats, missing: Booleans, zeros: Floats, weight: Floats, kind: str) -> Basis:
    """Learn a basis from some rows.

    A column of more than two values is read on the logarithmic scale where it is skewed and never
    negative, and is bent smoothly so that it never goes beyond three standard deviations. With
    ``kind="splines"`` up to four ramps stand beside it, each of which rises between two
    neighbouring quartiles; together they vary as much as one column. Other columns stay as they
    are.

    Parameters
    ----------
    Z : array (n_rows, n_columns)
        Standardised; missing cells 0.
    missing : bool array (n_rows, n_columns)
        Such cells say nothing of skewness and quartiles.
    zeros : array (n_columns,)
        What 0 in a column's own units is when it is standardised.
    weight : array (n_rows,)
        Above 0. A weight of 2 is the row twice.
    kind : {"smooth", "splines"}

    Returns
    -------
    Basis

    Examples
    --------
    >>> Z = np.linspace(-1, 1, 101)[:, None] * np.sqrt(3)
    >>> basis = fit_basis(Z, np.zeros(Z.shape, bool), np.zeros(1), np.ones(101), "splines")
    >>> list(basis.labels())
    ['smooth', 'ramp 1 of 4', 'ramp 2 of 4', 'ramp 3 of 4', 'ramp 4 of 4']
    >>> basis.apply(Z)[[0, 10, -1], 1].round(2).tolist()
    [-1.64, -0.88, 0.24]
    """
    cells = _Cells(Z, missing, weight)
    edges = np.array([cells.quantile(q) for q in QUARTILES])
    low, high = edges[[0, -1]]
    is_bent = cells.have_more_than_two(low, high)
    is_log = is_bent & (low >= zeros) & (-zeros < FAR_FROM_ZERO) & (cells.skewness() > SKEWED)
    line = _unchanged(Z.shape[1])._replace(
        is_log=is_log,
        origin=np.where(is_log, zeros, 0.0),
        offset=np.where(is_log, cells.first_quartile_above(zeros) - zeros, 1.0),
    )
    centre, scale = cells.moments(line.apply(Z))
    smooth = line._replace(
        curve=np.where(is_bent, SMOOTH, LINE),
        centre=np.where(is_bent, centre, 0.0),
        scale=np.where(is_bent, scale, 1.0),
    )
    parts = [smooth]
    kept = [np.ones(Z.shape[1], bool)]
    if kind == "splines":
        ends = line.apply(edges)
        for start, end in zip(ends[:-1], ends[1:], strict=True):
            rises = is_bent & (end - start > ROUNDING * scale)
            parts.append(
                line._replace(
                    curve=np.full_like(line.curve, RAMP),
                    centre=start,
                    scale=np.where(rises, end - start, 1.0),
                )
            )
            kept.append(rises)
    return _standardised(_side_by_side(parts, kept), Z, weight)


def joined(bases: Sequence[Basis], n_columns: int) -> Basis:
    """One basis of several, each but the last of so many columns, side by side."""
    moved = [basis._replace(source=basis.source + i * n_columns) for i, basis in enumerate(bases)]
    return Basis._make(np.concatenate(arrays) for arrays in zip(*moved, strict=True))


def _unchanged(n_columns: int) -> Basis:
    """Every column as it came."""
    zeros = np.zeros(n_columns)
    ones = np.ones(n_columns)
    line = np.full(n_columns, LINE)
    no = np.zeros(n_columns, bool)
    return Basis(np.arange(n_columns), line, no, zeros, ones, zeros, ones, zeros, ones)


def _side_by_side(parts: list[Basis], kept: list[Booleans]) -> Basis:
    """Several columns of each source, those of one source behind each other."""
    is_kept = np.stack(kept, axis=1)
    fields = zip(*parts, strict=True)
    return Basis._make(np.stack(arrays, axis=1)[is_kept] for arrays in fields)


def _standardised(basis: Basis, Z: Floats, weight: Floats) -> Basis:
    """A basis whose curves vary by 1 around 0 over some rows, and ramps by 1 together."""
    made = basis.apply(Z)
    share = weight / weight.sum()
    mean = share @ made
    spread = np.sqrt(share @ np.square(made - mean))
    spread = np.where(spread > 0, spread, 1.0)
    is_ramp = basis.curve == RAMP
    n_ramps = np.bincount(basis.source, is_ramp)[basis.source]
    spread = spread * np.where(is_ramp, np.sqrt(np.maximum(n_ramps, 1)), 1.0)
    is_line = basis.curve == LINE
    return basis._replace(mean=np.where(is_line, 0.0, mean), spread=np.where(is_line, 1.0, spread))


class _Cells:
    """What the cells that are there say of each column.

    Parameters
    ----------
    Z, missing, weight
        As in `fit_basis`.
    """

    def __init__(self, Z: Floats, missing: Booleans, weight: Floats) -> None:
        self.Z = Z
        self.present = ~missing
        shares = weight[:, None] * self.present
        total = shares.sum(axis=0)
        # A column without a cell is 0 throughout.
        self.shares = shares / np.where(total > 0, total, 1.0)
        order = np.argsort(np.where(self.present, Z, np.inf), axis=0)
        self.ascending = np.take_along_axis(Z, order, axis=0)
        self.reached = np.take_along_axis(self.shares, order, axis=0).cumsum(axis=0)

    def quantile(self, q: Floats | float) -> Floats:
        """The lowest cell below or at which there is a share q of each column."""
        n_below = (self.reached < np.minimum(q, 1.0) - ROUNDING).sum(axis=0)
        place = np.minimum(n_below, len(self.Z) - 1)
        return self.ascending[place, np.arange(self.Z.shape[1])]

    def first_quartile_above(self, zeros: Floats) -> Floats:
        """The first quartile of the cells above some numbers."""
        not_above = (self.shares * (self.Z <= zeros)).sum(axis=0)
        return self.quantile(not_above + 0.25 * (1 - not_above))

    def have_more_than_two(self, low: Floats, high: Floats) -> Booleans:
        """Whether columns have another cell between the lowest and the highest."""
        between = self.present & (self.Z > low) & (self.Z < high)
        return np.any(between, axis=0) & (high - low > SAME)

    def moments(self, u: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of what is made of each column, 1 where it is 0."""
        mean = (self.shares * u).sum(axis=0)
        spread = np.sqrt((self.shares * np.square(u - mean)).sum(axis=0))
        return mean, np.where(spread > 0, spread, 1.0)

    def skewness(self) -> Floats:
        """Third moment of each column."""
        mean, spread = self.moments(self.Z)
        return (self.shares * ((self.Z - mean) / spread) ** 3).sum(axis=0)
