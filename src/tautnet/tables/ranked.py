"""Predictors as rows of sorted numbers, some at a time, for what each of them says by itself."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.cells import distinct_texts
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.sample import Sample

__all__ = ["Ranked", "rank", "ranked_predictors"]

# A block has a dozen arrays of so many numbers.
AT_ONCE = 1_000_000


class Ranked(NamedTuple):
    """Some predictors, each a row of numbers that stand in order, missing ones last.

    Attributes
    ----------
    positions : int array (n,)
        Which predictors these are, by position in `TableEncoder.predictors`.
    values : array (n, n_rows)
        Each predictor's cells in increasing order. A category is numbered by its levels.
    order : int array (n, n_rows)
        The row of the table in which each of these cells stands.
    starts : bool array (n, n_rows)
        Where a value is not that before it. Missing cells are one value.
    """

    positions: Integers
    values: Floats
    order: Integers
    starts: Booleans

    @property
    def n_levels(self) -> Integers:
        """Number of distinct values of each predictor, missing being one."""
        return self.starts.sum(axis=1)

    @property
    def levels(self) -> Integers:
        """The number of each sorted cell's value: 0, 1, ... in the order of the values."""
        return np.cumsum(self.starts, axis=1) - 1

    @property
    def places(self) -> Integers:
        """The first and the last place of each sorted cell's value, added: twice its rank from 0.

        Equal cells share it, missing cells being one value.
        """
        n_rows = self.values.shape[1]
        places = np.broadcast_to(np.arange(n_rows), self.values.shape)
        first = np.maximum.accumulate(np.where(self.starts, places, 0), axis=1)
        is_last = np.ones_like(self.starts)
        is_last[:, :-1] = self.starts[:, 1:]
        backwards = np.where(is_last, places, n_rows)[:, ::-1]
        last = np.minimum.accumulate(backwards, axis=1)[:, ::-1]
        return first + last

    def in_ranks(self) -> "Ranked":
        """Return the same predictors with twice the rank of each cell in the place of it."""
        return self._replace(values=np.where(np.isnan(self.values), np.nan, self.places))

    def of(self, chosen: Booleans | Integers) -> "Ranked":
        """Return some of the predictors."""
        return Ranked(
            self.positions[chosen], self.values[chosen], self.order[chosen], self.starts[chosen]
        )


def rank(values: Floats, positions: Integers | None = None) -> Ranked:
    """Sort the cells of some predictors, each a row.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.ranked import rank
    >>> ranked = rank(np.array([[3.0, 1.0, np.nan, 1.0]]))
    >>> ranked.order.tolist(), ranked.levels.tolist(), ranked.n_levels.tolist()
    ([[1, 3, 0, 2]], [[0, 0, 1, 2]], [3])
    """
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    starts = np.ones(ordered.shape, dtype=bool)
    missing = np.isnan(ordered)
    both_missing = missing[:, 1:] & missing[:, :-1]
    starts[:, 1:] = (ordered[:, 1:] != ordered[:, :-1]) & ~both_missing
    if positions is None:
        positions = np.arange(len(values))
    return Ranked(positions, ordered, order, starts)


def ranked_predictors(
    frame: pd.DataFrame, sample: Sample, encoder: TableEncoder
) -> Iterator[Ranked]:
    """Yield all predictors of a table, sorted, so many at a time.

    Parameters
    ----------
    frame : pandas.DataFrame
        The predictors as they were before encoding.
    sample : Sample
    encoder : TableEncoder
    """
    first = np.searchsorted(encoder.column_predictor, np.arange(len(encoder.recipes)))
    n_columns = np.bincount(encoder.column_predictor)
    size = max(AT_ONCE // max(len(frame), 1), 1)
    for start in range(0, len(encoder.recipes), size):
        positions = np.arange(start, min(start + size, len(encoder.recipes)))
        values = np.array(sample.X[:, first[positions]].T, dtype=np.float64, order="C")
        for row, position in enumerate(positions):
            recipe = encoder.recipes[position]
            # One column tells two levels apart, but not those that are pooled as rare.
            if "levels" in recipe and (recipe["rare"] or n_columns[position] > 1):
                codes = distinct_texts(frame[recipe["predictor"]])[0]
                values[row] = np.where(codes < 0, np.nan, codes)
        yield rank(values, positions)
