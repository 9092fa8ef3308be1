"""`compare`: from a table to a verdict, as a call.

The result is one plain object, ready for JSON.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from tautnet.estimators.inputs import check_groups, take_predictors
from tautnet.estimators.refusals import refuse
from tautnet.inference.recommended import best_row, over_fitted, recommended_name
from tautnet.inference.result import as_json, study_detail
from tautnet.inference.table import Table, tabulate
from tautnet.objective.choices import DELTA, L1_RATIO, MAX_ITER, QUANTILE, TOL, implied_task
from tautnet.objective.networks import Network
from tautnet.objective.registry import default_names, penalty_kind, relaxed_forms
from tautnet.objective.tasks import loss_for
from tautnet.prose.verdict import write_verdict
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Integers
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.sample import Sample, encode, notes
from tautnet.tables.target import Target
from tautnet.validation.folds import fold_rows, partition_rows
from tautnet.validation.relaxed import Relaxed
from tautnet.validation.study import Study, candidates_for, run_study

if TYPE_CHECKING:
    import pandas as pd

    from tautnet.estimators.cross_validated import CrossValidated

DEFAULT_PENALTIES = tuple(default_names())


@dataclass(frozen=True)
class Comparison:
    """Penalties side by side.

    Attributes
    ----------
    result : dict
        The object that ``tautnet compare --json`` prints.
    detail : dict
        Everything that the report draws: curves, paths, exits, outer-fold predictions.
    model : TautNetClassifierCV, TautNetRegressorCV or TautNetSurvivalCV
        Under the recommended penalty, fitted on all rows; None where only the numbers are at
        hand.
    """

    result: dict[str, Any]
    detail: dict[str, Any]
    model: Any = None

    @property
    def verdict(self) -> str:
        """The verdict as one string."""
        return self.result["verdict"]

    @property
    def sentences(self) -> list[str]:
        """The verdict, sentence by sentence."""
        return self.detail["sentences"]

    @property
    def recommended(self) -> str:
        """Name of the penalty to use."""
        return self.result["recommended"]

    def frame(self) -> "pd.DataFrame":
        """The rows as a data frame, one penalty a row.

        The linear map and the honest choice stand below.
        """
        import pandas as pd

        rows = [
            *self.result["rows"],
            self.result["linear"],
            self.result["chosen"] | {"penalty": "chosen"},
        ]
        flat = [{k: v for k, v in row.items() if not isinstance(v, dict)} for row in rows]
        return pd.DataFrame(flat).set_index("penalty")

    def whole(self, command: str | None = None) -> dict[str, Any]:
        """The object that ``result.json`` holds, with ``detail``.

        The report is drawn from it.

        Parameters
        ----------
        command : str, optional
            What to type to get the same again.
        """
        return self.result | {"detail": self.detail | {"command": command}}

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write the report: one HTML file that loads nothing.

        Parameters
        ----------
        path : path
            Written over where it exists.

        Returns
        -------
        pathlib.Path
        """
        from tautnet.views.report import write_report

        return write_report(self.whole(), path)

    def _repr_html_(self) -> str:
        """The verdict and the table, for notebooks."""
        from tautnet.views.report import render_summary

        return render_summary(self.whole())

    def __repr__(self) -> str:
        return (
            f"Comparison({self.result['data']}, recommended={self.recommended!r})\n{self.verdict}"
        )


