"""What a report draws: curves, paths, exits and outer-fold predictions, as plain lists."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import numpy as np
from numpy.typing import ArrayLike

from tautnet.inference.curves import mean_train_loss, training_curve
from tautnet.inference.diagnostics import calibration, confusion, survival_by_risk
from tautnet.inference.exits import exit_alphas
from tautnet.inference.intervals import paired_difference
from tautnet.inference.neighbours import neighbours
from tautnet.inference.recommended import Row, best_row
from tautnet.inference.study import Study
from tautnet.inference.table import CHOSEN, Table, as_dict, residuals_of
from tautnet.objective.registry import BASELINE
from tautnet.tables.arrays import Cells, Floats, Integers
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.target import Target
from tautnet.validation.chains import Outer

LARGEST_LISTED = 20_000
# Parts of equally many rows that stand for the rows of a larger table.
PARTS = 200
# Packages whose version may change a number.
VERSIONS = ("tautnet", "jax", "numpy", "scikit-learn")
# What a report draws along a path.
ALONG_THE_PATH = (
    "n_features",
    "train_loss",
    "norms",
    "unit_norms",
    "weight_squares",
    "weight_magnitudes",
    "weight_max",
    "zero_weights",
    "histograms",
    "stationarity",
    "objective_gap",
)


def study_detail(
    study: Study,
    table: Table,
    encoder: TableEncoder,
    target: Target,
    predictors: Sequence[str],
    delivered: str,
) -> Row:
    """All that a report draws of a study whose predictors have names.

    Curves have five digits, strengths are exact. Predictions are those of what is delivered.
    """
    network = study.network
    versions = {"python": platform.python_version()}
    versions |= {name: version(name) for name in VERSIONS}
    return {
        "folds": int(study.folds[0].max() + 1),
        "repeats": len(study.folds),
        "selection": study.selection,
        "hidden_layer_sizes": list(network.hidden_layer_sizes),
        "activation": network.activation,
        "skip": network.skip,
        "inputs": network.inputs,
        "predictors": list(predictors),
        "left_out": dict(encoder.left_out),
        "doubtful": dict(encoder.doubtful),
        "kinds": dict(encoder.kinds),
        "columns": list(encoder.column_names),
        "classes": None if target.classes is None else [str(one) for one in target.classes],
        "decision": target.decision,
        "versions": versions,
        "vs_best": _versus_best(study, table),
        "penalties": {
            name: penalty_detail(study, name, table.outer[name], predictors) for name in study.fits
        },
        "relaxed": {name: _five_digits_each(one.results()) for name, one in study.relaxed.items()},
        "none": _none_detail(study) if BASELINE in study.fits else None,
        "predictions": _predictions(study, table.outer[delivered], delivered, target),
        "observations": _observed(study, table),
        "neighbours": _neighbours(study, table),
    }


def _observed(study: Study, table: Table) -> Row:
    """What counts as one observation, and how many there are."""
    codes, in_order = table.observations
    counted = study.sample.weight > 0
    if codes is None:
        return {"n": int(counted.sum()), "are": "rows"}
    return {"n": len(np.unique(codes[counted])), "are": "blocks" if in_order else "groups"}


def _neighbours(study: Study, table: Table) -> float | None:
    """How like the errors of neighbouring rows are, where rows were shuffled into folds."""
    if table.observations.codes is not None or study.loss.score_name == "c_index":
        return None
    residuals = residuals_of(study, table.outer[CHOSEN].outputs)
    return neighbours(residuals, study.sample.y, study.sample.weight)


def _versus_best(study: Study, table: Table) -> dict[str, Row]:
    """By how much each row's loss exceeds the least one, with its interval."""
    best = best_row(table.rows)
    own = table.outer[best["penalty"]].losses
    found = {}
    for row in table.rows:
        if row is not best:
            losses = table.outer[row["penalty"]].losses
            excess = paired_difference(losses, own, study.sample.weight, table.observations)
            found[row["penalty"]] = as_dict(excess)
    return found


