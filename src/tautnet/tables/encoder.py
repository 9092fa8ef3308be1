"""From a data frame to one matrix of numbers, with the name of each column and the predictor it encodes.

Only names, kinds and category levels are learned here, from the whole table. Missing numbers stay NaN:
what they are imputed with is learned inside each fold, by `tautnet.tables.scaling`.
"""

import datetime
import decimal
import math
import re

import numpy as np
import pandas as pd

from tautnet.tables.errors import TableError
from tautnet.tables.scaling import NUMBERS_AT_ONCE

__all__ = ["TableEncoder", "as_frame", "column_kind", "distinct_texts"]

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_EPOCH = datetime.datetime(1970, 1, 1)
_KINDS_OF_DTYPE = {"b": "boolean", "i": "number", "u": "number", "f": "number", "M": "date"}


class TableEncoder:
    """Turn the predictors of a table into columns of numbers.

    - Numbers stay as they are; one with missing cells gets an indicator column behind it.
    - Categories are one-hot encoded, with a level for missing cells if there are any, and one level,
      ``rare``, that collects the levels with fewer than ``max(5, 0.5 %)`` of the rows (fewer than 2 rows in
      tables of fewer than 100) where there are at least two such among three or more levels.
      What comes to two levels is one 0/1 column.
    - ISO dates become days since 1970-01-01.
    - Left out: constant predictors, those without a value, text that is different in nearly every row
      (names, ids), and the row numbers that a data frame's index leaves in a CSV file.

    Attributes
    ----------
    predictors : list of str
        The predictors that are encoded.
    column_names : list of str
        Name of each column, such as ``"age"``, ``"age is missing"``, ``"sex=male"``, ``"cabin=rare"``.
    column_predictor : array of int
        For each column the position in `predictors` of the predictor it encodes.
    kinds : dict
        ``"number"``, ``"boolean"``, ``"category"`` or ``"date"`` for each of `predictors`.
    left_out : dict
        The other predictors, each with the reason.
    recipes : list of dict
        How each of `predictors` is encoded, in plain strings, lists and truth values: the whole state.
    n_features_in_, feature_names_in_ : int, array of str
        The predictors that `fit` saw.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.encoder import TableEncoder
    >>> frame = pd.DataFrame({"age": [22.0, None, 41.0], "sex": ["male", "female", "male"], "era": 2})
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
        recipes, left_out = [], {}
        for name, series in frame.items():
            recipe, reason = _learn(name, series)
            if recipe is None:
                left_out[name] = reason
            else:
                recipes.append(recipe)
        if not recipes:
            shown = "; ".join(f"{name!r} {reason}" for name, reason in list(left_out.items())[:5])
            raise TableError(f"all predictors are constant or missing, or were left out: {shown}")
        self.recipes = recipes
        self.left_out = left_out
        self.predictors = [recipe["predictor"] for recipe in recipes]
        self.kinds = {recipe["predictor"]: recipe["kind"] for recipe in recipes}
        names = [_names_of_columns(recipe) for recipe in recipes]
        self.column_names = [name for group in names for name in group]
        self.column_predictor = np.repeat(np.arange(len(names)), [len(group) for group in names])
        self.n_features_in_ = frame.shape[1]
        self.feature_names_in_ = np.array(frame.columns, dtype=object)
        return self

    def transform(self, frame) -> np.ndarray:
        """Encode rows; predictors are found by name, in any order, and other columns are ignored.

        Parameters
        ----------
        frame : data frame or array of shape (n_rows, n_predictors)

        Returns
        -------
        array of shape (n_rows, n_columns)
            float32 where that holds every cell as it is, else float64. Missing numbers are NaN. A level
            that `fit` did not see is ``rare`` where there is such a level, else 0 in every column, as is a
            missing category where `fit` saw none.
        """
        frame = as_frame(frame)
        absent = [name for name in self.predictors if name not in frame.columns]
        if absent:
            shown = ", ".join(map(repr, absent[:10])) + (", ..." if len(absent) > 10 else "")
            raise TableError(f"the table lacks {len(absent)} of the model's predictors: {shown}")
        small = all("levels" in recipe or _fits_float32(frame[recipe["predictor"]]) for recipe in self.recipes)
        matrix = _aligned(len(frame), len(self.column_names), np.float32 if small else np.float64)
        size = max(NUMBERS_AT_ONCE // max(matrix.shape[1], 1), 1)
        for start in range(0, len(frame), size):
            block = frame.iloc[start : start + size]
            columns = [column for recipe in self.recipes for column in _encode(recipe, block[recipe["predictor"]])]
            matrix[start : start + size] = np.array(columns, dtype=matrix.dtype).T
        return matrix


def as_frame(X) -> pd.DataFrame:
    """Return a table as a pandas data frame whose column names are distinct strings.

    Parameters
    ----------
    X : data frame or array of shape (n_rows, n_columns)
        A pandas data frame, one of polars, pyarrow or another library that narwhals knows, or an array,
        whose columns are then called ``x0, x1, ...``.

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.encoder import as_frame
    >>> as_frame(np.eye(2)).columns.tolist()
    ['x0', 'x1']
    """
    if not isinstance(X, pd.DataFrame):
        X = _frame_of_other(X)
    names = [str(name) for name in X.columns]
    if len(set(names)) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        raise TableError(f"columns of the same name: {', '.join(map(repr, repeated[:10]))}; rename them")
    return X if names == list(X.columns) else X.set_axis(names, axis=1)


def _frame_of_other(X) -> pd.DataFrame:
    if hasattr(X, "columns") or hasattr(X, "column_names"):
        import narwhals

        table = narwhals.from_native(X, eager_only=True, pass_through=True)
        if table is not X:
            return pd.DataFrame({name: table[name].to_numpy() for name in table.columns})
    if hasattr(X, "toarray"):
        raise TableError("sparse matrices are not supported: pass X.toarray()")
    array = np.asarray(X)
    if array.ndim != 2:
        raise TableError(f"a table has rows and columns, this array has {array.ndim} dimensions: reshape it")
    frame = pd.DataFrame(array, columns=[f"x{j}" for j in range(array.shape[1])], copy=False)
    return frame.infer_objects() if array.dtype == object else frame


def column_kind(series) -> str:
    """Tell what a column holds: ``"number"``, ``"boolean"``, ``"date"``, ``"category"``, or ``"none"``.

    Parameters
    ----------
    series : pandas.Series
        Any column; one without a single value of a type that tells is ``"none"``.

    Raises
    ------
    TableError
        For time spans, complex numbers and nested objects, which have no place in a table of predictors.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.encoder import column_kind
    >>> column_kind(pd.Series(["2024-02-29", None])), column_kind(pd.Series(["00123", "94110"]))
    ('date', 'category')
    """
    if isinstance(series.dtype, pd.CategoricalDtype):
        return "category"
    code = _dtype_code(series)
    if code in _KINDS_OF_DTYPE:
        return _KINDS_OF_DTYPE[code]
    if isinstance(series.dtype, pd.StringDtype):
        texts = series.dropna().unique()
        if not len(texts):
            return "none"
        return "date" if all(_days(text) is not None for text in texts) else "category"
    if code != "O":
        what = f"column {series.name!r} has type {series.dtype}"
        raise TableError(f"{what}: turn it into numbers or text, or drop it")
    return _kind_of_objects(series)


def _dtype_code(series) -> str:
    """Return NumPy's letter for the type; Arrow's text, dates and the like are taken as Python objects."""
    code = getattr(series.dtype, "kind", "O")
    return "O" if isinstance(series.dtype, pd.ArrowDtype) and code not in "biuf" else code


def _kind_of_objects(series) -> str:
    values = series.dropna()
    types = {type(value) for value in values}
    if not types:
        return "none"
    if all(issubclass(one, (bool, np.bool_)) for one in types):
        return "boolean"
    if all(issubclass(one, (int, float, np.integer, np.floating, decimal.Decimal)) for one in types):
        return "number"
    known = (str, bool, int, float, decimal.Decimal, np.bool_, np.integer, np.floating, datetime.date)
    for one in types:
        if not issubclass(one, known):
            what = f"column {series.name!r} holds cells of type {one.__name__}"
            raise TableError(f"{what}: turn it into numbers or text, or drop it")
    if all(issubclass(one, (str, datetime.date)) for one in types):
        return "date" if all(_days(value) is not None for value in values.unique()) else "category"
    return "category"


def distinct_texts(series) -> tuple[np.ndarray, list]:
    """Return for each cell the position of its text in a list of distinct texts, -1 where it is missing.

    Whole numbers read ``3`` whether they are stored as 3, 3.0 or "3", so that a code is the same level in
    a file where its column also has missing cells and in one where it has none.

    Parameters
    ----------
    series : pandas.Series

    Returns
    -------
    tuple of an int array of shape (n_rows,) and a sorted list of str
    """
    codes, values = pd.factorize(series)
    texts = [_text(value) for value in values]
    levels = sorted(set(texts))
    position = {level: index for index, level in enumerate(levels)}
    lookup = np.array([position[text] for text in texts] + [-1])
    return lookup[codes], levels


def _text(value) -> str:
    if isinstance(value, (float, np.floating)) and value.is_integer():
        return str(int(value))
    return str(value)


def _days(value) -> float | None:
    """Return the days since 1970 of an ISO text or a date, None where the value is neither."""
    if isinstance(value, str):
        if not _ISO_DATE.fullmatch(value):
            return None
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime.date):
        return None
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return (value - _EPOCH) / datetime.timedelta(days=1)


def _numbers(name, series, kind) -> np.ndarray:
    """Return a number or date column as float64 with NaN for missing cells; infinite cells are an error."""
    code = _dtype_code(series)
    if kind == "date":
        return _days_of_column(name, series, code)
    if code in "biuf":
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    else:
        converted = pd.to_numeric(series.astype(object), errors="coerce")
        values = converted.to_numpy(dtype=np.float64, na_value=np.nan)
        _check_readable(name, series, values, "numbers")
    n_infinite = np.isinf(values).sum()
    if n_infinite:
        cells = "1 infinite cell" if n_infinite == 1 else f"{n_infinite} infinite cells"
        raise TableError(f"column {name!r} has {cells}: make them missing or finite")
    return values


def _days_of_column(name, series, code) -> np.ndarray:
    if code == "M":
        if getattr(series.dt, "tz", None) is not None:
            series = series.dt.tz_convert("UTC").dt.tz_localize(None)
        stamps = series.to_numpy(dtype="datetime64[us]")
        days = stamps.astype(np.int64) / 86_400e6
        return np.where(np.isnat(stamps), np.nan, days)
    codes, values = pd.factorize(series)
    known = [_days(value) for value in values]
    days = np.array([math.nan if day is None else day for day in known] + [math.nan])[codes]
    _check_readable(name, series, days, "ISO dates")
    return days


def _check_readable(name, series, values, what) -> None:
    """Raise where cells that are there turned out not to be numbers or dates, which `fit` said they are."""
    odd = series[np.isnan(values) & series.notna().to_numpy()]
    if len(odd):
        cell = odd.iloc[0]
        raise TableError(f"column {name!r} should hold {what}, but has {cell!r}: correct it or blank it out")


def _learn(name, series) -> tuple[dict | None, str]:
    """Return the recipe of one predictor, or None and the reason why it is left out."""
    kind = column_kind(series)
    if kind in ("category", "boolean"):
        return _learn_levels(name, series, kind)
    if kind == "none":
        return None, "has no value"
    values = _numbers(name, series, kind)
    missing = np.isnan(values)
    if missing.all():
        return None, "has no value"
    present = values[~missing]
    constant = present.min() == present.max()
    if constant and not missing.any():
        return None, f"is constant ({_text(series.iloc[0])})"
    # Increasing, but not always by 1: rows without a target were left out before.
    if name.startswith("Unnamed: ") and (np.diff(present) > 0).all() and (present % 1 == 0).all():
        return None, "counts the rows"
    # A number that never varies says nothing beyond whether it is there.
    return {"predictor": name, "kind": kind, "value": not constant, "indicator": bool(missing.any())}, ""


def _learn_levels(name, series, kind) -> tuple[dict | None, str]:
    codes, levels = distinct_texts(series)
    n_rows, n_missing = len(codes), int((codes < 0).sum())
    n_present = n_rows - n_missing
    if not n_present:
        return None, "has no value"
    if len(levels) == 1 and not n_missing:
        return None, f"is constant ({levels[0]})"
    if n_present >= 20 and len(levels) >= 0.9 * n_present:
        return None, f"is text that differs in nearly every row ({len(levels)} values in {n_present} cells)"
    threshold = 2 if n_rows < 100 else max(5, 0.005 * n_rows)
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    common = [level for level, count in zip(levels, counts, strict=True) if count >= threshold]
    # One rare level alone gains nothing from a new name and would lose its own; of two levels, both stay.
    rare = len(levels) > 2 and len(levels) - len(common) >= 2
    kept = common if rare else levels
    if rare and not kept and not n_missing:
        return None, f"has no value that {math.ceil(threshold)} rows share"
    return {"predictor": name, "kind": kind, "levels": kept, "rare": rare, "missing": n_missing > 0}, ""


def _level_names(recipe) -> list:
    """Return the names of the levels in the order of their columns; ours give way to the table's own."""
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


