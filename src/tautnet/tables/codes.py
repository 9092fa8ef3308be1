"""Predictors as one number each: categories as codes of all their levels, missing cells as NaN.

It is what models take that split a category's levels themselves, and need no columns of 0 and 1.
"""

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Floats
from tautnet.tables.cells import TableLike, as_frame, as_numbers, distinct_texts, text_of
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.recipes import Recipe

__all__ = ["ordinal_codes"]


def ordinal_codes(encoder: TableEncoder, frame: TableLike) -> tuple[Floats, Booleans]:
    """Return one number a predictor, and which predictors are categories.

    Parameters
    ----------
    encoder : TableEncoder
        A fitted one: its predictors and their kinds.
    frame : data frame or array of shape (n_rows, n_predictors)
        The whole table: codes of levels are positions among the levels that it holds.

    Returns
    -------
    codes : array (n_rows, n_predictors), float64
        Numbers as they are, dates as days since 1970-01-01, truth values as 0 and 1, categories as
        codes 0, 1, ... of all their levels, rare ones too; NaN where a cell is missing.
    is_category : bool array (n_predictors,)

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.encoder import TableEncoder
    >>> frame = pd.DataFrame({"age": [22.0, None, 41.0], "sex": ["male", "female", "male"]})
    >>> codes, is_category = ordinal_codes(TableEncoder().fit(frame), frame)
    >>> codes
    array([[22.,  1.],
           [nan,  0.],
           [41.,  1.]])
    >>> is_category
    array([False,  True])
    """
    frame = as_frame(frame)
    codes = np.empty((len(frame), len(encoder.recipes)))
    for j, recipe in enumerate(encoder.recipes):
        codes[:, j] = _column(recipe, frame[recipe["predictor"]])
    return codes, np.array([recipe["kind"] == "category" for recipe in encoder.recipes], bool)


def _column(recipe: Recipe, series: pd.Series) -> Floats:
    """Return one predictor as numbers."""
    if "levels" not in recipe:
        return as_numbers(recipe["predictor"], series, recipe["kind"], recipe.get("written", ""))
    cells, texts = distinct_texts(series)
    is_boolean = recipe["kind"] == "boolean"
    # A missing cell has position -1, which is the last.
    values = [float(text == text_of(True)) if is_boolean else i for i, text in enumerate(texts)]
    return np.array([*values, np.nan], dtype=float)[cells]
