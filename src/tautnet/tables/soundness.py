"""What a careful analyst would want to know of a table before anything is fitted to it."""

import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.copies import copy_codes, n_copies
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.leaks import Answer, Told, answers, told
from tautnet.tables.outlying import Outlying, outlying_values
from tautnet.tables.ranked import rank, ranked_predictors
from tautnet.tables.sample import Sample
from tautnet.tables.target import Target
from tautnet.tables.twins import Twin, correlated, digests, renamed

__all__ = ["Finding", "findings"]

# Of each kind so many are said in full, and the others counted.
MOST_SAID = 5
MOST_NAMED = 3
EXACT = 1 - 1e-9
NEARLY_EXACT = 0.999
NEARLY_ALL = 0.95
NEARLY_IN_ORDER = 0.99
# A date is that of a record where days are distinct and so many of the gaps between them are alike.
DISTINCT = 0.9
REGULAR = 0.8
LEAST_DATES = 10


@dataclass(frozen=True)
class Finding:
    """One thing about a table that may make what is fitted to it worthless.

    Attributes
    ----------
    kind : {"target_again", "alone", "code", "twins", "copies", "dated"}
    predictors : tuple of str
        Those it is about; none where it is about the target or the rows.
    text : str
        One sentence.
    option : str or None
        What to type.
    figures : dict
        The numbers behind it.
    """

    kind: str
    predictors: tuple[str, ...]
    text: str
    option: str | None
    figures: dict[str, float]


def findings(
    frame: pd.DataFrame, sample: Sample, encoder: TableEncoder, target: Target
) -> list[Finding]:
    """Return what is odd about a table.

    Looked for are predictors that are the target in other words or nearly give it, codes for
    missing cells, predictors that say the same, exact copies of rows, and dates in whose order the
    rows are. A predictor nearly gives the target where it alone explains 95 % of the variance of
    the target, or of the 0/1 columns of its classes, in rows left out (1 less the Brier score over
    that of the shares of the classes), or where it is nearly in the order of the target.

    Parameters
    ----------
    frame : pandas.DataFrame
        The predictors before they were encoded, row for row as in the sample.
    sample : Sample
        Rows of weight 0 are left out.
    encoder : TableEncoder
        What made the sample of the frame.
    target : Target

    Returns
    -------
    list of Finding
        At most five of a kind, and then one that counts the others.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from tautnet.tables.sample import encode
    >>> from tautnet.tables.soundness import findings
    >>> frame = pd.DataFrame({"age": np.arange(60.0) % 37, "alive": ["yes", "no", "no"] * 20})
    >>> target, sample, encoder = encode(frame, [1, 0, 0] * 20, None, "auto")
    >>> for one in findings(frame, sample, encoder, target):
    ...     print(one.text, one.option)
    'alive' says the same as the target 'y' in all 60 rows: leave it out unless it is known \
beforehand. --drop alive
    """
    rows = sample.weight > 0
    if not rows.all():
        frame = frame[rows]
        sample = sample.of(rows)
    table = _Table(sample, encoder)
    asked = list(answers(target, rows))
    again: dict[int, Finding] = {}
    alone: dict[int, Finding] = {}
    outlying: list[Outlying] = []
    same: dict[int, bytes] = {}
    for ranked in ranked_predictors(frame, sample, encoder):
        for answer in asked:
            known = told(ranked, answer, table.kinds)
            again = dict(_again(table, ranked.positions, answer, known)) | again
            alone = dict(_alone(table, ranked.positions, answer, known)) | alone
        is_number = np.array([table.kinds[at] == "number" for at in ranked.positions])
        outlying += outlying_values(ranked.of(is_number))
        same |= digests(ranked, len(table.kinds))
    twins = {twin.other: twin for twin in [*correlated(sample, table.numbers()), *renamed(same)]}
    said = [
        _in_order(again),
        _in_order({at: one for at, one in alone.items() if at not in again}),
        list(_codes(table, outlying, asked)),
        [_twin(table, twins[at]) for at in sorted(twins) if not {at, twins[at].first} & set(again)],
    ]
    found = [one for some in said for one in _shortened(some)]
    return [*found, *_copies(sample), *_dated(table)]


