"""Penalties: the cost ``α Ω(W)`` of the weights W at a strength α, and its proximal operator.

A penalty is a frozen dataclass whose numbers are leaves of a pytree, so that a whole path of
strengths shares one compiled program; inside the program they are traced arrays. Every penalty
defines ``value`` and ``prox``, and may define the other three methods:

``smooth(weights, predictors)``
    the differentiable part of ``α Ω(W)``, left to the gradient;
``value(weights, predictors)``
    all of ``α Ω(W)``;
``prox(weights, step, predictors)``
    ``argmin_v ½ Σ (v - w)² / step + value(v) - smooth(v)``, exactly (Parikh and Boyd 2014);
``metric(squares, predictors)``
    squared gradients, averaged over weights that the prox shrinks jointly: these share one step;
``pull(weights, predictors)``
    how strongly it draws weights of a usual size to zero, one number a weight or for several: no
    step is longer than a rate over this.

Biases are not in ``weights``: no penalty can touch them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar, dataclass_transform

import jax
import jax.numpy as jnp

from tautnet.objective.arrays import Array
from tautnet.objective.networks import Weights
from tautnet.objective.predictors import Predictors, column_sums, scale_columns, sum_over

# Weights below this size settle under l2: a step at a rate η takes no more than η over this off
# them, where a longer one would carry them beyond 0, and back.
SETTLING = 0.1

Kind = TypeVar("Kind", bound="Penalty")


def _soft(w: Array, threshold: Array) -> Array:
    """Soft thresholding, ``argmin_v ½ (v - w)² + t |v|`` (Donoho and Johnstone 1994)."""
    return jnp.sign(w) * jnp.maximum(jnp.abs(w) - threshold, 0.0)


def _ratio(part: Array, whole: Array) -> Array:
    """``part / whole``, 0 where the whole is 0; its derivatives are finite there too."""
    return jnp.where(whole > 0, part / jnp.where(whole > 0, whole, 1.0), 0.0)


@dataclass_transform(frozen_default=True)
def penalty(cls: type[Kind]) -> type[Kind]:
    """Make a class a frozen dataclass whose fields are leaves of a pytree.

    The structure carries the name of the class: JAX takes two registered dataclasses with as many
    leaves for one (seen in 0.10.2), and then may run the program of one penalty for another.
    """
    record = dataclass(frozen=True)(cls)
    # A type checker does not see that `record` is a dataclass now.
    names = [field.name for field in fields(record)]  # type: ignore[arg-type]

    def flatten(one: Kind) -> tuple[list[Array], str]:
        return [getattr(one, name) for name in names], record.__name__

    def unflatten(name: str, leaves: Sequence[Array]) -> Kind:
        return record(*leaves)

    jax.tree_util.register_pytree_node(record, flatten, unflatten)
    return record


class Penalty:
    """What every penalty has; a penalty defines ``value`` and ``prox``, and changes what differs.

    Attributes
    ----------
    alpha : float
        The strength.
    """

    alpha: float

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        """All of ``α Ω(W)``."""
        raise NotImplementedError

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        """Proximal operator of what is not smooth; a step is one for each weight or for several."""
        raise NotImplementedError

    def smooth(self, weights: Weights, predictors: Predictors) -> Array | float:
        """Differentiable part: none unless a penalty says otherwise."""
        return 0.0

    def metric(self, squares: Weights, predictors: Predictors) -> Weights:
        """Squared gradients: every weight has a step of its own unless a penalty says otherwise."""
        return squares

    def pull(self, weights: Weights, predictors: Predictors) -> Weights:
        """How strongly the prox draws to zero: not at all unless a penalty says otherwise."""
        return jax.tree.map(lambda w: 0.0, weights)


class FirstLayer(Penalty):
    """A penalty of first-layer and skip weights, and ``½ α Σ w²`` over those of later layers.

    Without the second part one could shrink the first layer and grow the second at no loss.
    """

    def smooth(self, weights: Weights, predictors: Predictors) -> Array | float:
        factors = predictors.strengths(weights).later
        return 0.5 * self.alpha * sum_over(lambda f, w: f * jnp.square(w), factors, weights.later)

    def pull(self, weights: Weights, predictors: Predictors) -> Weights:
        # α on each weight, or α √pⱼ on the norm of pⱼ weights.
        strengths = predictors.strengths(weights)
        pull = jax.tree.map(lambda f: self.alpha * f, strengths)
        return pull._replace(later=jax.tree.map(lambda w: 0.0, weights.later))


class Grouped(FirstLayer):
    """A penalty that draws all weights of a predictor jointly: they share one step."""

    def metric(self, squares: Weights, predictors: Predictors) -> Weights:
        per_column = squares.input.shape[1]
        if squares.skip is not None:
            per_column += squares.skip.shape[1]
        counts = predictors.sums(jnp.full(squares.input.shape[0], per_column, squares.input.dtype))
        mean = (predictors.sums(column_sums(squares)) / counts)[:, None]
        return Weights(mean, None if squares.skip is None else mean, squares.later)


@penalty
class ElasticNet(Penalty):
    """``α (ρ Σ|w| + (1-ρ)/2 Σ w²)`` over all layers, ρ = l1_ratio (Zou and Hastie 2005).

    Its ends are l1 (ρ = 1), whose zeros are exact, and l2 (ρ = 0); α = 0 is no penalty.
    """

    alpha: float
    l1_ratio: float

    def smooth(self, weights: Weights, predictors: Predictors) -> Array | float:
        squares = sum_over(lambda f, w: f * jnp.square(w), predictors.strengths(weights), weights)
        return 0.5 * self.alpha * (1 - self.l1_ratio) * squares

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        magnitudes = sum_over(lambda f, w: f * jnp.abs(w), predictors.strengths(weights), weights)
        return self.smooth(weights, predictors) + self.alpha * self.l1_ratio * magnitudes

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        def soft(w: Array, s: Array, factor: Array) -> Array:
            return _soft(w, s * (self.alpha * self.l1_ratio * factor))

        return jax.tree.map(soft, weights, step, predictors.strengths(weights))

    def pull(self, weights: Weights, predictors: Predictors) -> Weights:
        pull = self.alpha * (self.l1_ratio + SETTLING * (1 - self.l1_ratio))
        return jax.tree.map(lambda f: pull * f, predictors.strengths(weights))


@penalty
class Group(Grouped):
    """``α Σⱼ √pⱼ ‖Wⱼ‖₂`` (Yuan and Lin 2006).

    Wⱼ are all first-layer and skip weights of predictor j: a predictor leaves as a whole.
    """

    alpha: float

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        levels = self.alpha * predictors.levels(weights)
        return self.smooth(weights, predictors) + predictors.each_once(
            levels * predictors.norms(weights)
        )

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        # Wⱼ (1 - s α √pⱼ / ‖Wⱼ‖)₊ at a step s.
        norms = predictors.norms(weights)
        threshold = step.input[:, 0] * self.alpha * predictors.levels(weights)
        factor = jnp.where(norms > threshold, 1 - _ratio(threshold, norms), 0.0)
        return scale_columns(weights, factor)


@penalty
class SparseGroup(Grouped):
    """``α (ρ Σ|w| + (1-ρ) Σⱼ √pⱼ ‖Wⱼ‖₂)``, ρ = l1_ratio (Simon et al. 2013)."""

    alpha: float
    l1_ratio: float

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        first = weights._replace(later=())
        magnitudes = sum_over(lambda f, w: f * jnp.abs(w), predictors.strengths(first), first)
        whole = Group((1 - self.l1_ratio) * self.alpha).value(first, predictors)
        return self.smooth(weights, predictors) + self.alpha * self.l1_ratio * magnitudes + whole

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        # The prox of the sum is that of the group penalty after that of l1 (Simon et al. 2013).
        first = weights._replace(later=())
        steps = step._replace(later=())
        single = ElasticNet(self.alpha * self.l1_ratio, 1.0).prox(first, steps, predictors)
        shrunk = Group((1 - self.l1_ratio) * self.alpha).prox(single, steps, predictors)
        return shrunk._replace(later=weights.later)


def _mcp(size: Array, level: Array, gamma: float) -> Array:
    """The minimax concave penalty of a size t: ``λ t - t²/2γ`` up to γλ, constant from there."""
    is_bent = size <= gamma * level
    bent = level * size - jnp.square(size) / (2 * gamma)
    return jnp.where(is_bent, bent, gamma * level**2 / 2)


def _mcp_prox(size: Array, level: Array, step: Array, gamma: float) -> Array:
    """``argmin_v ½ (v - t)² / s + mcp(v)`` for sizes t, levels λ and steps s.

    Below s = γ the energy is convex and its minimum is firm thresholding (Gao and Bruce 1997):
    ``(t - sλ)₊ / (1 - s/γ)`` up to t = γλ, t beyond. From s = γ on it is hard thresholding: t where
    t > λ √(sγ), else 0.
    """
    inside = jnp.maximum(size - step * level, 0.0) / jnp.where(step < gamma, 1 - step / gamma, 1.0)
    firm = jnp.where(size <= gamma * level, inside, size)
    is_convex = step < gamma
    hard = jnp.where(size > level * jnp.sqrt(step * gamma), size, 0.0)
    return jnp.where(is_convex, firm, hard)


@penalty
class MCP(FirstLayer):
    """``Σ ∫₀^|w| (α - t/γ)₊ dt``, the minimax concave penalty (Zhang 2010).

    Weights beyond γα are not shrunk.
    """

    alpha: float
    gamma: float = 3.0

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        first = weights._replace(later=())

        def of_weights(factor: Array, w: Array) -> Array:
            return _mcp(jnp.abs(w), self.alpha * factor, self.gamma)

        values = sum_over(of_weights, predictors.strengths(first), first)
        return self.smooth(weights, predictors) + values

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        def shrink(w: Array, s: Array, factor: Array) -> Array:
            return jnp.sign(w) * _mcp_prox(jnp.abs(w), self.alpha * factor, s, self.gamma)

        first = weights._replace(later=())
        steps = step._replace(later=())
        shrunk = jax.tree.map(shrink, first, steps, predictors.strengths(first))
        return shrunk._replace(later=weights.later)


@penalty
class GroupMCP(Grouped):
    """The minimax concave penalty of the norms ``‖Wⱼ‖₂``, at ``α √pⱼ`` (Breheny and Huang 2015)."""

    alpha: float
    gamma: float = 3.0

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        values = _mcp(
            predictors.norms(weights), self.alpha * predictors.levels(weights), self.gamma
        )
        return self.smooth(weights, predictors) + predictors.each_once(values)

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        norms = predictors.norms(weights)
        levels = self.alpha * predictors.levels(weights)
        shrunk = _mcp_prox(norms, levels, step.input[:, 0], self.gamma)
        return scale_columns(weights, _ratio(shrunk, norms))


@penalty
class Hierarchical(Grouped):
    """``α Σⱼ √pⱼ ‖θⱼ‖₂`` with every first-layer weight of predictor j at most ``M ‖θⱼ‖₂``.

    θⱼ are the skip weights of predictor j, M is ``bound``. This is LassoNet (Lemhadri, Ruan,
    Abraham and Tibshirani 2021): a predictor enters the hidden layers only with a linear effect
    beside.
    """

    alpha: float
    bound: float = 10.0

    def _sizes(self, weights: Weights, predictors: Predictors) -> Array:
        """For each column the norm ‖θⱼ‖₂ of its predictor j."""
        return jnp.sqrt(predictors.sums(jnp.square(weights.skip).sum(axis=1)))

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        sizes = self._sizes(weights, predictors)
        # The slack is for rounding: float32 keeps seven digits.
        largest = predictors.largest(jnp.abs(weights.input).max(axis=1))
        held = largest <= self.bound * sizes * (1 + 1e-4)
        smooth = self.smooth(weights, predictors)
        value = smooth + predictors.each_once(self.alpha * predictors.levels(weights) * sizes)
        return jnp.where(held.all(), value, jnp.inf)

    def pull(self, weights: Weights, predictors: Predictors) -> Weights:
        # What shrinks θⱼ shrinks weights M times as large with it, which hold it back as much.
        return jax.tree.map(lambda pull: pull / self.bound, super().pull(weights, predictors))

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        # The new size x of θⱼ solves x - ‖θⱼ‖ + sα√pⱼ = M Σ (|w| - M x)₊, or is 0. The right side
        # is convex and piecewise linear: Newton's method, from the left, ends at the solution
        # itself.
        magnitudes = jnp.abs(weights.input)
        sizes = self._sizes(weights, predictors)
        rest = sizes - step.input[:, 0] * self.alpha * predictors.levels(weights)

        def better(x: Array) -> Array:
            """One step of Newton's method, for the size of each column's predictor."""
            above = magnitudes > self.bound * x[:, None]
            total = predictors.sums(jnp.where(above, magnitudes, 0.0).sum(axis=1))
            count = predictors.sums(above.sum(axis=1).astype(x.dtype))
            return jnp.maximum((rest + self.bound * total) / (1 + self.bound**2 * count), x)

        def has_risen(pair: tuple[Array, Array]) -> Array:
            before, now = pair
            return (now > before).any()

        def go_on(pair: tuple[Array, Array]) -> tuple[Array, Array]:
            _, now = pair
            return now, better(now)

        start = jnp.maximum(rest, 0.0)
        _, x = jax.lax.while_loop(has_risen, go_on, (start, better(start)))
        # Where there is no linear effect to keep the direction of, all directions are as good.
        assert weights.skip is not None, "this penalty needs a skip"
        even = x / jnp.sqrt(predictors.sums(jnp.full_like(x, weights.skip.shape[1])))
        has_direction = sizes[:, None] > 0
        kept = weights.skip * _ratio(x, sizes)[:, None]
        skip = jnp.where(has_direction, kept, even[:, None])
        first = jnp.sign(weights.input) * jnp.minimum(magnitudes, self.bound * x[:, None])
        return Weights(first, skip, weights.later)
