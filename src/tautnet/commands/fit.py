"""``tautnet fit``: fit one penalty and keep the model in a file."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import (
    Log,
    lines_of_warnings,
    noted,
    one_line_errors,
    progress,
    say,
)
from tautnet.commands.engines import engine as where_jobs_run
from tautnet.commands.resuming import jobs_beside, place_beside, refuse_idle
from tautnet.commands.rows import Rows, read_feature_groups, read_rows, room_for_table, space_of
from tautnet.estimators.refusals import without_idle
from tautnet.estimators.rules import DEFAULTS
from tautnet.objective.choices import AUTO, DELTA, QUANTILE, TIES, implied_task
from tautnet.objective.registry import L2, compared_names

if TYPE_CHECKING:
    from tautnet.estimators.base import Net
    from tautnet.files.fitted import FittedModel


def fit(
    data: arguments.Data,
    model: Annotated[
        Path,
        Option(
            metavar="FILE",
            callback=options.file,
            help="File to write the model to; - for stdout.",
        ),
    ],
    target: arguments.Target = None,
    penalty: Annotated[
        str,
        Option(
            callback=options.penalty,
            help=(
                f"Penalty to fit: one of {', '.join(compared_names())}; or auto, which takes"
                " another than l2 only where that is surely better."
            ),
        ),
    ] = "l2",
    task: arguments.Task = "auto",
    loss: arguments.Loss = "squared_error",
    delta: arguments.Delta = DELTA,
    quantile: arguments.Quantile = QUANTILE,
    clamp_output: arguments.ClampOutput = True,
    time: arguments.Time = None,
    event: arguments.Event = None,
    ties: arguments.Ties = TIES[0],
    cv: Annotated[int, Option(min=2, help="Number of folds.")] = 5,
    select: Annotated[
        str,
        Option(
            metavar="min|1se|K",
            callback=options.rule,
            help=(
                "Choose the lowest CV loss, the simplest model within one SE of it, or the best"
                " model with at most K predictors."
            ),
        ),
    ] = "min",
    relax: Annotated[
        bool,
        Option(
            "--relax",
            help="Also refit the predictors that are kept, without the penalty's shrinkage.",
        ),
    ] = False,
    as_run: Annotated[
        Path | None,
        Option("--as", metavar="DIR", help="Take all settings from what this run delivered."),
    ] = None,
    group_col: arguments.GroupCol = None,
    weights: arguments.Weights = None,
    feature_groups: arguments.FeatureGroups = None,
    drop: arguments.Drop = "",
    seed: arguments.Seed = 0,
    jobs: arguments.Jobs = None,
    engine: arguments.Engine = "threads",
    network: arguments.Network = AUTO,
    hidden: arguments.Hidden = None,
    activation: arguments.Activation = None,
    inputs: arguments.Inputs = None,
    alpha_min_ratio: arguments.AlphaMinRatio = None,
    finish: Annotated[
        bool, Option("--finish", help="Solve the models in float64 (slower).")
    ] = False,
    na: arguments.Na = None,
    decimal: arguments.Decimal = None,
    thousands: arguments.Thousands = None,
    percent: arguments.Percent = False,
    parentheses: arguments.Parentheses = False,
    unit: arguments.Unit = None,
    dates: arguments.Dates = None,
    encoding: arguments.Encoding = None,
    drop_rows: arguments.DropRows = "",
    max_size: arguments.MaxSize = None,
    memory: arguments.Memory = None,
    scratch: arguments.Scratch = None,
    fresh: arguments.Fresh = False,
    keep_jobs: arguments.KeepJobs = False,
) -> None:
    """Fit one penalty on a table and keep the model in a file.

    Cross-validation chooses the strength of the penalty.
    """
    options.refuse_idle_targets(target, time, event, task)
    has_place = place_beside(model) is not None
    refuse_idle(fresh, keep_jobs, has_place, "beside the model, where it is a file")
    asked: dict[str, Any] = {
        **options.penalty_of_estimator(penalty),
        "task": "survival" if time else task,
        "loss": loss,
        "delta": delta,
        "quantile": quantile,
        "clamp_output": clamp_output,
        "ties": ties,
        "cv": cv,
        "selection": options.selection(select),
        "relax": relax,
        "n_jobs": jobs or -1,
        **options.network(network, hidden, activation, inputs),
        "alpha_min_ratio": alpha_min_ratio or "auto",
        "finish": finish,
        "random_state": seed,
    }
    if as_run is not None:
        asked |= _settings_of(as_run, asked)
    reading = options.reading(
        na, decimal, thousands, percent, parentheses, unit, dates, encoding, drop_rows, max_size
    )
    of_table = {"groups": group_col, "feature_groups": feature_groups}
    options.refuse(asked | of_table, door="estimator")
    with one_line_errors(), room_for_table(scratch, memory):
        from tautnet.files.whole import check_writable, reserved_space

        check_writable(model)
        log = Log()
        table, rows = read_rows(data, reading, target, (time, event), drop, group_col, weights, log)

        groups_of_columns = read_feature_groups(feature_groups, rows.X)

        from tautnet.estimators.assembled import estimator_for
        from tautnet.tables.sample import notes
        from tautnet.tables.target import as_target

        found = as_target(rows.y, implied_task(asked["task"], loss))
        log.later(found.decision)
        estimator = estimator_for(found.task, asked | {"feature_groups": groups_of_columns})
        space = space_of(rows.X, asked["hidden_layer_sizes"], cv + 2)
        with jobs_beside(model, log, fresh=fresh, keep_jobs=keep_jobs) as clear_jobs:
            with (
                progress() as show,
                reserved_space(model, space),
                lines_of_warnings(log),
                where_jobs_run(engine, jobs),
            ):
                _fit(estimator, rows, show)
            for note in list(notes(found, estimator.encoder_))[1:]:
                log(note)
            fitted = estimator.to_fitted()
            fitted.encoder.notation = table.notation
            _write(model, fitted, clear_jobs)
        log(f"model: {model}")


def _settings_of(directory: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """The settings of what a run delivered; an option about what they say is refused."""
    with one_line_errors():
        from tautnet.files.run_directory import read_settings

        # A run that says nothing of clamping is older than that.
        settings = {"clamp_output": False} | read_settings(directory)
    open_ones = dict.fromkeys(("hidden_layer_sizes", "activation", "inputs"))
    defaults = DEFAULTS | open_ones | {"penalty": L2, "network": AUTO, "random_state": 0}
    for name in (*settings, "network"):
        if name in asked and asked[name] != defaults[name]:
            raise options.UsageError(
                f"--as takes the settings of a run: leave out {options.spell(name)}"
            )
    applied = without_idle(asked | settings)
    return {name: applied[name] for name in settings}


def _write(model: Path, fitted: "FittedModel", clear_jobs: Callable[[], None]) -> None:
    """Write the model, which is the end of its jobs, then say what was found."""
    from tautnet.files.model_file import write_model
    from tautnet.files.summary import summarise
    from tautnet.files.whole import STDOUT

    try:
        with noted(f"model: {model}"):
            write_model(model, fitted)
            clear_jobs()
    finally:
        # Also where it cannot be written.
        say(summarise(fitted), sys.stderr if model == STDOUT else sys.stdout)


def _fit(estimator: "Net", rows: Rows, show: Callable[[float], None] | None) -> None:
    from tautnet.estimators.base import fit_with_progress
    from tautnet.tables.errors import TableError

    try:
        fit_with_progress(estimator, rows.X, rows.y, rows.weight, rows.groups, show)
    except ValueError as error:
        raise TableError(str(error)) from None
