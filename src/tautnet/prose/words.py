"""Numbers, names and certificates in words."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeAlias

from tautnet.objective.registry import BASELINE

# One row of a comparison's table, and the object that ``result.json`` holds.
Row: TypeAlias = dict[str, Any]
Result: TypeAlias = dict[str, Any]
# A stationarity up to the first counts as converged, one up to the second as nearly so
# where the last quarter of the steps gained at most the third, as a share of the constant's loss.
SOLVED = 0.1
NEARLY_SOLVED = 0.3
SETTLED = 1e-3
# One below this has no digit that anyone needs.
TINY = 1e-3
# Significant digits that say enough.
DIGITS = 3
# Sizes of numbers that are written out; smaller and larger ones would be rows of zeros.
PLAIN_FROM = 1e-6
PLAIN_BELOW = 1e15
UNPENALISED = "unpenalised"
MINUTE = 60
HOUR = 3600


def number(value: float, digits: int = DIGITS) -> str:
    """A number in plain notation, to three sensible digits or as many as are asked for.

    Examples
    --------
    >>> [number(v) for v in (0.071434, 0.56, 12345.6, 0.0, 9.21e8, -0.00002, 1234.5)]
    ['0.0714', '0.56', '12,300', '0', '921,000,000', '-0.00002', '1,230']
    >>> number(1234.56, 5), number(4.2e-10), number(6.02e23)
    ('1,234.6', '4.2e-10', '6.02e+23')
    """
    # Adding 0.0 turns -0.0 into 0.0.
    rounded = float(f"{value:.{digits}g}") + 0.0
    if rounded == 0 or PLAIN_FROM <= abs(rounded) < PLAIN_BELOW:
        return f"{Decimal(f'{rounded:.{digits}g}'):,f}"
    return f"{rounded:.{digits}g}"


def lasting(seconds: float) -> str:
    """A time as it is said: in seconds, in minutes, in hours.

    Examples
    --------
    >>> lasting(12.3), lasting(400), lasting(9000)
    ('12 s', '7 min', '2.5 h')
    """
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{seconds / HOUR:.1f} h"


def shown_name(name: str) -> str:
    """The name of a row as a person reads it: the penalty called none is no penalty.

    Examples
    --------
    >>> shown_name("none"), shown_name("l2")
    ('unpenalised', 'l2')
    """
    return UNPENALISED if name == BASELINE else name


def quoted(name: str) -> str:
    """The name of a penalty or a parameter as a sentence shows it.

    Examples
    --------
    >>> quoted("l2")
    '`l2`'
    """
    return f"`{name}`"


def interval(versus: Row) -> str:
    """The interval of a comparison in words."""
    return f"95 % interval {number(versus['ci_low'])} to {number(versus['ci_high'])}"


def join(names: Iterable[str]) -> str:
    """Names as a list in a sentence.

    Examples
    --------
    >>> join(["l1"]), join(["l1", "l2", "group"])
    ('l1', 'l1, l2 and group')
    """
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def certificate_in_words(row: Row) -> str:
    """How well the chosen model solves its own problem.

    Examples
    --------
    >>> certificate_in_words({"penalty": "l2", "stationarity": 0.031, "objective_gap": 1e-5})
    'converged to stationarity 0.031'
    """
    stationarity = row["stationarity"]
    if stationarity is None or math.isnan(stationarity):
        return "no certificate, since it solves no minimisation problem"
    if stationarity < TINY:
        return f"converged to a stationarity below {number(TINY)}"
    if stationarity <= SOLVED:
        return f"converged to stationarity {number(stationarity)}"
    if stationarity <= NEARLY_SOLVED and row["objective_gap"] <= SETTLED:
        return (
            f"nearly converged (stationarity {number(stationarity)}, and its objective has stopped"
            " falling)"
        )
    return (
        f"stopped before it converged (stationarity {number(stationarity)}): early stopping is"
        " part of the regularization"
    )


def percent(share: float) -> str:
    """A share as a percentage, with more digits near its ends, where they say something.

    Examples
    --------
    >>> [percent(v) for v in (0.917, 0.9962, 0.03, 0.004, -0.2, 1.0, 0.99999)]
    ['92 %', '99.6 %', '3 %', '0.4 %', '-20 %', '100 %', 'over 99.99 %']
    """
    value = 100 * share
    if value in (0, 100):
        return f"{value:.0f} %"
    if abs(value) < 1:
        return f"{value:.1f} %"
    if value > 99:
        # Rounding must not turn nearly all into all.
        if value > 99.99:
            return "over 99.99 %"
        return f"{float(f'{value:.1f}' if value < 99.95 else f'{value:.2f}'):g} %"
    return f"{value:.0f} %"


def percent_interval(low: float, high: float) -> str:
    """A 95 % interval of a share, which is 1 at most.

    Examples
    --------
    >>> percent_interval(0.9, 0.941), percent_interval(-0.2, 1.1), percent_interval(0.856, 0.862)
    ('95 % interval 90 to 94 %', '95 % interval -20 to 100 %', '95 % interval 85.6 to 86.2 %')
    """
    top = percent(min(high, 1.0))
    bottom = percent(low)
    if top == bottom:
        top = f"{100 * min(high, 1.0):.1f} %"
        bottom = f"{100 * low:.1f} %"
    return f"95 % interval {bottom.removesuffix(' %')} to {top}"
