"""Cells of text are read as what a model knows its predictors to hold."""

from typing import Any

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Cells, Floats
from tautnet.tables.cells import text_of
from tautnet.tables.dates import days_of, in_order
from tautnet.tables.errors import TableError
from tautnet.tables.notation import PLAIN, Notation
from tautnet.tables.numerals import marking_numbers, parse_numbers
from tautnet.tables.parsing import odd_cell
from tautnet.tables.recipes import Recipe, level_codes

__all__ = ["known_cells"]


def known_cells(recipe: Recipe, cells: Cells, notation: Notation, dates: str) -> Cells:
    """Return the cells of one predictor: numbers, dates, texts as they are, or NaN.

    Which level a text spells is for the encoder to tell, as in every other table.

    Parameters
    ----------
    recipe : dict
        What the predictor holds.
    cells : array of texts (n_rows,)
    notation : Notation
        How they are written.
    dates : str
        The order of dates that this file was said to have, or "".

    Raises
    ------
    TableError
        Where a cell is none that the predictor can hold.
    """
    if recipe["kind"] == "number":
        return _numbers(recipe["predictor"], cells, notation)
    codes, texts = pd.factorize(cells)
    if "levels" in recipe:
        return _level_texts(recipe, np.array(texts, dtype=object), notation)[codes]
    tokens = np.array([text.strip() for text in texts], dtype=object)
    markers = notation.markers
    missing = np.array([token in markers for token in tokens], dtype=bool)
    # A column whose own cells told the order keeps it.
    order = dates or ("" if recipe.get("written") else notation.dates)
    tokens[~missing] = _as_dates(recipe, tokens[~missing], order, notation)
    tokens[missing] = np.nan
    return tokens[codes]


def _as_dates(recipe: Recipe, tokens: Cells, order: str, notation: Notation) -> list[Any]:
    """Return dates in an order if there is one, else texts that the recipe can read."""
    way = recipe.get("written", "")
    dates: list[Any] = []
    for token in tokens:
        date = in_order(token, order) if order else None
        if date is None and days_of(token, way) is None:
            what = f"dates written {way}" if way else "ISO dates"
            raise odd_cell(recipe["predictor"], token, notation, what)
        dates.append(token if date is None else date)
    return dates


def _numbers(name: str, cells: Cells, notation: Notation) -> Floats:
    """Return numbers, NaN where one is missing.

    Most numbers are distinct, so only cells that are none, or that are read as missing, are looked
    at as texts.
    """
    values = parse_numbers(cells, notation).astype(np.float64)
    markers = notation.markers
    for i in np.flatnonzero(np.isnan(values)):
        if cells[i].strip() not in markers:
            raise odd_cell(name, cells[i].strip(), notation, "numbers")
    values[np.isin(values, marking_numbers(notation))] = np.nan
    return values


def _level_texts(recipe: Recipe, tokens: Cells, notation: Notation) -> Cells:
    """Return the texts of a category or truth value, NaN where the user named one as missing.

    A number in a notation of its own reads as it would in plain digits.
    """
    _check_spaces(recipe, tokens)
    named = {text.strip() for text in notation.na}
    read = tokens.copy()
    if notation._replace(na=(), dates="") != PLAIN:
        numbers = parse_numbers(tokens, notation)
        is_number = ~np.isnan(numbers) & ~np.isin(tokens, recipe["levels"])
        read[is_number] = [text_of(float(number)) for number in numbers[is_number]]
    read[[token.strip() in named for token in tokens]] = np.nan
    return read


def _check_spaces(recipe: Recipe, tokens: Cells) -> None:
    """Raise where the spaces before a cell would tell its level: a file of text does not keep them.

    Nor does it tell a blank text from no value.
    """
    levels = recipe["levels"]
    if all(level and level == level.strip() for level in levels):
        return
    known = level_codes(recipe)
    for token in tokens:
        # What may stand in the file: the cell as it is read, behind spaces, a level, or nothing.
        texts = [token, token.strip(), *(one for one in levels if one.lstrip(" ") == token)]
        codes = {known.codes.get(text, known.codes.get(text.strip())) for text in texts}
        codes |= set() if token else {known.missing}
        if len(codes) > 1:
            named = dict(enumerate(map(repr, levels))) | {None: "one not seen in training"}
            meant = " or ".join(sorted(named.get(code, "a missing one") for code in codes))
            raise TableError(
                f"column {recipe['predictor']!r} has the cell {token!r}, which may be {meant}: text"
                " files do not tell; give a Parquet file"
            )
