"""Arrays that are too large for memory are kept in files without a name.

Such a file is mapped into memory: it is read like any other array, and the system brings its pages
in and takes them out as it needs to. It has no name, so it leaves nothing behind, however the
process ends.
"""

import math
import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Cells
from tautnet.tables.errors import TableError
from tautnet.tables.space import hold_space

__all__ = [
    "beside",
    "empty_beside",
    "exceeds_memory",
    "is_on_disk",
    "no_room",
    "on_disk",
    "room",
    "rows_of",
    "scratch",
    "scratch_file",
]

GIGABYTE = 10**9
# Arrays of fewer bytes stay in memory, whatever they belong to.
LEAST_BYTES = 2**22
# Bytes of a file for several small arrays, and the multiple of bytes at which each begins.
SHELF = 2**26
ALIGNED = 64
# What a container may use, and what it uses: of the second and of the first version of cgroups.
LIMITS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)
MEMORY = Path("/proc/meminfo")
# What is taken as free where the system does not say.
UNKNOWN = 4 * GIGABYTE


class Room(NamedTuple):
    """Where large arrays are kept, and what counts as large.

    Attributes
    ----------
    directory : str or None
        None is that of temporary files.
    memory : int or None
        Bytes that a table may take in memory; None is half of what is free.
    """

    directory: str | None = None
    memory: int | None = None


_rooms: list[Room] = [Room()]


@contextmanager
def room(
    directory: str | os.PathLike[str] | None = None, memory: float | None = None
) -> Iterator[None]:
    """Say for what is done inside where tables larger than memory go, and which are.

    Parameters
    ----------
    directory : path, optional
        Where they are kept; by default that of temporary files.
    memory : float, optional
        Gigabytes that a table may take in memory; by default half of what is free.
    """
    place = None if directory is None else os.fspath(directory)
    _rooms.append(Room(place, None if memory is None else int(memory * GIGABYTE)))
    try:
        yield
    finally:
        _rooms.pop()


def exceeds_memory(n_bytes: int) -> bool:
    """Tell whether a table that takes so many bytes in memory is too large for it."""
    most = _rooms[-1].memory
    return n_bytes > (free_memory() // 2 if most is None else most)


def scratch() -> str:
    """Return the directory in which large arrays are kept."""
    return _rooms[-1].directory or tempfile.gettempdir()


def scratch_file() -> IO[bytes]:
    """Return an open file without a name, in the directory of large arrays.

    Raises
    ------
    TableError
        Where there can be none.
    """
    try:
        return hold_space(scratch(), 0)
    except OSError as error:
        raise no_room(error) from None


def no_room(error: OSError, what: str = "a table larger than memory") -> TableError:
    """Return what to say where something large cannot be kept on disk."""
    return TableError(
        f"no room for {what} in {scratch()} ({error.strerror or error}): name another directory by"
        " --scratch (in Python by the variable TMPDIR)"
    )


def on_disk(shape: tuple[int, ...], dtype: Any) -> Cells:
    """Return an array to be filled that lies in a file without a name.

    Raises
    ------
    TableError
        Where there is no room for it.

    Examples
    --------
    >>> from tautnet.tables.disk import is_on_disk, on_disk
    >>> array = on_disk((2, 3), "float32")
    >>> array[:] = 1
    >>> array.sum().item(), is_on_disk(array[1:])
    (6.0, True)
    """
    dtype = np.dtype(dtype)
    n_bytes = max(math.prod(shape) * dtype.itemsize, 1)
    if n_bytes >= SHELF:
        return np.ndarray(shape, dtype, _mapped(n_bytes))
    with _lock:
        place = scratch(), os.getpid()
        shelf = _shelves.get(place)
        if shelf is None or shelf.used + n_bytes > SHELF:
            shelf = _shelves[place] = _Shelf(_mapped(SHELF))
        array = np.ndarray(shape, dtype, shelf.mapped, shelf.used)
        shelf.used += -(-n_bytes // ALIGNED) * ALIGNED
    return array


@dataclass
class _Shelf:
    """A file for several small arrays: a process may have few files open at once.

    Attributes
    ----------
    mapped : mmap
    used : int
        Bytes that are taken.
    """

    mapped: mmap.mmap
    used: int = 0


_shelves: dict[tuple[str, int], _Shelf] = {}
_lock = threading.Lock()


def _mapped(n_bytes: int) -> mmap.mmap:
    """Map a new file without a name into memory."""
    try:
        with hold_space(scratch(), n_bytes) as file:
            return mmap.mmap(file.fileno(), n_bytes)
    except OSError as error:
        raise no_room(error, f"{n_bytes / GIGABYTE:.2g} GB") from None


def empty_beside(owner: Any, shape: tuple[int, ...], dtype: Any) -> Cells:
    """Return an array to be filled: on disk where it is large and what it belongs to is, too."""
    is_large = math.prod(shape) * np.dtype(dtype).itemsize >= LEAST_BYTES
    return on_disk(shape, dtype) if is_large and is_on_disk(owner) else np.empty(shape, dtype)


def beside(owner: Any, array: Any) -> Any:
    """Return an array as it is, or a copy on disk where it is large and what it belongs to is."""
    if array.nbytes < LEAST_BYTES or not is_on_disk(owner) or is_on_disk(array):
        return array
    kept = on_disk(array.shape, array.dtype)
    kept[:] = array
    return kept


def rows_of(frame: pd.DataFrame, kept: Booleans) -> pd.DataFrame:
    """Return some rows of a data frame: on disk where it is, column by column."""
    if not is_on_disk(frame):
        return frame[kept]
    columns = {}
    for name, series in frame.items():
        cells = series.to_numpy() if isinstance(series.dtype, np.dtype) else None
        columns[name] = series[kept].array if cells is None else beside(cells, cells[kept])
    return pd.DataFrame(columns, index=frame.index[kept], copy=False)


def is_on_disk(table: Any) -> bool:
    """Tell whether an array, or a column of a data frame, lies in a file."""
    if isinstance(table, pd.DataFrame):
        numbers = [series for _, series in table.items() if isinstance(series.dtype, np.dtype)]
        return any(is_on_disk(series.to_numpy()) for series in numbers)
    base: Any = table
    while isinstance(base, np.ndarray):
        base = base.base
    return isinstance(base, mmap.mmap)


def free_memory() -> int:
    """Return about how many bytes of memory this process may still take."""
    free = [_free_of_machine()]
    for limit, usage in LIMITS:
        try:
            free.append(int(limit.read_text()) - int(usage.read_text()))
        except (OSError, ValueError):
            # Another system, another version, or no limit ("max").
            continue
    return max(min(free), 0)


def _free_of_machine() -> int:
    try:
        lines = dict(line.split(":", 1) for line in MEMORY.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return UNKNOWN
