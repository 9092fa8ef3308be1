"""Which solver finishes a point of some rows."""

from typing import cast

import jax
import numpy as np

from tautnet.engine import evaluate, fista, newton
from tautnet.engine.finishing import Finished, Finishing, finish
from tautnet.engine.loop import Ticker
from tautnet.engine.row_space import RowSpace
from tautnet.objective.networks import Parameters, as_float64, stacked
from tautnet.objective.problem import Data, Problem, Rows
from tautnet.solving.prepared import Prepared

# Numbers of a linear map beyond which proximal Newton's model costs more than it saves.
LARGEST_MODEL = 1000
# Iterations of accelerated proximal gradient between two looks at the certificate.
BLOCK = 25


def finish_point(
    prepared: Prepared,
    alpha: float,
    parameters: Parameters,
    data: Rows,
    ticker: Ticker,
    space: RowSpace | None = None,
) -> Finished:
    """Finish a point, by proximal Newton where its model is cheaper than passes through rows.

    Where a space is given it is finished there, and certified on the columns.
    """
    if space is not None:
        return _finish_in(space, prepared, alpha, parameters, data, ticker)
    n_rows, n_columns = prepared.X.shape
    size = (n_columns + 1) * prepared.y.shape[1]
    is_small = size <= min(n_rows, LARGEST_MODEL)
    problem = prepared.problem(alpha, np.float64)
    return _finish(prepared, problem, as_float64(parameters), data, ticker, is_small=is_small)


def _finish_in(
    space: RowSpace,
    prepared: Prepared,
    alpha: float,
    parameters: Parameters,
    data: Rows,
    ticker: Ticker,
) -> Finished:
    problem = prepared.problem(alpha, np.float64)
    # Wide tables are copied.
    rows = space.data(cast(Data, data))
    start = space.start(as_float64(parameters))
    is_small = (len(space.factors) + 1) * prepared.y.shape[1] <= LARGEST_MODEL
    done = _finish(prepared, space.problem(problem), start, rows, ticker, is_small=is_small)
    n_columns = prepared.padded_shape[1]
    there = space.on_columns(stacked(done.parameters), n_columns)
    point = jax.tree.map(lambda leaf: leaf[0], there)
    _, residual = evaluate.measure(problem, data, np.float64(prepared.null_model.floor), point)
    return done._replace(parameters=point, stationarity=float(residual))


def _finish(
    prepared: Prepared,
    problem: Problem,
    parameters: Parameters,
    data: Rows,
    ticker: Ticker,
    *,
    is_small: bool,
) -> Finished:
    settings = prepared.settings
    linear = settings.network.is_linear
    how = Finishing(
        fista.fista,
        min(BLOCK, settings.max_iter),
        evaluate.measure if settings.kind.is_on_weights else evaluate.measure_unpenalised,
        settings.tol,
        settings.max_iter,
        linear,
    )
    if linear and settings.loss.has_curvature and is_small:
        how = how._replace(advance=newton.newton, block=1)
    return finish(
        problem,
        data,
        parameters,
        how,
        floor=prepared.null_model.floor,
        null_loss=prepared.null_model.loss,
        ticker=ticker,
    )
