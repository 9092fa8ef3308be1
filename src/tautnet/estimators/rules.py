"""The rules of arguments, one table for the estimators, the functions and the command.

Whoever takes arguments from users is a door: an estimator, a function such as `compare`, a command.

`APPLIES` says when an argument does something, `CONFLICTS` which arguments cannot stand together;
`allowed.ALLOWED`, which values each may take. The command reads all of it before a table, so
neither NumPy, JAX, pandas nor scikit-learn is imported here.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tautnet.estimators.given import Given
from tautnet.objective import choices
from tautnet.objective.registry import names_where, relaxed_forms


@dataclass(frozen=True)
class Rule:
    """When an argument does something.

    Attributes
    ----------
    parameter : str
    applies : callable
        Whether it does, of what is given.
    needs : str or callable
        The words after "it needs". ``{loss:'huber'}`` and ``{loss}`` in them are written as the
        user of a door writes that argument.
    example : dict
        Arguments in which it does nothing.
    """

    parameter: str
    applies: Callable[[Given], bool]
    needs: str | Callable[[], str]
    example: dict[str, Any] = field(hash=False)


def _has_layers(given: Given) -> bool:
    return not given.is_linear


_LINEAR: dict[str, Any] = {"hidden_layer_sizes": ()}
_SPLITS = [([0, 1], [2]), ([0, 2], [1]), ([1, 2], [0])]
_ON_WEIGHTS = "a penalty on the weights"
_HIDDEN = "a hidden layer ({hidden_layer_sizes})"

APPLIES: tuple[Rule, ...] = (
    Rule(
        "l1_ratio",
        lambda given: any(kind.uses_l1_ratio for kind in given.kinds),
        lambda: f"the penalty {' or '.join(names_where('uses_l1_ratio'))}",
        {"penalty": "l2", "l1_ratio": 0.9},
    ),
    Rule(
        "feature_groups",
        lambda given: any(kind.is_joint for kind in given.kinds),
        lambda: f"a penalty of whole predictors: {', '.join(names_where('is_joint'))}",
        {"penalty": "l1", "feature_groups": {"both": [0, 1]}},
    ),
    Rule(
        "penalty_factors",
        lambda given: given.has_path,
        _ON_WEIGHTS,
        {"penalty": "none", "penalty_factors": [1.0, 2.0]},
    ),
    Rule(
        "layer_factors",
        lambda given: given.has_path,
        _ON_WEIGHTS,
        {"penalty": "none", "layer_factors": [1.0, 2.0]},
    ),
    Rule(
        "adaptive",
        lambda given: given.has_path,
        _ON_WEIGHTS,
        {"penalty": "none", "adaptive": True},
    ),
    Rule(
        "adaptive",
        lambda given: not given.penalty_is_open,
        "a penalty by its name: {penalty:'auto'} tries an adaptive one itself",
        {"penalty": choices.AUTO, "adaptive": True},
    ),
    Rule(
        "alpha",
        lambda given: given.has_strength,
        "a penalty that has a strength",
        {"penalty": "none", "alpha": 0.5},
    ),
    Rule(
        "alphas",
        lambda given: given.has_strength,
        "a penalty that has a strength",
        {"penalty": "none", "alphas": [0.1]},
    ),
    Rule(
        "selection",
        lambda given: given.has_strength,
        "a penalty that has a strength",
        {"penalty": "none", "selection": "1se"},
    ),
    Rule(
        "alpha_min_ratio",
        lambda given: given.has_path,
        _ON_WEIGHTS,
        {"penalty": "none", "alpha_min_ratio": 0.1},
    ),
    Rule(
        "alpha_min_ratio",
        lambda given: given.alphas_are_automatic,
        "{alphas:'auto'}",
        {"alphas": [0.1], "alpha_min_ratio": 0.1},
    ),
    Rule("activation", _has_layers, _HIDDEN, _LINEAR | {"activation": "tanh"}),
    Rule("skip", _has_layers, _HIDDEN, _LINEAR | {"skip": False}),
    Rule(
        "precision",
        lambda given: not given.is_linear or given.stops_early,
        f"{_HIDDEN}: linear maps are always fitted in float64",
        _LINEAR | {"precision": "float64"},
    ),
    Rule(
        "finish",
        _has_layers,
        f"{_HIDDEN}: linear maps always are finished",
        _LINEAR | {"finish": True},
    ),
    Rule(
        "finish",
        lambda given: given.has_end,
        f"{_ON_WEIGHTS}, or none",
        {"penalty": "early_stopping", "finish": True},
    ),
    Rule(
        "finish",
        lambda given: not given.has_refits,
        "{relax:False}: refits are scored and delivered as they are walked",
        {"penalty": "group", "relax": True, "finish": True},
    ),
    Rule(
        "tol",
        lambda given: given.is_solved,
        "{finish:True} or {hidden_layer_sizes:()}",
        {"penalty": "l2", "tol": 0.1},
    ),
    # One condition, two messages: of estimators, then of comparisons, which refit one penalty.
    Rule(
        "relax",
        lambda given: given.is_comparison or given.can_relax,
        "a penalty that takes predictors out",
        {"penalty": "l2", "relax": True},
    ),
    Rule(
        "relax",
        lambda given: given.can_relax or not given.is_comparison,
        lambda: f"the penalty {' and '.join(relaxed_forms().values())}, whose predictors it refits",
        {"penalty": "l1", "relax": True},
    ),
    Rule(
        "relax",
        lambda given: not given.penalty_is_open,
        "a penalty by its name, such as {penalty:'group'}",
        {"penalty": choices.AUTO, "relax": True},
    ),
    Rule(
        "stopping",
        lambda given: given.stops_early,
        "{penalty:'early_stopping'}",
        {"penalty": "l2", "stopping": "score"},
    ),
    Rule(
        "groups",
        lambda given: given.has_folds or given.stops_early,
        "{penalty:'early_stopping'}",
        {"penalty": "l2", "groups": [0, 1] * 10},
    ),
    Rule(
        "loss",
        lambda given: given.task in ("auto", "regression"),
        "a regression",
        {"task": "classification", "loss": "huber"},
    ),
    Rule("delta", lambda given: given.loss == "huber", "{loss:'huber'}", {"delta": 2.0}),
    Rule(
        "quantile", lambda given: given.loss == "quantile", "{loss:'quantile'}", {"quantile": 0.9}
    ),
    Rule("clamp_output", _has_layers, _HIDDEN, _LINEAR | {"clamp_output": False}),
    Rule(
        "clamp_output",
        lambda given: given.loss == "squared_error",
        "{loss:'squared_error'}",
        {"loss": "huber", "clamp_output": False},
    ),
    Rule(
        "clamp_output",
        lambda given: given.task in ("auto", "regression"),
        "a regression",
        {"task": "classification", "clamp_output": False},
    ),
    Rule(
        "clamp_output",
        lambda given: not given.ordered,
        "{ordered:False}: predictions of later rows are never clamped",
        {"ordered": True, "clamp_output": False},
    ),
    Rule("ties", lambda given: given.task == "survival", "{task:'survival'}", {"ties": "efron"}),
    Rule(
        "repeats",
        lambda given: given.cv_is_a_number,
        "a number of folds as {cv}: splits that are given cannot be drawn anew",
        {"cv": _SPLITS, "repeats": 2},
    ),
    Rule(
        "ordered",
        lambda given: given.cv_is_a_number,
        "a number of folds as {cv}: splits that are given are used as they are",
        {"cv": _SPLITS, "ordered": True},
    ),
    Rule(
        "boosting",
        lambda given: given.has_boosting,
        "a loss that boosted trees have: not Huber's, nor that of survival times",
        {"loss": "huber", "boosting": False},
    ),
    Rule(
        "fdr",
        lambda given: not given.is_stable,
        "{method:'randomization'}: the limit of stability selection is {expected_false}",
        {"method": "stability", "fdr": 0.2},
    ),
    Rule(
        "strict",
        lambda given: not given.is_stable,
        "{method:'randomization'}: stability selection has no p-values",
        {"method": "stability", "strict": True},
    ),
    Rule(
        "expected_false",
        lambda given: given.is_stable,
        "{method:'stability'}: the limit of the randomization test is {fdr}",
        {"expected_false": 2.0},
    ),
)

# Of every parameter that a rule is about; those of all doors are the same.
DEFAULTS: dict[str, Any] = {
    "l1_ratio": choices.L1_RATIO,
    "feature_groups": None,
    "penalty_factors": None,
    "layer_factors": None,
    "adaptive": False,
    "alpha": choices.ALPHA,
    "alphas": "auto",
    "selection": "min",
    "alpha_min_ratio": "auto",
    "activation": "relu",
    "skip": True,
    "precision": "float32",
    "finish": False,
    "tol": choices.TOL,
    "relax": False,
    "stopping": "loss",
    "groups": None,
    "loss": choices.LOSS,
    "delta": choices.DELTA,
    "quantile": choices.QUANTILE,
    "clamp_output": True,
    "ties": "breslow",
    "repeats": 1,
    "ordered": False,
    "boosting": True,
    "fdr": choices.FDR,
    "strict": False,
    "expected_false": choices.EXPECTED_FALSE,
}


@dataclass(frozen=True)
class Conflict:
    """Arguments that are allowed one by one and cannot stand together.

    Attributes
    ----------
    is_there : callable
        Whether what is given conflicts.
    message : str or callable
        What is wrong, spelled as `Rule.needs` is.
    example : dict
        Arguments in which it is there.
    """

    is_there: Callable[[Given], bool]
    message: str | Callable[[Given], str]
    example: dict[str, Any] = field(hash=False)


def _complaints(given: Given) -> list[str]:
    """Why penalties cannot be put on the network."""
    found = [kind.complaint(given) for kind in given.kinds]
    return [one for one in found if one is not None]


def _names_one_twice(given: Given) -> bool:
    return len({kind.name for kind in given.kinds}) < len(given.kinds)


def _drops_all_units(given: Given) -> bool:
    return given.largest_alpha >= 1 and any(kind.alpha_is_share for kind in given.kinds)


CONFLICTS: tuple[Conflict, ...] = (
    Conflict(
        _names_one_twice,
        "{penalties}: name at least one penalty, and each once",
        {"penalties": ["l2", "l2"]},
    ),
    Conflict(
        lambda given: bool(_complaints(given)),
        lambda given: _complaints(given)[0],
        {"penalty": "hierarchical", "skip": False},
    ),
    Conflict(
        lambda given: given.penalty_is_open and not given.has_folds,
        "{penalty:'auto'} is chosen by cross-validation: use an estimator that has {cv}",
        {"penalty": choices.AUTO},
    ),
    Conflict(
        lambda given: given.penalty_is_open and given.counts_predictors,
        "{selection} asks for a number of predictors: name a penalty that takes predictors out,"
        " such as {penalty:'group'}",
        {"penalty": choices.AUTO, "selection": 3},
    ),
    Conflict(
        _drops_all_units,
        "here {alpha} is the share of units left out: it must be below 1",
        {"penalty": "dropout", "alpha": 1.0, "alphas": [0.5, 1.0]},
    ),
    Conflict(
        lambda given: given.n_layer_factors not in (None, given.n_hidden_layers + 1),
        lambda given: (
            f"{{layer_factors}} must be {given.n_hidden_layers + 1} numbers > 0, one for each layer"
        ),
        {"penalty": "l2", "layer_factors": [1.0, 1.0, 1.0]},
    ),
    Conflict(
        lambda given: given.ordered and given.repeats > 1,
        "{repeats} draws folds anew, and {ordered} leaves nothing to draw: use one of them",
        {"ordered": True, "repeats": 2},
    ),
    Conflict(
        lambda given: given.ordered and given.has_groups,
        "{ordered} cuts folds by the order of rows, {groups} by groups: use one of them",
        {"ordered": True, "groups": [0, 1] * 10},
    ),
    Conflict(
        lambda given: given.time_limit is not None and (given.finish or given.relax),
        "{time_limit} is for what takes a known time: leave {finish} and {relax} out",
        {"time_limit": 10.0, "relax": True},
    ),
    Conflict(
        lambda given: given.deliver is not None and given.deliver not in given.rows,
        lambda given: f"{{deliver}} names no row compared: use one of {', '.join(given.rows)}",
        {"penalties": ["l2"], "deliver": "l1"},
    ),
)
