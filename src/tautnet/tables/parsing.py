"""The texts of one column become numbers, truth values, dates, or text with NaN for missing cells.

A column that is plainly meant to be numbers or dates, and does not read as such, raises with the
option that reads it.
"""

import re
from typing import NamedTuple

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Booleans, Cells, Floats, Integers
from tautnet.tables.dates import days_of, in_order, likely_way, looks_like_a_date
from tautnet.tables.errors import TableError
from tautnet.tables.missing import PLACEHOLDERS
from tautnet.tables.notation import PLAIN, Notation, in_quotes
from tautnet.tables.numerals import (
    Numeral,
    is_number,
    is_zero_led,
    marking_numbers,
    needed,
    numeral,
    parse_numbers,
)

__all__ = ["looks_like", "odd_cell", "parse_column"]

_CODE = re.compile(r"[A-Za-z]+[-_ ]?[0-9]\w*")
_INTEGER = re.compile(r"[+-]?[0-9]{1,400}")
_TRUTH = {"true": True, "false": False}
# A column of fewer cells may look like anything by chance.
LEAST_CELLS = 10
# So many distinct cells tell whether it pays to look at all.
SOME = 50
# How many rows of strays at the beginning may be a second header, and at the end a footer.
HEADER = 2
FOOTER = 3


class _Column(NamedTuple):
    """A column of text.

    Attributes
    ----------
    name : str
    tokens : array of str
        Its distinct cells that are not missing.
    counts : int array
        How often each stands in it.
    rows : int array (n_rows,)
        Which of them each row holds, -1 where its cell is missing.
    """

    name: str
    tokens: Cells
    counts: Integers
    rows: Integers

    def is_nearly_all(self, readable: Booleans) -> bool:
        """Tell whether nine cells in ten are readable, or all but words that mean missing."""
        n_readable = self.counts[readable].sum()
        total = self.counts.sum()
        if all(token.lower() in PLACEHOLDERS for token in self.tokens[~readable]):
            return bool(2 * n_readable >= total)
        return bool(10 * n_readable >= 9 * total)


def parse_column(
    name: str, cells: Cells, notation: Notation, delimiter: str, *, is_used: bool = True
) -> Cells:
    """Turn the text cells of one column into numbers, booleans, dates, or text with NaN.

    Parameters
    ----------
    name : str
        What to call the column in messages.
    cells : array of str
    notation : Notation
    delimiter : str
        What parts the columns of the file.
    is_used : bool
        Whether anything hangs on the column; one that will be dropped is read as it can be.

    Raises
    ------
    TableError
        Where a column is plainly meant to be numbers or dates, and does not read as such.

    Examples
    --------
    >>> cells = np.array(["00123", "94110", "NA"], dtype=object)
    >>> parse_column("zip", cells, PLAIN, ",")
    array(['00123', '94110', nan], dtype=object)
    """
    codes, texts = pd.factorize(cells)
    tokens = np.array([text.strip() for text in texts], dtype=object)
    markers = notation.markers
    missing = np.array([token in markers for token in tokens])
    numbers = _to_numbers(tokens, missing, notation)
    if numbers is not None:
        # Where -200 means missing, -200.0 does.
        is_marking = np.isin(numbers, marking_numbers(notation))
        if is_marking.any():
            numbers = np.where(is_marking, np.nan, numbers)
        return _exact(tokens, numbers)[codes]
    dates = _to_dates(tokens, missing, notation.dates) if notation.dates else None
    if dates is not None:
        return dates[codes]
    present = tokens[~missing]
    if is_used:
        position = np.where(missing, -1, np.cumsum(~missing) - 1)
        counts = np.bincount(codes, minlength=len(tokens))[~missing]
        _check(_Column(name, present, counts, position[codes]), notation, delimiter)
    is_truth = {token.lower() for token in present} <= _TRUTH.keys()
    if is_truth:
        tokens[~missing] = [_TRUTH[token.lower()] for token in present]
    if is_truth and not missing.any():
        return tokens[codes].astype(bool)
    tokens[missing] = np.nan
    return tokens[codes]


def _to_numbers(tokens: Cells, missing: Booleans, notation: Notation) -> Floats | Integers | None:
    """Return the numbers that the tokens spell, or None where one spells no number.

    A number with leading zeros, such as 00123, is a code and no number.
    """
    present = tokens[~missing]
    if any(is_zero_led(token) for token in present):
        return None
    parsed = parse_numbers(present, notation)
    if np.isnan(parsed).any():
        return None
    if not missing.any():
        return parsed
    numbers = np.full(len(tokens), np.nan)
    numbers[~missing] = parsed
    return numbers


def _exact(tokens: Cells, numbers: Floats | Integers) -> Cells:
    """Return numbers with the integers among them that float64 may not hold as what they are."""
    large = np.abs(numbers) > 2**53
    if numbers.dtype.kind in "iu" or not large.any():
        return numbers
    exact = numbers.astype(object)
    for i in np.flatnonzero(large):
        if _INTEGER.fullmatch(tokens[i]):
            exact[i] = int(tokens[i])
    return exact if any(isinstance(one, int) for one in exact) else numbers


