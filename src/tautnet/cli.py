"""The command: parse, call, write. Exit codes: 0 done, 1 data or fit at fault, 2 usage, 130 interrupted.

Nothing heavy is imported before a command runs, so that ``--help`` answers at once.
"""

import json
import os
import shlex
import signal
import sys
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from tautnet import options

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


Option = typer.Option


@app.command()
def compare(
    data: Annotated[
        str, typer.Argument(metavar="DATA", help="CSV, TSV or Parquet file (gz too), - for stdin, or a built-in name.")
    ] = "breast_cancer",
    target: Annotated[str | None, Option(metavar="COL", help="Column to predict.")] = None,
    penalties: Annotated[
        str, Option(callback=options.penalties, help="Penalties to compare, separated by commas.")
    ] = ",".join(options.DEFAULT_PENALTIES),
    task: Annotated[
        str,
        Option(callback=options.one_of("auto", "classification", "regression"), help="classification or regression."),
    ] = "auto",
    loss: Annotated[
        str,
        Option(
            callback=options.one_of(*options.LOSSES),
            help="Of a regression: squared_error, poisson, huber or quantile.",
        ),
    ] = "squared_error",
    quantile: Annotated[
        float, Option(callback=options.share, help="Quantile that --loss quantile estimates, between 0 and 1.")
    ] = 0.5,
    time: Annotated[str | None, Option(metavar="COL", help="Survival times, in the place of --target.")] = None,
    event: Annotated[
        str | None, Option(metavar="COL", help="Whether each time ended in an event: 1 or 0, true or false.")
    ] = None,
    cv: Annotated[int, Option(min=3, help="Number of folds, outer and inner.")] = 5,
    repeats: Annotated[int, Option(min=1, help="How often the folds are drawn anew.")] = 1,
    select: Annotated[
        str,
        Option(callback=options.one_of("min", "1se"), help="Choose the least CV loss, or the simplest within one SE."),
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
        str, Option(callback=options.hidden, help="Units of each hidden layer, such as 100 or 64,64; 0 for none.")
    ] = "100",
    activation: Annotated[
        str, Option(callback=options.one_of(*options.ACTIVATIONS), help="relu, tanh, silu or identity.")
    ] = "relu",
    alpha_min_ratio: Annotated[
        float | None,
        Option(min=1e-12, max=1, help="Start of the path as a share of a0; 1e-6, or 1e-2 on wide tables."),
    ] = None,
    finish: Annotated[bool, Option("--finish", help="Score models solved in float64 (slower).")] = False,
    na: Annotated[list[str] | None, Option(metavar="TEXT", help="A cell that means missing; may be repeated.")] = None,
    decimal: Annotated[str, Option(callback=options.one_of(".", ","), help="Decimal mark.")] = ".",
    encoding: Annotated[str | None, Option(help="Encoding of the text; UTF-8 if not given.")] = None,
    out: Annotated[
        Path | None, Option(metavar="DIR", help="Where to write; tautnet-DATA-TARGET if not given.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object; write nothing without --out.")] = False,
    force: Annotated[bool, Option("--force", help="Write over a report in --out DIR.")] = False,
    figures: Annotated[bool, Option("--figures", help="Write pictures for papers, too: SVG and PNG.")] = False,
):
    """Compare penalties on a table by nested cross-validation, and say what the numbers mean."""
    options.refuse_idle_options(out, force, ordered, repeats, group_col, hidden, activation, finish)
    if figures and as_json and out is None:
        raise options.UsageError("--figures does nothing with --json, which writes nothing without --out DIR")
    if "dropout" in penalties.split(",") and not options.layers(hidden):
        raise options.UsageError("dropout leaves hidden units out: it needs a hidden layer (--hidden)")
    options.refuse_idle_targets(target, time, event, task, loss, quantile)
    with _one_line_errors():
        from tautnet.files.run_directory import choose_directory
        from tautnet.tables.reader import read_table

        table = read_table(data, na=tuple(na or ()), decimal=decimal, encoding=encoding)
        log = _Log()
        survival = None if time is None else (time, event)
        rows = _select_rows(table, target or table.target, options.split(drop), group_col, weights, log, survival)
        name, write = time or rows.y.name, out is not None or not as_json
        if write:
            choose_directory(out, table.name, name, force=force)

        from tautnet.comparison import compare as compare_penalties

        with _progress() as show:
            comparison = compare_penalties(
                rows.X, rows.y, groups=rows.groups, sample_weight=rows.weight, name=table.name,
                penalties=penalties.split(","), task="survival" if time else task, loss=loss, quantile=quantile,
                cv=cv, repeats=repeats, selection=select, ordered=ordered,
                hidden_layer_sizes=options.layers(hidden), activation=activation,
                alpha_min_ratio=alpha_min_ratio or "auto",
                finish=finish, random_state=seed, n_jobs=jobs or -1, on_progress=show, on_note=log,
            )  # fmt: skip
        _show(comparison, as_json)
        if write:
            # Chosen again: another run may have taken the name meanwhile.
            _write(comparison, choose_directory(out, table.name, name, force=force), log, figures)


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where compare has written a run.")],
):
    """Draw the report of a finished run again, from its result.json: nothing is fitted."""
    with _one_line_errors():
        from tautnet.files.run_directory import REPORT, all_or_nothing
        from tautnet.views.report import read_result, write_report

        result = read_result(directory)
        with all_or_nothing(directory) as draft:
            write_report(result, draft / REPORT)
        _say(f"report: {directory / REPORT}", sys.stderr)


