"""Predictors: which columns encode one, and sums and norms of its weights."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from tautnet.objective.arrays import Array, Tree
from tautnet.objective.networks import Weights


class Predictors(NamedTuple):
    """Which columns encode one predictor, and what the strength is multiplied by.

    Attributes
    ----------
    column_predictor : int array (n_columns,)
        The predictor that each column encodes.
    roots : array (n_columns,)
        ``√pⱼ`` of each column's predictor j, pⱼ the number of its first-layer and skip weights.
    factors : array (n_columns,)
        Factor of the strength for each column's predictor; at 0 it is never penalised.
    layers : array (n_layers,), optional
        Factor of the strength in each layer; the skip goes with the first.
    """

    column_predictor: Array
    roots: Array
    factors: Array
    layers: Array | None = None

    def strengths(self, weights: Weights) -> Weights:
        """Factors of the strength for every array of weights, in their structure."""
        n_later = len(weights.later)
        if self.layers is None:
            layers = [1.0] * (1 + n_later)
        else:
            layers = [self.layers[i] for i in range(1 + n_later)]
        columns = layers[0] * self.factors[:, None]
        skip = None if weights.skip is None else columns
        return Weights(columns, skip, tuple(layers[1:]))

    def levels(self, weights: Weights) -> Array:
        """``√pⱼ`` times the factor of the strength, for the predictor j of each column."""
        return self.roots * self.strengths(weights).input[:, 0]

    def sums(self, columns: Array) -> Array:
        """For each column the sum over all columns of its predictor, shape (n_columns,)."""
        totals = jax.ops.segment_sum(columns, self.column_predictor, num_segments=columns.shape[0])
        return totals[self.column_predictor]

    def largest(self, columns: Array) -> Array:
        """For each column the largest of all columns of its predictor, shape (n_columns,)."""
        most = jax.ops.segment_max(columns, self.column_predictor, num_segments=columns.shape[0])
        return most[self.column_predictor]

    def each_once(self, columns: Array) -> Array:
        """Sum over predictors of numbers that all columns of a predictor have alike."""
        return (columns / self.sums(jnp.ones_like(columns))).sum()

    def norms(self, weights: Weights) -> Array:
        """For each column the norm of all first-layer and skip weights of its predictor."""
        return jnp.sqrt(self.sums(column_sums(jax.tree.map(jnp.square, weights))))


def column_sums(weights: Weights) -> Array:
    """Sum over the first-layer and skip weights of each column, shape (n_columns,)."""
    total = weights.input.sum(axis=1)
    return total if weights.skip is None else total + weights.skip.sum(axis=1)


def scale_columns(weights: Weights, factor: Array) -> Weights:
    """Weights whose first layer and skip are multiplied by one factor a column."""
    skip = None if weights.skip is None else weights.skip * factor[:, None]
    return Weights(weights.input * factor[:, None], skip, weights.later)


def sum_over(function: Callable[..., Array], *trees: Tree) -> Array:
    """Sum of a function of numbers over all arrays of pytrees of one structure."""
    return sum(jax.tree.leaves(jax.tree.map(lambda *leaves: function(*leaves).sum(), *trees)))


def sum_of_squares(tree: Tree) -> Array:
    """Sum of the squares of every number in a pytree."""
    return sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(tree))
