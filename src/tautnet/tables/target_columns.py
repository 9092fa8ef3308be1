"""Columns of a table are parted into predictors and target."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from tautnet.tables.cells import TableLike, as_frame
from tautnet.tables.disk import rows_of
from tautnet.tables.errors import TableError
from tautnet.tables.names import did_you_mean

__all__ = ["predictors_and_target", "split_survival", "split_target"]


def split_target(
    frame: pd.DataFrame, target: str, drop: str | Iterable[str] = ()
) -> tuple[pd.DataFrame, pd.Series, int]:
    """Part a table into predictors and target; rows whose target is missing are left out.

    Parameters
    ----------
    frame : pandas.DataFrame
    target : str
        Name of the column to predict.
    drop : sequence of str
        Names of columns that are not to be used.

    Returns
    -------
    tuple of data frame, series and int
        The predictors, the target, and the number of rows left out. Rows keep their index, so
        that what belongs to them (weights, groups) can be found in the table.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.target_columns import split_target
    >>> frame = pd.DataFrame({"id": [1, 2, 3], "age": [20, 30, 40], "y": [0.5, None, 1.5]})
    >>> predictors, y, n_missing = split_target(frame, "y", drop=["id"])
    >>> predictors.columns.tolist(), y.tolist(), n_missing
    (['age'], [0.5, 1.5], 1)
    """
    drop = [drop] if isinstance(drop, str) else list(drop)
    for name in (target, *drop):
        if name not in frame.columns:
            raise TableError(f"no such column: {name!r}{_nearest(name, frame.columns)}")
    if target in drop:
        raise TableError(f"the target {target!r} is among the columns to drop: take it out of them")
    predictors = frame.drop(columns=[target, *drop])
    if not predictors.shape[1]:
        raise TableError(f"no predictors are left beside the target {target!r}")
    present = frame[target].notna().to_numpy()
    n_missing = int((~present).sum())
    if n_missing == len(frame):
        raise TableError(f"the target {target!r} has no value in any row")
    if not n_missing:
        return predictors, frame[target], 0
    return rows_of(predictors, present), frame.loc[present, target], n_missing


def predictors_and_target(X: TableLike, y: Any, target: str | None) -> tuple[TableLike, Any]:
    """Return predictors and target as they were given, or parted: one column is the target.

    Parameters
    ----------
    X : data frame or array
    y : array, series or None
    target : str, optional
        Name of the column to predict, where ``y`` is None.

    Raises
    ------
    TableError
        Where the target is not said, or said twice, or some rows have none.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.target_columns import predictors_and_target
    >>> X, y = predictors_and_target(pd.DataFrame({"a": [1, 2], "y": [3, 4]}), None, "y")
    >>> X.columns.tolist(), y.tolist()
    (['a'], [3, 4])
    """
    if (y is None) == (target is None) or not isinstance(target, str | None):
        raise TableError(
            "say once what is to be predicted: y, or target='...', the name of a column of X"
        )
    if target is None:
        return X, y
    predictors, column, n_missing = split_target(as_frame(X), target)
    if n_missing:
        rows = "1 row has" if n_missing == 1 else f"{n_missing} rows have"
        raise TableError(
            f"{rows} no value of the target {target!r}: leave them out first, as by"
            f" X.dropna(subset=[{target!r}])"
        )
    return predictors, column


def split_survival(
    frame: pd.DataFrame, time: str, event: str, drop: Iterable[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Part a table into predictors, and time and event; rows where either is missing are left out.

    Parameters
    ----------
    frame : pandas.DataFrame
    time, event : str
    drop : sequence of str
        Names of columns that are not to be used.

    Returns
    -------
    tuple of data frame, data frame of two columns, and int
        The predictors, time and event, and the number of rows left out; rows keep their index.
    """
    predictors, times, _ = split_target(frame, time, drop=[event, *drop])
    if event in drop:
        raise TableError(f"the event {event!r} is among the columns to drop: take it out of them")
    events = frame.loc[times.index, event]
    present = events.notna()
    n_missing = len(frame) - int(present.sum())
    outcome = pd.DataFrame({time: times[present], event: events[present]})
    return rows_of(predictors, present.to_numpy()), outcome, n_missing


def _nearest(name: str, columns: Iterable[object]) -> str:
    """Return what to say of the columns that there are: those named alike, and the first twenty."""
    names = [str(column) for column in columns]
    told = did_you_mean(str(name), names, n=3)
    shown = ", ".join(names[:20]) + (f", ... ({len(names)} in all)" if len(names) > 20 else "")
    return f"{told}; the columns are {shown}"
