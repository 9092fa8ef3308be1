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
``pull(weights, groups)``
    how strongly the prox draws each weight to zero, one number a weight or for several.

Biases are not in ``weights``: no penalty can touch them.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import jax
import jax.numpy as jnp

from tautnet.objective.networks import Weights


class Groups(NamedTuple):
    """Which columns encode one predictor, and what the strength is multiplied by.

    Attributes
    ----------
    index : int array (n_columns,)
        The predictor that each column encodes.
    roots : array (n_columns,)
        ``√pⱼ`` of each column's predictor j, pⱼ the number of its first-layer and skip weights.
    factors : array (n_columns,)
        Factor of the strength for each column's predictor; at 0 it is never penalised.
    layers : array (n_layers,), optional
        Factor of the strength in each layer; the skip goes with the first.
    """

    index: object
    roots: object
    factors: object
    layers: object = None

    def strengths(self, weights):
        """What the strength is multiplied by in every array of weights, in their structure."""
        n_later = len(weights.later)
        first, *later = (
            [1.0] * (1 + n_later)
            if self.layers is None
            else [self.layers[i] for i in range(1 + n_later)]
        )
        columns = first * self.factors[:, None]
        return Weights(columns, None if weights.skip is None else columns, tuple(later))

    def levels(self, weights):
        """``√pⱼ`` times the factor of the strength, for the predictor of each column, shape
        (n_columns,).
        """
        return self.roots * self.strengths(weights).input[:, 0]

    def sums(self, columns):
        """For each column the sum over all columns of its predictor, shape (n_columns,)."""
        totals = jax.ops.segment_sum(columns, self.index, num_segments=columns.shape[0])
        return totals[self.index]

    def largest(self, columns):
        """For each column the largest of all columns of its predictor, shape (n_columns,)."""
        return jax.ops.segment_max(columns, self.index, num_segments=columns.shape[0])[self.index]

    def each_once(self, columns):
        """Sum over predictors of what all columns of a predictor have alike."""
        return (columns / self.sums(jnp.ones_like(columns))).sum()

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


def _total(function, *trees):
    """Sum of a function of numbers over all arrays of pytrees of one structure."""
    return sum(jax.tree.leaves(jax.tree.map(lambda *leaves: function(*leaves).sum(), *trees)))


def _soft(w, threshold):
    return jnp.sign(w) * jnp.maximum(jnp.abs(w) - threshold, 0.0)


def _scaled(weights, factor):
    """Weights whose first layer and skip are multiplied by one factor a column."""
    skip = None if weights.skip is None else weights.skip * factor[:, None]
    return Weights(weights.input * factor[:, None], skip, weights.later)


def _ratio(part, whole):
    return jnp.where(whole > 0, part / jnp.where(whole > 0, whole, 1.0), 0.0)


def penalty(cls):
    """Make a class a frozen dataclass whose fields are leaves of a pytree.

    The structure carries the name of the class: JAX takes two registered dataclasses with as many
    leaves for one (seen in 0.10.2), and then may run the program of one penalty for another.
    """
    cls = dataclass(frozen=True)(cls)
    names = [field.name for field in fields(cls)]

    def flatten(one):
        return [getattr(one, name) for name in names], cls.__name__

    jax.tree_util.register_pytree_node(cls, flatten, lambda name, leaves: cls(*leaves))
    return cls


class Penalty:
    """What every penalty has; subclasses add ``value`` and ``prox``."""

    def smooth(self, weights, groups):
        """Differentiable part: none unless a penalty says otherwise."""
        return 0.0

    def metric(self, squares, groups):
        """Every weight has a step of its own unless a penalty says otherwise."""
        return squares

    def pull(self, weights, groups):
        """How strongly the prox draws each weight to zero: not at all unless a penalty says
        otherwise.
        """
        return jax.tree.map(lambda w: 0.0, weights)


class FirstLayer(Penalty):
    """A penalty of first-layer and skip weights, with ``½ α Σ`` of the squares of the later layers
    beside it.

    Without the second part one could shrink the first layer and grow the second at no loss.
    """

    def smooth(self, weights, groups):
        factors = groups.strengths(weights).later
        return 0.5 * self.alpha * _total(lambda f, w: f * jnp.square(w), factors, weights.later)

    def pull(self, weights, groups):
        # α on each weight, or α √pⱼ on the norm of pⱼ weights.
        strengths = groups.strengths(weights)
        pull = jax.tree.map(lambda f: self.alpha * f, strengths)
        return pull._replace(later=jax.tree.map(lambda w: 0.0, weights.later))


