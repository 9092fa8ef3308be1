"""Folds: which rows each chain leaves out."""

from collections.abc import Iterable
from itertools import combinations
from typing import TypeAlias

import numpy as np
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    check_cv,
)

from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample
from tautnet.tables.target import Target

# Codes beside the folds 0, 1, ...: rows that no chain leaves out, and rows that none sees.
ALWAYS_SEEN = -1
NEVER_SEEN = -2

# A splitter of scikit-learn's, or pairs of training and test rows.
Splits: TypeAlias = BaseCrossValidator | Iterable[tuple[Integers, Integers]]


def make_folds(
    n_rows: int,
    cv: int,
    *,
    labels: Integers | None = None,
    groups: Integers | None = None,
    ordered: bool = False,
    seed: int = 0,
) -> Integers:
    """The fold of each row.

    Parameters
    ----------
    n_rows, cv : int
        Number of rows and of folds.
    labels : int array, optional
        Classes, spread evenly over the folds.
    groups : array, optional
        Rows of one group stay in one fold.
    ordered : bool
        Contiguous blocks instead of shuffled rows.
    seed : int

    Returns
    -------
    int array (n_rows,)

    Raises
    ------
    TableError
        With fewer rows, rows of a class, or groups than folds.

    Examples
    --------
    >>> make_folds(6, 3, ordered=True).tolist()
    [0, 0, 1, 1, 2, 2]
    """
    if n_rows < cv:
        raise TableError(f"{n_rows} rows are fewer than {cv} folds: use a smaller cv (--cv)")
    n_groups = cv if groups is None else len(np.unique(groups))
    if n_groups == 1 < cv:
        raise TableError(
            "all rows are of one group, which cannot be split between folds: name other groups, or"
            " none"
        )
    if n_groups < cv:
        raise TableError(f"{n_groups} groups are fewer than {cv} folds: use a smaller cv (--cv)")
    splitter = _splitter(cv, labels is not None, groups is not None, ordered, seed)
    stratify = None if ordered else labels
    fold = np.empty(n_rows, np.int16)
    for k, (_, test) in enumerate(splitter.split(np.zeros((n_rows, 1)), stratify, groups)):
        fold[test] = k
    return fold


def _splitter(
    cv: int, is_stratified: bool, is_grouped: bool, ordered: bool, seed: int
) -> BaseCrossValidator:
    """The splitter of scikit-learn's that draws such folds."""
    if ordered:
        return KFold(cv)
    if is_grouped:
        kind = StratifiedGroupKFold if is_stratified else GroupKFold
    else:
        kind = StratifiedKFold if is_stratified else KFold
    return kind(cv, shuffle=True, random_state=seed)


def fold_rows(
    target: Target,
    weight: Floats,
    cv: int,
    *,
    nested: bool = False,
    groups: Integers | None = None,
    ordered: bool = False,
    seed: int = 0,
) -> Integers:
    """The fold of each row of a target: every class and some weight are in enough folds.

    Parameters
    ----------
    target : Target
    weight : array (n_rows,)
    cv : int
    nested : bool
        Whether chains will leave two folds out, not one.
    groups, ordered, seed
        As in `make_folds`.

    Returns
    -------
    int array (n_rows,)

    Raises
    ------
    TableError
    """
    n_rows = len(target.y)
    is_free = groups is None and not ordered
    if target.labels is not None and is_free and n_rows >= cv:
        counts = np.bincount(target.labels)
        if counts.min() < cv:
            rows = "1 row" if counts.min() == 1 else f"{counts.min()} rows"
            rarest = f"class {_class(target, int(counts.argmin()))} of {target.name!r}"
            raise TableError(
                f"{rarest} has {rows}, fewer than {cv} folds: use a smaller cv (--cv), or leave the"
                " class out"
            )
    fold = make_folds(n_rows, cv, labels=target.labels, groups=groups, ordered=ordered, seed=seed)
    _check_folds(target, weight, fold, 3 if nested else 2)
    return fold


def _check_weights(weight: Floats, fold: Integers, n_folds: int) -> None:
    if not np.bincount(fold, weight, n_folds).all():
        what = f"all rows of one of {n_folds} folds weigh 0"
        raise TableError(f"{what}: use a smaller cv (--cv), or leave such rows out")


