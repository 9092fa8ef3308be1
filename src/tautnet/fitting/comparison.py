"""`compare`: from a table to a verdict, as a call; the result is one plain object, ready for JSON."""

import math
import time
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

from tautnet.fitting.crossval import fold_rows
from tautnet.fitting.intervals import paired_difference
from tautnet.fitting.sample import encode, notes
from tautnet.fitting.settings import Settings
from tautnet.fitting.study import (
    best_row,
    candidates_for,
    mean_train_loss,
    over_fitted,
    recommended_name,
    run_study,
    tabulate,
)
from tautnet.fitting.verdict import write_verdict
from tautnet.objective.networks import ACTIVATIONS, Network
from tautnet.objective.penalties import PENALTIES
from tautnet.objective.tasks import REGRESSION_LOSSES, TIES, loss_for

DEFAULT_PENALTIES = ("none", "l2", "l1", "elasticnet", "group")
LARGEST_LISTED = 20_000


@dataclass(frozen=True)
class Comparison:
    """Penalties side by side.

    Attributes
    ----------
    result : dict
        The object that ``tautnet compare --json`` prints.
    detail : dict
        Everything that the report draws: curves, paths, exits, outer-fold predictions.
    sentences : list of str
        The verdict, sentence by sentence.
    """

    result: dict
    detail: dict
    sentences: list

    @property
    def verdict(self):
        """The verdict as one string."""
        return self.result["verdict"]

    @property
    def recommended(self):
        """Name of the penalty to use."""
        return self.result["recommended"]

    def frame(self):
        """The rows as a data frame, one penalty a row, the linear map and the honest choice below."""
        import pandas as pd

        rows = [*self.result["rows"], self.result["linear"], self.result["chosen"] | {"penalty": "chosen"}]
        flat = [{k: v for k, v in row.items() if not isinstance(v, dict)} for row in rows]
        return pd.DataFrame(flat).set_index("penalty")

    def __repr__(self):
        return f"Comparison({self.result['data']}, recommended={self.recommended!r})\n{self.verdict}"


