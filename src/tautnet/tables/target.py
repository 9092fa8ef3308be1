"""The target is told to be classes, numbers or survival times, and made a matrix."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tautnet.tables.arrays import Booleans, Cells, Floats, Integers
from tautnet.tables.cells import TableLike, as_frame, column_kind, distinct_texts
from tautnet.tables.errors import TableError
from tautnet.tables.frames import without_mask
from tautnet.tables.integers import as_floats, check_told_apart, exact_numbers
from tautnet.tables.labels import of_own_type, own_values
from tautnet.tables.rounding import merged, varies

__all__ = [
    "Target",
    "as_series",
    "as_target",
    "encode_target",
    "encode_targets",
    "encode_times",
    "split_times",
]


@dataclass(frozen=True)
class Target:
    """An encoded target.

    Attributes
    ----------
    task : {"classification", "multilabel", "regression", "survival"}
    y : array of shape (n_rows, n_outputs), float64
        Regression: the numbers, one column a target. Two classes: one column, 1 for
        ``classes[1]``. More classes: one 0/1 column a class. Labels: one 0/1 column a label.
        Survival: one column of signed times, above 0 for an event, below 0 for a row that left
        without one.
    classes : array of shape (n_classes,) or None
        The labels in sorted order, as the target has them: whole numbers, numbers, booleans or
        strings, those of a category or of objects too; floats that are whole are integers. Of
        several 0/1 columns their positions.
    name : str
    decision : str
        A sentence for the user: what was decided, and on what evidence.
    labels : int array of shape (n_rows,) or None
        Each row's position in ``classes``.
    """

    task: str
    y: Floats
    classes: Cells | None
    name: str
    decision: str
    labels: Integers | None


def encode_target(
    values: ArrayLike | pd.Series, *, task: str = "auto", name: str = "target"
) -> Target:
    """Decide between classification and regression, and encode the target.

    Text, booleans, categories and numbers with two values are classes. Numbers with decimals are
    quantities. Whole numbers are classes where they have at most 10 distinct values, each seen
    three times on average, or number 30 classes at most without a gap, from 0 or 1, none more
    than twice as frequent as another; other whole numbers are quantities.

    Parameters
    ----------
    values : pandas.Series
        The target; rows where it is missing are left out beforehand (see `split_target`).
    task : {"auto", "classification", "regression"}
        Overrides the decision.
    name : str
        What to call the target in messages.

    Returns
    -------
    Target

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.target import encode_target
    >>> target = encode_target(pd.Series(["no", "yes", "no"]), name="Survived")
    >>> target.decision
    "classification: 'Survived' has 2 distinct values"
    >>> target.y.T, target.classes
    (array([[0., 1., 0.]]), array(['no', 'yes'], dtype='<U3'))
    """
    if task not in ("auto", "classification", "regression"):
        raise ValueError(f"task must be 'auto', 'classification' or 'regression', got {task!r}")
    values = pd.Series(values)
    if values.isna().any():
        raise ValueError(f"the target {name!r} has missing cells: leave those rows out first")
    if not len(values):
        raise TableError(f"the target {name!r} has no rows")
    kind = column_kind(values.rename(name))
    if kind == "date":
        raise TableError(f"the target {name!r} holds dates: turn it into a number, such as days")
    own = own_values(values)
    if kind == "category" and own is not values:
        # A category of numbers is classes unless quantities are asked for.
        return encode_target(own, task="classification" if task == "auto" else task, name=name)
    if kind == "number":
        target = _encode_numbers(exact_numbers(f"the target {name!r}", values), task, name)
        return replace(target, classes=of_own_type(target.classes, own))
    if kind == "boolean":
        return _encode_truth(values.to_numpy(dtype=bool), task, name)
    if task == "regression" and kind == "category":
        example = distinct_texts(values)[1][0]
        raise TableError(
            f"the target {name!r} holds text such as {example!r}: regression needs numbers"
        )
    return _encode_text(values, task, name)


def _encode_truth(truth: Booleans, task: str, name: str) -> Target:
    """Encode truth values."""
    if task == "regression":
        return _regression(truth * 1.0, name)
    return _classification(truth, name)


def _encode_numbers(numbers: Floats | Integers, task: str, name: str) -> Target:
    """Encode numbers, which are classes or quantities."""
    n_infinite = np.isinf(numbers).sum()
    if n_infinite:
        cells = "1 infinite cell" if n_infinite == 1 else f"{n_infinite} infinite cells"
        raise TableError(f"the target {name!r} has {cells}: leave those rows out")
    # Classes are told apart by more than rounding; quantities stay as they are.
    labels = merged(numbers)
    distinct, counts = np.unique(labels, return_counts=True)
    if len(distinct) == 1 and task != "classification":
        raise TableError(f"the target {name!r} is constant: there is nothing to learn")
    whole = bool((distinct == np.round(distinct)).all())
    if task == "regression" or (task == "auto" and not _are_classes(distinct, counts, whole)):
        check_told_apart(f"the target {name!r}", pd.Series(numbers))
        return _regression(numbers.astype(np.float64), name, whole)
    if not whole and len(distinct) > 100:
        what = f"the target {name!r} has {len(distinct)} distinct numbers"
        raise TableError(f"{what}, too many for classes: pass --task regression")
    # Beyond 2**53 a float may not be the integer it was read from, so such labels stay floats.
    if whole and np.abs(distinct).max() < 2**53:
        return _classification(labels.astype(np.int64), name)
    return _classification(labels, name)


def _are_classes(distinct: Cells, counts: Integers, whole: bool) -> bool:
    """Tell whether numbers are classes, as `encode_target` explains."""
    if len(distinct) == 2:
        return True
    if not whole:
        return False
    if len(distinct) <= 10:
        return bool(counts.mean() >= 3)
    # Counts and ratings thin out towards their ends; letters or speakers that were numbered do
    # not.
    is_gapless = distinct[0] in (0, 1) and distinct[-1] - distinct[0] == len(distinct) - 1
    is_even = counts.min() >= 3 and counts.max() <= 2 * counts.min()
    return bool(is_gapless and len(distinct) <= 30 and is_even)


def _encode_text(values: pd.Series, task: str, name: str) -> Target:
    """Encode text as classes."""
    codes, texts = distinct_texts(values)
    if len(values) >= 20 and len(texts) >= 0.9 * len(values) and task == "auto":
        what = f"the target {name!r} is text that differs in nearly every row"
        raise TableError(
            f"{what} ({len(texts)} values in {len(values)} rows): is it the right column?"
        )
    return _classification(np.array(texts)[codes], name)


def _regression(numbers: Floats, name: str, whole: bool = False) -> Target:
    """Return the target of quantities."""
    n_distinct = len(np.unique(numbers))
    if n_distinct == 1:
        raise TableError(f"the target {name!r} is constant: there is nothing to learn")
    what = "distinct whole numbers" if whole else "distinct numbers"
    decision = f"regression: {name!r} has {n_distinct} {what}"
    return Target("regression", numbers[:, np.newaxis], None, name, decision, None)


def _classification(labels: Cells, name: str) -> Target:
    """Return the target of classes: one column of two classes, else a column a class."""
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) == 1:
        only = str(classes[0])
        raise TableError(
            f"the target {name!r} has only one class, {only!r}: there is nothing to learn"
        )
    columns = np.array([1]) if len(classes) == 2 else np.arange(len(classes))
    y = (codes[:, np.newaxis] == columns).astype(np.float64)
    decision = f"classification: {name!r} has {len(classes)} distinct values"
    return Target("classification", y, classes, name, decision, codes)


def encode_targets(frame: pd.DataFrame, *, task: str, name: str = "target") -> Target:
    """Encode several targets at once: quantities, or labels that are there (1) or not (0).

    Parameters
    ----------
    frame : pandas.DataFrame
        One column a target, without missing cells.
    task : {"auto", "classification", "regression"}
        Columns of 0 and 1 alone are labels under "auto".
    name : str

    Returns
    -------
    Target

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.target import encode_targets
    >>> encode_targets(pd.DataFrame({"a": [0, 1, 1], "b": [1, 0, 1]}),
    ...     task="classification").decision
    "classification: 'target' has 2 labels"
    """
    frame = frame.apply(own_values)
    for column, values in frame.items():
        if column_kind(values) not in ("number", "boolean"):
            raise TableError(
                f"the target {column!r} holds no numbers: several targets at once must be numbers"
            )
        check_told_apart(f"the target {column!r}", values)
    y = np.column_stack([as_floats(values) for _, values in frame.items()])
    if not np.isfinite(y).all():
        raise TableError(f"the target {name!r} has infinite cells: leave those rows out")
    is_constant = ~np.array([varies(column) for column in y.T])
    if is_constant.any():
        constant = frame.columns[is_constant.argmax()]
        raise TableError(f"the target {constant!r} is constant: there is nothing to learn")
    labels = np.isin(y, (0.0, 1.0)).all()
    if task == "classification" and not labels:
        raise TableError(
            f"the target {name!r} has several columns that are not all 0 or 1: such classes are not"
            " known"
        )
    if labels and task != "regression":
        decision = f"classification: {name!r} has {y.shape[1]} labels"
        return Target("multilabel", y, np.arange(y.shape[1]), name, decision, None)
    decision = f"regression: {name!r} has {y.shape[1]} columns of numbers"
    return Target("regression", y, None, name, decision, None)


def encode_times(
    times: ArrayLike | pd.Series, events: ArrayLike | pd.Series, *, name: str = "time"
) -> Target:
    """Encode survival times and whether each ended in an event.

    Parameters
    ----------
    times : array or series of shape (n_rows,)
        Numbers above 0.
    events : array or series of shape (n_rows,)
        Truth values, or 1 and 0.
    name : str

    Returns
    -------
    Target

    Raises
    ------
    TableError
        Where a time is not above 0, an event is neither yes nor no, or there is none.

    Examples
    --------
    >>> from tautnet.tables.target import encode_times
    >>> encode_times([5.0, 8.0], [True, False]).y.T
    array([[ 5., -8.]])
    """
    times = pd.Series(times)
    events = pd.Series(events)
    if column_kind(times.rename(name)) != "number":
        raise TableError(f"the times in {name!r} are not numbers: name a column of numbers above 0")
    is_known = column_kind(events) in ("number", "boolean")
    if not is_known or not events.astype(float).isin([0.0, 1.0]).all():
        raise TableError(
            "events must be true or false, or 1 and 0: 1 for an event, 0 for a row that left"
            " without one"
        )
    times = as_floats(times)
    events = events.to_numpy(np.float64)
    if not np.isfinite(times).all() or (times <= 0).any():
        raise _wrong_times(times, name)
    if not events.any():
        raise TableError("no row has an event: there is nothing to learn")
    decision = f"survival: {int(events.sum())} of {len(events)} rows have an event"
    # Times that differ by rounding alone are one time: events at it are tied.
    times = merged(times)
    signed = np.where(events == 1, times, -times)
    return Target("survival", signed[:, np.newaxis], None, name, decision, None)


def _wrong_times(times: Floats, name: str) -> TableError:
    """Return what to say of times that are not above 0, or infinite."""
    wrong = ~(times > 0) | np.isinf(times)
    n_wrong = int(wrong.sum())
    said = f"1 time in {name!r} is" if n_wrong == 1 else f"{n_wrong} times in {name!r} are"
    return TableError(
        f"{said} not above 0 and finite, as {times[wrong][0]:g}: leave such rows out, or give them"
        " a short time, such as half a day"
    )


def split_times(y: TableLike) -> tuple[pd.Series, pd.Series]:
    """Return times and events of a target as users hand it over.

    Parameters
    ----------
    y : structured array, data frame or array of two columns, or array of shape (n_rows,)
        A structured array has a truth value, the event, and a number, the time; two columns are
        time and event, in this order, or the event as truth values in either place; one column
        is times that all ended in an event.

    Returns
    -------
    times, events : series of shape (n_rows,)
    """
    if getattr(getattr(y, "dtype", None), "names", None):
        y = pd.DataFrame({name: y[name] for name in y.dtype.names})
    if not hasattr(y, "columns"):
        y = np.asarray(without_mask(y))
        y = pd.DataFrame(y if y.ndim == 2 else y[:, np.newaxis])
    y = y.reset_index(drop=True)
    if y.shape[1] == 1:
        return _named_times(y, 0), pd.Series(np.ones(len(y)), name="event")
    if y.shape[1] != 2:
        raise TableError(f"a survival target has two columns, time and event, not {y.shape[1]}")
    event_is_first = [column_kind(y.iloc[:, j]) for j in (0, 1)] == ["boolean", "number"]
    event = 0 if event_is_first else 1
    return _named_times(y, 1 - event), y.iloc[:, event].rename("event")


def _named_times(y: pd.DataFrame, position: int) -> pd.Series:
    """Return a column of times under its name, or as ``time`` where its name is no text."""
    name = y.columns[position]
    return y.iloc[:, position].rename(name if isinstance(name, str) else "time")


def as_target(y: TableLike, task: str) -> Target:
    """Encode a target in any of the forms that users hand over.

    Parameters
    ----------
    y : series, data frame, array or list
    task : {"auto", "classification", "regression", "survival"}

    Examples
    --------
    >>> from tautnet.tables.target import as_target
    >>> as_target([1.5, 2.5, 4.0], "regression").task
    'regression'
    """
    if isinstance(y, str):
        raise TableError(
            f"y={y!r} is a name: take the target out of X and give both: X.drop(columns={y!r}),"
            f" X[{y!r}]"
        )
    if task == "survival":
        times, events = split_times(y)
        _check_present(times, "times")
        _check_present(events, "events")
        return encode_times(times, events, name=times.name)
    n_axes = getattr(y, "ndim", 1)
    if n_axes == 2 and y.shape[1] > 1:
        frame = as_frame(y)
        name = ", ".join(frame.columns) if hasattr(y, "columns") else "y"
        return encode_targets(frame, task=task, name=name)
    values = as_series(y if n_axes == 1 else np.asarray(without_mask(y))[:, 0])
    return encode_target(values, task=task, name=str(values.name))


def _check_present(values: pd.Series, what: str) -> None:
    """Raise where cells are missing."""
    n_missing = int(values.isna().sum())
    if n_missing:
        cells = f"1 of the {what} is" if n_missing == 1 else f"{n_missing} {what} are"
        raise TableError(f"{cells} missing: leave those rows out first")


def as_series(y: ArrayLike | pd.Series) -> pd.Series:
    """Return a target as a series with a name and rows numbered from 0.

    Examples
    --------
    >>> from tautnet.tables.target import as_series
    >>> as_series([1, 2]).name
    'y'
    """
    series = y if isinstance(y, pd.Series) else pd.Series(np.asarray(without_mask(y)))
    return series.reset_index(drop=True).rename("y" if series.name is None else series.name)
