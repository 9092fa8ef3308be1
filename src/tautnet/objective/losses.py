"""Losses: how far the outputs of a network are from the target, row by row.

A target and the outputs are always arrays of shape (n_rows, n_outputs): one column for a
regression or a two-class target (the second class is 1), one column a class otherwise. ``value``
is what is minimised, in JAX, on the target as the fit sees it; everything else is NumPy, in the
user's units.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import log_softmax, xlogy

from tautnet.objective.prediction import LARGEST_LOG_MEAN, MEANS
from tautnet.tables.errors import TableError
from tautnet.tables.scaling import Scaling, fit_scaling


class Loss:
    """What every loss has; subclasses add ``value``, ``metric`` and ``null_outputs``, and change
    what differs.

    Attributes
    ----------
    metric_name, score_name : str
    mean_name : str
        How the prediction comes from the outputs, one of `prediction.MEANS`.
    standardises_target : bool
        Whether the fit sees the target standardised.
    padding_bias : float
        The output of a column that only fills a shape up: its loss and its gradient are 0 there.
    is_separable : bool
        Whether the loss is a mean over rows, so that minibatches estimate it.
    is_multilabel : bool
        Whether each output is a label of its own, there or not.
    has_curvature : bool
        Whether it is separable and bends, as proximal Newton needs.
    """

    metric_name: ClassVar[str]
    score_name: ClassVar[str] = "d2"
    mean_name: ClassVar[str] = "identity"
    standardises_target: ClassVar[bool] = False
    padding_bias: ClassVar[float] = 0.0
    is_separable: ClassVar[bool] = True
    is_multilabel: ClassVar[bool] = False
    has_curvature: ClassVar[bool] = True

    def mean_value(self, y, outputs, weight):
        """Weighted mean of the loss over the rows, in JAX; weights sum to 1."""
        return weight @ self.value(y, outputs)

    def for_target(self, y, weight):
        """The loss for a whole table: itself, where nothing in how it is reported depends on the
        table.

        Raises
        ------
        TableError
            Where the target is none that the loss is for.
        """
        return self

    def target_scaling(self, y, weight):
        """Centre and scale of the target that a fit sees."""
        if self.standardises_target:
            return fit_scaling(y, weight)
        return Scaling(np.zeros(y.shape[1]), np.ones(y.shape[1]))

    def order(self, y):
        """The order in which the fit must see the rows."""
        return np.arange(len(y))

    def complaint(self, y):
        """Why these training rows cannot be fitted, or None."""
        if self.standardises_target and (y.min(axis=0) == y.max(axis=0)).any():
            return "the target is constant outside some folds: use fewer folds, or shuffled ones"
        return None

    def fitted_metric(self, y, outputs, weight):
        """Metric of each row that was fitted, shape (n_rows,)."""
        return self.metric(y, outputs)

    def new_metric(self, y, outputs, weight, fitted):
        """Metric of each row that was not fitted; ``fitted`` are (y, outputs, weight) of those
        that
        were.
        """
        return self.metric(y, outputs)

    def constant(self, y, weight):
        """The best constant outputs in the target's units, shape (n_outputs,)."""
        return self.null_outputs(y, weight)

    def mean(self, outputs):
        """The prediction that belongs to the outputs: means, or probabilities."""
        return MEANS[self.mean_name](outputs)

    def score(self, y, outputs, weight):
        """D²: one minus the mean metric over that of the best constant."""
        constant = np.broadcast_to(self.constant(y, weight), y.shape)
        null = np.average(self.metric(y, constant), weights=weight)
        return float(1 - np.average(self.metric(y, outputs), weights=weight) / null)

    def pooled_score(self, y, outputs, weight, fold):
        """Score of outputs that come from several models, one a fold."""
        return self.score(y, outputs, weight)