def compare(
    X: Any,
    y: Any,
    *,
    penalties: Sequence[str] = DEFAULT_PENALTIES,
    cv: Any = 5,
    repeats: int = 1,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    task: str = "auto",
    loss: str = "squared_error",
    delta: float = DELTA,
    quantile: float = QUANTILE,
    ties: str = "breslow",
    selection: str = "min",
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: str = "relu",
    skip: bool = True,
    l1_ratio: float = L1_RATIO,
    feature_groups: Mapping[str, Any] | None = None,
    penalty_factors: ArrayLike | None = None,
    finish: bool = False,
    relax: bool = False,
    alpha_min_ratio: str | float = "auto",
    max_iter: int = MAX_ITER,
    tol: float = TOL,
    ordered: bool = False,
    precision: str = "float32",
    random_state: int = 0,
    n_jobs: int | None = None,
    name: str = "table",
    on_progress: Callable[[float], None] | None = None,
    on_note: Callable[[str], None] | None = None,
) -> Comparison:
    """Compare penalties on a table by nested cross-validation and say what the numbers mean.

    Parameters
    ----------
    X : DataFrame or array (n_rows, n_predictors)
        Numbers, categories, dates; missing cells are imputed inside each fold.
    y : Series or array (n_rows,)
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
        intervals.
    sample_weight : array (n_rows,), optional
    task : {"auto", "classification", "regression", "survival"}
        For "survival" y is times and events, as `TautNetSurvival` takes them.
    loss : {"squared_error", "poisson", "huber", "quantile"}
        Of a regression.
    delta, quantile, ties : float, float, {"breslow", "efron"}
        As in `TautNetRegressor` and `TautNetSurvival`.
    selection : {"min", "1se"}
        The least cross-validated loss, or the most regularised model within one standard error.
    hidden_layer_sizes : tuple of int
        One number is one layer, ``()`` a linear map.
    activation : {"relu", "tanh", "silu", "identity"}
    skip : bool
        Whether a linear map runs beside the hidden layers.
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
        Start of the path as a share of a₀; "auto" is 1e-6, or 1e-2 with more columns than rows.
    max_iter, tol : int, float
        When finishing ends.
    ordered : bool
        Contiguous blocks as folds instead of shuffled rows.
    precision : {"float32", "float64"}
    random_state : int
    n_jobs : int, optional
        Jobs at once; None is 1, -1 all cores. Never changes a number.
    name : str
        What the table is called in the result.
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
    >>> table = linear_two(n_rows=60, n_predictors=3, seed=1)
    >>> result = compare(table.frame.drop(columns="y"), table.frame["y"], penalties=["l2"],
    ...                  cv=3, hidden_layer_sizes=(4,)).result
    >>> result["task"], result["recommended"]
    ('regression', 'l2')
    """
    # All arguments by name: it stands first, where there are no other names.
    given = dict(locals())
    refuse(given, door="compare")
    start = time.perf_counter()
    network = Network.of(hidden_layer_sizes, activation, skip)
    target, sample, encoder = encode(X, y, sample_weight, implied_task(task, loss))
    task_loss = loss_for(
        target.task, sample.y, sample.weight, loss=loss, delta=delta, quantile=quantile, ties=ties
    )
    taken = take_predictors(sample, encoder, feature_groups, penalty_factors)

    def settings_for(penalty: str, linear: bool) -> Settings:
        kind = penalty_kind(penalty)
        return Settings(
            penalty=kind.base,
            adaptive=kind.adaptive_of is not None,
            l1_ratio=l1_ratio,
            loss=task_loss,
            network=Network((), activation, False) if linear else network,
            alpha_min_ratio=alpha_min_ratio,
            finish=finish,
            tol=tol,
            max_iter=max_iter,
            precision=precision,
            seed=random_state,
            penalty_factors=taken.factors,
        )

    codes = check_groups(sample.X, groups)
    sample = taken.sample._replace(groups=codes)
    seeds = [random_state + repeat for repeat in range(repeats)]
    folds = _folds(target, sample, cv, ordered, seeds)
    if on_note:
        for note in notes(target, encoder):
            on_note(note)
    study = run_study(
        sample,
        candidates_for(penalties, settings_for),
        folds,
        selection=selection,
        relaxed=relaxed_forms() if relax else None,
        groups=codes,
        n_jobs=n_jobs,
        on_progress=on_progress,
    )
    table = tabulate(study)
    all_names = [str(name) for name in feature_groups or encoder.feature_names_in_]
    names = [all_names[i] for i in taken.predictors]
    result = _result(name, target, sample, study, table, random_state)
    result["detail"] = study_detail(study, table, encoder, target, names)
    sentences = write_verdict(result)
    result["detail"]["sentences"] = sentences
    result["verdict"] = " ".join(sentences)
    parameters = given | {"hidden_layer_sizes": network.hidden_layer_sizes}
    model = _recommended_model(result["recommended"], parameters, X, target, encoder, study)
    result["seconds"] = time.perf_counter() - start
    result["version"] = version("tautnet")
    result = as_json(result)
    return Comparison(result, result.pop("detail"), model)


def _folds(
    target: Target, sample: Sample, cv: Any, ordered: bool, seeds: list[int]
) -> list[Integers]:
    """The test fold of each row, once for each seed; of splits that are given, once."""
    if not isinstance(cv, Integral):
        return [partition_rows(target, sample.weight, cv, groups=sample.groups)]
    return [
        fold_rows(
            target,
            sample.weight,
            int(cv),
            nested=True,
            groups=sample.groups,
            ordered=ordered,
            seed=seed,
        )
        for seed in seeds
    ]


def _recommended_model(
    name: str,
    parameters: dict[str, Any],
    X: Any,
    target: Target,
    encoder: TableEncoder,
    study: Study,
) -> "CrossValidated":
    """The estimator of the recommended penalty, made of the chains of the comparison."""
    from tautnet.estimators.assembled import assemble

    kind = penalty_kind(name)
    own = {
        "penalty": kind.base,
        "adaptive": kind.adaptive_of is not None,
        "relax": kind.relaxed_of is not None,
    }
    relaxed = study.relaxed.get(name)
    if relaxed is None:
        relaxed = Relaxed.of_path(study.chosen[name][study.selection].chains)
    return assemble(parameters | own, X, target, encoder, study.sample, relaxed)


def _result(
    name: str, target: Target, sample: Sample, study: Study, table: Table, seed: int
) -> dict[str, Any]:
    """The object that the command prints, but for its detail, its verdict and its time."""
    return {
        "data": name,
        "target": target.name,
        "task": target.task,
        "n_rows": len(target.y),
        "n_predictors": sample.n_predictors,
        "metric": study.loss.metric_name,
        "null": {"test_loss": table.null_loss},
        "linear": table.linear,
        "rows": table.rows,
        "chosen": table.chosen,
        "best": best_row(table.rows)["penalty"],
        "recommended": recommended_name(table, sample.weight, study.groups),
        "over_fitted": over_fitted(table, sample.weight, study.groups),
        "verdict": "",
        "seed": seed,
    }
