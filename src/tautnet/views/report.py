"""The report of a finished comparison: one HTML file that stands alone and loads nothing."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import numpy as np

from tautnet.files.run_directory import RESULT
from tautnet.objective.registry import BASELINE
from tautnet.prose.verdict import headline, row_to_use, to_use
from tautnet.prose.words import NEARLY_SOLVED, SETTLED, SOLVED, certificate_in_words, join, number
from tautnet.tables.errors import TableError
from tautnet.views.gains import (
    drawn_penalty,
    gain_limits,
    interval_ends,
    removes_on_its_path,
    row_of,
    rows_with_gain,
    walked,
)
from tautnet.views.report_data import POINTS, as_json_for_page, best_step, by_exit, run
from tautnet.views.terminal import figure, gain_key, readable, two_digits

# Predictors whose exits are listed at most.
LISTED = 60
# Characters of a stranger's text that are shown at most.
EXCERPT = 120
# Width of the bars that show when predictors leave.
BAR = 240
KINDS = {"number": "numbers", "boolean": "yes or no", "category": "categories", "date": "dates"}
TEMPLATE = "report.html.jinja"
SUMMARY = "summary.html.jinja"
STYLE = "report.css"
DRAWING = "d3.min.js"
SCRIPT = "report.js"


def read_result(directory):
    """The finished run in a directory.

    Parameters
    ----------
    directory : path
        Where `tautnet compare` has written.

    Returns
    -------
    dict
        The object that ``result.json`` holds.

    Raises
    ------
    TableError
        When there is none, or it was written by another version's command.
    """
    path = Path(directory) / RESULT
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TableError(
            f"cannot read {path}: {error.strerror}; name a directory that compare wrote"
        ) from None
    except ValueError:
        raise TableError(f"{path} is not JSON: run compare again") from None
    try:
        run(result)
        _ = result["detail"]["sentences"]
        _ = result["detail"]["versions"]
    except (KeyError, TypeError, IndexError):
        raise TableError(
            f"{path} was not written by this version's compare: run compare again"
        ) from None
    return result


def write_report(result, path):
    """Write the report of a comparison.

    Parameters
    ----------
    result : dict
        The object that ``result.json`` holds: what ``compare --json`` prints, with ``detail``.
    path : path
        The HTML file; written over where it exists.

    Returns
    -------
    pathlib.Path
    """
    path = Path(path)
    # A lone half of a surrogate pair, which JSON may carry, has no UTF-8.
    path.write_bytes(render_report(result).encode("utf-8", errors="xmlcharrefreplace"))
    return path


def render_report(result):
    """The report as text; ``result`` as in `write_report`."""
    detail = result["detail"]
    drawn = run(result)
    more = {
        "style": _part(STYLE),
        "drawing": _part(DRAWING),
        "script": _part(SCRIPT),
        "page_data": as_json_for_page(drawn),
        "headline": headline(result),
        "used": row_to_use(result),
        "walked": walked(result),
        "counts": drawn["counts"],
        "exits": exits(result),
        "selects": removes_on_its_path(drawn_penalty(result) or BASELINE),
        "network": network(detail),
        "kinds": kinds(detail),
        "certificates": certificates(result),
        "grids": grids(result),
        "best_step": None if detail["none"] is None else best_step(detail["none"]),
        "drawn_points": POINTS,
        "listed": LISTED,
        "solved": SOLVED,
        "nearly_solved": NEARLY_SOLVED,
        "settled": SETTLED,
    }
    return _render(TEMPLATE, result, more)


def render_summary(result):
    """The verdict and the table alone, for a notebook; ``result`` as in `write_report`."""
    return _render(SUMMARY, result, {})


def _render(template, result, more):
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    environment = Environment(
        loader=FunctionLoader(
            lambda name: files("tautnet.views").joinpath(name).read_text("utf-8")
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "content_hash": content_hash,
        "with_code": with_code,
        "excerpt": excerpt,
        "figure": figure,
        "readable": readable,
        "two_digits": two_digits,
    }
    return environment.get_template(template).render(
        result=result,
        detail=result["detail"],
        sentences=[readable(sentence) for sentence in result["detail"]["sentences"]],
        against=gain_key(result),
        use=to_use(result),
        bars=gain_bars(result),
        **more,
    )


def _part(file):
    """A style or script of ours, to stand in the page as it is."""
    from markupsafe import Markup

    return Markup(files("tautnet.views").joinpath(file).read_text("utf-8").strip())


def with_code(text):
    """A sentence in HTML, its names in backquotes as code; all else is escaped.

    Examples
    --------
    >>> with_code("`l2` does <well>")
    Markup('<code>l2</code> does &lt;well&gt;')
    """
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`(\w+)`", r"<code>\1</code>", str(escape(text))))


def content_hash(text):
    """A style's or script's hash as a content security policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(str(text).encode()).digest()).decode()


def excerpt(text, longest=EXCERPT):
    """A stranger's text, cut where it is very long.

    Examples
    --------
    >>> excerpt("abcdef", 4), excerpt("abcd", 4)
    ('abc…', 'abcd')
    """
    text = readable(text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


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
    left, right = gain_limits([{"penalty": row["penalty"]} | row[key] for row in rows])

    def place(value):
        share = np.clip((value - left) / (right - left), 0, 1)
        return round(100 * float(share), 2)

    bars = {}
    for row in rows:
        low, high = interval_ends(row[key])
        bars[row["penalty"]] = {
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
    units = "unit" if sizes == ["1"] else "units"
    skip = f", a linear map beside {'it' if one else 'them'}" if detail["skip"] else ""
    return f"{layers} {join(sizes)} {units} ({detail['activation']}){skip}"


def grids(result):
    """The strengths walked on all rows: (name, number, least, largest)."""
    names = [row["penalty"] for row in [*walked(result), result["linear"]]]
    alphas = {name: result["detail"]["penalties"][name]["path"]["alphas"] for name in names}
    return [(name, len(own), own[0], own[-1]) for name, own in alphas.items()]


def certificates(result):
    """How well each row's model solves its own problem: (name, words)."""
    rows = [*result["rows"], result["linear"]]
    return [(row["penalty"], _words(row)) for row in rows]


def _words(row):
    if row["stationarity"] is None or row["objective_gap"] is None:
        return "no certificate"
    gap = row["objective_gap"]
    gained = "nothing" if gap <= 0 else f"{number(gap)} of the constant's loss"
    return f"{certificate_in_words(row)} (the last quarter of its steps gained {gained})"
