"""What all estimators share: settings from parameters, fitted attributes from a path,
predictions.
"""

import time
import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from tautnet.estimators.allowed import check_values
from tautnet.estimators.conversion import Convertible
from tautnet.estimators.given import gather
from tautnet.estimators.inputs import (
    Table,
    check_groups,
    check_sample_weight,
    check_table,
    check_target,
    take_predictors,
)
from tautnet.estimators.refusals import check_conflicts, idle, in_words, with_values
from tautnet.estimators.rules import DEFAULTS
from tautnet.files.summary import summarise
from tautnet.objective.networks import Network, Parameters, layer_sizes
from tautnet.objective.prediction import average_mean
from tautnet.objective.tasks import loss_for
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.sample import Sample, encode
from tautnet.tables.target import Target

GAP_WORTH_A_WARNING = 1e-3

# What is told of progress: the share of the work that is done.
Progress: TypeAlias = Callable[[float], None]


def set_parameters(estimator, given):
    """Store the arguments of ``__init__`` as they are, as scikit-learn asks: ``given`` is its
    ``locals()``.
    """
    for name, value in given.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


@dataclass(frozen=True, eq=False)
class Watch:
    """How good a network is on some rows, by a score of scikit-learn's.

    Attributes
    ----------
    model : estimator
        What the network is put into to be scored.
    score : callable
    X, y, weight : table, target and array or None
        All rows.
    """

    model: "Net"
    score: Callable[..., float]
    X: Table
    y: Table
    weight: Floats | None

    def __call__(self, scaling: FittedScaling, parameters: Parameters, rows: Integers) -> float:
        """The score of a network on some of the rows."""
        model = copy(self.model)
        model.scaling_ = scaling
        model._members = [scaling.predictor(parameters)]
        weights = {} if self.weight is None else {"sample_weight": self.weight[rows]}
        X = _safe_indexing(self.X, rows)
        return self.score(model, X, _safe_indexing(self.y, rows), **weights)


