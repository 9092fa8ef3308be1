"""The arguments that several commands take, each with its check and its help."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from tautnet import options
from tautnet.tables.notation import ORDERS, SEPARATORS

Data = Annotated[
    str,
    Argument(
        metavar="DATA",
        help=(
            "CSV, TSV, Parquet, .xlsx or JSON lines (may be .gz), a directory of Parquet files, -"
            " for stdin, or a built-in table."
        ),
    ),
]
ModelFile = Annotated[Path, Argument(metavar="FILE", help="A model file.")]
Target = Annotated[str | None, Option(metavar="COL", help="Column to predict.")]
Task = Annotated[
    str,
    Option(
        callback=options.value_of("task", "select_features"),
        help="classification or regression.",
    ),
]
Loss = Annotated[
    str,
    Option(
        callback=options.value_of("loss"),
        help="Loss of a regression: squared_error, poisson, huber or quantile.",
    ),
]
Delta = Annotated[
    float,
    Option(
        callback=options.value_of("delta"),
        help="Where --loss huber becomes linear, in robust standard deviations of the target.",
    ),
]
Quantile = Annotated[
    float,
    Option(
        callback=options.value_of("quantile"),
        help="Quantile that --loss quantile estimates, between 0 and 1.",
    ),
]
ClampOutput = Annotated[
    bool,
    Option(
        "--clamp-output/--no-clamp-output",
        help="Keep what a network predicts near the targets seen in training (squared_error).",
    ),
]
Time = Annotated[
    str | None, Option(metavar="COL", help="Column of survival times, instead of --target.")
]
Event = Annotated[
    str | None,
    Option(
        metavar="COL",
        help="Column that says whether each time ended in an event: 1 or 0, true or false.",
    ),
]
Ties = Annotated[
    str,
    Option(
        callback=options.value_of("ties"),
        help="How to treat events at the same time: breslow or efron.",
    ),
]
Select = Annotated[
    str,
    Option(
        metavar="min|1se",
        callback=options.rule_of_comparison,
        help="Choose the lowest CV loss (min) or the simplest model within one SE of it (1se).",
    ),
]
AlphaMinRatio = Annotated[
    float | None,
    Option(
        min=1e-12,
        max=1,
        callback=options.value_of("alpha_min_ratio"),
        help="Smallest alpha as a share of the largest; by default 1e-4, or 1e-6 where that helps.",
    ),
]
GroupCol = Annotated[
    str | None,
    Option(
        metavar="COL", help="Column of groups: rows of one group are never split between folds."
    ),
]
Weights = Annotated[str | None, Option(metavar="COL", help="Column of row weights.")]
FeatureGroups = Annotated[
    Path | None,
    Option(
        metavar="FILE",
        help="JSON file of names and lists of columns: each list counts as one predictor.",
    ),
]
Drop = Annotated[str, Option(metavar="COL,...", help="Columns to leave out.")]
Seed = Annotated[int, Option(min=0, help="Seed of the folds and the initial weights.")]
Jobs = Annotated[
    int | None, Option(min=1, help="How many fits run at once; by default, all cores.")
]
Hidden = Annotated[
    str | None,
    Option(
        callback=options.hidden,
        help="Units of each hidden layer, such as 100 or 64,64; 0 for no hidden layer.",
    ),
]
Network = Annotated[
    str,
    Option(
        callback=options.value_of("network"),
        help="plain, small or deep; by default (auto) the best is chosen, honestly.",
    ),
]
Activation = Annotated[
    str | None,
    Option(callback=options.value_of("activation"), help="relu, tanh, silu or identity."),
]
Inputs = Annotated[
    str | None,
    Option(
        callback=options.value_of("inputs"),
        help="What the network is given: standardised columns, smooth or splines.",
    ),
]
Na = Annotated[
    list[str] | None,
    Option(metavar="TEXT", help="A cell text that means missing; may be given several times."),
]
Decimal = Annotated[
    str | None,
    Option(callback=options.one_of(".", ","), help="Decimal mark, . or ,; by default, a point."),
]
Thousands = Annotated[
    str | None,
    Option(
        callback=options.one_of(*SEPARATORS),
        help=f"What sets thousands apart: one of {' '.join(SEPARATORS)}.",
    ),
]
Percent = Annotated[bool, Option("--percent", help="Read 5% as 0.05.")]
Parentheses = Annotated[bool, Option("--parentheses", help="Read (5.0) as -5.0.")]
Unit = Annotated[
    list[str] | None,
    Option(
        metavar="TEXT",
        help="A text beside numbers to leave out, such as $ or kg; may be given several times.",
    ),
]
Dates = Annotated[
    str | None,
    Option(
        callback=options.one_of(*ORDERS),
        help="Order of day, month and year in dates: dmy, mdy or ymd; by default, columns tell.",
    ),
]
Encoding = Annotated[str | None, Option(help="Encoding of the text; by default, UTF-8.")]
DropRows = Annotated[
    str,
    Option(
        metavar="N,...",
        callback=options.numbers_of_rows,
        help="Rows to leave out: 1 is the first below the names, -1 the last.",
    ),
]
MaxSize = Annotated[
    float | None,
    Option(
        metavar="GB",
        callback=options.size,
        help=(
            "What a packed file or a stream may hold; by default 1, or 20 times its size, and 16 MB"
            " a line."
        ),
    ),
]
Memory = Annotated[
    float | None,
    Option(
        metavar="GB",
        callback=options.size,
        help=(
            "What a table may take in memory: a larger one is kept on disk. By default half of"
            " what is free."
        ),
    ),
]
Scratch = Annotated[
    Path | None,
    Option(
        metavar="DIR",
        help="Where a table larger than memory is kept; by default the working directory.",
    ),
]
Out = Annotated[
    Path | None,
    Option(
        metavar="DIR",
        callback=options.directory,
        help="Directory to write to; by default, tautnet-DATA-TARGET.",
    ),
]
Json = Annotated[bool, Option("--json", help="Print one JSON object; write files only with --out.")]
Engine = Annotated[
    str,
    Option(
        metavar="NAME",
        callback=options.engine,
        help=(
            "Where jobs run: threads, processes, dask, ray, or dask:ADDRESS, ray:ADDRESS for a"
            " cluster that is there."
        ),
    ),
]
Fresh = Annotated[
    bool, Option("--fresh", help="Go on from no jobs that an earlier run has finished.")
]
KeepJobs = Annotated[
    bool, Option("--keep-jobs", help="Keep finished jobs when the run is complete, too.")
]
Force = Annotated[bool, Option("--force", help="Overwrite a report in --out DIR.")]
