"""A run is written into one directory, each file whole or not at all."""

import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from tautnet.files.whole import hold_space, put, write_bytes
from tautnet.tables.errors import TableError

REPORT = "report.html"
RESULT = "result.json"
LOG = "run.log"
MODEL = "model.taut"


def choose_directory(
    out: str | os.PathLike[str] | None, data: str, target: str, *, force: bool = False
) -> Path:
    """Choose the directory of a run, which is found writable before anything is fitted.

    It is not made yet.

    Parameters
    ----------
    out : path or None
        Asked for by name; None gives ``tautnet-<data>-<target>``, numbered where that exists.
    data, target : str
    force : bool
        Whether a run in ``out`` may be written over.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    TableError
        When it holds a run already, or cannot be written.
    """
    if out is None:
        stem = f"tautnet-{_slug(data)}-{_slug(target)}"
        names = itertools.chain([stem], (f"{stem}-{i}" for i in itertools.count(2)))
        directory = next(Path(name) for name in names if not os.path.lexists(name))
    else:
        directory = Path(out)
    try:
        files = () if force else (REPORT, RESULT, LOG, MODEL)
        held = [name for name in files if (directory / name).exists()]
        if held:
            raise TableError(
                f"{directory} holds {held[0]} already: use --force to write over it, or another"
                " --out"
            )
        # On disk under a name that is nobody's; file permissions alone do not tell.
        hold_space(_existing(directory), 1).close()
    except OSError as error:
        raise _cannot_write(directory, error) from None
    return directory


def reserved_space(directory: Path | None, n_bytes: int) -> AbstractContextManager[Any]:
    """Keep space for a run that is yet to be written, while the context returned lasts.

    Parameters
    ----------
    directory : pathlib.Path or None
        Where it will be; None where nothing will be written.
    n_bytes : int
        About what will be written.

    Raises
    ------
    TableError
        Where there is not so much.
    """
    if directory is None:
        return nullcontext()
    try:
        return hold_space(_existing(directory), n_bytes)
    except OSError as error:
        raise _cannot_write(directory, error) from None


def _existing(directory: Path) -> Path:
    """Return the directory itself where it exists, else the nearest above it that does."""
    place = Path(os.path.realpath(directory))
    return next(path for path in (place, *place.parents) if os.path.lexists(path))


def _cannot_write(directory: Path, error: OSError) -> TableError:
    """Return what to say where the files cannot be written."""
    return TableError(
        f"cannot write to {directory}: {error.strerror or error}; choose another --out"
    )


def _slug(text: str) -> str:
    """Return a text as a part of a file name."""
    slug = re.sub(r"[^\w.-]+", "_", str(text)).strip("_.")
    # File systems count bytes.
    return slug.encode()[:60].decode(errors="ignore") or "table"


@contextmanager
def all_or_nothing(directory: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a place to write a run's files; all appear in ``directory`` at the end, or none does.

    Parameters
    ----------
    directory : path
        Made where it does not exist; other files in it stay.

    Yields
    ------
    pathlib.Path
        A directory beside or inside it, gone afterwards.

    Raises
    ------
    TableError
        When the files cannot be written.
    """
    directory = Path(directory)
    try:
        draft = Path(tempfile.mkdtemp(prefix=".tautnet-", dir=_existing(directory)))
        try:
            yield draft
            Path(os.path.realpath(directory)).mkdir(parents=True, exist_ok=True)
            for file in draft.iterdir():
                put(file, directory / file.name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise _cannot_write(directory, error) from None


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a file as a whole; its directory is made where it does not exist."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # A command line may hold bytes that are no text.
    write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def read_settings(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """The arguments of an estimator that fits again what a run delivered.

    Raises
    ------
    TableError
        Where there is no run, or one of an earlier version, which did not keep them.
    """
    path = Path(directory) / RESULT
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))["detail"]["settings"]
    except OSError as error:
        raise TableError(
            f"cannot read {path}: {error.strerror}; name a directory that compare wrote"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise TableError(
            f"{path} holds no settings of this version's compare: run compare again"
        ) from None
    return settings | {"hidden_layer_sizes": tuple(settings["hidden_layer_sizes"])}
