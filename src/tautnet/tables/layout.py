"""Where names, rows and cells are in a file of text."""

import csv
import io
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeAlias

import pandas as pd

from tautnet.tables.errors import TableError
from tautnet.tables.names import check_distinct

if TYPE_CHECKING:
    from _csv import Reader

__all__ = [
    "as_text",
    "check_drop",
    "check_ragged",
    "column_names",
    "csv_rows",
    "even_rows",
    "first_line",
    "is_blank",
    "numbered_rows",
    "other_encoding",
    "ragged_row",
    "rows_of_text",
    "rows_without",
    "separator",
    "sniff_delimiter",
    "unknown_encoding",
    "without_rows",
]

# A row with the number of the line where it ends.
Numbered: TypeAlias = tuple[int, list[str]]

LONGEST_CELL = 2**31 - 1
_DELIMITERS = ",;\t|"
# What Excel writes above a table to say what parts its cells.
_SEPARATOR = re.compile(r'[ \ufeff]*"?sep=([^\w"\s]|\t)"?\1*\s*', re.IGNORECASE)


def unknown_encoding(encoding: str | None) -> TableError:
    """Return what to say of an encoding that Python does not know."""
    return TableError(f"unknown encoding {encoding!r}: try utf-8, latin-1, cp1252 or utf-16")


def other_encoding(source: str, encoding: str | None, reason: str) -> TableError:
    """Return what to say of a text that is in another encoding."""
    other = "another, such as utf-8" if encoding else "--encoding latin-1 or --encoding cp1252"
    return TableError(f"{source} is not {encoding or 'UTF-8'} ({reason}): pass {other}")


@contextmanager
def as_text(file: io.BufferedReader, encoding: str | None, source: str) -> Iterator[TextIO]:
    """Read a file as text inside, and say in one line where it is none.

    Raises
    ------
    TableError
    """
    try:
        yield io.TextIOWrapper(file, encoding or "utf-8-sig", newline="")
    except LookupError:
        raise unknown_encoding(encoding) from None
    except UnicodeError as error:
        reason = getattr(error, "reason", str(error))
        raise other_encoding(source, encoding, reason) from None


def separator(line: str) -> str | None:
    """Return the delimiter that a first line such as ``sep=;`` tells, None where it tells none.

    Examples
    --------
    >>> from tautnet.tables.layout import separator
    >>> separator("sep=;"), separator("a;b")
    (';', None)
    """
    match = _SEPARATOR.fullmatch(line)
    return None if match is None else match.group(1)


def sniff_delimiter(text: str) -> str:
    """Return the delimiter that stands most often in the header, texts in quotes left out."""
    header = next(re.finditer(r".*\S.*", text)).group()
    return max(_DELIMITERS, key=re.sub(r'"[^"]*"', "", header).count)


def csv_rows(stream: Iterable[str], delimiter: str, strict: bool = False) -> "Reader":
    """Return a reader of rows, each a list of cells."""
    # A cell may be as long as a line.
    csv.field_size_limit(LONGEST_CELL)
    return csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=strict)


def is_blank(row: list[str]) -> bool:
    """Tell whether a row has nothing in it."""
    return not "".join(row).strip()


def column_names(header: list[str], source: str) -> list[str]:
    """Return the names of the columns; a blank one gets a name, and the same name twice raises."""
    names = [name.strip() or f"Unnamed: {position}" for position, name in enumerate(header)]
    if len(set(names)) < len(names):
        numbers = pd.to_numeric(pd.Series(names, dtype=object), errors="coerce").notna().sum()
        hint = "does the first line hold the names?" if 2 * numbers >= len(names) else "rename them"
        check_distinct(names, source, hint)
    return names


def ragged_row(source: str, line: int, n_cells: int, width: int) -> TableError:
    """Return what to say of a row that has more or fewer cells than the header."""
    cells = "1 cell" if n_cells == 1 else f"{n_cells} cells"
    return TableError(f"{source} line {line} has {cells}, the header has {width}: mend that line")


def check_ragged(text: str, delimiter: str, width: int, source: str, strict: bool = False) -> None:
    """Raise with the line number of the first row that has more or fewer cells than the header.

    Parameters
    ----------
    text : str
    delimiter : str
    width : int
        How many cells the header has.
    source : str
        What to call the file.
    strict : bool
        Whether a quotation mark that is left open raises, too.
    """
    rows = csv_rows(io.StringIO(text), delimiter, strict)
    start = 1
    odd = None
    try:
        for row in rows:
            if not is_blank(row):
                if odd is not None:
                    raise ragged_row(source, *odd, width)
                odd = None if len(row) == width else (start, len(row))
            start = rows.line_num + 1
    except csv.Error:
        error = _open_quote(source, start)
        raise (error if odd is None else ragged_row(source, *odd, width)) from None
    if odd is not None:
        error = ragged_row(source, *odd, width)
        raise TableError(f"{error}, or pass --drop-rows -1 if it is a footer")


def _open_quote(source: str, line: int) -> TableError:
    """Return what to say of a line from which on nothing can be read."""
    return TableError(f"{source} line {line} cannot be read: is a quotation mark left open?")


