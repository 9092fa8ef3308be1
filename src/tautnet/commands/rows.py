"""From the options that name columns to the rows of a table."""

import json
from typing import NamedTuple

from tautnet import options

WANTED = '{"name": ["column", "column"], ...}'


class Rows(NamedTuple):
    """Predictors, target, groups and weights of some rows; groups and weights may be None."""

    X: object
    y: object
    groups: object
    weight: object


def select_rows(table, target, drop, group_col, weights, log, survival=None):
    """Predictors, target, groups and weights of the rows whose target is known."""
    from tautnet.tables.errors import TableError
    from tautnet.tables.target_columns import split_survival, split_target

    frame = table.frame
    if target is None and survival is None:
        shown = ", ".join(map(str, frame.columns[:20])) + (", ..." if frame.shape[1] > 20 else "")
        raise options.UsageError(
            f"name the column to predict: --target COL; the columns are {shown}"
        )
    beside = [name for name in (group_col, weights) if name is not None]
    for name in survival or (target,):
        if name in beside:
            raise TableError(
                f"the target {name!r} cannot also be the column of groups or weights: choose"
                " another column"
            )
    drop = list(dict.fromkeys([*drop, *beside]))
    X, y, n_missing = (
        split_survival(frame, *survival, drop) if survival else split_target(frame, target, drop)
    )
    if n_missing:
        known = " or ".join(map(repr, survival or (target,)))
        log.later(f"{n_missing} {'row' if n_missing == 1 else 'rows'} without {known} left out")
    groups = None if group_col is None else frame.loc[X.index, group_col]
    if groups is not None and groups.isna().any():
        what = f"{int(groups.isna().sum())} rows have no value in the group column {group_col!r}"
        raise TableError(f"{what}: fill it in, or remove those rows")
    return Rows(X, y, groups, None if weights is None else _weights(frame.loc[X.index, weights]))


def read_feature_groups(path, X):
    """Groups of columns by name from a JSON file that names every predictor once.

    None where there is no file.
    """
    from tautnet.estimators.inputs import check_feature_groups
    from tautnet.tables.errors import TableError

    if path is None:
        return None
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))
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


def _is_names_to_lists(groups):
    lists = groups.values() if isinstance(groups, dict) else [None]
    return bool(groups) and all(
        isinstance(one, list) and one and all(isinstance(name, str | int) for name in one)
        for one in lists
    )


def _weights(column):
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
