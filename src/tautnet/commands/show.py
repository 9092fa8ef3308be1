"""``tautnet show``: say what a model file holds."""

import json
import sys
from typing import Annotated

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import one_line_errors, say


def show(
    file: arguments.ModelFile,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
    equation: Annotated[
        str | None,
        Option(
            callback=options.one_of(*options.LANGUAGES),
            help="Write a small model out as a formula: python or sql.",
        ),
    ] = None,
    dialect: Annotated[
        str | None,
        Option(
            callback=options.one_of(*options.DIALECTS),
            help="Database of --equation sql, for texts with a backslash: sqlite or duckdb.",
        ),
    ] = None,
) -> None:
    """Say what a model file holds.

    That is its penalty, weights, losses, certificate, and predictors with their scales and levels.
    """
    if as_json and equation:
        raise options.UsageError(
            "--json says what is in the file and --equation writes the model out: use one of them"
        )
    if dialect and equation != "sql":
        raise options.UsageError("--dialect names a database: use it with --equation sql")
    with one_line_errors():
        from tautnet.files.model_file import load
        from tautnet.files.summary import describe, facts

        model = load(file)
        if equation:
            say(model.equation(equation, dialect).rstrip("\n"), sys.stdout)
        else:
            say(
                json.dumps(facts(model), allow_nan=False) if as_json else describe(model),
                sys.stdout,
            )