def _check_folds(target: Target, weight: Floats, fold: Integers, needed: int) -> None:
    """Raise where a fold has no weight, or a class is found in fewer folds than needed."""
    n_folds = fold.max() + 1
    _check_weights(weight, fold, n_folds)
    for code in range(_n_classes(target)):
        found = len(np.unique(fold[(target.labels == code) & (weight > 0)]))
        if found < needed:
            raise TableError(
                f"class {_class(target, code)} of {target.name!r} is found in {found} of {n_folds}"
                f" folds, too few for models that leave {needed - 1} out: use other folds (--cv,"
                " --group-col, --ordered), or leave the class out"
            )


def partition_rows(
    target: Target, weight: Floats, cv: Splits, *, groups: Integers | None = None
) -> Integers:
    """The fold of each row by a splitter or splits, for chains that leave two folds out.

    Parameters
    ----------
    target : Target
    weight : array (n_rows,)
    cv : splitter or iterable
        Of (training rows, test rows): every row is a test row once, and a training row of all other
        splits.
    groups : array, optional
        Rows of one group stay in one fold.

    Returns
    -------
    int array (n_rows,)

    Raises
    ------
    TableError
        Where the splits are no such partition of at least three folds, or a fold cannot be used.
    """
    codes = np.array(split_rows(target, weight, cv, groups=groups))
    is_test = codes == 0
    if len(codes) < 3 or (is_test.sum(axis=0) != 1).any() or (codes == NEVER_SEEN).any():
        raise TableError(
            "the splits of cv are no partition of the rows in at least 3 folds (each row in one"
            " test set, and in the training set of every other split): give such splits, or a"
            " number of folds"
        )
    fold = is_test.argmax(axis=0)
    if groups is not None and len(np.unique(np.column_stack([groups, fold]), axis=0)) > len(
        np.unique(groups)
    ):
        raise TableError(
            "the splits of cv part rows of one group: use a splitter that keeps groups, as"
            " GroupKFold"
        )
    _check_folds(target, weight, fold, 3)
    return fold


def tolerant_folds(
    target: Target, weight: Floats, cv: int, *, groups: Integers | None = None, seed: int = 0
) -> Integers:
    """The fold of each row, as `fold_rows`, but a class may be missing: scikit-learn warns."""
    fold = make_folds(len(target.y), cv, labels=target.labels, groups=groups, seed=seed)
    _check_weights(weight, fold, cv)
    return fold


def split_rows(
    target: Target, weight: Floats, cv: Splits, *, groups: Integers | None = None
) -> list[Integers]:
    """The splits of a splitter, or of an iterable of (training rows, test rows), as codes of rows.

    Returns
    -------
    list of int arrays (n_rows,)
        One a split: 0 for test rows, `ALWAYS_SEEN` for training rows, `NEVER_SEEN` for the others.

    Raises
    ------
    TableError
        Where a side of a split has no row that counts.
    """
    n_rows = len(target.y)
    y = target.y[:, 0] if target.labels is None else target.labels
    codes: list[Integers] = []
    for train, test in check_cv(cv, y).split(np.zeros((n_rows, 1)), y, groups):
        code = np.full(n_rows, NEVER_SEEN)
        code[train] = ALWAYS_SEEN
        code[test] = 0
        if not weight[code == 0].any() or not weight[code == ALWAYS_SEEN].any():
            raise TableError(
                f"split {len(codes)} of cv={cv!r} has no training row or no test row that counts"
            )
        codes.append(code)
    if not codes:
        raise TableError(f"cv={cv!r} gives no split")
    return codes


def _n_classes(target: Target) -> int:
    return 0 if target.classes is None or target.labels is None else len(target.classes)


def _class(target: Target, code: int) -> str:
    assert target.classes is not None, "a target of classes"
    return repr(str(target.classes[code]))


def chain_sets(n_folds: int, nested: bool) -> list[tuple[int, ...]]:
    """The folds that each chain leaves out: one each, and two each where the choice is nested.

    The inner folds of outer fold k are the other outer folds, so a chain without j and k serves
    both: with five folds ten chains and five do what nested cross-validation does in twenty-five.
    The refit, a chain that leaves nothing out, is not among them: it serves every repeat.

    Examples
    --------
    >>> len(chain_sets(5, nested=True))
    15
    """
    single = [(k,) for k in range(n_folds)]
    return single + (list(combinations(range(n_folds), 2)) if nested else [])


def fold_weights(sample: Sample, fold: Integers) -> Floats:
    """Weight of the rows of each fold."""
    return np.bincount(fold[fold >= 0], sample.weight[fold >= 0]).astype(float)
