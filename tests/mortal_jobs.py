"""Jobs whose workers die: a module of its own, so that workers can import it."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mortal:
    """A job whose worker dies until a file is there."""

    number: int
    file: str

    def run(self, table, ticker):
        """Die, or do it."""
        if self.number == 1 and not Path(self.file).exists():
            Path(self.file).touch()
            os._exit(1)
        return table[self.number] + 1


@dataclass(frozen=True)
class Deadly:
    """A job whose worker always dies."""

    def run(self, table, ticker):
        """Die."""
        os._exit(1)


@dataclass(frozen=True)
class Unreadable:
    """A job that no worker can read."""

    def __reduce__(self):
        return _refuse, ()

    def run(self, table, ticker):
        """Never run."""


def _refuse():
    raise ImportError("no module of that name")
