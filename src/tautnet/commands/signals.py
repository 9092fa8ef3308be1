"""A command that is told to end ends cleanly, with one line.

This needs the standard library alone, so that it is at work before anything else is imported.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

__all__ = [
    "Ended",
    "KEPT",
    "at_once",
    "catch",
    "caught",
    "held",
    "interrupt",
    "leave",
    "received",
]

# Ctrl-C, `kill`, and a terminal that goes away.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
# What was written, in lines for the user; who is interrupted later learns of it.
KEPT: list[str] = []

Handler = Callable[[int, FrameType | None], Any]
_received: list[int] = []
# How many parts of the command that nothing may interrupt are under way.
_shields: list[None] = []


class Ended(BaseException):
    """The command was told to end: what is half done is undone on the way out."""


def interrupt(number: int, _frame: FrameType | None = None) -> None:
    """Begin to end: drafts are removed, and the terminal is put in order, on the way out."""
    _received.append(number)
    # Who presses Ctrl-C twice interrupts no cleaning.
    if len(_received) == 1 and not _shields:
        raise Ended


@contextmanager
def held() -> Iterator[None]:
    """Let nothing interrupt what is inside; who was told to end meanwhile ends behind it."""
    _shields.append(None)
    try:
        yield
    finally:
        _shields.pop()
    if _received and not _shields:
        raise Ended


def at_once(number: int, _frame: FrameType | None = None) -> NoReturn:
    """End where there is nothing to be undone."""
    _received.append(number)
    leave()


def received() -> bool:
    """Tell whether the command was told to end."""
    return bool(_received)


def leave() -> NoReturn:
    """Leave without waiting for threads inside a compiled program."""
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    said = "; ".join(KEPT) or "nothing was kept and no file was written"
    try:
        os.write(2, f"tautnet: interrupted: {said}\n".encode(errors="backslashreplace"))
    except OSError:
        # Nobody is there to read it.
        pass
    os._exit(128 + _received[0])


def catch(handler: Handler) -> None:
    """Let a handler take the signals that end a command, but for those that are ignored.

    A process inherits that they are: SIGHUP under ``nohup``, SIGINT behind a shell's ``&``.
    """
    for one in SIGNALS:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, handler)


@contextmanager
def caught(handler: Handler) -> Iterator[None]:
    """Let a handler take these signals for a while, where signals can be taken at all."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.getsignal(one) for one in SIGNALS}
    catch(handler)
    try:
        yield
    finally:
        for one, held in before.items():
            signal.signal(one, held)
