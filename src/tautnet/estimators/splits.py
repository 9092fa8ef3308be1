"""The folds that ``cv`` stands for."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from tautnet.tables.arrays import Integers
from tautnet.tables.sample import Sample
from tautnet.tables.target import Target
from tautnet.validation.folds import split_rows, tolerant_folds


def folds_of(
    cv: Any, sample: Sample, target: Target, seed: int, needing: Sequence[str]
) -> list[Integers]:
    """The fold of each row, or the splits that the user gave, for `cross_validate`.

    Parameters
    ----------
    cv : int, splitter, iterable or None
    sample : Sample
    target : Target
    seed : int
    needing : sequence of str
        Arguments, as typed, that choose on some splits for another.

    Raises
    ------
    ValueError
        Where there is one split, and an option needs others.
    """
    if cv is None or isinstance(cv, Integral):
        n_folds = 5 if cv is None else int(cv)
        return [tolerant_folds(target, sample.weight, n_folds, groups=sample.groups, seed=seed)]
    folds = split_rows(target, sample.weight, cv, groups=sample.groups)
    if needing and len(folds) == 1:
        raise ValueError(
            f"cv gives one split, and {needing[0]} needs others to choose for it: use 2 or more"
        )
    return folds
