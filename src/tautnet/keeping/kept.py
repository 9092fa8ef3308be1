"""Finished jobs are kept as files, so that a run that was killed goes on where it was.

Each file is written under another name, brought to the disk and then renamed, so that whatever
happens it is whole or not there. It is read with the checks of a model file.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

from tautnet.engine.jobs import kept_by
from tautnet.engine.program import told_to_jax
from tautnet.files.journal import JOB
from tautnet.files.packing import Cannot
from tautnet.keeping.digests import digest_of, surroundings
from tautnet.keeping.outcomes import from_file, to_bytes
from tautnet.tables.errors import ModelFileError

SUFFIX = ".job"
DRAFT = ".draft"
# Tables whose names are remembered: a run looks at few, one after the other.
MOST_TABLES = 4
# Outcomes that wait for the disk at most: they take memory.
MOST_WAITING = 8


class KeptJobs:
    """Finished jobs in a directory.

    Parameters
    ----------
    directory : path
        Made where it does not exist; nobody else writes into it meanwhile.
    fresh : bool
        Whether jobs of an earlier run are thrown away.

    Attributes
    ----------
    n_known, n_taken, n_made, n_kept : int
        Jobs of an earlier run that are there, those of them that were taken, new ones, and those
        of them that are kept: not all can be.
    fault : str or None
        Why no more are kept, where the disk takes no more.
    """

    def __init__(self, directory: str | os.PathLike[str], *, fresh: bool = False) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        for draft in self._files(DRAFT):
            draft.unlink(missing_ok=True)
        if fresh:
            self.clear()
        self.known = {path.stem for path in self._files(SUFFIX)}
        self.n_known = len(self.known)
        self.n_taken = 0
        self.n_kept = 0
        self.n_made = 0
        self.fault: str | None = None
        self._tables: deque[tuple[Any, str | None]] = deque(maxlen=MOST_TABLES)
        self._room = BoundedSemaphore(MOST_WAITING)
        self._writer = ThreadPoolExecutor(1)

    def name(self, table: Any, job: Any) -> str | None:
        """The name of a job on a table; None where what it does cannot be told by its values."""
        of_table = self._name_of_table(table)
        if of_table is None:
            return None
        try:
            return digest_of(surroundings(), told_to_jax(), of_table, job)
        except Cannot:
            return None

    def _name_of_table(self, table: Any) -> str | None:
        for known, name in self._tables:
            if known is table:
                return name
        try:
            name = digest_of(table)
        except Cannot:
            name = None
        # Kept, so that no other table is at its place in memory.
        self._tables.append((table, name))
        return name

    def take(self, name: str) -> Any:
        """What a job of an earlier run handed back; None where there is none, or a damaged one."""
        if name not in self.known:
            return None
        path = self._path(name)
        try:
            outcome = from_file(path)
        except (ModelFileError, OSError, TypeError, ValueError, LookupError):
            self.known.discard(name)
            path.unlink(missing_ok=True)
            return None
        self.n_taken += 1
        return outcome

    def keep(self, name: str | None, outcome: Any) -> None:
        """Keep what a job hands back, soon."""
        self.n_made += 1
        if name is None or self.fault is not None:
            return
        try:
            data = to_bytes(outcome)
        except Cannot:
            return
        self._room.acquire()
        self._writer.submit(self._write, name, data)

    def _write(self, name: str, data: bytes) -> None:
        draft = self.directory / f"{name}{DRAFT}"
        try:
            with open(draft, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self._path(name))
        except OSError as error:
            self.fault = error.strerror or str(error)
            draft.unlink(missing_ok=True)
        else:
            self.n_kept += 1
        finally:
            self._room.release()

    def _path(self, name: str) -> Path:
        return self.directory / f"{name}{SUFFIX}"

    @property
    def n_files(self) -> int:
        """How many finished jobs there are."""
        return len(self._files(SUFFIX))

    def _files(self, suffix: str) -> list[Path]:
        """Files of jobs: no others of the directory are touched."""
        found = self.directory.glob(f"*{suffix}")
        return [path for path in found if JOB.fullmatch(path.name)]

    def clear(self) -> None:
        """Throw all finished jobs away."""
        for path in self._files(SUFFIX):
            path.unlink(missing_ok=True)

    def flush(self) -> None:
        """Wait for the disk."""
        self._writer.submit(int).result()

    def close(self) -> None:
        """Wait for the disk, and forget the tables."""
        self._writer.shutdown(wait=True)
        self._tables.clear()


@contextmanager
def resume(directory: str | os.PathLike[str], *, fresh: bool = False) -> Iterator[KeptJobs]:
    """Keep the finished jobs of what is fitted inside, and take those that are kept already.

    That is what is fitted by the thread that has opened it.

    A fit that was killed goes on where it was, when it is asked for again with the same table and
    arguments: jobs of other tables or arguments do not match. Bits are those of a fit that was not
    interrupted, on processors of the same kind. Once a fit is complete the directory is of no more
    use, and may be removed.

    Parameters
    ----------
    directory : path
        Made where it does not exist.
    fresh : bool
        Whether jobs of an earlier fit are thrown away first.

    Yields
    ------
    KeptJobs
        It counts the jobs taken from an earlier fit (``n_taken``) and those made anew (``n_kept``).

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import tautnet as tn
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> model = tn.TautNetRegressorCV(cv=3, hidden_layer_sizes=(4,), random_state=0)
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     with tn.resume(directory) as first:
    ...         _ = model.fit(X, X[:, 0])
    ...     with tn.resume(directory) as second:
    ...         _ = model.fit(X, X[:, 0])
    >>> first.n_taken, second.n_taken == first.n_kept > 0
    (0, True)
    """
    kept = KeptJobs(directory, fresh=fresh)
    try:
        with kept_by(kept):
            yield kept
    finally:
        kept.close()