def _to_dates(tokens: Cells, missing: Booleans, order: str) -> Cells | None:
    """Return the dates that the tokens spell in an order, or None where one spells no date."""
    found = [
        None if gone else in_order(token, order)
        for token, gone in zip(tokens, missing, strict=True)
    ]
    if missing.all() or any(
        date is None and not gone for date, gone in zip(found, missing, strict=True)
    ):
        return None
    return np.array(found, dtype="datetime64[us]")


def _check(column: _Column, notation: Notation, delimiter: str) -> None:
    """Raise where a column is plainly meant to be numbers or dates, and say what to pass."""
    if column.counts.sum() < LEAST_CELLS:
        return
    if not any(is_zero_led(token) for token in column.tokens):
        plain = is_number(column.tokens, notation)
        if not plain.all():
            _check_notation(column, plain, notation, delimiter)
            _check_strays(column, plain, "numbers")
    _check_dates(column, notation)


def _check_notation(column: _Column, plain: Booleans, notation: Notation, delimiter: str) -> None:
    """Raise where numbers are written in another notation."""
    odd = column.tokens[~plain]
    least = _least(column, plain, notation)
    other = "," if notation.decimal == "." else "."
    flipped = notation._replace(decimal=other, thousands="")
    turned = [token for token in odd if other in token and numeral(token, other, notation.units)]
    # In a file whose delimiter is the comma, '1,2' in quotes is a list more often than a number.
    if turned and delimiter != ",":
        there = _least(column, is_number(column.tokens, flipped), flipped)
        if there is not None:
            raise _other_decimal(column.name, turned[0], there, least)
    asked = PLAIN if least is None else least.beyond(notation)
    if asked != PLAIN:
        raise TableError(
            f"column {column.name!r} holds {_in_words(asked)}, as in"
            f" {_first_readable(odd, notation)!r}: pass {asked.typed()}"
        )


def _other_decimal(name: str, example: str, there: Notation, here: Notation | None) -> TableError:
    """Return what to say of numbers with the other decimal mark, if that is what it is."""
    hint = "pass --decimal ," if there.decimal == "," else "leave out --decimal ,"
    more = there._replace(decimal=".").typed()
    also = ""
    if here is not None and here.thousands == there.decimal:
        typed = here._replace(decimal=".").typed()
        also = f" (or {typed} if it sets thousands apart)"
    return TableError(
        f"column {name!r} has '{there.decimal}' as decimal mark, as in {example!r}:"
        f" {' '.join(filter(None, [hint, more]))}{also}"
    )


def _least(column: _Column, plain: Booleans, notation: Notation) -> Notation | None:
    """Return the notation in which nearly all cells are numbers, None where there is none."""
    read = _numerals(column.tokens, notation)
    readable = plain | np.array([one is not None for one in read], dtype=bool)
    if not readable.any() or not column.is_nearly_all(readable):
        return None
    odd = [one.notation for one, is_plain in zip(read, plain, strict=True) if one and not is_plain]
    return needed([Notation(decimal=notation.decimal), *odd])


def _numerals(tokens: Cells, notation: Notation) -> list[Numeral | None]:
    return [numeral(token, notation.decimal, notation.units) for token in tokens]


def _first_readable(tokens: Cells, notation: Notation) -> str:
    """Return the first token that is a number in some notation."""
    read = zip(tokens, _numerals(tokens, notation), strict=True)
    return next(token for token, one in read if one is not None)


def _in_words(notation: Notation) -> str:
    """Return what numbers of a notation are, in words."""
    units = ", ".join(map(repr, notation.units))
    marks = {
        "percent signs": notation.percent,
        "thousands set apart": notation.thousands,
        "negative ones in parentheses": notation.parentheses,
        f"the unit {units}": units,
    }
    return f"numbers with {' and '.join(words for words, holds in marks.items() if holds)}"


def _check_strays(column: _Column, readable: Booleans, what: str) -> None:
    """Raise where all but a few cells are readable, and say what to pass."""
    strays = column.tokens[~readable]
    total = column.counts.sum()
    n_strays = column.counts[~readable].sum()
    if not n_strays or 2 * n_strays > total:
        return
    are_placeholders = all(token.lower() in PLACEHOLDERS for token in strays)
    if not are_placeholders:
        is_rare = 10 * n_strays <= total and len(strays) <= 10
        if not is_rare or (what == "numbers" and _are_codes(strays, len(column.tokens))):
            return
    cells = "1 cell" if n_strays == 1 else f"{n_strays} cells"
    said = f"column {column.name!r} holds {what} but for {cells} ({', '.join(map(repr, strays))})"
    markers = " ".join(f"--na {in_quotes(token)}" for token in strays)
    outside = "" if are_placeholders else _outside(column.rows, readable)
    if outside:
        raise TableError(f"{said} {outside}, or {markers} to read as missing")
    raise TableError(f"{said}: pass {markers} to read as missing")


