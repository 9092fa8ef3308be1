"""A file is written whole or not at all; what is no plain file is written into.

Every file that this package writes goes through `whole_file`. Links are followed, a file that is
written over keeps its mode and its owner, and a pipe or a device stays what it is: it gets the
bytes, once all of them are known.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import socket
import stat
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from tautnet.tables.errors import TableError
from tautnet.tables.space import hold_space

__all__ = [
    "STDOUT",
    "check_permission",
    "check_writable",
    "draft_name",
    "is_draft_of_this_machine",
    "is_plain_name",
    "put",
    "reserved_space",
    "sweep",
    "whole_file",
    "write_bytes",
]

# Where a command writes that is told to write to ``-``.
STDOUT = Path("/dev/stdout")
# Names under which a process finds its own streams, which go on where they are: opened by name,
# a stream that leads into a file would begin at its start again.
STREAMS = re.compile(r"/(?:dev|proc/self)/fd/(\d+)")
NAMED_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
# Why a draft cannot take a place though its bytes may be written there: the place belongs to
# someone else, is mounted by itself, or is on another file system.
CANNOT_RENAME = (errno.EPERM, errno.EACCES, errno.EBUSY, errno.EXDEV)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise where a file could not be written: before the work, not after it.

    Parameters
    ----------
    path : path

    Raises
    ------
    TableError
    """
    path = Path(path)
    if path.is_dir():
        raise TableError(f"cannot write {path}: it is a directory; name a file in it")
    reserved_space(path, 1).close()


def reserved_space(path: str | os.PathLike[str], n_bytes: int) -> IO[bytes]:
    """Keep space for a file that is yet to be made, so that it is known beforehand to be there.

    Parameters
    ----------
    path : path
        Of the file.
    n_bytes : int
        About what will be written.

    Returns
    -------
    file
        Holds the space until it is closed.

    Raises
    ------
    TableError
        Where nothing can be written, or not so much.
    """
    path = Path(path)
    try:
        there = _status(path)
        if there is not None:
            check_permission(path)
        return hold_space(_place_of_drafts(path, there), n_bytes)
    except OSError as error:
        raise TableError(
            f"cannot write {path}: {error.strerror or error}; choose another place"
        ) from None


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a draft to write, which takes its name when all went well.

    When something went wrong the draft is removed, and a file of that name stays as it was. Where
    the name is that of a pipe or a device, the draft is copied into it.

    Parameters
    ----------
    path : path

    Yields
    ------
    pathlib.Path
        Beside it, so that renaming is one step.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     with whole_file(f"{directory}/a.txt") as draft:
    ...         _ = draft.write_text("all of it")
    ...     print(Path(f"{directory}/a.txt").read_text())
    all of it
    """
    path = Path(path)
    draft = _new_draft(path)
    try:
        yield draft
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        put(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _new_draft(path: Path) -> Path:
    """Make the empty draft of a file, which nobody can read who could not read the file."""
    there = _status(path)
    mode = 0o666
    if there is not None:
        check_permission(path)
        mode = there.st_mode & 0o666 | 0o600
    place = Path(_place_of_drafts(path, there))
    sweep(place)
    draft = place / draft_name(secrets.token_hex(8))
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
    return draft


def draft_name(text: str) -> str:
    """Return a name for a draft that tells whose it is."""
    return f".tautnet-{_host()}-{os.getpid()}-{text}"


def is_draft_of_this_machine(name: str) -> bool:
    """Tell whether a name is one that `draft_name` gives, in any process of this machine."""
    return _process_of_draft(name) is not None


def _process_of_draft(name: str) -> int | None:
    """Return the process whose draft a name is, on this machine; None of all other names."""
    found = re.fullmatch(rf"\.tautnet-{_host()}-(\d+)-\w+", name)
    return int(found[1]) if found else None


def sweep(directory: Path) -> None:
    """Remove the drafts of processes of this machine that were killed."""
    for path in directory.glob(".tautnet-*"):
        process = _process_of_draft(path.name)
        if process is not None and not _is_alive(process):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                # Where many write, some are not ours to remove.
                with suppress(OSError):
                    path.unlink()


@cache
def _host() -> str:
    """Return what tells this machine from others that write to the same disk."""
    known = f"{socket.gethostname()} {uuid.getnode()}"
    return hashlib.sha256(known.encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    """Tell whether there is a process of a number."""
    if os.name == "nt":
        # There the question would end it.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is someone else's.
        return True
    return True


def _place_of_drafts(path: Path, there: os.stat_result | None) -> str:
    """Return the directory of a file; for what is no plain file, one that is emptied by itself."""
    if _is_plain(path, there):
        return os.path.dirname(os.path.realpath(path))
    return tempfile.gettempdir()


def write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file of these bytes, whole or not at all."""
    with whole_file(path) as draft:
        draft.write_bytes(data)


def put(draft: Path, path: Path) -> None:
    """Let a finished draft take its place.

    Parameters
    ----------
    draft : pathlib.Path
        Gone afterwards where it was renamed.
    path : pathlib.Path
        A link is followed; a file there keeps its mode and owner.

    Raises
    ------
    OSError
    """
    there = _status(path)
    if there is not None:
        check_permission(path)
    if _is_plain(path, there):
        try:
            if there is not None:
                _own_alike(draft, there)
            os.replace(draft, os.path.realpath(path))
            return
        except OSError as error:
            if error.errno not in CANNOT_RENAME:
                raise
    _pour(draft, path)


def _status(path: Path) -> os.stat_result | None:
    """Return what a path leads to; None where there is nothing yet."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def is_plain_name(path: Path) -> bool:
    """Tell whether a path is that of a plain file, or of none yet.

    Examples
    --------
    >>> is_plain_name(STDOUT)
    False
    """
    try:
        return _is_plain(path, _status(path))
    except OSError:
        return False


def _is_plain(path: Path, there: os.stat_result | None) -> bool:
    """Tell whether a path is that of a plain file, or of none yet, and of no open stream."""
    return _stream(path) is None and (there is None or stat.S_ISREG(there.st_mode))


def _stream(path: Path) -> int | None:
    """Return the number of the process's own stream that a path names, None of other paths."""
    found = STREAMS.fullmatch(str(path))
    return int(found[1]) if found else NAMED_STREAMS.get(str(path))


def check_permission(path: Path) -> None:
    """Raise where what is there must not be written."""
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _own_alike(draft: Path, there: os.stat_result) -> None:
    """Give a draft the owner and the mode of the file whose place it takes."""
    made = draft.stat()
    if (made.st_uid, made.st_gid) != (there.st_uid, there.st_gid):
        os.chown(draft, there.st_uid, there.st_gid)
    draft.chmod(stat.S_IMODE(there.st_mode))


def _pour(draft: Path, path: Path) -> None:
    """Write the bytes of a draft into what is there."""
    own = _stream(path)
    if own is not None:
        if sys.stdout is not None:
            sys.stdout.flush()
        with open(draft, "rb") as source, open(own, "wb", closefd=False) as stream:
            shutil.copyfileobj(source, stream)
        return
    # A link to no file yet on another file system leads to a new one.
    flags = os.O_WRONLY | os.O_TRUNC | (0 if path.exists() else os.O_CREAT)
    with open(draft, "rb") as source, open(os.open(path, flags), "wb") as stream:
        shutil.copyfileobj(source, stream)