class Grouped(FirstLayer):
    """A penalty that draws all weights of a predictor jointly: they share one step."""

    def metric(self, squares, groups):
        per_column = squares.input.shape[1] + (0 if squares.skip is None else squares.skip.shape[1])
        counts = groups.sums(jnp.full(squares.input.shape[0], per_column, squares.input.dtype))
        mean = (groups.sums(column_sums(squares)) / counts)[:, None]
        return Weights(mean, None if squares.skip is None else mean, squares.later)


@penalty
class ElasticNet(Penalty):
    """``α (ρ Σ|w| + (1-ρ)/2 Σ w²)`` over all layers, ρ = l1_ratio (Zou and Hastie 2005).

    Its ends are l1 (ρ = 1), whose zeros are exact, and l2 (ρ = 0); α = 0 is no penalty.
    """

    alpha: float
    l1_ratio: float

    def smooth(self, weights, groups):
        squares = _total(lambda f, w: f * jnp.square(w), groups.strengths(weights), weights)
        return 0.5 * self.alpha * (1 - self.l1_ratio) * squares

    def value(self, weights, groups):
        magnitudes = _total(lambda f, w: f * jnp.abs(w), groups.strengths(weights), weights)
        return self.smooth(weights, groups) + self.alpha * self.l1_ratio * magnitudes

    def prox(self, weights, step, groups):
        def soft(w, s, factor):
            return _soft(w, s * (self.alpha * self.l1_ratio * factor))

        return jax.tree.map(soft, weights, step, groups.strengths(weights))

    def pull(self, weights, groups):
        return jax.tree.map(lambda f: self.alpha * self.l1_ratio * f, groups.strengths(weights))


@penalty
class Group(Grouped):
    """``α Σⱼ √pⱼ ‖Wⱼ‖₂`` (Yuan and Lin 2006).

    Wⱼ are all first-layer and skip weights of predictor j: a predictor leaves as a whole.
    """

    alpha: float

    def value(self, weights, groups):
        levels = self.alpha * groups.levels(weights)
        return self.smooth(weights, groups) + groups.each_once(levels * groups.norms(weights))

    def prox(self, weights, step, groups):
        norms, threshold = (
            groups.norms(weights),
            step.input[:, 0] * self.alpha * groups.levels(weights),
        )
        return _scaled(weights, jnp.where(norms > threshold, 1 - _ratio(threshold, norms), 0.0))


@penalty
class SparseGroup(Grouped):
    """``α (ρ Σ|w| + (1-ρ) Σⱼ √pⱼ ‖Wⱼ‖₂)``, ρ = l1_ratio (Simon, Friedman, Hastie and Tibshirani
    2013).
    """

    alpha: float
    l1_ratio: float

    def value(self, weights, groups):
        first = weights._replace(later=())
        magnitudes = _total(lambda f, w: f * jnp.abs(w), groups.strengths(first), first)
        whole = Group((1 - self.l1_ratio) * self.alpha).value(first, groups)
        return self.smooth(weights, groups) + self.alpha * self.l1_ratio * magnitudes + whole

    def prox(self, weights, step, groups):
        first, steps = weights._replace(later=()), step._replace(later=())
        single = ElasticNet(self.alpha * self.l1_ratio, 1.0).prox(first, steps, groups)
        return (
            Group((1 - self.l1_ratio) * self.alpha)
            .prox(single, steps, groups)
            ._replace(later=weights.later)
        )


def _mcp(size, level, gamma):
    """``λ t - t²/2γ`` up to γλ, then level, for a size t."""
    return jnp.where(
        size <= gamma * level, level * size - jnp.square(size) / (2 * gamma), gamma * level**2 / 2
    )


def _mcp_prox(size, level, step, gamma):
    """Where its energy is convex, firm thresholding; at steps from γ on, all or nothing."""
    inside = jnp.maximum(size - step * level, 0.0) / jnp.where(step < gamma, 1 - step / gamma, 1.0)
    firm = jnp.where(size <= gamma * level, inside, size)
    return jnp.where(
        step < gamma, firm, jnp.where(size > level * jnp.sqrt(step * gamma), size, 0.0)
    )


