"""The encoder turns a data frame into one matrix of numbers with named columns.

It knows the predictor that each column encodes. Only names, kinds and category levels are learned
here, from the whole table. Missing numbers stay NaN: what they are imputed with is learned inside
each fold, by `tautnet.tables.scaling`.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats, Integers
from tautnet.tables.cells import TableLike, as_frame, fits_float32, has_names, has_text_names
from tautnet.tables.errors import TableError
from tautnet.tables.number_columns import NumberColumns, are_plain
from tautnet.tables.recipes import Recipe, encode_predictor, learn, names_of_columns
from tautnet.tables.scaling import NUMBERS_AT_ONCE
from tautnet.tables.sparse import Sparse, is_sparse

__all__ = ["TableEncoder"]

_PLAIN_TYPES = {np.dtype(np.float32), np.dtype(np.float64)}
# Columns of the fit, in its order, or a frame in which they are found by their names.
Columns: TypeAlias = pd.DataFrame | Cells | Sparse


class TableEncoder:
    """Turn the predictors of a table into columns of numbers.

    - Numbers stay as they are; one with missing cells gets an indicator column behind it.
    - Categories are one-hot encoded, with a level for missing cells if there are any, and one
      level, ``rare``, that collects the levels with fewer than ``max(5, 0.5 %)`` of the rows
      (fewer than 2 rows in tables of fewer than 100) where there are at least two such among
      three or more levels. What comes to two levels is one 0/1 column.
    - Dates become days since 1970-01-01: ISO dates, and those that have day, month and year in one
      order all down the column.
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

    recipes: list[Recipe]
    left_out: dict[str, str]
    doubtful: dict[str, str]
    predictors: list[str]
    kinds: dict[str, str]
    column_names: list[str]
    column_predictor: Integers
    n_features_in_: int
    feature_names_in_: Cells

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
        cls, recipes: list[Recipe], left_out: dict[str, str], names: Iterable[str]
    ) -> "TableEncoder":
        """Return the encoder of a state that was kept.

        Parameters
        ----------
        recipes, left_out
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
        return cls()._take(recipes, left_out, names)

    def _take(
        self,
        recipes: list[Recipe],
        left_out: dict[str, str],
        names: Iterable[str],
        doubtful: Mapping[str, str] | None = None,
    ) -> "TableEncoder":
        """Set all attributes from what was learned."""
        names = list(names)
        self.recipes = recipes
        self.left_out = left_out
        self.doubtful = dict(doubtful or {})
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
        return TableEncoder.restored(recipes, self.left_out | reasons, self.feature_names_in_)

    def transform(self, frame: TableLike, *, named: bool = True) -> Floats:
        """Encode rows.

        Predictors are found by name, in any order, and other columns are ignored. An array has no
        names: its columns are those of the fit, in their order.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)
        named : bool
            Whether the table of the fit had names. Where it had none, or ``frame`` has none that
            are texts, a frame of as many columns is taken as an array is, unless it has all names.

        Returns
        -------
        array of shape (n_rows, n_columns)
            float32 where that holds every cell as it is, else float64. Missing numbers are NaN.
            A level that `fit` did not see is ``rare`` where there is such a level, else 0 in
            every column, as is a missing category where `fit` saw none. An array of floats that
            is its own encoding is not copied.
        """
        rows = self._rows(frame, named)
        own = self._as_it_is(rows)
        numbers, places = self._plain_numbers(rows)
        alone = set(numbers.names)
        matrix = self._empty(rows, alone, places) if own is None else own
        size = max(NUMBERS_AT_ONCE // max(matrix.shape[1], 1), 1)
        for start in range(0, rows.shape[0], size):
            cells = _cells(rows, places, start, start + size)
            # What stays as it is is looked through for infinite cells all the same.
            if own is not None:
                numbers.check(cells)
                continue
            out = matrix[start : start + size]
            numbers.encode(cells, out)
            if isinstance(rows, pd.DataFrame) and len(alone) < len(self.recipes):
                self._encode_others(rows.iloc[start : start + size], alone, out)
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
        return frame.shape[1] == self.n_features_in_ and bool(self._absent(frame))

    def _absent(self, frame: pd.DataFrame) -> list[str]:
        """Return the predictors that a frame lacks."""
        known = set(frame.columns)
        return [name for name in self.predictors if name not in known]

    def _rows(self, X: TableLike, named: bool) -> Columns:
        """Return a table whose columns are those of the fit, or are found by their names."""
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

    def _named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a frame with all predictors under their names."""
        absent = self._absent(frame)
        if absent:
            shown = ", ".join(map(repr, absent[:10])) + (", ..." if len(absent) > 10 else "")
            raise TableError(f"the table lacks {len(absent)} of the model's predictors: {shown}")
        return frame

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
        return np.empty((rows.shape[0], len(self.column_names)), dtype)

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

    def _encode_others(self, block: pd.DataFrame, alone: set[str], out: Floats) -> None:
        """Write the columns of all predictors but those that were encoded at once."""
        start = 0
        for recipe in self.recipes:
            name = recipe["predictor"]
            width = len(names_of_columns(recipe))
            if name not in alone:
                for j, column in enumerate(encode_predictor(recipe, block[name])):
                    out[:, start + j] = column
            start += width

    def _as_it_is(self, rows: Columns) -> Floats | None:
        """Return the memory of a table that is its own encoding, else None.

        A frame is one where it was made of an array, and its cells stand row by row.
        """
        is_plain = all(recipe.get("value") and not recipe["indicator"] for recipe in self.recipes)
        if not is_plain or is_sparse(rows) or self.column_names != list(self._position):
            return None
        if isinstance(rows, pd.DataFrame):
            return _memory_of(rows) if self.is_of_fit(rows) else None
        return rows if _is_row_by_row(rows) else None


def _memory_of(frame: pd.DataFrame) -> Floats | None:
    """Return the array of floats that a frame was made of, None where there is none."""
    types = set(frame.dtypes)
    if len(types) > 1 or not types <= _PLAIN_TYPES:
        return None
    # In a frame of columns the cells of each stand together, and an array of them would be a copy.
    own = frame.iloc[:, 0].to_numpy()
    if own.strides[0] != frame.shape[1] * own.itemsize:
        return None
    matrix = frame.to_numpy()
    return matrix if _is_row_by_row(matrix) else None


def _is_row_by_row(array: Cells) -> bool:
    """Tell whether floats stand row by row in memory."""
    return array.dtype in _PLAIN_TYPES and array.flags.c_contiguous and array.flags.aligned


@lru_cache(maxsize=16)
def _index_of(names: tuple[str, ...]) -> pd.Index:
    """Return names as pandas compares them at once; making the index takes longer than that."""
    return pd.Index(names)


def _cells(rows: Columns, places: slice | list[int], start: int, stop: int) -> Cells:
    """Return some cells of a table as an array: some of its rows, in some of its columns."""
    if isinstance(rows, pd.DataFrame):
        return rows.iloc[start:stop, places].to_numpy()
    block: Any = rows[start:stop]
    return (block.toarray() if is_sparse(block) else block)[:, places]
