"""``tautnet compare``: penalties side by side."""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import Log, draw, noted, one_line_errors, progress, say, typed
from tautnet.commands.engines import engine as where_jobs_run
from tautnet.commands.plans import planned
from tautnet.commands.resuming import place_of_run, refuse_idle
from tautnet.commands.rows import read_feature_groups, read_rows, room_for_table, space_of
from tautnet.objective.choices import AUTO, DELTA, L1_RATIO, QUANTILE, TIES
from tautnet.objective.registry import compared_names, default_names
from tautnet.views.columns import KEYS

if TYPE_CHECKING:
    from tautnet.comparison import Comparison


def compare(
    data: arguments.Data = "breast_cancer",
    target: arguments.Target = None,
    penalties: Annotated[
        str,
        Option(
            metavar="NAME,...",
            callback=options.penalties,
            help=f"Penalties to compare: any of {', '.join(compared_names())}.",
        ),
    ] = ",".join(default_names()),
    l1_ratio: Annotated[
        float,
        Option(
            min=0,
            max=1,
            callback=options.value_of("l1_ratio"),
            help="Share of l1 in elasticnet and sparse_group.",
        ),
    ] = L1_RATIO,
    task: arguments.Task = "auto",
    loss: arguments.Loss = "squared_error",
    delta: arguments.Delta = DELTA,
    quantile: arguments.Quantile = QUANTILE,
    clamp_output: arguments.ClampOutput = True,
    time: arguments.Time = None,
    event: arguments.Event = None,
    ties: arguments.Ties = TIES[0],
    cv: Annotated[int, Option(min=3, help="Number of folds, outer and inner.")] = 5,
    repeats: Annotated[int, Option(min=1, help="How many times to draw new folds.")] = 1,
    select: arguments.Select = "min",
    group_col: arguments.GroupCol = None,
    weights: arguments.Weights = None,
    feature_groups: arguments.FeatureGroups = None,
    drop: arguments.Drop = "",
    ordered: Annotated[
        bool, Option("--ordered", help="Use contiguous blocks of rows as folds.")
    ] = False,
    boosting: Annotated[
        bool,
        Option("--boosting/--no-boosting", help="Whether gradient boosting is fitted beside."),
    ] = True,
    time_limit: Annotated[
        float | None,
        Option(
            metavar="SECONDS",
            callback=options.value_of("time_limit"),
            help="Compare only what fits into about this time: the most useful part is chosen.",
        ),
    ] = None,
    plan: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="Compare what a run within a time limit did: the result.json of that run.",
        ),
    ] = None,
    deliver: Annotated[
        str | None,
        Option(
            metavar="NAME",
            callback=options.value_of("deliver"),
            help="Row whose model to keep, in the place of what is recommended.",
        ),
    ] = None,
    seed: arguments.Seed = 0,
    jobs: arguments.Jobs = None,
    engine: arguments.Engine = "threads",
    network: arguments.Network = AUTO,
    hidden: arguments.Hidden = None,
    activation: arguments.Activation = None,
    inputs: arguments.Inputs = None,
    alpha_min_ratio: arguments.AlphaMinRatio = None,
    finish: Annotated[
        bool, Option("--finish", help="Solve the models in float64 before scoring them (slower).")
    ] = False,
    relax: Annotated[
        bool,
        Option(
            "--relax",
            help="Add a row: refits of the predictors that group ranks first (slower).",
        ),
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
    out: arguments.Out = None,
    as_json: arguments.Json = False,
    force: arguments.Force = False,
    fresh: arguments.Fresh = False,
    keep_jobs: arguments.KeepJobs = False,
    columns: Annotated[
        str | None,
        Option(
            metavar="NAME,...",
            callback=options.columns,
            help=f"Columns of the printed table: all, or any of {', '.join(KEYS)}.",
        ),
    ] = None,
    figures: Annotated[
        bool, Option("--figures", help="Also write pictures for papers, as SVG and PNG.")
    ] = False,
) -> None:
    """Compare penalties on a table by nested cross-validation, and say what the numbers mean."""
    options.refuse_idle_outputs(out, force, as_json, figures, columns)
    write = out is not None or not as_json
    refuse_idle(fresh, keep_jobs, write, "in the directory of the run: give --out DIR")
    options.refuse_idle_targets(target, time, event, task)
    asked: dict[str, Any] = {
        "penalties": penalties.split(","),
        "l1_ratio": l1_ratio,
        "task": "survival" if time else task,
        "loss": loss,
        "delta": delta,
        "quantile": quantile,
        "clamp_output": clamp_output,
        "ties": ties,
        "cv": cv,
        "repeats": repeats,
        "selection": select,
        "ordered": ordered,
        "boosting": boosting,
        "time_limit": time_limit,
        "deliver": deliver,
        **options.network(network, hidden, activation, inputs),
        "alpha_min_ratio": alpha_min_ratio or "auto",
        "relax": relax,
        "finish": finish,
        "random_state": seed,
        "n_jobs": jobs or -1,
    }
    reading = options.reading(
        na, decimal, thousands, percent, parentheses, unit, dates, encoding, drop_rows, max_size
    )
    asked |= planned(plan, asked)
    options.refuse(asked | {"groups": group_col, "feature_groups": feature_groups}, door="compare")
    with one_line_errors(), room_for_table(scratch, memory):
        log = Log()
        table, rows = read_rows(data, reading, target, (time, event), drop, group_col, weights, log)
        groups_of_columns = read_feature_groups(feature_groups, rows.X)
        place = (out, table.name, time or rows.y.name, force)
        with place_of_run(write, place, log, fresh=fresh, keep_jobs=keep_jobs) as directory:
            from tautnet.comparison import compare as compare_penalties
            from tautnet.files.run_directory import free_place, reserved_space

            space = space_of(rows.X, asked["hidden_layer_sizes"], cv + 2)
            with where_jobs_run(engine, jobs), progress() as show, reserved_space(directory, space):
                comparison = compare_penalties(
                    rows.X,
                    rows.y,
                    groups=rows.groups,
                    sample_weight=rows.weight,
                    feature_groups=groups_of_columns,
                    name=table.name,
                    on_progress=show,
                    on_note=log,
                    **asked,
                )
            comparison.model.encoder_.notation = table.notation
            if directory is not None:
                directory = free_place(directory, force=force)
            write_files = partial(_write, figures=figures, keep_jobs=keep_jobs)
            _deliver(comparison, directory, log, as_json, columns, write_files)


