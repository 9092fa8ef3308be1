"""``tautnet predict``: predictions of a model file for new rows."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from tautnet.commands import arguments
from tautnet.commands.console import one_line_errors, say

if TYPE_CHECKING:
    import pandas as pd

    from tautnet.files.fitted import FittedModel
    from tautnet.tables.spelling import Unseen

# Columns that a message names.
SHOWN = 10


def predict(
    file: arguments.ModelFile,
    data: Annotated[
        str, Argument(metavar="DATA", help="CSV, TSV or Parquet file (may be .gz), or - for stdin.")
    ],
    out: Annotated[
        Path | None,
        Option(
            metavar="FILE",
            help="File for the predictions: Parquet if it ends in .parquet, else CSV; or stdout.",
        ),
    ] = None,
    na: arguments.Na = None,
    decimal: arguments.Decimal = ".",
    encoding: arguments.Encoding = None,
) -> None:
    """Predict new rows with a model file.

    Nothing is trained, and memory does not grow with the table.
    """
    with one_line_errors():
        from tautnet.files.model_file import load
        from tautnet.files.whole import whole_file
        from tautnet.tables.blocks import read_blocks
        from tautnet.tables.errors import TableError
        from tautnet.tables.spelling import Unseen

        unseen = Unseen()
        model = load(file)
        blocks = read_blocks(
            data,
            model.encoder.recipes,
            na=tuple(na or ()),
            decimal=decimal,
            encoding=encoding,
            on_extra=lambda names: _say_ignored(
                [name for name in names if name not in model.encoder.left_out]
            ),
        )
        if out is None:
            for text in _texts(model, blocks, unseen):
                say(text.rstrip("\n"), sys.stdout)
            _say_unseen(unseen)
            return
        write = _write_parquet if out.suffix.lower() == ".parquet" else _write_csv
        try:
            with whole_file(out) as draft:
                write(draft, model, blocks, unseen)
        except OSError as error:
            raise TableError(
                f"cannot write {out}: {error.strerror or error}; choose another --out"
            ) from None
        _say_unseen(unseen)
        say(f"predictions: {out}", sys.stderr)


def _write_csv(
    file: Path, model: "FittedModel", blocks: Iterator["pd.DataFrame"], unseen: "Unseen"
) -> None:
    with open(file, "w", encoding="utf-8", newline="") as stream:
        stream.writelines(_texts(model, blocks, unseen))


def _write_parquet(
    file: Path, model: "FittedModel", blocks: Iterator["pd.DataFrame"], unseen: "Unseen"
) -> None:
    from tautnet.tables.errors import TableError

    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        hint = "pip install 'tautnet[parquet]', or name a CSV file"
        raise TableError(f"writing Parquet needs pyarrow: {hint}") from None
    tables = (
        pyarrow.Table.from_pandas(model.table(block, unseen), preserve_index=False)
        for block in blocks
    )
    first = next(tables)
    with ParquetWriter(file, first.schema) as writer:
        for table in (first, *tables):
            writer.write_table(table)


def _texts(
    model: "FittedModel", blocks: Iterable["pd.DataFrame"], unseen: "Unseen"
) -> Iterator[str]:
    """The table of predictions as CSV, in parts."""
    header = True
    for block in blocks:
        yield model.table(block, unseen).to_csv(index=False, header=header, lineterminator="\n")
        header = False


def _say_unseen(unseen: "Unseen") -> None:
    for sentence in unseen.sentences():
        say(f"predict: {sentence}", sys.stderr)


def _say_ignored(names: list[str]) -> None:
    if names:
        more = ", ..." if len(names) > SHOWN else ""
        columns = "1 column" if len(names) == 1 else f"{len(names)} columns"
        shown = ", ".join(map(repr, names[:SHOWN]))
        say(f"ignored: {columns} that the model does not know: {shown}{more}", sys.stderr)
