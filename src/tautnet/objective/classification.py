"""Losses of classes: two, several, and several labels at once."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import numpy as np
from scipy.special import log_softmax

from tautnet.objective.arrays import Array
from tautnet.objective.losses import Loss
from tautnet.tables.arrays import Floats


@dataclass(frozen=True)
class BinaryLogLoss(Loss):
    """Log-loss of a two-class target with one logit: ``log(1 + exp f) - y f``."""

    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    mean_name: ClassVar[str] = "two_classes"
    is_canonical: ClassVar[bool] = True
    boosting_loss: ClassVar[str | None] = "log_loss"

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        return (jax.nn.softplus(outputs) - y * outputs).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Log-loss of each row in nats, shape (n_rows,)."""
        return (np.logaddexp(0.0, outputs) - y * outputs).sum(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The logit of the share of the second class, shape (1,)."""
        # A class without a row in these rows gets the share of a thousandth of a row.
        least = 1e-3 / len(y)
        share = np.clip(np.average(y, axis=0, weights=weight), least, 1 - least)
        return np.log(share) - np.log1p(-share)

    def score(self, y: Floats, outputs: Floats, weight: Floats) -> float:
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
    is_canonical: ClassVar[bool] = True
    padding_bias: ClassVar[float] = -1e9
    boosting_loss: ClassVar[str | None] = "log_loss"

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        return jax.nn.logsumexp(outputs, axis=1) - (y * outputs).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Log-loss of each row in nats, shape (n_rows,)."""
        return -(y * log_softmax(outputs, axis=1)).sum(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The logarithms of the shares of the classes, shape (n_classes,)."""
        share = np.average(y, axis=0, weights=weight)
        # A class without a row in these rows gets the share of a thousandth of a row.
        return np.log(np.maximum(share, 1e-3 / len(y)))

    def score(self, y: Floats, outputs: Floats, weight: Floats) -> float:
        """Accuracy."""
        return float(np.average(outputs.argmax(axis=1) == y.argmax(axis=1), weights=weight))


@dataclass(frozen=True)
class MultilabelLogLoss(Loss):
    """Log-loss of several yes-or-no targets, one logit each, summed over them."""

    is_multilabel: ClassVar[bool] = True
    metric_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "accuracy"
    mean_name: ClassVar[str] = "expit"
    is_canonical: ClassVar[bool] = True
    padding_bias: ClassVar[float] = -1e9

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        return (jax.nn.softplus(outputs) - y * outputs).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Log-loss of each row in nats, summed over labels, shape (n_rows,)."""
        return (np.logaddexp(0.0, outputs) - y * outputs).sum(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The logit of the share of each label, shape (n_labels,)."""
        return BinaryLogLoss().null_outputs(y, weight)

    def score(self, y: Floats, outputs: Floats, weight: Floats) -> float:
        """Share of rows whose labels are all right, as scikit-learn's accuracy."""
        return float(np.average(((outputs > 0) == (y > 0.5)).all(axis=1), weights=weight))
