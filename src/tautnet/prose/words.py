"""Numbers and certificates in words."""

import math

SOLVED, NEARLY_SOLVED, SETTLED = 0.1, 0.3, 1e-3


def number(value):
    """A number to three sensible digits.

    Examples
    --------
    >>> [number(v) for v in (0.071434, 0.56, 12345.6, 0.0, 6.1e8, -0.00002)]
    ['0.0714', '0.56', '12,300', '0', '6.1e+08', '-2e-05']
    """
    rounded = float(f"{value:.3g}") + 0.0
    if 1000 <= abs(rounded) < 1e6:
        return f"{rounded:,.0f}"
    return f"{rounded:.3g}"


def interval(versus):
    """The interval of a comparison in words."""
    return f"95 % interval {number(versus['ci_low'])} to {number(versus['ci_high'])}"


def join(names):
    """Names as a list in a sentence.

    Examples
    --------
    >>> join(["l1"]), join(["l1", "l2", "group"])
    ('l1', 'l1, l2 and group')
    """
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def certificate_in_words(row):
    """How well the chosen model solves its own problem.

    Examples
    --------
    >>> certificate_in_words({"penalty": "l2", "stationarity": 0.031, "objective_gap": 1e-5})
    'solved to 0.031'
    """
    stationarity = row["stationarity"]
    if stationarity is None or math.isnan(stationarity):
        return "it solves no problem, so it has no certificate"
    if stationarity <= SOLVED:
        return f"solved to {number(stationarity)}"
    if stationarity <= NEARLY_SOLVED and row["objective_gap"] <= SETTLED:
        return f"nearly solved: {number(stationarity)}, at a level that no longer falls"
    return f"stopped at {number(stationarity)}: part of the regularization is early stopping"
