"""Accelerated proximal gradient, which finishes a point.

One iteration on F = f + Ω, with s the step and y the extrapolated point:

    x⁺ = prox_sΩ(y - s ∇f(y)),   t⁺ = (1 + √(1 + 4t²)) / 2,   y⁺ = x⁺ + (t - 1)/t⁺ (x⁺ - x)

(FISTA, Beck and Teboulle 2009). The step is halved until f(x⁺) ≤ f(y) + ⟨∇f(y), x⁺ - y⟩ +
‖x⁺ - y‖²/2s. Where ⟨y - x⁺, x⁺ - x⟩ > 0, momentum leads uphill: t starts at 1 again (the gradient
restart of O'Donoghue and Candès 2015).
"""

from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.engine.evaluate import Rows
from tautnet.engine.program import Program
from tautnet.objective.arrays import Array
from tautnet.objective.networks import Parameters
from tautnet.objective.problem import Problem, Quadratic, unit_steps

# A point, whether it is good enough, and the step or the share of a step that led there.
Trial: TypeAlias = tuple[Parameters, Array, Array]


class FistaState(NamedTuple):
    """Where accelerated proximal gradient stands: ``ahead`` is y, ``momentum`` is t."""

    parameters: Parameters
    ahead: Parameters
    momentum: Array
    step: Array


def fista_start(parameters: Parameters) -> FistaState:
    """State of accelerated proximal gradient before its first iteration."""
    one = np.ones((), parameters.biases[0].dtype)
    return FistaState(parameters, parameters, one, one)


def _dot(a: Parameters, b: Parameters) -> Array:
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def fista_iteration(problem: Problem | Quadratic, data: Rows, state: FistaState) -> FistaState:
    """Make one iteration; a `Quadratic` has the rows in it and looks at no others."""
    previous, ahead, momentum, step = state
    value, gradient = jax.value_and_grad(problem.smooth)(ahead, data)

    def trial(carry: Trial) -> Trial:
        step = carry[2] / 2
        moved = jax.tree.map(lambda x, g: x - step * g, ahead, gradient)
        moved = problem.prox(moved, unit_steps(moved, step))
        change = jax.tree.map(jnp.subtract, moved, ahead)
        curvature = _dot(change, change) / step

        def by_values() -> Array:
            return problem.smooth(moved, data) <= value + _dot(gradient, change) + curvature / 2

        def by_gradients() -> Array:
            turned = jax.tree.map(jnp.subtract, jax.grad(problem.smooth)(moved, data), gradient)
            return _dot(turned, change) <= curvature

        # Close to the solution two values differ by rounding alone; their gradients still tell
        # (Becker, Candès and Grant 2011).
        tells = curvature > 1e-9 * jnp.abs(value)
        return moved, jax.lax.cond(tells, by_values, by_gradients), step

    # The first trial is made with the step as it is.
    moved, _, step = jax.lax.while_loop(
        lambda c: ~c[1] & (c[2] > 1e-12), trial, (ahead, False, 2 * step)
    )
    change = jax.tree.map(jnp.subtract, moved, previous)
    uphill = _dot(jax.tree.map(jnp.subtract, ahead, moved), change) > 0
    following = (1 + jnp.sqrt(1 + 4 * momentum**2)) / 2
    inertia = jnp.where(uphill, 0.0, (momentum - 1) / following)
    ahead = jax.tree.map(lambda x, c: x + inertia * c, moved, change)
    # A step that may grow again adapts to flat regions of a non-convex problem.
    return FistaState(moved, ahead, jnp.where(uphill, 1.0, following), step * 1.1)


def _fista(problem: Problem, data: Rows, iterations: Array, state: FistaState) -> FistaState:
    return jax.lax.fori_loop(0, iterations, lambda _, s: fista_iteration(problem, data, s), state)


fista = Program(_fista)
