"""What a classifier, a regressor and a survival model predict, and how they are scored."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.class_weight import compute_sample_weight

from tautnet.estimators.base import Net
from tautnet.estimators.inputs import (
    Table,
    TargetColumns,
    check_sample_weight,
    check_target,
    own_labels,
)
from tautnet.estimators.watch import Watch
from tautnet.files.fitted import FittedModel
from tautnet.files.survival_curves import Hazard, SurvivalCurves
from tautnet.objective.losses import Loss
from tautnet.objective.prediction import average_outputs, choose, in_parts
from tautnet.objective.survival import baseline_hazard
from tautnet.objective.tasks import loss_for
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats
from tautnet.tables.sample import Sample
from tautnet.tables.target import as_target


class ClassifierNet(ClassifierMixin, Net):
    """Predictions of a classifier."""

    task = "classification"
    class_weight: Mapping[Any, float] | str | None
    classes_: NDArray[Any]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _weight(self, y: TargetColumns, sample_weight: Floats | None) -> Floats | None:
        """The row weights times the class weights.

        Balanced class weights count rows, whatever the rows weigh.
        """
        if self.class_weight is None:
            return sample_weight
        balance = compute_sample_weight(self.class_weight, y)
        return balance if sample_weight is None else balance * sample_weight

    def predict_proba(self, X: Table) -> NDArray[np.float64]:
        """Probability of each class or label, shape (n_rows, n_classes).

        The columns are in the order of ``classes_``.
        """
        return self._mean(X)

    def predict(self, X: Table) -> NDArray[Any]:
        """The class with the largest probability, shape (n_rows,).

        For a target of several labels: 0 or 1 for each label, shape (n_rows, n_labels).
        """
        probabilities = self.predict_proba(X)
        return choose(probabilities, self.classes_, self.scaling_.settings.loss.is_multilabel)

    def score(self, X: Table, y: Table, sample_weight: ArrayLike | None = None) -> float:
        """The share of rows whose class is the one predicted; of labels, whose labels all are.

        Classes are compared as the values that a fit takes them for, of whatever type y is.
        """
        return super().score(X, own_labels(y), sample_weight)


class RegressorNet(RegressorMixin, Net):
    """Predictions of a regressor."""

    task = "regression"
    loss: str
    delta: float
    quantile: float
    clamp_output: bool

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags

    def _loss(self, task: str, sample: Sample) -> Loss:
        return loss_for(
            task, sample.y, sample.weight, loss=self.loss, delta=self.delta, quantile=self.quantile
        )

    @classmethod
    def from_fitted(cls, fitted: FittedModel) -> Self:
        """The estimator that a `FittedModel` comes from.

        Where a file says nothing of ``clamp_output``, it is older than that, and nothing was
        clamped.
        """
        estimator = super().from_fitted(fitted)
        if "clamp_output" not in fitted.parameters:
            would_clamp = replace(estimator.scaling_.settings, clamp_output=True).clamps
            estimator.clamp_output = not would_clamp
        return estimator

    def _settings(self, loss: Loss, stopping: Watch | None) -> Settings:
        return replace(super()._settings(loss, stopping), clamp_output=self.clamp_output)

    def predict(self, X: Table) -> NDArray[np.float64]:
        """What the loss estimates, in the target's own units, shape (n_rows,).

        For a target of several columns the shape is (n_rows, n_outputs).
        """
        mean = self._mean(X)
        return mean[:, 0] if mean.shape[1] == 1 else mean


class SurvivalNet(SurvivalCurves, Net):
    """Predictions of a survival model."""

    task = "survival"
    ties: str
    event_times_: Floats
    unique_times_: Floats
    baseline_cumulative_hazard_: Floats

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags

    def _loss(self, task: str, sample: Sample) -> Loss:
        return loss_for(task, sample.y, sample.weight, ties=self.ties)

    def _keep_baseline(self, sample: Sample) -> None:
        """Keep Breslow's estimate of the cumulative hazard at f = 0."""
        outputs = self._risk([sample.X])
        times, hazard = baseline_hazard(sample.y, outputs, sample.weight)
        self.event_times_ = times
        self.unique_times_ = np.unique(np.abs(sample.y[sample.weight > 0, 0]))
        self.baseline_cumulative_hazard_ = hazard

    def _risk(self, parts: Iterable[Floats]) -> NDArray[np.float64]:
        """Log hazard ratios of encoded rows, shape (n_rows, 1)."""
        return in_parts(average_outputs, self._members, parts)

    def predict(self, X: Table) -> NDArray[np.float64]:
        """Risk score, a log hazard ratio: the higher, the earlier the event, shape (n_rows,)."""
        return self._risk(self._encoded(X))[:, 0]

    def _hazard(self, X: Table) -> Hazard:
        """The cumulative hazard of some rows."""
        outputs = self._risk(self._encoded(X))
        baseline = self.baseline_cumulative_hazard_
        return Hazard(self.event_times_, baseline, self.unique_times_, outputs)

    def score(self, X: Table, y: Table, sample_weight: ArrayLike | None = None) -> float:
        """Harrell's C of the risk scores: 0.5 for no order at all, 1 for a perfect one."""
        risk = self._risk(self._encoded(X))
        target = as_target(check_target(risk, y, self.task), self.task)
        weight = check_sample_weight(risk, sample_weight)
        if weight is None:
            weight = np.ones(len(risk))
        return self.scaling_.settings.loss.score(target.y, risk, weight)
