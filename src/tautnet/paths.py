"""`fit_path`: the whole path of one penalty on all rows, as a call."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike

from tautnet.engine.jobs import run_jobs
from tautnet.estimators.assembled import estimator_for
from tautnet.estimators.base import predictor_names, prepare
from tautnet.estimators.refusals import refuse
from tautnet.objective.choices import (
    DELTA,
    L1_RATIO,
    MAX_ITER,
    QUANTILE,
    STANDARDISED,
    TOL,
    implied_task,
)
from tautnet.objective.strengths import as_strengths
from tautnet.solving.path import Path
from tautnet.solving.settings import Request
from tautnet.tables.target import as_target
from tautnet.validation.chain import ChainJob


def fit_path(
    X: Any,
    y: Any,
    *,
    penalty: str = "l2",
    alphas: str | ArrayLike = "auto",
    sample_weight: ArrayLike | None = None,
    task: str = "auto",
    loss: str = "squared_error",
    delta: float = DELTA,
    quantile: float = QUANTILE,
    clamp_output: bool = True,
    ties: str = "breslow",
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: str = "relu",
    skip: bool = True,
    inputs: str = STANDARDISED,
    l1_ratio: float = L1_RATIO,
    feature_groups: Mapping[str, Any] | None = None,
    penalty_factors: ArrayLike | None = None,
    layer_factors: ArrayLike | None = None,
    finish: bool = False,
    alpha_min_ratio: str | float = "auto",
    max_iter: int = MAX_ITER,
    tol: float = TOL,
    precision: str = "float32",
    random_state: int = 0,
) -> Path:
    """Fit one penalty at every strength, from over-fitted to null, on all rows.

    Nothing is cross-validated: the path says how weights, predictors and the loss on the rows
    seen follow the strength, not which strength is good. It is the path that a ``CV`` estimator
    of the same arguments walks on all rows, with the parameters and the certificate of every
    strength.

    Parameters
    ----------
    X : DataFrame or array (n_rows, n_predictors)
        Numbers, categories, dates; missing cells are imputed.
    y : Series or array (n_rows,)
    penalty : str
        As in `TautNetClassifier`. Under "none" and "early_stopping" there is no strength: their
        points are steps.
    alphas : "auto" or array
        Strengths; the automatic grid covers over-fitted to null. Under "dropout" rates.
    sample_weight : array (n_rows,), optional
    task : {"auto", "classification", "regression", "survival"}
        For "survival" y is times and events, as `TautNetSurvival` takes them.
    loss : {"squared_error", "poisson", "huber", "quantile"}
        Of a regression.
    delta, quantile, ties : float, float, {"breslow", "efron"}
        As in `TautNetRegressor` and `TautNetSurvival`.
    clamp_output : bool
        As in `TautNetRegressor`: losses on the path are those of clamped predictions.
    hidden_layer_sizes, activation, skip, inputs, l1_ratio, feature_groups, penalty_factors,
    layer_factors, finish alpha_min_ratio, max_iter, tol, precision
        As in `TautNetClassifier`.
    random_state : int

    Returns
    -------
    Path
        Its ``predictors`` name the columns of ``norms``; ``parameters`` holds every strength.

    Raises
    ------
    TableError
        When the table or the target cannot be used; the message says what to do. It is a
        ValueError.
    ValueError
        When an argument is wrong, or would do nothing.

    References
    ----------
    Friedman, Hastie and Tibshirani (2010), Regularization paths for generalized linear models
    via coordinate descent, Journal of Statistical Software 33(1): the function ``glmnet``.

    Examples
    --------
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=3, seed=0)
    >>> path = fit_path(table.frame[["x1", "x2", "x3"]], table.frame["y"], penalty="l1",
    ...     hidden_layer_sizes=())
    >>> path.n_features[0], path.n_features[-1], bool((path.stationarity < 0.05).all())
    (np.int64(3), np.int64(0), True)
    >>> path.predictors[path.norms[-8].argmax()]
    'x1'
    """
    arguments = dict(
        penalty=penalty,
        alphas=alphas,
        loss=loss,
        delta=delta,
        quantile=quantile,
        clamp_output=clamp_output,
        ties=ties,
        hidden_layer_sizes=hidden_layer_sizes,
        activation=activation,
        skip=skip,
        inputs=inputs,
        l1_ratio=l1_ratio,
        feature_groups=feature_groups,
        penalty_factors=penalty_factors,
        layer_factors=layer_factors,
        finish=finish,
        alpha_min_ratio=alpha_min_ratio,
        max_iter=max_iter,
        tol=tol,
        precision=precision,
        random_state=random_state,
    )
    refuse(arguments | {"task": task}, door="fit_path")
    target = as_target(y, implied_task(task, loss))
    estimator = estimator_for(target.task, arguments)
    sample, settings = prepare(estimator, X, y, sample_weight)
    request = Request(as_strengths(alphas), keep="all", certify="all")
    [chain] = run_jobs(sample, [ChainJob(settings, request)])
    return replace(chain.path, predictors=predictor_names(estimator))
