"""Losses: how far the outputs of a network are from the target, row by row.

A target and the outputs are always arrays of shape (n_rows, n_outputs): one column for a
regression or a two-class target (the second class is 1), one column a class otherwise. What is
minimised is in JAX, on the target as the fit sees it; everything else is NumPy, in the user's
units.

`Loss` is what every loss has. The losses of numbers are in `regression`, those of classes in
`classification`, that of survival times in `survival`.
"""

from typing import ClassVar, Self, TypeAlias

import numpy as np

from tautnet.objective.arrays import Array
from tautnet.objective.prediction import MEANS
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.rounding import varies
from tautnet.tables.scaling import Scaling, fit_scaling

# Target, outputs and weight of some rows.
Rows: TypeAlias = tuple[Floats, Floats, Floats]


class Loss:
    """What every loss has; a loss changes what differs.

    A loss whose rows are independent (``is_separable``) defines ``value`` and ``metric``; one
    whose rows depend on each other defines ``mean_value``, ``fitted_metric`` and ``new_metric`` in
    their place. Both define ``null_outputs``.

    Attributes
    ----------
    metric_name, score_name : str
    mean_name : str
        How the prediction comes from the outputs, one of `prediction.MEANS`.
    standardises_target : bool
        Whether the fit sees the target standardised.
    can_clamp : bool
        Whether what a network predicts may be clamped to the range of the targets.
    padding_bias : float
        The output of a column that only fills a shape up: its loss and its gradient are 0 there.
    is_separable : bool
        Whether the loss is a mean over rows, so that minibatches estimate it.
    is_multilabel : bool
        Whether each output is a label of its own, there or not.
    is_canonical : bool
        Whether the slope of a row's loss in its outputs is what the prediction exceeds y by.
    has_curvature : bool
        Whether it is separable and bends, as proximal Newton needs.
    boosting_loss : str or None
        The same loss under scikit-learn's name, in its gradient boosting; None where that has none.
    """

    metric_name: ClassVar[str]
    score_name: ClassVar[str] = "d2"
    mean_name: ClassVar[str] = "identity"
    standardises_target: ClassVar[bool] = False
    can_clamp: ClassVar[bool] = False
    padding_bias: ClassVar[float] = 0.0
    is_separable: ClassVar[bool] = True
    is_multilabel: ClassVar[bool] = False
    is_canonical: ClassVar[bool] = False
    has_curvature: ClassVar[bool] = True
    boosting_loss: ClassVar[str | None] = None

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row as it is minimised, in JAX, shape (n_rows,)."""
        raise NotImplementedError

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Loss of each row as it is reported, in the user's units, shape (n_rows,)."""
        raise NotImplementedError

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The constant outputs with the least loss, shape (n_outputs,)."""
        raise NotImplementedError

    def mean_value(self, y: Array, outputs: Array, weight: Array) -> Array:
        """Weighted mean of the loss over the rows, in JAX; weights sum to 1."""
        return weight @ self.value(y, outputs)

    def for_target(self, y: Floats, weight: Floats) -> Self:
        """The loss for a whole table: itself, unless how it is reported depends on the table.

        Raises
        ------
        TableError
            Where the loss does not suit the target.
        """
        return self

    def target_scaling(self, y: Floats, weight: Floats) -> Scaling:
        """Centre and scale of the target that a fit sees."""
        if self.standardises_target:
            return fit_scaling(y, weight)
        return Scaling(np.zeros(y.shape[1]), np.ones(y.shape[1]))

    def order(self, y: Floats) -> Integers:
        """The order in which the fit must see the rows."""
        return np.arange(len(y))

    def complaint(self, y: Floats) -> str | None:
        """Why these training rows cannot be fitted, or None."""
        if self.standardises_target and not all(map(varies, y.T)):
            return "the target is constant outside some folds: use fewer folds, or shuffled ones"
        return None

    def fitted_metric(self, y: Floats, outputs: Floats, weight: Floats) -> Floats:
        """Metric of each row that was fitted, shape (n_rows,)."""
        return self.metric(y, outputs)

    def new_metric(self, y: Floats, outputs: Floats, weight: Floats, fitted: Rows) -> Floats:
        """Metric of each row that was not fitted, shape (n_rows,), given the rows that were."""
        return self.metric(y, outputs)

    def constant(self, y: Floats, weight: Floats) -> Floats:
        """The best constant outputs in the target's units, shape (n_outputs,)."""
        return self.null_outputs(y, weight)

    def mean(self, outputs: Floats) -> Floats:
        """The prediction that belongs to the outputs: means, or probabilities."""
        return MEANS[self.mean_name](outputs)

    def residuals(self, y: Floats, outputs: Floats) -> Floats:
        """What predictions exceed the targets by, of one network or several, as y is shaped.

        Of a canonical loss that is its slope, but for counts beyond `LARGEST_LOG_MEAN`.
        """
        return self.mean(outputs)[..., -y.shape[-1] :] - y

    def score(self, y: Floats, outputs: Floats, weight: Floats) -> float:
        """D²: one minus the mean metric over that of the best constant."""
        constant = np.broadcast_to(self.constant(y, weight), y.shape)
        null = np.average(self.metric(y, constant), weights=weight)
        return float(1 - np.average(self.metric(y, outputs), weights=weight) / null)

    def pooled_score(self, y: Floats, outputs: Floats, weight: Floats, fold: Integers) -> float:
        """Score of outputs that come from several models, one a fold."""
        return self.score(y, outputs, weight)
