"""What runs side by side: the only place that knows of threads.

A job is a small picklable record of what is to be done with a table; the table itself is no part
of it, so that a job can go where the table already is.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import joblib
from threadpoolctl import threadpool_limits

from tautnet.engine.elsewhere import Done, opened, run_elsewhere, run_job
from tautnet.engine.loop import Ticker
from tautnet.engine.program import check_process, forget_programs, use_compilation_cache

Shared = TypeVar("Shared", contravariant=True)
Outcome = TypeVar("Outcome", covariant=True)
Report = Callable[[float], None]


class Job(Protocol[Shared, Outcome]):
    """What can be run beside others: a record that depends on nothing but itself and the table."""

    def run(self, table: Shared, ticker: Ticker) -> Outcome:
        """Do it; ``ticker`` hears of progress and stops it."""


class Keeper(Protocol):
    """What keeps finished jobs for a later run."""

    def name(self, table: Any, job: Any) -> str | None:
        """A name that tells a job and its table from all others; None where it cannot be kept."""

    def take(self, name: str) -> Any:
        """What the job of a name handed back in an earlier run; None where that is not known."""

    def keep(self, name: str | None, outcome: Any) -> None:
        """Keep what a job hands back, where it has a name."""


_keeper: ContextVar[Keeper | None] = ContextVar("keeper", default=None)


@contextmanager
def kept_by(keeper: Keeper | None) -> Iterator[None]:
    """Let jobs that are run inside be kept, and taken from an earlier run; by None they are not."""
    token = _keeper.set(keeper)
    try:
        yield
    finally:
        _keeper.reset(token)


@dataclass(frozen=True)
class Call:
    """A job that needs no table: a picklable function of a ticker."""

    function: Callable[[Ticker], Any]

    def run(self, table: None, ticker: Ticker) -> Any:
        """Call it."""
        return self.function(ticker)


def count_jobs(n_jobs: int | None) -> int:
    """Number of jobs to run at once: None is 1, -1 all cores, as in scikit-learn.

    Those are the cores that the process may use, which are fewer than the machine has in a
    container, or behind ``taskset``.
    """
    if n_jobs is None:
        return 1
    if n_jobs == 0:
        raise ValueError("n_jobs=0 runs nothing: say how many jobs at once, or -1 for all cores")
    return max(1, n_jobs if n_jobs > 0 else joblib.cpu_count() + 1 + n_jobs)


class Progress:
    """Adds the shares of many jobs up and reports the total in [0, 1]."""

    def __init__(self, n: int, report: Report) -> None:
        self.shares = [0.0] * n
        self.report = report
        self.lock = threading.Lock()

    def update(self, i: int, share: float) -> None:
        """Job number ``i`` is done to a share."""
        with self.lock:
            self.shares[i] = max(self.shares[i], share)
            total = sum(self.shares) / len(self.shares)
        self.report(total)


def stage(on_progress: Report | None, low: float, high: float) -> Report | None:
    """A callback that maps a stage's progress onto a part of the whole; None if nobody listens."""
    if on_progress is None:
        return None
    return lambda share: on_progress(low + (high - low) * share)


def stages(n: int, on_progress: Report | None) -> Iterator[Report | None]:
    """For each of several runs of jobs, what is told of their share of the whole."""
    for i in range(n):
        yield stage(on_progress, i / n, (i + 1) / n)


def run_jobs(
    table: Shared,
    jobs: Sequence[Job[Shared, Outcome]],
    *,
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> list[Outcome]:
    """Run jobs on a table and return their results in order.

    They run in threads of this process, or on the engine that the user has opened by
    ``joblib.parallel_config``: processes, Dask or Ray.

    Parameters
    ----------
    table : object
        What all jobs share, most often a `Sample`.
    jobs : sequence of Job
    n_jobs : int, optional
        Jobs at once; it never changes a result.
    on_progress : callable, optional
        Called with the share done of all work, from any thread.

    Raises
    ------
    KeyboardInterrupt
        At once; jobs that run end at their next call of a compiled program.
    RuntimeError
        In a process that was forked from one that has run jobs.
    """
    check_process()
    keeper = _keeper.get()
    progress = Progress(len(jobs), on_progress or (lambda share: None))
    names = [None if keeper is None else keeper.name(table, job) for job in jobs]
    outcomes = [_taken(keeper, name) for name in names]
    rest = [i for i, outcome in enumerate(outcomes) if outcome is None]
    for i in set(range(len(jobs))) - set(rest):
        progress.update(i, 1.0)

    def done(position: int, outcome: Any) -> None:
        i = rest[position]
        outcomes[i] = outcome
        progress.update(i, 1.0)
        if keeper is not None:
            keeper.keep(names[i], outcome)

    left = [jobs[i] for i in rest]
    if opened(n_jobs) is not None:
        run_elsewhere(table, left, n_jobs, done)
    else:
        tickers = [Ticker(partial(progress.update, i)) for i in rest]
        _run_here(table, left, tickers, n_jobs, done)
    return outcomes


def _taken(keeper: Keeper | None, name: str | None) -> Any:
    """What an earlier run kept under a name, or None."""
    return None if keeper is None or name is None else keeper.take(name)


def _run_here(
    table: Shared,
    jobs: Sequence[Job[Shared, Outcome]],
    tickers: Sequence[Ticker],
    n_jobs: int | None,
    done: Done,
) -> None:
    """Run jobs in threads of this process."""
    use_compilation_cache()
    # Between runs no program is at work: those that are too many may go.
    forget_programs()
    # One thread for each job's linear algebra too: the bits of a result must not depend on what
    # else runs.
    with threadpool_limits(1, "blas"):
        if count_jobs(n_jobs) == 1:
            for i, (job, ticker) in enumerate(zip(jobs, tickers, strict=True)):
                done(i, run_job(table, job, ticker))
            return
        executor = ThreadPoolExecutor(count_jobs(n_jobs))
        futures = {
            executor.submit(run_job, table, job, ticker): i
            for i, (job, ticker) in enumerate(zip(jobs, tickers, strict=True))
        }
        try:
            _hear(futures, done)
        finally:
            # Where all went well these do nothing; else every job ends at its next call.
            for ticker in tickers:
                ticker.stop()
            executor.shutdown(wait=False, cancel_futures=True)


def _hear(futures: dict[Future[Any], int], done: Done) -> None:
    """Hand results on as they come; the error of a job is raised at once."""
    pending = set(futures)
    while pending:
        # A short time-out lets Ctrl-C through on every platform.
        ready, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in ready:
            done(futures[future], future.result())
