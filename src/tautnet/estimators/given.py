"""The facts of a call that the rules of arguments look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from tautnet.estimators.allowed import Door
from tautnet.objective import choices
from tautnet.objective.kinds import PenaltyKind
from tautnet.objective.registry import L2, penalty_kind, relaxed_forms, tried_names

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Given:
    """The facts of a call that rules look at; defaults are those of all doors.

    Attributes
    ----------
    kinds : tuple of PenaltyKind
        Those that the user named, or that are always tried.
    penalty_is_open : bool
        Whether the penalty is left to cross-validation.
    n_hidden_layers : int
    skip, finish, relax : bool
    loss, task, method : str
    largest_alpha : float
        Of the strengths that the user gave.
    n_layer_factors : int or None
    counts_predictors : bool
        Whether a model of at most so many predictors is asked for.
    alphas_are_automatic, cv_is_a_number : bool
    has_folds : bool
        Whether rows are held out: not in a fit at one strength.
    repeats : int
    ordered, has_groups : bool
    deliver : str or None
        The row of a comparison that the user asked for.
    time_limit : float or None
    is_comparison : bool
        Whether a linear model, which always is solved, is fitted beside.
    """

    kinds: tuple[PenaltyKind, ...] = (penalty_kind(L2),)
    penalty_is_open: bool = False
    counts_predictors: bool = False
    n_hidden_layers: int = 1
    skip: bool = True
    finish: bool = False
    relax: bool = False
    loss: str = choices.LOSS
    task: str = "auto"
    method: str = "randomization"
    largest_alpha: float = choices.ALPHA
    n_layer_factors: int | None = None
    alphas_are_automatic: bool = True
    cv_is_a_number: bool = True
    has_folds: bool = False
    repeats: int = 1
    ordered: bool = False
    has_groups: bool = False
    deliver: str | None = None
    time_limit: float | None = None
    is_comparison: bool = False

    @property
    def is_linear(self) -> bool:
        """Whether there is no hidden layer."""
        return self.n_hidden_layers == 0

    @property
    def fitted(self) -> tuple[PenaltyKind, ...]:
        """The penalties of all fits: a comparison's linear model has its own."""
        return (*self.kinds, penalty_kind(L2)) if self.is_comparison else self.kinds

    @property
    def has_path(self) -> bool:
        """Whether a fit puts something on the weights."""
        return any(kind.is_on_weights for kind in self.fitted)

    @property
    def has_strength(self) -> bool:
        """Whether there is an alpha to choose."""
        return any(kind.has_strength for kind in self.fitted)

    @property
    def stops_early(self) -> bool:
        """Whether a training sets rows aside."""
        return any(kind.training == "early_stopping" for kind in self.kinds)

    @property
    def rows(self) -> list[str]:
        """Names of the rows of a comparison that can be delivered."""
        names = [kind.name for kind in self.kinds]
        return [*names, *(relaxed_forms() if self.relax else ()), choices.LINEAR]

    @property
    def has_boosting(self) -> bool:
        """Whether boosted trees can stand beside what is fitted."""
        return self.task != "survival" and self.loss not in choices.WITHOUT_BOOSTING

    @property
    def can_relax(self) -> bool:
        """Whether there is a penalty whose predictors can be refitted."""
        if self.is_comparison:
            return set(relaxed_forms().values()) <= {kind.name for kind in self.kinds}
        return any(kind.selects for kind in self.kinds)

    @property
    def has_refits(self) -> bool:
        """Whether predictors are refitted without the penalty's shrinkage."""
        return self.relax and self.can_relax

    @property
    def has_end(self) -> bool:
        """Whether a training goes to the end, so that a solver can go on from there."""
        return any(kind.training in ("path", "steps") for kind in self.kinds)

    @property
    def is_solved(self) -> bool:
        """Whether a solver runs after a walk: tolerances are its."""
        is_finished = self.is_linear or (self.finish and not self.has_refits)
        return self.is_comparison or (self.has_end and is_finished)

    @property
    def is_stable(self) -> bool:
        """Whether predictors are selected by stability selection."""
        return self.method == "stability"


def gather(arguments: Arguments, *, door: Door = "estimator") -> Given:
    """The facts of the arguments of a call, whose values are allowed ones.

    Parameters
    ----------
    arguments : dict
        Those that a door takes, by name.
    door : str

    Examples
    --------
    >>> given = gather({"penalty": "l1", "hidden_layer_sizes": ()})
    >>> given.is_linear, given.kinds[0].selects
    (True, True)
    """
    alphas = arguments.get("alphas", "auto")
    are_automatic = isinstance(alphas, str)
    factors = arguments.get("layer_factors")
    taken = {name: arguments[name] for name in _TAKEN_AS_THEY_ARE if name in arguments}
    return Given(
        kinds=tuple(map(penalty_kind, _named(arguments, door))),
        penalty_is_open=arguments.get("penalty") == choices.AUTO,
        counts_predictors=isinstance(arguments.get("selection"), Integral),
        n_hidden_layers=_count_layers(arguments),
        skip=arguments.get("skip") is not False,
        largest_alpha=arguments.get("alpha", choices.ALPHA) if are_automatic else max(alphas),
        n_layer_factors=None if factors is None else len(factors),
        alphas_are_automatic=are_automatic,
        cv_is_a_number=isinstance(arguments.get("cv"), Integral | None),
        has_folds="cv" in arguments,
        has_groups=arguments.get("groups") is not None,
        is_comparison=door == "compare",
        **taken,
    )


_TAKEN_AS_THEY_ARE = (
    "finish",
    "relax",
    "loss",
    "task",
    "method",
    "repeats",
    "ordered",
    "deliver",
    "time_limit",
)


def _named(arguments: Arguments, door: Door) -> list[str]:
    """The penalties of a call; one door has its own."""
    if door == "select_features":
        return [choices.SELECTION_PENALTY]
    if "penalties" in arguments:
        return list(arguments["penalties"])
    penalty = arguments.get("penalty", L2)
    return tried_names(is_wide=False) if penalty == choices.AUTO else [penalty]


def _count_layers(arguments: Arguments) -> int:
    sizes = arguments.get("hidden_layer_sizes")
    if sizes is None:
        return choices.LAYERS.get(arguments.get("network", choices.AUTO), 1)
    return 1 if isinstance(sizes, Real) else len(sizes)