@penalty
class MCP(FirstLayer):
    """Minimax concave penalty ``Σ ∫₀^|w| (α - t/γ)₊ dt`` (Zhang 2010): large weights are not
    shrunk.
    """

    alpha: float
    gamma: float = 3.0

    def value(self, weights, groups):
        first = weights._replace(later=())
        values = _total(
            lambda f, w: _mcp(jnp.abs(w), self.alpha * f, self.gamma),
            groups.strengths(first),
            first,
        )
        return self.smooth(weights, groups) + values

    def prox(self, weights, step, groups):
        def firm(w, s, factor):
            return jnp.sign(w) * _mcp_prox(jnp.abs(w), self.alpha * factor, s, self.gamma)

        first, steps = weights._replace(later=()), step._replace(later=())
        return jax.tree.map(firm, first, steps, groups.strengths(first))._replace(
            later=weights.later
        )


@penalty
class GroupMCP(Grouped):
    """The minimax concave penalty of the norms ``‖Wⱼ‖₂``, at ``α √pⱼ`` (Breheny and Huang 2015)."""

    alpha: float
    gamma: float = 3.0

    def value(self, weights, groups):
        values = _mcp(groups.norms(weights), self.alpha * groups.levels(weights), self.gamma)
        return self.smooth(weights, groups) + groups.each_once(values)

    def prox(self, weights, step, groups):
        norms = groups.norms(weights)
        shrunk = _mcp_prox(norms, self.alpha * groups.levels(weights), step.input[:, 0], self.gamma)
        return _scaled(weights, _ratio(shrunk, norms))


@penalty
class Hierarchical(Grouped):
    """``α Σⱼ √pⱼ ‖θⱼ‖₂`` where every first-layer weight of predictor j is at most ``M ‖θⱼ‖₂``
    (LassoNet).

    θⱼ are the skip weights of predictor j (Lemhadri, Ruan, Abraham and Tibshirani 2021): a
    predictor enters the hidden layers only with a linear effect beside.
    """

    alpha: float
    bound: float = 10.0

    def _sizes(self, weights, groups):
        return jnp.sqrt(groups.sums(jnp.square(weights.skip).sum(axis=1)))

    def value(self, weights, groups):
        sizes = self._sizes(weights, groups)
        # The slack is for rounding: float32 keeps seven digits.
        held = groups.largest(jnp.abs(weights.input).max(axis=1)) <= self.bound * sizes * (1 + 1e-4)
        value = self.smooth(weights, groups) + groups.each_once(
            self.alpha * groups.levels(weights) * sizes
        )
        return jnp.where(held.all(), value, jnp.inf)

    def pull(self, weights, groups):
        # What shrinks θⱼ shrinks weights M times as large with it, which hold it back as much.
        return jax.tree.map(lambda pull: pull / self.bound, super().pull(weights, groups))

    def prox(self, weights, step, groups):
        # The new size x of θⱼ solves x - ‖θⱼ‖ + sα√pⱼ = M Σ (|w| - M x)₊, or is 0. The right side
        # is convex and piecewise linear: Newton's method, from the left, ends at the solution
        # itself.
        magnitudes, sizes = jnp.abs(weights.input), self._sizes(weights, groups)
        rest = sizes - step.input[:, 0] * self.alpha * groups.levels(weights)

        def better(x):
            above = magnitudes > self.bound * x[:, None]
            total = groups.sums(jnp.where(above, magnitudes, 0.0).sum(axis=1))
            count = groups.sums(above.sum(axis=1).astype(x.dtype))
            return jnp.maximum((rest + self.bound * total) / (1 + self.bound**2 * count), x)

        start = jnp.maximum(rest, 0.0)
        _, x = jax.lax.while_loop(
            lambda c: (c[1] > c[0]).any(), lambda c: (c[1], better(c[1])), (start, better(start))
        )
        # Where there is no linear effect to keep the direction of, all directions are as good.
        even = x / jnp.sqrt(groups.sums(jnp.full_like(x, weights.skip.shape[1])))
        skip = jnp.where(
            sizes[:, None] > 0, weights.skip * _ratio(x, sizes)[:, None], even[:, None]
        )
        first = jnp.sign(weights.input) * jnp.minimum(magnitudes, self.bound * x[:, None])
        return Weights(first, skip, weights.later)
