"""The tables of the report and its first figures: what each cell shows, as the templates put it."""

import numpy as np

from tautnet.prose.words import shown_name
from tautnet.views.cells import (
    figure,
    one_place,
    part_of,
    percent,
    readable,
    three_places,
    two_digits,
)
from tautnet.views.columns import LONGEST_TARGET, ON_REQUEST, columns_of
from tautnet.views.gains import (
    drawn_penalty,
    gain_limits,
    interval_ends,
    row_of,
    rows_with_gain,
)
from tautnet.views.report_data import by_exit
from tautnet.views.standing import (
    BOOSTING,
    LINEAR,
    delivered_row,
    expected_name,
    gain_in_points,
    gain_key,
    is_recommended,
    marks,
    named_rows,
)

# Predictors whose exits are listed at most.
LISTED = 60
# Width of the bars that show when predictors leave.
BAR = 240


def table(result):
    """The table of a comparison, cell by cell.

    Returns
    -------
    dict
        ``heads``: dicts of title and extra, whether paper has no room for the column. ``rows``:
        dicts of name, shown (what the name is), mark (a word or None), is_penalty, and cells: dicts
        of value (a number to sort by, or None), text, smalls (lines below it), bar (places, or
        None) and extra.
    """
    columns = columns_of(result)
    bars = gain_bars(result)
    marked = marks(result)
    penalties = {row["penalty"] for row in result["rows"]}
    rows = [
        {
            "name": name,
            "shown": readable(shown_name(name)),
            "mark": marked.get(name),
            "is_penalty": name in penalties,
            "cells": [_cell(column, row, result, bars.get(name)) for column in columns],
        }
        for name, row in named_rows(result)
    ]
    heads = [{"title": column.title, "extra": column.key in ON_REQUEST} for column in columns]
    return {"heads": [{"title": "penalty", "extra": False}, *heads], "rows": rows}


def _cell(column, row, result, bar):
    value = column.value(row)
    cell = {
        "value": value,
        "text": column.text(row),
        "smalls": [],
        "bar": None,
        "extra": column.key in ON_REQUEST,
    }
    if value is None:
        return cell | {"text": "–"}
    if column.key == "gain":
        points = gain_in_points(row, result)
        return cell | {"text": one_place(value), "smalls": _intervals(points), "bar": bar}
    return cell | {"smalls": _below(column.key, row)}


def _intervals(points):
    """The interval of a gain, and that by repeats where there is one."""
    lines = [_ends(points["ci_low"], points["ci_high"])]
    if points.get("t_ci_low") is not None:
        lines.append(f"by repeats: {_ends(points['t_ci_low'], points['t_ci_high'])}")
    return lines


def _ends(low, high):
    return f"{one_place(low)} to {one_place(high)}"


def _below(key, row):
    """What stands below a number in small letters."""
    if key == "loss" and row.get("test_loss_se") is not None:
        return [f"± {two_digits(row['test_loss_se'])}"]
    if key == "worst_recall" and row["figures"].get("worst_class") is not None:
        return [readable(row["figures"]["worst_class"])[:LONGEST_TARGET]]
    if key == "zeros":
        return [part_of(row, "zero_weights", "n_weights")]
    return []


def tiles(result):
    """The first figures of the report: what to use and what to expect of it.

    Returns
    -------
    list of dict
        ``key``, ``term``, ``text``, ``small`` and ``bar`` (places, or None).
    """
    name = expected_name(result)
    expected = dict(named_rows(result))[name]
    found = [_tile_of_use(result), *_tiles_of_error(result, expected)]
    if expected["skill"] is not None:
        small = f"of the constant's {result['metric']}"
        found.append(_tile("skill", "share explained", percent(expected["skill"]), small))
    own = delivered_row(result)
    kept = f"{own['predictors_kept']:,}"
    found.append(_tile("kept", "predictors kept", kept, f"of {own['predictors_total']:,}"))
    _, against = gain_key(result)
    points = gain_in_points(expected, result)
    if points.get("diff") is not None:
        small = f"points explained, 95 % interval {_ends(points['ci_low'], points['ci_high'])}"
        gained = _tile("gain", f"gain over {against}", one_place(points["diff"]), small)
        found.append(gained | {"bar": gain_bars(result).get(name)})
    return found


def _tile(key, term, text, small):
    return {"key": key, "term": term, "text": text, "small": small, "bar": None}


def _tile_of_use(result):
    """The model in the file, and whether it is the one to use."""
    row = delivered_row(result)
    names = {LINEAR: "linear model"}
    name = names.get(result["delivered"], readable(shown_name(result["delivered"])))
    small = f"alpha {figure(row['alpha'])}" if row["alpha"] else "no penalty"
    term = "what to use" if is_recommended(result) else "the model in the file"
    if result["recommended"] != result["delivered"]:
        better = result["recommended"]
        term = "delivered instead" if better == BOOSTING else "as asked, in the file"
        small += f"; {readable(shown_name(better))} is recommended"
    return _tile("use", term, name, small)