def penalty_detail(study: Study, name: str, outer: Outer, predictors: Sequence[str]) -> Row:
    """Curves, path and exits of one candidate."""
    choice = study.chosen[name][study.selection]
    path = study.fits[name].path_of(choice)
    chains = choice.chains
    curve = chains.curve()
    singles = [chain.path for chain, _ in chains.singles]
    exits = exit_alphas(path.alphas, path.norms > 0)
    leaving = [(alpha, i) for i, alpha in enumerate(exits) if alpha is not None]
    # Where the grid of a refit starts is not for its user to say.
    is_at_first = chains.whole is not None and curve.index(study.selection) == 0
    along = {key: five_digits(getattr(path, key)) for key in ALONG_THE_PATH}
    return {
        "alphas": curve.alphas,
        "cv_mean": five_digits(curve.mean),
        "cv_se": five_digits(curve.standard_error),
        "train_mean": five_digits(mean_train_loss(singles, curve.alphas)),
        "alpha_min": curve.alpha("min"),
        "alpha_1se": curve.alpha("1se"),
        "at_edge": is_at_first and len(curve.alphas) > 1,
        "outer_alphas": outer.alphas,
        "outer_losses": five_digits(outer.fold_losses),
        "path": {"alphas": path.alphas} | along,
        "histogram_limit": path.histogram_limit,
        "exit_order": [predictors[i] for _, i in sorted(leaving)],
        "exit_alpha": exits,
        "exit_alpha_folds": [exit_alphas(one.alphas, one.norms > 0) for one in singles],
        "unit_exit_alpha": exit_alphas(path.alphas, path.unit_norms > 0),
    }


def five_digits(values: ArrayLike) -> Cells:
    """An array with its numbers to five significant digits; whole numbers stay as they are.

    Examples
    --------
    >>> (five_digits(np.array([0.123456789, 1234567.0, 0.0])).tolist(),
    ...  five_digits(np.array([1234567])).tolist())
    ([0.12346, 1234600.0, 0.0], [1234567])
    """
    array = np.asarray(values)
    if array.dtype.kind != "f":
        return array
    return np.array([float(f"{value:.5g}") for value in array.ravel()]).reshape(array.shape)


def _five_digits_each(results: Mapping[str, Cells]) -> dict[str, Cells]:
    return {name: five_digits(values) for name, values in results.items()}


def _none_detail(study: Study) -> Row:
    """The training of ``none``: loss on rows seen and not seen against steps."""
    chains = study.chosen[BASELINE][study.selection].chains
    curve = training_curve(chains)
    # A log-loss this small on every row means that every class is far from its boundary.
    is_separated = study.loss.score_name == "accuracy" and chains.path.train_loss[-1] < 0.01
    folds = [losses for name, losses in curve.items() if name.startswith("split")]
    return {
        "steps": curve["step"],
        "train": five_digits(curve["mean_train_loss"]),
        "test": five_digits(curve["mean_test_loss"]),
        "test_folds": five_digits(folds),
        "separated": bool(is_separated),
    }


def _predictions(study: Study, outer: Outer, name: str, target: Target) -> Row:
    """Outer-fold predictions of a penalty.

    They stand row by row, or as means of 200 equal parts of a large table. For classes the target
    is a number in the list of classes, and calibration and confusion of all rows stand beside it:
    for two classes of the second one's probability, for more of that of the class predicted, for
    labels of each label's. For survival times the curves of three parts by predicted risk stand
    there.
    """
    mean = study.loss.mean(outer.outputs)
    sample = study.sample
    found: Row = {"penalty": name}
    if target.task == "survival":
        return found | _survival(study, mean[:, 0])
    if target.labels is not None:
        found |= _classes(mean, target.labels, sample.weight)
    elif target.task == "multilabel":
        weight = np.repeat(sample.weight, mean.shape[1])
        found["calibration"] = calibration(mean.ravel(), sample.y.ravel() == 1, weight)
    truth = sample.y if target.labels is None else target.labels
    if len(mean) <= LARGEST_LISTED:
        return found | {"target": truth, "prediction": five_digits(mean)}
    parts = np.array_split(np.argsort(mean[:, -1], kind="stable"), PARTS)
    return found | {
        "target": five_digits([sample.y[part].mean(axis=0) for part in parts]),
        "prediction": five_digits([mean[part].mean(axis=0) for part in parts]),
        "counts": [len(part) for part in parts],
    }


def _survival(study: Study, risk: Floats) -> Row:
    """Survival by predicted risk; the rows themselves where they are not too many."""
    signed = study.sample.y[:, 0]
    time = np.abs(signed)
    event = signed > 0
    curves = survival_by_risk(time, event, risk, study.sample.weight, study.folds[0])
    found: Row = {"survival": curves}
    if len(risk) <= LARGEST_LISTED:
        found |= {"target": time, "event": event, "prediction": five_digits(risk)}
    return found


def _classes(probabilities: Floats, labels: Integers, weight: Floats) -> Row:
    """Calibration and confusion of predicted classes."""
    predicted = probabilities.argmax(axis=1)
    n_classes = probabilities.shape[1]
    if n_classes == 2:
        bins = calibration(probabilities[:, 1], labels == 1, weight)
    else:
        bins = calibration(probabilities.max(axis=1), labels == predicted, weight)
    return {"calibration": bins, "confusion": confusion(labels, predicted, n_classes)}
