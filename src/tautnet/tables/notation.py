"""How the cells of text files are written: what means missing, and marks beside plain digits."""

import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from tautnet.tables.errors import TableError
from tautnet.tables.missing import missing_markers

__all__ = ["ORDERS", "PLAIN", "SEPARATORS", "Notation", "in_quotes"]

SEPARATORS = {
    ",": ",",
    ".": ".",
    "space": " ",
    "apostrophe": "'",
    "_": "_",
}
"""What sets thousands apart, by what is typed for it."""
ORDERS = {
    "dmy": ("day", "month", "year"),
    "mdy": ("month", "day", "year"),
    "ymd": ("year", "month", "day"),
}
"""Orders of day, month and year in dates, by what is typed for them."""
_TYPED = {mark: typed for typed, mark in SEPARATORS.items()}


class Notation(NamedTuple):
    """How cells are written.

    It is a property of the cells, not of one file: a model file keeps it, so that new rows are
    read as those that the model learned from.

    Attributes
    ----------
    na : tuple of str
        Texts that are read as missing, beside the usual ones.
    decimal : {".", ","}
        The decimal mark.
    thousands : str
        The mark that sets thousands apart, one of `SEPARATORS`, or "".
    percent : bool
        Whether 5% is the number 0.05.
    parentheses : bool
        Whether (5.0) is the number -5.0.
    units : tuple of str
        Texts before or behind a number that are left out, such as $ or kg.
    dates : str
        The order of day, month and year in dates that are not ISO's, one of
        `ORDERS`, or "" where each column tells.

    Examples
    --------
    >>> from tautnet.tables.notation import Notation
    >>> Notation(decimal=",", thousands=" ", units=("$",)).typed()
    "--decimal , --thousands space --unit '$'"
    """

    na: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    percent: bool = False
    parentheses: bool = False
    units: tuple[str, ...] = ()
    dates: str = ""

    @property
    def markers(self) -> frozenset[str]:
        """All texts that are read as missing."""
        return missing_markers(self.na)

    def check(self) -> None:
        """Raise where a part is none that is known, or two do not go together.

        Raises
        ------
        TableError
        """
        if self.decimal not in (".", ","):
            raise TableError(f"the decimal mark must be '.' or ',', not {self.decimal!r}")
        if self.thousands and self.thousands not in _TYPED:
            known = ", ".join(SEPARATORS)
            raise TableError(
                f"thousands are set apart by one of {known}, not by {self.thousands!r}"
            )
        if self.thousands == self.decimal:
            raise TableError(
                f"{self.decimal!r} cannot both be the decimal mark and set thousands apart:"
                " give another --decimal or --thousands"
            )
        if self.dates and self.dates not in ORDERS:
            raise TableError(f"dates are written {' or '.join(ORDERS)}, not {self.dates!r}")

    def changed(self, given: Mapping[str, Any]) -> "Notation":
        """Return a notation of which some parts are changed; missing markers are added.

        Parameters
        ----------
        given : dict
            Parts by name.

        Raises
        ------
        TableError
            Where one is none that is known.

        Examples
        --------
        >>> from tautnet.tables.notation import Notation
        >>> Notation(na=("?",), decimal=",").changed({"na": ("-9",), "decimal": "."}).na
        ('?', '-9')
        """
        na = tuple(dict.fromkeys([*self.na, *given.get("na", ())]))
        changed = self._replace(**given)._replace(na=na)
        changed.check()
        return changed

    def typed(self) -> str:
        """Return the options that stand for it, "" for the plain one."""
        options = [f"--na {shlex.quote(text)}" for text in self.na]
        if self.decimal != ".":
            options.append(f"--decimal {self.decimal}")
        if self.thousands:
            options.append(f"--thousands {_TYPED[self.thousands]}")
        options += ["--percent"] * self.percent + ["--parentheses"] * self.parentheses
        options += [f"--unit {shlex.quote(text)}" for text in self.units]
        if self.dates:
            options.append(f"--dates {self.dates}")
        return " ".join(options)

    def beyond(self, given: "Notation") -> "Notation":
        """Return what it asks for beside what is given already.

        Examples
        --------
        >>> from tautnet.tables.notation import Notation
        >>> Notation(percent=True, units=("$",)).beyond(Notation(percent=True)).typed()
        "--unit '$'"
        """
        return Notation(
            thousands="" if self.thousands == given.thousands else self.thousands,
            percent=self.percent and not given.percent,
            parentheses=self.parentheses and not given.parentheses,
            units=tuple(unit for unit in self.units if unit not in given.units),
        )

    def to_plain(self) -> dict[str, object]:
        """Return the parts that are not at their defaults, as JSON holds them."""
        parts = {
            name: part for name, part in self._asdict().items() if part != PLAIN._asdict()[name]
        }
        return {
            name: list(part) if isinstance(part, tuple) else part for name, part in parts.items()
        }


PLAIN = Notation()
"""Numbers of digits with a decimal point, nothing beside them, and the usual missing cells."""


def in_quotes(text: str) -> str:
    """Return a text as it is typed behind an option.

    Examples
    --------
    >>> from tautnet.tables.notation import in_quotes
    >>> in_quotes("n.v."), in_quotes("$0")
    ('"n.v."', "'$0'")
    """
    return shlex.quote(text) if any(mark in text for mark in '"$`\\!') else f'"{text}"'
