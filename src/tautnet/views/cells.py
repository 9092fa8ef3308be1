"""How one cell says its number, and a stranger's text on one line."""

import unicodedata

from tautnet.prose.words import number

DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
# What is written for shares that are not quite none or all, but would be rounded to it.
ENDS = {"0.00": "<0.01", "-0.00": ">-0.01", "100.00": ">99.99"}


def readable(text):
    """A stranger's text on one line, without characters that move the cursor or turn the direction.

    Examples
    --------
    >>> readable("a\\tb\\x1b[31m"), readable("price $")
    ('a b\ufffd[31m', 'price $')
    """
    return "".join(_readable_character(character) for character in str(text))


def _readable_character(character):
    category = unicodedata.category(character)
    if character.isspace() or category in ("Zl", "Zp"):
        return " "
    return "\ufffd" if category in ("Cc", "Cs") or character in DIRECTION_MARKS else character


def figure(value):
    """A number for a table, and a dash where there is none.

    Examples
    --------
    >>> figure(0.071434), figure(None)
    ('0.0714', '-')
    """
    return "-" if value is None else number(value)


def three_places(value):
    """A score between 0 and 1.

    Examples
    --------
    >>> three_places(0.97364), three_places(None)
    ('0.974', '-')
    """
    return "-" if value is None else f"{value:.3f}"


def percent(share):
    """A share in percent; rounding turns neither a few into none nor nearly all into all.

    Examples
    --------
    >>> [percent(share) for share in (0.8732, -0.2, 0, 1.0, None)]
    ['87.3 %', '-20.0 %', '0.0 %', '100.0 %', '-']
    >>> [percent(share) for share in (0.9998, 1 - 1e-9, 0.0002, 1e-9, -1e-9)]
    ['99.98 %', '>99.99 %', '0.02 %', '<0.01 %', '>-0.01 %']
    """
    if share is None:
        return "-"
    whole = 100 * share
    if share in (0, 1) or f"{whole:.1f}" not in ("0.0", "-0.0", "100.0"):
        return f"{whole + 0.0:,.1f} %"
    return ENDS.get(f"{whole:.2f}", f"{whole:.2f}") + " %"


def gain(points):
    """A gain in points with its interval, and a dash where there is none.

    Examples
    --------
    >>> gain({"diff": 72.71, "ci_low": 26.68, "ci_high": 118.7}), gain({})
    ('72.7 (26.7, 118.7)', '-')
    """
    if points.get("diff") is None:
        return "-"
    ends = (one_place(points[end]) for end in ("diff", "ci_low", "ci_high"))
    return "{} ({}, {})".format(*ends)


def one_place(value):
    """A number with one place behind the point.

    Examples
    --------
    >>> one_place(12.34), one_place(-0.01), one_place(None)
    ('12.3', '0.0', '-')
    """
    return "-" if value is None else f"{round(value, 1) + 0.0:,.1f}"


def two_digits(value):
    """A standard error for a table: more digits than two would say nothing.

    Examples
    --------
    >>> two_digits(0.01976), two_digits(None)
    ('0.02', '-')
    """
    return "-" if value is None else number(float(f"{value:.2g}"))


def part_of(row, part, whole):
    """A count of a whole.

    Examples
    --------
    >>> part_of({"kept": 3, "total": 1200}, "kept", "total")
    '3 / 1,200'
    """
    return "-" if row.get(part) is None else f"{row[part]:,} / {row[whole]:,}"
