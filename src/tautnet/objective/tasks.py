"""From the name of a task or a loss to the loss."""

from collections.abc import Callable

from tautnet.objective.choices import DELTA, LOSS, QUANTILE, TIES
from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.losses import Loss
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.tables.arrays import Floats

# Losses of a regression by name, made of (delta, quantile).
REGRESSION_LOSSES: dict[str, Callable[[float, float], Loss]] = {
    "squared_error": lambda delta, quantile: SquaredError(),
    "poisson": lambda delta, quantile: Poisson(),
    "huber": lambda delta, quantile: Huber(float(delta)),
    "quantile": lambda delta, quantile: Quantile(float(quantile)),
}


def loss_for(
    task: str,
    y: Floats,
    weight: Floats,
    *,
    loss: str = LOSS,
    delta: float = DELTA,
    quantile: float = QUANTILE,
    ties: str = TIES[0],
) -> Loss:
    """The loss of a task, after a check that it suits a target.

    Parameters
    ----------
    task : {"classification", "multilabel", "regression", "survival"}
    y : array (n_rows, n_outputs)
        An encoded target.
    weight : array (n_rows,)
    loss : str
        That of a regression, one of `REGRESSION_LOSSES`.
    delta, quantile : float
        Those of the losses "huber" and "quantile".
    ties : {"breslow", "efron"}
        How a survival task takes events at one time.

    Raises
    ------
    TableError
        Where the loss does not suit the target.

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
    elif y.shape[1] == 1:
        chosen = BinaryLogLoss()
    else:
        chosen = MultinomialLogLoss()
    return chosen.for_target(y, weight)