@app.command()
def article(
    penalty: Annotated[
        str,
        Option(
            callback=options.one_of("l1", "l2"),
            help="Which of the two articles is repeated as published: l1 or l2.",
        ),
    ] = "l1",
    replicates: Annotated[int, Option(min=2, help="Number of fresh training sets.")] = 20,
    seed: Annotated[int, Option(min=0, help="Seed of the fresh training sets and the test items.")] = 0,
    jobs: Annotated[int | None, Option(min=1, help="Units of work at once; all cores if not given.")] = None,
    out: Annotated[
        Path | None, Option(metavar="DIR", help="Where to write; tautnet-article-PENALTY if not given.")
    ] = None,
    as_json: Annotated[bool, Option("--json", help="Print one JSON object; write nothing without --out.")] = False,
    force: Annotated[bool, Option("--force", help="Write over a report in --out DIR.")] = False,
):
    """Repeat the experiment of the article that tautnet grew out of: as published, mended, and done honestly."""
    if force and out is None:
        raise options.UsageError("--force does nothing without --out DIR")
    with _one_line_errors():
        from tautnet.files.run_directory import choose_directory

        write = out is not None or not as_json
        if write:
            choose_directory(out, "article", penalty, force=force)

        from tautnet.replication.article import article as repeat_article
        from tautnet.views.article_sections import article_text

        with _progress() as show:
            done = repeat_article(
                penalty, replicates=replicates, random_state=seed, n_jobs=jobs or -1, on_progress=show
            )
        text = json.dumps(done.result, allow_nan=False) if as_json else article_text(done.result)
        _say(text, sys.stdout)
        if write:
            from tautnet.views.article_report import write_article_run

            directory = choose_directory(out, "article", penalty, force=force)
            write_article_run(done.result | {"detail": done.detail}, directory, shlex.join(["tautnet", *sys.argv[1:]]))
            _say(f"report: {directory / 'report.html'}", sys.stderr)


