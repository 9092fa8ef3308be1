"""Proximal Newton, which finishes a linear map in few passes through the rows.

One iteration on F = f + Ω, with H the Hessian of f at x:

    z = argmin ⟨∇f(x), z - x⟩ + ½ (z - x)ᵀ H (z - x) + Ω(z),   x⁺ = x + λ (z - x)

where λ = 1, ½, ¼, ... until F does not rise (Lee, Sun and Saunders 2014). Finding z needs no rows.
"""

import jax
import jax.numpy as jnp

from tautnet.engine.evaluate import Rows
from tautnet.engine.fista import FistaState, Trial, fista_iteration
from tautnet.engine.program import Program
from tautnet.objective.arrays import Array
from tautnet.objective.networks import Parameters
from tautnet.objective.problem import Problem, Quadratic, expand, norm, unit_steps


def _newton_step(problem: Problem, data: Rows, state: FistaState) -> FistaState:
    point = state.parameters
    inner = _solved(expand(problem, point, data), data, state)
    # A whole step lands on the model's exact zeros.
    whole = inner.parameters
    change = jax.tree.map(jnp.subtract, whole, point)
    before = problem.objective(point, data)

    def falls(moved: Parameters) -> Array:
        return problem.objective(moved, data) <= before + 1e-14 * jnp.abs(before)

    def trial(carry: Trial) -> Trial:
        share = carry[2] / 2
        moved = jax.tree.map(lambda x, c: x + share * c, point, change)
        return moved, falls(moved), share

    first = (whole, falls(whole), jnp.ones_like(before))
    moved, _, _ = jax.lax.while_loop(lambda c: ~c[1] & (c[2] > 1e-8), trial, first)
    return FistaState(moved, moved, state.momentum, inner.step)


def _solved(model: Quadratic, data: Rows, state: FistaState) -> FistaState:
    """Minimise a model by accelerated proximal gradient, to a tenth of the residual there is."""
    point = state.parameters
    residual = _residual(model, point)

    def go_on(carry: tuple[Array, FistaState]) -> Array:
        i, inner = carry
        return (i < 20) & (_residual(model, inner.parameters) > 0.1 * residual)

    def advance(carry: tuple[Array, FistaState]) -> tuple[Array, FistaState]:
        i, inner = carry
        return i + 1, jax.lax.fori_loop(0, 50, lambda _, s: fista_iteration(model, data, s), inner)

    start = FistaState(point, point, jnp.ones_like(state.momentum), state.step)
    _, inner = jax.lax.while_loop(go_on, advance, (0, start))
    return inner


def _residual(model: Quadratic, point: Parameters) -> Array:
    """Norm of ``x - prox(x - ∇f(x))``, which is 0 where a model is solved."""
    gradient = jax.grad(model.smooth)(point)
    moved = model.prox(jax.tree.map(jnp.subtract, point, gradient), unit_steps(point))
    return norm(jax.tree.map(jnp.subtract, point, moved))


def _newton(problem: Problem, data: Rows, iterations: Array, state: FistaState) -> FistaState:
    return jax.lax.fori_loop(0, iterations, lambda _, s: _newton_step(problem, data, s), state)


newton = Program(_newton)
