"""``tautnet show``: what is in a model file."""

import json
import sys
from typing import Annotated

from typer import Option

from tautnet.commands import arguments
from tautnet.commands.console import one_line_errors, say


def show(
    file: arguments.ModelFile,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
):
    """Say what is in a model file: penalty, weights, losses, certificate, predictors with their scales and levels."""
    with one_line_errors():
        from tautnet.files.model_file import load
        from tautnet.files.summary import describe, facts

        model = load(file)
        say(json.dumps(facts(model), allow_nan=False) if as_json else describe(model), sys.stdout)
