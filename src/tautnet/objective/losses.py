"""Losses: how far the outputs of a network are from the target, row by row.

A target and the outputs are always arrays of shape (n_rows, n_outputs): one column for a regression
or a two-class target (the second class is 1), one column a class otherwise. ``value`` is what is
minimised, in JAX, on the target as the fit sees it; everything else is NumPy, in the user's units.
"""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import expit, log_softmax, softmax, xlogy


@dataclass(frozen=True)
class SquaredError:
    """Half the squared error, summed over outputs: ``½ Σ (y - f)²``.

    The target is standardised inside the fit; the metric is the mean squared error in the target's
    own units squared (averaged over outputs).
    """

    metric_name: ClassVar[str] = "mean squared error"
    score_name: ClassVar[str] = "r2"
    standardises_target: ClassVar[bool] = True
    padding_bias: ClassVar[float] = 0.0

    def value(self, y, outputs):
        """Loss of each row, shape (n_rows,)."""
        return 0.5 * jnp.square(y - outputs).sum(axis=1)

    def metric(self, y, outputs):
        """Squared error of each row in the target's units squared, shape (n_rows,)."""
        return np.square(y - outputs).mean(axis=1)

    def null_outputs(self, y, weight):
        """The constant outputs with the least loss, shape (n_outputs,)."""
        return np.average(y, axis=0, weights=weight)

    def mean(self, outputs):
        """The prediction that belongs to the outputs: here the outputs themselves."""
        return outputs

    def score(self, y, outputs, weight):
        """R²: one minus the squared error over that of the mean."""
        total = np.average(np.square(y - np.average(y, axis=0, weights=weight)), axis=0, weights=weight)
        return float(1 - np.average(self.metric(y, outputs), weights=weight) / total.mean())


@dataclass(frozen=True)
class BinaryLogLoss:
    """Log-loss of a two-class target with one logit: ``log(1 + exp f) - y f``."""

    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    standardises_target: ClassVar[bool] = False
    padding_bias: ClassVar[float] = 0.0

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

    def mean(self, outputs):
        """Probabilities of both classes, shape (n_rows, 2)."""
        second = expit(outputs)
        return np.concatenate([1.0 - second, second], axis=1)

    def score(self, y, outputs, weight):
        """Accuracy."""
        return float(np.average((outputs > 0) == (y > 0.5), axis=0, weights=weight)[0])


@dataclass(frozen=True)
class MultinomialLogLoss:
    """Log-loss of a target of several classes with one logit a class: ``log Σ exp f - f_y``.

    Classes that only fill a shape up have the logit ``padding_bias``, hence the probability 0.
    """

    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    standardises_target: ClassVar[bool] = False
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

    def mean(self, outputs):
        """Probabilities of the classes, shape (n_rows, n_classes)."""
        return softmax(outputs, axis=1)

    def score(self, y, outputs, weight):
        """Accuracy."""
        return float(np.average(outputs.argmax(axis=1) == y.argmax(axis=1), weights=weight))


def entropy(share):
    """Entropy of class shares in nats: the log-loss of the null model on its own rows."""
    return float(-xlogy(share, share).sum())


def loss_for(task, n_outputs):
    """The loss that a task has by default.

    Parameters
    ----------
    task : {"classification", "regression"}
    n_outputs : int
        Columns of the target: 1 for two classes.

    Examples
    --------
    >>> loss_for("classification", 1)
    BinaryLogLoss()
    """
    if task == "regression":
        return SquaredError()
    return BinaryLogLoss() if n_outputs == 1 else MultinomialLogLoss()
