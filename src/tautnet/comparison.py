"""`compare`: from a table to a verdict, as a call; the result is one plain object, ready for
JSON.
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
from tautnet.inference.recommended import best_row, over_fitted, recommended_name
from tautnet.inference.result import as_json, study_detail
from tautnet.inference.table import tabulate
from tautnet.objective.networks import ACTIVATIONS, Network, layer_sizes
from tautnet.objective.registry import default_names, names_where, penalty_kind, relaxed_forms
from tautnet.objective.tasks import REGRESSION_LOSSES, TIES, loss_for
from tautnet.prose.verdict import write_verdict
from tautnet.solving.settings import Settings
from tautnet.tables.sample import encode, notes
from tautnet.validation.folds import fold_rows, partition_rows
from tautnet.validation.relaxed import Relaxed
from tautnet.validation.study import candidates_for, run_study

if TYPE_CHECKING:
    import pandas as pd

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
        """The rows as a data frame, one penalty a row, the linear map and the honest choice
        below.
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
        """The object that ``result.json`` holds, with ``detail``, from which the report is
        drawn.

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

    def _repr_html_(self):
        """The verdict and the table, for notebooks."""
        from tautnet.views.report import render_summary

        return render_summary(self.whole())

    def __repr__(self):
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
    delta: float = 1.35,
    quantile: float = 0.5,
    ties: str = "breslow",
    selection: str = "min",
    hidden_layer_sizes: int | Sequence[int] = (100,),
    activation: str = "relu",
    skip: bool = True,
    l1_ratio: float = 0.5,
    feature_groups: Mapping[str, Any] | None = None,
    penalty_factors: ArrayLike | None = None,
    finish: bool = False,
    relax: bool = False,
    alpha_min_ratio: str | float = "auto",
    max_iter: int = 2000,
    tol: float = 0.05,
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
    start = time.perf_counter()
    sizes = layer_sizes(hidden_layer_sizes)
    network = Network(sizes, activation, skip and bool(sizes))
    _check(penalties, cv, repeats, selection, l1_ratio, feature_groups, ordered, groups, network)
    _check_relax(relax, penalties, finish, network)
    target, sample, encoder = encode(
        X, y, sample_weight, task if loss == "squared_error" else "regression"
    )
    check_loss(target.task, task, loss, delta, quantile, ties)
    chosen_loss = loss_for(
        target.task, sample.y, sample.weight, loss=loss, delta=delta, quantile=quantile, ties=ties
    )
    taken = take_predictors(sample, encoder, feature_groups, penalty_factors)

    def settings_for(penalty, linear):
        return Settings(
            penalty=penalty_kind(penalty).base,
            adaptive=penalty_kind(penalty).adaptive_of is not None,
            l1_ratio=l1_ratio,
            loss=chosen_loss,
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
    if isinstance(cv, Integral):
        folds = [
            fold_rows(
                target,
                sample.weight,
                cv,
                nested=True,
                groups=codes,
                ordered=ordered,
                seed=random_state + repeat,
            )
            for repeat in range(repeats)
        ]
    else:
        folds = [partition_rows(target, sample.weight, cv, groups=codes)]
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
    table, names = (
        tabulate(study),
        [str(name) for name in feature_groups or encoder.feature_names_in_],
    )
    names = [names[i] for i in taken.predictors]
    result = _result(name, target, sample, study, table, random_state)
    result["detail"] = study_detail(study, table, encoder, target, names)
    sentences = result["detail"]["sentences"] = write_verdict(result)
    result["verdict"] = " ".join(sentences)
    parameters = dict(
        cv=cv,
        selection=selection,
        n_jobs=n_jobs,
        loss=loss,
        delta=delta,
        quantile=quantile,
        ties=ties,
        l1_ratio=l1_ratio,
        feature_groups=feature_groups,
        penalty_factors=penalty_factors,
        hidden_layer_sizes=sizes,
        activation=activation,
        skip=skip,
        finish=finish,
        alpha_min_ratio=alpha_min_ratio,
        max_iter=max_iter,
        tol=tol,
        precision=precision,
        random_state=random_state,
    )
    model = _recommended_model(result["recommended"], parameters, X, target, encoder, study)
    result["seconds"] = time.perf_counter() - start
    result["version"] = version("tautnet")
    result = as_json(result)
    return Comparison(result, result.pop("detail"), model)


def _recommended_model(name, parameters, X, target, encoder, study):
    """The estimator of the recommended penalty, made of the chains of the comparison."""
    from tautnet.estimators.assembled import assemble

    kind = penalty_kind(name)
    own = {
        "penalty": kind.base,
        "adaptive": kind.adaptive_of is not None,
        "relax": kind.relaxed_of is not None,
    }
    relaxed = study.relaxed.get(name) or Relaxed.of_path(study.fits[name])
    return assemble(parameters | own, X, target, encoder, study.sample, relaxed)


def _check(penalties, cv, repeats, selection, l1_ratio, feature_groups, ordered, groups, network):
    """Raise where an argument is wrong, or would do nothing."""
    activation = network.activation
    if isinstance(penalties, str):
        raise ValueError(f"penalties={penalties!r} is one name: give a list, as [{penalties!r}]")
    for name in penalties:
        kind = penalty_kind(name)
        complaint = kind.complaint(network)
        if complaint:
            raise ValueError(complaint)
    is_number = isinstance(cv, Integral)
    for wrong, why in (
        (
            not penalties or len(set(penalties)) < len(penalties),
            "name at least one penalty, and each once",
        ),
        (is_number and cv < 3, f"cv={cv}: nested cross-validation needs at least 3 folds"),
        (
            not is_number and repeats > 1,
            f"repeats={repeats} changes nothing where cv gives the splits",
        ),
        (not is_number and ordered, "ordered=True changes nothing where cv gives the splits"),
        (repeats < 1, f"repeats={repeats}: at least 1 is needed"),
        (selection not in ("min", "1se"), f"selection={selection!r} is neither 'min' nor '1se'"),
        (
            activation not in ACTIVATIONS,
            f"activation={activation!r} is not one of {', '.join(ACTIVATIONS)}",
        ),
        (not 0 <= l1_ratio <= 1, f"l1_ratio={l1_ratio} is not between 0 and 1"),
        (
            l1_ratio != 0.5 and not any(penalty_kind(name).uses_l1_ratio for name in penalties),
            f"l1_ratio={l1_ratio} changes nothing without "
            + " or ".join(names_where("uses_l1_ratio")),
        ),
        (
            feature_groups is not None
            and not any(penalty_kind(name).is_joint for name in penalties),
            f"feature_groups changes nothing without {', '.join(names_where('is_joint'))}",
        ),
        (
            ordered and repeats > 1,
            f"repeats={repeats} changes nothing where ordered=True leaves nothing to draw",
        ),
        (
            ordered and groups is not None,
            "ordered=True cuts folds by the order of rows, groups by groups: use one",
        ),
    ):
        if wrong:
            raise ValueError(why)


def _check_relax(relax, penalties, finish, network):
    """Raise where refits are asked for that cannot be made."""
    for wrong, why in (
        (
            relax and not {*relaxed_forms().values()} <= {*penalties},
            "relax=True refits what group ranks first: name group too",
        ),
        (
            relax and finish and not network.is_linear,
            "relax=True needs finish=False: refits are scored as they are",
        ),
    ):
        if wrong:
            raise ValueError(why)


def check_loss(found, task, loss, delta, quantile, ties):
    """Raise where a loss is unknown, or where it or one of its numbers would do nothing."""
    if loss not in REGRESSION_LOSSES:
        raise ValueError(f"no loss {loss!r}: use one of {', '.join(REGRESSION_LOSSES)}")
    for wrong, why in (
        (
            loss != "squared_error" and task not in ("auto", "regression"),
            f"loss={loss!r} is that of a regression",
        ),
        (delta <= 0, f"delta={delta} is not above 0"),
        (not 0 < quantile < 1, f"quantile={quantile} is not between 0 and 1"),
        (ties not in TIES, f"ties={ties!r} is not one of {', '.join(TIES)}"),
        (delta != 1.35 and loss != "huber", f"delta={delta} changes nothing without loss='huber'"),
        (
            quantile != 0.5 and loss != "quantile",
            f"quantile={quantile} changes nothing without loss='quantile'",
        ),
        (
            ties != "breslow" and found != "survival",
            f"ties={ties!r} changes nothing without task='survival'",
        ),
    ):
        if wrong:
            raise ValueError(why)


def _result(name, target, sample, study, table, seed):
    return {
        "data": name,
        "target": target.name,
        "task": target.task,
        "n_rows": len(sample.y),
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
