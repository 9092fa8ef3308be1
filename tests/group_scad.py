"""A penalty that tautnet does not have: the group SCAD, as its users would write it.

For the norm t of all first-layer and skip weights of predictor j, at λ = α √pⱼ and a = 3.7, the
value is λt up to λ, ``(2aλt - t² - λ²) / (2(a - 1))`` from there to aλ, and λ²(a + 1)/2 beyond:
Fan and Li (2001), for groups Breheny and Huang (2015).
"""

import jax.numpy as jnp

from tautnet.objective.arrays import Array
from tautnet.objective.kinds import PenaltyKind
from tautnet.objective.networks import Weights
from tautnet.objective.penalties import Grouped, penalty
from tautnet.objective.predictors import Predictors, scale_columns

A = 3.7


def scad(size: Array, level: Array) -> Array:
    """The value at sizes t and levels λ."""
    bent = (2 * A * level * size - size**2 - level**2) / (2 * (A - 1))
    flat = level**2 * (A + 1) / 2
    return jnp.where(size <= level, level * size, jnp.where(size <= A * level, bent, flat))


def scad_prox(size: Array, level: Array, step: Array) -> Array:
    """``argmin_v ½ (v - t)² / s + scad(v)`` for sizes t, levels λ and steps s.

    Below s = a - 1 the energy is convex, and where its slope is zero is known for each of the
    three parts. From there on its middle part is no valley: the best of the first part is better
    than t itself, or is not.
    """
    soft = jnp.maximum(size - step * level, 0.0)
    is_convex = step < A - 1
    bend = jnp.where(is_convex, A - 1 - step, 1.0)
    bent = ((A - 1) * size - step * A * level) / bend
    firm = jnp.where(size <= A * level, bent, size)
    firm = jnp.where(size <= (1 + step) * level, soft, firm)
    near = jnp.minimum(soft, level)
    flat = level**2 * (A + 1) / 2
    is_near_worse = (near - size) ** 2 > 2 * step * (flat - level * near)
    return jnp.where(is_convex, firm, jnp.where(is_near_worse, size, near))


@penalty
class GroupSCAD(Grouped):
    """SCAD of the norms ``‖Wⱼ‖₂`` at ``α √pⱼ``; later layers have the ½ α Σ w² of all groups."""

    alpha: float

    def value(self, weights: Weights, predictors: Predictors) -> Array:
        levels = self.alpha * predictors.levels(weights)
        values = scad(predictors.norms(weights), levels)
        return self.smooth(weights, predictors) + predictors.each_once(values)

    def prox(self, weights: Weights, step: Weights, predictors: Predictors) -> Weights:
        norms = predictors.norms(weights)
        levels = self.alpha * predictors.levels(weights)
        shrunk = scad_prox(norms, levels, step.input[:, 0])
        share = jnp.where(norms > 0, shrunk / jnp.where(norms > 0, norms, 1.0), 0.0)
        return scale_columns(weights, share)


def make(alpha: float, l1_ratio: float) -> GroupSCAD:
    """The penalty at a strength; it has no ``l1_ratio``."""
    return GroupSCAD(alpha)


KIND = PenaltyKind(
    "group_scad",
    make,
    "Takes whole predictors out, and leaves large ones as they are.",
    takes_out="predictors",
    is_joint=True,
)
ADAPTIVE = PenaltyKind(
    "scad_twice",
    make,
    "Walks the group SCAD's path twice: the second presses small predictors harder.",
    takes_out="predictors",
    is_joint=True,
    adaptive_of="group_scad",
)
