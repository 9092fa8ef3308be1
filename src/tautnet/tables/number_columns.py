"""Predictors that are numbers are encoded all at once: a series each takes long for one row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats, Integers
from tautnet.tables.cells import as_numbers
from tautnet.tables.recipes import Recipe, names_of_columns
from tautnet.tables.sparse import Sparse, is_sparse

__all__ = ["Columns", "NumberColumns", "are_plain", "cells_of", "is_row_by_row", "memory_of"]

_PLAIN_TYPES = {np.dtype(np.float32), np.dtype(np.float64)}
# Columns of the fit, in its order, or a frame in which they are found by their names.
Columns: TypeAlias = pd.DataFrame | Cells | Sparse


def are_plain(frame: pd.DataFrame) -> list[bool]:
    """Tell which columns of a frame hold numbers of NumPy's types."""
    return [isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in frame.dtypes]


def memory_of(frame: pd.DataFrame) -> Floats | None:
    """Return the array of floats that a frame was made of, None where there is none."""
    types = set(frame.dtypes)
    if len(types) > 1 or not types <= _PLAIN_TYPES:
        return None
    # In a frame of columns the cells of each stand together, and an array of them would be a copy.
    own = frame.iloc[:, 0].to_numpy()
    if own.strides[0] != frame.shape[1] * own.itemsize:
        return None
    matrix = frame.to_numpy()
    return matrix if is_row_by_row(matrix) else None


def is_row_by_row(array: Cells) -> bool:
    """Tell whether floats stand row by row in memory."""
    return array.dtype in _PLAIN_TYPES and array.flags.c_contiguous and array.flags.aligned


def cells_of(rows: Columns, places: slice | list[int], start: int, stop: int) -> Cells:
    """Return some cells of a table as an array: some of its rows, in some of its columns."""
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[start:stop, places].to_numpy()
    block: Any = rows[start:stop]
    return (block.toarray() if is_sparse(block) else block)[:, places]


@dataclass(frozen=True, eq=False)
class NumberColumns:
    """Where the columns of some predictors, which are numbers, stand among all columns.

    Attributes
    ----------
    names : list of str
        The predictors.
    with_value, values : int arrays
        Which of the predictors have a column of their numbers, and where that stands.
    with_indicator, indicators : int arrays
        Which have a column that says where a number is missing, and where that stands.
    """

    names: list[str]
    with_value: Integers
    values: Integers
    with_indicator: Integers
    indicators: Integers

    @classmethod
    def of(cls, recipes: Sequence[Recipe], names: frozenset[str] | None = None) -> "NumberColumns":
        """Return those of predictors that are numbers: all of them, or those of some names.

        Examples
        --------
        >>> NumberColumns.of([{"predictor": "a", "kind": "number", "value": True,
        ...     "indicator": True}]).indicators.tolist()
        [1]
        """
        own: list[str] = []
        with_value: list[tuple[int, int]] = []
        with_indicator: list[tuple[int, int]] = []
        start = 0
        for recipe in recipes:
            width = len(names_of_columns(recipe))
            if recipe["kind"] == "number" and (names is None or recipe["predictor"] in names):
                if recipe["value"]:
                    with_value.append((len(own), start))
                if recipe["indicator"]:
                    with_indicator.append((len(own), start + width - 1))
                own.append(recipe["predictor"])
            start += width
        which, values = np.array(with_value, int).reshape(-1, 2).T
        missing, indicators = np.array(with_indicator, int).reshape(-1, 2).T
        return cls(own, which, values, missing, indicators)

    def encode(self, cells: Cells, out: Floats) -> None:
        """Write the columns of some rows.

        Parameters
        ----------
        cells : array (n_rows, n_predictors)
            One column a predictor.
        out : array (n_rows, n_columns)

        Raises
        ------
        TableError
            For infinite cells.
        """
        numbers = cells.astype(np.float64, copy=False)
        self.check(numbers)
        out[:, self.values] = numbers[:, self.with_value]
        if len(self.indicators):
            out[:, self.indicators] = np.isnan(numbers[:, self.with_indicator])

    def check(self, cells: Cells) -> None:
        """Raise for the first predictor that has infinite cells."""
        infinite = np.isinf(cells)
        if infinite.any():
            j = int(infinite.any(axis=0).argmax())
            as_numbers(self.names[j], pd.Series(cells[:, j]), "number")
