"""The reader turns a file, standard input or a built-in name into a data frame.

Columns are numbers, truth values or text. Every cell is read as text first, so that codes such as
00123 keep their zeros and a column of numbers with a stray word can be told from a column of words.
Whatever cannot be read is a `TableError` of one line.
"""

import csv
import difflib
import gzip
import io
import re
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import pandas as pd

from tautnet.tables.datasets import BUILT_INS
from tautnet.tables.errors import TableError
from tautnet.tables.frames import pandas_of
from tautnet.tables.missing import missing_markers
from tautnet.tables.parsing import parse_column

if TYPE_CHECKING:
    from _csv import Reader

__all__ = ["Table", "read_table"]

_DELIMITERS = ",;\t|"
# Bytes that begin files of other programs.
_FOREIGN = {b"PK\x03\x04": "an Excel or zip file", b"\xd0\xcf\x11\xe0": "an Excel file"}
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
    """

    frame: pd.DataFrame
    name: str
    target: str | None


def read_table(
    source: str | PathLike[str],
    *,
    na: str | Iterable[str] = (),
    decimal: str = ".",
    encoding: str | None = None,
    built_ins: bool = True,
) -> Table:
    """Read a table from a file, standard input, or the tables that come with the package.

    Parameters
    ----------
    source : str or path
        A CSV or TSV file (delimiter ``,`` ``;`` tab or ``|``, plain or gzipped), a Parquet file,
        ``"-"`` for standard input, or a built-in name such as ``"breast_cancer"``. A file wins over
        a built-in.
    na : str or sequence of str
        Cells to be read as missing, beside blanks and the usual ``NA``, ``NaN``, ``null``,
        ``None``.
    decimal : {".", ","}
        The decimal mark.
    encoding : str, optional
        Encoding of the text; UTF-8 unless told.
    built_ins : bool
        Whether built-in names are accepted.

    Returns
    -------
    Table
        Columns are numbers where every cell is one, booleans where every cell is true or false,
        else text; numbers with leading zeros (00123) are codes and stay text.

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
    if decimal not in (".", ","):
        raise TableError(f"the decimal mark must be '.' or ',', not {decimal!r}")
    source = str(source)
    known = BUILT_INS if built_ins else {}
    # A directory that happens to be called like a built-in does not hide it.
    if source in known and (not Path(source).exists() or Path(source).is_dir()):
        frame, target = known[source]()
        return Table(frame, source, target)
    data = _unzip(_read_bytes(source, known), source)
    if not data.strip():
        raise TableError(f"{source} is empty")
    if data.startswith(b"PAR1"):
        frame = _read_parquet(data, source)
    else:
        text = _decode(data, encoding, source)
        frame = _read_text(text, missing_markers(na), decimal, source)
    return Table(frame, _slug(source), None)


def _read_bytes(source: str, known: Collection[str]) -> bytes:
    with open_source(source, known) as file:
        return file.read()


