"""What doors say of arguments that conflict or do nothing, by the tables of rules."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tautnet.estimators.allowed import Door, check_values, shown
from tautnet.estimators.given import Arguments, Given, gather
from tautnet.estimators.rules import APPLIES, CONFLICTS, DEFAULTS, Rule
from tautnet.tables.errors import TableError

# How a door's user writes an argument: of its name and, where it is told, a value as in Python.
Spelling = Callable[[str, str], str]


def as_in_python(name: str, value: str) -> str:
    """An argument as it is written in a call."""
    return f"{name}={value}" if value else name


class _Spelled(dict[str, "_Argument"]):
    """Arguments by name, for patterns such as ``"{loss:'huber'}"``."""

    def __init__(self, spell: Spelling) -> None:
        super().__init__()
        self.spell = spell

    def __missing__(self, name: str) -> "_Argument":
        return _Argument(name, self.spell)


@dataclass(frozen=True)
class _Argument:
    name: str
    spell: Spelling

    def __format__(self, value: str) -> str:
        return self.spell(self.name, value)


def check_conflicts(given: Given, spell: Spelling = as_in_python) -> None:
    """Raise where arguments cannot stand together.

    Raises
    ------
    TableError
        It says which.
    """
    for conflict in CONFLICTS:
        if conflict.is_there(given):
            message = conflict.message
            pattern = message if isinstance(message, str) else message(given)
            raise TableError(pattern.format_map(_Spelled(spell)))


def idle(arguments: Arguments, given: Given, spell: Spelling = as_in_python) -> dict[str, str]:
    """Arguments that are not at their defaults and yet do nothing, each with what it needs.

    Examples
    --------
    >>> arguments = {"penalty": "l2", "delta": 2.0}
    >>> idle(arguments, gather(arguments))
    {'delta': "loss='huber'"}
    """
    found: dict[str, str] = {}
    for rule in _unmet(arguments, given):
        needs = rule.needs if isinstance(rule.needs, str) else rule.needs()
        found.setdefault(rule.parameter, needs.format_map(_Spelled(spell)))
    return found


def without_idle(arguments: Arguments) -> dict[str, Any]:
    """The arguments of an estimator, those that do nothing at their defaults.

    Examples
    --------
    >>> without_idle({"penalty": "l2", "delta": 2.0})
    {'penalty': 'l2', 'delta': 1.35}
    """
    needs = idle(arguments, gather(arguments))
    return {name: DEFAULTS[name] if name in needs else arguments[name] for name in arguments}


def _unmet(arguments: Arguments, given: Given) -> Iterator[Rule]:
    for rule in APPLIES:
        is_given = rule.parameter in arguments
        if is_given and not _is_default(rule.parameter, arguments[rule.parameter]):
            if not rule.applies(given):
                yield rule


def _is_default(name: str, value: object) -> bool:
    """Whether an argument, of an allowed value, is at its default."""
    default = DEFAULTS[name]
    if value is None:
        # None leaves open what else has a default.
        return True
    if default is None:
        return False
    if isinstance(default, str):
        return isinstance(value, str) and value == default
    return bool(value == default)


def in_words(needs: Mapping[str, str], subject: Callable[[str], str]) -> str:
    """What `idle` has found, each argument as its user calls it.

    Examples
    --------
    >>> in_words({"delta": "loss='huber'"}, "the argument {}".format)
    "the argument delta does nothing here: it needs loss='huber'"
    """
    return "; ".join(
        f"{subject(name)} does nothing here: it needs {words}" for name, words in needs.items()
    )


def with_values(arguments: Arguments) -> Callable[[str], str]:
    """How arguments are called in a program: by their names and values."""
    return lambda name: shown(name, arguments[name])


def refuse(arguments: Arguments, *, door: Door) -> None:
    """Raise where an argument is wrong, conflicts with another, or would do nothing.

    Parameters
    ----------
    arguments : dict
        All that a door was given, by name; those that no rule is about are passed over.
    door : str

    Raises
    ------
    TableError
        A ValueError that says what is wrong in one line.
    """
    check_values(arguments, door=door)
    given = gather(arguments, door=door)
    check_conflicts(given)
    needs = idle(arguments, given)
    if needs:
        raise TableError(in_words(needs, with_values(arguments)))
