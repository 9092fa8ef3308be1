"""What each penalty is, by name: one entry says all that the other rooms need to know of it.

The entries are plain facts: reading them imports no JAX. Only `PenaltyKind.make` does.
"""

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING

from tautnet.objective.choices import L1_RATIO
from tautnet.objective.kinds import PenaltyKind

if TYPE_CHECKING:
    from tautnet.objective.penalties import Penalty

# The penalty that all others are compared with: a fixed training with nothing on the weights.
BASELINE = "none"
# The penalty of the linear model that a comparison puts beside the networks, and of refits.
L2 = "l2"
ELASTICNET = "elasticnet"


def _of_class(name: str, *ratio: float) -> Callable[[float, float], "Penalty"]:
    """A maker of one of this package's classes, which are imported when one is made."""

    def make(alpha: float, l1_ratio: float) -> "Penalty":
        return getattr(import_module("tautnet.objective.penalties"), name)(alpha, *ratio)

    return make


def _with_ratio(name: str) -> Callable[[float, float], "Penalty"]:
    def make(alpha: float, l1_ratio: float) -> "Penalty":
        return getattr(import_module("tautnet.objective.penalties"), name)(alpha, l1_ratio)

    return make


def _nothing(alpha: float, l1_ratio: float) -> "Penalty":
    return _of_class("ElasticNet", 0.0)(0.0, l1_ratio)


_OWN_KINDS = (
    PenaltyKind(
        "none",
        _nothing,
        "No penalty: a fixed number of training steps.",
        training="steps",
        is_compared=True,
        label="no penalty",
    ),
    PenaltyKind(
        "l2",
        _of_class("ElasticNet", 0.0),
        "Shrinks all weights by their squares.",
        is_compared=True,
        tried="always",
    ),
    PenaltyKind(
        "l1",
        _of_class("ElasticNet", 1.0),
        "Shrinks all weights by their magnitudes, many to exactly zero.",
        takes_out="weights",
        is_compared=True,
        tried="wide",
    ),
    PenaltyKind(
        ELASTICNET,
        _with_ratio("ElasticNet"),
        "Mixes l1 and l2; l1_ratio is the share of l1.",
        takes_out="weights",
        uses_l1_ratio=True,
        is_compared=True,
    ),
    PenaltyKind(
        "group",
        _of_class("Group"),
        "Takes whole predictors out.",
        takes_out="predictors",
        is_joint=True,
        is_compared=True,
    ),
    PenaltyKind(
        "adaptive_group",
        _of_class("Group"),
        "Walks the group path twice: the second presses small predictors harder.",
        takes_out="predictors",
        is_joint=True,
        adaptive_of="group",
        is_compared=True,
        tried="always",
    ),
    PenaltyKind(
        "sparse_group",
        _with_ratio("SparseGroup"),
        "Takes whole predictors out, and single weights of those that stay.",
        takes_out="predictors",
        is_joint=True,
        uses_l1_ratio=True,
    ),
    PenaltyKind(
        "hierarchical",
        _of_class("Hierarchical"),
        "Lets a predictor into hidden layers only beside a linear effect (LassoNet).",
        takes_out="predictors",
        is_joint=True,
        needs_skip=True,
    ),
    PenaltyKind(
        "mcp",
        _of_class("MCP"),
        "Takes single weights out, and shrinks large ones little.",
        takes_out="weights",
    ),
    PenaltyKind(
        "group_mcp",
        _of_class("GroupMCP"),
        "Takes whole predictors out, and shrinks large ones little.",
        takes_out="predictors",
        is_joint=True,
    ),
    PenaltyKind(
        "early_stopping",
        _nothing,
        "No penalty: takes the weights that were best on rows set aside.",
        training="early_stopping",
        label="`early_stopping`",
    ),
    PenaltyKind(
        "dropout",
        _nothing,
        "No penalty: leaves hidden units out at random; alpha is their share.",
        training="dropout",
        needs_hidden_layer=True,
        alpha_is_share=True,
        label="`dropout`, rate {alpha}",
    ),
    PenaltyKind(
        "relaxed_group",
        _of_class("Group"),
        "Refits the predictors that group ranks first.",
        takes_out="predictors",
        is_joint=True,
        relaxed_of="group",
    ),
)
_KINDS = {kind.name: kind for kind in _OWN_KINDS}


def register_penalty(kind: PenaltyKind) -> None:
    """Make a penalty of one's own known to estimators, paths, comparisons, command and report.

    Parameters
    ----------
    kind : PenaltyKind
        Its ``make`` gives objects with ``value`` and ``prox``, most simply of a class that
        inherits from one in `tautnet.objective.penalties`.

    Raises
    ------
    ValueError
        Where the name is that of a penalty of this package, or is no plain word.

    Examples
    --------
    A penalty on whole predictors that is twice as strong as "group":

    >>> import tautnet as tn
    >>> from tautnet.objective.penalties import Group
    >>> tn.register_penalty(
    ...     tn.PenaltyKind(
    ...         "double_group",
    ...         lambda alpha, l1_ratio: Group(2 * alpha),
    ...         "Takes whole predictors out, twice as fast.",
    ...         takes_out="predictors",
    ...         is_joint=True,
    ...     )
    ... )
    >>> model = tn.TautNetRegressor("double_group", 0.1, hidden_layer_sizes=())
    >>> model.fit([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0]], [0.0, 1.0, 2.0]).selected_features_.tolist()
    [True, False]
    """
    if is_own(kind.name):
        raise ValueError(f"{kind.name!r} is a penalty of tautnet: choose another name")
    if not kind.name.isidentifier():
        raise ValueError(f"{kind.name!r} is no plain word: use letters, digits and underscores")
    _KINDS[kind.name] = kind


