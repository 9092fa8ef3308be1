"""The report of the article's experiment: one HTML file that stands alone and loads nothing."""

import json
from contextlib import nullcontext
from importlib.resources import files

from tautnet.files.journal import all_or_nothing
from tautnet.files.run_directory import LOG, REPORT, RESULT, write_text
from tautnet.files.whole import write_bytes
from tautnet.views.article_pictures import draw_article
from tautnet.views.article_sections import article_sections, article_text
from tautnet.views.cells import readable
from tautnet.views.report import content_hash

TEMPLATE = "article.html.jinja"


def write_article_run(result, directory, command, shield=nullcontext, *, without_jobs=False):
    """Write report, result and log of a repeated article, all or none.

    Parameters
    ----------
    result : dict
        The object that ``tautnet article --json`` prints, with ``detail``.
    directory : path
    command : str
        What to type to get the same again.
    shield, without_jobs
        As in `all_or_nothing`.
    """
    seconds = f"{result['seconds']:.1f} seconds"
    begin = f"$ {command}\ntautnet {result['version']}"
    log = f"{begin}\n\n{article_text(result)}\n\n{seconds}\n"
    with all_or_nothing(directory, shield, without_jobs=without_jobs) as draft:
        write_text(draft / RESULT, json.dumps(result, allow_nan=False) + "\n")
        write_article_report(result, draft / REPORT, command)
        write_text(draft / LOG, log)


def write_article_report(result, path, command=None):
    """Write the report of a repeated article.

    Parameters
    ----------
    result : dict
        The object that ``tautnet article --json`` prints, with ``detail``.
    path : path
        The HTML file; written over where it exists.
    command : str, optional
        What to type to get the same again.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"content_hash": content_hash}
    template = environment.from_string(files("tautnet.views").joinpath(TEMPLATE).read_text("utf-8"))
    page = template.render(
        result=result,
        sections=article_sections(result),
        pictures=draw_article(result),
        command=None if command is None else readable(command),
    )
    write_bytes(path, page.encode("utf-8", errors="xmlcharrefreplace"))
