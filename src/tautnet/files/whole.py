"""Files that are there whole or not at all."""

import os
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file"]


@contextmanager
def whole_file(path):
    """A draft to write; it takes its name when all went well, and else is gone, whatever bore the name untouched.

    Parameters
    ----------
    path : path

    Yields
    ------
    pathlib.Path
        Beside it, so that renaming is one step.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     with whole_file(f"{directory}/a.txt") as draft:
    ...         _ = draft.write_text("all of it")
    ...     print(Path(f"{directory}/a.txt").read_text())
    all of it
    """
    path = Path(path)
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        yield draft
        with open(draft, "rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
