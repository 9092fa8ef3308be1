"""The columns of a comparison's table, the same in a terminal and in the report."""

from collections.abc import Callable
from typing import NamedTuple

from tautnet.views.cells import figure, gain, part_of, percent, readable, three_places
from tautnet.views.standing import gain_in_points, gain_key, named_rows

# Characters of the target's name in a head or a note.
LONGEST_TARGET = 40


class Column(NamedTuple):
    """One column of the table.

    Attributes
    ----------
    key : str
        What ``--columns`` calls it.
    name : str
        What a sentence calls it.
    head : str
        Its head in a terminal, of one or two lines.
    title : str
        Its head in the report.
    value : callable
        The number of a row, or None where it has none; rows are sorted by it.
    text : callable
        What a cell shows of a row.
    meaning : str
        A sentence below the table; empty where the head says all.
    """

    key: str
    name: str
    head: str
    title: str
    value: Callable
    text: Callable
    meaning: str = ""


# What `--columns` may name. Which of them a table has is a matter of its task.
KEYS = (
    "explained",
    "rmse",
    "mae",
    "loss",
    "accuracy",
    "worst_recall",
    "auc",
    "c_index",
    "gain",
    "kept",
    "alpha",
    "seen",
    "zeros",
    "stationarity",
    "balanced_accuracy",
    "average_precision",
    "largest_weight",
    "seconds",
)
ALL = "all"
# Losses that people think in, so that they stand in the table unasked.
SPOKEN_LOSSES = ("classification", "multilabel")
# Columns that are shown only where they are asked for, by name or by `all`.
ON_REQUEST = ("balanced_accuracy", "average_precision", "largest_weight", "seconds")


def columns_of(result):
    """All columns that a result has, in their order; those without any figure are left out."""
    found = _columns(result)
    rows = [row for _, row in named_rows(result)]
    return [
        found[key]
        for key in _order(result)
        if any(found[key].value(row) is not None for row in rows)
    ]


def usual_columns(result):
    """The columns that are shown where none are asked for."""
    hidden = ON_REQUEST if result["task"] in SPOKEN_LOSSES else (*ON_REQUEST, "loss")
    return [column for column in columns_of(result) if column.key not in hidden]


def _order(result):
    """Keys in the order of the table: the raw loss comes late where nobody thinks in it."""
    if result["task"] in SPOKEN_LOSSES:
        return KEYS
    late = ("loss", *ON_REQUEST)
    return [*(key for key in KEYS if key not in late), *late]


def _columns(result):
    """Every column by its key."""
    found = [*_errors(result), *_scores(), _gain(result), *_model(result)]
    return {column.key: column for column in found}


def _plain(key, name, head, title, meaning="", show=figure):
    """A column that shows a number of each row, kept under the same key."""
    return _shown(key, name, head, title, lambda row: row.get(key), show, meaning)


def _shown(key, name, head, title, value, show, meaning=""):
    return Column(key, name, head, title, value, lambda row: show(value(row)), meaning)


def _figure_of(key):
    return lambda row: row["figures"].get(key)


def _errors(result):
    """How far off predictions are: as a share of the constant's loss, and in the target's unit."""
    metric = result["metric"]
    target = readable(result["target"])[:LONGEST_TARGET]
    unit = f"in the unit of {target}"
    yield _plain(
        "skill",
        "share explained",
        "explained",
        "share explained",
        f"Explained: share of the constant's {metric} that the predictions take away.",
        percent,
    )._replace(key="explained")
    yield _shown(
        "rmse",
        "typical error",
        "typical\nerror",
        "typical error (RMSE)",
        _figure_of("rmse"),
        figure,
        f"Typical error: root mean squared, {unit}.",
    )
    yield _shown(
        "mae",
        "mean absolute error",
        "mean abs.\nerror",
        "mean absolute error",
        _figure_of("mae"),
        figure,
    )
    yield _plain("test_loss", metric, metric, metric)._replace(key="loss")


def _scores():
    """What people think in where rows have classes or times."""
    words = (
        ("accuracy", "accuracy", "accuracy", "accuracy", ""),
        (
            "worst_recall",
            "recall of the worst class",
            "worst\nrecall",
            "recall of the worst class",
            "Worst recall: share found of the class that is found least.",
        ),
        ("auc", "AUC", "AUC", "AUC", ""),
        (
            "c_index",
            "concordance index",
            "c-index",
            "concordance index",
            "C-index: share of pairs of rows put in the right order; 0.5 is chance.",
        ),
        ("balanced_accuracy", "balanced accuracy", "balanced\naccuracy", "balanced accuracy", ""),
        (
            "average_precision",
            "average precision",
            "average\nprecision",
            "average precision of the rarer class",
            "",
        ),
    )
    for key, name, head, title, meaning in words:
        yield _shown(key, name, head, title, _figure_of(key), three_places, meaning)


def _gain(result):
    """What a row explains more than the network without a penalty, or than the constant."""
    _, against = gain_key(result)

    def points(row):
        return gain_in_points(row, result)

    return Column(
        "gain",
        "gain",
        f"gain over\n{against}",
        f"gain over {against} in points, 95 % interval",
        lambda row: points(row).get("diff"),
        lambda row: gain(points(row)),
        f"Gain: share explained less that of {against}, in points, with 95 % interval.",
    )


def _model(result):
    """What is known of the model itself."""
    constant = result["null"]["test_loss"]

    def seen(row):
        loss = row.get("train_loss")
        return None if loss is None or not constant else 1 - loss / constant

    yield Column(
        "kept",
        "predictors kept",
        "predictors\nkept",
        "predictors kept",
        lambda row: row.get("predictors_kept"),
        lambda row: part_of(row, "predictors_kept", "predictors_total"),
    )
    yield _shown(
        "seen",
        "share explained on rows seen",
        "on rows\nseen",
        "share explained on rows seen",
        seen,
        percent,
        "On rows seen: share explained of the rows that a model was trained on.",
    )
    yield _plain("alpha", "alpha", "alpha", "alpha")
    yield Column(
        "zeros",
        "zero weights",
        "zero\nweights",
        "weights exactly zero",
        _zero_share,
        lambda row: percent(_zero_share(row)),
    )
    yield _plain(
        "stationarity",
        "stationarity",
        "station-\narity",
        "stationarity",
        "Stationarity: 0 is solved, 1 not begun.",
    )
    yield _plain("weight_max_abs", "largest weight", "largest\nweight", "largest weight")._replace(
        key="largest_weight"
    )
    yield _plain("seconds", "seconds", "seconds", "seconds of fitting")


def _zero_share(row):
    if row.get("zero_weights") is None:
        return None
    return row["zero_weights"] / row["n_weights"]
