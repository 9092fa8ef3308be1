"""What commands keep of a run while it runs, so that the same command goes on after a kill."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tautnet import options
from tautnet.commands import signals
from tautnet.commands.console import Log
from tautnet.files.whole import is_plain_name
from tautnet.tables.errors import TableError, visible


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
) -> Iterator[None]:
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
    """
    if directory is None:
        yield
        return
    from tautnet.keeping.kept import resume

    with resume(directory, fresh=fresh) as kept:
        try:
            yield
        except BaseException as error:
            kept.flush()
            if kept.n_files:
                _say_where(kept.n_files, directory, isinstance(error, signals.Ended), log)
            raise
        if kept.n_taken:
            total = kept.n_taken + kept.n_made
            log(f"{kept.n_taken:,} of {total:,} jobs were taken from an earlier run")
        if kept.fault is not None:
            log(f"warning: finished jobs could not all be kept: {kept.fault}")
        kept.flush()
        if not keep_jobs:
            kept.clear()


def _say_where(n_files: int, directory: Path, is_interrupted: bool, log: Log) -> None:
    jobs = "1 finished job is" if n_files == 1 else f"{n_files:,} finished jobs are"
    line = f"{jobs} kept in {directory}: type the same command again to go on"
    if is_interrupted:
        signals.KEPT.append(visible(line))
    else:
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
def jobs_in(
    directory: Path | None, log: Log, *, fresh: bool = False, keep_jobs: bool = False
) -> Iterator[None]:
    """Own a directory, and keep finished jobs there; none where it is None.

    Parameters
    ----------
    directory : pathlib.Path or None
    log, fresh, keep_jobs
        As in `jobs_kept`.
    """
    from tautnet.files.owned import owned

    if directory is None:
        yield
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(owned(directory, directory))
        except OSError as error:
            raise TableError(f"cannot write to {directory}: {error.strerror or error}") from None
        stack.enter_context(jobs_kept(directory, log, fresh=fresh, keep_jobs=keep_jobs))
        yield


def place_beside(file: Path) -> Path | None:
    """Where the jobs of a file that is to be made are kept; None where it is no plain one."""
    return file.parent / f".{file.name}.jobs" if is_plain_name(file) else None
