"""All commands as one, and how a run of them ends."""

import re
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer

from tautnet import options
from tautnet.commands import signals
from tautnet.commands.article import article
from tautnet.commands.compare import compare
from tautnet.commands.console import (
    complain,
    end_streams,
    is_out_of_memory,
    prepare_streams,
    say,
)
from tautnet.commands.export import export
from tautnet.commands.fit import fit
from tautnet.commands.predict import predict
from tautnet.commands.report import report
from tautnet.commands.select import select
from tautnet.commands.show import show

NAME = "tautnet"

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help=(
        "glmnet for neural networks. Is my network over-fitted? Which penalty helps? Which"
        " predictors can go?"
    ),
)
for command in (compare, fit, predict, show, export, select, report, article):
    app.command()(command)


def _show_version(value: bool) -> None:
    if value:
        say(f"tautnet {version('tautnet')}", sys.stdout)
        raise typer.Exit


@app.callback()
def _tautnet(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command("help")
def _help(
    command: Annotated[
        str | None,
        typer.Argument(metavar="[COMMAND]", show_default=False, help="Name of a command."),
    ] = None,
) -> None:
    """Show what a command does and takes."""
    app([*filter(None, [command]), "--help"], prog_name=NAME, standalone_mode=False)


def _plain(message: str, context: Any) -> str:
    """What is wrong with what was typed; a column that stands alone is told its option."""
    extra = re.fullmatch(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)", message)
    takes_target = any(one.name == "target" for one in context.command.params) if extra else False
    if not extra or not takes_target or context.params.get("target"):
        return message
    return f"unexpected {extra[1]!r}: name the column to predict by --target COL"


def run() -> int:
    """Run the command that was typed, and return its exit code; what goes wrong is one line."""
    prepare_streams()
    code = 0
    try:
        code = app(prog_name=NAME, standalone_mode=False) or 0
    except options.CommandError as error:
        context = getattr(error, "ctx", None)
        message = _plain(error.format_message().rstrip("."), context)
        if message:
            complain(message + (f"; see {context.command_path} --help" if context else ""))
        code = error.exit_code
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        complain("there is not enough memory: use fewer rows or columns, or a larger machine")
        code = 1
    except OSError as error:
        # Typer prints the help, into a stream that may take nothing: that is said at the end.
        code = end_streams()
        if not code:
            complain(error)
            code = 1
    except BaseException:
        # What was under way may have turned the interruption into an error of its own.
        if signals.received():
            signals.leave()
        raise
    return max(code, end_streams())
