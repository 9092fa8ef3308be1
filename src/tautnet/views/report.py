"""The report of a finished comparison: one HTML file that needs nothing beside it and loads nothing."""

import base64
import hashlib
from importlib.resources import files
from pathlib import Path

from tautnet.fitting.verdict import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, join, number
from tautnet.views.pictures import (
    OVER_FITTED,
    SELECTING,
    draw_curves,
    draw_gains,
    draw_norms,
    draw_training,
    draw_weights,
    drawn_penalty,
    path_index,
)
from tautnet.views.terminal import figure, gain_key, readable, two_digits

LISTED = 60
EXCERPT = 120
KINDS = {"number": "numbers", "boolean": "yes or no", "category": "categories", "date": "dates"}
TEMPLATE = "report.html.jinja"


def write_report(result, sentences, path, command=None):
    """Write the report of a comparison.

    Parameters
    ----------
    result : dict
        The object that ``compare --json`` prints, with ``detail``.
    sentences : list of str
        The verdict, sentence by sentence.
    path : path
        The HTML file; written over where it exists.
    command : str, optional
        What to type to get the same again.
    """
    page = render_report(result, sentences, command)
    # A lone half of a surrogate pair, which JSON may carry, has no UTF-8.
    Path(path).write_bytes(page.encode("utf-8", errors="xmlcharrefreplace"))


def render_report(result, sentences, command=None):
    """The report as text; parameters as in `write_report`.

    Returns
    -------
    str
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {
        "content_hash": content_hash,
        "data_uri": data_uri,
        "excerpt": excerpt,
        "figure": figure,
        "readable": readable,
        "two_digits": two_digits,
    }
    template = environment.from_string(files("tautnet.views").joinpath(TEMPLATE).read_text("utf-8"))
    return template.render(
        result=result,
        detail=result["detail"],
        sentences=[readable(sentence) for sentence in sentences],
        command=None if command is None else readable(command),
        against=gain_key(result),
        rows=[*result["rows"], result["linear"]],
        pictures=pictures(result),
        exits=exits(result),
        selects=drawn_penalty(result) in SELECTING,
        network=network(result["detail"]),
        kinds=kinds(result["detail"]),
        certificates=certificates(result),
        listed=LISTED,
        solved=SOLVED,
        nearly_solved=NEARLY_SOLVED,
        settled=SETTLED,
    )


def content_hash(text):
    """A style's hash as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()


def data_uri(picture):
    """An image's bytes as an address."""
    media = {"svg": "image/svg+xml", "png": "image/png"}[picture.kind]
    return f"data:{media};base64,{base64.b64encode(picture.data).decode()}"


def excerpt(text, longest=EXCERPT):
    """A stranger's text, cut where it is very long.

    Examples
    --------
    >>> excerpt("abcdef", 4), excerpt("abcd", 4)
    ('abc…', 'abcd')
    """
    text = readable(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def pictures(result):
    """The pictures that a result has, each with its heading and what to see in it."""
    metric, against = result["metric"], gain_key(result)[1]
    path_of = drawn_penalty(result)
    drawn = [
        (
            f"Gain over {against}",
            draw_gains(result),
            f"By how much each {metric} on new rows is lower than that of {against}, with 95 % intervals. An interval "
            "that reaches left of 0 leaves open whether there is a gain; an arrow points to one that lies beyond "
            "the picture.",
        ),
        (
            "Loss against the strength of the penalty",
            draw_curves(result),
            f"Cross-validated {metric} (band: one standard error) and {metric} on the rows that were trained on. "
            "Where the lines part, the network is over-fitted. Upright lines: the least loss, and the strongest "
            "penalty within one standard error of it. The strip at the bottom marks models that were stopped on "
            "their way: there part of the regularization is early stopping.",
        ),
        (
            f"Predictors along the path of {path_of}",
            draw_norms(result),
            "Size of all first-layer weights of a predictor, on the standardised scale. At most ten, the largest "
            f"at the chosen alpha, are named. The upright scale is one of square roots, so that small norms can be "
            f"told from zero; the path is drawn from 1/{OVER_FITTED} of the chosen alpha on.",
        ),
        (
            "Weights",
            draw_weights(result),
            "Numbers of weights, on a logarithmic scale. Weights that are exactly zero stand apart, in orange.",
        ),
        (
            "Training without a penalty",
            draw_training(result),
            "Stopping at the marked step would have done best on the new rows; no one knows that step beforehand, "
            "so it is a bound on what early stopping can do. Recording begins with the first step drawn.",
        ),
    ]
    return [(heading, picture, caption) for heading, picture, caption in drawn if picture is not None]


def exits(result):
    """When each predictor leaves the path that is drawn: those that stay longest first.

    Returns
    -------
    dict or None
        ``penalty``, ``rows`` (dicts of predictor, alpha, low, high, folds, n_folds, kept) and ``more``, the
        number not listed; None where no predictor ever leaves.
    """
    name = drawn_penalty(result)
    if name is None:
        return None
    detail, predictors = result["detail"]["penalties"][name], result["detail"]["predictors"]
    if all(alpha is None for alpha in detail["exit_alpha"]):
        return None
    row = next(row for row in result["rows"] if row["penalty"] == name)
    kept = detail["path"]["norms"][path_index(row, detail)]
    forever = float("inf")
    order = sorted(
        range(len(predictors)), key=lambda i: -(forever if (alpha := detail["exit_alpha"][i]) is None else alpha)
    )
    rows = [_exit_row(predictors[i], detail, i, kept[i] > 0) for i in order[:LISTED]]
    return {"penalty": name, "alpha": row["alpha"], "rows": rows, "more": len(order) - len(rows)}


def _exit_row(predictor, detail, i, kept):
    folds = [fold[i] for fold in detail["exit_alpha_folds"]]
    left = [alpha for alpha in folds if alpha is not None]
    return {
        "predictor": predictor,
        "alpha": detail["exit_alpha"][i],
        "low": min(left, default=None),
        "high": max(left, default=None),
        "stays": len(folds) - len(left),
        "n_folds": len(folds),
        "kept": kept,
    }


def kinds(detail):
    """Names of predictors by kind, each a list, under the kind's word."""
    found = {}
    for predictor, kind in detail["kinds"].items():
        found.setdefault(KINDS[kind], []).append(predictor)
    return found


def network(detail):
    """The network in words.

    Examples
    --------
    >>> network({"hidden_layer_sizes": [64, 32], "activation": "relu", "skip": True})
    'hidden layers of 64 and 32 units (relu), a linear map beside them'
    >>> network({"hidden_layer_sizes": [], "activation": "relu", "skip": False})
    'one linear map, no hidden layer'
    """
    sizes = [f"{size:,}" for size in detail["hidden_layer_sizes"]]
    if not sizes:
        return "one linear map, no hidden layer"
    one = len(sizes) == 1
    layers = "one hidden layer of" if one else "hidden layers of"
    skip = f", a linear map beside {'it' if one else 'them'}" if detail["skip"] else ""
    return f"{layers} {join(sizes)} {'unit' if sizes == ['1'] else 'units'} ({detail['activation']}){skip}"


def certificates(result):
    """How well each row's model solves its own problem: (name, words)."""
    rows = [*result["rows"], result["linear"]]
    return [(row["penalty"], _words(row)) for row in rows]


def _words(row):
    if row["stationarity"] is None or row["objective_gap"] is None:
        return "not known"
    gap = row["objective_gap"]
    gained = "nothing" if gap <= 0 else f"{number(gap)} of the constant's loss"
    return f"{certificate_in_words(row)} (the last quarter of its steps gained {gained})"