class _Table:
    """A table as sentences speak of it.

    Attributes
    ----------
    sample : Sample
    names, kinds : list of str
        Of all predictors.
    numbering : set of str
        Those that number the rows.
    first : int array
        The first column of each predictor.
    has_value : list of bool
        Whether that column holds the predictor's own numbers.
    """

    def __init__(self, sample: Sample, encoder: TableEncoder) -> None:
        self.sample = sample
        self.names = encoder.predictors
        self.numbering = set(encoder.doubtful)
        self.kinds = list(encoder.kinds.values())
        self.first = np.searchsorted(encoder.column_predictor, np.arange(len(self.names)))
        self.has_value = [bool(recipe.get("value")) for recipe in encoder.recipes]

    def numbers(self) -> dict[int, int]:
        """Return the column of each predictor of numbers or dates, by its position."""
        return {at: int(self.first[at]) for at, has in enumerate(self.has_value) if has}

    def n_present(self, position: int) -> int:
        """Return how many rows have a value of a predictor; of a category all have one."""
        return int((~np.isnan(self.sample.X[:, self.first[position]])).sum())


def _in_order(found: dict[int, Finding]) -> list[Finding]:
    """Return findings in the order of the table's predictors."""
    return [found[at] for at in sorted(found)]


def _shortened(found: list[Finding]) -> list[Finding]:
    """Return the first findings of a kind, and one that counts the others."""
    others = found[MOST_SAID:]
    if not others:
        return found
    kind = found[0].kind
    what = f"{len(others)} more" if len(others) > 1 else "1 more"
    text = (
        f"There are {what} such findings." if len(others) > 1 else "There is 1 more such finding."
    )
    names = tuple(name for one in others for name in one.predictors)
    return [*found[:MOST_SAID], Finding(kind, names, text, None, {"findings": len(others)})]


def _again(
    table: _Table, positions: Integers, answer: Answer, known: Told
) -> Iterator[tuple[int, Finding]]:
    """Yield the predictors that are an answer in other words, by position."""
    exact = np.abs(known.correlation) > EXACT
    nearly = np.abs(known.correlation) > NEARLY_EXACT
    numbers = np.array([table.names[position] in table.numbering for position in positions])
    orders = numbers & (np.abs(known.rank_correlation) >= NEARLY_IN_ORDER)
    for row in np.flatnonzero(exact | nearly | known.determines | orders):
        position = int(positions[row])
        name = table.names[position]
        n_rows = table.n_present(position)
        in_all = f"in all {n_rows:,} rows"
        figures: dict[str, float] = {"rows": n_rows}
        if known.correlation[row]:
            figures["correlation"] = float(known.correlation[row])
        if exact[row] or known.is_renamed[row]:
            what = f"{name!r} says the same as {answer.said} {in_all}"
        elif known.determines[row]:
            what = f"Each value of {name!r} has one value of {answer.said} {in_all}"
        elif orders[row]:
            r = f"{known.rank_correlation[row]:.3f}"
            what = f"{name!r} numbers the rows in the order of {answer.said} (rank correlation {r})"
        else:
            r = f"{known.correlation[row]:.6f}".rstrip("0")
            what = f"{name!r} moves with {answer.said} (correlation {r})"
        text = f"{what}: leave it out unless it is known beforehand."
        yield position, Finding("target_again", (name,), text, _drop(name), figures)


def _alone(
    table: _Table, positions: Integers, answer: Answer, known: Told
) -> Iterator[tuple[int, Finding]]:
    """Yield the predictors that alone nearly give an answer, by position."""
    is_in_order = np.abs(known.rank_correlation) >= NEARLY_IN_ORDER
    for row in np.flatnonzero((known.share >= NEARLY_ALL) | is_in_order):
        position = int(positions[row])
        name = table.names[position]
        share = float(known.share[row])
        # Rounded down: not all is explained.
        percent = min(int(100 * share), 99)
        what = f"{name!r} alone explains {percent} % of {answer.said} in rows left out"
        figures = {"share": share}
        if share < NEARLY_ALL:
            r = float(known.rank_correlation[row])
            what = f"{name!r} is in the order of {answer.said} (rank correlation {r:.3f})"
            figures["rank_correlation"] = r
        text = f"{what}: is it known before the target is?"
        yield position, Finding("alone", (name,), text, _drop(name), figures)


def _drop(name: str) -> str:
    """Return what leaves a predictor out."""
    return f"--drop {shlex.quote(name)}"


