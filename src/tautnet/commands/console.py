"""What all commands share: print, keep a log, show progress, turn an error into one line."""

import os
import shlex
import signal
import sys
from contextlib import contextmanager

import typer


@contextmanager
def one_line_errors():
    """Turn an error in the data into one line on stderr and exit code 1."""
    from tautnet.tables.errors import TableError

    try:
        yield
    except TableError as error:
        complain(error)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        leave_interrupted()


def complain(message):
    """Say what is wrong, in one line."""
    say(f"tautnet: error: {' '.join(str(message).split())}", sys.stderr)


def say(text, stream):
    """Print, and go on silently where the reader closed the pipe: the files are still wanted."""
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def leave_interrupted():
    """Leave at once, without waiting for threads inside a compiled program."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say("tautnet: interrupted: nothing was kept and no file was written", sys.stderr)
    os._exit(130)


class Log:
    """Says things on stderr as they happen, and keeps them for the run's log."""

    def __init__(self):
        self.lines, self.waiting = [], []

    def __call__(self, line):
        for one in (*self.waiting, line):
            self.lines.append(one)
            say(one, sys.stderr)
        self.waiting.clear()

    def later(self, line):
        """Keep a line until the next one is said, so that a faulty input gets its error alone."""
        self.waiting.append(line)


@contextmanager
def progress():
    """Show a bar with the time left on stderr, only where that is a terminal."""
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
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("fitting", total=1.0)
        yield lambda share: progress.update(task, completed=share)


def typed():
    """Give the command as it was typed."""
    return shlex.join(["tautnet", *sys.argv[1:]])
