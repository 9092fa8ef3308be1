"""What a penalty is to the other rooms: plain facts, which import no JAX."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from tautnet.objective.penalties import Penalty

Training = Literal["path", "steps", "early_stopping", "dropout"]
Removes = Literal["nothing", "weights", "predictors"]
Tried = Literal["always", "wide", "never"]
# Strengths a decade of a path.
FINE = 8
COARSE = 4


class Layout(Protocol):
    """What the facts of a network are to a penalty."""

    @property
    def is_linear(self) -> bool:
        """Whether there is no hidden layer."""

    @property
    def skip(self) -> bool:
        """Whether a linear map runs beside hidden layers."""


@dataclass(frozen=True)
class PenaltyKind:
    """The facts of one penalty.

    Attributes
    ----------
    name : str
        What users type.
    make : callable
        ``make(alpha, l1_ratio)`` gives the penalty at a strength: an object with ``value`` and
        ``prox``, see `tautnet.objective.penalties.Penalty`.
    help : str
        One sentence that says what it does.
    takes_out : {"nothing", "weights", "predictors"}
        What it can make exactly zero: nothing, single weights, or all weights of a predictor.
    training : {"path", "steps", "early_stopping", "dropout"}
        How it is fitted: along a path of strengths, or by one of the trainings that put nothing
        on the weights.
    is_joint : bool
        Whether all weights of a predictor leave together.
    uses_l1_ratio : bool
    needs_skip : bool
        Whether it needs a linear map beside hidden layers.
    needs_hidden_layer : bool
    alpha_is_share : bool
        Whether alpha is a share of hidden units, below 1, and no strength.
    adaptive_of, relaxed_of : str or None
        The penalty that this name is the adaptive form, or the relaxed form, of.
    is_compared : bool
        Whether `compare` takes it where its user names no penalties.
    tried : {"always", "wide", "never"}
        Whether ``penalty="auto"`` tries it: always, where columns outnumber rows, or never.
    label : str
        What sentences call it: a pattern of ``name`` and ``alpha``.
    """

    name: str
    make: Callable[[float, float], "Penalty"]
    help: str
    takes_out: Removes = "nothing"
    training: Training = "path"
    is_joint: bool = False
    uses_l1_ratio: bool = False
    needs_skip: bool = False
    needs_hidden_layer: bool = False
    alpha_is_share: bool = False
    adaptive_of: str | None = None
    relaxed_of: str | None = None
    is_compared: bool = False
    tried: Tried = "never"
    label: str = "`{name}`, alpha {alpha}"

    @property
    def is_on_weights(self) -> bool:
        """Whether it puts anything on the weights."""
        return self.training == "path"

    @property
    def is_baseline(self) -> bool:
        """Whether it is the plain training that penalties are measured by, and no choice itself."""
        return self.training == "steps"

    @property
    def has_strength(self) -> bool:
        """Whether there is an alpha to choose."""
        return self.training in ("path", "dropout")

    @property
    def selects(self) -> bool:
        """Whether it can take predictors out, as a whole or weight by weight."""
        return self.takes_out != "nothing"

    @property
    def base(self) -> str:
        """The name that an estimator knows it by: the penalty that it is a form of."""
        return self.adaptive_of or self.relaxed_of or self.name

    @property
    def is_adaptive(self) -> bool:
        """Whether it is the adaptive form of another."""
        return self.adaptive_of is not None

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments by which an estimator has it, refits aside."""
        return {"penalty": self.base, "adaptive": self.is_adaptive}

    @property
    def is_estimator_penalty(self) -> bool:
        """Whether estimators take it by this name."""
        return self.base == self.name

    @property
    def alphas_per_decade(self) -> int:
        """How many strengths a decade a path has.

        The order in which predictors leave is an answer. Where none can leave, the loss alone is,
        which changes slowly.
        """
        return FINE if self.selects else COARSE

    def complaint(self, network: Layout) -> str | None:
        """Why this penalty cannot be used on a network, or None."""
        if self.needs_skip and (network.is_linear or not network.skip):
            return (
                f"{self.name} works with a linear map beside hidden layers: it needs a hidden"
                " layer and skip=True"
            )
        if self.needs_hidden_layer and network.is_linear:
            return f"{self.name} leaves hidden units out: it needs a hidden layer"
        return None
