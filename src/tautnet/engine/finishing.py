"""Finishing: iterate in float64 until a point is solved."""

from typing import NamedTuple

import jax
import numpy as np

from tautnet.engine import fista
from tautnet.engine.loop import Ticker
from tautnet.engine.program import Program
from tautnet.objective.networks import Parameters
from tautnet.objective.problem import Problem, Rows


class Finishing(NamedTuple):
    """How a point is finished.

    Attributes
    ----------
    advance : Program
        ``fista.fista`` or ``newton.newton``.
    block : int
        Iterations between two looks at the certificate.
    measure : Program
        What certifies.
    tol, max_iter : float, int
    convex : bool
        Whether there are no kinks that can keep stationarity up for ever.
    """

    advance: Program
    block: int
    measure: Program
    tol: float
    max_iter: int
    convex: bool


class Finished(NamedTuple):
    """A point that was finished.

    Attributes
    ----------
    parameters : Parameters
    n_iter : int
        Iterations made.
    stationarity : float
    gap : float
        What the last quarter of the iterations gained, over the null model's loss.
    """

    parameters: Parameters
    n_iter: int
    stationarity: float
    gap: float


class Look(NamedTuple):
    """What was seen of a point between two blocks of iterations."""

    n_iter: int
    objective: float
    stationarity: float


def finish(
    problem: Problem,
    data: Rows,
    parameters: Parameters,
    how: Finishing,
    *,
    floor: float,
    null_loss: float,
    ticker: Ticker,
) -> Finished:
    """Iterate until a point is solved.

    Stops when stationarity is at most ``tol / 5``, after ``max_iter`` iterations, or, where the
    problem is not convex, when the last two blocks gained less than 1e-4 of the objective while
    stationarity no longer halves.
    """
    state = fista.fista_start(parameters)
    looks = [_look(problem, data, how, floor, state.parameters, 0)]
    while not _is_over(looks, how):
        ticker.tick()
        n_iter = looks[-1].n_iter
        count = min(how.block, how.max_iter - n_iter)
        advanced = how.advance(problem, data, np.asarray(count, np.int32), state)
        state = jax.block_until_ready(advanced)
        looks.append(_look(problem, data, how, floor, state.parameters, n_iter + count))
    last = looks[-1]
    iterations = np.array([look.n_iter for look in looks])
    objectives = np.array([look.objective for look in looks])
    before = np.interp(0.75 * last.n_iter, iterations, objectives)
    gap = float(before - last.objective) / null_loss
    return Finished(state.parameters, last.n_iter, last.stationarity, gap)


def _look(
    problem: Problem,
    data: Rows,
    how: Finishing,
    floor: float,
    parameters: Parameters,
    n_iter: int,
) -> Look:
    objective, residual = how.measure(problem, data, np.float64(floor), parameters)
    return Look(n_iter, float(objective), float(residual))


def _is_over(looks: list[Look], how: Finishing) -> bool:
    last = looks[-1]
    is_solved = last.stationarity <= how.tol / 5
    return is_solved or last.n_iter >= how.max_iter or (not how.convex and _stalled(looks))


def _stalled(looks: list[Look]) -> bool:
    if len(looks) < 3:
        return False
    before = looks[-3]
    now = looks[-1]
    gains_little = before.objective - now.objective < 1e-4 * now.objective
    return gains_little and now.stationarity > 0.5 * before.stationarity
