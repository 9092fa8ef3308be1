"""The loop of all solvers: short calls of a compiled program, between which it can be stopped."""

import threading
import time
from collections.abc import Callable

import numpy as np

SECONDS_PER_CALL = 0.3


class Interrupted(Exception):
    """The run was told to stop; raised between two calls of a compiled program."""


class Ticker:
    """A ticker takes the progress of a loop and tells it to go on or to stop.

    By default it never stops a loop, and keeps the progress to itself.
    """

    def __init__(self, on_progress: Callable[[float], None] | None = None) -> None:
        self.stopped = threading.Event()
        self.on_progress = on_progress

    def stop(self) -> None:
        """Make every loop that holds this ticker raise `Interrupted` at its next call."""
        self.stopped.set()

    def tick(self, share: float = 0.0) -> None:
        """Say that a share of one job is done; raise `Interrupted` if told to stop."""
        if self.stopped.is_set():
            raise Interrupted
        if self.on_progress is not None:
            self.on_progress(share)


class Pace:
    """How many steps one call should make so that it takes about `SECONDS_PER_CALL`.

    The number of steps in a call never changes the result: the state carries everything.
    """

    def __init__(self, steps: int = 50) -> None:
        self.steps = steps

    def advance(
        self, advance: Callable[[int, int], None], first: int, last: int, ticker: Ticker
    ) -> None:
        """Call ``advance(first, last)`` in pieces until all steps from first to last are made."""
        while first < last:
            until = min(last, first + self.steps)
            ticker.tick()
            start = time.perf_counter()
            advance(first, until)
            seconds = max(time.perf_counter() - start, 1e-6)
            self.steps = int(np.clip((until - first) * SECONDS_PER_CALL / seconds, 1, 100_000))
            first = until
