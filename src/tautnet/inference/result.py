"""What a report draws: curves, paths, exits and outer-fold predictions of a study, as plain
lists.
"""

import math
import platform
from importlib.metadata import version

import numpy as np

from tautnet.inference.diagnostics import calibration, confusion, survival_by_risk
from tautnet.inference.exits import exit_alphas
from tautnet.inference.intervals import paired_difference
from tautnet.inference.recommended import best_row, recommended_name
from tautnet.objective.registry import BASELINE
from tautnet.validation.study import mean_train_loss, single_chains, training_curve

LARGEST_LISTED = 20_000
# Packages whose version may change a number.
VERSIONS = ("tautnet", "jax", "numpy", "scikit-learn")


def study_detail(study, table, encoder, target, predictors):
    """All that a report draws of a study whose predictors have names; five digits of curves,
    strengths exact.
    """
    sample, network = study.sample, study.network
    best = table.outer[best_row(table.rows)["penalty"]].losses
    others = [row["penalty"] for row in table.rows if row is not best_row(table.rows)]
    versus = {
        n: paired_difference(table.outer[n].losses, best, sample.weight, study.groups)
        for n in others
    }
    recommended = recommended_name(table, sample.weight, study.groups)
    return {
        "folds": int(study.folds[0].max() + 1),
        "repeats": len(study.folds),
        "selection": study.selection,
        "hidden_layer_sizes": list(network.hidden_layer_sizes),
        "activation": network.activation,
        "skip": network.skip,
        "predictors": list(predictors),
        "left_out": dict(encoder.left_out),
        "doubtful": dict(encoder.doubtful),
        "kinds": dict(encoder.kinds),
        "columns": list(encoder.column_names),
        "classes": None if target.classes is None else [str(c) for c in target.classes],
        "decision": target.decision,
        "versions": (
            {"python": platform.python_version()} | {name: version(name) for name in VERSIONS}
        ),
        "vs_best": {
            n: {"diff": d.diff, "ci_low": d.ci_low, "ci_high": d.ci_high} for n, d in versus.items()
        },
        "penalties": {
            name: penalty_detail(study, name, table.outer[name], predictors)
            for name in study.nested
        },
        "relaxed": {name: _columns(one.results()) for name, one in study.relaxed.items()},
        "none": _none_detail(study) if BASELINE in study.nested else None,
        "predictions": _predictions(study, table.outer[recommended], recommended, target),
    }


def penalty_detail(study, name, outer, predictors):
    """Curves, path and exits of one candidate."""
    refit = study.refits[name][study.selection]
    nested, path = refit.nested, refit.path
    curve = nested.curve()
    singles = [chain.path for chain, _ in single_chains(nested)]
    exits = exit_alphas(path.alphas, path.norms > 0)
    order = sorted((i for i, e in enumerate(exits) if e is not None), key=lambda i: exits[i])
    # Where the grid of a refit starts is not for its user to say.
    at_edge = (
        nested.whole is not None and curve.index(study.selection) == 0 and len(curve.alphas) > 1
    )
    arrays = (
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
    return {
        "alphas": curve.alphas,
        "cv_mean": five_digits(curve.mean),
        "cv_se": five_digits(curve.standard_error),
        "train_mean": five_digits(mean_train_loss(singles, curve.alphas)),
        "alpha_min": curve.alpha("min"),
        "alpha_1se": curve.alpha("1se"),
        "at_edge": bool(at_edge),
        "outer_alphas": outer.alphas,
        "outer_losses": five_digits(outer.fold_losses),
        "path": (
            {"alphas": path.alphas} | {name: five_digits(getattr(path, name)) for name in arrays}
        ),
        "histogram_limit": path.histogram_limit,
        "exit_order": [predictors[i] for i in order],
        "exit_alpha": exits,
        "exit_alpha_folds": [exit_alphas(p.alphas, p.norms > 0) for p in singles],
        "unit_exit_alpha": exit_alphas(path.alphas, path.unit_norms > 0),
    }


def five_digits(values):
    """An array with its numbers to five significant digits; whole numbers stay as they are.

    Examples
    --------
    >>> (five_digits(np.array([0.123456789, 1234567.0, 0.0])).tolist(),
    ...  five_digits(np.array([1234567])).tolist())
    ([0.12346, 1234600.0, 0.0], [1234567])
    """
    values = np.asarray(values)
    if values.dtype.kind != "f":
        return values
    return np.array([float(f"{value:.5g}") for value in values.ravel()]).reshape(values.shape)


def _columns(results):
    return {name: five_digits(values) for name, values in results.items()}


def _none_detail(study):
    """The training of ``none``: loss on rows seen and not seen against steps."""
    curve, path = (
        training_curve(study.nested[BASELINE]),
        study.refits[BASELINE][study.selection].path,
    )
    # A log-loss this small on every row means that every class is far from its boundary.
    separated = study.loss.score_name == "accuracy" and path.train_loss[-1] < 0.01
    folds = [losses for name, losses in curve.items() if name.startswith("split")]
    return {
        "steps": curve["step"],
        "train": five_digits(curve["mean_train_loss"]),
        "test": five_digits(curve["mean_test_loss"]),
        "test_folds": five_digits(folds),
        "separated": bool(separated),
    }


def _predictions(study, outer, name, target):
    """Outer-fold predictions of a penalty: row by row, or means of 200 equal parts of a large
    table.

    For classes the target is a number in the list of classes, and calibration and confusion of
    all rows stand beside it: for two classes of the second one's probability, for more of that
    of the class predicted, for labels of each label's. For survival times the curves of three
    parts by predicted risk stand there.
    """
    mean = study.loss.mean(outer.outputs)
    found = {"penalty": name}
    if target.task == "survival":
        return found | _survival(study, mean[:, 0])
    if target.labels is not None:
        found |= _classes(mean, target.labels, study.sample.weight)
    elif target.task == "multilabel":
        n_labels, weight = mean.shape[1], study.sample.weight
        found |= {
            "calibration": calibration(
                mean.ravel(), study.sample.y.ravel() == 1, np.repeat(weight, n_labels)
            )
        }
    truth = study.sample.y if target.labels is None else target.labels
    if len(mean) <= LARGEST_LISTED:
        return found | {"target": truth, "prediction": five_digits(mean)}
    parts = np.array_split(np.argsort(mean[:, -1], kind="stable"), 200)
    return found | {
        "target": five_digits([study.sample.y[part].mean(axis=0) for part in parts]),
        "prediction": five_digits([mean[part].mean(axis=0) for part in parts]),
        "counts": [len(part) for part in parts],
    }


def _survival(study, risk):
    time, event = np.abs(study.sample.y[:, 0]), study.sample.y[:, 0] > 0
    curves = survival_by_risk(time, event, risk, study.sample.weight, study.folds[0])
    listed = (
        {"target": time, "event": event, "prediction": five_digits(risk)}
        if len(risk) <= LARGEST_LISTED
        else {}
    )
    return listed | {"survival": curves}


def _classes(probabilities, labels, weight):
    predicted, n_classes = probabilities.argmax(axis=1), probabilities.shape[1]
    if n_classes == 2:
        bins = calibration(probabilities[:, 1], labels == 1, weight)
    else:
        bins = calibration(probabilities.max(axis=1), labels == predicted, weight)
    return {"calibration": bins, "confusion": confusion(labels, predicted, n_classes)}


def plain(value):
    """A value in JSON's own types: arrays as lists, whole numbers as int, NaN and infinities as
    None.
    """
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
