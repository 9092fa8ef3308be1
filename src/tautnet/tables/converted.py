"""Workbooks and lines of JSON become text of commas, and are then read as any text."""

import csv
import datetime
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, cast

from tautnet.tables.errors import TableError

__all__ = ["ZIP", "as_text"]

# Bytes that begin a workbook, as any zip file.
ZIP = b"PK\x03\x04"
WORKBOOK = "xl/workbook.xml"
# Bytes by which lines of JSON are told from text that begins with a brace.
HEAD = 2**16
TEXT_OF = {True: "true", False: "false", None: ""}


def as_text(stream: io.BufferedReader, source: str, most: int) -> io.BufferedReader:
    """The same stream or, of a workbook or of lines of JSON, a stream of its table as text.

    Parameters
    ----------
    stream : BufferedReader
    source : str
        What to call the file.
    most : int
        How many bytes the cells of a workbook may take.

    Raises
    ------
    TableError
        Where it is either and holds no table.
    """
    head = stream.peek(HEAD)[:HEAD]
    if head.startswith(ZIP):
        return _stream_of(_cells_of_workbook(stream.read(), source), source, most)
    if _is_json(head):
        return _stream_of(_cells_of_json(stream, source), source, None)
    return stream


def _stream_of(rows: Iterable[list[str]], source: str, most: int | None) -> io.BufferedReader:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow(row)
        if most is not None and text.tell() > most:
            raise TableError(
                f"{source} expands to more than {most / 1e9:.2g} GB: if that is right, pass"
                " --max-size with a larger number"
            )
    data = io.BytesIO(text.getvalue().encode())
    return io.BufferedReader(cast(io.RawIOBase, data))


def _cells_of_workbook(data: bytes, source: str) -> Iterator[list[str]]:
    """The rows of the first sheet that has cells, without rows that have none."""
    if not _is_workbook(data):
        raise TableError(f"{source} is a zip file and no workbook: unpack it, then name the table")
    try:
        from openpyxl import load_workbook
    except ImportError:
        hint = "pip install 'tautnet[excel]'"
        raise TableError(
            f"{source} is a workbook, and reading one needs openpyxl: {hint}"
        ) from None
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        for sheet in sheets:
            rows = (list(map(_text_of, row)) for row in sheet.iter_rows(values_only=True))
            filled = (row for row in rows if any(row))
            first = next(filled, None)
            if first is not None:
                yield from _of_equal_width(first, filled)
                return
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise TableError(f"{source} is a damaged workbook: {error}") from None
    raise TableError(f"{source} is empty")


def _is_workbook(data: bytes) -> bool:
    try:
        return WORKBOOK in zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return False


def _of_equal_width(first: list[str], rest: Iterable[list[str]]) -> Iterator[list[str]]:
    """Rows without the empty columns that a sheet may have behind its names."""
    width = max(i + 1 for i, cell in enumerate(first) if cell)
    yield first[:width]
    for row in rest:
        behind = any(row[width:])
        yield row if behind else [*row, *[""] * (width - len(row))][:width]


def _text_of(cell: Any) -> str:
    """A cell as it is written in a file of text."""
    if cell is None or isinstance(cell, bool):
        return TEXT_OF[cell]
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    return cell if isinstance(cell, str) else repr(cell)


def _is_json(head: bytes) -> bool:
    """Whether a text begins with an object on one line."""
    line, ended, _ = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not line.startswith(b"{"):
        return False
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        # A line that is longer than what is looked at begins with a key at least.
        return not ended and line[1:].lstrip().startswith(b'"')


def _cells_of_json(stream: io.BufferedReader, source: str) -> Iterator[list[str]]:
    """The names of all keys, then for each line its values."""
    objects = []
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            one = json.loads(line.decode("utf-8-sig"))
        except ValueError as error:
            raise TableError(f"{source} line {number} is no JSON: {error}") from None
        if not isinstance(one, dict):
            raise TableError(f"{source} line {number} is no object: give one a line")
        nested = next((key for key, cell in one.items() if isinstance(cell, dict | list)), None)
        if nested is not None:
            raise TableError(
                f"{source} line {number}: {nested!r} holds several values: give each a key of its"
                " own"
            )
        objects.append(one)
    names = list(dict.fromkeys(name for one in objects for name in one))
    yield names
    yield from ([_text_of(one.get(name)) for name in names] for one in objects)
