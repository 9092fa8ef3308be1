"""Options of the command: what is typed for an argument, and what each option allows."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import typer

from tautnet.estimators.allowed import Door, allowed
from tautnet.estimators.given import Arguments, gather
from tautnet.estimators.refusals import check_conflicts, idle, in_words
from tautnet.files.whole import STDOUT
from tautnet.objective.choices import AUTO
from tautnet.objective.registry import OTHER_NAMES, compared_names, penalty_kind
from tautnet.tables.errors import TableError
from tautnet.tables.names import did_you_mean
from tautnet.tables.notation import PLAIN, SEPARATORS
from tautnet.views.columns import ALL, KEYS

# Typer 0.2x carries its own copy of click, earlier ones use click itself. So the classes are found
# by inheritance, and their types depend on the version.
UsageError: Any = typer.BadParameter.__mro__[1]
CommandError: Any = UsageError.__mro__[1]

LANGUAGES = ("python", "sql")
ENGINES = ("threads", "processes", "dask", "ray")
CLUSTERS = ("dask", "ray")
DIALECTS = ("sqlite", "duckdb")
QUOTE = "'"

T = TypeVar("T")


def penalties(value: str) -> str:
    """Names of penalties between commas, each known and given once."""
    found = [name.strip() for name in value.split(",") if name.strip()]
    for name in found:
        if name not in compared_names():
            hint = did_you_mean(name, compared_names(), OTHER_NAMES)
            raise typer.BadParameter(
                f"no penalty {name!r}{hint}: use some of {', '.join(compared_names())}"
            )
    if not found or len(set(found)) < len(found):
        raise typer.BadParameter("name at least one penalty, and each once")
    return ",".join(found)


def penalty(value: str) -> str:
    """The name of one penalty, or auto."""
    return one_of(AUTO, *compared_names())(value)


def penalty_of_estimator(name: str) -> dict[str, Any]:
    """The arguments by which an estimator has a penalty that `penalty` allows.

    Examples
    --------
    >>> penalty_of_estimator("adaptive_group")
    {'penalty': 'group', 'adaptive': True}
    """
    if name == AUTO:
        return {"penalty": AUTO, "adaptive": False}
    return penalty_kind(name).arguments


def engine(value: str) -> str:
    """The name of an engine, with the address of a cluster."""
    kind, colon, address = value.partition(":")
    if kind not in ENGINES or (colon and (not address or kind not in CLUSTERS)):
        raise typer.BadParameter(
            f"{value!r} is none of {', '.join(ENGINES)}, or dask:ADDRESS, ray:ADDRESS"
        )
    return value


def file(path: Path | None) -> Path | None:
    """Where to write a file: ``-`` is standard output."""
    return STDOUT if path == Path("-") else path


def directory(path: Path | None) -> Path | None:
    """Where to write several files."""
    if path == Path("-"):
        raise typer.BadParameter(
            "a run is several files: name a directory, or use --json for standard output"
        )
    return path


def one_of(*names: str) -> Callable[[T], T]:
    """A check that a value is one of some."""

    def check(value: T) -> T:
        if value is not None and value not in names:
            hint = did_you_mean(str(value), names, OTHER_NAMES)
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(names)}{hint}")
        return value

    return check


def value_of(name: str, door: Door = "estimator") -> Callable[[T], T]:
    """A check that a value is one that an argument of a function may take."""

    def check(value: T) -> T:
        rule = allowed(name, door)
        if value is not None and not rule.test(value):
            raise typer.BadParameter(f"{value!r} {rule.refusal(value)}")
        return value

    return check


def columns(value: str | None) -> str | None:
    """Names of columns of the printed table between commas, each known and given once."""
    if value is None:
        return None
    found = split(value)
    for name in found:
        if name not in (ALL, *KEYS):
            raise typer.BadParameter(f"no column {name!r}: use {ALL}, or some of {', '.join(KEYS)}")
    if not found or len(set(found)) < len(found) or (ALL in found and len(found) > 1):
        raise typer.BadParameter(f"name at least one column, and each once, or {ALL} alone")
    return value


def rule_of_comparison(value: str) -> str:
    """A rule of choice that serves every penalty; a number of predictors is a matter of one."""
    if value.isdecimal():
        raise typer.BadParameter(
            f"compare takes min or 1se; the best model with at most {value} predictors is that of"
            f" tautnet fit --select {value}"
        )
    return value_of("selection", "compare")(value)


def selection(value: str) -> str | int:
    """The rule of choice, or the number of predictors, that an option names."""
    return int(value) if value.isdecimal() else value


def rule(value: str) -> str:
    """A rule of choice, or a number of predictors."""
    value_of("selection")(selection(value))
    return value


def hidden(value: str | None) -> str | None:
    """Units of each hidden layer, or 0."""
    if value is None:
        return None
    sizes = [size.strip() for size in value.split(",")]
    if not all(map(str.isdecimal, sizes)) or (len(sizes) > 1 and 0 in map(int, sizes)):
        raise typer.BadParameter(
            f"{value!r}: give the units of each hidden layer, such as 100 or 64,64; 0 for none"
        )
    return value


def refuse_idle_outputs(
    out: object, force: bool, as_json: bool, figures: bool, columns: str | None
) -> None:
    """Raise where an option about files or the table does nothing, since there is none.

    Raises
    ------
    UsageError
        With what the option needs.
    """
    if force and out is None:
        raise UsageError("--force does nothing without --out DIR")
    if figures and as_json and out is None:
        raise UsageError(
            "--figures does nothing with --json, which writes nothing without --out DIR"
        )
    if columns and as_json:
        raise UsageError("--columns does nothing with --json, which prints no table")


def refuse_idle_targets(target: str | None, time: str | None, event: str | None, task: str) -> None:
    """Raise unless what is to be predicted is said, and said once.

    Raises
    ------
    UsageError
        With the options that do not go together.
    """
    if (time is None) != (event is None):
        raise UsageError("--time and --event go together: times, and events")
    if time is not None and target:
        raise UsageError("--target names one column, --time and --event two: use one or the other")
    if time is not None and task != "auto":
        raise UsageError("--task does nothing beside --time and --event")


def numbers_of_rows(value: str) -> str:
    """Numbers of rows between commas, from the first or, below 0, from the last."""
    for one in split(value):
        if not one.removeprefix("-").isdecimal() or int(one) == 0:
            raise typer.BadParameter(
                f"{one!r} is no number of a row: 1 is the first below the names, -1 the last"
            )
    return value


def size(value: float | None) -> float | None:
    """A number of gigabytes above 0."""
    if value is not None and not 0 < value < 1e6:
        raise typer.BadParameter(f"{value!r} is not a number of gigabytes above 0")
    return value


class Reading(NamedTuple):
    """How a table is to be read.

    Attributes
    ----------
    given : dict
        Parts of a `tautnet.tables.notation.Notation` by name.
    encoding : str or None
    drop_rows : list of int
    max_size : float or None
    """

    given: dict[str, Any]
    encoding: str | None
    drop_rows: list[int]
    max_size: float | None


def reading(
    na: list[str] | None,
    decimal: str | None,
    thousands: str | None,
    percent: bool,
    parentheses: bool,
    unit: list[str] | None,
    dates: str | None,
    encoding: str | None,
    drop_rows: str,
    max_size: float | None,
) -> Reading:
    """How a table is to be read, of what is typed.

    Raises
    ------
    UsageError
        Where two options do not go together.
    """
    parts = {
        "na": tuple(na or ()),
        "decimal": decimal,
        "thousands": SEPARATORS.get(thousands or ""),
        "percent": percent,
        "parentheses": parentheses,
        "units": tuple(unit or ()),
        "dates": dates,
    }
    given = {name: part for name, part in parts.items() if part}
    try:
        PLAIN.changed(given)
    except TableError as error:
        raise UsageError(str(error)) from None
    return Reading(given, encoding, [int(one) for one in split(drop_rows)], max_size)


# Options that are not called as the argument that they set.
OPTIONS = {
    "hidden_layer_sizes": "--hidden",
    "selection": "--select",
    "random_state": "--seed",
    "n_jobs": "--jobs",
    "groups": "--group-col",
    "sample_weight": "--weights",
    "boosting": "--no-boosting",
    "clamp_output": "--no-clamp-output",
}
# What is typed for a value, where that is not the option with the value behind it.
TYPED = {
    ("task", "'survival'"): "--time and --event",
    ("method", "'stability'"): "--stability",
    ("method", "'randomization'"): "--stability left out",
    ("relax", "False"): "--relax left out",
    ("ordered", "False"): "--ordered left out",
    ("hidden_layer_sizes", "()"): "--hidden 0",
}


def spell(name: str, value: str = "") -> str:
    """What is typed for an argument of the functions behind the commands.

    Examples
    --------
    >>> spell("l1_ratio"), spell("loss", "'huber'"), spell("finish", "True")
    ('--l1-ratio', '--loss huber', '--finish')
    """
    if (name, value) in TYPED:
        return TYPED[name, value]
    option = OPTIONS.get(name, "--" + name.replace("_", "-"))
    return f"{option} {value.strip(QUOTE)}" if value not in ("", "True") else option


def refuse(arguments: Arguments, *, door: Door) -> None:
    """Raise where options conflict or do nothing, in the words of the functions behind them.

    Parameters
    ----------
    arguments : dict
        Those of the function, by name. What comes from a file or a table is not None.
    door : str
        The function.

    Raises
    ------
    UsageError
        With the names of options in the places of arguments.
    """
    given = gather(arguments, door=door)
    try:
        check_conflicts(given, spell)
    except TableError as error:
        raise UsageError(str(error)) from None
    needs = idle(arguments, given, spell)
    if needs:
        raise UsageError(in_words(needs, spell))


def split(text: str) -> list[str]:
    """Names between commas; one that holds a comma itself goes in double quotes."""
    return [
        name.strip() for name in next(csv.reader([text], skipinitialspace=True), ()) if name.strip()
    ]


def layers(hidden: str | None) -> tuple[int, ...] | None:
    """The units of each hidden layer that an option names."""
    if hidden is None:
        return None
    return tuple(size for size in map(int, hidden.split(",")) if size)


def network(
    name: str, hidden: str | None, activation: str | None, inputs: str | None
) -> dict[str, Any]:
    """The arguments that make a network, of the options that name them."""
    own = {"hidden_layer_sizes": layers(hidden), "activation": activation, "inputs": inputs}
    return {"network": name} | own
