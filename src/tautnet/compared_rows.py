"""The rows of a comparison: encoded, in folds, and what is odd about them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tautnet.estimators.inputs import check_groups
from tautnet.objective.losses import Loss
from tautnet.objective.tasks import loss_for
from tautnet.tables.arrays import Integers
from tautnet.tables.belonging import belonging_together
from tautnet.tables.cells import as_frame
from tautnet.tables.copies import copy_codes
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.sample import Sample, encode, notes
from tautnet.tables.soundness import Finding, findings
from tautnet.tables.target import Target
from tautnet.validation.folds import fold_rows, partition_rows

IN_ORDER = "--ordered"


class Drawn(NamedTuple):
    """How folds are drawn.

    Attributes
    ----------
    cv : int, splitter or iterable
    repeats : int
    ordered : bool
    seed : int
        That of the first repeat.
    """

    cv: Any
    repeats: int
    ordered: bool
    seed: int


@dataclass(frozen=True)
class ComparedRows:
    """The rows of a comparison.

    Attributes
    ----------
    frame : DataFrame
    target : Target
    sample : Sample
        Its groups are those of the user and exact copies of rows.
    encoder : TableEncoder
    folds : list of int arrays (n_rows,)
        The test fold of each row, one array a repeat.
    findings : list of Finding
        What is odd about the table, but for what is being done about already.
    """

    frame: pd.DataFrame
    target: Target
    sample: Sample
    encoder: TableEncoder
    folds: list[Integers]
    findings: list[Finding]

    def tell(self, on_note: Callable[[str], None] | None) -> None:
        """Tell each decision about the table, and each finding, as a sentence."""
        if on_note is None:
            return
        for note in notes(self.target, self.encoder):
            on_note(note)
        for finding in self.findings:
            on_note(finding.text)

    def loss(self, name: str, delta: float, quantile: float, ties: str) -> Loss:
        """The loss of the task, after a check that it suits the target."""
        return loss_for(
            self.target.task,
            self.sample.y,
            self.sample.weight,
            loss=name,
            delta=delta,
            quantile=quantile,
            ties=ties,
        )

    def names_of(
        self, predictors: Sequence[int] | Integers, groups: Mapping[str, Any] | None
    ) -> list[str]:
        """Names of what is counted as predictors: the user's groups, or features."""
        names = [str(name) for name in groups or self.encoder.feature_names_in_]
        return [names[i] for i in predictors]


def take_rows(
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    groups: ArrayLike | None,
    task: str,
    drawn: Drawn,
) -> ComparedRows:
    """Encode rows, draw their folds, and look for what is odd about them.

    Raises
    ------
    TableError
        When the table, the target or the folds cannot be used.
    """
    target, sample, encoder = encode(X, y, sample_weight, task)
    sample = sample._replace(groups=check_groups(sample.X, groups))
    copies = None if drawn.ordered else _copies(target, sample, drawn.cv)
    folds = _folds(target, sample, copies, drawn)
    sample = sample._replace(groups=belonging_together(sample.groups, copies))
    frame = as_frame(X)
    found = [
        one
        for one in findings(frame, sample, encoder, target)
        if not (drawn.ordered and one.option == IN_ORDER)
    ]
    return ComparedRows(frame, target, sample, encoder, folds, found)


def _copies(target: Target, sample: Sample, cv: Any) -> Integers | None:
    """Which rows are exact copies of each other; None where folds need every row of a class."""
    copies = copy_codes(sample.X, sample.y, sample.weight, sample.column_predictor)
    if copies is None or target.labels is None or not isinstance(cv, Integral):
        return copies
    first = np.unique(copies, return_index=True)[1]
    return copies if np.bincount(target.labels[first]).min() >= cv else None


def _folds(target: Target, sample: Sample, copies: Integers | None, drawn: Drawn) -> list[Integers]:
    """The test fold of each row, once for each seed; of splits that are given, once.

    Exact copies of a row go where the first of them goes.
    """
    if not isinstance(drawn.cv, Integral):
        return [partition_rows(target, sample.weight, drawn.cv, groups=sample.groups)]
    first = own = np.arange(len(sample.y))
    groups = belonging_together(sample.groups, copies)
    if copies is not None and sample.groups is None:
        _, first, own = np.unique(copies, return_index=True, return_inverse=True)
        groups = None
    labels = None if target.labels is None else target.labels[first]
    distinct = replace(target, y=target.y[first], labels=labels)
    weight = np.asarray(np.bincount(own, sample.weight), float)
    seeds = [drawn.seed + repeat for repeat in range(drawn.repeats)]
    return [
        fold_rows(
            distinct,
            weight,
            int(drawn.cv),
            nested=True,
            groups=groups,
            ordered=drawn.ordered,
            seed=seed,
        )[own]
        for seed in seeds
    ]
