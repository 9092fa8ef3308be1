"""What all estimators share: they check, fit, keep fitted attributes and predict."""

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from numbers import Integral
from typing import Any, Self, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import _check_feature_names, check_is_fitted

from tautnet.engine.jobs import Report
from tautnet.estimators.allowed import check_values
from tautnet.estimators.conversion import Convertible
from tautnet.estimators.documented import Documented
from tautnet.estimators.given import gather
from tautnet.estimators.inputs import (
    FeatureGroups,
    Table,
    TargetColumns,
    check_groups,
    check_sample_weight,
    check_table,
    check_target,
    take_predictors,
)
from tautnet.estimators.refusals import check_conflicts, idle, in_words, with_values
from tautnet.estimators.rules import DEFAULTS
from tautnet.estimators.warned import warn_of_target, warn_where_unsolved
from tautnet.estimators.watch import Watch, watch_of
from tautnet.files.summary import summarise
from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network, Weights
from tautnet.objective.prediction import average_mean, in_parts
from tautnet.objective.tasks import loss_for
from tautnet.solving.path import Path
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.cells import as_frame
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import visible
from tautnet.tables.rows import encode_parts
from tautnet.tables.sample import Sample, encode
from tautnet.tables.target import Target


def set_parameters(estimator: BaseEstimator, given: Mapping[str, Any]) -> None:
    """Store the arguments of ``__init__``, given as its ``locals()``.

    scikit-learn asks that they are stored as they are and checked only by ``fit``.
    """
    for name, value in given.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


