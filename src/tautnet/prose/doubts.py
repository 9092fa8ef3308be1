"""Doubts as sentences."""

from collections.abc import Callable, Sequence

from tautnet.objective.registry import BASELINE
from tautnet.prose.words import Row, join, lasting, number, percent, quoted

# Doubts that would make the first sentence misleading: they come before it.
GRAVE = ("target_again",)
# Rows that a sentence names.
NAMED = 3
# Classes that it names.
CLASSES = 2


def sentence_of(doubt: Row) -> str:
    """The sentence of a doubt, with what to type about it.

    Parameters
    ----------
    doubt : dict
        ``kind``, ``figures``, ``option`` and ``text``, which stands where the sentence is known.

    Examples
    --------
    >>> sentence_of({"kind": "small", "figures": {"n": 62, "are": "rows"}, "option": None,
    ...     "text": None})
    'With 62 rows, all of these figures are rough.'
    """
    text = doubt["text"] or SENTENCES[doubt["kind"]](doubt["figures"])
    option = doubt["option"]
    if option is None or option in text:
        return text
    return f"{text[:-1]} ({option}){text[-1]}"


def _below_constant(figures: Row) -> str:
    return f"Do not use {quoted(figures['name'])}: on new rows it is worse than a constant."


def _limited(figures: Row) -> str:
    own = figures["arguments"]
    asked = figures["asked"]
    penalised = [quoted(name) for name in own["penalties"] if name != BASELINE]
    others = ["the unpenalised network"] if BASELINE in own["penalties"] else []
    names = join([*penalised, *others, "the linear model"])
    if own["penalties"] == asked["penalties"]:
        names = "the penalties"
    is_chosen = own["network"] == asked["network"]
    network = "" if is_chosen else f" on the {own['network']} network"
    folds = "" if own.get("cv") == asked.get("cv") else f" in {own['cv']} folds"
    trees = ", not for boosting" if asked["boosting"] and not own["boosting"] else ""
    return (
        f"There was time for {names}{network}{folds} only{trees}; the whole comparison may take"
        f" {lasting(figures['seconds_of_all'])}."
    )


def _carried(figures: Row) -> str:
    which = rows_in_words(figures["rows"])
    is_one = len(figures["rows"]) == 1
    own = percent(figures["skill"])
    without = percent(figures["skill_without"])
    changed = f"without {'it' if is_one else 'them'} the model explains {without}, not {own}."
    if figures["skill_without"] > figures["skill"]:
        badly = "is predicted badly" if is_one else "are predicted badly"
        return f"{which[0].upper()}{which[1:]} {badly}: {changed} Look whether the data are right."
    return f"Much of this hangs on {which}: {changed} Look whether the data are right."


def rows_in_words(rows: Sequence[int]) -> str:
    """Rows of a table, numbered from 1, inside a sentence.

    Examples
    --------
    >>> rows_in_words([3]), rows_in_words([3, 8, 1310, 1311])
    ('row 4', '4 rows (4, 9, 1,311, ...)')
    """
    names = [f"{row + 1:,}" for row in rows[:NAMED]]
    if len(rows) == 1:
        return f"row {names[0]}"
    return f"{len(rows)} rows ({', '.join(names)}{', ...' if len(rows) > NAMED else ''})"


def _choice(figures: Row) -> str:
    return (
        f"{percent(figures['skill'])} in the row {quoted(figures['penalty'])} is too good: it was"
        " picked by these rows. Picked without them, a penalty explains"
        f" {percent(figures['chosen'])}."
    )


def _computed(figures: Row) -> str:
    return (
        f"A linear model explains {percent(figures['skill'])}: is the target computed from these"
        " predictors?"
    )


def _neighbours(figures: Row) -> str:
    return (
        f"Errors of neighbouring rows are alike (correlation {number(figures['correlation'])}): if"
        " rows are in the order of time, these figures hold for times among them, not later ones."
    )


def _class_missed(figures: Row) -> str:
    classes = figures["classes"]
    named = classes[:CLASSES]
    shown = [f"{one['class']!r} ({percent(one['recall'])} of its rows)" for one in named]
    more = f" and {len(classes) - CLASSES} more" if len(classes) > CLASSES else ""
    names = join(shown) if not more else ", ".join(shown) + more
    return f"Hardly found: {names}, though {percent(figures['accuracy'])} of all rows are right."


def _rare_class(figures: Row) -> str:
    return (
        f"Only {percent(figures['share'])} of rows are {figures['class']!r}:"
        f" {percent(figures['recall'])} of them are found, average precision"
        f" {figures['average_precision']:.2f}."
    )


def _small(figures: Row) -> str:
    return f"With {figures['n']:,} {figures['are']}, all of these figures are rough."


def _edge(figures: Row) -> str:
    return (
        f"The best alpha of {quoted(figures['penalty'])} is the smallest one tried: smaller ones"
        " may do better."
    )


SENTENCES: dict[str, Callable[[Row], str]] = {
    "limited": _limited,
    "below_constant": _below_constant,
    "carried": _carried,
    "neighbours": _neighbours,
    "choice": _choice,
    "computed": _computed,
    "class_missed": _class_missed,
    "rare_class": _rare_class,
    "small": _small,
    "edge": _edge,
}