@dataclass(frozen=True)
class SquaredError(Loss):
    """Half the squared error, summed over outputs: ``½ Σ (y - f)²``.

    The target is standardised inside the fit; the metric is the mean squared error in the
    target's own units squared (averaged over outputs).
    """

    metric_name: ClassVar[str] = "mean squared error"
    score_name: ClassVar[str] = "r2"
    standardises_target: ClassVar[bool] = True

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        return 0.5 * jnp.square(y - outputs).sum(axis=1)

    def metric(self, y, outputs):
        """Squared error of each row in the target's units squared, shape (n_rows,)."""
        return np.square(y - outputs).mean(axis=1)

    def null_outputs(self, y, weight):
        """The constant outputs with the least loss, shape (n_outputs,)."""
        return np.average(y, axis=0, weights=weight)

    def score(self, y, outputs, weight):
        """R²: one minus the squared error over that of the mean."""
        total = np.average(
            np.square(y - np.average(y, axis=0, weights=weight)), axis=0, weights=weight
        )
        return float(1 - np.average(self.metric(y, outputs), weights=weight) / total.mean())


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance of counts with mean ``exp f``: ``y log y - y - y f + exp f``,
    summed over outputs.

    Beyond ``f = 40``, where no count is, ``exp`` goes on as its tangent, so that no step
    overflows.
    """

    metric_name: ClassVar[str] = "Poisson deviance"
    mean_name: ClassVar[str] = "exp"
    padding_bias: ClassVar[float] = -1e9

    def for_target(self, y, weight):
        """Itself, for counts.

        Raises
        ------
        TableError
            Where a count is negative.
        """
        if (y < 0).any():
            raise TableError(
                f"loss 'poisson' needs targets of 0 or more: {int((y < 0).sum())} are negative"
            )
        return self

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        below = jnp.minimum(outputs, LARGEST_LOG_MEAN)
        mean = jnp.exp(below) * (1 + outputs - below)
        log_y = jnp.log(jnp.where(y > 0, y, 1.0))
        return (y * log_y - y - y * outputs + mean).sum(axis=1)

    def metric(self, y, outputs):
        """Deviance of each row, averaged over outputs, shape (n_rows,)."""
        return 2 * (xlogy(y, y) - y - y * outputs + self.mean(outputs)).mean(axis=1)

    def null_outputs(self, y, weight):
        """The logarithm of the mean, shape (n_outputs,)."""
        # Where no count is above 0 the mean is taken to be that of a thousandth of a row.
        return np.log(np.maximum(np.average(y, axis=0, weights=weight), 1e-3 / len(y)))


@dataclass(frozen=True)
class Huber(Loss):
    """Huber's loss (1964), quadratic up to ``delta`` and linear beyond, summed over outputs.

    The fit sees the target in robust standard deviations (1.4826 times the median distance from
    the median), so ``delta`` is in these; the metric is in the target's own units squared, with
    ``delta`` times the robust standard deviation of the whole table.

    Parameters
    ----------
    delta : float
    unit : float or array (n_outputs,)
        That of the metric; it takes no part in a fit, nor in comparisons.
    """

    delta: float = 1.35
    unit: object = field(default=1.0, compare=False)

    metric_name: ClassVar[str] = "Huber loss"
    standardises_target: ClassVar[bool] = True

    def for_target(self, y, weight):
        """The loss whose metric is in the units of a table."""
        return replace(self, unit=self.target_scaling(y, weight).scale)

    def target_scaling(self, y, weight):
        """Median, and 1.4826 times the median distance from it; where that is 0, mean and
        standard
        deviation.
        """
        centre = _quantile(y, 0.5, weight)
        scale = 1.4826 * _quantile(np.abs(y - centre), 0.5, weight)
        usual = fit_scaling(y, weight)
        return Scaling(
            np.where(scale > 0, centre, usual.centre), np.where(scale > 0, scale, usual.scale)
        )

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        distance = jnp.abs(y - outputs)
        inner = jnp.minimum(distance, self.delta)
        return (inner * (distance - 0.5 * inner)).sum(axis=1)

    def metric(self, y, outputs):
        """Loss of each row in the target's units squared, averaged over outputs, shape
        (n_rows,).
        """
        distance = np.abs(y - outputs)
        inner = np.minimum(distance, self.delta * self.unit)
        return (inner * (distance - 0.5 * inner)).mean(axis=1)

    def null_outputs(self, y, weight):
        """The constant outputs with the least loss, shape (n_outputs,)."""
        return _root(lambda f: weight @ np.clip(f - y, -self.delta, self.delta), y)

    def constant(self, y, weight):
        """The same in the target's own units."""
        return self.null_outputs(y / self.unit, weight) * self.unit


@dataclass(frozen=True)
class Quantile(Loss):
    """The loss whose minimum is a quantile (Koenker and Bassett 1978), summed over outputs.

    ``q r`` for ``r = y - f`` above 0, ``(q - 1) r`` below. What is minimised has its corner
    rounded over 1e-3 standard deviations of the target, which changes it by at most a quarter of
    that; the metric has the corner.

    Parameters
    ----------
    quantile : float
        In (0, 1).
    """

    quantile: float = 0.5

    ROUNDED: ClassVar[float] = 1e-3
    metric_name: ClassVar[str] = "pinball loss"
    standardises_target: ClassVar[bool] = True
    has_curvature: ClassVar[bool] = False

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        residual = y - outputs
        inner = jnp.minimum(jnp.abs(residual), self.ROUNDED)
        magnitude = inner * (jnp.abs(residual) - 0.5 * inner) / self.ROUNDED
        # A column that fills up has the residual 0, where the slope q - 1/2 must not count.
        slope = jnp.where(residual == 0, 0.0, (self.quantile - 0.5) * residual)
        return (slope + 0.5 * magnitude).sum(axis=1)

    def metric(self, y, outputs):
        """Loss of each row in the target's units, averaged over outputs, shape (n_rows,)."""
        residual = y - outputs
        return np.maximum(self.quantile * residual, (self.quantile - 1) * residual).mean(axis=1)

    def null_outputs(self, y, weight):
        """The constant outputs with the least loss, shape (n_outputs,)."""

        def slope(f):
            return weight @ (0.5 * np.clip((f - y) / self.ROUNDED, -1, 1) + 0.5 - self.quantile)

        return _root(slope, y)

    def constant(self, y, weight):
        """The quantile of the target."""
        return _quantile(y, self.quantile, weight)


