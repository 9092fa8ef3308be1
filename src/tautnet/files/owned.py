"""A directory for what a run keeps while it runs, which one run at a time owns.

The lock is the system's, on a file: it ends with the process, however that ends.
"""

import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tautnet.tables.errors import TableError

try:
    import fcntl
except ImportError:  # Not on Windows: there nobody is kept out.
    fcntl = None  # type: ignore[assignment]

__all__ = ["LOCK", "Busy", "owned"]

LOCK = ".tautnet-lock"
# A run that ends may take a directory away while another enters it, but not again and again.
MOST_TRIES = 100
# Places that this process owns.
_own: set[str] = set()


class Busy(TableError):
    """Another run owns a directory; the message says which."""


@contextmanager
def owned(
    directory: Path, what: Path, *, stays: bool = False, again: bool = False
) -> Iterator[Path]:
    """Own a directory, which is made where it does not exist, and removed if it is left empty.

    Parameters
    ----------
    directory : pathlib.Path
    what : pathlib.Path
        What users know it by.
    stays : bool
        Whether it stays where it is empty.
    again : bool
        Whether it may be entered once more where this process owns it already.

    Raises
    ------
    Busy
        Where another run owns it.
    OSError
    """
    place = os.path.realpath(directory)
    if again and place in _own:
        yield directory
        return
    lock = _lock(directory, what)
    _own.add(place)
    try:
        yield directory
    finally:
        _own.discard(place)
        _let_go(lock, directory / LOCK)
        if not stays:
            with suppress(OSError):
                directory.rmdir()


def _let_go(lock: IO[bytes], path: Path) -> None:
    """Take a lock away, unless it is another run's by now."""
    with lock:
        if not _is_still(lock, path):
            return
        # Unlocked last: who waits for the name finds that it is gone.
        if fcntl is not None:
            with suppress(OSError):
                path.unlink()
    if fcntl is None:
        # There no file goes that is open.
        with suppress(OSError):
            path.unlink()


def _lock(directory: Path, what: Path) -> IO[bytes]:
    """Return the open file whose lock is held."""
    for _ in range(MOST_TRIES):
        directory.mkdir(parents=True, exist_ok=True)
        try:
            file = open(directory / LOCK, "a+b")
        except FileNotFoundError:
            # A run that ended removed the directory meanwhile.
            continue
        if not _is_free(file):
            owner = _owner(file)
            file.close()
            raise Busy(
                f"{what} belongs to a run that is under way{owner}: wait for it, or use"
                " another place"
            )
        if _is_still(file, directory / LOCK):
            _sign(file)
            return file
        file.close()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _is_free(file: IO[bytes]) -> bool:
    """Take the lock of a file, if nobody has it."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # A file system without locks.
        return True
    return True


def _is_still(file: IO[bytes], path: Path) -> bool:
    """Whether a file still has its name: a run that ended takes it away."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    own = os.fstat(file.fileno())
    return (there.st_dev, there.st_ino) == (own.st_dev, own.st_ino)


def _sign(file: IO[bytes]) -> None:
    """Say who owns it, for those who come later."""
    owner = {"process": os.getpid(), "host": socket.gethostname(), "start": time.time()}
    file.truncate(0)
    file.write(json.dumps(owner).encode())
    file.flush()


def _owner(file: IO[bytes]) -> str:
    """Who owns it, in words; nothing where that is not known."""
    file.seek(0)
    try:
        owner = json.loads(file.read())
        start = time.strftime("%H:%M", time.localtime(float(owner["start"])))
        return f" (process {int(owner['process'])} on {owner['host']!s:.80}, since {start})"
    except (ValueError, KeyError, TypeError):
        return ""