class Net(Convertible, BaseEstimator):
    """Base of all estimators."""

    coefs_: list[NDArray[np.float64]]
    intercepts_: list[NDArray[np.float64]]
    skip_coef_: NDArray[np.float64] | None
    selected_features_: NDArray[np.bool_]
    feature_importances_: NDArray[np.float64]
    penalty_factors_: NDArray[np.float64]
    n_iter_: int
    n_outputs_: int
    train_loss_: float
    stationarity_: float
    objective_gap_: float

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        tags.input_tags.sparse = False
        tags.target_tags.required = True
        return tags

    def _settings(self, loss, stopping):
        sizes = layer_sizes(self.hidden_layer_sizes)
        return Settings(
            penalty=self.penalty,
            l1_ratio=self.l1_ratio,
            loss=loss,
            network=Network(sizes, self.activation, self.skip and bool(sizes)),
            alpha_min_ratio=self.alpha_min_ratio,
            finish=self.finish,
            tol=self.tol,
            max_iter=self.max_iter,
            precision=self.precision,
            seed=self._seed(),
            stopping=stopping,
            layer_factors=(
                None if self.layer_factors is None else tuple(float(f) for f in self.layer_factors)
            ),
            adaptive=self.adaptive,
        )

    def _watch(self, X, y, weight):
        """How good a network is on some rows by the score that early stopping watches; None
        where
        it is the loss.
        """
        if self.stopping == "loss":
            return None
        score = check_scoring(self, scoring=None if self.stopping == "score" else self.stopping)

        return Watch(self, score, X, y, weight)

    def _seed(self):
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _arguments(self) -> dict[str, Any]:
        """What the rules of arguments look at."""
        return self.get_params(deep=False) | {"task": self.task}

    def _fit_checked(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        on_progress: Progress | None,
    ) -> Self:
        """Fit without the arguments that do nothing, which one warning names.

        They are no error, as they are to functions and the command: searches fill estimators with
        arguments of which some serve one penalty and some another.
        """
        arguments = self._arguments() | {"groups": groups}
        check_values(arguments)
        needs = idle(arguments, gather(arguments))
        if needs:
            warnings.warn(in_words(needs, with_values(arguments)), UserWarning, stacklevel=3)
        worker = self.without_idle()
        check_conflicts(gather(worker._arguments()))
        worker._fit(X, y, sample_weight, None if "groups" in needs else groups, on_progress)
        return self._take_over(worker)

    def _fit(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        on_progress: Progress | None,
    ) -> None:
        """Fit with arguments that are found good."""
        raise NotImplementedError

    def without_idle(self) -> Self:
        """This estimator, or a copy in which parameters that do nothing are at their defaults.

        Examples
        --------
        >>> from tautnet.estimators.models import TautNetRegressor
        >>> TautNetRegressor("l2", l1_ratio=0.9, finish=True).without_idle()
        TautNetRegressor(finish=True)
        """
        arguments = self._arguments()
        needs = idle(arguments, gather(arguments))
        if not needs:
            return self
        worker = copy(self)
        for name in needs:
            setattr(worker, name, DEFAULTS[name])
        return worker

    def _take_over(self, worker: Self) -> Self:
        """Take what a fit of a copy has left; parameters stay as they were given."""
        if worker is not self:
            parameters = self.get_params(deep=False)
            fitted = {n: held for n, held in vars(worker).items() if n not in parameters}
            self.__dict__.update(fitted)
        return self

    def _prepare(self, X, y, sample_weight, groups=None):
        """Check the table, encode it and keep what prediction needs of it: sample, settings,
        target.
        """
        frame = check_table(self, X, y, reset=True)
        column = check_target(frame, y, self.task)
        weight = self._weight(column, check_sample_weight(frame, sample_weight))
        target, sample, encoder = encode(frame, column, weight, self.task)
        self._take_target(target, encoder)
        sample = sample._replace(groups=check_groups(frame, groups))
        settings = self._settings(self._loss(target.task, sample), self._watch(X, y, weight))
        sample, factors = self._take_predictors(sample)
        return sample, replace(settings, penalty_factors=factors), target

    def _take_target(self, target, encoder):
        """Keep what prediction needs of an encoded table."""
        self.encoder_, self.target_name_ = encoder, target.name
        if target.classes is not None:
            self.classes_ = target.classes

    def _take_predictors(self, sample):
        """The sample with its columns in the groups that the user gave, and the factor of each
        group or None.
        """
        taken = take_predictors(sample, self.encoder_, self.feature_groups, self.penalty_factors)
        self.penalty_factors_, self._predictors = taken.all_factors, taken.predictors
        self._column_feature = taken.column_feature
        return taken.sample, taken.factors

    def _weight(self, y, sample_weight):
        return sample_weight

    def _loss(self, task, sample):
        return loss_for(task, sample.y, sample.weight)

    def _reporter(self):
        """What is told of progress: nothing, or with ``verbose`` a line each tenth of the work."""
        if not self.verbose:
            return None
        start, said = time.perf_counter(), [0]

        def report(share):
            if int(10 * share) > said[0]:
                said[0] = int(10 * share)
                seconds = time.perf_counter() - start
                print(
                    f"[{type(self).__name__}] {10 * said[0]} % done, {seconds:.1f} seconds",
                    flush=True,
                )

        return report

    def _store(self, sample, path, i):
        """Take point i of a path as the fitted model."""
        weights, biases = path.parameters[i]
        member = path.scaling.predictor(path.parameters[i])
        self.coefs_, self.intercepts_, self.skip_coef_ = (
            list(member.layers),
            list(member.biases),
            member.skip,
        )
        self.n_iter_, self.n_outputs_ = int(path.steps[i]), len(biases[-1])
        self.stationarity_, self.objective_gap_ = (
            float(path.stationarity[i]),
            float(path.objective_gap[i]),
        )
        self.train_loss_ = float(path.train_loss[i])
        self.scaling_ = path.scaling
        self.n_rows_ = len(sample.y)
        squares = np.square(weights.input).sum(axis=1)
        squares += 0 if weights.skip is None else np.square(weights.skip).sum(axis=1)
        self.feature_importances_ = np.sqrt(
            np.bincount(self._column_feature, squares, self.n_features_in_)
        )
        self._keep_factors(path)
        self.selected_features_ = self.feature_importances_ > 0
        if (
            self.finish
            and self.stationarity_ > self.tol
            and self.objective_gap_ > GAP_WORTH_A_WARNING
        ):
            warnings.warn(
                f"stationarity {self.stationarity_:.2g} is above tol={self.tol:g} after"
                f" {self.max_iter} iterations: raise max_iter, or read the fit as stopped early",
                ConvergenceWarning,
                stacklevel=5,
            )
        self._members = [member]
        self._keep_baseline(sample)
        return self

    def _keep_factors(self, path):
        """The factors that a path was walked with."""
        if path.settings.penalty_factors is not None:
            self.penalty_factors_[self._predictors] = path.settings.penalty_factors

    def _keep_baseline(self, sample):
        """What else prediction needs: nothing but for survival."""

    def summary(self) -> None:
        """Print data, penalty, strength and how it was chosen, layers, weights, predictors,
        losses
        and certificate.

        Examples
        --------
        >>> import numpy as np
        >>> from tautnet.estimators.models import TautNetRegressor
        >>> X = np.random.default_rng(0).normal(size=(50, 3))
        >>> TautNetRegressor("l1", 0.1, hidden_layer_sizes=()).fit(X,
        ...     X[:, 0]).summary()  # doctest: +ELLIPSIS
        TautNetRegressor
          data                           50 rows, 3 predictors in 3 columns
          penalty                        l1, alpha 0.1, as given
          layers                         3 -> 1
          weights                        3, of which 2 are exactly 0 (66.7 %)
          predictors                     1 of 3 kept: x0
          mean squared error, rows seen  0.0122
          certificate                    solved to ...
        """
        check_is_fitted(self)
        print(summarise(self.to_fitted()))

    def _encoded(self, X):
        check_is_fitted(self)
        return self.encoder_.transform(check_table(self, X, reset=False))

    def _mean(self, X):
        """Mean prediction of the members, shape (n_rows, n_outputs)."""
        rows = self._encoded(X)
        return average_mean(self._members, rows)


def fit_with_progress(
    estimator: Net,
    X: Table,
    y: Table,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    on_progress: Progress | None,
) -> None:
    """Fit an estimator as its ``fit`` does, and tell a callable the share done."""
    estimator._fit_checked(X, y, sample_weight, groups, on_progress)


def prepare(
    estimator: Net, X: Table, y: Table, sample_weight: ArrayLike | None
) -> tuple[Sample, Settings]:
    """What an estimator would fit, and how; it keeps what prediction needs of the table."""
    sample, settings, _ = estimator._prepare(X, y, sample_weight)
    return sample, settings


def take_table(
    estimator: Net, X: Table, target: Target, encoder: TableEncoder, sample: Sample
) -> Sample:
    """Let an estimator keep what prediction needs of a table that is encoded.

    Returns
    -------
    Sample
        Its columns in the groups that the estimator's user gave.
    """
    _check_feature_names(estimator, X, reset=True)
    estimator.n_features_in_ = encoder.n_features_in_
    estimator._take_target(target, encoder)
    return estimator._take_predictors(sample)[0]
