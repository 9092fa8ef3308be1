"""Finishing: iterate in float64 until a point is solved."""

from typing import NamedTuple

import jax
import numpy as np

from tautnet.solving import evaluate, fista, newton
from tautnet.solving.recorder import as_float64

# Numbers of a linear map beyond which proximal Newton's model costs more than it saves.
LARGEST_MODEL = 1000


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

    advance: object
    block: int
    measure: object
    tol: float
    max_iter: int
    convex: bool


def finish(problem, data, parameters, how, *, floor, null_loss, ticker):
    """Iterate until a point is solved.

    Stops when stationarity is at most ``tol / 5``, after ``max_iter`` iterations, or, where the
    problem is not convex, when the last two blocks gained less than 1e-4 of the objective while
    stationarity no longer halves.

    Returns
    -------
    parameters, n_iter, stationarity, gap
        ``gap`` is what the last quarter of the iterations gained, relative to ``null_loss``.
    """
    state = fista.fista_start(parameters)
    history, n_iter = [], 0
    while True:
        objective, residual = (
            float(v) for v in how.measure(problem, data, floor, state.parameters)
        )
        history.append((n_iter, objective, residual))
        if (
            residual <= how.tol / 5
            or n_iter >= how.max_iter
            or (not how.convex and _stalled(history))
        ):
            break
        ticker.tick()
        count = min(how.block, how.max_iter - n_iter)
        state = jax.block_until_ready(
            how.advance(problem, data, np.asarray(count, np.int32), state)
        )
        n_iter += count
    iterations, objectives, residuals = (np.array(column) for column in zip(*history, strict=True))
    gap = (np.interp(0.75 * n_iter, iterations, objectives) - objectives[-1]) / null_loss
    return state.parameters, n_iter, residuals[-1], gap


def _stalled(history):
    if len(history) < 3:
        return False
    (_, before, residual_before), (_, now, residual_now) = history[-3], history[-1]
    return before - now < 1e-4 * now and residual_now > 0.5 * residual_before


def finish_point(unit, alpha, parameters, data, ticker):
    """Finish a point: by proximal Newton where its model is cheaper than a pass through the
    rows.
    """
    settings, linear = unit.settings, unit.settings.network.is_linear
    size = (unit.X.shape[1] + 1) * unit.y.shape[1]
    is_small = linear and settings.loss.has_curvature and size <= min(len(unit.X), LARGEST_MODEL)
    measure = evaluate.measure if settings.kind.is_on_weights else evaluate.measure_unpenalised
    how = Finishing(
        *((newton.newton, 1) if is_small else (fista.fista, min(25, settings.max_iter))),
        measure,
        settings.tol,
        settings.max_iter,
        linear,
    )
    problem, floor = unit.problem(alpha, np.float64), np.float64(unit.floor)
    return finish(
        problem,
        data,
        as_float64(parameters),
        how,
        floor=floor,
        null_loss=unit.null_loss,
        ticker=ticker,
    )
