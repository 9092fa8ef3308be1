"""Jobs on an engine that the user has opened by ``joblib.parallel_config``: processes, Dask, Ray.

The table goes there once, jobs are small records, and results come back one by one. Whatever the
engine, a job has one thread and gives the same bits.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

import jax
import joblib
from joblib.externals.loky.process_executor import BrokenProcessPool, TerminatedWorkerError
from joblib.parallel import get_active_backend
from threadpoolctl import threadpool_limits

from tautnet.engine.loop import Ticker
from tautnet.engine.program import forget_programs, use_compilation_cache
from tautnet.objective.kinds import PenaltyKind
from tautnet.objective.registry import register_penalty, registered
from tautnet.tables.errors import TableError

# How often jobs are sent again whose worker died.
MOST_TRIES = 3
# What clusters raise then, by name: neither has to be installed.
DIED = ("KilledWorker", "WorkerCrashedError", "NodeDiedError")
# Backends of joblib whose jobs run in this process: our own threads do that.
HERE = ("ThreadingBackend", "SequentialBackend")
# Seconds between two looks at whether the user wants to end.
PATIENCE = 0.5

# Says that a job is done: its number among those given, and what it handed back.
Done = Callable[[int, Any], None]
Results = Iterator[tuple[int, Any]]


class WorkersDied(TableError):
    """Workers died again and again; the message says what to do."""


class _Lost(Exception):
    """A cluster lost what a job needs: it is sent again."""


def opened(n_jobs: int | None = None) -> str | None:
    """The name of the backend that the user has opened, or None where jobs run in this process.

    They do where it would run one job at a time, or cannot hand on results as they come.

    Parameters
    ----------
    n_jobs : int, optional
        Jobs at once that were asked for.
    """
    # The hint counts only where nobody has opened one.
    backend, own = get_active_backend(prefer="threads")
    name = type(backend).__name__
    if name in OWN_TASKS:
        return name
    if name in HERE or not backend.supports_return_generator:
        return None
    at_once = backend.effective_n_jobs(own if n_jobs is None else n_jobs)
    return name if at_once > 1 else None


def run_elsewhere(table: Any, jobs: Sequence[Any], n_jobs: int | None, done: Done) -> None:
    """Run jobs on the engine that the user has opened.

    Parameters
    ----------
    table : object
        What all jobs share.
    jobs : sequence of Job
    n_jobs : int, optional
        Jobs at once; None leaves it to what the user has opened, as a cluster always does.
    done : callable
        Called with the number of a job and what it handed back, as they come.

    Raises
    ------
    WorkersDied
        Where workers died with the same jobs again and again.
    """
    run = OWN_TASKS.get(str(opened(n_jobs)), _on_joblib)
    left = dict(enumerate(jobs))
    for _ in range(1 + MOST_TRIES):
        try:
            for i, outcome in run(table, dict(left), n_jobs):
                del left[i]
                done(i, outcome)
            return
        except (TerminatedWorkerError, _Lost):
            # Only what was not finished is sent again.
            continue
        except BrokenProcessPool as error:
            raise WorkersDied(f"no worker can read a job: {' '.join(str(error).split())}") from None
        except Exception as error:
            if type(error).__name__ not in DIED:
                raise
            break
    raise WorkersDied(
        f"workers died again and again before they finished {len(left)} of {len(jobs)} jobs: give"
        " them more memory, or use fewer at once"
    )


def _on_joblib(table: Any, jobs: dict[int, Any], n_jobs: int | None) -> Results:
    """Results of jobs on a backend of joblib, as they come."""
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    kinds = registered()
    results = parallel(joblib.delayed(run_there)(table, i, job, kinds) for i, job in jobs.items())
    try:
        yield from results
    finally:
        results.close()


def _on_dask(table: Any, jobs: dict[int, Any], n_jobs: int | None) -> Results:
    """Results of jobs on Dask, as they come: joblib's backend has no generators."""
    from distributed import Event, as_completed

    client = get_active_backend()[0].client
    # Everywhere, so that it is there when a worker dies; in a list, since a table may be a tuple,
    # whose parts would be sent; under a name of its own, which no run before takes along.
    try:
        [there] = client.scatter([table], broadcast=True, hash=False)
    except TimeoutError:
        raise WorkersDied("no worker of the cluster answers: look whether there are any") from None
    end = Event(client=client)
    kinds = registered()
    waiting = [
        client.submit(run_there, there, i, job, kinds, end.name, pure=False, retries=MOST_TRIES)
        for i, job in jobs.items()
    ]
    try:
        for _, outcome in as_completed(waiting, with_results=True):
            if not isinstance(outcome, tuple):
                raise _Lost
            yield outcome
    except BaseException:
        # Jobs that run hear of it at their next call; others never begin.
        end.set()
        raise
    finally:
        client.cancel(waiting)


def _on_ray(table: Any, jobs: dict[int, Any], n_jobs: int | None) -> Results:
    """Results of jobs on Ray, as they come: joblib's backend has no generators."""
    import ray

    there = ray.put(table)
    kinds = registered()
    task = ray.remote(num_cpus=1, max_retries=MOST_TRIES)(run_there)
    waiting = [task.remote(there, i, job, kinds) for i, job in jobs.items()]
    try:
        while waiting:
            ready, waiting = ray.wait(waiting, timeout=PATIENCE)
            for one in ready:
                yield _got(one)
    finally:
        for one in waiting:
            ray.cancel(one, force=True)


def _got(task: Any) -> tuple[int, Any]:
    """What a task of Ray's handed back; its error is the job's own, not a page about it."""
    import ray

    try:
        done: tuple[int, Any] = ray.get(task)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    return done


# Engines whose tasks are our own, by the names of their backends in joblib.
OWN_TASKS: dict[str, Callable[[Any, dict[int, Any], int | None], Results]] = {
    "DaskDistributedBackend": _on_dask,
    "RayBackend": _on_ray,
}


def run_there(
    table: Any, i: int, job: Any, kinds: Sequence[PenaltyKind], end: str | None = None
) -> tuple[int, Any]:
    """Run one job in a worker, with one thread.

    Parameters
    ----------
    table, job : object
    i : int
        The number of the job.
    kinds : sequence of PenaltyKind
        Penalties of the user's own.
    end : str, optional
        The name of Dask's event that tells it to end.

    Returns
    -------
    tuple
        The number, and what the job hands back.
    """
    for kind in kinds:
        register_penalty(kind)
    use_compilation_cache()
    forget_programs()
    _use_one_thread()
    ticker = Ticker()
    if end is not None:
        ticker.on_progress = partial(_look, ticker, end, [time.monotonic()])
    return i, run_job(table, job, ticker)


def run_job(table: Any, job: Any, ticker: Ticker) -> Any:
    """Run a job; where memory is not enough it is a `MemoryError`, whoever found that out."""
    try:
        return job.run(table, ticker)
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise MemoryError(" ".join(str(error).split())) from None


@cache
def _use_one_thread() -> None:
    """Let linear algebra have one thread from now on: other jobs may run beside in this worker."""
    threadpool_limits(1, "blas")


def _look(ticker: Ticker, end: str, last: list[float], share: float) -> None:
    """Stop a job, once in a while, where it was told to end."""
    from distributed import Event

    now = time.monotonic()
    if now - last[0] > PATIENCE:
        last[0] = now
        if Event(end).is_set():
            ticker.stop()