def _outside(rows: Integers, readable: Booleans) -> str:
    """Return what to say of strays that stand in the first or the last rows alone, or ""."""
    at = np.flatnonzero((rows >= 0) & ~np.append(readable, True)[rows])
    head = at[at < HEADER]
    foot = at[at >= len(rows) - FOOTER] - len(rows)
    if len(head) + len(foot) < len(at):
        return ""
    numbers = [*range(1, head.max(initial=-1) + 2), *range(foot.min(initial=0), 0)]
    places = {"first": len(head), "last": len(foot)}
    where = " and the ".join(place for place, n in places.items() if n)
    what = " and a ".join(
        what for what, n in (("second header", len(head)), ("footer", len(foot))) if n
    )
    several = len(numbers) > 1
    return (
        f"in the {where} {'rows: are they' if several else 'row: is it'} a {what}? pass --drop-rows"
        f" {','.join(map(str, numbers))} to leave {'them' if several else 'it'} out"
    )


def _are_codes(strays: Cells, n_distinct: int) -> bool:
    """Tell whether texts among numbers are codes, not mistakes.

    '3+' or 'A12' beside a few distinct numbers is a code, and so is 'A12' beside many.
    """
    have_digits = all(any(map(str.isdigit, token)) for token in strays)
    return (n_distinct <= 20 and have_digits) or all(_CODE.fullmatch(token) for token in strays)


def _check_dates(column: _Column, notation: Notation) -> None:
    """Raise where most cells are dates and a few are not, or are dates that need an option."""
    tokens = column.tokens
    if notation.dates:
        are_dates = [in_order(token, notation.dates) is not None for token in tokens]
        _check_strays(column, np.array(are_dates, dtype=bool), "dates")
        return
    way = likely_way(tokens)
    if way is not None:
        are_dates = [days_of(token, way) is not None for token in tokens]
        what = f"dates written {way}" if way else "dates"
        _check_strays(column, np.array(are_dates, dtype=bool), what)
        return
    alike = _are_alike_dates(tokens)
    if alike.any() and column.is_nearly_all(alike):
        example = tokens[alike][0]
        raise TableError(
            f"column {column.name!r} holds dates, as in {example!r}: pass --dates dmy, or the order"
            " of day, month and year that they have"
        )


def _are_alike_dates(tokens: Cells) -> Booleans:
    """Tell which tokens are dates that need an option; none where the first are not."""
    if not any(looks_like_a_date(token) for token in tokens[:SOME]):
        return np.zeros(len(tokens), dtype=bool)
    return np.array([looks_like_a_date(token) for token in tokens], dtype=bool)


def looks_like(texts: list[str], counts: Integers) -> str:
    """Return what the texts of a column look like, "" where they are but texts.

    Parameters
    ----------
    texts : list of str
        Distinct ones.
    counts : int array
        How often each stands in the column.

    Examples
    --------
    >>> looks_like(["5%", "7.5%"], np.array([6, 6]))
    "numbers with percent signs, as in '5%'"
    >>> looks_like(["0000-00-00", "2020-01-02"], np.array([1, 11]))
    "dates but for '0000-00-00'"
    """
    tokens = np.array([text.strip() for text in texts], dtype=object)
    column = _Column("", tokens, counts, np.arange(0))
    plain = is_number(tokens, PLAIN)
    least = _least(column, plain, PLAIN)
    if least is not None and least != PLAIN:
        return f"{_in_words(least)}, as in {_first_readable(tokens[~plain], PLAIN)!r}"
    way = likely_way(tokens)
    are_dates = np.array([days_of(token, way or "") is not None for token in tokens], dtype=bool)
    for readable, what in ((plain, "numbers"), (are_dates, "dates")):
        if readable.any() and column.is_nearly_all(readable):
            others = ", ".join(map(repr, tokens[~readable][:3]))
            return f"{what} but for {others}" if others else what
    alike = _are_alike_dates(tokens)
    return (
        f"dates, as in {tokens[alike][0]!r}" if alike.any() and column.is_nearly_all(alike) else ""
    )


def odd_cell(name: str, cell: str, notation: Notation, what: str) -> TableError:
    """Return what to say of a cell that is no number or date in a column that should hold such.

    Parameters
    ----------
    name : str
        Of the column.
    cell : str
    notation : Notation
        In which it was to be read.
    what : str
        What the column should hold.
    """
    said = f"column {name!r} should hold {what}, but has {cell!r}"
    correct = f"correct it or blank it out, or pass --na {in_quotes(cell)}"
    if what != "numbers":
        return TableError(f"{said}: {correct}")
    read = numeral(cell, notation.decimal, notation.units)
    asked = "" if read is None else read.notation.beyond(notation).typed()
    if asked:
        return TableError(f"{said}: pass {asked}")
    other = "," if notation.decimal == "." else "."
    if numeral(cell, other) is not None:
        return TableError(f"{said}: pass --decimal {other}")
    return TableError(f"{said}: {correct}")
