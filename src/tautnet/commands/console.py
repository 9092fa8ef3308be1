"""What all commands share: print, keep a log, show progress, turn an error into one line."""

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TextIO

import typer


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn an error in the data into one line on stderr and exit code 1."""
    from tautnet.tables.errors import TableError

    try:
        yield
    except TableError as error:
        complain(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        leave_interrupted()


def complain(message: str | Exception) -> None:
    """Say what is wrong, in one line."""
    say(f"tautnet: error: {' '.join(str(message).split())}", sys.stderr)


def is_out_of_memory(error: Exception) -> bool:
    """Whether there was not enough memory: XLA has an error of its own for that."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def say(text: str, stream: TextIO) -> None:
    """Print a text.

    Where the reader closed the pipe, go on silently: the files are still wanted.
    """
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def leave_interrupted() -> NoReturn:
    """Leave at once, without waiting for threads inside a compiled program."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say("tautnet: interrupted: nothing was kept and no file was written", sys.stderr)
    os._exit(130)


class Log:
    """Says things on stderr as they happen, and keeps them for the run's log."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.waiting: list[str] = []

    def __call__(self, line: str) -> None:
        for one in (*self.waiting, line):
            self.lines.append(one)
            say(one, sys.stderr)
        self.waiting.clear()

    def later(self, line: str) -> None:
        """Keep a line until the next one is said, so that a faulty input gets its error alone."""
        self.waiting.append(line)


@contextmanager
def progress() -> Iterator[Callable[[float], None] | None]:
    """Show a bar with the time left on stderr, only where that is a terminal.

    It gives the callable that is told the share of the work that is done.
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
    if not console.is_terminal:
        yield None
        return
    columns = TextColumn("fitting"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("fitting", total=1.0)
        yield lambda share: bar.update(task, completed=share)


def typed() -> str:
    """The command as it was typed."""
    return shlex.join(["tautnet", *sys.argv[1:]])
