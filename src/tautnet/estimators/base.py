"""What all estimators share: settings from parameters, fitted attributes from a path,
predictions.
"""

import time
import warnings
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from numbers import Integral, Real

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.utils import _safe_indexing, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from tautnet.estimators.conversion import Convertible
from tautnet.estimators.inputs import (
    Table,
    check_groups,
    check_sample_weight,
    check_table,
    check_target,
    take_predictors,
)
from tautnet.files.summary import summarise
from tautnet.objective.networks import ACTIVATIONS, Network, Parameters, layer_sizes
from tautnet.objective.prediction import average_mean
from tautnet.objective.registry import estimator_names, names_where, penalty_kind
from tautnet.objective.tasks import REGRESSION_LOSSES, TIES, loss_for
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import encode

GAP_WORTH_A_WARNING = 1e-3


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

    _parameter_constraints = {
        "penalty": [str],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "alphas": [StrOptions({"auto"}), "array-like"],
        "cv": ["cv_object"],
        "selection": [StrOptions({"min", "1se"}), Interval(Integral, 1, None, closed="left")],
        "relax": ["boolean"],
        "n_jobs": [Integral, None],
        "feature_groups": [dict, None],
        "penalty_factors": ["array-like", None],
        "layer_factors": ["array-like", None],
        "adaptive": ["boolean"],
        "stopping": [StrOptions({"loss", "score", *get_scorer_names()}), callable],
        "ensemble": ["boolean"],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "skip": ["boolean"],
        "finish": ["boolean"],
        "loss": [StrOptions(set(REGRESSION_LOSSES))],
        "delta": [Interval(Real, 0, None, closed="neither")],
        "quantile": [Interval(Real, 0, 1, closed="neither")],
        "ties": [StrOptions(set(TIES))],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "alpha_min_ratio": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="right")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="neither")],
        "precision": [StrOptions({"float32", "float64"})],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

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

    def _check_parameters(self):
        self._validate_params()
        linear = not layer_sizes(self.hidden_layer_sizes)
        self._check_layer_factors()
        if self.penalty not in estimator_names():
            raise ValueError(
                f"penalty={self.penalty!r} is not one of {', '.join(estimator_names())}"
            )
        network = Network(() if linear else (1,), skip=self.skip)
        complaint = penalty_kind(self.penalty).complaint(network)
        if complaint:
            raise ValueError(complaint)
        for name, why in self._idle_parameters(linear):
            raise ValueError(f"{name}={getattr(self, name)!r} changes nothing here: it needs {why}")

    def _idle_parameters(self, linear):
        """Parameters that are not at their defaults and yet do nothing, each with what it would
        need.
        """
        defaults = type(self)().get_params(deep=False)
        for name, applies, why in self._conditions(linear):
            if not applies and not np.array_equal(getattr(self, name), defaults[name]):
                yield name, why

    def _leave_idle_parameters(self):
        """Put parameters that would do nothing back to their defaults."""
        linear = not np.isscalar(self.hidden_layer_sizes) and len(self.hidden_layer_sizes) == 0
        for name, _ in list(self._idle_parameters(linear)):
            setattr(self, name, type(self)().get_params(deep=False)[name])

    def _check_layer_factors(self):
        if self.layer_factors is None:
            return
        n_layers = 2 if np.isscalar(self.hidden_layer_sizes) else len(self.hidden_layer_sizes) + 1
        factors = np.asarray(self.layer_factors, dtype=float)
        if (
            factors.shape != (n_layers,)
            or not (factors > 0).all()
            or not np.isfinite(factors).all()
        ):
            raise ValueError(
                f"layer_factors must be {n_layers} numbers > 0, one for each layer, got"
                f" {self.layer_factors!r}."
            )

    def _conditions(self, linear):
        """Parameters that do something only under a condition: one that would do nothing should
        be
        seen.
        """
        kind = penalty_kind(self.penalty)
        penalised = kind.is_on_weights
        finishes = self.finish or linear
        return [
            (
                "l1_ratio",
                kind.uses_l1_ratio,
                f"penalty={' or '.join(map(repr, names_where('uses_l1_ratio')))}",
            ),
            (
                "feature_groups",
                kind.is_joint,
                f"a penalty of whole predictors: {', '.join(names_where('is_joint'))}",
            ),
            ("penalty_factors", penalised, "a penalty"),
            ("adaptive", penalised, "a penalty"),
            ("activation", not linear, "a hidden layer"),
            ("skip", not linear, "a hidden layer"),
            ("finish", not linear, "a hidden layer: linear maps always are finished"),
            ("finish", kind.training in ("path", "steps"), "a penalty"),
            ("layer_factors", penalised, "a penalty"),
            ("stopping", kind.training == "early_stopping", "penalty='early_stopping'"),
            ("tol", finishes, "finish=True or hidden_layer_sizes=()"),
            (
                "precision",
                not linear or kind.training == "early_stopping",
                "a hidden layer: linear maps are always fitted in float64",
            ),
            ("alpha_min_ratio", penalised, "a penalty"),
        ]

    def _prepare(self, X, y, sample_weight, groups=None):
        """Check everything, encode the table and keep what prediction needs of it: sample,
        settings, target.
        """
        self._check_parameters()
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
                stacklevel=3,
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
