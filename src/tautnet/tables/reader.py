"""The reader turns a file, standard input or a built-in name into a data frame.

Columns are numbers, truth values or text. Every cell is read as text first, so that codes such as
00123 keep their zeros and a column of numbers with a stray word can be told from a column of words.
Whatever cannot be read is a `TableError` of one line.
"""

import csv
import io
import re
from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from tautnet.tables.converted import Written
from tautnet.tables.datasets import BUILT_INS
from tautnet.tables.errors import TableError
from tautnet.tables.large import (
    frame_of_files,
    is_directory_of_parquet,
    is_large_text,
    open_dataset,
    open_if_large,
    read_large_text,
)
from tautnet.tables.layout import (
    check_ragged,
    column_names,
    csv_rows,
    is_blank,
    other_encoding,
    separator,
    sniff_delimiter,
    unknown_encoding,
    without_rows,
)
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.opening import PARQUET, Bounds, check_is_text, open_source, size_of
from tautnet.tables.parquet import check_expansion, mark_missing, read_parquet
from tautnet.tables.parsing import parse_column

if TYPE_CHECKING:
    import pyarrow.dataset

__all__ = ["Table", "read_table", "refuse_idle"]

# Bytes by which text is told from what is none.
HEAD = 4096
_CONTROL_CHARACTERS = bytes((*range(9), 11, 12, *range(14, 32), 127))


class Table(NamedTuple):
    """A table that was read.

    Attributes
    ----------
    frame : pandas.DataFrame
    name : str
        A short name for the run.
    target : str or None
        The column to predict, known of a built-in table only.
    notation : Notation
        In which its cells were read.
    """

    frame: pd.DataFrame
    name: str
    target: str | None
    notation: Notation = PLAIN


def read_table(
    source: str | PathLike[str],
    *,
    notation: Notation = PLAIN,
    encoding: str | None = None,
    drop_rows: Collection[int] = (),
    max_size: float | None = None,
    unused: Collection[str] = (),
    built_ins: bool = True,
) -> Table:
    """Read a table from a file, standard input, or the tables that come with the package.

    Parameters
    ----------
    source : str or path
        A CSV or TSV file (delimiter ``,`` ``;`` tab or ``|``, plain or gzipped), a workbook (its
        first sheet), objects of JSON, one a line, a Parquet file or a directory of them, ``"-"``
        for standard input, or a built-in name such as
        ``"breast_cancer"``. A file wins over a built-in.
    notation : Notation
        How the cells of a text file are written, and what means missing.
    encoding : str, optional
        Encoding of the text; UTF-8 unless told.
    drop_rows : collection of int
        Rows of a text file to leave out: 1 is the first below the names, -1 the last.
    max_size : float, optional
        Gigabytes that a packed table or a stream may hold.
    unused : collection of str
        Columns that will be dropped, and are not looked through for mistakes.
    built_ins : bool
        Whether built-in names are accepted.

    Returns
    -------
    Table
        Columns are numbers where every cell is one, booleans where every cell is true or false,
        else text; numbers with leading zeros (00123) are codes and stay text. Numbers of a table
        larger than memory lie on disk, see `disk`.

    Raises
    ------
    TableError
        When the table cannot be read; the message says why, and what to do.

    Examples
    --------
    >>> from tautnet.tables.reader import read_table
    >>> table = read_table("iris")
    >>> table.frame.shape, table.name, table.target
    ((150, 5), 'iris', 'species')
    """
    notation.check()
    source = str(source)
    known = BUILT_INS if built_ins else {}
    # A directory that happens to be called like a built-in does not hide it.
    if source in known and (not Path(source).exists() or Path(source).is_dir()):
        refuse_idle(source, "a built-in table", notation, encoding, drop_rows)
        frame, target = known[source]()
        return Table(frame, source, target)
    typed = notation._replace(na=())
    if is_directory_of_parquet(source):
        refuse_idle(source, "a directory of Parquet files", typed, encoding, drop_rows)
        frame = _read_dataset(open_dataset(source), source, notation, Bounds(max_size))
        return Table(frame, _slug(source), None, notation)
    bounds = Bounds(max_size)
    written = Written(notation.decimal, encoding)
    with open_source(source, bounds, known, written) as file:
        head = file.peek(HEAD)[:HEAD]
        if head.startswith(PARQUET):
            refuse_idle(source, "a Parquet file", typed, encoding, drop_rows)
            frame = _read_parquet(file, source, notation, bounds)
        else:
            # What never ends, such as /dev/zero, is refused before it is read.
            check_is_text(head, encoding, source)
            read = read_large_text if is_large_text(source) else _read_text
            frame = read(file, encoding, drop_rows, notation, unused, source)
    return Table(frame, _slug(source), None, notation)


def _read_parquet(
    file: io.BufferedReader, source: str, notation: Notation, bounds: Bounds
) -> pd.DataFrame:
    """Read a Parquet file."""
    dataset = None if size_of(source) is None else open_if_large(source)
    if dataset is not None:
        return _read_dataset(dataset, source, notation, bounds)
    data = file.read()
    return mark_missing(read_parquet(data, source, bounds.most(len(data))), notation)


def _read_dataset(
    dataset: "pyarrow.dataset.Dataset", source: str, notation: Notation, bounds: Bounds
) -> pd.DataFrame:
    """Read Parquet column by column."""
    n_bytes = sum(size_of(path) or 0 for path in dataset.files)
    check_expansion(dataset.count_rows(), len(dataset.schema), source, bounds.most(n_bytes))
    return frame_of_files(dataset, source, notation)


