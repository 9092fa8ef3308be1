"""What early stopping watches instead of the loss: a score of scikit-learn's."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, indexable

from tautnet.estimators.conversion import Convertible
from tautnet.estimators.inputs import Table
from tautnet.objective.networks import Parameters
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.tables.arrays import Floats, Integers


@dataclass(frozen=True, eq=False)
class Watch:
    """The score of a network on some rows.

    Attributes
    ----------
    model : estimator
        What the network is put into to be scored.
    score : callable
        As ``score(estimator, X, y)``, and ``sample_weight`` where there are weights.
    X, y, weight : table, target and array or None
        All rows.
    """

    model: Convertible
    score: Callable[..., float]
    X: Table
    y: Table
    weight: Floats | None

    def __call__(self, scaling: FittedScaling, parameters: Parameters, rows: Integers) -> float:
        """The score of a network on some of the rows; the higher, the better."""
        model = copy(self.model)
        model.scaling_ = scaling
        model._members = [scaling.predictor(parameters)]
        weights = {} if self.weight is None else {"sample_weight": self.weight[rows]}
        X = _safe_indexing(self.X, rows)
        return self.score(model, X, _safe_indexing(self.y, rows), **weights)


def watch_of(estimator: Any, X: Table, y: Table, weight: Floats | None) -> Watch | None:
    """The score that early stopping watches, or None where it watches the loss."""
    if estimator.stopping == "loss":
        return None
    scoring = None if estimator.stopping == "score" else estimator.stopping
    table, target = indexable(X, y)
    return Watch(estimator, check_scoring(estimator, scoring=scoring), table, target, weight)
