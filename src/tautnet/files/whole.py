"""A file is written whole or not at all."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tautnet.tables.errors import TableError

__all__ = ["check_writable", "whole_file"]


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
    try:
        with tempfile.TemporaryFile(dir=path.absolute().parent):
            pass
    except OSError as error:
        raise TableError(
            f"cannot write {path}: {error.strerror or error}; choose another place"
        ) from None


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a draft to write, which takes its name when all went well.

    When something went wrong the draft is removed, and a file of that name stays as it was.

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
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        yield draft
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
