"""``tautnet select``: say which predictors matter."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import Log, draw, one_line_errors, progress, say
from tautnet.commands.engines import engine as where_jobs_run
from tautnet.commands.resuming import jobs_in
from tautnet.commands.rows import read_feature_groups, read_rows, room_for_table
from tautnet.objective.choices import EXPECTED_FALSE, FDR

if TYPE_CHECKING:
    from tautnet.selection import Selection


def select(
    data: arguments.Data,
    target: arguments.Target = None,
    fdr: Annotated[
        float,
        Option(
            callback=options.value_of("fdr"),
            help="Allowed share of false predictors among those selected, on average.",
        ),
    ] = FDR,
    strict: Annotated[
        bool,
        Option(
            "--strict",
            help="Use twice the median of the folds' p-values: surely valid, but weaker.",
        ),
    ] = False,
    stability: Annotated[
        bool,
        Option(
            "--stability",
            help="Use stability selection in halves of the rows instead of p-values.",
        ),
    ] = False,
    expected_false: Annotated[
        float,
        Option(
            min=1e-3,
            callback=options.value_of("expected_false"),
            help="With --stability: allowed number of false predictors, on average.",
        ),
    ] = EXPECTED_FALSE,
    task: arguments.Task = "auto",
    cv: Annotated[int, Option(min=3, help="Number of folds.")] = 5,
    group_col: arguments.GroupCol = None,
    weights: arguments.Weights = None,
    feature_groups: arguments.FeatureGroups = None,
    drop: arguments.Drop = "",
    seed: arguments.Seed = 0,
    jobs: arguments.Jobs = None,
    engine: arguments.Engine = "threads",
    hidden: arguments.Hidden = None,
    activation: arguments.Activation = None,
    inputs: arguments.Inputs = None,
    clamp_output: arguments.ClampOutput = True,
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
    as_json: Annotated[bool, Option("--json", help="Print one JSON object.")] = False,
    resume: Annotated[
        Path | None,
        Option(
            metavar="DIR",
            callback=options.directory,
            help="Keep finished jobs in DIR until the end, and go on from those that are there.",
        ),
    ] = None,
) -> None:
    """Say which predictors matter, with a limit on false selections."""
    asked: dict[str, Any] = {
        "fdr": fdr,
        "method": "stability" if stability else "randomization",
        "strict": strict,
        "expected_false": expected_false,
        "cv": cv,
        "task": task,
        "hidden_layer_sizes": options.layers(hidden),
        "activation": activation,
        "inputs": inputs,
        "clamp_output": clamp_output,
        "random_state": seed,
        "n_jobs": jobs or -1,
    }
    reading = options.reading(
        na, decimal, thousands, percent, parentheses, unit, dates, encoding, drop_rows, max_size
    )
    of_table = {"groups": group_col, "feature_groups": feature_groups}
    options.refuse(asked | of_table, door="select_features")
    with one_line_errors(), room_for_table(scratch, memory):
        log = Log()
        table, rows = read_rows(data, reading, target, (None, None), drop, group_col, weights, log)

        groups_of_columns = read_feature_groups(feature_groups, rows.X)

        from tautnet.selection import select_features

        with jobs_in(resume, log), where_jobs_run(engine, jobs), progress() as show:
            selection = select_features(
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
        if as_json:
            say(json.dumps(selection.result, allow_nan=False), sys.stdout)
        else:
            _show(selection)


def _show(selection: "Selection") -> None:
    from rich.console import Console

    from tautnet.views.terminal import print_selection

    console = Console()
    with console.capture() as captured:
        print_selection(selection.result, selection.sentences, console)
    draw(captured.get().rstrip("\n"), sys.stdout)
