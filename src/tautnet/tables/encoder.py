"""The encoder turns a data frame into one matrix of numbers with named columns.

It knows the predictor that each column encodes. Only names, kinds and category levels are learned
here, from the whole table. Missing numbers stay NaN: what they are imputed with is learned inside
each fold, by `tautnet.tables.scaling`.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats, Integers
from tautnet.tables.cells import TableLike, as_frame, fits_float32
from tautnet.tables.disk import empty_beside
from tautnet.tables.errors import TableError
from tautnet.tables.frames import has_names, has_text_names
from tautnet.tables.names import lacking
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.number_columns import (
    Columns,
    NumberColumns,
    are_plain,
    cells_of,
    is_row_by_row,
    memory_of,
)
from tautnet.tables.recipes import (
    LevelCodes,
    Recipe,
    encode_predictor,
    learn,
    level_codes,
    names_of_columns,
)
from tautnet.tables.scaling import NUMBERS_AT_ONCE
from tautnet.tables.sparse import is_sparse
from tautnet.tables.spelling import Unseen, find_columns

__all__ = ["TableEncoder"]

# Rows that are encoded at once at least, whatever their width: each block looks all levels up.
LEAST_ROWS = 256


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
        self._position = {name: i for i, name in enumerate(names)}
        self._numbers = NumberColumns.of(recipes)
        self._first = np.searchsorted(self.column_predictor, np.arange(len(recipes)))
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

    def transform(
        self, frame: TableLike, unseen: Unseen | None = None, *, named: bool = True
    ) -> Floats:
        """Encode rows.

        Predictors are found by name, in any order, and other columns are ignored. An array has no
        names: its columns are those of the fit, in their order.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)
            A name that differs in outer spaces alone is found, too.
        unseen : Unseen, optional
            Filled with the cells whose level `fit` did not see, where there is no ``rare``.
        named : bool
            Whether the table of the fit had names. Where it had none, or ``frame`` has none that
            are texts, a frame of as many columns is taken as an array is, unless it has all names.

        Returns
        -------
        array of shape (n_rows, n_columns)
            float32 where that holds every cell as it is, else float64. Missing numbers are NaN.
            A level that `fit` did not see is ``rare`` where there is such a level, else 0 in
            every column, as is a missing category where `fit` saw none. An array of floats that
            is its own encoding is not copied. Where the table lies on disk, so does this.
        """
        rows = self.columns_of(frame, named=named)
        own = self._as_it_is(rows)
        numbers, places = self._plain_numbers(rows)
        alone = set(numbers.names)
        matrix = self._empty(rows, alone, places) if own is None else own
        size = max(NUMBERS_AT_ONCE // max(matrix.shape[1], 1), LEAST_ROWS)
        for start in range(0, rows.shape[0], size):
            cells = cells_of(rows, places, start, start + size)
            # What stays as it is is looked through for infinite cells all the same.
            if own is not None:
                numbers.check(cells)
                continue
            out = matrix[start : start + size]
            numbers.encode(cells, out)
            if isinstance(rows, pd.DataFrame) and len(alone) < len(self.recipes):
                self._encode_others(rows.iloc[start : start + size], alone, out, unseen)
        return matrix

    def is_of_fit(self, X: TableLike) -> bool:
        """Tell whether a table is a pandas data frame with the names of the fit, in its order."""
        return isinstance(X, pd.DataFrame) and X.columns.equals(_index_of(tuple(self._position)))

    def takes_positions(self, X: TableLike, *, named: bool) -> bool:
        """Tell whether the columns of a table are taken by their positions, as `transform` says."""
        if self.is_of_fit(X) or not has_names(X):
            return not has_names(X)
        if named and has_text_names(X):
            return False
        frame = as_frame(X)
        return frame.shape[1] == self.n_features_in_ and bool(self._found(frame)[1])

    def columns_of(self, X: TableLike, *, named: bool = True) -> Columns:
        """Return a table whose columns are those of the fit, or are found by their names.

        Parameters and errors are those of `transform`, which takes what is returned as it is.
        """
        if self.is_of_fit(X):
            return X
        if not self.takes_positions(X, named=named):
            return self._named(as_frame(X))
        if has_names(X) or not (is_sparse(X) or type(X) is np.ndarray):
            X = as_frame(X)
        if X.shape[1:] != (self.n_features_in_,):
            raise TableError(
                f"an array of {self.n_features_in_} columns is needed, as the model was fitted on,"
                f" not {X.shape}"
            )
        are_numbers = len(self._numbers.names) == len(self.recipes)
        if are_numbers and is_sparse(X):
            return X.tocsr()
        if are_numbers and type(X) is np.ndarray and X.dtype.kind in "iuf":
            return X
        return as_frame(X).set_axis(list(self._position), axis=1)

    def _found(self, frame: pd.DataFrame) -> tuple[list[int], list[str]]:
        """Return where the predictors stand in a frame, and which of them it lacks."""
        return find_columns(self.predictors, list(frame.columns))

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with all predictors under the names that `fit` saw."""
        known = set(frame.columns)
        if all(name in known for name in self.predictors):
            return frame
        position, absent = self._found(frame)
        if absent:
            what = f"the table lacks {len(absent)} of the model's predictors"
            raise TableError(lacking(what, absent, frame.columns))
        return frame.iloc[:, position].set_axis(self.predictors, axis=1)

    def stored(self, frame: pd.DataFrame) -> list[Any]:
        """Return the type that the numbers of each column were stored in.

        Of columns that are 0 and 1, and of dates, it is that of whole numbers: they are exact.
        """
        types: list[Any] = [np.dtype(np.int64)] * len(self.column_names)
        for recipe, column in zip(self.recipes, self._first, strict=True):
            if recipe["kind"] == "number" and recipe["value"]:
                types[column] = frame[recipe["predictor"]].dtype
        return types

    def _empty(self, rows: Columns, alone: set[str], places: slice | list[int]) -> Floats:
        """Return a matrix to be filled, in the smaller type that holds every cell as it is."""
        if isinstance(rows, pd.DataFrame):
            types = rows.dtypes.to_numpy()[places].tolist()
        else:
            types = [rows.dtype]
        small = np.result_type(np.float32, *set(types)) == np.float32
        small = small and all(
            "levels" in recipe or fits_float32(rows[recipe["predictor"]])
            for recipe in self.recipes
            if recipe["predictor"] not in alone
        )
        dtype = np.float32 if small else np.float64
        return empty_beside(rows, (rows.shape[0], len(self.column_names)), dtype)

    @cached_property
    def _known(self) -> list[LevelCodes | None]:
        """How the levels of each predictor are encoded, None where it has none."""
        return [level_codes(recipe) if "levels" in recipe else None for recipe in self.recipes]

    def _plain_numbers(self, rows: Columns) -> tuple[NumberColumns, slice | list[int]]:
        """Return the predictors that are numbers of NumPy's types, and their places in a table."""
        numbers = self._numbers
        position = self._position
        if isinstance(rows, pd.DataFrame):
            if not self.is_of_fit(rows):
                position = {name: i for i, name in enumerate(rows.columns)}
            plain = are_plain(rows)
            names = [name for name in numbers.names if plain[position[name]]]
            if len(names) < len(numbers.names):
                numbers = NumberColumns.of(self.recipes, frozenset(names))
        places = [position[name] for name in numbers.names]
        return numbers, slice(None) if places == list(range(rows.shape[1])) else places

    def _encode_others(
        self, block: pd.DataFrame, alone: set[str], out: Floats, unseen: Unseen | None
    ) -> None:
        """Write the columns of all predictors but those that were encoded at once."""
        for recipe, known, first in zip(self.recipes, self._known, self._first, strict=True):
            name = recipe["predictor"]
            if name not in alone:
                columns = encode_predictor(recipe, known, block[name], unseen)
                out[:, first : first + len(columns)] = np.array(columns, dtype=out.dtype).T

    def _as_it_is(self, rows: Columns) -> Floats | None:
        """Return the memory of a table that is its own encoding, else None.

        A frame is one where it was made of an array, and its cells stand row by row.
        """
        is_plain = all(recipe.get("value") and not recipe["indicator"] for recipe in self.recipes)
        if not is_plain or is_sparse(rows) or self.column_names != list(self._position):
            return None
        if isinstance(rows, pd.DataFrame):
            return memory_of(rows) if self.is_of_fit(rows) else None
        return rows if is_row_by_row(rows) else None


@lru_cache(maxsize=16)
def _index_of(names: tuple[str, ...]) -> pd.Index:
    """Return names as pandas compares them at once; making the index takes longer than that."""
    return pd.Index(names)