def _codes(table: _Table, found: list[Outlying], asked: list[Answer]) -> Iterator[Finding]:
    """Yield the values that may mean missing, one finding for each value."""
    places: dict[float, list[tuple[str, Outlying]]] = defaultdict(list)
    predictors: dict[float, list[str]] = defaultdict(list)
    for answer in asked:
        if answer.numbers is not None:
            for one in outlying_values(rank(answer.numbers[np.newaxis])):
                places[one.value].append((answer.said, one))
    for one in found:
        name = table.names[one.position]
        places[one.value].append((repr(name), one))
        predictors[one.value].append(name)
    for value, where in places.items():
        code = _plain(value)
        said, first = where[0]
        n_rows = sum(one.n_rows for _, one in where)
        figures = {"value": value, "columns": len(where), "cells": n_rows}
        if len(where) == 1:
            others = f"{_plain(first.low)} to {_plain(first.high)}"
            text = f"{said} is {code} in {n_rows:,} rows, far from its other values ({others})"
            figures |= {"low": first.low, "high": first.high}
        else:
            some = ", ".join(name for name, _ in where[:MOST_NAMED])
            more = ", ..." if len(where) > MOST_NAMED else ""
            text = f"{code} is far from the other values of {len(where)} columns ({some}{more})"
        option = f"--na {code}"
        asked_of = f"does {code} mean missing (then {option}), or is it a limit (then leave it)?"
        text = f"{text[0].upper()}{text[1:]}: {asked_of}"
        yield Finding("code", tuple(predictors[value]), text, option, figures)


def _plain(number: float) -> str:
    """Return a number in plain notation."""
    return str(int(number)) if number == round(number) else f"{number:.6g}"


def _twin(table: _Table, twin: Twin) -> Finding:
    """Return what to say of a predictor that says what another says."""
    first = table.names[twin.first]
    other = table.names[twin.other]
    if twin.correlation is None:
        text = f"{other!r} says the same as {first!r}."
        return Finding("twins", (first, other), text, _drop(other), {})
    r = float(twin.correlation)
    text = f"{other!r} says nearly the same as {first!r} (correlation {r:.6f})."
    if abs(r) > EXACT:
        text = f"{other!r} says the same as {first!r}."
    return Finding("twins", (first, other), text, _drop(other), {"correlation": r})


def _copies(sample: Sample) -> Iterator[Finding]:
    """Yield what to say of exact copies of rows."""
    codes = copy_codes(sample.X, sample.y, sample.weight, sample.column_predictor)
    n = n_copies(codes)
    if n:
        n_rows = len(sample.X)
        what = f"{n:,} of {n_rows:,} rows equal an earlier row in every column used"
        if n == 1:
            what = f"1 of {n_rows:,} rows equals an earlier row in every column used"
        text = f"{what}: equal rows stay in one fold and count once. Nothing needs doing."
        yield Finding("copies", (), text, None, {"copies": n, "rows": n_rows})


def _dated(table: _Table) -> Iterator[Finding]:
    """Yield what to say of a date that makes the rows a record over time."""
    for position, column in table.numbers().items():
        if table.kinds[position] != "date":
            continue
        name = table.names[position]
        days = np.asarray(table.sample.X[:, column], dtype=np.float64)
        days = days[~np.isnan(days)]
        distinct = np.unique(days)
        if len(distinct) < LEAST_DATES:
            continue
        steps = np.diff(days)
        figures: dict[str, float] = {"dates": len(days), "distinct": len(distinct)}
        if (steps >= 0).all() or (steps <= 0).all():
            what = f"Rows seem to be in the order of {name!r}"
            text = f"{what}: the figures hold for times among these, not for later ones."
        elif len(distinct) >= DISTINCT * len(days) and _is_regular(distinct):
            what = f"{name!r} has one date after the other, but rows are not in its order"
            text = f"{what}: sort them by it, and give --ordered."
        else:
            continue
        yield Finding("dated", (name,), text, "--ordered", figures)
        return


def _is_regular(distinct: Floats) -> bool:
    """Tell whether dates follow each other at the same distance nearly always."""
    gaps = np.diff(distinct)
    return bool(np.isclose(gaps, np.median(gaps), rtol=0.05, atol=0).mean() >= REGULAR)