class Net(Convertible, Documented, BaseEstimator):
    """Base of all estimators."""

    penalty: str
    l1_ratio: float
    feature_groups: FeatureGroups | None
    penalty_factors: ArrayLike | None
    layer_factors: Sequence[float] | Floats | None
    adaptive: bool
    stopping: str | Callable[..., float]
    hidden_layer_sizes: int | Sequence[int] | None
    activation: str | None
    skip: bool | None
    inputs: str | None = None  # Pickles of before have none.
    finish: bool
    alpha_min_ratio: str | float
    max_iter: int
    tol: float
    precision: str
    verbose: bool | int
    random_state: int | np.random.RandomState | None

    coefs_: list[NDArray[np.float64]]
    intercepts_: list[NDArray[np.float64]]
    skip_coef_: NDArray[np.float64] | None
    selected_features_: NDArray[np.bool_]
    feature_importances_: NDArray[np.float64]
    penalty_factors_: NDArray[np.float64]
    n_features_in_: int
    n_rows_: int
    n_iter_: int
    n_outputs_: int
    train_loss_: float
    stationarity_: float
    objective_gap_: float
    # What each predictor of the penalty is among the user's groups or the features, and which
    # feature each encoded column comes from.
    _predictors: Integers
    _column_feature: Integers
    # The folds of a fit keep groups together as those around it do.
    __metadata_request__fit = {"groups": True}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.target_tags.required = True
        return tags

    def _settings(self, loss: Loss, stopping: Watch | None) -> Settings:
        """How to fit, from the parameters."""
        layer_factors = None
        if self.layer_factors is not None:
            layer_factors = tuple(float(factor) for factor in self.layer_factors)
        return Settings(
            penalty=self.penalty,
            l1_ratio=self.l1_ratio,
            loss=loss,
            network=self._network(),
            alpha_min_ratio=self.alpha_min_ratio,
            finish=self.finish,
            tol=self.tol,
            max_iter=self.max_iter,
            precision=self.precision,
            seed=self._seed(),
            stopping=stopping,
            layer_factors=layer_factors,
            adaptive=self.adaptive,
        )

    def _network(self) -> Network:
        """The network of the arguments."""
        return Network.of(self.hidden_layer_sizes, self.activation, self.skip, self.inputs)

    def _seed(self) -> int:
        """The seed of a fit; a generator of the user's gives a new one at each fit."""
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _arguments(self) -> dict[str, Any]:
        """The arguments that the rules look at, by name."""
        return self.get_params(deep=False) | {"task": self.task}

    def _fit_checked(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None,
        on_progress: Report | None,
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
        on_progress: Report | None,
    ) -> None:
        """Fit with arguments that were checked."""
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
            setattr(worker, name, self._default(name))
        return worker

    def _default(self, name: str) -> Any:
        """What a parameter is where it would do nothing."""
        return DEFAULTS[name]

    def _take_over(self, worker: Self) -> Self:
        """Take what a fit of a copy has left; parameters stay as they were given."""
        if worker is not self:
            parameters = self.get_params(deep=False)
            for name, value in vars(worker).items():
                if name not in parameters:
                    setattr(self, name, value)
        return self

    def _prepare(
        self,
        X: Table,
        y: Table,
        sample_weight: ArrayLike | None,
        groups: ArrayLike | None = None,
    ) -> tuple[Sample, Settings, Target]:
        """Check and encode a table, and keep what prediction needs of it.

        Returns
        -------
        sample, settings, target
            What is to be fitted, how, and the target as it was read.
        """
        frame = as_frame(check_table(self, X, y, reset=True))
        column = check_target(frame, y, self.task)
        weight = self._weight(column, check_sample_weight(frame, sample_weight))
        target, sample, encoder = encode(frame, column, weight, self.task)
        self._take_target(target, encoder)
        warn_of_target(target, sample.weight, stacklevel=5)
        sample = sample._replace(groups=check_groups(frame, groups))
        used = None if weight is None else sample.weight
        watched = column if self.task == "classification" else y
        watch = watch_of(self, X, watched, used)
        settings = self._settings(self._loss(target.task, sample), watch)
        sample, factors = self._take_predictors(sample)
        return sample, replace(settings, penalty_factors=factors), target

    def _take_target(self, target: Target, encoder: TableEncoder) -> None:
        """Keep what prediction needs of an encoded table."""
        self.encoder_ = encoder
        self.target_name_ = target.name
        if target.classes is not None:
            self.classes_ = target.classes

    def _take_predictors(self, sample: Sample) -> tuple[Sample, tuple[float, ...] | None]:
        """The sample with the user's groups of columns, and the factor of each group, if any."""
        taken = take_predictors(sample, self.encoder_, self.feature_groups, self.penalty_factors)
        self.penalty_factors_ = taken.all_factors
        self._predictors = taken.predictors
        self._column_feature = taken.column_feature
        return taken.sample, taken.factors

    def _weight(self, y: TargetColumns, sample_weight: Floats | None) -> Floats | None:
        """The weights of rows that a fit uses."""
        return sample_weight

    def _loss(self, task: str, sample: Sample) -> Loss:
        """The loss of a fit."""
        return loss_for(task, sample.y, sample.weight)

    def _reporter(self) -> Report | None:
        """A callable that prints a line each tenth of the work, or None without ``verbose``."""
        if not self.verbose:
            return None
        name = type(self).__name__
        start = time.perf_counter()
        tenths_printed = 0

        def report(share: float) -> None:
            nonlocal tenths_printed
            tenths = int(10 * share)
            if tenths > tenths_printed:
                tenths_printed = tenths
                seconds = time.perf_counter() - start
                print(f"[{name}] {10 * tenths} % done, {seconds:.1f} seconds", flush=True)

        return report

    def _store(self, sample: Sample, path: Path, i: int) -> None:
        """Take point i of a path as the fitted model."""
        weights, biases = path.parameters[i]
        member = path.scaling.predictor(path.parameters[i])
        # All arrays of a predictor are float64.
        self.coefs_ = cast(list[NDArray[np.float64]], list(member.layers))
        self.intercepts_ = cast(list[NDArray[np.float64]], list(member.biases))
        self.skip_coef_ = cast(NDArray[np.float64] | None, member.skip)
        self.n_iter_ = int(path.steps[i])
        self.n_outputs_ = len(biases[-1])
        self.stationarity_ = float(path.stationarity[i])
        self.objective_gap_ = float(path.objective_gap[i])
        self.train_loss_ = float(path.train_loss[i])
        self.scaling_ = path.scaling
        self.n_rows_ = len(sample.y)
        self.feature_importances_ = self._importances(weights)
        self._keep_factors(path)
        self.selected_features_ = self.feature_importances_ > 0
        warn_where_unsolved(path.settings, self.stationarity_, self.objective_gap_, stacklevel=5)
        self._members = [member]
        self._keep_baseline(sample)

    def _importances(self, weights: Weights) -> NDArray[np.float64]:
        """The norm of all first-layer and skip weights of each feature."""
        squares = np.square(weights.input).sum(axis=1)
        if weights.skip is not None:
            squares += np.square(weights.skip).sum(axis=1)
        feature = self._column_feature[self.scaling_.inputs.source]
        return np.sqrt(np.bincount(feature, squares, self.n_features_in_))

    def _keep_factors(self, path: Path) -> None:
        """Keep the factors that a path was walked with."""
        if path.settings.penalty_factors is not None:
            self.penalty_factors_[self._predictors] = path.settings.penalty_factors

    def _keep_baseline(self, sample: Sample) -> None:
        """Keep what else prediction needs: nothing, except for survival."""

    def summary(self) -> None:
        """Print what was fitted and how well.

        That is data, penalty, strength and how it was chosen, layers, weights, predictors, losses
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
          certificate                    converged to ...
        """
        check_is_fitted(self)
        print(visible(summarise(self.to_fitted())))

    def _encoded(self, X: Table) -> Iterator[Floats]:
        """The columns of numbers that the network takes, (n_rows, n_columns), some rows a time."""
        check_is_fitted(self)
        named = hasattr(self, "feature_names_in_")
        return encode_parts(self.encoder_, check_table(self, X, reset=False), named=named)

    def _mean(self, X: Table) -> NDArray[np.float64]:
        """Mean prediction of the members, shape (n_rows, n_outputs)."""
        # First, since it says what an estimator lacks that was not fitted.
        rows = self._encoded(X)
        return in_parts(average_mean, self._members, rows)


def fit_with_progress(
    estimator: Net,
    X: Table,
    y: Table,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    on_progress: Report | None,
) -> None:
    """Fit an estimator as its ``fit`` does, and tell a callable the share of the work done."""
    estimator._fit_checked(X, y, sample_weight, groups, on_progress)


def prepare(
    estimator: Net, X: Table, y: Table, sample_weight: ArrayLike | None
) -> tuple[Sample, Settings]:
    """Give what an estimator would fit, and how.

    The estimator keeps what prediction needs of the table.
    """
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


def predictor_names(estimator: Net) -> list[str]:
    """Names of what a path has norms of: predictors, or the user's groups of them."""
    names = [str(name) for name in estimator.feature_groups or estimator.encoder_.feature_names_in_]
    return [names[i] for i in estimator._predictors]