@contextmanager
def _one_line_errors():
    from tautnet.tables.errors import TableError

    try:
        yield
    except TableError as error:
        _complain(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _leave_interrupted()


def _complain(message):
    _say(f"tautnet: error: {' '.join(str(message).split())}", sys.stderr)


def _say(text, stream):
    """Print, and go on in silence where the reader has closed the pipe: the files are still wanted."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _leave_interrupted():
    """Leave at once: threads inside a compiled program would otherwise be waited for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _say("tautnet: interrupted: nothing was kept and no file was written", sys.stderr)
    os._exit(130)


class _Log:
    """Says things on stderr as they happen, and keeps them for the run's log."""

    def __init__(self):
        self.lines, self.waiting = [], []

    def __call__(self, line):
        for one in (*self.waiting, line):
            self.lines.append(one)
            _say(one, sys.stderr)
        self.waiting.clear()

    def later(self, line):
        """Say a line before the next one: an input that turns out to be at fault gets one line, the error."""
        self.waiting.append(line)


class _Rows(NamedTuple):
    X: object
    y: object
    groups: object
    weight: object


def _select_rows(table, target, drop, group_col, weights, log, survival=None):
    """Predictors, target, groups and weights of the rows whose target is known."""
    from tautnet.tables.errors import TableError
    from tautnet.tables.target import split_survival, split_target

    frame = table.frame
    if target is None and survival is None:
        shown = ", ".join(map(str, frame.columns[:20])) + (", ..." if frame.shape[1] > 20 else "")
        raise options.UsageError(f"name the column to predict: --target COL; the columns are {shown}")
    beside = [name for name in (group_col, weights) if name is not None]
    for name in survival or (target,):
        if name in beside:
            raise TableError(f"the target {name!r} cannot be a column of groups or weights too: choose another column")
    drop = list(dict.fromkeys([*drop, *beside]))
    X, y, n_missing = split_survival(frame, *survival, drop) if survival else split_target(frame, target, drop)
    if n_missing:
        known = " or ".join(map(repr, survival or (target,)))
        log.later(f"{n_missing} {'row' if n_missing == 1 else 'rows'} without {known} left out")
    groups = None if group_col is None else frame.loc[X.index, group_col]
    if groups is not None and groups.isna().any():
        what = f"{int(groups.isna().sum())} rows have no value in the group column {group_col!r}"
        raise TableError(f"{what}: fill it in, or remove those rows")
    return _Rows(X, y, groups, None if weights is None else _weights(frame.loc[X.index, weights]))


def _weights(column):
    from tautnet.tables.errors import TableError

    if column.dtype.kind not in "iuf":
        raise TableError(f"the weights in {column.name!r} are not numbers: name a column of numbers, 0 or more")
    weights = column.to_numpy(float)
    for wrong, what in ((column.isna(), "no weight"), (weights < 0, "a negative weight")):
        if wrong.any():
            rows = "1 row has" if wrong.sum() == 1 else f"{wrong.sum()} rows have"
            raise TableError(f"{rows} {what} in {column.name!r}: weights must be numbers, 0 or more")
    return weights


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
        _say(json.dumps(comparison.result, allow_nan=False), sys.stdout)
        return
    from rich.console import Console

    from tautnet.views.terminal import print_comparison

    console = Console()
    # Captured, since rich would end the program where the pipe is closed, before the report is written.
    with console.capture() as captured:
        print_comparison(comparison.result, comparison.sentences, console)
    _say(captured.get().rstrip("\n"), sys.stdout)


def _write(comparison, directory, log, figures):
    from tautnet.files.run_directory import LOG, REPORT, RESULT, all_or_nothing, write_text
    from tautnet.views.figures import write_figures
    from tautnet.views.report import write_report

    command = shlex.join(["tautnet", *sys.argv[1:]])
    whole = comparison.whole(command)
    done = f"report: {directory / REPORT}"
    lines = [f"$ {command}", f"tautnet {comparison.result['version']}", *log.lines, *comparison.sentences]
    lines += [done, f"{comparison.result['seconds']:.1f} seconds"]
    with all_or_nothing(directory) as draft:
        write_text(draft / RESULT, json.dumps(whole, allow_nan=False) + "\n")
        write_report(whole, draft / REPORT)
        if figures:
            write_figures(whole, draft)
        write_text(draft / LOG, "\n".join(lines) + "\n")
    log(done)


def main():
    """Run the command; what a user got wrong is one line, and Ctrl-C leaves nothing half written."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character shows a question mark instead of a traceback.
        sys.stdout.reconfigure(errors="replace")
    try:
        code = app(standalone_mode=False)
    except options.CommandError as error:
        message = error.format_message().rstrip(".")
        context = getattr(error, "ctx", None)
        if message:
            _complain(message + (f"; see {context.command_path} --help" if context else ""))
        code = error.exit_code
    except KeyboardInterrupt:
        _leave_interrupted()
    sys.exit(code)
