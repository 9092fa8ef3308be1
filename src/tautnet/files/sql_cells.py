"""What SQL asks of the cells of categories and truth values: lists of the texts they may hold."""

from collections.abc import Iterable

from tautnet.tables.missing import MISSING_MARKERS
from tautnet.tables.recipes import Recipe, level_codes
from tautnet.tables.spelling import spellings

__all__ = ["MARKERS", "SqlLevels"]

MARKERS = sorted(MISSING_MARKERS)
"""Texts that are read as missing, in an order."""


class SqlLevels:
    """What SQL asks of a cell whose levels it lists as texts.

    Parameters
    ----------
    recipe : dict
    cell : str
        An expression.
    """

    def __init__(self, recipe: Recipe, cell: str) -> None:
        self.cell = cell
        self.raw = f"CAST({cell} AS TEXT)"
        self.known = level_codes(recipe)
        self.n_levels = len(recipe["levels"])
        codes = {text: self.known.codes[text] for text in spellings(recipe["levels"])}
        self.bare = {text: code for text, code in codes.items() if text == text.strip(" ")}
        # TRIM takes off the spaces by which these differ from the texts of other levels.
        self.spaced = {
            text: code for text, code in codes.items() if self.bare.get(text.strip(" ")) != code
        }
        self.markers = [text for text in MARKERS if text not in codes]

    def has_code(self, code: int) -> str:
        """Return whether the cell has a code."""
        if code < self.n_levels:
            parts = self.is_spelled(code)
            return " OR ".join([*parts, self.is_missing()] if code == self.known.missing else parts)
        return self.is_missing() if code == self.known.missing else self.is_unseen()

    def is_spelled(self, code: int) -> list[str]:
        """Return the conditions of which one holds where the cell spells a level."""
        mine = [text for text, one in self.bare.items() if one == code]
        spaced = [text for text, one in self.spaced.items() if one == code]
        rivals = [text for text in self.spaced.keys() - spaced if text.strip(" ") in mine]
        parts = []
        if mine:
            but = f" AND {self.raw} NOT IN ({_listed(sorted(rivals))})" if rivals else ""
            parts.append(f"TRIM({self.raw}) IN ({_listed(mine)}){but}")
        if spaced:
            parts.append(f"{self.raw} IN ({_listed(spaced)})")
        return parts

    def is_missing(self) -> str:
        """Return whether the cell has no value, or a text that is read as none."""
        return f"{self.cell} IS NULL OR TRIM({self.raw}) IN ({_listed(self.markers)})"

    def is_unseen(self) -> str:
        """Return whether the cell holds a text that spells no level."""
        texts = [*self.bare, *self.markers]
        present = f"{self.cell} IS NOT NULL AND TRIM({self.raw}) NOT IN ({_listed(texts)})"
        return (
            f"{present} AND {self.raw} NOT IN ({_listed(self.spaced)})" if self.spaced else present
        )


def _listed(texts: Iterable[str]) -> str:
    """Return texts as a list in SQL."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
