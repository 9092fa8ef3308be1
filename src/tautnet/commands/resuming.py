"""What commands keep of a run while it runs, so that the same command goes on after a kill."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tautnet import options
from tautnet.commands import signals
from tautnet.commands.console import Log
from tautnet.files.whole import is_plain_name
from tautnet.tables.errors import visible

# Bytes of a name that others can be made of: file systems allow 255.
LONGEST = 200


def refuse_idle(fresh: bool, keep_jobs: bool, is_written: bool, where: str) -> None:
    """Raise where nothing is kept, so that options about it do nothing.

    Raises
    ------
    UsageError
        With where jobs are kept.
    """
    for name, is_given in (("--fresh", fresh), ("--keep-jobs", keep_jobs)):
        if is_given and not is_written:
            raise options.UsageError(f"{name} does nothing here: finished jobs are kept {where}")


@contextmanager
def jobs_kept(
    directory: Path | None, log: Log, *, fresh: bool = False, keep_jobs: bool = False
) -> Iterator[Callable[[], None]]:
    """Keep finished jobs while a command runs, and throw them away when it is done.

    Who interrupts it is told that the same command goes on.

    Parameters
    ----------
    directory : pathlib.Path or None
        None where nothing is kept.
    log : Log
        Hears how many jobs were taken from an earlier run.
    fresh, keep_jobs : bool
        Whether jobs of an earlier run are thrown away first, and whether those of this one stay.

    Yields
    ------
    callable
        Throws the jobs away that are not to stay, once the run is written.
    """
    if directory is None:
        yield _nothing
        return
    from tautnet.keeping.kept import resume

    with resume(directory, fresh=fresh) as kept:
        try:
            yield _nothing if keep_jobs else kept.clear
        except BaseException:
            kept.flush()
            # Where the run is written there is nothing to go on with.
            if kept.n_files and not signals.KEPT:
                _say_where(kept.n_files, directory, log)
            raise
        if kept.n_taken:
            total = kept.n_taken + kept.n_made
            log(f"{kept.n_taken:,} of {total:,} jobs were taken from an earlier run")
        if kept.fault is not None:
            log(f"warning: finished jobs could not all be kept: {kept.fault}")
        kept.flush()
        if not keep_jobs:
            kept.clear()


def _say_where(n_files: int, directory: Path, log: Log) -> None:
    jobs = "1 finished job is" if n_files == 1 else f"{n_files:,} finished jobs are"
    line = f"{jobs} kept in {directory}"
    if signals.received():
        signals.KEPT.append(visible(f"{line}: type the same command again to go on"))
    else:
        # What went wrong is said behind it, and may go wrong again.
        log(line)


@contextmanager
def place_of_run(
    write: bool,
    asked: tuple[Path | None, str, str, bool],
    log: Log,
    *,
    fresh: bool,
    keep_jobs: bool,
) -> Iterator[Path | None]:
    """Own the directory that a run goes to, and keep its finished jobs there.

    Parameters
    ----------
    write : bool
        Whether files are written at all; None is given where they are not.
    asked : tuple
        The arguments of `run_directory`.
    log, fresh, keep_jobs
        As in `jobs_kept`.
    """
    if not write:
        yield None
        return
    from tautnet.files.run_directory import run_directory

    out, data, target, force = asked
    with run_directory(out, data, target, force=force) as run:
        with jobs_kept(run.jobs, log, fresh=fresh, keep_jobs=keep_jobs):
            yield run.path


@contextmanager
def jobs_in(directory: Path | None, log: Log) -> Iterator[None]:
    """Own a directory that a user gave, and keep finished jobs there; none where it is None.

    Parameters
    ----------
    directory : pathlib.Path or None
        It stays where it was there before.
    log : Log
        As in `jobs_kept`.
    """
    from tautnet.files.journal import cannot_write, leave_as_it_was
    from tautnet.files.owned import owned

    if directory is None:
        yield
        return
    with ExitStack() as stack:
        try:
            leave_as_it_was(stack, Path(os.path.realpath(directory)))
            stack.enter_context(owned(directory, directory, stays=True))
        except OSError as error:
            raise cannot_write(directory, error) from None
        stack.enter_context(jobs_kept(directory, log))
        yield


@contextmanager
def jobs_beside(
    file: Path, log: Log, *, fresh: bool, keep_jobs: bool
) -> Iterator[Callable[[], None]]:
    """Keep finished jobs beside a file that is to be made, where there can be a directory.

    Parameters
    ----------
    file : pathlib.Path
        One that is no plain file has none beside it.
    log, fresh, keep_jobs
        As in `jobs_kept`.

    Yields
    ------
    callable
        As that of `jobs_kept`.
    """
    from tautnet.files.owned import owned

    directory = place_beside(file)
    with ExitStack() as stack:
        if directory is not None:
            try:
                stack.enter_context(owned(directory, file))
            except OSError:
                # The file itself may be writable all the same.
                directory = None
        done = jobs_kept(directory, log, fresh=fresh, keep_jobs=keep_jobs)
        yield stack.enter_context(done)


def place_beside(file: Path) -> Path | None:
    """Where the jobs of a file that is to be made are kept; None where it is no plain one."""
    if not is_plain_name(file):
        return None
    place = Path(os.path.realpath(file))
    name = place.name
    if len(os.fsencode(name)) > LONGEST:
        name = hashlib.sha256(os.fsencode(name)).hexdigest()
    return place.parent / f".{name}.jobs"


def _nothing() -> None:
    """Throw nothing away."""
