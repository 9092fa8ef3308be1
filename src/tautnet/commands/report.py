"""``tautnet report``: draw a finished run again."""

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from tautnet.commands.console import noted, one_line_errors, say


def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory that compare wrote.")],
) -> None:
    """Draw the report of a finished run again from its result.json, without fitting."""
    with one_line_errors():
        from tautnet.files.journal import all_or_nothing, settled
        from tautnet.files.run_directory import REPORT
        from tautnet.views.report import read_result, write_report

        settled(directory)
        result = read_result(directory)
        done = f"report: {directory / REPORT}"
        with all_or_nothing(directory, shield=partial(noted, done)) as draft:
            write_report(result, draft / REPORT)
        say(done, sys.stderr)