def _deliver(
    comparison: "Comparison",
    directory: Path | None,
    log: Log,
    as_json: bool,
    columns: str | None,
    write_files: Callable[["Comparison", Path, Log], list[str]],
) -> None:
    """Write the run, then show it: no stream that fails may cost a file."""
    written: list[str] = []
    try:
        if directory is not None:
            written = write_files(comparison, directory, log)
    finally:
        # What was found is said, also where it cannot be written.
        _show(comparison, as_json, columns)
    for line in written:
        log(line)


def _show(comparison: "Comparison", as_json: bool, columns: str | None) -> None:
    if as_json:
        say(json.dumps(comparison.result, allow_nan=False), sys.stdout)
        return
    from rich.console import Console

    from tautnet.views.terminal import print_comparison

    console = Console()
    # Captured, since rich would end the program where the pipe is closed, before the report is
    # written.
    with console.capture() as captured:
        asked = None if columns is None else options.split(columns)
        print_comparison(comparison.whole(), comparison.sentences, console, asked)
    draw(captured.get().rstrip("\n"), sys.stdout)


def _write(
    comparison: "Comparison", directory: Path, log: Log, *, figures: bool, keep_jobs: bool
) -> list[str]:
    """Write the run, and return what to say of it."""
    from tautnet.files.journal import all_or_nothing
    from tautnet.files.model_file import write_model
    from tautnet.files.run_directory import LOG, MODEL, REPORT, RESULT, write_text
    from tautnet.prose.verdict import named
    from tautnet.tables.errors import visible
    from tautnet.views.figures import write_figures
    from tautnet.views.report import write_report

    command = typed()
    whole = comparison.whole(command)
    done = f"report: {directory / REPORT}"
    is_used = whole["claims"]["delivered"]["holds"]
    worth = "" if is_used else " (not shown to be better than a constant)"
    name = named(whole, comparison.delivered).replace("`", "")
    kept = f"model: {directory / MODEL} holds {name}{worth}"
    lines = [
        f"$ {command}",
        f"tautnet {comparison.result['version']}",
        *log.lines,
        *comparison.sentences,
    ]
    lines += [kept, done, f"{comparison.result['seconds']:.1f} seconds"]
    shield = partial(noted, done)
    with all_or_nothing(directory, shield, without_jobs=not keep_jobs) as draft:
        write_text(draft / RESULT, json.dumps(whole, allow_nan=False) + "\n")
        write_report(whole, draft / REPORT)
        write_model(draft / MODEL, comparison.model.to_fitted())
        if figures:
            write_figures(whole, draft)
        write_text(draft / LOG, "\n".join(map(visible, lines)) + "\n")
    return [kept, done]
