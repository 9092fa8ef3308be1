"""A run is written into one directory, each file whole or not at all."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from tautnet.files.journal import JOBS, cannot_write, leave_as_it_was, settle, settled
from tautnet.files.owned import Busy, owned
from tautnet.files.whole import write_bytes
from tautnet.tables.errors import TableError
from tautnet.tables.space import hold_space

REPORT = "report.html"
RESULT = "result.json"
LOG = "run.log"
MODEL = "model.taut"
FILES = (REPORT, RESULT, LOG, MODEL)


@dataclass(frozen=True)
class RunDirectory:
    """Where a run goes: a directory that it owns.

    Attributes
    ----------
    path : pathlib.Path
    jobs : pathlib.Path
        A directory in it for what is kept while the run runs.
    """

    path: Path
    jobs: Path


@contextmanager
def run_directory(
    out: str | os.PathLike[str] | None, data: str, target: str, *, force: bool = False
) -> Iterator[RunDirectory]:
    """Own the directory of a run, which is found writable before anything is fitted.

    It is removed again if it was made and is left empty.

    Parameters
    ----------
    out : path or None
        Asked for by name; None gives ``tautnet-<data>-<target>``, numbered where that is the place
        of a run that is finished or under way. One that was cut off goes on.
    data, target : str
    force : bool
        Whether a run in ``out`` may be written over.

    Yields
    ------
    RunDirectory

    Raises
    ------
    TableError
        When it holds a run already, belongs to another one, or cannot be written.
    """
    stem = f"tautnet-{_slug(data)}-{_slug(target)}"
    with ExitStack() as stack:
        try:
            run = _own(stack, out, stem, force)
        except OSError as error:
            raise cannot_write(Path(stem if out is None else out), error) from None
        yield run


def _own(
    stack: ExitStack, out: str | os.PathLike[str] | None, stem: str, force: bool
) -> RunDirectory:
    """Own the directory asked for, or the first of the default names that is nobody's."""
    if out is not None:
        run = _entered(stack, Path(out))
        held = _held(run.path)
        if held and not force:
            raise TableError(
                f"{out} holds {held[0]} already: use --force to write over it, or another --out"
            )
        return run
    for name in chain([stem], (f"{stem}-{i}" for i in count(2))):
        directory = Path(name)
        if os.path.lexists(directory) and not (directory / JOBS).is_dir():
            continue
        # A run that was cut off goes on; one that is under way, or finished, is left alone.
        with ExitStack() as entered, suppress(Busy):
            run = _entered(entered, directory)
            if not _held(directory):
                stack.enter_context(entered.pop_all())
                return run
    raise AssertionError("names do not end")


def _held(directory: Path) -> list[str]:
    """The files of a run that a directory holds."""
    return [name for name in FILES if (directory / name).exists()]


def _entered(stack: ExitStack, directory: Path) -> RunDirectory:
    """Own a directory until a stack ends; those that are made for it go where they stay empty."""
    place = Path(os.path.realpath(directory))
    leave_as_it_was(stack, place)
    stack.enter_context(owned(place / JOBS, directory))
    settle(place)
    # On disk under a name that is nobody's; file permissions alone do not tell.
    hold_space(place, 1).close()
    return RunDirectory(directory, place / JOBS)


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
        raise cannot_write(directory, error) from None


def _existing(directory: Path) -> Path:
    """Return the directory itself where it exists, else the nearest above it that does."""
    place = Path(os.path.realpath(directory))
    return next(path for path in (place, *place.parents) if os.path.lexists(path))


def _slug(text: str) -> str:
    """Return a text as a part of a file name."""
    slug = re.sub(r"[^\w.-]+", "_", str(text)).strip("_.")
    # File systems count bytes.
    return slug.encode()[:60].decode(errors="ignore") or "table"


def free_place(directory: Path, *, force: bool) -> Path:
    """The directory itself, or the first beside it where another run has come into it meanwhile."""
    places = chain([directory], (Path(f"{directory}-{i}") for i in count(2)))
    if force:
        return directory
    return next(one for one in places if not _held(one))


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
    settled(directory)
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
