"""A recipe says how one predictor becomes columns; recipes are learned and applied here."""

import math
import re
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.cells import as_numbers, column_kind, dates_written, distinct_texts, text_of
from tautnet.tables.integers import check_told_apart
from tautnet.tables.missing import MISSING_MARKERS
from tautnet.tables.parsing import looks_like
from tautnet.tables.rounding import varies
from tautnet.tables.spelling import Unseen, spellings

__all__ = [
    "LevelCodes",
    "Recipe",
    "encode_predictor",
    "learn",
    "level_codes",
    "names_of_columns",
    "read_codes",
]

# How one predictor is encoded: strings, lists and truth values, as a model file keeps them. All
# have "predictor" and "kind"; numbers and dates have "value" and "indicator" beside, categories
# and truth values "levels", "rare" and "missing". Dates that are not written in ISO's way have
# "written" and "also", the parts of `tautnet.tables.dates.Written`.
Recipe: TypeAlias = dict[str, Any]

# A column of fewer rows may hold 1, 2, 3, ... by chance.
LEAST_NUMBERED = 20
# Rows without a target were left out before, and left gaps in the numbers of the others.
GAPS = 1.1
_NAME_OF_NUMBERS = re.compile(r"(.*[\W_])?(?i:id|index)|.*[a-z](Id|ID|Index)", re.DOTALL)


def learn(name: str, series: pd.Series) -> tuple[Recipe | None, str]:
    """Return the recipe of one predictor with a doubt about it, or None with why it is left out."""
    kind = column_kind(series)
    if kind in ("category", "boolean"):
        return _learn_levels(name, series, kind)
    if kind == "none":
        return None, "has no value"
    return _learn_numbers(name, series, kind)


def _learn_numbers(name: str, series: pd.Series, kind: str) -> tuple[Recipe | None, str]:
    """Return the recipe of numbers or dates with a doubt, or None with why they are left out."""
    written = _written(series, kind)
    values = as_numbers(name, series, kind, written.get("written", ""))
    missing = np.isnan(values)
    if missing.all():
        return None, "has no value"
    present = values[~missing]
    is_number = kind == "number"
    if is_number:
        check_told_apart(f"column {name!r}", series)
    # Dates are exact.
    constant = not varies(present, series.dtype if is_number else np.dtype(np.int64))
    if constant and not missing.any():
        but = "" if present.min() == present.max() else " but for rounding"
        return None, f"is constant{but} ({text_of(series.iloc[0])})"
    # Increasing, but not always by 1: rows without a target were left out before.
    if name.startswith("Unnamed: ") and (np.diff(present) > 0).all() and (present % 1 == 0).all():
        return None, "counts the rows"
    recipe = {
        "predictor": name,
        "kind": kind,
        # A number that never varies says nothing beyond whether it is there.
        "value": not constant,
        "indicator": bool(missing.any()),
    }
    numbers_rows = is_number and _numbers_rows(name, present)
    return recipe | written, "numbers the rows" if numbers_rows else ""


def _written(series: pd.Series, kind: str) -> Recipe:
    """Return what a recipe says of how dates are written, nothing where that is ISO's way."""
    written = dates_written(series) if kind == "date" else None
    if written is None or not written.way:
        return {}
    return {"written": written.way, "also": written.other}


def _numbers_rows(name: str, values: Floats) -> bool:
    """Tell whether all numbers are different whole ones that run in steps of one or are an id."""
    if len(values) < LEAST_NUMBERED or (values % 1 != 0).any():
        return False
    in_steps = values.max() - values.min() < GAPS * len(values)
    is_called_id = _NAME_OF_NUMBERS.fullmatch(name) is not None
    return (in_steps or is_called_id) and len(np.unique(values)) == len(values)


def _learn_levels(name: str, series: pd.Series, kind: str) -> tuple[Recipe | None, str]:
    """Return the recipe of a category or truth value, or None with why it is left out."""
    codes, levels = distinct_texts(series)
    n_missing = int((codes < 0).sum())
    n_present = len(codes) - n_missing
    if not n_present:
        return None, "has no value"
    if len(levels) == 1 and not n_missing:
        return None, f"is constant ({levels[0]})"
    if n_present >= 20 and len(levels) >= 0.9 * n_present:
        said = f"{len(levels)} values in {n_present} cells"
        rows = "every row" if len(levels) == n_present else "nearly every row"
        looks = looks_like(levels, np.bincount(codes[codes >= 0], minlength=len(levels)))
        hint = f"; it looks like {looks}" if looks else ""
        return None, f"is text that differs in {rows} ({said}){hint}"
    threshold = 2 if len(codes) < 100 else max(5, 0.005 * len(codes))
    kept, has_rare = _kept_levels(codes, levels, threshold)
    if not kept and not n_missing:
        return None, f"has no value that {math.ceil(threshold)} rows share"
    recipe = {
        "predictor": name,
        "kind": kind,
        "levels": kept,
        "rare": has_rare,
        "missing": n_missing > 0,
    }
    return recipe, ""


