"""Numbers, names and certificates in words."""

import math
from collections.abc import Iterable
from typing import Any, TypeAlias

# One row of a comparison's table, and the object that ``result.json`` holds.
Row: TypeAlias = dict[str, Any]
Result: TypeAlias = dict[str, Any]
# A stationarity up to the first counts as solved. One up to the second counts as nearly solved
# where the last quarter of the steps gained at most the third, as a share of the constant's loss.
SOLVED = 0.1
NEARLY_SOLVED = 0.3
SETTLED = 1e-3


def number(value: float) -> str:
    """A number to three sensible digits.

    Examples
    --------
    >>> [number(v) for v in (0.071434, 0.56, 12345.6, 0.0, 6.1e8, -0.00002)]
    ['0.0714', '0.56', '12,300', '0', '6.1e+08', '-2e-05']
    """
    # Adding 0.0 turns -0.0 into 0.0.
    rounded = float(f"{value:.3g}") + 0.0
    if 1000 <= abs(rounded) < 1e6:
        return f"{rounded:,.0f}"
    return f"{rounded:.3g}"


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
    'solved to stationarity 0.031'
    """
    stationarity = row["stationarity"]
    if stationarity is None or math.isnan(stationarity):
        return "no certificate, since it solves no minimisation problem"
    if stationarity <= SOLVED:
        return f"solved to stationarity {number(stationarity)}"
    if stationarity <= NEARLY_SOLVED and row["objective_gap"] <= SETTLED:
        return (
            f"nearly solved: stationarity {number(stationarity)}, and its objective has stopped"
            " falling"
        )
    return (
        f"stopped at stationarity {number(stationarity)}: early stopping is part of the"
        " regularization"
    )
