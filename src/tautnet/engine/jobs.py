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

import jax
import joblib
from threadpoolctl import threadpool_limits

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
def kept_by(keeper: Keeper) -> Iterator[None]:
    """Let jobs that are run inside be kept, and taken from an earlier run."""
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
    keeper = _keeper.get()
    progress = Progress(len(jobs), on_progress or (lambda share: None))
    if keeper is None:
        tickers = [Ticker(partial(progress.update, i)) for i in range(len(jobs))]
        return _run_all(table, jobs, tickers, n_jobs)
    names = [keeper.name(table, job) for job in jobs]
    outcomes: list[Any] = [None if name is None else keeper.take(name) for name in names]
    rest = [i for i, outcome in enumerate(outcomes) if outcome is None]
    for i in set(range(len(jobs))) - set(rest):
        progress.update(i, 1.0)
    tickers = [Ticker(partial(progress.update, i)) for i in rest]
    left = [_KeptJob(jobs[i], names[i], keeper) for i in rest]
    for i, outcome in zip(rest, _run_all(table, left, tickers, n_jobs), strict=True):
        outcomes[i] = outcome
    return outcomes


@dataclass(frozen=True)
class _KeptJob:
    """A job whose outcome is kept."""

    job: Job[Any, Any]
    name: str | None
    keeper: Keeper

    def run(self, table: Any, ticker: Ticker) -> Any:
        outcome = self.job.run(table, ticker)
        self.keeper.keep(self.name, outcome)
        return outcome


def _run_all(
    table: Shared,
    jobs: Sequence[Job[Shared, Outcome]],
    tickers: Sequence[Ticker],
    n_jobs: int | None,
) -> list[Outcome]:
    """Run jobs in threads, and return their results in order."""
    check_process()
    use_compilation_cache()
    # Between runs no program is at work: those that are too many may go.
    forget_programs()
    # One thread for each job's linear algebra too: the bits of a result must not depend on what
    # else runs.
    with threadpool_limits(1, "blas"):
        if count_jobs(n_jobs) == 1:
            return [_run(table, job, ticker) for job, ticker in zip(jobs, tickers, strict=True)]
        executor = ThreadPoolExecutor(count_jobs(n_jobs))
        futures = [
            executor.submit(_run, table, job, ticker)
            for job, ticker in zip(jobs, tickers, strict=True)
        ]
        try:
            return _results(futures)
        finally:
            # Where all went well these do nothing; else every job ends at its next call.
            for ticker in tickers:
                ticker.stop()
            executor.shutdown(wait=False, cancel_futures=True)


def _run(table: Shared, job: Job[Shared, Outcome], ticker: Ticker) -> Outcome:
    try:
        result = job.run(table, ticker)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise MemoryError(" ".join(str(error).split())) from None
    ticker.tick(1.0)
    return result


def _results(futures: list[Future[Outcome]]) -> list[Outcome]:
    pending = set(futures)
    while pending:
        # A short time-out lets Ctrl-C through on every platform.
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            # Raises the error of a job at once.
            future.result()
    return [future.result() for future in futures]
