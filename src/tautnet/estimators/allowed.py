"""Which values each argument may take, whatever the others are.

`ALLOWED` is the first part of the rules of arguments, the others stand in `rules`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from numbers import Integral, Real
from os import PathLike
from sys import float_info
from typing import Any, Literal, cast

from tautnet.objective import choices
from tautnet.objective.registry import (
    OTHER_NAMES,
    compared_names,
    estimator_names,
    relaxed_forms,
)
from tautnet.tables.errors import TableError
from tautnet.tables.names import did_you_mean

Door = Literal["estimator", "compare", "fit_path", "select_features"]

LONGEST_VALUE = 60


@dataclass(frozen=True)
class Allowed:
    """Which values an argument may take.

    Attributes
    ----------
    test : callable
        Whether a value is allowed.
    words : str or callable
        What stands after "is not"; a callable where it depends on the penalties registered.
    names : callable
        Texts that a mistyped one may mean.
    """

    test: Callable[[object], bool]
    words: str | Callable[[], str]
    names: Callable[[], Sequence[str]] = tuple

    @property
    def in_words(self) -> str:
        """What an allowed value is."""
        return self.words if isinstance(self.words, str) else self.words()

    def refusal(self, value: object) -> str:
        """What to say behind a value that is not allowed, or behind a list with such a value."""
        names = self.names()
        texts = [one for one in _entries(value) or [value] if isinstance(one, str)]
        wrong = next((text for text in texts if text not in names), "")
        hint = did_you_mean(wrong, names, OTHER_NAMES)
        return f"is not {self.in_words}{hint}"


def _is_number(
    value: object,
    *,
    above: float = -inf,
    least: float = -inf,
    below: float = inf,
    most: float = inf,
) -> bool:
    """Whether a value is a finite number between bounds: two that it may equal, two it may not."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    # Any real number compares as one of Python's. Whole ones may be too large for a float.
    number = cast(float, value)
    if isinstance(value, Integral) and abs(number) > float_info.max:
        return False
    return above < number < below and least <= number <= most


def _is_whole(value: object, *, least: float = -inf, below: float = inf) -> bool:
    return isinstance(value, Integral) and _is_number(value, least=least, below=below)


def _is_truth(value: object) -> bool:
    """Whether a value is True or False, of Python or of NumPy."""
    is_of_numpy = str(getattr(value, "dtype", "")) == "bool" and getattr(value, "ndim", 1) == 0
    return isinstance(value, bool) or is_of_numpy


