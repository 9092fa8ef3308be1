"""``tautnet report``: draw a finished run again."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tautnet.commands.console import note_written, one_line_errors, say


def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Directory that compare wrote.")],
) -> None:
    """Draw the report of a finished run again from its result.json, without fitting."""
    with one_line_errors():
        from tautnet.files.run_directory import REPORT, all_or_nothing
        from tautnet.views.report import read_result, write_report

        result = read_result(directory)
        with all_or_nothing(directory) as draft:
            write_report(result, draft / REPORT)
        say(note_written(f"report: {directory / REPORT}"), sys.stderr)
