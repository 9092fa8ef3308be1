"""The command: parse, call, write. Exit codes: 0 done, 1 data or fit at fault, 2 usage, 130 interrupted.

Nothing heavy is imported before a command runs, so that ``--help`` answers at once.
"""

import json
import os
import shlex
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

PENALTIES = ("none", "l2", "l1", "elasticnet", "group")
ACTIVATIONS = ("relu", "tanh", "silu", "identity")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="glmnet for neural networks: is my network over-fitted, which penalty helps, which predictors can go?",
)


def _show_version(value: bool):
    if value:
        print(f"tautnet {version('tautnet')}")
        raise typer.Exit


@app.callback()
def _tautnet(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
):
    pass


def _names(value, allowed, what):
    names = [name.strip() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in allowed:
            raise typer.BadParameter(f"no {what} {name!r}: use some of {', '.join(allowed)}")
    if not names or len(set(names)) < len(names):
        raise typer.BadParameter(f"name at least one {what}, and each once")
    return names


def _penalties(value: str):
    _names(value, PENALTIES, "penalty")
    return value


def _one_of(*allowed):
    def check(value):
        if value is not None and value not in allowed:
            raise typer.BadParameter(f"{value!r} is not one of {', '.join(allowed)}")
        return value

    return check


def _hidden(value: str):
    sizes = value.split(",")
    if not all(size.strip().isdigit() for size in sizes) or (len(sizes) > 1 and "0" in map(str.strip, sizes)):
        raise typer.BadParameter(f"{value!r}: give the units of each hidden layer, such as 100 or 64,64; 0 for none")
    return value


Option = typer.Option


@app.command()
def compare(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="CSV, TSV or Parquet file (gz too), - for stdin, or a built-in name.")
    ] = "breast_cancer",
    target: Annotated[str | None, Option(metavar="COL", help="Column to predict.")] = None,
    penalties: Annotated[
        str, Option(callback=_penalties, help="Penalties to compare, separated by commas.")
    ] = ",".join(PENALTIES),
    task: Annotated[
        str, Option(callback=_one_of("auto", "classification", "regression"), help="auto, classification or regression.")
    ] = "auto",
    cv: Annotated[int, Option(min=3, help="Number of folds, outer and inner.")] = 5,
    repeats: Annotated[int, Option(min=1, help="How often the folds are drawn anew.")] = 1,
    select: Annotated[
        str, Option(callback=_one_of("min", "1se"), help="Choose the least CV loss, or the simplest within one SE.")
    ] = "min",
    group_col: Annotated[
        str | None, Option(metavar="COL", help="Rows with the same value here are never split between folds.")
    ] = None,
    weights: Annotated[str | None, Option(metavar="COL", help="Column of row weights.")] = None,
    drop: Annotated[str, Option(metavar="COL,...", help="Columns not to use.")] = "",
    ordered: Annotated[bool, Option("--ordered", help="Contiguous blocks of rows as folds.")] = False,
    seed: Annotated[int, Option(min=0, help="Seed of folds and initial weights.")] = 0,
    jobs: Annotated[int | None, Option(min=1, help="Units of work at once; all cores if not given.")] = None,
    hidden: Annotated[
        str, Option(callback=_hidden, help="Units of each hidden layer, such as 100 or 64,64; 0 for none.")
    ] = "100",
    activation: Annotated[
        str, Option(callback=_one_of(*ACTIVATIONS), help="relu, tanh, silu or identity.")
    ] = "relu",
    alpha_min_ratio: Annotated[
        float | None,
        Option(min=1e-12, max=1, help="Start of the path as a share of a0; 1e-6, or 1e-2 on wide tables."),
    ] = None,
    finish: Annotated[bool, Option("--finish", help="Score models solved in float64 (slower).")] = False,
    na: Annotated[list[str] | None, Option(metavar="TEXT", help="A cell that means missing; may be repeated.")] = None,
    decimal: Annotated[str, Option(callback=_one_of(".", ","), help="Decimal mark.")] = ".",
    encoding: Annotated[str | None, Option(help="Encoding of the text; UTF-8 if not given.")] = None,
    out: Annotated[
        Path | None, Option(metavar="DIR", help="Where to write; tautnet-DATA-TARGET if not given.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object; write nothing without --out.")] = False,
    force: Annotated[bool, Option("--force", help="Write over a report in --out DIR.")] = False,
):
    """Compare penalties on a table by nested cross-validation, and say what the numbers mean."""
    with _one_line_errors():
        from tautnet.files.run_directory import choose_directory
        from tautnet.tables.reader import read_table

        table = read_table(data, na=tuple(na or ()), decimal=decimal, encoding=encoding)
        log = _Log()
        rows = _select_rows(table, target or table.target, _split(drop), group_col, weights, log)
        directory = choose_directory(out, table.name, rows.y.name, force=force) if out or not as_json else None

        from tautnet.fitting.comparison import compare as compare_penalties

        with _progress() as show:
            comparison = compare_penalties(
                rows.X, rows.y, groups=rows.groups, sample_weight=rows.weight, name=table.name,
                penalties=penalties.split(","), task=task, cv=cv, repeats=repeats, selection=select, ordered=ordered,
                hidden_layer_sizes=_layers(hidden), activation=activation, alpha_min_ratio=alpha_min_ratio,
                finish=finish, random_state=seed, n_jobs=jobs or -1, on_progress=show, on_note=log,
            )  # fmt: skip
        _show(comparison, as_json)
        if directory is not None:
            _write(comparison, directory, log)


