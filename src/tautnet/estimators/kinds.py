"""The kinds of estimators: what a classifier, a regressor and a model of survival predict, and how
they are scored.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.class_weight import compute_sample_weight

from tautnet.estimators.base import Net
from tautnet.estimators.inputs import Table, check_sample_weight, check_target
from tautnet.objective.prediction import average_outputs, choose, survival_function
from tautnet.objective.survival import baseline_hazard
from tautnet.objective.tasks import loss_for
from tautnet.tables.target import as_target


class ClassifierNet(ClassifierMixin, Net):
    """Predictions of a classifier."""

    task = "classification"
    classes_: NDArray[Any]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _weight(self, y, sample_weight):
        """Row weights times class weights; balanced ones come from the numbers of rows of all
        classes.
        """
        if self.class_weight is None:
            return sample_weight
        balance = compute_sample_weight(self.class_weight, y)
        return balance if sample_weight is None else balance * sample_weight

    def predict_proba(self, X: Table) -> NDArray[np.float64]:
        """Probability of each class or label, shape (n_rows, n_classes), columns in the order of
        ``classes_``.
        """
        return self._mean(X)

    def predict(self, X: Table) -> NDArray[Any]:
        """The class with the largest probability, shape (n_rows,); 0 or 1 for each label, shape
        (n_rows, n_labels).
        """
        probabilities = self.predict_proba(X)
        return choose(probabilities, self.classes_, self.scaling_.settings.loss.is_multilabel)


class RegressorNet(RegressorMixin, Net):
    """Predictions of a regressor."""

    task = "regression"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.positive_only = self.loss == "poisson"
        return tags

    def _loss(self, task, sample):
        return loss_for(
            task, sample.y, sample.weight, loss=self.loss, delta=self.delta, quantile=self.quantile
        )

    def predict(self, X: Table) -> NDArray[np.float64]:
        """What the loss estimates, in the target's own units, shape (n_rows,), or (n_rows,
        n_outputs) of several.
        """
        mean = self._mean(X)
        return mean[:, 0] if mean.shape[1] == 1 else mean


class SurvivalNet(Net):
    """Predictions of a survival model."""

    task = "survival"
    event_times_: NDArray[np.float64]
    baseline_cumulative_hazard_: NDArray[np.float64]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags

    def _loss(self, task, sample):
        return loss_for(task, sample.y, sample.weight, ties=self.ties)

    def _keep_baseline(self, sample):
        outputs = self._risk(sample.X)
        self.event_times_, self.baseline_cumulative_hazard_ = baseline_hazard(
            sample.y, outputs, sample.weight
        )

    def _risk(self, rows):
        return average_outputs(self._members, rows)

    def predict(self, X: Table) -> NDArray[np.float64]:
        """Risk score, a log hazard ratio: the higher, the earlier the event, shape (n_rows,)."""
        return self._risk(self._encoded(X))[:, 0]

    def predict_survival_function(
        self, X: Table, times: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Probability to outlive each time.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        times : array (n_times,), optional
            ``event_times_`` if not given.

        Returns
        -------
        array (n_rows, n_times)
        """
        times = self.event_times_ if times is None else np.asarray(times, dtype=float)
        outputs = self._risk(self._encoded(X))
        return survival_function(
            self.event_times_, self.baseline_cumulative_hazard_, outputs, times
        )

    def score(self, X: Table, y: Table, sample_weight: ArrayLike | None = None) -> float:
        """Harrell's C of the risk scores, 0.5 for none, 1 for a perfect order."""
        rows = self._encoded(X)
        target = as_target(check_target(rows, y, self.task), self.task)
        weight = (
            np.ones(len(rows))
            if sample_weight is None
            else check_sample_weight(rows, sample_weight)
        )
        return self.scaling_.settings.loss.score(target.y, self._risk(rows), weight)
