"""The command ``tautnet``: gather the commands and run one.

Exit codes: 0 done, 1 data or fit at fault, 2 usage at fault, 130 interrupted.

Nothing heavy is imported before a command runs, so that ``--help`` answers at once.
"""

import sys
from importlib.metadata import version
from typing import Annotated, NoReturn

import typer

from tautnet import options
from tautnet.commands.article import article
from tautnet.commands.compare import compare
from tautnet.commands.console import complain, is_out_of_memory, leave_interrupted
from tautnet.commands.export import export
from tautnet.commands.fit import fit
from tautnet.commands.predict import predict
from tautnet.commands.report import report
from tautnet.commands.select import select
from tautnet.commands.show import show

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
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
        print(f"tautnet {version('tautnet')}")
        raise typer.Exit


@app.callback()
def _tautnet(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run the command: a user's mistake is one line, and Ctrl-C leaves nothing half written."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character shows a question mark instead of a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False)
    except options.CommandError as error:
        message = error.format_message().rstrip(".")
        context = getattr(error, "ctx", None)
        if message:
            complain(message + (f"; see {context.command_path} --help" if context else ""))
        code = error.exit_code
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        complain("there is not enough memory: use fewer rows or columns, or a larger machine")
        code = 1
    except KeyboardInterrupt:
        leave_interrupted()
    sys.exit(code)
