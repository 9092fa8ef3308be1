"""`compare`: from a table to a verdict, as a call.

The result is one plain object, ready for JSON.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from importlib.metadata import version
from os import PathLike
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from tautnet.claims.result import as_json, result_of
from tautnet.compared import Comparison
from tautnet.compared_case import Case, rows_in_folds
from tautnet.compared_rows import ComparedRows
from tautnet.engine.jobs import stage
from tautnet.estimators.refusals import refuse, without_idle
from tautnet.estimators.warned import warn_of_target
from tautnet.inference.raced import raced
from tautnet.inference.study import Study, candidates_for, run_study
from tautnet.inference.table import tabulate
from tautnet.keeping.kept import resume as kept_in
from tautnet.objective.choices import (
    AUTO,
    DELTA,
    L1_RATIO,
    LINEAR,
    MAX_ITER,
    QUANTILE,
    STANDARDISED,
    TOL,
)
from tautnet.objective.registry import L2, default_names, penalty_kind, relaxed_forms
from tautnet.peers.boosting import Boosting, boost
from tautnet.planning.scope import Scope, scope_within
from tautnet.prose.verdict import put_in_words
from tautnet.refitting.relaxed import Relaxed
from tautnet.tables.codes import ordinal_codes
from tautnet.tables.target_columns import predictors_and_target
from tautnet.views.progress import heard

if TYPE_CHECKING:
    from tautnet.estimators.base_cv import CrossValidated

DEFAULT_PENALTIES = tuple(default_names())


def compare(
    X: Any,
    y: Any = None,
    *,
    target: str | None = None,
    penalties: Sequence[str] = DEFAULT_PENALTIES,
    cv: Any = 5,
    repeats: int = 1,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    task: str = "auto",
    loss: str = "squared_error",
    delta: float = DELTA,
    quantile: float = QUANTILE,
    clamp_output: bool = True,
    ties: str = "breslow",
    selection: str = "min",
    network: str = AUTO,
    hidden_layer_sizes: int | Sequence[int] | None = None,
    activation: str | None = None,
    skip: bool | None = None,
    inputs: str | None = None,
    l1_ratio: float = L1_RATIO,
    feature_groups: Mapping[str, Any] | None = None,
    penalty_factors: ArrayLike | None = None,
    finish: bool = False,
    relax: bool = False,
    alpha_min_ratio: str | float = "auto",
    max_iter: int = MAX_ITER,
    tol: float = TOL,
    ordered: bool = False,
    boosting: bool = True,
    time_limit: float | None = None,
    deliver: str | None = None,
    precision: str = "float32",
    random_state: int = 0,
    n_jobs: int | None = None,
    resume: str | PathLike[str] | None = None,
    name: str = "table",
    verbose: bool = False,
    on_progress: Callable[[float], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Comparison:
    """Compare penalties on a table by nested cross-validation and say what the numbers mean.

    Parameters
    ----------
    X : DataFrame or array (n_rows, n_predictors)
        Numbers, categories, dates; missing cells are imputed inside each fold.
    y : Series or array (n_rows,)
    target : str, optional
        The name of the column of X to predict, in the place of ``y``.
    penalties : sequence of str
        From those that `TautNetClassifier` names, and "adaptive_group", which is "group" with
        ``adaptive=True``. "early_stopping" and "dropout" have no certificate, and the rate of
        dropout is reported as alpha.
    cv : int, splitter or iterable
        Number of folds, outer and inner: the inner folds of an outer fold are the others. Or
        scikit-learn's splitters, or pairs of training and test rows, by which every row is a
        test row once and a training row of all other splits.
    repeats : int
        How often the folds are drawn anew; losses are averaged over repeats.
    groups : array (n_rows,), optional
        Rows of one group are never split between folds, and count as one observation in
        intervals. So do exact copies of a row, whatever their group.
    sample_weight : array (n_rows,), optional
    task : {"auto", "classification", "regression", "survival"}
        For "survival" y is times and events, as `TautNetSurvival` takes them.
    loss : {"squared_error", "poisson", "huber", "quantile"}
        Of a regression.
    delta, quantile, ties : float, float, {"breslow", "efron"}
        As in `TautNetRegressor` and `TautNetSurvival`.
    clamp_output : bool
        As in `TautNetRegressor`, in every fold. With ``ordered`` nothing is clamped: what comes
        later may go on beyond what was seen.
    selection : {"min", "1se"}
        The least cross-validated loss, or the most regularised model within one standard error.
    network : {"auto", "plain", "small", "deep"}, optional
        As in `TautNetClassifierCV`: "auto" chooses among networks under l2, for every outer fold
        on the other folds alone; the penalties are then compared under the network of each fold.
    hidden_layer_sizes : tuple of int
        One number is one layer, ``()`` a linear map.
    activation : {"relu", "tanh", "silu", "identity"}
    skip : bool
        Whether a linear map runs beside the hidden layers.
    inputs : {"standardised", "smooth", "splines"}
        As in `TautNetClassifier`; the linear model is given standardised columns.
    l1_ratio : float
        Share of l1 in "elasticnet" and "sparse_group".
    feature_groups, penalty_factors : dict and array, optional
        As in `TautNetClassifier`; groups are then what is counted and drawn as predictors. The
        factors are those of every penalty, of the linear model's too.
    finish : bool
        Score and deliver models that are solved in float64 (slower).
    relax : bool
        A further row, "relaxed_group": "group" with ``relax=True``. In every fold refits on the
        predictors that the path of "group" ranks first are judged beside it, which takes several
        times as long as that path.
    alpha_min_ratio : "auto" or float
        Start of the path as a share of a₀; "auto" is 1e-4, or 1e-6
        where a short trial on the rows says that weaker strengths help.
    max_iter, tol : int, float
        When finishing ends.
    ordered : bool
        The rows are in the order of time: contiguous blocks are folds instead of shuffled rows,
        and a block is one observation in intervals.
    boosting : bool
        A further row, "boosting": scikit-learn's histogram gradient boosting on the same folds.
    time_limit : float, optional
        Seconds that it may take, about: the most useful part of what is asked that fits is chosen
        by a few steps that are timed, before anything is fitted. ``result["plan"]`` holds the
        arguments that do the same again.
    deliver : str, optional
        What ``model`` is, in the place of what is recommended: a penalty compared, or "linear".
    precision : {"float32", "float64"}
    random_state : int
    n_jobs : int, optional
        Jobs at once; None is 1, -1 all cores. Never changes a number.
    resume : path, optional
        A directory for finished jobs, from which the same call goes on after a kill, see
        `tautnet.resume`.
    name : str
        What the table is called in the result.
    verbose : bool
        Show how far it has come: a bar on a terminal, or in a notebook that has ipywidgets, else
        a line every ten seconds.
    on_progress : callable, optional
        Called with the share done, from any thread.
    on_note : callable, optional
        Called with each decision about the table, a sentence, before anything is fitted.

    Returns
    -------
    Comparison

    Raises
    ------
    TableError
        When the table, the target or the folds cannot be used; the message says what to do. It
        is a ValueError.
    ValueError
        When an argument is wrong, or would do nothing.

    References
    ----------
    Bayle, Bayle, Janson and Mackey (2020), Cross-validation confidence intervals for test error.

    Examples
    --------
    >>> from tautnet.tables.datasets import linear_two
    >>> table = linear_two(n_rows=60, n_predictors=3, seed=2)
    >>> result = compare(table.frame.drop(columns="y"), table.frame["y"], penalties=["l2"],
    ...                  cv=3, hidden_layer_sizes=(4,)).result
    >>> result["task"], result["recommended"]
    ('regression', 'linear')
    """
    # All arguments by name: it stands first, where there are no other names.
    given = dict(locals())
    refuse(given, door="compare")
    given["clamp_output"] = clamp_output and not ordered
    start = time.perf_counter()
    X, y = predictors_and_target(X, y, target)
    given |= {"X": X, "y": y}
    rows = rows_in_folds(given)
    case = Case.of(rows, given)
    rows.tell(on_note)
    warn_of_target(rows.target, rows.sample.weight, on_note, stacklevel=2)
    reason = "it was not asked for" if not boosting else case.reason_against_boosting
    scope = Scope(tuple(penalties), network, cv, reason is None)
    plan = None
    keeper = nullcontext() if resume is None else kept_in(resume)
    with keeper, heard(verbose, on_progress) as on_progress:
        if time_limit is not None:
            scope, plan = scope_within(time_limit, scope, case.estimate(given), rows.folds, deliver)
            given |= {"network": scope.network, "cv": scope.cv}
            rows = rows if scope.cv is cv else rows_in_folds(given)
            case = Case.of(rows, given)
        if not scope.boosting:
            reason = reason or "there was no time for it"
        ends = 0.9 if scope.boosting else 1.0
        study = run_study(
            case.sample,
            candidates_for(scope.penalties, case.settings_for),
            rows.folds,
            selection=selection,
            relaxed=relaxed_forms() if relax else None,
            networks=case.networks,
            groups=case.sample.groups,
            n_jobs=n_jobs,
            on_progress=stage(on_progress, 0.0, ends),
        )
        on_trees = stage(on_progress, ends, 1.0)
        trees = _boosted(rows, study, n_jobs, on_trees) if scope.boosting else None
    table = tabulate(study, rows.target, boosting=trees, in_order=ordered)
    names = rows.names_of(case.predictors, feature_groups)
    found = rows.findings
    result = result_of(study, table, rows.target, rows.encoder, names, found, plan, deliver)
    result |= {"data": name, "boosting_reason": reason, "seed": random_state}
    result["networks"] = raced(study, table.observations)
    given |= study.network.arguments
    result["detail"]["settings"] = _settings(given, result["delivered"], result["task"])
    result = put_in_words(as_json(result))
    model = _delivered_model(result["delivered"], given, X, rows, study)
    result |= {"seconds": time.perf_counter() - start, "version": version("tautnet")}
    return Comparison(result, result.pop("detail"), model)


def _boosted(
    rows: ComparedRows,
    study: Study,
    n_jobs: int | None,
    on_progress: Callable[[float], None] | None,
) -> Boosting:
    """Boosted trees on the folds of a study."""
    codes, is_category = ordinal_codes(rows.encoder, rows.frame)
    return boost(
        codes,
        is_category,
        study.sample,
        study.loss,
        study.folds,
        n_jobs=n_jobs,
        on_progress=on_progress,
    )


def _delivered_model(
    name: str,
    parameters: dict[str, Any],
    X: Any,
    rows: ComparedRows,
    study: Study,
) -> "CrossValidated":
    """The estimator of a row, made of the chains of the comparison."""
    from tautnet.estimators.assembled import assemble

    own = settings_of(name)
    relaxed = study.relaxed.get(name)
    if relaxed is None:
        relaxed = Relaxed.of_path(study.chosen[name][study.selection].chains)
    return assemble(parameters | own, X, rows.target, rows.encoder, study.sample, relaxed)


# Arguments that an estimator shares with a comparison.
SETTINGS = (
    "loss",
    "delta",
    "quantile",
    "clamp_output",
    "ties",
    "selection",
    "hidden_layer_sizes",
    "activation",
    "skip",
    "inputs",
    "l1_ratio",
    "finish",
    "alpha_min_ratio",
    "max_iter",
    "tol",
    "precision",
    "random_state",
)


def _settings(given: Mapping[str, Any], name: str, task: str) -> dict[str, Any]:
    """The arguments of an estimator that fits again what is delivered."""
    settings = {key: given[key] for key in SETTINGS} | settings_of(name)
    applied = without_idle(settings | {"task": task})
    return {key: applied[key] for key in settings}


def settings_of(name: str) -> dict[str, Any]:
    """The arguments of an estimator that make a row of a comparison.

    Examples
    --------
    >>> settings_of("adaptive_group")
    {'penalty': 'group', 'adaptive': True, 'relax': False}
    >>> settings_of("linear")["hidden_layer_sizes"]
    ()
    """
    if name == LINEAR:
        linear = {"hidden_layer_sizes": (), "inputs": STANDARDISED}
        return {"penalty": L2, "adaptive": False, "relax": False} | linear
    kind = penalty_kind(name)
    return kind.arguments | {"relax": kind.relaxed_of is not None}
