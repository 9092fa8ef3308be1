"""What all commands share: print, keep a log, show progress, turn an error into one line."""

import os
import shlex
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

from tautnet.commands import signals
from tautnet.tables.errors import TableError, visible

# Streams that took no more, and why: said at the end, after all files are written.
FAULTS: list[str] = []
PROGRESS_VARIABLE = "TAUTNET_PROGRESS"


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an error in the data into one line on stderr and exit code 1."""
    try:
        yield
    except TableError as error:
        complain(error)
        raise typer.Exit(1) from None


def complain(message: str | Exception) -> None:
    """Say what is wrong, in one line."""
    draw(f"tautnet: error: {' '.join(visible(str(message)).split())}", sys.stderr)


def is_out_of_memory(error: Exception) -> bool:
    """Whether there was not enough memory: XLA has an error of its own for that."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def say(text: str, stream: TextIO) -> bool:
    """Print a text; on a terminal, escapes that a stranger wrote are shown and not obeyed.

    In a pipe and in a file, what comes of data stays as it is.

    Returns
    -------
    bool
        Whether the stream takes more.
    """
    return draw(visible(text) if stream is not None and stream.isatty() else text, stream)


def draw(text: str, stream: TextIO, end: str = "\n") -> bool:
    """Print a text whose escapes are our own.

    Where the reader closed the pipe, go on silently, and where the stream fails go on, too: the
    files are still wanted.
    """
    # A stream that was closed before the command began is None.
    if stream is None:
        return False
    try:
        print(text, file=stream, end=end, flush=True)
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            name = "standard output" if stream is sys.stdout else "standard error"
            FAULTS.append(f"cannot write to {name}: {error.strerror or error}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False
    return True


def prepare_streams() -> None:
    """Make sure that every text can be printed, and that no file is opened as a stream."""
    FAULTS.clear()
    signals.KEPT.clear()
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that cannot show a character shows a question mark instead of a traceback.
        sys.stdout.reconfigure(errors="replace")
    # Where a stream was closed (`>&-`), the next file would take its number, and get what
    # libraries print.
    descriptor = 0
    while descriptor <= 2:
        descriptor = os.open(os.devnull, os.O_RDWR)
    os.close(descriptor)


def end_streams() -> int:
    """Print what waits to be printed, and return 1 where a stream failed, else 0."""
    for stream in (sys.stdout, sys.stderr):
        draw("", stream, end="")
    code = 1 if FAULTS else 0
    while FAULTS:
        complain(FAULTS.pop(0))
    return code


def note_written(line: str) -> str:
    """Note what was written, for someone who interrupts the command later."""
    signals.KEPT.append(visible(line))
    return line


@contextmanager
def noted(line: str) -> Iterator[None]:
    """Let nothing interrupt what is inside, and note that it was written."""
    with signals.held():
        yield
        note_written(line)


class Log:
    """Says things on stderr as they happen, and keeps them for the run's log."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.waiting: list[str] = []

    def __call__(self, line: str) -> None:
        for one in map(visible, (*self.waiting, line)):
            self.lines.append(one)
            draw(one, sys.stderr)
        self.waiting.clear()

    def later(self, line: str) -> None:
        """Keep a line until the next one is said, so that a faulty input gets its error alone."""
        self.waiting.append(line)


@contextmanager
def lines_of_warnings(log: Log) -> Iterator[None]:
    """Say warnings as they come, each in one line and once, and without the place in the code."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        log(f"warning: {' '.join(str(message).split())}")

    with warnings.catch_warnings():
        warnings.simplefilter("once")
        warnings.showwarning = show
        yield


@contextmanager
def progress() -> Iterator[Callable[[float], None] | None]:
    """Show progress on stderr, as `tautnet.views.progress.progress` does.

    It gives None where the environment variable TAUTNET_PROGRESS is "off".
    """
    from tautnet.views.progress import progress as shown

    if os.environ.get(PROGRESS_VARIABLE) == "off":
        yield None
        return
    with shown(lambda line: draw(line, sys.stderr)) as show:
        yield show


def typed() -> str:
    """The command as it was typed."""
    return shlex.join(["tautnet", *sys.argv[1:]])
