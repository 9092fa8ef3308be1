"""From the name of a task or a loss to the loss."""

from tautnet.objective.choices import DELTA, LOSS, QUANTILE, TIES
from tautnet.objective.losses import (
    BinaryLogLoss,
    Huber,
    MultilabelLogLoss,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)
from tautnet.objective.survival import CoxPartialLikelihood

# Losses of a regression by name, made of (delta, quantile).
REGRESSION_LOSSES = {
    "squared_error": lambda delta, quantile: SquaredError(),
    "poisson": lambda delta, quantile: Poisson(),
    "huber": lambda delta, quantile: Huber(delta),
    "quantile": lambda delta, quantile: Quantile(quantile),
}


def loss_for(task, y, weight, *, loss=LOSS, delta=DELTA, quantile=QUANTILE, ties=TIES[0]):
    """The loss of a task, found fit for a target.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression", "survival"}
    y : array (n_rows, n_outputs)
        An encoded target.
    weight : array (n_rows,)
    loss, delta, quantile : str, float, float
        That of a regression.
    ties : {"breslow", "efron"}
        Those of a survival task.

    Raises
    ------
    TableError
        Where the target is none that the loss is for.

    Examples
    --------
    >>> import numpy as np
    >>> loss_for("classification", np.array([[0.0], [1.0]]), np.ones(2))
    BinaryLogLoss()
    """
    if task == "regression":
        chosen = REGRESSION_LOSSES[loss](delta, quantile)
    elif task == "survival":
        chosen = CoxPartialLikelihood(ties)
    elif task == "multilabel":
        chosen = MultilabelLogLoss()
    else:
        chosen = BinaryLogLoss() if y.shape[1] == 1 else MultinomialLogLoss()
    return chosen.for_target(y, weight)
