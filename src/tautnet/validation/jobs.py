"""What runs side by side: threads over one compiled program."""

import os
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from threadpoolctl import threadpool_limits

from tautnet.solving.loop import Ticker
from tautnet.solving.program import forget_programs, use_compilation_cache


def count_jobs(n_jobs):
    """Number of units to run at once: None is 1, -1 all cores, as in scikit-learn."""
    cores = os.cpu_count() or 1
    if n_jobs is None:
        return 1
    return max(1, n_jobs if n_jobs > 0 else cores + 1 + n_jobs)


class Progress:
    """Adds the shares of many units up and reports the total in [0, 1]."""

    def __init__(self, n_units, report):
        self.shares, self.report, self.lock = [0.0] * n_units, report, threading.Lock()

    def update(self, unit, share):
        """Unit number ``unit`` is done to a share."""
        with self.lock:
            self.shares[unit] = max(self.shares[unit], share)
            total = sum(self.shares) / len(self.shares)
        self.report(total)


def stage(on_progress, low, high):
    """What is told of a stage between two shares of the whole; None where nobody asks."""
    return None if on_progress is None else lambda share: on_progress(low + (high - low) * share)


def run_units(units, *, n_jobs=None, on_progress=None):
    """Run functions of a ticker and return their results in order.

    Parameters
    ----------
    units : list of callables
        Each takes a `Ticker` and depends on nothing but its own arguments.
    n_jobs : int, optional
        Units at once; it never changes a result.
    on_progress : callable, optional
        Called with the share done of all work, from any thread.

    Raises
    ------
    KeyboardInterrupt
        At once; units that run end at their next call of a compiled program.
    """
    use_compilation_cache()
    forget_programs()
    progress = Progress(len(units), on_progress or (lambda share: None))
    tickers = [Ticker(lambda share, i=i: progress.update(i, share)) for i in range(len(units))]
    # One thread for each unit's linear algebra too: the bits of a result must not depend on what
    # else runs.
    with threadpool_limits(1, "blas"):
        if count_jobs(n_jobs) == 1:
            return [_run(unit, ticker) for unit, ticker in zip(units, tickers, strict=True)]
        executor = ThreadPoolExecutor(count_jobs(n_jobs))
        futures = [executor.submit(_run, *pair) for pair in zip(units, tickers, strict=True)]
        try:
            return _results(futures)
        finally:
            # Where all went well these do nothing; else every unit ends at its next call.
            for ticker in tickers:
                ticker.stop()
            executor.shutdown(wait=False, cancel_futures=True)


def _run(unit, ticker):
    result = unit(ticker)
    ticker.tick(1.0)
    return result


def _results(futures):
    pending = set(futures)
    while pending:
        # A short timeout lets Ctrl-C through on every platform.
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
    return [future.result() for future in futures]


def stages(n, on_progress):
    """For each of several runs of units, what is told of their share of the whole."""
    for i in range(n):
        yield stage(on_progress, i / n, (i + 1) / n)
