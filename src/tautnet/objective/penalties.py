"""Penalties: what each says of the weights, and its proximal operator.

A penalty is a frozen dataclass whose numbers are leaves of a pytree, so that a whole path of
strengths shares one compiled program. It has three methods and may have two more:

``smooth(weights, groups)``
    the differentiable part of ``α Ω(W)``, left to the gradient;
``value(weights, groups)``
    all of ``α Ω(W)``;
``prox(weights, step, groups)``
    ``argmin_v ½ Σ (v - w)² / step + value(v) - smooth(v)``, exactly (Parikh and Boyd 2014);
``metric(squares, groups)``
    how squared gradients are averaged: weights that the prox shrinks jointly must share one step;
``pull(weights)``
    how strongly the prox draws each weight to zero, one number an array, before factors of layers.

Biases are not in ``weights``: no penalty can touch them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from tautnet.objective.networks import Weights


class Groups(NamedTuple):
    """Which columns encode one predictor.

    Attributes
    ----------
    index : int array (n_columns,)
        The predictor that each column encodes.
    factors : array (n_columns,)
        ``√pⱼ`` of each column's predictor j, pⱼ the number of its first-layer and skip weights.
    layers : array (n_layers,), optional
        What the strength is multiplied by in each layer; the skip goes with the first.
    """

    index: object
    factors: object
    layers: object = None

    def each_layer(self, weights):
        """The factor of every array of weights, in their structure."""
        if self.layers is None:
            return jax.tree.map(lambda w: 1.0, weights)
        skip = None if weights.skip is None else self.layers[0]
        return Weights(self.layers[0], skip, tuple(self.layers[i + 1] for i in range(len(weights.later))))

    def sums(self, columns):
        """For each column the sum over all columns of its predictor, shape (n_columns,)."""
        totals = jax.ops.segment_sum(columns, self.index, num_segments=columns.shape[0])
        return totals[self.index]

    def norms(self, weights):
        """For each column the norm of all first-layer and skip weights of its predictor."""
        return jnp.sqrt(self.sums(column_sums(jax.tree.map(jnp.square, weights))))


def column_sums(weights):
    """Sum over the first-layer and skip weights of each column, shape (n_columns,)."""
    total = weights.input.sum(axis=1)
    return total if weights.skip is None else total + weights.skip.sum(axis=1)


def sum_of_squares(arrays):
    """Sum of the squares of every number in a pytree."""
    return sum(jnp.square(a).sum() for a in jax.tree.leaves(arrays))


def _weighted(factors, arrays):
    return sum(f * a for f, a in zip(jax.tree.leaves(factors), jax.tree.leaves(arrays), strict=True))


def penalty(cls):
    """Make a class a frozen dataclass whose fields are leaves of a pytree."""
    return jax.tree_util.register_dataclass(dataclass(frozen=True)(cls))


class Penalty:
    """What every penalty has; subclasses add ``value`` and ``prox``."""

    def smooth(self, weights, groups):
        """Differentiable part: none unless a penalty says otherwise."""
        return 0.0

    def metric(self, squares, groups):
        """Every weight has a step of its own unless a penalty says otherwise."""
        return squares

    def pull(self, weights):
        """How strongly the prox draws each weight to zero: not at all unless a penalty says otherwise."""
        return jax.tree.map(lambda w: 0.0, weights)


@penalty
class ElasticNet(Penalty):
    """``α (ρ Σ|w| + (1-ρ)/2 Σ w²)`` over all layers, ρ = l1_ratio (Zou and Hastie 2005).

    Its ends are l1 (ρ = 1), whose zeros are exact, and l2 (ρ = 0); α = 0 is no penalty.
    """

    alpha: float
    l1_ratio: float

    def smooth(self, weights, groups):
        squares = jax.tree.map(lambda w: jnp.square(w).sum(), weights)
        return 0.5 * self.alpha * (1 - self.l1_ratio) * _weighted(groups.each_layer(weights), squares)

    def value(self, weights, groups):
        magnitudes = jax.tree.map(lambda w: jnp.abs(w).sum(), weights)
        magnitudes = _weighted(groups.each_layer(weights), magnitudes)
        return self.smooth(weights, groups) + self.alpha * self.l1_ratio * magnitudes

    def prox(self, weights, step, groups):
        def soft(w, s, factor):
            return jnp.sign(w) * jnp.maximum(jnp.abs(w) - s * (self.alpha * self.l1_ratio * factor), 0.0)

        return jax.tree.map(soft, weights, step, groups.each_layer(weights))

    def pull(self, weights):
        return jax.tree.map(lambda w: self.alpha * self.l1_ratio, weights)


@penalty
class Group(Penalty):
    """``α (Σⱼ √pⱼ ‖Wⱼ‖₂ + ½ Σ of squares of the later layers)`` (Yuan and Lin 2006).

    Wⱼ are all first-layer and skip weights of predictor j: a predictor leaves as a whole.
    Without the second part one could shrink the first layer and grow the second at no loss.
    """

    alpha: float

    def smooth(self, weights, groups):
        squares = jax.tree.map(lambda w: jnp.square(w).sum(), weights.later)
        return 0.5 * self.alpha * _weighted(groups.each_layer(weights).later, squares)

    def value(self, weights, groups):
        norms = jnp.sqrt(column_sums(jax.tree.map(jnp.square, weights)))
        joint = groups.norms(weights)
        # Σ over columns of norm² / joint norm of the predictor = Σ over predictors of the joint norm.
        share = jnp.where(joint > 0, norms**2 / jnp.where(joint > 0, joint, 1.0), 0.0)
        return self.smooth(weights, groups) + self.alpha * (groups.factors * share).sum()

    def prox(self, weights, step, groups):
        norms = groups.norms(weights)[:, None]
        threshold = step.input[:, :1] * self.alpha * groups.factors[:, None]
        shrink = jnp.where(norms > threshold, 1 - threshold / jnp.where(norms > 0, norms, 1.0), 0.0)
        skip = None if weights.skip is None else weights.skip * shrink
        return Weights(weights.input * shrink, skip, weights.later)

    def metric(self, squares, groups):
        per_column = squares.input.shape[1] + (0 if squares.skip is None else squares.skip.shape[1])
        counts = groups.sums(jnp.full(squares.input.shape[0], per_column, squares.input.dtype))
        mean = (groups.sums(column_sums(squares)) / counts)[:, None]
        return Weights(mean, None if squares.skip is None else mean, squares.later)

    def pull(self, weights):
        # α √pⱼ on the norm of pⱼ weights.
        skip = None if weights.skip is None else self.alpha
        return Weights(self.alpha, skip, jax.tree.map(lambda w: 0.0, weights.later))


PENALTIES = {
    "none": lambda alpha, l1_ratio: ElasticNet(0.0, 0.0),
    "l2": lambda alpha, l1_ratio: ElasticNet(alpha, 0.0),
    "l1": lambda alpha, l1_ratio: ElasticNet(alpha, 1.0),
    "elasticnet": lambda alpha, l1_ratio: ElasticNet(alpha, l1_ratio),
    "group": lambda alpha, l1_ratio: Group(alpha),
    "early_stopping": lambda alpha, l1_ratio: ElasticNet(0.0, 0.0),
    "dropout": lambda alpha, l1_ratio: ElasticNet(0.0, 0.0),
}
# Cures of over-fitting that put nothing on the weights.
UNPENALISED = ("none", "early_stopping", "dropout")


def make_penalty(name, alpha, l1_ratio=0.5):
    """The penalty of a name at a strength.

    Parameters
    ----------
    name : {"none", "l2", "l1", "elasticnet", "group", "early_stopping", "dropout"}
    alpha : float
        Strength, at least 0; "none" is the strength 0, as is what is no penalty on weights.
    l1_ratio : float
        ρ of the elastic net, in [0, 1]; the other penalties do not have one.

    Examples
    --------
    >>> make_penalty("l1", 0.5)
    ElasticNet(alpha=0.5, l1_ratio=1.0)
    """
    return PENALTIES[name](alpha, l1_ratio)
