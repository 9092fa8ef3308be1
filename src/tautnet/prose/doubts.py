"""Doubts as sentences."""

from collections.abc import Callable

from tautnet.prose.words import Row, join, number, percent, quoted

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


def _carried(figures: Row) -> str:
    rows = [f"{row + 1:,}" for row in figures["rows"][:NAMED]]
    n = len(figures["rows"])
    own = percent(figures["skill"])
    without = percent(figures["skill_without"])
    which = f"{n} rows ({', '.join(rows)}{', ...' if n > NAMED else ''})"
    which = f"Row {rows[0]}" if n == 1 else which
    them = "it" if n == 1 else "them"
    if figures["skill_without"] > figures["skill"]:
        predicted = "is predicted badly" if n == 1 else "are predicted badly"
        return f"{which} {predicted}: without {them} the model explains {without}, not {own}."
    hang = "Much of this hangs on row" if n == 1 else "Much of this hangs on"
    which = which.removeprefix("Row ") if n == 1 else which
    return f"{hang} {which}: without {them} the model explains {without}, not {own}."


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
        " rows are in the order of time, these figures hold for times between them, not later ones."
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
