"""Options of the command: what they allow, and which of them would do nothing together."""

import csv
from math import inf

import typer

from tautnet.objective.registry import compared_names, names_where, penalty_kind

# Typer 0.2x carries its own copy of click, earlier ones use click itself: the classes are found by
# inheritance.
UsageError = typer.BadParameter.__base__
CommandError = UsageError.__base__

ACTIVATIONS = ("relu", "tanh", "silu", "identity")
FDR, EXPECTED_FALSE = 0.1, 4.0
LANGUAGES = ("python", "sql")
LOSSES = ("squared_error", "poisson", "huber", "quantile")
TIES = ("breslow", "efron")
DELTA, QUANTILE, L1_RATIO = 1.35, 0.5, 0.5


def names(value, allowed, what):
    """Names between commas, each allowed and given once."""
    found = [name.strip() for name in value.split(",") if name.strip()]
    for name in found:
        if name not in allowed:
            raise typer.BadParameter(f"no {what} {name!r}: use some of {', '.join(allowed)}")
    if not found or len(set(found)) < len(found):
        raise typer.BadParameter(f"name at least one {what}, and each once")
    return found


def penalties(value: str):
    """Names of penalties between commas."""
    return ",".join(names(value, compared_names(), "penalty"))


def penalty(value: str):
    """The name of one penalty."""
    return one_of(*compared_names())(value)


def one_of(*allowed):
    """A check that a value is one of some."""

    def check(value):
        if value is not None and value not in allowed:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}")
        return value

    return check


def share(value: float):
    """A number between 0 and 1."""
    if not 0 < value < 1:
        raise typer.BadParameter(f"{value} is not between 0 and 1")
    return value


def positive(value: float):
    """A finite number above 0."""
    if not 0 < value < inf:
        raise typer.BadParameter(f"{value} is not a finite number above 0")
    return value


def rule_of_comparison(value: str):
    """A rule of choice that serves every penalty; a number of predictors is a matter of one."""
    if value.isdecimal():
        raise typer.BadParameter(
            f"compare takes min or 1se; the best model with at most {value} predictors is that of"
            f" tautnet fit --select {value}"
        )
    return one_of("min", "1se")(value)


def rule(value: str):
    """A rule of choice, or a number of predictors."""
    if value not in ("min", "1se") and not (value.isdecimal() and int(value)):
        raise typer.BadParameter(
            f"{value!r} is neither min nor 1se nor a number of predictors from 1 on"
        )
    return value


def hidden(value: str):
    """Units of each hidden layer, or 0."""
    sizes = [size.strip() for size in value.split(",")]
    if not all(map(str.isdecimal, sizes)) or (len(sizes) > 1 and 0 in map(int, sizes)):
        raise typer.BadParameter(
            f"{value!r}: give the units of each hidden layer, such as 100 or 64,64; 0 for none"
        )
    return value


def refuse_idle_penalties(penalties, l1_ratio, hidden):
    """A number is that of some penalties, and not every penalty goes with every network."""
    for idle, why in (
        (
            l1_ratio != L1_RATIO
            and not any(penalty_kind(name).uses_l1_ratio for name in penalties),
            "--l1-ratio does nothing without "
            f"{' or '.join(names_where('uses_l1_ratio'))} among --penalties",
        ),
        (
            any(penalty_kind(name).needs_hidden_layer for name in penalties) and not layers(hidden),
            "dropout leaves hidden units out: it needs a hidden layer (--hidden)",
        ),
    ):
        if idle:
            raise UsageError(why)


def refuse_idle_groups(feature_groups, penalties):
    """Groups of columns are those of penalties that draw whole predictors."""
    if feature_groups and not any(penalty_kind(name).is_joint for name in penalties):
        raise UsageError(
            "--feature-groups does nothing without " + " or ".join(names_where("is_joint"))
        )


def refuse_idle_refits(relax, penalties, finish):
    """Refits need a path that ranks predictors, and are scored as they are walked."""
    for idle, why in (
        (
            relax and "group" not in penalties,
            "--relax refits what group ranks first: name group in --penalties",
        ),
        (
            relax and finish,
            (
                "--finish does nothing to refits, which are scored as they are walked: leave out"
                " --relax"
            ),
        ),
    ):
        if idle:
            raise UsageError(why)


def refuse_idle_options(out, force, ordered, repeats, group_col):
    """An option that would do nothing is a mistake that its user should hear of."""
    for idle, why in (
        (force and out is None, "--force does nothing without --out DIR"),
        (
            ordered and repeats > 1,
            "--repeats draws folds anew, and --ordered leaves nothing to draw: use one of them",
        ),
        (
            ordered and group_col,
            "--ordered cuts folds by the order of rows, --group-col by groups: use one of them",
        ),
    ):
        if idle:
            raise UsageError(why)


def refuse_idle_layers(hidden, activation, finish):
    """Without a hidden layer there is nothing to activate, and the map is solved anyway."""
    linear = not layers(hidden)
    for idle, why in (
        (
            linear and activation != "relu",
            "--activation does nothing without a hidden layer (--hidden 0)",
        ),
        (
            linear and finish,
            (
                "--finish does nothing without a hidden layer (--hidden 0): a linear map is always"
                " solved"
            ),
        ),
    ):
        if idle:
            raise UsageError(why)


def refuse_idle_targets(target, time, event, task):
    """What is to be predicted is said once."""
    for idle, why in (
        ((time is None) != (event is None), "--time and --event go together: times, and events"),
        (
            time is not None and target,
            "--target names one column, --time and --event two: use one or the other",
        ),
        (time is not None and task != "auto", "--task does nothing beside --time and --event"),
    ):
        if idle:
            raise UsageError(why)


def refuse_idle_losses(task, time, loss, delta, quantile, ties):
    """A loss is that of a regression, and each number is that of one loss."""
    for idle, why in (
        (
            time is not None and loss != "squared_error",
            "--loss does nothing beside --time and --event",
        ),
        (loss != "squared_error" and task == "classification", "--loss is that of a regression"),
        (delta != DELTA and loss != "huber", "--delta does nothing without --loss huber"),
        (
            quantile != QUANTILE and loss != "quantile",
            "--quantile does nothing without --loss quantile",
        ),
        (ties != TIES[0] and time is None, "--ties does nothing without --time and --event"),
    ):
        if idle:
            raise UsageError(why)


def refuse_idle_selection(fdr, strict, stability, expected_false, hidden, activation):
    """Options of one method do nothing beside the other."""
    for idle, why in (
        (
            stability and fdr != FDR,
            "--fdr does nothing with --stability, whose limit is --expected-false",
        ),
        (stability and strict, "--strict does nothing with --stability, which has no p-values"),
        (
            not stability and expected_false != EXPECTED_FALSE,
            "--expected-false does nothing without --stability: the limit is --fdr",
        ),
        (
            not layers(hidden) and activation != "relu",
            "--activation does nothing without a hidden layer (--hidden 0)",
        ),
    ):
        if idle:
            raise UsageError(why)


def split(text):
    """Names between commas; one that holds a comma itself goes in double quotes."""
    return [
        name.strip() for name in next(csv.reader([text], skipinitialspace=True), ()) if name.strip()
    ]


def layers(hidden):
    """The units of each hidden layer that an option names."""
    return tuple(size for size in map(int, hidden.split(",")) if size)