def _tiles_of_error(result, expected):
    """What people think in: typical error or score on new rows, beside the constant's."""
    figures = expected["figures"]
    constant = result["null"]["figures"]
    target = readable(result["target"])[:LONGEST_TARGET]
    # A loss that is not squared was chosen because squares are not what counts.
    error = "rmse" if result["metric"] == "mean squared error" else "mae"
    for key, term, show, unit in (
        (error, "typical error on new rows", figure, f"in the unit of {target}; "),
        ("accuracy", "accuracy on new rows", three_places, ""),
        ("c_index", "concordance index on new rows", three_places, ""),
    ):
        if figures.get(key) is None:
            continue
        beside = "" if constant.get(key) is None else f"a constant has {show(constant[key])}"
        yield _tile("error", term, show(figures[key]), f"{unit}{beside}".rstrip("; "))


def class_table(result):
    """How well each class is found, by the delivered model; an empty list where nothing is known.

    Returns
    -------
    list of dict
        ``class``, ``rows``, ``recall`` and ``precision`` as text.
    """
    figures = dict(named_rows(result))[expected_name(result)]["figures"]
    found = figures.get("classes") or []
    return [
        {
            "class": one["class"],
            "rows": f"{one['rows']:,}",
            "recall": three_places(one["recall"]),
            "precision": three_places(one["precision"]),
        }
        for one in found
    ]


def gain_bars(result):
    """Intervals of the gains as places from 0 to 100 on one scale.

    Returns
    -------
    dict
        Name of a row -> dict, for rows that have an interval: ``zero``, ``low``, ``diff``,
        ``high``, and whether the interval ends ``before`` the scale or ``beyond`` it.
    """
    key, _ = gain_key(result)
    rows = rows_with_gain(result)
    if not rows:
        return {}
    left, right = gain_limits([{"penalty": name} | row[key] for name, row in rows])

    def place(value):
        share = np.clip((value - left) / (right - left), 0, 1)
        return round(100 * float(share), 2)

    bars = {}
    for name, row in rows:
        low, high = interval_ends(row[key])
        bars[name] = {
            "zero": place(0),
            "low": place(low),
            "diff": place(row[key]["diff"]),
            "high": place(high),
            "before": low < left,
            "beyond": high > right,
        }
    return bars


def exits(result):
    """When each predictor leaves the path of the penalty that selects, the last first.

    Returns
    -------
    dict or None
        ``penalty``, ``alpha``, ``chosen`` (its place from 0 to 240), ``rows`` (dicts of predictor,
        alpha, low, high, stays, n_folds, kept, and ``bar``: places of low, alpha and high, or None)
        and ``more``, the number not listed; None where no predictor ever leaves.
    """
    name = drawn_penalty(result)
    if name is None:
        return None
    detail = result["detail"]["penalties"][name]
    left = [alpha for alpha in detail["exit_alpha"] if alpha is not None]
    if not left:
        return None
    row = row_of(result, name)
    place = _exit_places(detail, [*left, row["alpha"]])
    path = detail["path"]
    distances = np.abs(np.log(path["alphas"]) - np.log(row["alpha"]))
    norms = path["norms"][int(distances.argmin())]
    order = by_exit(detail, norms)
    predictors = result["detail"]["predictors"]
    rows = [_exit_row(predictors[j], detail, j, norms[j] > 0, place) for j in order[:LISTED]]
    return {
        "penalty": name,
        "alpha": row["alpha"],
        "chosen": place(row["alpha"]),
        "rows": rows,
        "more": len(order) - len(rows),
    }


def _exit_places(detail, alphas):
    """A function that gives a strength its place from 0 to 240, on a logarithmic scale.

    The scale spans the strengths given and those at which predictors leave in the folds.
    """
    folds = [alpha for fold in detail["exit_alpha_folds"] for alpha in fold if alpha is not None]
    low = np.log10(min(alphas + folds))
    high = np.log10(max(alphas + folds))
    span = (high - low) or 1.0

    def place(alpha):
        return round(float(BAR * (np.log10(alpha) - low) / span), 2)

    return place


def _exit_row(predictor, detail, j, kept, place):
    folds = [fold[j] for fold in detail["exit_alpha_folds"]]
    left = [alpha for alpha in folds if alpha is not None]
    low = min(left, default=None)
    high = max(left, default=None)
    alpha = detail["exit_alpha"][j]
    return {
        "predictor": predictor,
        "alpha": alpha,
        "low": low,
        "high": high,
        "stays": len(folds) - len(left),
        "n_folds": len(folds),
        "kept": kept,
        "bar": [None if end is None else place(end) for end in (low, alpha, high)],
    }