@contextmanager
def open_source(source: str, known: Collection[str] = ()) -> Iterator[io.BufferedReader]:
    """Open a file or standard input as a stream of bytes.

    Parameters
    ----------
    source : str
        A path, or "-" for standard input.
    known : collection of str
        Names of built-in tables, to be shown where there is no such file.

    Raises
    ------
    TableError
        When it cannot be opened or read.
    """
    try:
        if source == "-":
            yield cast(io.BufferedReader, sys.stdin.buffer)
        else:
            with open(source, "rb") as file:
                yield file
    except (FileNotFoundError, NotADirectoryError):
        hint = ""
        if known:
            near = difflib.get_close_matches(source, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            hint = f" (and no built-in table; these are {', '.join(known)}{meant})"
        raise TableError(f"no such file: {source}{hint}") from None
    except IsADirectoryError:
        raise TableError(
            f"{source} is a directory: give the file in it that holds the table"
        ) from None
    except TableError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TableError(f"cannot read {source}: {reason}") from None


def _unzip(data: bytes, source: str) -> bytes:
    """Unpack gzipped bytes; others are returned as they are."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{source} is a damaged gzip file: {error}") from None


def _read_parquet(data: bytes, source: str) -> pd.DataFrame:
    """Read a Parquet file; its index is no column."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise without_pyarrow(source) from None
    try:
        frame = pandas_of(ParquetFile(io.BytesIO(data)).read()).reset_index(drop=True)
    except (OSError, ValueError, NotImplementedError, pyarrow.ArrowException) as error:
        raise damaged_parquet(source, error) from None
    frame.columns = column_names([str(name) for name in frame.columns], source)
    if frame.empty:
        raise TableError(f"{source} has no rows")
    return frame


def without_pyarrow(source: str) -> TableError:
    """Return what to say of a Parquet file where pyarrow is not installed."""
    hint = "pip install 'tautnet[parquet]'"
    return TableError(f"{source} is a Parquet file, and reading one needs pyarrow: {hint}")


def damaged_parquet(source: str, error: Exception) -> TableError:
    """Return what to say of a Parquet file that cannot be read."""
    return TableError(f"{source} is a damaged Parquet file: {str(error).splitlines()[0]}")


def check_is_text(data: bytes, encoding: str | None, source: str) -> None:
    """Raise where bytes are no text at all, or text in an encoding that has to be named."""
    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            raise TableError(f"{source} is {what}: save the table as CSV")
    if encoding is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(f"{source} is not UTF-8: pass --encoding utf-16")
    if encoding is None and b"\x00" in data:
        raise TableError(
            f"{source} holds binary data, not a table of text: give a CSV, TSV or Parquet file"
        )


def _decode(data: bytes, encoding: str | None, source: str) -> str:
    """Decode bytes as text, without a byte order mark."""
    check_is_text(data, encoding, source)
    try:
        text = data.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except LookupError:
        raise unknown_encoding(encoding) from None
    except UnicodeError as error:
        if encoding is None and _is_binary(data[:4096]):
            hint = "give a CSV, TSV or Parquet file"
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


def unknown_encoding(encoding: str | None) -> TableError:
    """Return what to say of an encoding that Python does not know."""
    return TableError(f"unknown encoding {encoding!r}: try utf-8, latin-1, cp1252 or utf-16")


def other_encoding(source: str, encoding: str | None, reason: str) -> TableError:
    """Return what to say of a text that is in another encoding."""
    other = "another, such as utf-8" if encoding else "--encoding latin-1 or --encoding cp1252"
    return TableError(f"{source} is not {encoding or 'UTF-8'} ({reason}): pass {other}")


def ragged_row(source: str, line: int, n_cells: int, width: int) -> TableError:
    """Return what to say of a row that has more or fewer cells than the header."""
    cells = "1 cell" if n_cells == 1 else f"{n_cells} cells"
    return TableError(f"{source} line {line} has {cells}, the header has {width}: mend that line")


def _read_text(text: str, markers: frozenset[str], decimal: str, source: str) -> pd.DataFrame:
    """Read a table of text, whose delimiter is told from its header."""
    if "\n" not in text:
        text = text.replace("\r", "\n")
    delimiter = sniff_delimiter(text)
    stream = io.StringIO(text)
    names = column_names(_read_header(stream, delimiter, source), source)
    try:
        # header=None: with a header pandas turns surplus cells of the first row into an index.
        body = pd.read_csv(
            stream,
            sep=delimiter,
            header=None,
            dtype=object,
            na_filter=False,
            skipinitialspace=True,
            engine="c",
        )
    except pd.errors.EmptyDataError:
        raise TableError(f"{source} has a header and no rows") from None
    except pd.errors.ParserError as error:
        _check_ragged(text, delimiter, len(names), source, strict="EOF inside string" in str(error))
        reason = str(error).strip().splitlines()[-1]
        raise TableError(f"{source} cannot be read as a table: {reason}") from None
    # pandas fills up short rows without a word; they show as blanks in the last column.
    if body.shape[1] != len(names) or (body.iloc[:, -1].to_numpy(dtype=object) == "").any():
        _check_ragged(text, delimiter, len(names), source)
    columns = {}
    for position, name in enumerate(names):
        cells = body[position].to_numpy(dtype=object)
        columns[name] = parse_column(name, cells, markers, decimal, delimiter)
    return pd.DataFrame(columns)


def sniff_delimiter(text: str) -> str:
    """Return the delimiter that stands most often in the header, texts in quotes left out."""
    header = next(re.finditer(r".*\S.*", text)).group()
    return max(_DELIMITERS, key=re.sub(r'"[^"]*"', "", header).count)


def csv_rows(stream: Iterable[str], delimiter: str, strict: bool = False) -> "Reader":
    """Return a reader of rows, each a list of cells."""
    return csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=strict)


def _read_header(stream: io.StringIO, delimiter: str, source: str) -> list[str]:
    """Read the first row that is not blank."""
    try:
        return next(row for row in csv_rows(stream, delimiter) if "".join(row).strip())
    except (StopIteration, csv.Error):
        raise TableError(f"{source} has no header line that can be read") from None


def column_names(header: list[str], source: str) -> list[str]:
    """Return the names of the columns; a blank one gets a name, and the same name twice raises."""
    names = [name.strip() or f"Unnamed: {position}" for position, name in enumerate(header)]
    seen = set()
    repeated = []
    for name in names:
        if name in seen and name not in repeated:
            repeated.append(name)
        seen.add(name)
    if repeated:
        shown = ", ".join(map(repr, repeated[:10])) + (", ..." if len(repeated) > 10 else "")
        numbers = pd.to_numeric(pd.Series(names, dtype=object), errors="coerce").notna().sum()
        hint = "does the first line hold the names?" if 2 * numbers >= len(names) else "rename them"
        raise TableError(f"{source} has columns of the same name: {shown}; {hint}")
    return names


def _check_ragged(text: str, delimiter: str, width: int, source: str, strict: bool = False) -> None:
    """Raise with the line number of the first row that has more or fewer cells than the header."""
    rows = csv_rows(io.StringIO(text), delimiter, strict)
    start = 1
    try:
        for row in rows:
            if len(row) != width and "".join(row).strip():
                raise ragged_row(source, start, len(row), width)
            start = rows.line_num + 1
    except csv.Error:
        raise TableError(
            f"{source} line {start} cannot be read: is a quotation mark left open?"
        ) from None


def _slug(source: str) -> str:
    """Return a short name for a run that read this source."""
    if source == "-":
        return "stdin"
    endings = r"(?i)(\.(csv|tsv|tab|txt|data|dat|parquet|pq|gz|gzip))+$"
    name = re.sub(endings, "", Path(source).name)
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "data"