@contextmanager
def _one_line_errors():
    from tautnet.tables.errors import TableError

    try:
        yield
    except TableError as error:
        print(f"tautnet: error: {' '.join(str(error).split())}", file=sys.stderr)
        raise typer.Exit(1) from None


class _Log:
    """Says things on stderr as they happen, and keeps them for the run's log."""

    def __init__(self):
        self.lines = []

    def __call__(self, line):
        self.lines.append(line)
        print(line, file=sys.stderr)


def _split(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def _layers(hidden):
    return tuple(size for size in map(int, hidden.split(",")) if size)


class _Rows(NamedTuple):
    X: object
    y: object
    groups: object
    weight: object


def _select_rows(table, target, drop, group_col, weights, log):
    """Predictors, target, groups and weights of the rows whose target is known."""
    from tautnet.tables.errors import TableError
    from tautnet.tables.target import split_target

    frame = table.frame
    if target is None:
        shown = ", ".join(map(str, frame.columns[:20])) + (", ..." if frame.shape[1] > 20 else "")
        raise typer.BadParameter(f"name the column to predict: --target COL; the columns are {shown}")
    beside = [name for name in (group_col, weights) if name is not None]
    if target in beside:
        raise TableError(f"the target {target!r} cannot be a column of groups or weights too")
    X, y, n_missing = split_target(frame, target, drop=list(dict.fromkeys([*drop, *beside])))
    if n_missing:
        log(f"{n_missing} rows without {target!r} left out")
    groups = None if group_col is None else frame.loc[X.index, group_col]
    if groups is not None and groups.isna().any():
        raise TableError(f"{int(groups.isna().sum())} rows have no value in the group column {group_col!r}")
    if weights is not None and frame[weights].dtype.kind not in "iuf":
        raise TableError(f"the weights in {weights!r} are not numbers")
    row_weights = None if weights is None else frame.loc[X.index, weights].to_numpy(float)
    return _Rows(X, y, groups, row_weights)


@contextmanager
def _progress():
    """A bar with the time left, on stderr, and only where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    columns = TextColumn("fitting"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("fitting", total=1.0)
        yield lambda share: progress.update(task, completed=share)


def _show(comparison, as_json):
    if as_json:
        print(json.dumps(comparison.result, allow_nan=False))
        return
    from rich.console import Console

    from tautnet.views.terminal import print_comparison

    print_comparison(comparison.result, comparison.sentences, Console())


def _write(comparison, directory, log):
    from tautnet.files.run_directory import LOG, REPORT, RESULT, write_text
    from tautnet.views.report import write_report

    command = shlex.join(["tautnet", *sys.argv[1:]])
    whole = comparison.result | {"detail": comparison.detail}
    write_text(directory / RESULT, json.dumps(whole, allow_nan=False) + "\n")
    write_report(whole, comparison.sentences, directory / REPORT, command=command)
    log(f"report: {directory / REPORT}")
    lines = [f"$ {command}", f"tautnet {comparison.result['version']}", *log.lines, *comparison.sentences]
    lines.append(f"{comparison.result['seconds']:.1f} seconds")
    write_text(directory / LOG, "\n".join(lines) + "\n")


def main():
    """Run the command; Ctrl-C ends it at once, with nothing half written."""
    try:
        app()
    except KeyboardInterrupt:
        print("\ntautnet: interrupted; nothing was written", file=sys.stderr, flush=True)
        # Threads that are inside a compiled program would be waited for: leave without them.
        os._exit(130)
    except BrokenPipeError:
        os._exit(0)
