"""Which solver finishes a point of some rows."""

import numpy as np

from tautnet.engine import evaluate, fista, newton
from tautnet.engine.finishing import Finished, Finishing, finish
from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Parameters
from tautnet.objective.problem import Rows
from tautnet.solving.prepared import Prepared
from tautnet.solving.recorder import as_float64

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
) -> Finished:
    """Finish a point, by proximal Newton where its model is cheaper than passes through rows."""
    settings = prepared.settings
    linear = settings.network.is_linear
    size = (prepared.X.shape[1] + 1) * prepared.y.shape[1]
    is_small = size <= min(len(prepared.X), LARGEST_MODEL)
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
        prepared.problem(alpha, np.float64),
        data,
        as_float64(parameters),
        how,
        floor=prepared.null_model.floor,
        null_loss=prepared.null_model.loss,
        ticker=ticker,
    )
