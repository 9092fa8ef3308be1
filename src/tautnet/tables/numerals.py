"""Numbers as people write them: with thousands set apart, a unit, a percent sign, parentheses."""

import functools
import re
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Cells, Floats, Integers
from tautnet.tables.notation import Notation

__all__ = [
    "Numeral",
    "is_number",
    "is_zero_led",
    "marking_numbers",
    "needed",
    "numeral",
    "parse_numbers",
]

_CURRENCIES = "[$¢£¤¥\u20a0-\u20cf]"
# Beside the hyphen, the minus sign of typography: it has no other meaning.
_SIGN = "[-+\u2212]"
# Characters that set thousands apart, by the one that stands for them.
_MARKS = {",": ",", ".": ".", "_": "_", " ": " \u00a0\u2009\u202f", "'": "'\u2019"}
_MARK_OF = {mark: name for name, marks in _MARKS.items() for mark in marks}


class Numeral(NamedTuple):
    """A text that spells a number.

    Attributes
    ----------
    text : str
        The number in plain digits, as pandas parses it.
    notation : Notation
        The least notation in which it is one.
    """

    text: str
    notation: Notation


@functools.cache
def _pattern(decimal: str, units: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches a number with anything beside it that may be."""
    unit = "|".join([_CURRENCIES, *(re.escape(one) for one in sorted(units, key=len)[::-1] if one)])
    marks = re.escape("".join(_MARK_OF).replace(decimal, ""))
    return re.compile(
        rf"(?P<open>\(\s*)?(?P<sign>{_SIGN})?(?:(?P<before>{unit})\s*)?(?P<inner>{_SIGN})?"
        rf"(?P<whole>[1-9][0-9]{{0,2}}(?:(?P<mark>[{marks}])[0-9]{{3}})(?:(?P=mark)[0-9]{{3}})*"
        rf"|[0-9]*)(?:{re.escape(decimal)}(?P<part>[0-9]*))?(?P<power>[eE][-+]?[0-9]+)?"
        rf"(?:\s*(?:(?P<behind>{unit})|(?P<percent>%)))?(?P<close>\s*\))?"
    )


def numeral(token: str, decimal: str, units: tuple[str, ...] = ()) -> Numeral | None:
    """Read a text as a number with whatever stands beside it, None where it is none.

    Parameters
    ----------
    token : str
    decimal : {".", ","}
    units : tuple of str
        Texts beside numbers; signs of currencies are known.

    Examples
    --------
    >>> from tautnet.tables.numerals import numeral
    >>> read = numeral("($1,200.50)", ".")
    >>> read.text, read.notation.typed()
    ('-1200.50', "--thousands , --parentheses --unit '$'")
    >>> numeral("12 apples", ".") is None
    True
    """
    match = _pattern(decimal, units).fullmatch(token)
    if match is None or not _fits_together(match):
        return None
    is_negative = any(match[sign] not in (None, "+") for sign in ("sign", "inner", "open"))
    fraction = "" if match["part"] is None else f".{match['part']}"
    digits = re.sub("[^0-9]", "", match["whole"]) or "0"
    text = f"{'-' * is_negative}{digits}{fraction}{match['power'] or ''}"
    notation = Notation(
        decimal=decimal,
        thousands=_MARK_OF.get(match["mark"], ""),
        percent=match["percent"] is not None,
        parentheses=match["open"] is not None,
        units=tuple(filter(None, match.group("before", "behind"))),
    )
    return Numeral(repr(float(text) / 100) if match["percent"] else text, notation)


def _fits_together(match: re.Match[str]) -> bool:
    """Tell whether there are digits, one sign at most, and one thing at most beside them."""
    signs = match.group("sign", "inner", "open")
    beside = match.group("before", "behind", "percent")
    return (
        any(match.group("whole", "part"))
        and sum(one is not None for one in signs) <= 1
        and sum(one is not None for one in beside) <= 1
        and (match["open"] is None) == (match["close"] is None)
    )


def needed(notations: Iterable[Notation]) -> Notation | None:
    """Return the least notation that holds some, None where no one does.

    Examples
    --------
    >>> from tautnet.tables.notation import Notation
    >>> from tautnet.tables.numerals import needed
    >>> needed([Notation(percent=True), Notation(thousands=",")]).typed()
    '--thousands , --percent'
    >>> needed([Notation(thousands=" "), Notation(thousands=",")]) is None
    True
    """
    found = list(notations)
    marks = {one.thousands for one in found} - {""}
    if len(marks) > 1:
        return None
    return Notation(
        decimal=found[0].decimal,
        thousands=marks.pop() if marks else "",
        percent=any(one.percent for one in found),
        parentheses=any(one.parentheses for one in found),
        units=tuple(dict.fromkeys(unit for one in found for unit in one.units)),
    )


def _is_within(least: Notation, notation: Notation) -> bool:
    """Tell whether what a numeral needs is allowed."""
    return (
        least.thousands in ("", notation.thousands)
        and least.percent <= notation.percent
        and least.parentheses <= notation.parentheses
        and set(least.units) <= set(notation.units)
    )


def parse_numbers(tokens: Cells, notation: Notation) -> Floats | Integers:
    """Parse each token as a number, NaN where it is none.

    Parameters
    ----------
    tokens : array of str
    notation : Notation

    Returns
    -------
    array of int or float

    Examples
    --------
    >>> parse_numbers(np.array(["1,5", "1.5"], dtype=object), Notation(decimal=","))
    array([1.5, nan])
    >>> parse_numbers(np.array(["5%", "\u22122"], dtype=object), Notation(percent=True))
    array([ 0.05, -2.  ])
    """
    if notation.decimal == ",":
        plain = ["" if "." in token else token.replace(",", ".") for token in tokens]
        texts = np.array(plain, dtype=object)
    else:
        texts = np.asarray(tokens, dtype=object)
    parsed = _to_numeric(texts)
    odd = np.flatnonzero(pd.isna(parsed))
    if not len(odd):
        return parsed
    spelled = {i: _spelled(tokens[i].strip(), notation) for i in odd}
    if not any(spelled.values()):
        return parsed
    texts = texts.copy()
    texts[odd] = list(spelled.values())
    return _to_numeric(texts)


def _spelled(token: str, notation: Notation) -> str:
    """Return a number of a notation in plain digits, "" where a text is none."""
    read = numeral(token, notation.decimal, notation.units) if token else None
    return read.text if read is not None and _is_within(read.notation, notation) else ""


def _to_numeric(texts: Cells) -> Floats | Integers:
    parsed = pd.to_numeric(texts, errors="coerce")
    # Integers beyond 64 bits come back as objects.
    return parsed.astype(np.float64) if parsed.dtype.kind not in "if" else parsed


def is_number(tokens: Cells, notation: Notation) -> Booleans:
    """Tell which tokens are numbers.

    Parameters
    ----------
    tokens : array of str
    notation : Notation
    """
    return ~np.isnan(parse_numbers(tokens, notation).astype(np.float64))


def is_zero_led(token: str) -> bool:
    """Tell whether a token is a code of digits that begins with 0.

    Examples
    --------
    >>> is_zero_led("00123"), is_zero_led("0"), is_zero_led("0.5")
    (True, False, False)
    """
    return len(token) > 1 and token[0] == "0" and token.isdigit()


def marking_numbers(notation: Notation) -> Floats:
    """Return the numbers among the texts that are read as missing.

    Examples
    --------
    >>> marking_numbers(Notation(na=("-999", "n.v.")))
    array([-999.])
    """
    markers = sorted(notation.markers)
    texts = np.array([text for text in markers if not is_zero_led(text)], dtype=object)
    numbers = parse_numbers(texts, notation).astype(np.float64)
    return numbers[~np.isnan(numbers)]
