"""Predictors that are numbers are encoded all at once: a series each takes long for one row."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats, Integers
from tautnet.tables.cells import as_numbers
from tautnet.tables.recipes import Recipe, names_of_columns

__all__ = ["NumberColumns", "are_plain"]


def are_plain(frame: pd.DataFrame) -> list[bool]:
    """Tell which columns of a frame hold numbers of NumPy's types."""
    return [isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in frame.dtypes]


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
