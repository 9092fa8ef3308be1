"""The encoder turns a data frame into one matrix of numbers with named columns.

It knows the predictor that each column encodes. Only names, kinds and category levels are learned
here, from the whole table. Missing numbers stay NaN: what they are imputed with is learned inside
each fold, by `tautnet.tables.scaling`.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Cells, Floats, Integers
from tautnet.tables.cells import TableLike, as_frame, fits_float32
from tautnet.tables.errors import TableError
from tautnet.tables.names import lacking
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.recipes import (
    LevelCodes,
    Recipe,
    encode_predictor,
    learn,
    level_codes,
    names_of_columns,
)
from tautnet.tables.scaling import NUMBERS_AT_ONCE, rows_at_once
from tautnet.tables.spelling import Unseen, find_columns

__all__ = ["TableEncoder"]

# Rows that are encoded at once at least, whatever their width: each block looks all levels up.
LEAST_ROWS = 256
_PLAIN_TYPES = {np.dtype(np.float32), np.dtype(np.float64)}


class TableEncoder:
    """Turn the predictors of a table into columns of numbers.

    - Numbers stay as they are; one with missing cells gets an indicator column behind it.
    - Categories are one-hot encoded, with a level for missing cells if there are any, and one
      level, ``rare``, that collects the levels with fewer than ``max(5, 0.5 %)`` of the rows
      (fewer than 2 rows in tables of fewer than 100) where there are at least two such among
      three or more levels. What comes to two levels is one 0/1 column.
    - Dates become days since 1970-01-01: ISO dates, and those that have day, month and year in one
      order all down the column.
    - Left out: predictors that are constant, be it but for the rounding of their cells, those
      without a value, text that is different in nearly every row (names, ids), and the row
      numbers that a data frame's index leaves in a CSV file.

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
    notation : Notation
        How the cells of the file were written that the table came from; new files are read alike.

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

    recipes: list[Recipe]
    left_out: dict[str, str]
    doubtful: dict[str, str]
    predictors: list[str]
    kinds: dict[str, str]
    column_names: list[str]
    column_predictor: Integers
    n_features_in_: int
    feature_names_in_: Cells
    notation: Notation

    def fit(self, frame: TableLike) -> "TableEncoder":
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
        recipes: list[Recipe] = []
        left_out: dict[str, str] = {}
        doubtful: dict[str, str] = {}
        for name, series in frame.items():
            recipe, reason = learn(name, series)
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
    def restored(
        cls,
        recipes: list[Recipe],
        left_out: dict[str, str],
        names: Iterable[str],
        notation: Notation = PLAIN,
    ) -> "TableEncoder":
        """Return the encoder of a state that was kept.

        Parameters
        ----------
        recipes, left_out, notation
            As the attributes of the encoder.
        names : sequence of str
            All predictors that `fit` saw.

        Returns
        -------
        TableEncoder

        Examples
        --------
        >>> import pandas as pd
        >>> from tautnet.tables.encoder import TableEncoder
        >>> encoder = TableEncoder().fit(pd.DataFrame({"age": [22.0, None, 41.0]}))
        >>> TableEncoder.restored(encoder.recipes, {}, ["age"]).column_names
        ['age', 'age is missing']
        """
        return cls()._take(recipes, left_out, names, notation=notation)

    def _take(
        self,
        recipes: list[Recipe],
        left_out: dict[str, str],
        names: Iterable[str],
        doubtful: Mapping[str, str] | None = None,
        notation: Notation = PLAIN,
    ) -> "TableEncoder":
        """Set all attributes from what was learned."""
        names = list(names)
        self.__dict__.pop("_known", None)
        self.recipes = recipes
        self.left_out = left_out
        self.doubtful = dict(doubtful or {})
        self.notation = notation
        self.predictors = [recipe["predictor"] for recipe in recipes]
        self.kinds = {recipe["predictor"]: recipe["kind"] for recipe in recipes}
        columns = [names_of_columns(recipe) for recipe in recipes]
        self.column_names = [name for group in columns for name in group]
        self.column_predictor = np.repeat(
            np.arange(len(columns)), [len(group) for group in columns]
        )
        self.n_features_in_ = len(names)
        self.feature_names_in_ = np.array(names, dtype=object)
        return self

    def without(self, reasons: dict[str, str]) -> "TableEncoder":
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
        left_out = self.left_out | reasons
        return TableEncoder.restored(recipes, left_out, self.feature_names_in_, self.notation)

    def transform(self, frame: TableLike, unseen: Unseen | None = None) -> Floats:
        """Encode rows; predictors are found by name, in any order, and other columns are ignored.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)
            A name that differs in outer spaces alone is found, too.
        unseen : Unseen, optional
            Filled with the cells whose level `fit` did not see, where there is no ``rare``.

        Returns
        -------
        array of shape (n_rows, n_columns)
            float32 where that holds every cell as it is, else float64. Missing numbers are NaN.
            A level that `fit` did not see is ``rare`` where there is such a level, else 0 in
            every column, as is a missing category where `fit` saw none. An array of floats that
            is its own encoding is not copied.
        """
        frame = self._named(as_frame(frame))
        own = self._as_it_is(frame)
        matrix = self._empty(frame) if own is None else own
        size = max(NUMBERS_AT_ONCE // max(matrix.shape[1], 1), LEAST_ROWS)
        for start in range(0, len(frame), size):
            columns = self._columns(frame.iloc[start : start + size], unseen)
            # What stays as it is has been looked through for infinite cells all the same.
            if own is None:
                matrix[start : start + size] = np.array(columns, dtype=matrix.dtype).T
        return matrix

    def parts(self, frame: TableLike, unseen: Unseen | None = None) -> Iterator[Floats]:
        """Yield what `transform` returns of new rows, some at a time.

        Categories of many levels take much more space encoded than as a table.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)
        unseen : Unseen, optional
            Filled with the levels that `fit` did not see; else one `UserWarning` counts them.
        """
        frame = as_frame(frame)
        found = Unseen() if unseen is None else unseen
        rows = rows_at_once(len(self.column_names))
        for start in range(0, max(len(frame), 1), rows):
            yield self.transform(frame.iloc[start : start + rows], found)
        if unseen is None:
            found.warn()

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table whose predictors have the names that `fit` saw."""
        if all(name in frame.columns for name in self.predictors):
            return frame
        position, absent = find_columns(self.predictors, list(frame.columns))
        if absent:
            what = f"the table lacks {len(absent)} of the model's predictors"
            raise TableError(lacking(what, absent, frame.columns))
        return frame.iloc[:, position].set_axis(self.predictors, axis=1)

    def stored(self, frame: pd.DataFrame) -> list[Any]:
        """Return the type that the numbers of each column were stored in.

        Of columns that are 0 and 1, and of dates, it is that of whole numbers: they are exact.
        """
        types: list[Any] = [np.dtype(np.int64)] * len(self.column_names)
        first = np.searchsorted(self.column_predictor, np.arange(len(self.recipes)))
        for recipe, column in zip(self.recipes, first, strict=True):
            if recipe["kind"] == "number" and recipe["value"]:
                types[column] = frame[recipe["predictor"]].dtype
        return types

    def _empty(self, frame: pd.DataFrame) -> Floats:
        """Return a matrix to be filled, in the smaller type that holds every cell as it is."""
        small = all(
            "levels" in recipe or fits_float32(frame[recipe["predictor"]])
            for recipe in self.recipes
        )
        dtype = np.float32 if small else np.float64
        return np.empty((len(frame), len(self.column_names)), dtype)

    @cached_property
    def _known(self) -> list[LevelCodes | None]:
        """How the levels of each predictor are encoded, None where it has none."""
        return [level_codes(recipe) if "levels" in recipe else None for recipe in self.recipes]

    def _columns(self, block: pd.DataFrame, unseen: Unseen | None) -> list[Floats | Booleans]:
        """Return the encoded columns of some rows."""
        columns = []
        for recipe, known in zip(self.recipes, self._known, strict=True):
            columns += encode_predictor(recipe, known, block[recipe["predictor"]], unseen)
        return columns

    def _as_it_is(self, frame: pd.DataFrame) -> Floats | None:
        """Return the memory of a frame that is its own encoding, else None.

        Such a frame was made of an array, and its cells stand row by row.
        """
        is_plain = all(recipe.get("value") and not recipe["indicator"] for recipe in self.recipes)
        if not is_plain or self.column_names != list(frame.columns):
            return None
        types = set(frame.dtypes)
        if len(types) > 1 or not types <= _PLAIN_TYPES:
            return None
        # In a frame of columns the cells of each stand together, and an array of them would be a
        # copy.
        own = frame.iloc[:, 0].to_numpy()
        if own.strides[0] != frame.shape[1] * own.itemsize:
            return None
        matrix = frame.to_numpy()
        return matrix if matrix.flags.c_contiguous and matrix.flags.aligned else None
