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

__all__ = ["WAYS", "Written", "as_days", "days_of", "way_of"]

_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_EPOCH = datetime.datetime(1970, 1, 1)
_ORDERS = (("day", "month", "year"), ("month", "day", "year"), ("year", "month", "day"))
_DIGITS = {
    "day": r"(?P<day>[0-9]{1,2})",
    "month": r"(?P<month>[0-9]{1,2})",
    "year": r"(?P<year>[0-9]{4})",
}
_TIME = (
    r"(?:[ T](?P<hour>[0-9]{1,2})(?P<mark>[:.])(?P<minute>[0-9]{2})"
    r"(?:(?P=mark)(?P<second>[0-9]{2}))?(?: ?(?P<half>[AaPp])[Mm])?)?"
)
_PARTS = ("year", "month", "day", "hour", "minute", "second")


def _pattern(order: tuple[str, ...], mark: str) -> re.Pattern[str]:
    """Return what matches a date in one order, with or without a time."""
    return re.compile(re.escape(mark).join(_DIGITS[part] for part in order) + _TIME)


WAYS = {mark.join(order): _pattern(order, mark) for order in _ORDERS for mark in "/.-"}
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
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match.group(one) or 0) for one in _PARTS)
    half = match.group("half")
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
