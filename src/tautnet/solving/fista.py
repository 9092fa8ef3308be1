"""Accelerated proximal gradient, which finishes a point."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.objective.problem import unit_steps
from tautnet.solving.program import Program


class FistaState(NamedTuple):
    """Where accelerated proximal gradient stands.

    ``ahead`` is the extrapolated point, ``momentum`` the t of Beck and Teboulle (2009).
    """

    parameters: object
    ahead: object
    momentum: object
    step: object


def fista_start(parameters):
    """State of accelerated proximal gradient before its first iteration."""
    one = np.ones((), parameters.biases[0].dtype)
    return FistaState(parameters, parameters, one, one)


def _dot(a, b):
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def _fista_iteration(problem, data, state):
    """One iteration with backtracking (Beck and Teboulle 2009) and gradient restart (O'Donoghue and
    Candès 2015).
    """
    previous, ahead, momentum, step = state
    value, gradient = jax.value_and_grad(problem.smooth)(ahead, data)

    def trial(carry):
        step = carry[2] / 2
        moved = jax.tree.map(lambda x, g: x - step * g, ahead, gradient)
        moved = problem.prox(moved, unit_steps(moved, step))
        change = jax.tree.map(jnp.subtract, moved, ahead)
        bend = _dot(change, change) / step

        def by_values():
            return problem.smooth(moved, data) <= value + _dot(gradient, change) + bend / 2

        def by_gradients():
            turned = jax.tree.map(jnp.subtract, jax.grad(problem.smooth)(moved, data), gradient)
            return _dot(turned, change) <= bend

        # Close to the solution two values differ by rounding alone; their gradients still tell.
        return moved, jax.lax.cond(bend > 1e-9 * jnp.abs(value), by_values, by_gradients), step

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


def _fista(problem, data, iterations, state):
    return jax.lax.fori_loop(0, iterations, lambda _, s: _fista_iteration(problem, data, s), state)


fista = Program(_fista)