def _quantile(values, quantile, weight):
    """Weighted quantile of each column, a row of weight 2 counting as two; between two rows,
    their
    middle.
    """

    def at(column, q):
        return np.quantile(column, np.clip(q, 0, 1), weights=weight, method="inverted_cdf")

    # Sums of weights are rounded: a little below and a little above are the same row, or the two
    # to choose from.
    return np.array(
        [0.5 * (at(c, quantile - 1e-9) + at(c, quantile + 1e-9)) for c in values.T], dtype=float
    )


def _root(slope, y):
    """Where a slope that does not fall with a constant is 0, found by halving, for each column."""
    low, high = y.min(axis=0) - 1.0, y.max(axis=0) + 1.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        rising = slope(middle) > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return 0.5 * (low + high)


@dataclass(frozen=True)
class BinaryLogLoss(Loss):
    """Log-loss of a two-class target with one logit: ``log(1 + exp f) - y f``."""

    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    mean_name: ClassVar[str] = "two_classes"

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        return (jax.nn.softplus(outputs) - y * outputs).sum(axis=1)

    def metric(self, y, outputs):
        """Log-loss of each row in nats, shape (n_rows,)."""
        return (np.logaddexp(0.0, outputs) - y * outputs).sum(axis=1)

    def null_outputs(self, y, weight):
        """The logit of the share of the second class, shape (1,)."""
        # A class without a row in these rows gets the share of a thousandth of a row.
        least = 1e-3 / len(y)
        share = np.clip(np.average(y, axis=0, weights=weight), least, 1 - least)
        return np.log(share) - np.log1p(-share)

    def score(self, y, outputs, weight):
        """Accuracy."""
        return float(np.average((outputs > 0) == (y > 0.5), axis=0, weights=weight)[0])


@dataclass(frozen=True)
class MultinomialLogLoss(Loss):
    """Log-loss of a target of several classes with one logit a class: ``log Σ exp f - f_y``.

    Classes that only fill a shape up have the logit ``padding_bias``, hence the probability 0.
    """

    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    mean_name: ClassVar[str] = "softmax"
    padding_bias: ClassVar[float] = -1e9

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        return jax.nn.logsumexp(outputs, axis=1) - (y * outputs).sum(axis=1)

    def metric(self, y, outputs):
        """Log-loss of each row in nats, shape (n_rows,)."""
        return -(y * log_softmax(outputs, axis=1)).sum(axis=1)

    def null_outputs(self, y, weight):
        """The logarithms of the shares of the classes, shape (n_classes,)."""
        share = np.average(y, axis=0, weights=weight)
        # A class without a row in these rows gets the share of a thousandth of a row.
        return np.log(np.maximum(share, 1e-3 / len(y)))

    def score(self, y, outputs, weight):
        """Accuracy."""
        return float(np.average(outputs.argmax(axis=1) == y.argmax(axis=1), weights=weight))


@dataclass(frozen=True)
class MultilabelLogLoss(Loss):
    """Log-loss of several yes-or-no targets, one logit each, summed over them."""

    is_multilabel: ClassVar[bool] = True
    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    mean_name: ClassVar[str] = "expit"
    padding_bias: ClassVar[float] = -1e9

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        return (jax.nn.softplus(outputs) - y * outputs).sum(axis=1)

    def metric(self, y, outputs):
        """Log-loss of each row in nats, summed over labels, shape (n_rows,)."""
        return (np.logaddexp(0.0, outputs) - y * outputs).sum(axis=1)

    def null_outputs(self, y, weight):
        """The logit of the share of each label, shape (n_labels,)."""
        return BinaryLogLoss().null_outputs(y, weight)

    def score(self, y, outputs, weight):
        """Share of rows whose labels are all right, as scikit-learn's accuracy."""
        return float(np.average(((outputs > 0) == (y > 0.5)).all(axis=1), weights=weight))


def entropy(share):
    """Entropy of class shares in nats: the log-loss of the null model on its own rows."""
    return float(-xlogy(share, share).sum())
