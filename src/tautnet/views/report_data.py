"""The numbers that the report's script draws: taken from a finished result, few enough to mail."""

import json
import math

import numpy as np

from tautnet.objective.registry import described
from tautnet.objective.strengths import nearest
from tautnet.prose.words import certificate_in_words, shown_name
from tautnet.views.cells import readable
from tautnet.views.counts import PredictorsDisplay
from tautnet.views.gains import walked
from tautnet.views.standing import leading_penalty

# Hidden units that are drawn at most.
UNITS = 200
# Points of a scatter plot that are drawn at most.
POINTS = 2000
# Predictors whose lines are drawn at most.
LARGEST = 40
# Characters of a name that are kept.
NAME = 300


def as_json_for_page(drawn):
    """What the script draws, as the JSON text that stands in the page.

    Parameters
    ----------
    drawn : dict
        As `run` gives it.

    Returns
    -------
    str
        In ASCII, without a character that could end or begin an element.
    """
    text = json.dumps(_short(drawn), allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def run(result):
    """What the script draws, as a dict: see `penalty_run` for the paths."""
    detail = result["detail"]
    return {
        "metric": result["metric"],
        "null": result["null"]["test_loss"],
        "first": leading_penalty(result),
        "skip": detail["skip"],
        "target": name(result["target"]),
        "predictors": [name(predictor) for predictor in detail["predictors"]],
        "penalties": [
            penalty_run(row, detail["penalties"][row["penalty"]], detail["predictors"])
            for row in walked(result)
        ],
        "counts": counts(result),
        "none": _none(detail["none"]),
        "calibration": detail["predictions"].get("calibration"),
        "survival": detail["predictions"].get("survival"),
        "points": points(result),
    }


def name(text):
    """A stranger's name, readable and of limited length."""
    return readable(text)[:NAME]


def penalty_run(row, detail, predictors):
    """One penalty along its path.

    Returns
    -------
    dict
        Lists along the path: ``alphas``, ``cv``, ``se``, ``train`` (null where a fold has no
        model), ``kept``, ``words`` (the certificate), ``squares``, ``magnitudes``, ``largest``,
        ``zeros``, ``bins``, ``alive``, ``units`` (a digit a hidden unit: its norm in ninths of the
        largest, 0 where it is dead). Places on it: ``chosen``, ``least``, ``one_se``. ``norms``:
        for each predictor, without the zeros at its end; ``order``: predictors as `drawn_order` has
        them.
    """
    path = beyond_null(detail)
    alphas = np.array(path["alphas"])
    curve = {
        nearest(alphas, alpha): i
        for i, alpha in enumerate(detail["alphas"])
        if _is_on(alphas, alpha)
    }
    norms = np.array(path["norms"], float).reshape(len(alphas), len(predictors))

    def along(key):
        """A curve of cross-validation at the path's strengths, None where it has none."""
        return [detail[key][curve[i]] if i in curve else None for i in range(len(alphas))]

    certificates = zip(path["stationarity"], path["objective_gap"], strict=True)
    units = np.array(path["unit_norms"], float).reshape(len(alphas), -1)
    return {
        "name": row["penalty"],
        "alphas": alphas.tolist(),
        "chosen": nearest(alphas, row["alpha"]),
        "least": nearest(alphas, detail["alpha_min"]),
        "one_se": nearest(alphas, detail["alpha_1se"]),
        "cv": along("cv_mean"),
        "se": along("cv_se"),
        "train": along("train_mean"),
        "test_loss": row["test_loss"],
        "test_loss_se": row["test_loss_se"],
        "fold_alphas": detail["outer_alphas"],
        "fold_losses": detail["outer_losses"],
        "kept": path["n_features"],
        "words": [_words(stationarity, gap) for stationarity, gap in certificates],
        "squares": path["weight_squares"],
        "magnitudes": path["weight_magnitudes"],
        "largest": path["weight_max"],
        "zeros": path["zero_weights"],
        "n_weights": row["n_weights"],
        "limit": detail["histogram_limit"],
        "bins": path["histograms"],
        "norms": [np.trim_zeros(column, "b").tolist() for column in norms.T],
        "order": drawn_order(detail, norms[nearest(alphas, row["alpha"])]),
        "units": _unit_levels(units, detail["unit_exit_alpha"]),
        "alive": (units > 0).sum(axis=1).tolist(),
    }


def beyond_null(detail):
    """The path on all rows, with the strengths at which only chains of folds were still walked.

    Where it has ended null it stays null at every larger strength.
    """
    path = detail["path"]
    last = path["alphas"][-1]
    more = []
    if path["n_features"][-1] == 0:
        more = [alpha for alpha in detail["alphas"] if alpha > last * (1 + 1e-6)]
    longer = {key: [*values, *[values[-1]] * len(more)] for key, values in path.items()}
    return longer | {"alphas": [*path["alphas"], *more]}


def _is_on(alphas, alpha):
    return bool(np.isclose(alphas[nearest(alphas, alpha)], alpha, rtol=1e-6))


def _words(stationarity, gap):
    if stationarity is None or gap is None:
        return "no certificate"
    return certificate_in_words({"stationarity": stationarity, "objective_gap": gap})


def by_exit(detail, norms):
    """Predictors by the strength at which they leave for good, the last first.

    Of equals the one with the larger norm comes first.
    """
    exits = [np.inf if alpha is None else alpha for alpha in detail["exit_alpha"]]
    return sorted(range(len(exits)), key=lambda j: (-exits[j], -norms[j], j))


def drawn_order(detail, norms):
    """Predictors in the order of their exit, the 40 with the largest norms before all others."""
    order = by_exit(detail, norms)
    largest = set(sorted(order, key=lambda j: -norms[j])[:LARGEST])
    return sorted(order, key=lambda j: j not in largest)


def _unit_levels(units, exits):
    """Sizes of the hidden units, a digit each: those that live longest come first."""
    last = [np.inf if alpha is None else alpha for alpha in exits]
    lasting = sorted(range(units.shape[1]), key=lambda unit: -last[unit])[:UNITS]
    lines = []
    for own in units:
        largest = own.max(initial=0.0)
        share = own[lasting] / (largest if largest > 0 else 1.0)
        lines.append("".join(map(str, np.ceil(9 * share).astype(int))))
    return lines


def counts(result):
    """Least loss for each number of predictors, along paths and of refits.

    Returns
    -------
    list of dict
        ``name``, and lists ``kept``, ``loss`` and ``se``. Of penalties that take predictors out as
        a whole; of others where none of those was compared.
    """
    display = PredictorsDisplay.from_result(result)
    rows = [] if display is None else display.rows
    rows = [row for row in rows if described(row["penalty"]).is_joint] or rows
    found = []
    for name in dict.fromkeys(row["penalty"] for row in rows):
        own = [row for row in rows if row["penalty"] == name]
        found.append(
            {
                "name": shown_name(name),
                "kept": [row["n_predictors"] for row in own],
                "loss": [row["mean_test_loss"] for row in own],
                "se": [row["se_test_loss"] for row in own],
            }
        )
    return found


def _none(detail):
    if detail is None:
        return None
    return {
        "steps": detail["steps"],
        "train": detail["train"],
        "test": detail["test"],
        "folds": detail["test_folds"],
        "best": best_step(detail),
    }


def best_step(detail):
    """Index of the step of ``none`` with the least loss on new rows."""
    return min(range(len(detail["test"])), key=lambda i: detail["test"][i])


def points(result):
    """Observed and predicted values of a regression; None for classes.

    Of at most 2,000 rows, evenly spaced.
    """
    if result["task"] != "regression":
        return None
    predictions = result["detail"]["predictions"]
    step = math.ceil(len(predictions["target"]) / POINTS)
    return {
        "observed": [values[0] for values in predictions["target"][::step]],
        "predicted": [values[0] for values in predictions["prediction"][::step]],
    }


def _short(value):
    """A value of JSON with its numbers to five significant digits."""
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return _five(value) if isinstance(value, float) else value


def _five(value):
    rounded = float(f"{value:.5g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded
