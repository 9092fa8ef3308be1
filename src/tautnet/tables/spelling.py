"""One cell, one reading: how the levels of categories and truth values may be written in cells.

Every door asks here: data frames, CSV and Parquet files, equations in Python and SQL, and ONNX. A
level is written in a finite number of ways, so that a database or a graph can list them all.
"""

import re
import sys
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence

__all__ = ["Unseen", "find_columns", "spellings", "warn_caller"]

# No and yes, as people, programs and databases write them.
_TRUTH = (("false", "true"), ("no", "yes"), ("n", "y"), ("f", "t"), ("off", "on"), ("0", "1"))
_WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0)?")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[+-][0-9]{2,3})?")
# Whole numbers of fewer digits are written as such, whether they are stored as integers or not.
_DIGITS = 16
_MIDNIGHT = " 00:00:00"


def spellings(levels: Sequence[str]) -> dict[str, str]:
    """Return each text that spells a level, with that level.

    A level is spelled as it is; without outer spaces; a number in any way in which programs write
    it; a truth value in words, letters or digits. A text that two levels could be spelled as
    spells neither.

    Parameters
    ----------
    levels : sequence of str

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> from tautnet.tables.spelling import spellings
    >>> spellings([" sp", "3"])
    {' sp': ' sp', '3': '3', 'sp': ' sp', '3.0': '3'}
    >>> truth = spellings(["False", "True"])
    >>> truth["1"], truth["yes"], truth["TRUE"], truth["0.0"], "maybe" in truth
    ('True', 'True', 'True', 'False', False)
    """
    spelled = {level: level for level in levels}
    others: dict[str, set[str]] = {}
    for level in levels:
        for text in _ways(level):
            others.setdefault(text, set()).add(level)
    for text, level in _truth_words(levels):
        others.setdefault(text, set()).add(level)
    for text, meant in others.items():
        if text not in spelled and len(meant) == 1:
            spelled[text] = next(iter(meant))
    return spelled


def _ways(level: str) -> list[str]:
    """Return other ways to write a level: without outer spaces, as a number, as a day."""
    bare = level.strip()
    return [bare, bare.removesuffix(_MIDNIGHT), *_numbers(bare)]


def _numbers(text: str) -> list[str]:
    """Return how programs and databases write a number, nothing where a text is none."""
    whole = _WHOLE.fullmatch(text)
    if whole is not None and len(whole[1]) < _DIGITS:
        return [whole[1], f"{whole[1]}.0"]
    if _DECIMAL.fullmatch(text) is None:
        return []
    value = float(text)
    if value in (float("inf"), -float("inf")):
        return []
    written = [repr(value), _as_sqlite(value)]
    return [*written, str(int(value))] if value.is_integer() else written


def _as_sqlite(value: float) -> str:
    """Return a number as SQLite writes it: to 15 digits, always with a decimal point."""
    digits, mark, exponent = f"{value:.15g}".partition("e")
    return digits + ("" if "." in digits else ".0") + mark + exponent


def _truth_words(levels: Sequence[str]) -> list[tuple[str, str]]:
    """Return the words for no and yes with the levels that they mean, where levels are such."""
    held = {level.strip().lower(): level for level in levels}
    if not held or len(held) < len(levels):
        return []
    for pair in _TRUTH:
        # True and False alone are truth values even where the other was never seen.
        if held.keys() == set(pair) or (pair == _TRUTH[0] and held.keys() < set(pair)):
            meant = [held.get(word) for word in pair]
            break
    else:
        return []
    words = []
    for pair in (*_TRUTH, ("0.0", "1.0")):
        for word, level in zip(pair, meant, strict=True):
            if level is not None:
                words += [(one, level) for one in (word, word.capitalize(), word.upper())]
    return words


def find_columns(wanted: Sequence[str], names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Return where columns stand among the names of a table, and which of them it lacks.

    A name is found as it is, else without outer spaces where that leaves one name for one column.

    Examples
    --------
    >>> from tautnet.tables.spelling import find_columns
    >>> find_columns(["age ", "sex", "city"], ["sex", " sex", "age"])
    ([2, 0], ['city'])
    """
    as_it_is = {name: position for position, name in enumerate(names)}
    asked = set(wanted)
    others = [name for name in names if name not in asked]
    bare = Counter(map(str.strip, others)) + Counter(
        name.strip() for name in wanted if name not in as_it_is
    )
    # One name of the table and one that is wanted.
    once = {name.strip(): as_it_is[name] for name in others if bare[name.strip()] == 2}
    found = [as_it_is.get(name, once.get(name.strip())) for name in wanted]
    absent = [name for name, position in zip(wanted, found, strict=True) if position is None]
    return [position for position in found if position is not None], absent


class Unseen:
    """Cells that hold a level which `fit` did not see, counted by predictor.

    Attributes
    ----------
    cells : dict
        Predictor -> number of such cells.
    levels : dict
        Predictor -> their levels, `MOST` of them at most, so that memory is bounded.

    Examples
    --------
    >>> from tautnet.tables.spelling import Unseen
    >>> unseen = Unseen()
    >>> unseen.add("city", {"Ulm": 30, "Bonn": 1})
    >>> unseen.sentences()
    ["'city': 31 cells of 2 levels not seen in training"]
    """

    MOST = 10_000

    def __init__(self) -> None:
        self.cells: dict[str, int] = {}
        self.levels: dict[str, set[str]] = {}

    def add(self, predictor: str, counts: Mapping[str, int]) -> None:
        """Add the cells of one predictor: the number of cells of each level, if there are any."""
        if not counts:
            return
        self.cells[predictor] = self.cells.get(predictor, 0) + sum(counts.values())
        known = self.levels.setdefault(predictor, set())
        # One more than is told: it shows that there are more.
        known.update(list(counts)[: self.MOST + 1 - len(known)])

    def sentences(self) -> list[str]:
        """Return a sentence for each predictor that has such cells."""
        return [f"{name!r}: {self._counted(name)} not seen in training" for name in self.cells]

    def _counted(self, name: str) -> str:
        """Return the number of cells and of levels in words."""
        n_levels = len(self.levels[name])
        cells = "1 cell" if self.cells[name] == 1 else f"{self.cells[name]} cells"
        if n_levels > self.MOST:
            return f"{cells} of more than {self.MOST} levels"
        return f"{cells} of {'1 level' if n_levels == 1 else f'{n_levels} levels'}"

    def warn(self) -> None:
        """Warn once of all such cells, if there are any."""
        if self.cells:
            warn_caller("; ".join(self.sentences()))


def warn_caller(message: str) -> None:
    """Warn with the line of the caller's own code, however deep in this package it was called."""
    depth = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("tautnet."):
        frame = frame.f_back
        depth += 1
    warnings.warn(message, UserWarning, stacklevel=depth)
