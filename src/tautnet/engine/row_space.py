"""Walks of l2 in the space of the rows: as many columns as rows, and none that repeats another.

The weights W of rows X matter to the loss by XW alone, and ``½ α ‖W‖²`` draws to 0 what no row
sees (Hastie and Tibshirani 2004, Efficient quadratic regularization for expression arrays). With
the singular values ``X = U S Vᵀ`` the first layer and the skip are ``W = V D⁻¹ C``, and C is walked
on the columns ``X V D⁻¹`` with the strength ``α / d²`` for each: the same objective for any D, with
at most as many columns as rows. Here ``d² = s² +`` the mean of s². So the directions that many
columns share vary by about 1, which is what steps are meant for, and weak ones stay weak.
"""

from dataclasses import dataclass, replace

import jax
import numpy as np

from tautnet.objective.networks import Parameters, Weights, padded_size, with_columns
from tautnet.objective.problem import Data, Problem
from tautnet.tables.arrays import Floats
from tautnet.tables.scaling import StandardisedRows

# A direction of less than this share of the largest s² is rounding.
ROUNDING = 1e-12
TINY = 1e-12


@dataclass(frozen=True)
class RowSpace:
    """Directions of the rows of a table.

    Attributes
    ----------
    basis : array (n_columns, n_directions)
        V D⁻¹, over the root of the factor of each column's strength.
    back : array (n_directions, n_columns)
        Its pseudo-inverse.
    rows : array (n_directions, n_rows)
        The rows in these directions.
    factors : array (n_directions,)
        The factor of the strength for each.
    """

    basis: Floats
    back: Floats
    rows: Floats
    factors: Floats

    @property
    def size(self) -> int:
        """The padded number of directions."""
        return padded_size(len(self.factors))

    def data(self, data: Data) -> Data:
        """Rows, in these directions."""
        columns = np.zeros((self.size, data.columns.shape[1]), data.columns.dtype)
        columns[: self.rows.shape[0], : self.rows.shape[1]] = self.rows
        return data._replace(columns=jax.device_put(columns))

    def problem(self, problem: Problem) -> Problem:
        """A problem, in these directions."""
        given = problem.predictors
        factors = np.ones(self.size, given.factors.dtype)
        factors[: len(self.factors)] = self.factors
        predictors = given._replace(
            column_predictor=np.arange(self.size, dtype=np.int32),
            roots=np.ones_like(factors),
            factors=factors,
        )
        return replace(problem, predictors=predictors)

    def start(self, parameters: Parameters) -> Parameters:
        """A network in these directions; what no row sees is left out."""
        return with_columns(
            lambda leaf: self._turned(leaf[None], self.back, self.size)[0], parameters
        )

    def on_columns(self, several: Parameters, n_columns: int) -> Parameters:
        """Several networks in these directions as networks of columns, padded."""
        return with_columns(lambda leaf: self._turned(leaf, self.basis, n_columns), several)

    def beside(self, start: Parameters, several: Parameters, n_columns: int) -> Parameters:
        """Networks of columns, with what no row sees as it is in the network that they began as."""
        first, skip, later = self.on_columns(several, n_columns).weights
        first = first + self._unseen(np.asarray(start.weights.input))
        if skip is not None:
            skip = skip + self._unseen(np.asarray(start.weights.skip))
        return several._replace(weights=Weights(first, skip, later))

    def _unseen(self, leaf: Floats) -> Floats:
        own = leaf[: len(self.basis)]
        unseen = np.zeros_like(leaf)
        unseen[: len(self.basis)] = own - self.basis @ (self.back @ own)
        return unseen

    def _turned(self, leaf: Floats, turn: Floats, size: int) -> Floats:
        """Weights (n_networks, n_old, n_units), turned, and padded to a number of new ones."""
        turned = np.zeros((len(leaf), size, leaf.shape[2]), leaf.dtype)
        turned[:, : len(turn)] = turn.astype(leaf.dtype) @ leaf[:, : turn.shape[1]]
        return turned


def row_space(X: Floats, weight: Floats, factors: Floats) -> RowSpace:
    """The directions of some rows.

    Parameters
    ----------
    X : array (n_rows, n_columns)
    weight : array (n_rows,)
    factors : array (n_columns,)
        The factor of the strength for each column, above 0.
    """
    roots = np.sqrt(factors)
    scaled = X / roots
    weighted = scaled * np.sqrt(weight)[:, None]
    if len(X) <= X.shape[1]:
        squares, left = np.linalg.eigh(weighted @ weighted.T)
        right = weighted.T @ (left / np.sqrt(np.maximum(squares, TINY)))
    else:
        # Rows that repeat: there are still fewer directions than columns.
        squares, right = np.linalg.eigh(weighted.T @ weighted)
    # Where no column varies one direction is left, in which nothing varies.
    is_seen = squares >= ROUNDING * max(squares[-1], TINY)
    is_seen[-1] = True
    squares = np.maximum(squares[is_seen], TINY)
    right = right[:, is_seen]
    scales = np.sqrt(squares + squares.mean())
    basis = right / scales / roots[:, None]
    back = (right * scales * roots[:, None]).T
    return RowSpace(basis, back, (scaled @ (right / scales)).T, scales**-2)


def has_as_many_rows(X: Floats | StandardisedRows) -> bool:
    """Whether there are as many rows as columns.

    Rows that stand twice count once, as a row of weight 2 does.

    Examples
    --------
    >>> has_as_many_rows(np.eye(3)), has_as_many_rows(np.ones((9, 3)))
    (True, False)
    """
    size = X.shape[1]
    distinct: set[bytes] = set()
    for start in range(0, len(X), size):
        distinct.update(row.tobytes() for row in X[start : start + size])
        if len(distinct) >= size:
            return True
    return False