def _kept_levels(codes: Integers, levels: list[str], threshold: float) -> tuple[list[str], bool]:
    """Return the levels that keep their names, and whether the others are collected as rare."""
    counts = np.bincount(codes[codes >= 0], minlength=len(levels))
    common = [level for level, count in zip(levels, counts, strict=True) if count >= threshold]
    # One rare level alone gains nothing from a new name and would lose its own; of two levels,
    # both stay.
    if len(levels) > 2 and len(levels) - len(common) >= 2:
        return common, True
    return levels, False


def _level_names(recipe: Recipe) -> list[str]:
    """Return the names of the levels in the order of their columns.

    The names ``rare`` and ``missing`` stand in brackets where the table has levels of that name.
    """
    names = list(recipe["levels"])
    for extra in ("rare", "missing"):
        if recipe[extra]:
            names.append(extra if extra not in recipe["levels"] else f"({extra})")
    return names


def names_of_columns(recipe: Recipe) -> list[str]:
    """Return the names of the columns that encode one predictor."""
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
        Text -> code, for all texts that spell a level (`tautnet.tables.spelling`) or that are read
        as missing. A text that is not among them is tried once more without outer spaces.
    unseen, missing : int
        Codes of a level that `TableEncoder.fit` did not see, and of a missing cell. Where `fit`
        saw no missing cell but a blank level, a missing cell is that level.
    columns : list of int
        For each column the code at which it is 1; at all other codes it is 0.
    """

    codes: dict[str, int]
    unseen: int
    missing: int
    columns: list[int]


def level_codes(recipe: Recipe) -> LevelCodes:
    """Return how a category or truth value is encoded.

    Parameters
    ----------
    recipe : dict
        One of `TableEncoder.recipes`.

    Examples
    --------
    >>> from tautnet.tables.recipes import level_codes
    >>> known = level_codes({"predictor": "sex", "levels": ["female", "male"], "rare": False,
    ...     "missing": False})
    >>> known.codes["male"], known.codes["NA"], known.unseen, known.missing, known.columns
    (1, 2, 2, 2, [1])
    """
    levels = recipe["levels"]
    n_levels = len(levels) + recipe["rare"] + recipe["missing"]
    position = {level: index for index, level in enumerate(levels)}
    codes = {text: position[level] for text, level in spellings(levels).items()}
    missing = n_levels - 1 if recipe["missing"] else codes.get("", n_levels)
    return LevelCodes(
        codes=dict.fromkeys(MISSING_MARKERS, missing) | codes,
        unseen=len(levels) if recipe["rare"] else n_levels,
        missing=missing,
        columns=list(range(n_levels))[n_levels == 2 :],
    )


def read_codes(
    recipe: Recipe, known: LevelCodes, series: pd.Series, unseen: Unseen | None = None
) -> tuple[Integers, list[int | None], list[str]]:
    """Return what the cells of a category or truth value hold: the one reading of all doors.

    Parameters
    ----------
    recipe : dict
    known : LevelCodes
        Of the recipe.
    series : pandas.Series
    unseen : Unseen, optional
        Told of cells that hold no known level; not where ``rare`` stands for such.

    Returns
    -------
    cells : int array (n_rows,)
        The position of each cell's text among the texts, -1 where a cell has no value.
    codes : list
        The code of each text as in `LevelCodes`, None where it spells no level.
    texts : list of str
    """
    cells, texts = distinct_texts(series)
    codes = [known.codes.get(text, known.codes.get(text.strip())) for text in texts]
    if unseen is not None and not recipe["rare"] and None in codes:
        counts = np.bincount(cells[cells >= 0], minlength=len(texts)).tolist()
        new = {
            text: count
            for text, code, count in zip(texts, codes, counts, strict=True)
            if code is None
        }
        unseen.add(recipe["predictor"], new)
    return cells, codes, texts


def encode_predictor(
    recipe: Recipe, known: LevelCodes | None, series: pd.Series, unseen: Unseen | None = None
) -> list[Floats | Booleans]:
    """Return the columns of one predictor; `read_codes` says what is told of unseen levels."""
    if known is None:
        way = recipe.get("written", "")
        values = as_numbers(recipe["predictor"], series, recipe["kind"], way)
        columns: list[Floats | Booleans] = []
        if recipe["value"]:
            columns.append(values)
        if recipe["indicator"]:
            columns.append(np.isnan(values))
        return columns
    cells, code_of_text, _ = read_codes(recipe, known, series, unseen)
    of_texts = [known.unseen if code is None else code for code in code_of_text]
    # A missing cell has position -1, which is the last.
    codes = np.array([*of_texts, known.missing])[cells]
    return [codes == code for code in known.columns]
