"""Dates as people write them: which part of 03/04/2024 is the month is decided for whole columns.

A column's dates are written in ISO's way, or in one order of day, month and year with one mark
between them, which is called ``"day/month/year"``, ``"month-day-year"``, ``"year.month.day"`` and
so on; a time may follow. Texts become days since 1970-01-01.
"""

import datetime
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from tautnet.tables.arrays import Cells, Floats, Integers
from tautnet.tables.notation import ORDERS

__all__ = [
    "WAYS",
    "Written",
    "as_days",
    "days_of",
    "in_order",
    "likely_way",
    "looks_like_a_date",
    "order_of",
    "way_of",
]

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_EPOCH = datetime.datetime(1970, 1, 1)
_DIGITS = {
    "day": r"(?P<day>[0-9]{1,2})",
    "month": r"(?P<month>[0-9]{1,2})",
    "year": r"(?P<year>[0-9]{4})",
}
_TIME = (
    r"(?:[ T](?P<hour>[0-9]{1,2})(?P<mark>[:.])(?P<minute>[0-9]{2})"
    r"(?:(?P=mark)(?P<second>[0-9]{2}))?(?: ?(?P<half>[AaPp])[Mm])?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = "uary|ruary|ch|il|e|y|ust|tember|t|ober|ember"
_NAME = rf"(?P<name>{'|'.join(_MONTHS)})(?:{_LONG})?"
_GAP = "[-/., ]{1,2}"
# A month by its name behind its day or before it, and the year.
_NAMED = [
    re.compile(rf"{parts}{_GAP}(?P<year>[0-9]{{4}}|[0-9]{{2}}){_TIME}", re.IGNORECASE)
    for parts in (rf"{_DIGITS['day']}{_GAP}{_NAME}", rf"{_NAME}{_GAP}{_DIGITS['day']}")
]
_SHORT = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{2})")
_PARTS = ("year", "month", "day", "hour", "minute", "second")


def _pattern(order: tuple[str, ...], mark: str) -> re.Pattern[str]:
    """Return what matches a date in one order, with or without a time."""
    return re.compile(re.escape(mark).join(_DIGITS[part] for part in order) + _TIME)


WAYS = {mark.join(order): _pattern(order, mark) for order in ORDERS.values() for mark in "/.-"}
"""What matches a date, by how it is written."""


class Written(NamedTuple):
    """How a column's dates are written.

    Attributes
    ----------
    way : str
        "" for ISO's way, else one of `WAYS`.
    other : str
        Another way in which every cell could be read, some as another date, or "".
    """

    way: str
    other: str


def days_of(value: Any, way: str = "") -> float | None:
    """Return the days since 1970 of a text or a date, None where the value is neither.

    Parameters
    ----------
    value : object
        A text is read in the one way, other dates as what they are.
    way : str
        As in `Written`.

    Examples
    --------
    >>> from tautnet.tables.dates import days_of
    >>> days_of("1970-01-03"), days_of("3/1/1970 18:00", "day/month/year"), days_of("soon")
    (2.0, 2.75, None)
    """
    if isinstance(value, str):
        value = _read(value, WAYS[way]) if way else _iso(value)
    if not isinstance(value, datetime.date):
        return None
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(datetime.UTC).replace(tzinfo=None)
    return (value - _EPOCH) / datetime.timedelta(days=1)


def _iso(text: str) -> datetime.datetime | None:
    """Return the date of an ISO text."""
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


def _read(text: str, pattern: re.Pattern[str]) -> datetime.datetime | None:
    """Return the date of a text in one of the `WAYS`."""
    match = pattern.fullmatch(text)
    return None if match is None else _moment(match.groupdict())


def _moment(parts: dict[str, str | None]) -> datetime.datetime | None:
    """Return the date and time of the parts of a text, None where there is no such day."""
    year, month, day, hour, minute, second = (int(parts.get(one) or 0) for one in _PARTS)
    half = parts.get("half")
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half in "Pp")
    try:
        return datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def as_days(cells: Iterable[Any], way: str) -> Floats | None:
    """Return cells as days since 1970, None where one is no date of the way.

    Examples
    --------
    >>> from tautnet.tables.dates import as_days
    >>> as_days(["2.1.1970", "13.1.1970"], "day.month.year")
    array([ 1., 12.])
    >>> as_days(["2.1.1970", "13.1.1970"], "month.day.year") is None
    True
    """
    days = []
    for cell in cells:
        day = days_of(cell, way)
        if day is None:
            return None
        days.append(day)
    return np.array(days)


