"""Workbooks and lines of JSON become text of commas, and are then read as any text.

Their numbers are written in the notation in which the text will be read, so that they stay what
they are, whatever is told of cells that are text.
"""

import csv
import datetime
import io
import json
import math
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

from tautnet.tables.errors import TableError

__all__ = ["ZIP", "Written", "converted"]

# Bytes that begin a workbook, as any zip file.
ZIP = b"PK\x03\x04"
WORKBOOK = "xl/workbook.xml"
TEXT_OF = {True: "true", False: "false", None: ""}


class Written(NamedTuple):
    """How text is written.

    Attributes
    ----------
    decimal : str
        The mark before decimals.
    encoding : str or None
        None is UTF-8.
    """

    decimal: str = "."
    encoding: str | None = None


def converted(
    stream: io.BufferedReader, source: str, most: int, written: Written
) -> io.BufferedReader:
    """The same stream or, of a workbook or of lines of JSON, a stream of its table as text.

    Parameters
    ----------
    stream : BufferedReader
    source : str
        What to call the file.
    most : int
        How many bytes the table may take.
    written : Written
        How the text will be read.

    Raises
    ------
    TableError
        Where it is either and holds no table.
    """
    head = stream.peek(1)
    if head.startswith(ZIP):
        if written.encoding is not None:
            what = f"--encoding {written.encoding} does nothing here"
            raise TableError(f"{what}: {source} is a workbook, whose text has its own")
        rows: Iterable[list[Any]] = _rows_of_workbook(stream.read(), source, most)
    elif _is_json(head, written.encoding):
        rows = _rows_of_json(stream, source, written.encoding)
    else:
        return stream
    return _stream_of(rows, source, most, written)


def _stream_of(
    rows: Iterable[list[Any]], source: str, most: int, written: Written
) -> io.BufferedReader:
    text = io.StringIO()
    # Quoted, so that no name is taken for a delimiter.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([_text_of(cell, written.decimal) for cell in row])
        _check_size(text.tell(), source, most)
    try:
        data = text.getvalue().encode(written.encoding or "utf-8")
    except UnicodeError as error:
        raise TableError(f"{source} holds text that is none: {error}") from None
    return io.BufferedReader(cast(io.RawIOBase, io.BytesIO(data)))


def _check_size(n_bytes: int, source: str, most: int) -> None:
    if n_bytes > most:
        raise TableError(
            f"{source} expands to more than {most / 1e6:.3g} MB: if that is right, pass --max-size"
            f" {2 * n_bytes / 1e9:.2g} (in GB) or more"
        )


def _text_of(cell: Any, decimal: str) -> str:
    """A cell as it is written in a file of text."""
    if cell is None or isinstance(cell, bool):
        return TEXT_OF[cell]
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.datetime | datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        cell = cell.total_seconds()
    if cell != cell:
        # JSON knows NaN, and a sheet what could not be calculated.
        return ""
    return cell if isinstance(cell, str) else repr(cell).replace(".", decimal)


def _rows_of_workbook(data: bytes, source: str, most: int) -> list[list[Any]]:
    """The rows of the first visible sheet that has cells; blank ones are empty."""
    _check_is_workbook(data, source, most)
    try:
        import openpyxl
    except ImportError:
        needed = "reading one needs openpyxl: pip install 'tautnet[excel]'"
        raise TableError(f"{source} is a workbook, and {needed}") from None
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        for number, sheet in enumerate(book.worksheets):
            rows = _rows_of_sheet(sheet) if sheet.sheet_state == "visible" else []
            if any(rows):
                book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
                _check_is_calculated(rows, book.worksheets[number], source)
                return rows
    except TableError:
        raise
    except Exception as error:
        # Whatever a reader of strangers' files stumbles over.
        what = f"{source} is a damaged workbook"
        raise TableError(f"{what}: {str(error).strip() or type(error).__name__}") from None
    raise TableError(f"{source} is empty")


def _check_is_workbook(data: bytes, source: str, most: int) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        members = []
    if WORKBOOK not in [member.filename for member in members]:
        raise TableError(f"{source} is a zip file and no workbook: unpack it, then name the table")
    _check_size(sum(member.file_size for member in members), source, most)


def _rows_of_sheet(sheet: Any) -> list[list[Any]]:
    """The rows of a sheet, each as wide as the names or, where it has more cells, wider."""
    # What other programs write of its size may be wrong.
    sheet.reset_dimensions()
    rows = [_without_faults(row) for row in sheet.iter_rows()]
    width = 0
    for i, row in enumerate(rows):
        while row and row[-1] is None:
            row.pop()
        width = width or len(row)
        if row:
            rows[i] = row + [None] * (width - len(row))
    return rows


def _without_faults(row: Iterable[Any]) -> list[Any]:
    """The cells of a row; what could not be calculated, such as ``#DIV/0!``, is no number."""
    return [math.nan if cell.data_type == "e" else cell.value for cell in row]


def _check_is_calculated(rows: list[list[Any]], formulas: Any, source: str) -> None:
    """Raise where a formula has no value, since no program that calculates has saved the file."""
    formulas.reset_dimensions()
    for row, cells in zip(rows, formulas.iter_rows(), strict=True):
        for i, cell in enumerate(cells):
            if cell.data_type == "f" and (i >= len(row) or row[i] is None):
                raise TableError(
                    f"{source}: the formula in cell {cell.coordinate} has no value: open the file"
                    " in a spreadsheet and save it"
                )


def _is_json(head: bytes, encoding: str | None) -> bool:
    """Whether a text begins with an object on one line, or with a list of objects."""
    try:
        text = head.decode(encoding or "utf-8-sig", errors="ignore").lstrip()
    except LookupError:
        return False
    line, ended, _ = text.partition("\n")
    if not line.startswith("{"):
        return line.replace(" ", "") in ("[", "[{") or line.replace(" ", "").startswith('[{"')
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # A line that is longer than what is looked at begins with a key at least; an object of
        # several lines begins with a brace alone.
        begins = line[1:].lstrip()
        return begins.startswith('"') if not ended else not begins


def _rows_of_json(
    stream: io.BufferedReader, source: str, encoding: str | None
) -> Iterator[list[Any]]:
    """The names of all keys, then for each line its values."""
    objects = [
        _object_of(line, f"{source} line {number}", encoding)
        for number, line in enumerate(stream, start=1)
    ]
    names = list(dict.fromkeys(name for one in objects for name in one))
    yield names
    for one in objects:
        yield [one.get(name) for name in names] if one else []


def _object_of(line: bytes, where: str, encoding: str | None) -> dict[str, Any]:
    """The object of a line; a blank line has none."""
    try:
        text = line.decode(encoding or "utf-8-sig").strip()
        one = json.loads(text, object_pairs_hook=_once) if text else {}
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise TableError(f"{where} is no JSON: {reason}; give one object a line") from None
    if not isinstance(one, dict):
        raise TableError(f"{where} is no object: give one a line")
    nested = next((key for key, cell in one.items() if isinstance(cell, dict | list)), None)
    if nested is not None:
        raise TableError(f"{where}: {nested!r} holds several values: give each a key of its own")
    return one


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are given once each."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {max(names, key=names.count)!r} is given twice")
    return found