def _read_text(
    file: io.BufferedReader,
    encoding: str | None,
    drop_rows: Collection[int],
    notation: Notation,
    unused: Collection[str],
    source: str,
) -> pd.DataFrame:
    """Read a file of text as a whole."""
    data = file.read()
    if not data.strip():
        raise TableError(f"{source} is empty")
    table = _lay_out(_decode(data, encoding, source), drop_rows, source)
    return _parse(table, notation, unused, source)


def _decode(data: bytes, encoding: str | None, source: str) -> str:
    """Decode bytes as text, without a byte order mark."""
    check_is_text(data, encoding, source)
    try:
        text = data.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except LookupError:
        raise unknown_encoding(encoding) from None
    except UnicodeError as error:
        if encoding is None and _is_binary(data[:4096]):
            hint = "give a CSV, TSV, Parquet or .xlsx file"
            raise TableError(f"{source} holds binary data, not a table of text: {hint}") from None
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        raise other_encoding(source, encoding, f"line {line} cannot be decoded") from None
    if "\x00" in text:
        raise TableError(f"{source} does not decode to text as {encoding}: pass another --encoding")
    return text


def _is_binary(data: bytes) -> bool:
    """Tell whether bytes are no text.

    A text in a one-byte encoding holds hardly any control characters; noise is full of them.
    """
    return sum(data.count(code) for code in _CONTROL_CHARACTERS) > 0.01 * len(data)


class _Layout(NamedTuple):
    """A text and what is known of its layout before its cells are read.

    Attributes
    ----------
    text : str
    delimiter : str
    names : list of str
    start : int
        Where the rows begin in the text.
    """

    text: str
    delimiter: str
    names: list[str]
    start: int


def _lay_out(text: str, drop_rows: Collection[int], source: str) -> _Layout:
    """Find the delimiter and the names of a text, and leave out rows that are not wanted."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    first = next(re.finditer(r".*\S.*", text))
    delimiter = separator(first.group())
    if delimiter is not None:
        # The line stays, blank, so that the numbers of lines stay what they are.
        text = text[: first.start()] + text[first.end() :]
        if not text.strip():
            raise TableError(f"{source} is empty")
    delimiter = delimiter or sniff_delimiter(text)
    if drop_rows:
        text = without_rows(text, delimiter, drop_rows, source)
    stream = io.StringIO(text)
    names = column_names(_read_header(stream, delimiter, source), source)
    return _Layout(text, delimiter, names, stream.tell())


def _parse(
    table: _Layout, notation: Notation, unused: Collection[str], source: str
) -> pd.DataFrame:
    """Read the cells of a text."""
    width = len(table.names)
    stream = io.StringIO(table.text)
    stream.seek(table.start)
    try:
        # header=None: with a header pandas turns surplus cells of the first row into an index.
        body = pd.read_csv(
            stream,
            sep=table.delimiter,
            header=None,
            dtype=object,
            na_filter=False,
            skipinitialspace=True,
            engine="c",
        )
    except pd.errors.EmptyDataError:
        raise TableError(f"{source} has a header and no rows") from None
    except pd.errors.ParserError as error:
        is_open = "EOF inside string" in str(error)
        check_ragged(table.text, table.delimiter, width, source, strict=is_open)
        reason = str(error).strip().splitlines()[-1]
        raise TableError(f"{source} cannot be read as a table: {reason}") from None
    # pandas fills up short rows without a word; they show as blanks in the last column.
    if body.shape[1] != width or (body.iloc[:, -1].to_numpy(dtype=object) == "").any():
        check_ragged(table.text, table.delimiter, width, source)
    columns = {}
    for position, name in enumerate(table.names):
        cells = body[position].to_numpy(dtype=object)
        is_used = name not in unused
        columns[name] = parse_column(name, cells, notation, table.delimiter, is_used=is_used)
    return pd.DataFrame(columns)


def _read_header(stream: io.StringIO, delimiter: str, source: str) -> list[str]:
    """Read the first row that is not blank."""
    try:
        return next(row for row in csv_rows(stream, delimiter) if not is_blank(row))
    except (StopIteration, csv.Error):
        raise TableError(f"{source} has no header line that can be read") from None


def refuse_idle(
    source: str,
    what: str,
    notation: Notation,
    encoding: str | None,
    drop_rows: Collection[int],
) -> None:
    """Raise where an option about text would do nothing for a table that is typed.

    Parameters
    ----------
    source : str
        What to call the table.
    what : str
        What it is.
    notation, encoding, drop_rows
        What was asked for.
    """
    asked = [notation.typed()]
    if encoding is not None:
        asked.append(f"--encoding {encoding}")
    if drop_rows:
        asked.append(f"--drop-rows {','.join(map(str, drop_rows))}")
    typed = " ".join(filter(None, asked))
    if typed:
        raise TableError(
            f"{typed} does nothing here: {source} is {what}, whose cells have types of their own"
        )


def _slug(source: str) -> str:
    """Return a short name for a run that read this source."""
    if source == "-":
        return "stdin"
    endings = r"(?i)(\.(csv|tsv|tab|txt|data|dat|parquet|pq|xlsx|jsonl|ndjson|json|gz|gzip))+$"
    name = re.sub(endings, "", Path(source).name)
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "data"
