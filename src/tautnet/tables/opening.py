"""Files and streams are opened, unpacked and bounded: what expands or never ends is refused."""

import difflib
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from tautnet.tables.converted import ZIP, Written, converted
from tautnet.tables.errors import TableError

__all__ = ["PARQUET", "Bounds", "check_is_text", "open_source", "size_of"]

PARQUET = b"PAR1"
PLAIN_TEXT = Written()
_GZIP = b"\x1f\x8b"
# Bytes that begin files of other programs.
_FOREIGN = {b"\xd0\xcf\x11\xe0": "a workbook of old Excel"}
GIGABYTE = 10**9
# Bytes that a stream may hold and a gzip file expand to, or so many times the size of the file.
MOST = GIGABYTE
EXPANSION = 20
LONGEST_LINE = 16_000_000


class Bounds(NamedTuple):
    """How much may be read.

    Attributes
    ----------
    gigabytes : float or None
        What a packed table or a stream may hold, and a line of it; None is a gigabyte, or 20
        times the size of a packed file, and 16 MB a line.
    is_kept : bool
        Whether all of it is held in memory at once. Else only lines are bounded.
    """

    gigabytes: float | None = None
    is_kept: bool = True

    def most(self, packed: int = 0) -> int:
        """Return how many bytes may come of so many packed ones, or of a stream."""
        if self.gigabytes is not None:
            return int(self.gigabytes * GIGABYTE)
        return max(MOST, EXPANSION * packed)

    @property
    def longest_line(self) -> int:
        """How many bytes a line may have."""
        if self.gigabytes is None:
            return LONGEST_LINE
        return max(LONGEST_LINE, int(self.gigabytes * GIGABYTE))


@contextmanager
def open_source(
    source: str,
    bounds: Bounds,
    known: Collection[str] = (),
    written: Written = PLAIN_TEXT,
) -> Iterator[io.BufferedReader]:
    """Open a file or standard input as a stream of unpacked bytes that is bounded.

    Parameters
    ----------
    source : str
        A path, or "-" for standard input.
    bounds : Bounds
    known : collection of str
        Names of built-in tables, to be shown where there is no such file.
    written : Written
        How text is going to be read; what is no text becomes such text.

    Raises
    ------
    TableError
        When it cannot be opened or read, while it is read too.
    """
    try:
        if source == "-":
            stream = cast(io.BufferedReader, sys.stdin.buffer)
            stream = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
            yield _as_text(stream, source, bounds, written)
        else:
            with open(source, "rb") as file:
                yield _as_text(file, source, bounds, written)
    except (FileNotFoundError, NotADirectoryError):
        raise _no_such_file(source, known) from None
    except IsADirectoryError:
        raise TableError(
            f"{source} is a directory: give the file in it that holds the table"
        ) from None
    except (TableError, UnicodeError):
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise TableError(f"cannot read {source}: {reason}") from None


def _no_such_file(source: str, known: Collection[str]) -> TableError:
    """Return what to say of a path that leads nowhere."""
    if "://" in source:
        what = "is an address on the web: a table there may change while it is used"
        return TableError(f"{source} {what}; download it, then name the file")
    if not known:
        return TableError(f"no such file: {source}")
    near = difflib.get_close_matches(source, known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    what = f"and no built-in table; these are {', '.join(known)}{meant}"
    return TableError(f"no such file: {source} ({what})")


def _as_text(
    file: io.BufferedReader, source: str, bounds: Bounds, written: Written
) -> io.BufferedReader:
    """Return a stream of the bytes of a table, unpacked; of what is no text, as text."""
    source = "standard input" if source == "-" else source
    stream = _unpacked(file, source, bounds)
    return converted(stream, source, bounds.most(_size(file) or 0), written)


def _unpacked(file: io.BufferedReader, source: str, bounds: Bounds) -> io.BufferedReader:
    """Return a stream of the bytes of a table, unpacked."""
    head = file.peek(len(PARQUET))
    size = _size(file)
    if head.startswith(_GZIP):
        what = f"{source} expands to"
        unpacked = cast(io.RawIOBase, gzip.GzipFile(fileobj=file))
        return io.BufferedReader(_Bounded(unpacked, what, bounds, bounds.most(size or 0)))
    if head.startswith((PARQUET, ZIP)) and size is not None:
        # They are read as a whole, and have no lines.
        return file
    most = bounds.most() if size is None else None
    return io.BufferedReader(_Bounded(file, f"{source} holds", bounds, most))


def _size(file: io.BufferedReader) -> int | None:
    """Return the size of an open regular file, None of what has none."""
    try:
        return size_of(file.fileno())
    except OSError:
        return None


def size_of(file: str | int) -> int | None:
    """Return the size of a regular file, by its path or its number; None of what has none."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


class _Bounded(io.RawIOBase):
    """Bytes of another stream, until they are too many, or a line of them is too long."""

    def __init__(self, file: Any, what: str, bounds: Bounds, most: int | None) -> None:
        self.file = file
        self.what = what
        self.bounds = bounds
        self.most = most
        self.n_read = 0
        self.n_in_line = 0
        self.has_lines = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self.file.read1(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            source = self.what.rsplit(" ", 2)[0]
            raise TableError(f"{source} is a damaged gzip file: {error}") from None
        if not self.n_read:
            self.has_lines = not data.startswith(PARQUET)
        self.n_read += len(data)
        # Parquet that cannot be sought in is held as a whole, too.
        is_held = self.bounds.is_kept or not self.has_lines
        if is_held and self.most is not None and self.n_read > self.most:
            self._refuse("more than", self.most)
        if self.has_lines:
            self._count_line(data)
        buffer[: len(data)] = data
        return len(data)

    def _count_line(self, data: bytes) -> None:
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        self.n_in_line = self.n_in_line + len(data) if last < 0 else len(data) - last - 1
        if self.n_in_line > self.bounds.longest_line:
            self._refuse("a line of more than", self.bounds.longest_line)

    def _refuse(self, what: str, n_bytes: int) -> None:
        gigabytes = 2 * n_bytes / GIGABYTE
        raise TableError(
            f"{self.what} {what} {in_bytes(n_bytes)}: if that is right, pass --max-size"
            f" {gigabytes:.2g} (in GB) or more"
        )


def in_bytes(n: float) -> str:
    """Return a number of bytes in the unit that suits it.

    Examples
    --------
    >>> from tautnet.tables.opening import in_bytes
    >>> in_bytes(16_000_000), in_bytes(1_500_000_000)
    ('16 MB', '1.5 GB')
    """
    return f"{n / 1e6:.3g} MB" if n < GIGABYTE else f"{n / 1e9:.3g} GB"


def check_is_text(data: bytes, encoding: str | None, source: str) -> None:
    """Raise where bytes are no text at all, or text in an encoding that has to be named."""
    for magic, what in _FOREIGN.items():
        if data.startswith(magic):
            raise TableError(f"{source} is {what}: save it as .xlsx, or as CSV")
    if encoding is None and data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError(f"{source} is not UTF-8: pass --encoding utf-16")
    if encoding is None and b"\x00" in data:
        raise TableError(
            f"{source} holds binary data, not a table of text: give a CSV, TSV, Parquet or .xlsx"
            " file"
        )