def penalty_kind(name: str) -> PenaltyKind:
    """The facts of a penalty.

    Raises
    ------
    ValueError
        Where no penalty has this name.

    Examples
    --------
    >>> penalty_kind("adaptive_group").base, penalty_kind("l2").selects
    ('group', False)
    """
    if name not in _KINDS:
        raise ValueError(f"no penalty {name!r}: use some of {', '.join(compared_names())}")
    return _KINDS[name]


def is_own(name: str) -> bool:
    """Whether a penalty is one of this package, and not one that a user has registered."""
    return any(kind.name == name for kind in _OWN_KINDS)


def registered() -> list[PenaltyKind]:
    """The penalties that users have registered in this process."""
    return [kind for kind in kinds() if not is_own(kind.name)]


def described(name: str) -> PenaltyKind:
    """The facts of a penalty that a file or a result names, which this process may not know.

    Examples
    --------
    >>> described("of_a_stranger").help
    'Not registered in this process.'
    """
    return _KINDS.get(name) or PenaltyKind(name, _unknown, "Not registered in this process.")


def _unknown(alpha: float, l1_ratio: float) -> "Penalty":
    raise ValueError("this penalty is not registered: call tautnet.register_penalty first")


def kinds() -> Iterator[PenaltyKind]:
    """All penalties in the order in which they are listed."""
    yield from _KINDS.values()


def estimator_names() -> list[str]:
    """Names that estimators take."""
    return [kind.name for kind in kinds() if kind.is_estimator_penalty]


# What other packages and books call a penalty.
OTHER_NAMES = {
    "ridge": "l2",
    "weight decay": "l2",
    "lasso": "l1",
    "elastic net": "elasticnet",
    "elastic_net": "elasticnet",
    "elastic-net": "elasticnet",
    "group lasso": "group",
    "group_lasso": "group",
    "adaptive": "adaptive_group",
    "sparse group lasso": "sparse_group",
    "lassonet": "hierarchical",
    "early stopping": "early_stopping",
    "unpenalised": "none",
    "unpenalized": "none",
}


def compared_names() -> list[str]:
    """Names that `compare` takes; the relaxed form of a penalty is asked for by ``relax=True``."""
    return [kind.name for kind in kinds() if kind.relaxed_of is None]


def default_names() -> list[str]:
    """Names that `compare` takes where its user gives none."""
    return [kind.name for kind in kinds() if kind.is_compared]


def tried_names(*, is_wide: bool) -> list[str]:
    """Names of the penalties that ``penalty="auto"`` tries, the simplest first.

    Parameters
    ----------
    is_wide : bool
        Whether columns outnumber rows.

    Examples
    --------
    >>> tried_names(is_wide=False)
    ['l2', 'adaptive_group']
    """
    tried = ("always", "wide") if is_wide else ("always",)
    return [kind.name for kind in kinds() if kind.tried in tried]


def names_where(fact: str) -> list[str]:
    """Names that `compare` takes of which a fact holds.

    Examples
    --------
    >>> names_where("uses_l1_ratio")
    ['elasticnet', 'sparse_group']
    """
    return [name for name in compared_names() if getattr(_KINDS[name], fact)]


def adaptive_name(name: str) -> str:
    """The name of the adaptive form of a penalty, also of one that `compare` does not take.

    Examples
    --------
    >>> adaptive_name("group"), adaptive_name("l1")
    ('adaptive_group', 'adaptive_l1')
    """
    forms = (kind.name for kind in kinds() if kind.adaptive_of == name)
    return next(forms, f"adaptive_{name}")


def relaxed_forms() -> dict[str, str]:
    """Name of each relaxed form -> the penalty whose predictors it refits."""
    return {kind.name: kind.relaxed_of for kind in kinds() if kind.relaxed_of}


def make_penalty(name: str, alpha: float, l1_ratio: float = L1_RATIO) -> "Penalty":
    """The penalty of a name at a strength.

    Parameters
    ----------
    name : str
        A registered one.
    alpha : float
        Strength, at least 0; what puts nothing on the weights has the strength 0.
    l1_ratio : float
        ρ of "elasticnet" and "sparse_group", in [0, 1]; other penalties do not have one.

    Examples
    --------
    >>> make_penalty("l1", 0.5)
    ElasticNet(alpha=0.5, l1_ratio=1.0)
    """
    return penalty_kind(name).make(alpha, l1_ratio)
