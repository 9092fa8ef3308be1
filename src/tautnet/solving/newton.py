"""Proximal Newton, which finishes a linear map."""

import jax
import jax.numpy as jnp

from tautnet.objective.problem import expand, norm, unit_steps
from tautnet.solving.fista import FistaState, _fista_iteration
from tautnet.solving.program import Program


def _newton(problem, data, iterations, state):
    """Proximal Newton (Lee, Sun and Saunders 2014) for linear maps: few passes through the rows.

    The model that the expansion makes is solved by accelerated proximal gradient, to a tenth of the
    residual there is; the step to its solution is halved until the objective falls.
    """

    def iteration(_, state):
        point = state.parameters
        model = expand(problem, point, data)
        residual = _residual(model, point)

        def go_on(carry):
            i, inner = carry
            return (i < 20) & (_residual(model, inner.parameters) > 0.1 * residual)

        def advance(carry):
            i, inner = carry
            return i + 1, jax.lax.fori_loop(
                0, 50, lambda _, s: _fista_iteration(model, None, s), inner
            )

        inner = FistaState(point, point, jnp.ones_like(state.momentum), state.step)
        _, inner = jax.lax.while_loop(go_on, advance, (0, inner))
        change = jax.tree.map(jnp.subtract, inner.parameters, point)
        before = problem.objective(point, data)

        def trial(carry):
            share = carry[2] / 2
            moved = jax.tree.map(lambda x, c: x + share * c, point, change)
            return moved, problem.objective(moved, data) <= before + 1e-14 * jnp.abs(before), share

        # A whole step lands on the model's exact zeros.
        whole = inner.parameters
        first = (
            whole,
            problem.objective(whole, data) <= before + 1e-14 * jnp.abs(before),
            jnp.ones_like(before),
        )
        moved, _, _ = jax.lax.while_loop(lambda c: ~c[1] & (c[2] > 1e-8), trial, first)
        return FistaState(moved, moved, state.momentum, inner.step)

    return jax.lax.fori_loop(0, iterations, iteration, state)


def _residual(model, point):
    gradient = jax.grad(model.smooth)(point)
    moved = model.prox(jax.tree.map(jnp.subtract, point, gradient), unit_steps(point))
    return norm(jax.tree.map(jnp.subtract, point, moved))


newton = Program(_newton)