def _fits_float32(series) -> bool:
    """Whether float32 holds every number of the column as it is."""
    code, size = _dtype_code(series), getattr(series.dtype, "itemsize", 8)
    return code == "b" or (code == "f" and size <= 4) or (code in "iu" and size <= 2)


def _aligned(n_rows, n_columns, dtype) -> np.ndarray:
    """An array, not filled, that starts where compiled programs can read it in place."""
    whole = np.empty(n_rows * n_columns + 64 // dtype().itemsize, dtype)
    start = -whole.ctypes.data % 64 // whole.itemsize
    return whole[start : start + n_rows * n_columns].reshape(n_rows, n_columns)


def _encode(recipe, series) -> list:
    """Return the columns of one predictor."""
    if "levels" not in recipe:
        values = _numbers(recipe["predictor"], series, recipe["kind"])
        return [values] * recipe["value"] + [np.isnan(values)] * recipe["indicator"]
    levels = recipe["levels"]
    position = {level: index for index, level in enumerate(levels)}
    n_levels = len(levels) + recipe["rare"] + recipe["missing"]
    unseen = len(levels) if recipe["rare"] else n_levels
    absent = n_levels - 1 if recipe["missing"] else n_levels
    codes, texts = distinct_texts(series)
    columns = np.array([position.get(text, unseen) for text in texts] + [absent])[codes]
    return [columns == index for index in range(n_levels)][n_levels == 2 :]
