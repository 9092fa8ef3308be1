"""From the options that name columns to the rows of a table."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tautnet import options

if TYPE_CHECKING:
    import pandas as pd

    from tautnet.commands.console import Log
    from tautnet.tables.arrays import Floats
    from tautnet.tables.reader import Table

WANTED = '{"name": ["column", "column"], ...}'
# Columns that a message names.
SHOWN = 20
# Characters of a file of groups, which may be a device without an end.
LONGEST = 50_000_000
# Bytes that are kept free for what is said of a fit: a report, its pictures, its numbers.
SPACE = 2**24
# Columns that encode a number, and most that encode a category: a level has 0.5 % of the rows.
COLUMNS_OF_NUMBER = 2
COLUMNS_OF_SPLINES = 4
MOST_LEVELS = 202


class Rows(NamedTuple):
    """Predictors, target, groups and weights of some rows; groups and weights may be None."""

    X: "pd.DataFrame"
    y: "pd.Series | pd.DataFrame"
    groups: "pd.Series | None"
    weight: "Floats | None"


@contextmanager
def room_for_table(scratch: Path | None, memory: float | None) -> Iterator[None]:
    """Say where a table larger than memory is kept: without a name, so nothing is left behind.

    Parameters
    ----------
    scratch : pathlib.Path or None
        A directory; None is the working directory, where that can be written to.
    memory : float or None
        Gigabytes that a table may take in memory; None is half of what is free.
    """
    from tautnet.tables.disk import room

    if scratch is None and os.access(os.curdir, os.W_OK):
        # Directories of temporary files are in memory on many machines.
        scratch = Path(os.curdir)
    with room(scratch, memory):
        yield


def read_rows(
    data: str,
    reading: options.Reading,
    target: str | None,
    survival: tuple[str | None, str | None],
    drop: str,
    group_col: str | None,
    weights: str | None,
    log: "Log",
) -> tuple["Table", Rows]:
    """A table, and its rows whose target is known; a time without an event is none."""
    from tautnet.tables.notation import PLAIN
    from tautnet.tables.reader import read_table

    unused = options.split(drop)
    table = read_table(
        data,
        notation=PLAIN.changed(reading.given),
        encoding=reading.encoding,
        drop_rows=reading.drop_rows,
        max_size=reading.max_size,
        unused=unused,
    )
    time, event = survival
    times = (time, event) if time and event else None
    return table, select_rows(table, target or table.target, unused, group_col, weights, log, times)


def select_rows(
    table: "Table",
    target: str | None,
    drop: Sequence[str],
    group_col: str | None,
    weights: str | None,
    log: "Log",
    survival: tuple[str, str] | None = None,
) -> Rows:
    """Predictors, target, groups and weights of the rows whose target is known."""
    from tautnet.tables.target_columns import split_survival, split_target

    frame = table.frame
    known = _target_columns(frame, target, survival)
    beside = [name for name in (group_col, weights) if name is not None]
    _check_apart(known, beside)
    unused = list(dict.fromkeys([*drop, *beside]))
    if survival is None:
        X, y, n_missing = split_target(frame, known[0], unused)
    else:
        X, y, n_missing = split_survival(frame, *survival, unused)
    if n_missing:
        rows = "row" if n_missing == 1 else "rows"
        log.later(f"{n_missing} {rows} without {' or '.join(map(repr, known))} left out")
    return Rows(
        X,
        y,
        None if group_col is None else _groups(frame.loc[X.index, group_col]),
        None if weights is None else _weights(frame.loc[X.index, weights]),
    )


def _target_columns(
    frame: "pd.DataFrame", target: str | None, survival: tuple[str, str] | None
) -> Sequence[str]:
    """Names of the columns that hold the target."""
    if survival is not None:
        return survival
    if target is not None:
        return (target,)
    shown = ", ".join(map(str, frame.columns[:SHOWN]))
    more = ", ..." if frame.shape[1] > SHOWN else ""
    raise options.UsageError(
        f"name the column to predict: --target COL; the columns are {shown}{more}"
    )


def _check_apart(known: Sequence[str], beside: Sequence[str]) -> None:
    """Raise where a column of the target is one of groups or weights too."""
    from tautnet.tables.errors import TableError

    for name in known:
        if name in beside:
            raise TableError(
                f"the target {name!r} cannot also be the column of groups or weights: choose"
                " another column"
            )


def _groups(column: "pd.Series") -> "pd.Series":
    """The group of each row, found to be there."""
    from tautnet.tables.errors import TableError

    n_missing = int(column.isna().sum())
    if n_missing:
        what = f"{n_missing} rows have no value in the group column {column.name!r}"
        raise TableError(f"{what}: fill it in, or remove those rows")
    return column


def space_of(X: "pd.DataFrame", hidden: Sequence[int] | None, networks: int) -> int:
    """About how many bytes will be written of a fit: what is said of it, and its networks."""
    n_numbers = X.select_dtypes("number").shape[1]
    n_columns = COLUMNS_OF_NUMBER * n_numbers + MOST_LEVELS * (X.shape[1] - n_numbers)
    if hidden is None:
        # Of any network that may be chosen.
        n_columns += COLUMNS_OF_SPLINES * n_numbers
        hidden = (100,)
    return SPACE + 8 * networks * n_columns * (1 + sum(hidden[:1]))


def read_feature_groups(path: Path | None, X: "pd.DataFrame") -> dict[str, list[str | int]] | None:
    """Groups of columns by name from a JSON file that names every predictor once.

    None where there is no file.
    """
    from tautnet.estimators.inputs import check_feature_groups
    from tautnet.tables.errors import TableError

    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(LONGEST)
            if file.read(1):
                raise TableError(f"{path} holds more than {LONGEST:,} characters: write {WANTED}")
        groups = json.loads(text)
    except TableError:
        raise
    except OSError as error:
        raise TableError(f"cannot read {path}: {error.strerror}; write {WANTED} into it") from None
    except ValueError:
        raise TableError(f"{path} is not JSON: write {WANTED}") from None
    if not _is_names_to_lists(groups):
        raise TableError(f"{path} does not hold names with lists of columns: write {WANTED}")
    try:
        check_feature_groups(groups, list(X.columns))
    except ValueError as error:
        raise TableError(
            f"{path}: {str(error).removeprefix('feature_groups').lstrip(': ')}"
        ) from None
    return groups


def _is_names_to_lists(groups: Any) -> bool:
    lists = groups.values() if isinstance(groups, dict) else [None]
    return bool(groups) and all(
        isinstance(one, list) and one and all(isinstance(name, str | int) for name in one)
        for one in lists
    )


def _weights(column: "pd.Series") -> "Floats":
    from tautnet.tables.errors import TableError

    if column.dtype.kind not in "iuf":
        raise TableError(
            f"the weights in {column.name!r} are not numbers: name a column of numbers, 0 or more"
        )
    weights = column.to_numpy(float)
    for wrong, what in ((column.isna(), "no weight"), (weights < 0, "a negative weight")):
        if wrong.any():
            rows = "1 row has" if wrong.sum() == 1 else f"{wrong.sum()} rows have"
            raise TableError(
                f"{rows} {what} in {column.name!r}: weights must be numbers, 0 or more"
            )
    return weights
