"""The plan of an earlier run, to do the same again."""

import json
from pathlib import Path
from typing import Any

from tautnet import options
from tautnet.commands.console import one_line_errors
from tautnet.estimators.allowed import check_values
from tautnet.objective.choices import AUTO
from tautnet.objective.registry import default_names
from tautnet.tables.errors import TableError

# What a plan says, and what these arguments are where nobody has typed them.
DEFAULTS: dict[str, Any] = {
    "penalties": default_names(),
    "network": AUTO,
    "cv": 5,
    "boosting": True,
    "time_limit": None,
}


def planned(path: Path | None, asked: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `compare` in the plan of an earlier run.

    Parameters
    ----------
    path : pathlib.Path or None
        The ``result.json`` of that run; None adds nothing.
    asked : dict
        Arguments that were typed.

    Raises
    ------
    UsageError
        Where an argument is typed that a plan holds.
    typer.Exit
        With one line where there is no plan in the file.
    """
    if path is None:
        return {}
    for name, default in DEFAULTS.items():
        if asked[name] != default:
            raise options.UsageError(f"{options.spell(name)} is in the plan: use one of them")
    with one_line_errors():
        arguments = _arguments_in(path)
        check_values(arguments, door="compare")
    return arguments


def _arguments_in(path: Path) -> dict[str, Any]:
    """The arguments that the plan in a file holds."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TableError(f"cannot read {str(path)!r}: {error.strerror or error}") from None
    except ValueError:
        raise TableError(f"{str(path)!r} is no JSON: name the result.json of a run") from None
    plan = result.get("plan") if isinstance(result, dict) else None
    arguments = plan.get("arguments") if isinstance(plan, dict) else None
    is_plan = isinstance(arguments, dict) and set(arguments) < set(DEFAULTS)
    # Folds that a program gave are no value of a file.
    if arguments is None or not is_plan or not isinstance(arguments.get("cv", 5), int):
        raise TableError(
            f"{str(path)!r} holds no plan: name the result.json of a run with --time-limit"
        )
    return dict(arguments)
