"""A run is written into one directory, each file whole or not at all."""

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from tautnet.files.owned import Busy, is_busy, owned
from tautnet.files.whole import check_permission, draft_name, hold_space, put, sweep, write_bytes
from tautnet.tables.errors import TableError

REPORT = "report.html"
RESULT = "result.json"
LOG = "run.log"
MODEL = "model.taut"
FILES = (REPORT, RESULT, LOG, MODEL)
# What is kept while a run runs, and what says that its files are to take their places.
JOBS = ".jobs"
JOURNAL = ".tautnet-journal"
# Where a file system cannot bring a directory to the disk.
CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


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
            raise _cannot_write(Path(stem if out is None else out), error) from None
        yield run


def _own(
    stack: ExitStack, out: str | os.PathLike[str] | None, stem: str, force: bool
) -> RunDirectory:
    """Own the directory asked for, or the first of the default names that is nobody's."""
    if out is not None:
        directory = Path(out)
        _check_is_free(directory, force)
        return _entered(stack, directory)
    for name in chain([stem], (f"{stem}-{i}" for i in count(2))):
        directory = Path(name)
        if os.path.lexists(directory) and not _was_cut_off(directory):
            continue
        try:
            return _entered(stack, directory)
        except Busy:
            continue
    raise AssertionError("names do not end")


def _check_is_free(directory: Path, force: bool) -> None:
    """Raise where a directory holds a run that may not be written over."""
    settle(directory)
    held = [name for name in FILES if (directory / name).exists()]
    if held and not force:
        raise TableError(
            f"{directory} holds {held[0]} already: use --force to write over it, or another --out"
        )


def _was_cut_off(directory: Path) -> bool:
    """Whether a directory is that of a run that was cut off, and goes on with this one."""
    if not directory.is_dir() or not (directory / JOBS).is_dir() or is_busy(directory / JOBS):
        return False
    settle(directory)
    return not any((directory / name).exists() for name in FILES)


def _entered(stack: ExitStack, directory: Path) -> RunDirectory:
    """Own a directory until a stack ends; those that are made for it go where they stay empty."""
    place = Path(os.path.realpath(directory))
    _leave_as_it_was(stack, place)
    jobs = directory / JOBS
    stack.enter_context(owned(jobs, directory))
    # On disk under a name that is nobody's; file permissions alone do not tell.
    hold_space(place, 1).close()
    return RunDirectory(directory, jobs)


def _leave_as_it_was(stack: ExitStack, directory: Path) -> None:
    """Remove directories that are made from here on, when a stack ends, where they stay empty."""
    # The stack begins with the last one, which lies deepest.
    for path in reversed((directory, *directory.parents)):
        if not os.path.lexists(path):
            stack.callback(_remove_if_empty, path)


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):
        directory.rmdir()


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
def all_or_nothing(
    directory: str | os.PathLike[str],
    shield: Callable[[], AbstractContextManager[Any]] = nullcontext,
    *,
    without_jobs: bool = False,
) -> Iterator[Path]:
    """Give a place to write a run's files; all appear in ``directory`` at the end, or none does.

    They are written to a draft inside it and brought to the disk. A journal then says that they
    are to take their places: from there on the run is there, and whatever happens, `settle` takes
    the steps that are left.

    Parameters
    ----------
    directory : path
        Made where it does not exist; other files in it stay.
    shield : callable, optional
        Gives a context in which nothing interrupts: the last steps are made in it.
    without_jobs : bool
        Whether the finished jobs of the directory go when the files are there.

    Yields
    ------
    pathlib.Path
        A directory inside it, gone afterwards.

    Raises
    ------
    TableError
        When the files cannot be written.
    """
    directory = Path(directory)
    try:
        with ExitStack() as stack:
            place = Path(os.path.realpath(directory))
            _leave_as_it_was(stack, place)
            place.mkdir(parents=True, exist_ok=True)
            settle(place)
            draft = Path(tempfile.mkdtemp(prefix=draft_name(""), dir=place))
            try:
                yield draft
                with shield():
                    _commit(place, draft, without_jobs)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise _cannot_write(directory, error) from None


def _commit(directory: Path, draft: Path, without_jobs: bool) -> None:
    """Let the files of a draft take their places."""
    names = sorted(file.name for file in draft.iterdir())
    for name in names:
        # Nothing may be refused any more once the journal is there.
        if (directory / name).exists():
            check_permission(directory / name)
        _sync(draft / name)
    _sync(draft)
    journal = draft / JOURNAL
    steps = {"draft": draft.name, "files": names, "without_jobs": without_jobs}
    journal.write_text(json.dumps(steps))
    _sync(journal)
    os.replace(journal, directory / JOURNAL)
    _sync(directory)
    settle(directory)


def settle(directory: str | os.PathLike[str]) -> None:
    """Finish what a run left half done when it was cut off in its last steps, or undo it.

    Where its journal is there, its files take their places; else drafts of processes that are
    dead go.
    """
    directory = Path(os.path.realpath(directory))
    try:
        journal = json.loads((directory / JOURNAL).read_text())
        draft = directory / Path(journal["draft"]).name
        names = [Path(name).name for name in journal["files"]]
        without_jobs = bool(journal["without_jobs"])
    except FileNotFoundError:
        sweep(directory)
        return
    except (ValueError, KeyError, TypeError):
        # No journal of ours was ever half there.
        return
    for name in names:
        # Those that are gone have taken their places.
        if (draft / name).exists():
            put(draft / name, directory / name)
    _sync(directory)
    if without_jobs:
        shutil.rmtree(directory / JOBS, ignore_errors=True)
    (directory / JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(draft, ignore_errors=True)
    sweep(directory)


def settled(directory: str | os.PathLike[str]) -> None:
    """Let a directory that will be read hold one run, whole; where there is none, do nothing.

    Raises
    ------
    TableError
        Where what is left half done cannot be finished.
    """
    try:
        if (Path(directory) / JOURNAL).exists():
            settle(directory)
    except OSError as error:
        raise _cannot_write(Path(directory), error) from None


def free_place(directory: Path, *, force: bool) -> Path:
    """The directory itself, or the first beside it where another run has come into it meanwhile."""
    places = chain([directory], (Path(f"{directory}-{i}") for i in count(2)))
    if force:
        return directory
    return next(one for one in places if not any((one / name).exists() for name in FILES))


def _sync(path: Path) -> None:
    """Bring a file or a directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot do that to a directory.
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


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
