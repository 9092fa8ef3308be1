"""From a data frame to one matrix of numbers, with the name of each column and the predictor it
encodes.

Only names, kinds and category levels are learned here, from the whole table. Missing numbers
stay NaN: what they are imputed with is learned inside each fold, by `tautnet.tables.scaling`.
"""

import math
import re
from typing import NamedTuple

import numpy as np

from tautnet.tables.cells import (
    as_frame,
    as_numbers,
    column_kind,
    distinct_texts,
    fits_float32,
    text_of,
)
from tautnet.tables.errors import TableError
from tautnet.tables.scaling import NUMBERS_AT_ONCE

__all__ = ["LevelCodes", "TableEncoder", "level_codes"]

# Fewer rows may hold 1, 2, 3, ... by chance; rows without a target leave gaps in their numbers.
LEAST_NUMBERED, GAPS = 20, 1.1
_NAME_OF_NUMBERS = re.compile(r"(.*[\W_])?(?i:id|index)|.*[a-z](Id|ID|Index)", re.DOTALL)


class TableEncoder:
    """Turn the predictors of a table into columns of numbers.

    - Numbers stay as they are; one with missing cells gets an indicator column behind it.
    - Categories are one-hot encoded, with a level for missing cells if there are any, and one
      level, ``rare``, that collects the levels with fewer than ``max(5, 0.5 %)`` of the rows
      (fewer than 2 rows in tables of fewer than 100) where there are at least two such among
      three or more levels. What comes to two levels is one 0/1 column.
    - ISO dates become days since 1970-01-01.
    - Left out: constant predictors, those without a value, text that is different in nearly
      every row (names, ids), and the row numbers that a data frame's index leaves in a CSV file.

    Attributes
    ----------
    predictors : list of str
        The predictors that are encoded.
    column_names : list of str
        Name of each column, such as ``"age"``, ``"age is missing"``, ``"sex=male"``,
        ``"cabin=rare"``.
    column_predictor : array of int
        For each column the position in `predictors` of the predictor it encodes.
    kinds : dict
        ``"number"``, ``"boolean"``, ``"category"`` or ``"date"`` for each of `predictors`.
    left_out : dict
        The other predictors, each with the reason.
    doubtful : dict
        Those of `predictors` that `fit` found to number the rows, each with what it found; they
        are encoded all the same, and what is restored from a file has none.
    recipes : list of dict
        How each of `predictors` is encoded, in plain strings, lists and truth values: the whole
        state.
    n_features_in_, feature_names_in_ : int, array of str
        The predictors that `fit` saw.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.encoder import TableEncoder
    >>> frame = pd.DataFrame({"age": [22.0, None, 41.0], "sex": ["male", "female", "male"],
    ...     "era": 2})
    >>> encoder = TableEncoder().fit(frame)
    >>> encoder.column_names, encoder.left_out
    (['age', 'age is missing', 'sex=male'], {'era': 'is constant (2)'})
    >>> encoder.transform(frame)
    array([[22.,  0.,  1.],
           [nan,  1.,  0.],
           [41.,  0.,  1.]])
    """

    def fit(self, frame) -> "TableEncoder":
        """Learn names, kinds and category levels.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)

        Returns
        -------
        TableEncoder
            The encoder itself.
        """
        frame = as_frame(frame)
        if frame.empty:
            shape = f"{frame.shape[0]} rows and {frame.shape[1]} predictors"
            raise TableError(f"nothing to encode in a table of {shape}")
        recipes, left_out, doubtful = [], {}, {}
        for name, series in frame.items():
            recipe, reason = _learn(name, series)
            if recipe is None:
                left_out[name] = reason
                continue
            recipes.append(recipe)
            if reason:
                doubtful[name] = reason
        if not recipes:
            shown = "; ".join(f"{name!r} {reason}" for name, reason in list(left_out.items())[:5])
            raise TableError(f"all predictors are constant or missing, or were left out: {shown}")
        return self._take(recipes, left_out, frame.columns, doubtful)

    @classmethod
    def restored(cls, recipes, left_out, names) -> "TableEncoder":
        """The encoder of a state that was kept: `recipes`, `left_out` and the names of all
        predictors.

        Examples
        --------
        >>> import pandas as pd
        >>> from tautnet.tables.encoder import TableEncoder
        >>> encoder = TableEncoder().fit(pd.DataFrame({"age": [22.0, None, 41.0]}))
        >>> TableEncoder.restored(encoder.recipes, {}, ["age"]).column_names
        ['age', 'age is missing']
        """
        return cls()._take(recipes, left_out, names)

    def _take(self, recipes, left_out, names, doubtful=()) -> "TableEncoder":
        self.recipes = recipes
        self.left_out = left_out
        self.doubtful = dict(doubtful)
        self.predictors = [recipe["predictor"] for recipe in recipes]
        self.kinds = {recipe["predictor"]: recipe["kind"] for recipe in recipes}
        columns = [_names_of_columns(recipe) for recipe in recipes]
        self.column_names = [name for group in columns for name in group]
        self.column_predictor = np.repeat(
            np.arange(len(columns)), [len(group) for group in columns]
        )
        self.n_features_in_ = len(names)
        self.feature_names_in_ = np.array(names, dtype=object)
        return self

    def without(self, reasons) -> "TableEncoder":
        """Return an encoder of fewer predictors: rows need not have the others any more.

        Parameters
        ----------
        reasons : dict
            Why each predictor that is not encoded any more is left out, by its name.

        Returns
        -------
        TableEncoder
            A new one; ``n_features_in_`` and ``feature_names_in_`` stay those that `fit` saw.

        Examples
        --------
        >>> import pandas as pd
        >>> from tautnet.tables.encoder import TableEncoder
        >>> encoder = TableEncoder().fit(pd.DataFrame({"a": [1, 2], "b": [0, 3]}))
        >>> encoder.without({"a": "its weights are 0"}).transform(pd.DataFrame({"b": [5]}))
        array([[5.]])
        """
        recipes = [recipe for recipe in self.recipes if recipe["predictor"] not in reasons]
        return TableEncoder.restored(recipes, self.left_out | reasons, self.feature_names_in_)

    def transform(self, frame) -> np.ndarray:
        """Encode rows; predictors are found by name, in any order, and other columns are
        ignored.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)

        Returns
        -------
        array of shape (n_rows, n_columns)
            float32 where that holds every cell as it is, else float64. Missing numbers are NaN.
            A level that `fit` did not see is ``rare`` where there is such a level, else 0 in
            every column, as is a missing category where `fit` saw none. An array of floats that
            is its own encoding is not copied.
        """
        frame = as_frame(frame)
        absent = [name for name in self.predictors if name not in frame.columns]
        if absent:
            shown = ", ".join(map(repr, absent[:10])) + (", ..." if len(absent) > 10 else "")
            raise TableError(f"the table lacks {len(absent)} of the model's predictors: {shown}")
        own = self._as_it_is(frame)
        small = all(
            "levels" in recipe or fits_float32(frame[recipe["predictor"]])
            for recipe in self.recipes
        )
        dtype = np.float32 if small else np.float64
        matrix = np.empty((len(frame), len(self.column_names)), dtype) if own is None else own
        size = max(NUMBERS_AT_ONCE // max(matrix.shape[1], 1), 1)
        for start in range(0, len(frame), size):
            block = frame.iloc[start : start + size]
            columns = [
                column
                for recipe in self.recipes
                for column in _encode(recipe, block[recipe["predictor"]])
            ]
            # What stays as it is has been looked through for infinite cells all the same.
            if own is None:
                matrix[start : start + size] = np.array(columns, dtype=dtype).T
        return matrix

    def _as_it_is(self, frame) -> np.ndarray | None:
        """Return the memory of a frame that is its own encoding, row by row, as a frame of an
        array
        is; else None.
        """
        is_plain = all(recipe.get("value") and not recipe["indicator"] for recipe in self.recipes)
        if not is_plain or self.column_names != list(frame.columns):
            return None
        if len(types := set(frame.dtypes)) > 1 or not types <= {
            np.dtype(np.float32),
            np.dtype(np.float64),
        }:
            return None
        # In a frame of columns the cells of each stand together, and an array of them would be a
        # copy.
        own = frame.iloc[:, 0].to_numpy()
        if own.strides[0] != frame.shape[1] * own.itemsize:
            return None
        matrix = frame.to_numpy()
        return matrix if matrix.flags.c_contiguous and matrix.flags.aligned else None


def _learn(name, series) -> tuple[dict | None, str]:
    """Return the recipe of one predictor and what speaks against it, or None and the reason why
    it
    is left out.
    """
    kind = column_kind(series)
    if kind in ("category", "boolean"):
        return _learn_levels(name, series, kind)
    if kind == "none":
        return None, "has no value"
    values = as_numbers(name, series, kind)
    missing = np.isnan(values)
    if missing.all():
        return None, "has no value"
    present = values[~missing]
    constant = present.min() == present.max()
    if constant and not missing.any():
        return None, f"is constant ({text_of(series.iloc[0])})"
    # Increasing, but not always by 1: rows without a target were left out before.
    if name.startswith("Unnamed: ") and (np.diff(present) > 0).all() and (present % 1 == 0).all():
        return None, "counts the rows"
    # A number that never varies says nothing beyond whether it is there.
    return {
        "predictor": name,
        "kind": kind,
        "value": not constant,
        "indicator": bool(missing.any()),
    }, ("numbers the rows" if kind == "number" and _numbers_rows(name, present) else "")


def _numbers_rows(name, values) -> bool:
    """Whether all numbers are different whole ones, and run in steps of one or are called an id."""
    if len(values) < LEAST_NUMBERED or (values % 1 != 0).any():
        return False
    in_steps = values.max() - values.min() < GAPS * len(values)
    return (in_steps or bool(_NAME_OF_NUMBERS.fullmatch(name))) and len(np.unique(values)) == len(
        values
    )


def _learn_levels(name, series, kind) -> tuple[dict | None, str]:
    codes, levels = distinct_texts(series)
    n_rows, n_missing = len(codes), int((codes < 0).sum())
    n_present = n_rows - n_missing
    if not n_present:
        return None, "has no value"
    if len(levels) == 1 and not n_missing:
        return None, f"is constant ({levels[0]})"
    if n_present >= 20 and len(levels) >= 0.9 * n_present:
        return (
            None,
            f"is text that differs in nearly every row ({len(levels)} values in {n_present} cells)",
        )
    threshold = 2 if n_rows < 100 else max(5, 0.005 * n_rows)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    common = [level for level, count in zip(levels, counts, strict=True) if count >= threshold]
    # One rare level alone gains nothing from a new name and would lose its own; of two levels,
    # both stay.
    rare = len(levels) > 2 and len(levels) - len(common) >= 2
    kept = common if rare else levels
    if rare and not kept and not n_missing:
        return None, f"has no value that {math.ceil(threshold)} rows share"
    return {
        "predictor": name,
        "kind": kind,
        "levels": kept,
        "rare": rare,
        "missing": n_missing > 0,
    }, ""


def _level_names(recipe) -> list:
    """Return the names of the levels in the order of their columns; ours give way to the table's
    own.
    """
    names = list(recipe["levels"])
    for extra in ("rare", "missing"):
        if recipe[extra]:
            names.append(extra if extra not in recipe["levels"] else f"({extra})")
    return names


def _names_of_columns(recipe) -> list:
    predictor = recipe["predictor"]
    if "levels" in recipe:
        names = [f"{predictor}={level}" for level in _level_names(recipe)]
        return names if len(names) > 2 else names[1:]
    return [predictor] * recipe["value"] + [f"{predictor} is missing"] * recipe["indicator"]


class LevelCodes(NamedTuple):
    """Which of a category's columns is 1 for which cell.

    Attributes
    ----------
    codes : dict
        Level -> code.
    unseen, missing : int
        Codes of a level that `TableEncoder.fit` did not see, and of a missing cell.
    columns : list of int
        For each column the code at which it is 1; at all other codes it is 0.
    """

    codes: dict
    unseen: int
    missing: int
    columns: list


def level_codes(recipe) -> LevelCodes:
    """Return how a category or truth value is encoded.

    Parameters
    ----------
    recipe : dict
        One of `TableEncoder.recipes`.

    Examples
    --------
    >>> from tautnet.tables.encoder import level_codes
    >>> level_codes({"predictor": "sex", "levels": ["female", "male"], "rare": False,
    ...     "missing": False})
    LevelCodes(codes={'female': 0, 'male': 1}, unseen=2, missing=2, columns=[1])
    """
    levels = recipe["levels"]
    n_levels = len(levels) + recipe["rare"] + recipe["missing"]
    return LevelCodes(
        codes={level: index for index, level in enumerate(levels)},
        unseen=len(levels) if recipe["rare"] else n_levels,
        missing=n_levels - 1 if recipe["missing"] else n_levels,
        columns=list(range(n_levels))[n_levels == 2 :],
    )


def _encode(recipe, series) -> list:
    """Return the columns of one predictor."""
    if "levels" not in recipe:
        values = as_numbers(recipe["predictor"], series, recipe["kind"])
        return [values] * recipe["value"] + [np.isnan(values)] * recipe["indicator"]
    known = level_codes(recipe)
    cells, texts = distinct_texts(series)
    codes = np.array([known.codes.get(text, known.unseen) for text in texts] + [known.missing])[
        cells
    ]
    return [codes == code for code in known.columns]
