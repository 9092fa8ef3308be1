"""The report of a finished comparison: one HTML file that stands alone and loads nothing."""

import base64
import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

from tautnet.files.run_directory import RESULT
from tautnet.files.whole import write_bytes
from tautnet.objective.choices import STANDARDISED
from tautnet.objective.registry import BASELINE
from tautnet.prose.verdict import headline
from tautnet.prose.words import (
    NEARLY_SOLVED,
    SETTLED,
    SOLVED,
    certificate_in_words,
    join,
    number,
    shown_name,
)
from tautnet.tables.errors import TableError
from tautnet.views.cells import figure, readable
from tautnet.views.figures import picture_of
from tautnet.views.gains import ComparisonDisplay, drawn_penalty, removes_on_its_path, walked
from tautnet.views.older import upgraded
from tautnet.views.report_data import POINTS, as_json_for_page, best_step, run
from tautnet.views.report_tables import LISTED, class_table, exits, table, tiles
from tautnet.views.standing import BOOSTING, gain_key, marks, model_in_words

# Characters of a stranger's text that are shown at most.
EXCERPT = 120
INPUTS = {"smooth": "smooth columns", "splines": "splines of the columns"}
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
        result = upgraded(result)
        run(result)
        _ = result["claims"]["delivered"]
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
    write_bytes(path, render_report(result).encode("utf-8", errors="xmlcharrefreplace"))
    return path


def render_report(result):
    """The report as text; ``result`` as in `write_report`."""
    result = upgraded(result)
    detail = result["detail"]
    drawn = run(result)
    more = {
        "style": _part(STYLE),
        "drawing": _part(DRAWING),
        "script": _part(SCRIPT),
        "page_data": as_json_for_page(drawn),
        # That of an earlier version stands in its run.
        "headline": detail.get("headline") or headline(result),
        "tiles": tiles(result),
        "is_boosting_better": result["recommended"] == BOOSTING != result["delivered"],
        "walked": walked(result),
        "counts": drawn["counts"],
        "exits": exits(result),
        "class_table": class_table(result),
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
    """The verdict, the main picture and the table, for a notebook.

    ``result`` is as in `write_report`.
    """
    result = upgraded(result)
    display = ComparisonDisplay.from_result(result)
    picture = None
    if display is not None:
        picture = picture_of(display, "svg", "By how much each row's loss is lower.")
    return _render(SUMMARY, result, {"picture": picture})


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
        "doubt_in_html": doubt_in_html,
        "excerpt": excerpt,
        "figure": figure,
        "readable": readable,
        "shown_name": shown_name,
        "model_in_words": model_in_words,
    }
    return environment.get_template(template).render(
        result=result,
        detail=result["detail"],
        sentences=[readable(sentence) for sentence in result["detail"]["sentences"]],
        against=gain_key(result),
        marks=marks(result),
        table=table(result),
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

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def doubt_in_html(doubt):
    """A doubt with what to type about it as code, where the text has it or behind the text.

    Examples
    --------
    >>> doubt_in_html({"text": "Leave it out (--drop a)?", "option": "--drop a"})
    Markup('Leave it out (<code>--drop a</code>)?')
    """
    text = readable(doubt["text"])
    option = readable(doubt["option"] or "")
    if not option:
        return with_code(text)
    if option not in text:
        return with_code(f"{text} `{option}`")
    before, after = text.split(option, 1)
    return with_code(before) + with_code(f"`{option}`") + with_code(after)


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
    >>> network({"hidden_layer_sizes": [9], "activation": "relu", "skip": False,
    ...          "inputs": "splines"})
    'one hidden layer of 9 units (relu), on splines of the columns'
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
    inputs = detail.get("inputs", STANDARDISED)
    on = "" if inputs == STANDARDISED else f", on {INPUTS[inputs]}"
    return f"{layers} {join(sizes)} {units} ({detail['activation']}){on}{skip}"


def grids(result):
    """The strengths walked on all rows: (name, number, least, largest)."""
    names = [row["penalty"] for row in [*walked(result), result["linear"]]]
    alphas = {name: result["detail"]["penalties"][name]["path"]["alphas"] for name in names}
    return [(shown_name(name), len(own), own[0], own[-1]) for name, own in alphas.items()]


def certificates(result):
    """How well each row's model solves its own problem: (name, words)."""
    rows = [*result["rows"], result["linear"]]
    return [(shown_name(row["penalty"]), _words(row)) for row in rows]


def _words(row):
    if row["stationarity"] is None or row["objective_gap"] is None:
        return "no certificate"
    gap = row["objective_gap"]
    gained = "nothing" if gap <= 0 else f"{number(gap)} of the constant's loss"
    return f"{certificate_in_words(row)} (the last quarter of its steps gained {gained})"
