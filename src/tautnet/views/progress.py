"""How far a long call has come: a bar, or a line now and then."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec

from tautnet.prose.words import lasting

# Is told the share of the work that is done.
Report = Callable[[float], None]
# Seconds until the first line, and between the next ones.
FIRST_LINE = 2.0
NEXT_LINE = 10.0


@contextmanager
def progress(say: Callable[[str], object]) -> Iterator[Report]:
    """Show what share is done and the time left: a bar on a terminal or in a notebook, else lines.

    Parameters
    ----------
    say : callable
        Prints a line.

    Yields
    ------
    callable
        Is told the share of the work that is done.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    # A bar in a notebook is a widget.
    has_widgets = console.is_jupyter and find_spec("ipywidgets") is not None
    if not console.is_terminal and not has_widgets:
        lines = ProgressLines(say)
        try:
            yield lines.update
        finally:
            lines.stop()
        return
    columns = TextColumn("fitting"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("fitting", total=1.0)
        yield lambda share: bar.update(task, completed=share)


@contextmanager
def heard(verbose: bool, on_progress: Report | None) -> Iterator[Report | None]:
    """Who is told of progress: a callable that is given, or a bar where ``verbose``, or nobody."""
    if on_progress is not None or not verbose:
        yield on_progress
        return
    with progress(partial(print, file=sys.stderr, flush=True)) as show:
        yield show


class ProgressLines:
    """Says now and then what share of the work is done, and how long the rest may take.

    Nothing is said before anything is done: an error comes alone.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self.say = say
        self.start = time.monotonic()
        self.share = 0.0
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._say_now_and_then, daemon=True)
        self.thread.start()

    def update(self, share: float) -> None:
        """A share of all work is done."""
        self.share = share

    def stop(self) -> None:
        """Say no more: what is being said is said to its end."""
        self.stopped.set()
        self.thread.join()

    def _say_now_and_then(self) -> None:
        wait = FIRST_LINE
        while not self.stopped.wait(wait):
            if self.share:
                self.say(self.line(time.monotonic() - self.start))
            wait = NEXT_LINE if self.share else FIRST_LINE

    def line(self, elapsed: float) -> str:
        """What is said after so many seconds.

        Examples
        --------
        >>> lines = ProgressLines(print)
        >>> lines.stop()
        >>> lines.update(0.25)
        >>> lines.line(10.0)
        'fitting: 25 % done, about 30 s left'
        """
        left = elapsed * (1 - self.share) / self.share
        return f"fitting: {100 * self.share:.0f} % done, about {lasting(left)} left"