def way_of(cells: Cells, codes: Integers) -> Written | None:
    """Return how dates are written, None where some cell is none.

    A number above 12 is a day, and tells for all cells which number is. Where every cell may be
    read in two ways, dates with points have the day first. Others are read in the way in which
    they stand in order, or at equal distances, row by row; if both or neither do, the day is first.

    Parameters
    ----------
    cells : array of object
        Distinct cells that are not missing.
    codes : int array (n_rows,)
        Which of them each row has, -1 where it has none.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.dates import way_of
    >>> way_of(np.array(["3/4/2024", "3/14/2024"], dtype=object), np.array([0, 1]))
    Written(way='month/day/year', other='')
    >>> way_of(np.array(["3/4/2024", "2/5/2024"], dtype=object), np.array([0, 1, 0]))
    Written(way='day/month/year', other='month/day/year')
    """
    if as_days(cells, "") is not None:
        return Written("", "")
    text = next((cell for cell in cells if isinstance(cell, str)), "")
    fitting = {}
    for way in (way for way, pattern in WAYS.items() if pattern.fullmatch(text)):
        days = as_days(cells, way)
        if days is not None:
            fitting[way] = days[codes[codes >= 0]]
    if len(fitting) > 1:
        return _likelier(fitting)
    return Written(next(iter(fitting)), "") if fitting else None


def _likelier(fitting: dict[str, Floats]) -> Written:
    """Return which of two ways is meant, given the days of all rows in each."""
    # As the ways are listed, the day comes first in this one.
    first, second = fitting
    if "." in first or (fitting[first] == fitting[second]).all():
        return Written(first, "")
    for holds in (_is_in_order, _is_regular):
        told = [way for way in fitting if holds(fitting[way])]
        if len(told) == 1:
            return Written(told[0], second if told == [first] else first)
    return Written(first, second)


def _is_in_order(days: Floats) -> bool:
    """Tell whether dates never go back, or never forward."""
    steps = np.diff(days)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _is_regular(days: Floats) -> bool:
    """Tell whether dates follow at equal distances, or a month or a year apart."""
    steps = np.abs(np.diff(days))
    if not len(steps) or not steps.all():
        return False
    months = (steps >= 28) & (steps <= 31)
    years = (steps >= 365) & (steps <= 366)
    return bool(np.allclose(steps, steps[0]) or months.all() or years.all())


def order_of(way: str) -> str:
    """Return the order of a way, one of `ORDERS`.

    Examples
    --------
    >>> from tautnet.tables.dates import order_of
    >>> order_of("day/month/year")
    'dmy'
    """
    return "".join(part[0] for part in re.split("[-/.]", way))


def in_order(text: str, order: str) -> datetime.datetime | None:
    """Return the date of a text whose day, month and year stand in an order, else None.

    ISO dates are read whatever the order, and so are dates whose month has its English name. A year
    of two digits is one from 1969 to 2068.

    Parameters
    ----------
    text : str
    order : str
        One of `ORDERS`.

    Examples
    --------
    >>> from tautnet.tables.dates import in_order
    >>> [f"{in_order(text, 'mdy'):%d.%m.%Y}" for text in ("1/2/2020", "1-2-20", "2 Jan 2020")]
    ['02.01.2020', '02.01.2020', '02.01.2020']
    >>> in_order("13/2/2020", "mdy") is None
    True
    """
    found = _iso(text)
    if found is not None and found.tzinfo is not None:
        found = found.astimezone(datetime.UTC).replace(tzinfo=None)
    for mark in "/.-":
        found = found or _read(text, WAYS[mark.join(ORDERS[order])])
    if found is not None:
        return found
    if short := _SHORT.fullmatch(text):
        return _of_short_year(dict(zip(ORDERS[order], short.group(1, 3, 4), strict=True)))
    return _named(text)


def _of_short_year(parts: dict[str, str | None]) -> datetime.datetime | None:
    """Return the date of parts whose year may have two digits."""
    year = parts["year"] or ""
    century = "" if len(year) == 4 else "20" if int(year) <= 68 else "19"
    return _moment(parts | {"year": century + year.zfill(2)})


def _named(text: str) -> datetime.datetime | None:
    """Return the date of a text in which the month has its name."""
    match = next(filter(None, (pattern.fullmatch(text) for pattern in _NAMED)), None)
    if match is None:
        return None
    parts = match.groupdict()
    month = _MONTHS.index(parts["name"].lower()) + 1
    return _of_short_year(parts | {"month": str(month)})


def looks_like_a_date(text: str) -> bool:
    """Tell whether a text is a date that only `in_order` reads.

    Without a month's name its parts are set apart by slashes: 1.2.20 is a version more often.

    Examples
    --------
    >>> from tautnet.tables.dates import looks_like_a_date
    >>> [looks_like_a_date(text) for text in ("2 Jan 2020", "1/2/20", "1.2.20", "May 2020")]
    [True, True, False, False]
    """
    short = _SHORT.fullmatch(text)
    return _named(text) is not None or (short is not None and short.group(2) == "/")


def likely_way(cells: Cells) -> str | None:
    """Return the way in which most of some cells are dates, None where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> from tautnet.tables.dates import likely_way
    >>> likely_way(np.array(["0000-00-00", "2020-01-02", "2020-01-03"], dtype=object))
    ''
    """
    some = cells[:50]
    shares = {
        way: np.mean([days_of(cell, way) is not None for cell in some]) for way in ("", *WAYS)
    }
    likeliest = max(shares, key=lambda way: shares[way])
    return likeliest if shares[likeliest] > 0.5 else None
