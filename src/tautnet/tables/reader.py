"""From a file, standard input or a built-in name to a data frame of numbers, truth values and text.

Every cell is read as text first, so that codes such as 00123 keep their zeros and a column of
numbers with a stray word can be told from a column of words. Whatever cannot be read is a
`TableError` of one line.
"""

import csv
import difflib
import gzip
import io
import re
import sys
import zlib
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.datasets import BUILT_INS
from tautnet.tables.errors import TableError

__all__ = ["MISSING_MARKERS", "Table", "read_table"]

MISSING_MARKERS = frozenset(
    [
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "-1.#IND",
        "-1.#QNAN",
        "-NaN",
        "-nan",
        "1.#IND",
        "1.#QNAN",
        "<NA>",
    ]
    + ["N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
)
"""Cells read as missing, besides those of ``na``: pandas' own list."""

_DELIMITERS = ",;\t|"
# Words that people write for "missing": they need no nine numbers in ten beside them to be called
# stray.
_PLACEHOLDERS = {
    "?",
    "-",
    "--",
    ".",
    "*",
    "missing",
    "unknown",
    "none",
    "na",
    "n.a.",
    "nil",
    "not available",
}
_CODE = re.compile(r"[A-Za-z]+[-_ ]?[0-9]\w*")
_THOUSANDS = {
    ".": re.compile(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"),
    ",": re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+(,\d+)?"),
}
_TRUTH = {"true": True, "false": False}


class Table(NamedTuple):
    """A table that was read: its rows, a short name for the run, and a built-in's target (else
    None).
    """

    frame: pd.DataFrame
    name: str
    target: str | None


def read_table(source, *, na=(), decimal=".", encoding=None, built_ins=True) -> Table:
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
    if source in known and not (Path(source).exists() and not Path(source).is_dir()):
        frame, target = known[source]()
        return Table(frame, source, target)
    data = _unzip(_read_bytes(source, known), source)
    if not data.strip():
        raise TableError(f"{source} is empty")
    if data.startswith(b"PAR1"):
        frame = _read_parquet(data, source)
    else:
        markers = MISSING_MARKERS | {
            marker.strip() for marker in ([na] if isinstance(na, str) else na)
        }
        frame = _read_text(_decode(data, encoding, source), markers, decimal, source)
    return Table(frame, _slug(source), None)


def _read_bytes(source, known) -> bytes:
    with open_source(source, known) as file:
        return file.read()


@contextmanager
def open_source(source, known=()):
    """A file or standard input as a stream of bytes; what is wrong with it is a `TableError`."""
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else open(source, "rb") as file:
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


def _unzip(data, source) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise TableError(f"{source} is a damaged gzip file: {error}") from None


def _read_parquet(data, source) -> pd.DataFrame:
    try:
        import pyarrow
    except ImportError:
        hint = "pip install 'tautnet[parquet]'"
        raise TableError(
            f"{source} is a Parquet file, and reading one needs pyarrow: {hint}"
        ) from None
    try:
        frame = pd.read_parquet(io.BytesIO(data), engine="pyarrow").reset_index(drop=True)
    except (OSError, ValueError, NotImplementedError, pyarrow.ArrowException) as error:
        raise TableError(
            f"{source} is a damaged Parquet file: {str(error).splitlines()[0]}"
        ) from None
    frame.columns = column_names([str(name) for name in frame.columns], source)
    if frame.empty:
        raise TableError(f"{source} has no rows")
    return frame


def check_is_text(data, encoding, source) -> None:
    """Raise where bytes are no text at all, or text in an encoding that has to be named."""
    for magic, what in (
        (b"PK\x03\x04", "an Excel or zip file"),
        (b"\xd0\xcf\x11\xe0", "an Excel file"),
    ):
        if data.startswith(magic):
            raise TableError(f"{source} is {what}: save the table as CSV")
    if encoding is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(f"{source} is not UTF-8: pass --encoding utf-16")
    if encoding is None and b"\x00" in data:
        raise TableError(
            f"{source} holds binary data, not a table of text: give a CSV, TSV or Parquet file"
        )


def _decode(data, encoding, source) -> str:
    check_is_text(data, encoding, source)
    try:
        text = data.decode(encoding or "utf-8-sig").removeprefix("\ufeff")
    except LookupError:
        raise unknown_encoding(encoding) from None
    except UnicodeError as error:
        # A text in a one-byte encoding holds hardly any control characters; noise is full of them.
        controls = sum(
            data[:4096].count(code) for code in bytes((*range(9), 11, 12, *range(14, 32), 127))
        )
        if encoding is None and controls > 0.01 * len(data[:4096]):
            hint = "give a CSV, TSV or Parquet file"
            raise TableError(f"{source} holds binary data, not a table of text: {hint}") from None
        line = data[: getattr(error, "start", 0)].count(b"\n") + 1
        other = "another, such as utf-8" if encoding else "--encoding latin-1 or --encoding cp1252"
        name = encoding or "UTF-8"
        raise TableError(
            f"{source} is not {name} (line {line} cannot be decoded): pass {other}"
        ) from None
    if "\x00" in text:
        raise TableError(f"{source} does not decode to text as {encoding}: pass another --encoding")
    return text


def unknown_encoding(encoding) -> TableError:
    """What to say of an encoding that Python does not know."""
    return TableError(f"unknown encoding {encoding!r}: try utf-8, latin-1, cp1252 or utf-16")


def _read_text(text, markers, decimal, source) -> pd.DataFrame:
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
        columns[name] = _convert(
            name, body[position].to_numpy(dtype=object), markers, decimal, delimiter
        )
    return pd.DataFrame(columns)


def sniff_delimiter(text) -> str:
    header = re.search(r".*\S.*", text).group()
    return max(_DELIMITERS, key=re.sub(r'"[^"]*"', "", header).count)


def csv_rows(stream, delimiter, strict=False):
    return csv.reader(stream, delimiter=delimiter, skipinitialspace=True, strict=strict)


def _read_header(stream, delimiter, source) -> list:
    try:
        return next(row for row in csv_rows(stream, delimiter) if "".join(row).strip())
    except (StopIteration, csv.Error):
        raise TableError(f"{source} has no header line that can be read") from None


def column_names(header, source) -> list:
    names = [name.strip() or f"Unnamed: {position}" for position, name in enumerate(header)]
    seen, repeated = set(), []
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


def _check_ragged(text, delimiter, width, source, strict=False) -> None:
    """Raise with the line number of the first row that has more or fewer cells than the header."""
    rows = csv_rows(io.StringIO(text), delimiter, strict)
    start = 1
    try:
        for row in rows:
            if len(row) != width and "".join(row).strip():
                cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
                raise TableError(
                    f"{source} line {start} has {cells}, the header has {width}: mend that line"
                )
            start = rows.line_num + 1
    except csv.Error:
        raise TableError(
            f"{source} line {start} cannot be read: is a quotation mark left open?"
        ) from None


def _convert(name, cells, markers, decimal, delimiter):
    """Turn the text cells of one column into numbers, booleans, or text with NaN for missing."""
    codes, texts = pd.factorize(cells)
    tokens = np.array([text.strip() for text in texts], dtype=object)
    missing = np.array([token in markers for token in tokens])
    numbers = _to_numbers(tokens, missing, decimal)
    if numbers is not None:
        return numbers[codes]
    present = tokens[~missing]
    counts = np.bincount(codes, minlength=len(tokens))[~missing]
    _check_strays(name, present, counts, decimal)
    _check_commas(name, present, counts, decimal, delimiter)
    if {token.lower() for token in present} <= _TRUTH.keys():
        tokens[~missing] = [_TRUTH[token.lower()] for token in present]
        return tokens[codes].astype(bool) if not missing.any() else _blank(tokens, missing)[codes]
    return _blank(tokens, missing)[codes]


def _blank(tokens, missing) -> np.ndarray:
    tokens[missing] = np.nan
    return tokens


def _to_numbers(tokens, missing, decimal):
    """Return the numbers that the tokens spell, or None where one spells none or is a zero-led
    code.
    """
    present = tokens[~missing]
    if any(_is_zero_led(token) for token in present):
        return None
    parsed = parse_numbers(present, decimal)
    if np.isnan(parsed).any():
        return None
    if not missing.any():
        return parsed
    numbers = np.full(len(tokens), np.nan)
    numbers[~missing] = parsed
    return numbers


def _is_number(tokens, decimal) -> np.ndarray:
    return ~np.isnan(parse_numbers(tokens, decimal).astype(np.float64))


def _is_zero_led(token) -> bool:
    return len(token) > 1 and token[0] == "0" and token.isdigit()


def parse_numbers(tokens, decimal) -> np.ndarray:
    """Parse each token as a number, NaN where it is none."""
    if decimal == ",":
        tokens = np.array(
            ["" if "." in token else token.replace(",", ".") for token in tokens], dtype=object
        )
    parsed = pd.to_numeric(tokens, errors="coerce")
    # Integers beyond 64 bits come back as objects.
    return parsed.astype(np.float64) if parsed.dtype.kind not in "if" else parsed


def _check_strays(name, tokens, counts, decimal) -> None:
    """Raise where a column is plainly meant to be numbers, and say what to pass."""
    numeric = _is_number(tokens, decimal)
    strays = tokens[~numeric]
    total, n_strays = counts.sum(), counts[~numeric].sum()
    if total < 10 or 2 * n_strays > total or any(_is_zero_led(token) for token in tokens):
        return
    if not all(token.lower() in _PLACEHOLDERS for token in strays):
        # '3+' or 'A12' beside a few plain numbers is a code, and so is 'A12' beside many.
        levels = len(tokens) <= 20 and all(any(map(str.isdigit, token)) for token in strays)
        codes = all(_CODE.fullmatch(token) for token in strays)
        if 10 * n_strays > total or len(strays) > 10 or levels or codes:
            return
    cells = "1 cell" if n_strays == 1 else f"{n_strays} cells"
    listed = ", ".join(map(repr, strays))
    markers = " ".join(f'--na "{token}"' for token in strays)
    what = f"column {name!r} holds numbers but for {cells} ({listed})"
    raise TableError(f"{what}: pass {markers} to read as missing")


def _check_commas(name, tokens, counts, decimal, delimiter) -> None:
    """Raise where a column is numbers in the other notation: a decimal comma, or thousands set
    apart.
    """
    numeric = _is_number(tokens, decimal)
    total = counts.sum()
    if total < 10 or numeric.all() or any(_is_zero_led(token) for token in tokens):
        return
    odd = tokens[~numeric]
    other = "," if decimal == "." else "."
    thousands = all(_THOUSANDS[decimal].fullmatch(token) for token in odd)
    hint = "pass --decimal ," if decimal == "." else "leave out --decimal ,"
    # In a file whose delimiter is the comma, '1,2' in quotes is a list more often than a number.
    if delimiter != "," and 10 * counts[_is_number(tokens, other)].sum() >= 9 * total:
        also = f" (or remove the '{other}' if it sets thousands apart)" if thousands else ""
        raise TableError(
            f"column {name!r} has '{other}' as decimal mark, as in {odd[0]!r}: {hint}{also}"
        )
    if thousands:
        raise TableError(
            f"column {name!r} sets thousands apart, as in {odd[0]!r}: remove the '{other}'"
        )


def _slug(source) -> str:
    if source == "-":
        return "stdin"
    endings = r"(?i)(\.(csv|tsv|tab|txt|data|dat|parquet|pq|gz|gzip))+$"
    name = re.sub(endings, "", Path(source).name)
    return re.sub(r"[^\w-]+", "-", name).strip("-") or "data"
