"""``tautnet predict``: predictions of a model file for new rows."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from tautnet import options
from tautnet.commands import arguments
from tautnet.commands.console import note_written, one_line_errors, say

if TYPE_CHECKING:
    import pandas as pd

    from tautnet.files.fitted import FittedModel
    from tautnet.tables.blocks import Block
    from tautnet.tables.spelling import Unseen

# Columns that a message names.
SHOWN = 10


def predict(
    file: arguments.ModelFile,
    data: Annotated[
        str,
        Argument(
            metavar="DATA",
            help="CSV, TSV, Parquet, .xlsx or JSON lines (may be .gz), or - for stdin.",
        ),
    ],
    out: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            callback=options.file,
            help="File for the predictions: Parquet if it ends in .parquet, else CSV; or stdout.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        Option(
            metavar="COL,...",
            help="Columns of DATA to write before the predictions, such as an id.",
        ),
    ] = None,
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
) -> None:
    """Predict new rows with a model file.

    Nothing is trained, and memory does not grow with the table, workbooks and JSON aside. Cells are
    read as those of the table that the model learned from; options say where this file differs.
    """
    reading = options.reading(
        na, decimal, thousands, percent, parentheses, unit, dates, encoding, drop_rows, max_size
    )
    with one_line_errors():
        from tautnet.files.model_file import load
        from tautnet.files.whole import STDOUT, whole_file
        from tautnet.tables.blocks import read_blocks
        from tautnet.tables.errors import TableError
        from tautnet.tables.spelling import Unseen

        model = load(file)
        blocks = read_blocks(
            data,
            model.encoder.recipes,
            notation=model.encoder.notation,
            given=reading.given,
            encoding=reading.encoding,
            drop_rows=reading.drop_rows,
            max_size=reading.max_size,
            keep=[name for names in keep or () for name in options.split(names)],
            rows=_rows_of_block(model),
            on_extra=lambda names: _say_ignored(
                [name for name in names if name not in model.encoder.left_out]
            ),
        )
        unseen = Unseen()
        tables = (_table(model, block, unseen) for block in blocks)
        if out in (None, STDOUT):
            _print(tables)
            _say_unseen(unseen)
            return
        write = _write_parquet if out.suffix.lower() == ".parquet" else _write_csv
        try:
            with whole_file(out) as draft:
                write(draft, tables)
        except OSError as error:
            raise TableError(
                f"cannot write {out}: {error.strerror or error}; choose another --out"
            ) from None
        _say_unseen(unseen)
        say(note_written(f"predictions: {out}"), sys.stderr)


def _rows_of_block(model: "FittedModel") -> int:
    """How many rows are read at once: fewer where they are wide, but whole blocks of predictions.

    A cell of text takes some eight times the memory of a number.
    """
    from tautnet.objective.prediction import BLOCK
    from tautnet.tables.blocks import ROWS
    from tautnet.tables.scaling import rows_at_once

    whole = min(BLOCK, rows_at_once(len(model.encoder.column_names)))
    return min(ROWS, max(whole, rows_at_once(8 * len(model.encoder.recipes))))


def _print(tables: Iterable["pd.DataFrame"]) -> None:
    for text in _texts(tables):
        if not say(text.rstrip("\n"), sys.stdout):
            # Nobody takes what comes behind.
            return


def _write_csv(file: Path, tables: Iterator["pd.DataFrame"]) -> None:
    with open(file, "w", encoding="utf-8", newline="") as stream:
        stream.writelines(_texts(tables))


def _write_parquet(file: Path, tables: Iterator["pd.DataFrame"]) -> None:
    from tautnet.tables.errors import TableError

    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        hint = "pip install 'tautnet[parquet]', or name a CSV file"
        raise TableError(f"writing Parquet needs pyarrow: {hint}") from None
    parts = (pyarrow.Table.from_pandas(table, preserve_index=False) for table in tables)
    first = next(parts)
    with ParquetWriter(file, first.schema) as writer:
        for part in (first, *parts):
            writer.write_table(part)


def _texts(tables: Iterable["pd.DataFrame"]) -> Iterator[str]:
    """The table of predictions as CSV, in parts."""
    header = True
    for table in tables:
        yield table.to_csv(index=False, header=header, lineterminator="\n")
        header = False


def _table(model: "FittedModel", block: "Block", unseen: "Unseen") -> "pd.DataFrame":
    """The predictions of some rows, behind the columns that are kept of them."""
    import pandas as pd

    from tautnet.tables.errors import TableError

    predicted = model.table(block.predictors, unseen)
    for name in block.kept.columns:
        if name in predicted.columns:
            raise TableError(f"--keep {name}: a column of predictions is called so, rename yours")
    return pd.concat([block.kept, predicted], axis=1)


def _say_unseen(unseen: "Unseen") -> None:
    for sentence in unseen.sentences():
        say(f"predict: {sentence}", sys.stderr)


def _say_ignored(names: list[str]) -> None:
    if names:
        more = ", ..." if len(names) > SHOWN else ""
        columns = "1 column" if len(names) == 1 else f"{len(names)} columns"
        shown = ", ".join(map(repr, names[:SHOWN]))
        say(f"ignored: {columns} that the model does not know: {shown}{more}", sys.stderr)
