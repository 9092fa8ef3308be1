"""Space on disk is held for a file that is yet to be written, so that it is known to be there."""

import errno
import os
import shutil
import tempfile
from typing import IO

__all__ = ["hold_space"]

# Where a file system cannot reserve space.
CANNOT_RESERVE = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)


def hold_space(directory: str | os.PathLike[str], n_bytes: int) -> IO[bytes]:
    """Return an open file of a directory that takes so much space.

    It has no name, so it leaves nothing behind whatever happens.

    Raises
    ------
    OSError
    """
    file = tempfile.TemporaryFile(dir=directory)
    if not n_bytes:
        return file
    try:
        _reserve(file.fileno(), n_bytes)
    except OSError:
        file.close()
        raise
    return file


def _reserve(descriptor: int, n_bytes: int) -> None:
    """Reserve space for an open file, or raise where there is too little."""
    try:
        os.posix_fallocate(descriptor, 0, n_bytes)
    except AttributeError:
        _check_free(descriptor, n_bytes)
    except OSError as error:
        if error.errno not in CANNOT_RESERVE:
            raise
        _check_free(descriptor, n_bytes)


def _check_free(descriptor: int, n_bytes: int) -> None:
    """Raise where a file system has less space than so many bytes."""
    if shutil.disk_usage(descriptor).free < n_bytes:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.truncate(descriptor, n_bytes)