def _is_named(value: object, names: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value in names


def _entries(value: Any) -> list[Any] | None:
    """What a list, tuple or array holds; None for what is none of them."""
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__"):
        return None
    try:
        return list(value)
    except TypeError:
        return None


def _is_list(value: object, is_entry: Callable[[Any], bool], least: int = 0) -> bool:
    """Whether a value is a list of at least so many entries, each of which passes a test."""
    entries = _entries(value)
    return entries is not None and len(entries) >= least and all(map(is_entry, entries))


def _is_size(value: Any) -> bool:
    """Whether a value is a number of units."""
    return _is_number(value, least=1) and float(value).is_integer()


def _are_layers(value: object) -> bool:
    return _is_size(value) or _is_list(value, _is_size)


def _are_strengths(value: object) -> bool:
    return _is_named(value, ("auto",)) or _is_list(value, partial(_is_number, above=0), least=1)


def _is_start(value: object) -> bool:
    """Whether a value says where a path starts, as a share of the strength where it ends."""
    return _is_named(value, ("auto",)) or _is_number(value, above=0, most=1)


def _is_cv(value: object, least: int) -> bool:
    """Whether a value is a number of folds, a splitter, or pairs of training and test rows."""
    if isinstance(value, str | Real):
        return _is_whole(value, least=least)
    return hasattr(value, "split") or hasattr(value, "__iter__")


def _is_watched(value: object) -> bool:
    """Whether early stopping can watch a value: a name of a score, or a callable."""
    if not isinstance(value, str) or value in ("loss", "score"):
        return isinstance(value, str) or callable(value)
    from sklearn.metrics import get_scorer_names

    return value in get_scorer_names()


def _is_random_state(value: object) -> bool:
    if value is None or isinstance(value, Real):
        return value is None or _is_whole(value, least=0, below=2**32)
    from numpy.random import RandomState

    return isinstance(value, RandomState)


def _are_penalties(value: object) -> bool:
    return _is_list(value, lambda name: _is_named(name, tuple(compared_names())), least=1)


def _one_of(names: tuple[str, ...]) -> Allowed:
    words = f"one of {', '.join(names)}"
    return Allowed(lambda value: _is_named(value, names), words, lambda: names)


def _whole(least: int, words: str = "") -> Allowed:
    return Allowed(partial(_is_whole, least=least), words or f"an integer of at least {least}")


def _or_none(
    test: Callable[[object], bool], words: str, names: Callable[[], Sequence[str]] = tuple
) -> Allowed:
    return Allowed(lambda value: value is None or test(value), f"None or {words}", names)


def _may_be_open(allowed: Allowed) -> Allowed:
    """What may also be None, which leaves it open: nobody has to be told to type that."""
    return replace(allowed, test=lambda value: value is None or allowed.test(value))


_TRUTH = Allowed(_is_truth, "True or False")
_POSITIVE = Allowed(partial(_is_number, above=0), "a finite number above 0")
_SHARE = Allowed(partial(_is_number, above=0, below=1), "a number between 0 and 1")
_CALLABLE = _or_none(callable, "a callable")

ALLOWED: dict[str, Allowed] = {
    "penalty": Allowed(
        lambda value: _is_named(value, (choices.AUTO, *estimator_names())),
        lambda: (
            f"one of {', '.join(estimator_names())}, which are all that are registered"
            " (tautnet.register_penalty adds others), or 'auto'"
        ),
        lambda: (choices.AUTO, *estimator_names()),
    ),
    "penalties": Allowed(
        _are_penalties,
        lambda: f"a list, as ['l2'], of some of {', '.join(compared_names())}",
        compared_names,
    ),
    "alpha": Allowed(_POSITIVE.test, "a finite number above 0: for no penalty use penalty='none'"),
    "alphas": Allowed(_are_strengths, "'auto' or a list of finite numbers above 0"),
    "cv": Allowed(
        lambda value: value is None or _is_cv(value, 2),
        "None, a number of folds from 2 on, a splitter or splits",
    ),
    "selection": Allowed(
        lambda value: _is_named(value, choices.STRENGTH_RULES) or _is_whole(value, least=1),
        "'min', '1se' or a number of predictors from 1 on",
    ),
    "relax": _TRUTH,
    "ensemble": _TRUTH,
    "n_jobs": _or_none(
        lambda value: _is_whole(value) and value != 0,
        "a number of jobs at once: 1 or more, or -1 for all cores",
    ),
    "feature_groups": _or_none(lambda value: isinstance(value, Mapping), "a dict"),
    "penalty_factors": _or_none(lambda value: _is_list(value, _is_number), "a list of numbers"),
    "layer_factors": _or_none(
        lambda value: _is_list(value, _POSITIVE.test),
        "a list of finite numbers > 0, one for each layer",
    ),
    "adaptive": _TRUTH,
    "stopping": Allowed(
        _is_watched, "'loss', 'score', the name of a score of scikit-learn or a callable"
    ),
    "l1_ratio": Allowed(partial(_is_number, least=0, most=1), "a number from 0 to 1"),
    "hidden_layer_sizes": _may_be_open(
        Allowed(
            _are_layers, "a number of units from 1 on, or a list of them, one for each hidden layer"
        )
    ),
    "network": _one_of((choices.AUTO, *choices.NETWORKS)),
    "activation": _may_be_open(_one_of(choices.ACTIVATIONS)),
    "inputs": _may_be_open(_one_of(choices.INPUTS)),
    "skip": _may_be_open(_TRUTH),
    "finish": _TRUTH,
    "loss": _one_of(choices.REGRESSION_LOSSES),
    "delta": _POSITIVE,
    "quantile": _SHARE,
    "clamp_output": _TRUTH,
    "ties": _one_of(choices.TIES),
    "class_weight": _or_none(
        lambda value: isinstance(value, Mapping) or _is_named(value, ("balanced",)),
        "a dict or 'balanced'",
    ),
    "alpha_min_ratio": Allowed(_is_start, "'auto' or a number above 0, and 1 at most"),
    "max_iter": _whole(1),
    "tol": _POSITIVE,
    "precision": _one_of(choices.PRECISIONS),
    "verbose": Allowed(
        lambda value: _is_truth(value) or _is_whole(value, least=0),
        "True, False or an integer of at least 0",
    ),
    "random_state": Allowed(
        _is_random_state, "None, an integer of at least 0 and below 2**32 or a RandomState"
    ),
    "repeats": _whole(1),
    "ordered": _TRUTH,
    "boosting": _TRUTH,
    "time_limit": _or_none(_POSITIVE.test, "a number of seconds above 0"),
    "deliver": _or_none(
        lambda value: _is_named(value, (*compared_names(), *relaxed_forms(), choices.LINEAR)),
        "the name of a penalty compared, or 'linear'",
        lambda: (*compared_names(), choices.LINEAR),
    ),
    "task": _one_of(choices.TASKS),
    "fdr": Allowed(
        _SHARE.test,
        "a number between 0 and 1: it is the share of false ones that is allowed, as 0.1",
    ),
    "method": _one_of(choices.SELECTION_METHODS),
    "strict": _TRUTH,
    "expected_false": _POSITIVE,
    "resume": _or_none(lambda value: isinstance(value, str | PathLike), "a directory"),
    "name": Allowed(lambda value: isinstance(value, str), "a text"),
    "on_progress": _CALLABLE,
    "on_note": _CALLABLE,
}

# Doors that take less than the others: seeds of repeated folds are counted up, and nested folds
# leave one out twice.
_SEED = _whole(0)
NARROWER: dict[tuple[Door, str], Allowed] = {
    ("compare", "cv"): Allowed(
        lambda value: _is_cv(value, 3), "a number of folds, at least 3, a splitter or splits"
    ),
    ("select_features", "cv"): _whole(
        3, "a number of folds, at least 3: strengths are chosen without the fold of the test"
    ),
    ("compare", "selection"): _one_of(choices.STRENGTH_RULES),
    ("compare", "random_state"): _SEED,
    ("select_features", "random_state"): _SEED,
    ("select_features", "task"): _one_of(choices.SELECTION_TASKS),
}


def allowed(name: str, door: Door = "estimator") -> Allowed:
    """Which values an argument of a door may take.

    Examples
    --------
    >>> allowed("selection").test(3), allowed("selection", "compare").test(3)
    (True, False)
    """
    return NARROWER.get((door, name)) or ALLOWED[name]


def check_values(arguments: Mapping[str, object], *, door: Door = "estimator") -> None:
    """Raise where a value is none that its argument may take; what is not listed is passed over.

    Raises
    ------
    TableError
        It names the argument.

    Examples
    --------
    >>> check_values({"penalty": "l1", "delta": -1.0})
    Traceback (most recent call last):
    tautnet.tables.errors.TableError: delta=-1.0 is not a finite number above 0
    """
    for name, value in arguments.items():
        if name in ALLOWED and not allowed(name, door).test(value):
            raise TableError(f"{shown(name, value)} {allowed(name, door).refusal(value)}")


def shown(name: str, value: object) -> str:
    """An argument with its value, on one line that stays short.

    Examples
    --------
    >>> shown("alphas", [0.125] * 40)
    'alphas=[0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, ...'
    """
    text = " ".join(repr(value).split())
    return f"{name}={text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 3] + '...'}"
