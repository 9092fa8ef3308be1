"""Estimators of survival: Cox's model with a network in the place of its linear predictor."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tautnet.estimators.base import set_parameters
from tautnet.estimators.base_cv import CrossValidated
from tautnet.estimators.models import AtOneStrength
from tautnet.estimators.predictions import SurvivalNet
from tautnet.objective.choices import ALPHA, AUTO, L1_RATIO, MAX_ITER, STANDARDISED, TOL


class TautNetSurvival(AtOneStrength, SurvivalNet):
    """Cox's proportional hazards model with a network: hazard(t | x) = hazard(t) exp f(x).

    The target is a structured array of a truth value, the event, and a time (scikit-survival's
    convention); or two columns, time and event; or times alone, which all ended in an event. The
    fit takes all rows at once, weights count in the risk sets too, and the target is not
    standardised.

    Parameters
    ----------
    ties : {"breslow", "efron"}
        How events at the same time are told apart. "breslow" treats a weight of 2 as the row twice.
    penalty, alpha, l1_ratio, hidden_layer_sizes, activation, skip, inputs, finish, alpha_min_ratio,
    max_iter, tol, precision, verbose, random_state
        As in `TautNetClassifier`.

    Attributes
    ----------
    event_times_, baseline_cumulative_hazard_ : arrays (n_event_times,)
        Breslow's estimate at f = 0.
    unique_times_ : array (n_unique_times,)
        All times of the training rows, at which the curves that are predicted have their steps.
    coefs_, intercepts_, skip_coef_, selected_features_, feature_importances_, stationarity_,
    objective_gap_
        As in `TautNetClassifier`.

    References
    ----------
    Cox (1972), Regression models and life-tables. Efron (1977), The efficiency of Cox's likelihood
    function for censored data. Breslow (1974), Covariance analysis of censored survival data.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 3))
    >>> times = rng.exponential(np.exp(-X[:, 0]))
    >>> y = np.column_stack([np.minimum(times, 2.0), times < 2.0])
    >>> model = TautNetSurvival("l1", 0.2, hidden_layer_sizes=()).fit(X, y)
    >>> model.selected_features_.tolist(), model.score(X, y) > 0.7
    ([True, False, False], True)
    >>> model.predict_survival_function(X[:2], times=[0.5, 1.0]).shape
    (2, 2)
    >>> first, second = model.predict_survival_function(X[:2])
    >>> bool(first.domain[1] == model.unique_times_[-1]), bool(first(0.5) > first(1.0))
    (True, True)
    """

    def __init__(
        self,
        penalty: str = "l2",
        alpha: float = ALPHA,
        *,
        ties: str = "breslow",
        l1_ratio: float = L1_RATIO,
        feature_groups: Mapping[str, Any] | None = None,
        penalty_factors: ArrayLike | None = None,
        layer_factors: ArrayLike | None = None,
        adaptive: bool = False,
        stopping: str | Callable[..., float] = "loss",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        skip: bool = True,
        inputs: str = STANDARDISED,
        finish: bool = False,
        alpha_min_ratio: str | float = "auto",
        max_iter: int = MAX_ITER,
        tol: float = TOL,
        precision: str = "float32",
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        set_parameters(self, locals())


class TautNetSurvivalCV(CrossValidated, SurvivalNet):
    """Cox's model with a network whose penalty's strength is chosen by cross-validation.

    The loss of a fold is the cross-validated partial likelihood of Verweij and van Houwelingen
    (1993): the partial likelihood of all rows less that of the rows that were fitted. Parameters
    and attributes are those of `TautNetClassifierCV` and `TautNetSurvival`.

    References
    ----------
    Verweij and van Houwelingen (1993), Cross-validation in survival analysis.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(80, 3))
    >>> times = rng.exponential(np.exp(-X[:, 0]))
    >>> model = TautNetSurvivalCV("l1", cv=3, hidden_layer_sizes=(), random_state=0).fit(X, times)
    >>> bool(model.alpha_1se_ >= model.alpha_min_), model.score(X, times) > 0.7
    (True, True)
    """

    def __init__(
        self,
        penalty: str = "l2",
        *,
        alphas: str | ArrayLike = "auto",
        cv: Any = 5,
        selection: str | int = "min",
        relax: bool = False,
        ensemble: bool = False,
        n_jobs: int | None = None,
        ties: str = "breslow",
        l1_ratio: float = L1_RATIO,
        feature_groups: Mapping[str, Any] | None = None,
        penalty_factors: ArrayLike | None = None,
        layer_factors: ArrayLike | None = None,
        adaptive: bool = False,
        stopping: str | Callable[..., float] = "loss",
        network: str = AUTO,
        hidden_layer_sizes: int | Sequence[int] | None = None,
        activation: str | None = None,
        skip: bool | None = None,
        inputs: str | None = None,
        finish: bool = False,
        alpha_min_ratio: str | float = "auto",
        max_iter: int = MAX_ITER,
        tol: float = TOL,
        precision: str = "float32",
        verbose: bool | int = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        set_parameters(self, locals())
