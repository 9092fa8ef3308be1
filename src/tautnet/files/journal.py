"""The files of a run appear together, or none does, at whatever moment the machine stops."""

import errno
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tautnet.files.owned import Busy, owned
from tautnet.files.whole import check_permission, draft_name, is_draft_of_this_machine, put, sweep
from tautnet.tables.errors import TableError

# What is kept in the directory of a run while it runs.
JOBS = ".jobs"
# Finished jobs and their drafts: nothing else there is ours to remove.
JOB = re.compile(r"[0-9a-f]{40}\.(job|draft)")
# What says that the files of a draft are to take their places.
JOURNAL = ".tautnet-journal"
# Where a file system cannot bring a directory to the disk.
CANNOT_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)


class Journal(NamedTuple):
    """What is left to be done.

    Attributes
    ----------
    draft : pathlib.Path
    files : list of str
        Names of those that are to take their places.
    without_jobs : bool
        Whether the finished jobs go then.
    """

    draft: Path
    files: list[str]
    without_jobs: bool


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
        When the files cannot be written, or another run owns the directory.
    """
    directory = Path(directory)
    place = Path(os.path.realpath(directory))
    with ExitStack() as stack:
        try:
            leave_as_it_was(stack, place)
            stack.enter_context(owned(place / JOBS, directory, again=True))
            settle(place)
            draft = Path(tempfile.mkdtemp(prefix=draft_name(""), dir=place))
            stack.callback(_remove_unless_promised, place, draft)
            yield draft
            with shield():
                _commit(place, draft, without_jobs)
        except OSError as error:
            raise cannot_write(directory, error) from None


def leave_as_it_was(stack: ExitStack, directory: Path) -> None:
    """Remove directories that are made from here on, when a stack ends, where they stay empty."""
    # The stack begins with the last one, which lies deepest.
    for path in reversed((directory, *directory.parents)):
        if not os.path.lexists(path):
            stack.callback(_remove_if_empty, path)


def _remove_if_empty(directory: Path) -> None:
    with suppress(OSError):
        directory.rmdir()


def _remove_unless_promised(directory: Path, draft: Path) -> None:
    """Remove a draft, but for one whose files are to take their places."""
    if not (directory / JOURNAL).exists():
        shutil.rmtree(draft, ignore_errors=True)


def cannot_write(directory: Path, error: OSError) -> TableError:
    """What to say where the files cannot be written."""
    return TableError(
        f"cannot write to {directory}: {error.strerror or error}; choose another --out"
    )


def _commit(directory: Path, draft: Path, without_jobs: bool) -> None:
    """Let the files of a draft take their places."""
    names = sorted(file.name for file in draft.iterdir())
    for name in names:
        _check_place(directory / name)
        _sync(draft / name)
    _sync(draft)
    journal = draft / JOURNAL
    steps = {"draft": draft.name, "files": names, "without_jobs": without_jobs}
    journal.write_text(json.dumps(steps))
    _sync(journal)
    os.replace(journal, directory / JOURNAL)
    _sync(directory)
    settle(directory)


def _check_place(path: Path) -> None:
    """Raise where a file could not take its place: nothing may be refused behind the journal."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return
    if stat.S_ISDIR(there.st_mode):
        raise IsADirectoryError(errno.EISDIR, f"{path.name} is a directory")
    check_permission(path)


def settle(directory: Path) -> None:
    """Finish what a run left half done when it was cut off in its last steps, or undo it.

    Where its journal is there, its files take their places; else drafts of processes that are
    dead go. Whoever calls it owns the directory.
    """
    directory = Path(os.path.realpath(directory))
    journal = _read(directory)
    if journal is None:
        sweep(directory)
        return
    for name in journal.files:
        # Those that are gone have taken their places.
        if (journal.draft / name).is_file():
            put(journal.draft / name, directory / name)
    _sync(directory)
    if journal.without_jobs:
        _remove_jobs(directory / JOBS)
    (directory / JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(journal.draft, ignore_errors=True)
    sweep(directory)


def _read(directory: Path) -> Journal | None:
    """The journal of a directory, where it is one of this machine.

    A stranger's, in a directory that came from elsewhere, does nothing: it could name any file.
    """
    try:
        steps = json.loads((directory / JOURNAL).read_text())
        draft = directory / str(steps["draft"])
        names = [str(name) for name in steps["files"]]
        journal = Journal(draft, names, steps["without_jobs"] is True)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
    is_ours = is_draft_of_this_machine(draft.name)
    is_here = draft.parent == directory and draft.is_dir() and not draft.is_symlink()
    are_names = all(name == Path(name).name and not name.startswith(".") for name in names)
    return journal if is_ours and is_here and are_names else None


def _remove_jobs(directory: Path) -> None:
    """Remove finished jobs, and nothing else."""
    with suppress(FileNotFoundError):
        for path in directory.iterdir():
            if JOB.fullmatch(path.name):
                path.unlink(missing_ok=True)


def settled(directory: str | os.PathLike[str]) -> None:
    """Let a directory that will be read hold one run, whole; where there is none, do nothing.

    Raises
    ------
    TableError
        Where what is left half done cannot be finished.
    """
    place = Path(os.path.realpath(directory))
    try:
        if _read(place) is not None:
            # Who owns it is about to finish it.
            with suppress(Busy), owned(place / JOBS, Path(directory), again=True):
                settle(place)
    except OSError as error:
        raise cannot_write(Path(directory), error) from None


def _sync(path: Path) -> None:
    """Bring a file or a directory to the disk."""
    if os.name == "nt" and path.is_dir():
        # There directories cannot be opened.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems cannot do that to a directory.
        if error.errno not in CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)