def check_drop(numbers: Collection[int], n_rows: int, source: str) -> None:
    """Raise where a row that is to be left out is none."""
    for number in numbers:
        if number == 0 or abs(number) > n_rows:
            raise TableError(
                f"--drop-rows {number}: {source} has rows 1 to {n_rows}, and -1 is the last"
            )


def without_rows(text: str, delimiter: str, numbers: Collection[int], source: str) -> str:
    """Return a text whose lines of some rows are blank.

    Parameters
    ----------
    text : str
    delimiter : str
    numbers : collection of int
        1 is the first row below the header, -1 the last.
    source : str
        What to call the file.

    Examples
    --------
    >>> from tautnet.tables.layout import without_rows
    >>> without_rows("a,b\\n1,2\\n3,4\\n", ",", [-1], "t.csv")
    'a,b\\n1,2\\n\\n'
    """
    lines = list(io.StringIO(text))
    rows = csv_rows(lines, delimiter)
    spans: list[range] = []
    width = 0
    start = 0
    try:
        for row in rows:
            if not is_blank(row) or (spans and len(row) == width):
                width = width or len(row)
                spans.append(range(start, rows.line_num))
            start = rows.line_num
    except csv.Error:
        raise _open_quote(source, start + 1) from None
    check_drop(numbers, len(spans) - 1, source)
    for number in numbers:
        for line in spans[number]:
            lines[line] = "\n"
    return "".join(lines)


def first_line(lines: Iterator[str], source: str) -> tuple[str, int, str]:
    """Read the first line that is not blank, and those that its quotation marks go on in.

    Returns
    -------
    header : str
    before : int
        The number of lines up to its end.
    delimiter : str
    """
    delimiter = None
    before = 0
    for header in lines:
        before += 1
        told = separator(header) if delimiter is None else None
        if told is None and header.strip():
            break
        delimiter = told or delimiter
    else:
        raise TableError(f"{source} is empty")
    while header.count('"') % 2 and (more := next(lines, None)) is not None:
        header += more
        before += 1
    header = header.removeprefix("\ufeff")
    return header, before, delimiter or sniff_delimiter(header)


class TextRows(NamedTuple):
    """A table of text that is read row by row.

    Attributes
    ----------
    delimiter : str
    given : list of str
        Names of the columns as the file has them.
    names : list of str
        The same as they are read: none is blank.
    rows : iterator of lists of str
        As many cells each as there are names.
    """

    delimiter: str
    given: list[str]
    names: list[str]
    rows: Iterator[list[str]]


def rows_of_text(text: TextIO, drop_rows: Collection[int], source: str) -> TextRows:
    """Read the names of a table of text; its rows are read when they are asked for.

    Parameters
    ----------
    text : file
    drop_rows : collection of int
        Rows to leave out, as in `rows_without`.
    source : str
        What to call the file.

    Raises
    ------
    TableError
    """
    lines = iter(text)
    header, before, delimiter = first_line(lines, source)
    given = next(csv_rows(io.StringIO(header, newline=""), delimiter))
    names = column_names(given, source)
    numbered = numbered_rows(lines, delimiter, before, len(names), source)
    if drop_rows:
        numbered = rows_without(numbered, drop_rows, source)
    return TextRows(delimiter, given, names, even_rows(numbered, len(names), source))


def numbered_rows(
    lines: Iterator[str], delimiter: str, before: int, width: int, source: str
) -> Iterator[Numbered]:
    """Yield rows with the number of the line where they end; blank lines are left out.

    A row of blank cells, as many as the header has, is a row: its cells are missing.
    """
    number = before
    own: list[str] = []
    last: list[str] = []

    def heard() -> Iterator[str]:
        for line in lines:
            own.append(line)
            yield line

    reader = csv_rows(heard(), delimiter)
    try:
        for row in reader:
            number = before + reader.line_num
            last = own[:]
            own.clear()
            if len(row) == width or not is_blank(row):
                yield number, row
    except csv.Error as error:
        number = before + reader.line_num
        raise TableError(f"{source} line {number} cannot be read: {error}") from None
    if _ends_in_quotes(last, delimiter):
        raise _open_quote(source, number - len(last) + 1)


def _ends_in_quotes(lines: list[str], delimiter: str) -> bool:
    """Tell whether a quotation mark of these lines, those of one row, is left open."""
    try:
        list(csv_rows(lines, delimiter, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def rows_without(
    rows: Iterator[Numbered], numbers: Collection[int], source: str
) -> Iterator[Numbered]:
    """Yield all rows but some: 1 is the first, -1 the last."""
    n_held = max(0, *(-number for number in numbers))
    held: deque[tuple[int, Numbered]] = deque()
    n_rows = 0
    for row in rows:
        n_rows += 1
        held.append((n_rows, row))
        if len(held) > n_held:
            number, first = held.popleft()
            if number not in numbers:
                yield first
    check_drop(numbers, n_rows, source)
    for number, row in held:
        if number not in numbers and number - n_rows - 1 not in numbers:
            yield row


def even_rows(rows: Iterator[Numbered], width: int, source: str) -> Iterator[list[str]]:
    """Yield rows of as many cells as the header."""
    for number, row in rows:
        if len(row) != width:
            raise ragged_row(source, number, len(row), width)
        yield row
