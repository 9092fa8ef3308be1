"""Where a run is written: one directory, each file whole or not at all."""

import itertools
import os
import re
from pathlib import Path

from tautnet.tables.errors import TableError

REPORT, RESULT, LOG = "report.html", "result.json", "run.log"


def choose_directory(out, data, target, *, force=False):
    """The directory of a run, made and found writable before anything is fitted.

    Parameters
    ----------
    out : path or None
        Asked for by name; None gives ``tautnet-<data>-<target>``, numbered where that exists.
    data, target : str
    force : bool
        Whether a report in ``out`` may be written over.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    TableError
        When it holds a report already, or cannot be written.
    """
    if out is not None:
        directory = Path(out)
        if (directory / REPORT).exists() and not force:
            raise TableError(f"{directory} holds a report already: use --force to write over it, or another --out")
    else:
        stem = f"tautnet-{_slug(data)}-{_slug(target)}"
        names = itertools.chain([stem], (f"{stem}-{i}" for i in itertools.count(2)))
        directory = next(Path(name) for name in names if not Path(name).exists())
    existed = directory.exists()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise TableError(f"cannot write to {directory}: {error.strerror}; choose another --out") from None
    if not existed:
        # Only a finished run leaves a directory behind.
        directory.rmdir()
    return directory


def _slug(text):
    return re.sub(r"[^\w.-]+", "_", str(text)).strip("_.")[:60] or "table"


def write_text(path, text):
    """Write a file as a whole: to a temporary name, to disk, then renamed."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{os.getpid()}")
    with open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