def compare(
    X,
    y,
    *,
    penalties=DEFAULT_PENALTIES,
    cv=5,
    repeats=1,
    groups=None,
    sample_weight=None,
    task="auto",
    loss="squared_error",
    delta=1.35,
    quantile=0.5,
    ties="breslow",
    selection="min",
    hidden_layer_sizes=(100,),
    activation="relu",
    skip=True,
    l1_ratio=0.5,
    finish=False,
    alpha_min_ratio="auto",
    max_iter=2000,
    tol=0.05,
    ordered=False,
    precision="float32",
    random_state=0,
    n_jobs=None,
    name="table",
    on_progress=None,
    on_note=None,
):
    """Compare penalties on a table by nested cross-validation and say what the numbers mean.

    Parameters
    ----------
    X : DataFrame or array (n_rows, n_predictors)
        Numbers, categories, dates; missing cells are imputed inside each fold.
    y : Series or array (n_rows,)
    penalties : sequence of str
        From "none", "l2", "l1", "elasticnet", "group", "early_stopping", "dropout"; the last two have no
        certificate, and the rate of dropout is reported as alpha.
    cv : int
        Number of folds, outer and inner: the inner folds of an outer fold are the others.
    repeats : int
        How often the folds are drawn anew; losses are averaged over repeats.
    groups : array (n_rows,), optional
        Rows of one group are never split between folds, and count as one observation in intervals.
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
        ``()`` is a linear map.
    activation : {"relu", "tanh", "silu", "identity"}
    skip : bool
        Whether a linear map runs beside the hidden layers.
    l1_ratio : float
        ρ of the elastic net.
    finish : bool
        Score and deliver models that are solved in float64 (slower).
    alpha_min_ratio : "auto" or float
        Start of the path as a share of a₀; "auto" is 1e-6, or 1e-2 with more columns than rows.
    max_iter, tol : int, float
        When finishing ends.
    ordered : bool
        Contiguous blocks as folds instead of shuffled rows.
    precision : {"float32", "float64"}
    random_state : int
    n_jobs : int, optional
        Units of work at once; None is 1, -1 all cores. Never changes a number.
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
        When the table, the target or the folds cannot be used; the message says what to do. It is a ValueError.
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
    _check(penalties, cv, repeats, selection, activation, l1_ratio, ordered, groups, hidden_layer_sizes)
    target, sample, encoder = encode(X, y, sample_weight, task if loss == "squared_error" else "regression")
    _check_loss(target.task, task, loss, delta, quantile, ties)
    loss = loss_for(target.task, sample.y, sample.weight, loss=loss, delta=delta, quantile=quantile, ties=ties)

    def settings_for(penalty, linear):
        network = Network(() if linear else tuple(hidden_layer_sizes), activation, skip and not linear)
        return Settings(
            penalty=penalty, l1_ratio=l1_ratio, loss=loss, network=network, alpha_min_ratio=alpha_min_ratio,
            finish=finish, tol=tol, max_iter=max_iter, precision=precision, seed=random_state,
        )  # fmt: skip

    codes = None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    sample = sample._replace(groups=codes)
    folds = [
        fold_rows(target, sample.weight, cv, nested=True, groups=codes, ordered=ordered, seed=random_state + repeat)
        for repeat in range(repeats)
    ]
    for note in notes(target, encoder) if on_note else ():
        on_note(note)
    study = run_study(
        sample, candidates_for(penalties, settings_for), folds, selection=selection, groups=codes,
        n_jobs=n_jobs, on_progress=on_progress,
    )  # fmt: skip
    table = tabulate(study)
    result = _result(name, target, sample, study, table, random_state)
    result["detail"] = _detail(study, table, encoder, target)
    sentences = write_verdict(result)
    result["verdict"] = " ".join(sentences)
    result["seconds"] = time.perf_counter() - start
    result["version"] = version("tautnet")
    result = plain(result)
    return Comparison(result, result.pop("detail"), sentences)


def _check(penalties, cv, repeats, selection, activation, l1_ratio, ordered, groups, hidden):
    """Raise where an argument is wrong, or would do nothing."""
    for name in penalties:
        if name not in PENALTIES:
            raise ValueError(f"no penalty {name!r}: use some of {', '.join(PENALTIES)}")
    for wrong, why in (
        (not penalties or len(set(penalties)) < len(penalties), "name at least one penalty, and each once"),
        (cv < 3, f"cv={cv}: nested cross-validation needs at least 3 folds"),
        (repeats < 1, f"repeats={repeats}: at least 1 is needed"),
        (selection not in ("min", "1se"), f"selection={selection!r} is neither 'min' nor '1se'"),
        (activation not in ACTIVATIONS, f"activation={activation!r} is not one of {', '.join(ACTIVATIONS)}"),
        (not 0 <= l1_ratio <= 1, f"l1_ratio={l1_ratio} is not between 0 and 1"),
        ("dropout" in penalties and not hidden, "dropout leaves hidden units out: it needs a hidden layer"),
        (l1_ratio != 0.5 and "elasticnet" not in penalties, f"l1_ratio={l1_ratio} changes nothing without elasticnet"),
        (ordered and repeats > 1, f"repeats={repeats} changes nothing where ordered=True leaves nothing to draw"),
        (ordered and groups is not None, "ordered=True cuts folds by the order of rows, groups by groups: use one"),
    ):
        if wrong:
            raise ValueError(why)


def _check_loss(found, task, loss, delta, quantile, ties):
    """Raise where a loss is unknown, or where it or one of its numbers would do nothing."""
    if loss not in REGRESSION_LOSSES:
        raise ValueError(f"no loss {loss!r}: use one of {', '.join(REGRESSION_LOSSES)}")
    for wrong, why in (
        (loss != "squared_error" and task not in ("auto", "regression"), f"loss={loss!r} is that of a regression"),
        (delta <= 0, f"delta={delta} is not above 0"),
        (not 0 < quantile < 1, f"quantile={quantile} is not between 0 and 1"),
        (ties not in TIES, f"ties={ties!r} is not one of {', '.join(TIES)}"),
        (delta != 1.35 and loss != "huber", f"delta={delta} changes nothing without loss='huber'"),
        (quantile != 0.5 and loss != "quantile", f"quantile={quantile} changes nothing without loss='quantile'"),
        (ties != "breslow" and found != "survival", f"ties={ties!r} changes nothing without task='survival'"),
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


def _detail(study, table, encoder, target):
    sample, network = study.sample, study.network
    best = table.outer[best_row(table.rows)["penalty"]].losses
    others = [row["penalty"] for row in table.rows if row is not best_row(table.rows)]
    versus = {n: paired_difference(table.outer[n].losses, best, sample.weight, study.groups) for n in others}
    recommended = recommended_name(table, sample.weight, study.groups)
    return {
        "folds": int(study.folds[0].max() + 1),
        "repeats": len(study.folds),
        "selection": study.selection,
        "hidden_layer_sizes": list(network.hidden_layer_sizes),
        "activation": network.activation,
        "skip": network.skip,
        "predictors": list(encoder.predictors),
        "left_out": dict(encoder.left_out),
        "kinds": dict(encoder.kinds),
        "columns": list(encoder.column_names),
        "classes": None if target.classes is None else [str(c) for c in target.classes],
        "decision": target.decision,
        "vs_best": {n: {"diff": d.diff, "ci_low": d.ci_low, "ci_high": d.ci_high} for n, d in versus.items()},
        "penalties": {name: penalty_detail(study, name, encoder.predictors) for name in study.nested},
        "none": _none_detail(study) if "none" in study.nested else None,
        "predictions": _predictions(study, table.outer[recommended], recommended),
    }


def penalty_detail(study, name, predictors):
    """Curves, path and exits of one candidate."""
    refit, nested = study.refits[name], study.nested[name]
    path, curve = refit.path, refit.curve
    singles = [nested.single(r, k).path for r, fold in enumerate(study.folds) for k in range(fold.max() + 1)]
    exits = exit_alphas(path.alphas, path.norms > 0)
    order = sorted((i for i, e in enumerate(exits) if e is not None), key=lambda i: exits[i])
    chosen = curve.index(study.selection)
    arrays = ("alphas", "norms", "n_features", "train_loss", "weight_squares", "weight_magnitudes", "weight_max",
              "zero_weights", "histograms", "stationarity", "objective_gap")  # fmt: skip
    return {
        "alphas": curve.alphas,
        "cv_mean": curve.mean,
        "cv_se": curve.standard_error,
        "train_mean": mean_train_loss(singles, curve.alphas),
        "alpha_min": curve.alpha("min"),
        "alpha_1se": curve.alpha("1se"),
        "at_edge": bool(chosen == 0 and len(curve.alphas) > 1),
        "outer_alphas": nested.outer(study.selection).alphas,
        "path": {name: getattr(path, name) for name in arrays},
        "histogram_limit": path.histogram_limit,
        "exit_order": [predictors[i] for i in order],
        "exit_alpha": exits,
        "exit_alpha_folds": [exit_alphas(p.alphas, p.norms > 0) for p in singles],
        "unit_exit_alpha": exit_alphas(path.alphas, path.units_alive),
    }


def exit_alphas(alphas, alive):
    """For each column the strength from which on it is never alive again, or None.

    Examples
    --------
    >>> exit_alphas([0.1, 1.0, 10.0], np.array([[True, True], [False, True], [False, True]]))
    [1.0, None]
    """
    last = len(alphas) - 1 - np.argmax(alive[::-1], axis=0)
    never = ~alive.any(axis=0)
    first_gone = np.where(never, 0, last + 1)
    return [float(alphas[i]) if i < len(alphas) else None for i in first_gone]


def _none_detail(study):
    """The training of ``none``: loss on rows seen and not seen against steps."""
    nested, loss = study.nested["none"], study.loss
    chains = [(nested.single(r, k), k) for r, fold in enumerate(study.folds) for k in range(fold.max() + 1)]
    path = study.refits["none"].path
    # A log-loss this small on every row means that every class is far from its boundary.
    separated = loss.score_name == "accuracy" and path.train_loss[-1] < 0.01
    return {
        "steps": path.steps,
        "train": np.mean([chain.path.train_loss for chain, _ in chains], axis=0),
        "test": np.mean([chain.losses[k] for chain, k in chains], axis=0),
        "separated": bool(separated),
    }


def _predictions(study, outer, name):
    """Outer-fold predictions of a penalty: row by row, or means of 200 equal parts of a large table."""
    loss, sample = study.loss, study.sample
    mean = loss.mean(outer.outputs)
    if len(mean) <= LARGEST_LISTED:
        return {"penalty": name, "target": sample.y, "prediction": mean}
    order = np.argsort(mean[:, -1], kind="stable")
    parts = np.array_split(order, 200)
    return {
        "penalty": name,
        "target": [sample.y[part].mean(axis=0) for part in parts],
        "prediction": [mean[part].mean(axis=0) for part in parts],
        "counts": [len(part) for part in parts],
    }


def plain(value):
    """A value in JSON's own types: arrays as lists, whole numbers as int, NaN and infinities as None."""
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
