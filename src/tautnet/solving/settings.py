"""What a fit is asked to do: numbers and names, no data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tautnet.objective.kinds import PenaltyKind
from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network
from tautnet.objective.registry import ELASTICNET, L2, penalty_kind
from tautnet.objective.regression import SquaredError
from tautnet.tables.arrays import Floats


@dataclass(frozen=True)
class Schedule:
    """How proximal Adam walks a path.

    Each strength gets one cosine from ``rate`` to 0 of ``steps`` steps, or of
    ``sharp_steps`` where the penalty has a corner at zero, which takes longer to settle. The first
    strength gets ``first_steps``, those below ``weak`` a₀, too weak to matter, ``weak_steps``.
    A path begins at the strongest of a few strengths, unless ``trial_steps`` at each of the first
    two say that weaker ones help, see `noise.weaker_helps`. Rows of little noise are walked from
    the weakest on, with ``thorough_steps`` at every strength, at least. Without a trial a path
    begins at the first that leaves no more than ``remembered`` of the null model's loss, and rows
    that it leaves above ``fitted`` are walked thoroughly. At the weakest ``fitted`` is enough, and
    its cosine is repeated: ``first_cycles`` are made at most, and each has to cut the loss to less
    than ``falling`` of what it was. A penalty that takes nothing
    out ends where the loss is back at ``faded`` of the null model's. The moments are kept from one
    strength to the next. Tables of more than
    ``batch_rows`` rows are walked in minibatches of ``batch_size``, and ``full_steps`` steps on all
    rows end each strength, so that its zeros are right.
    """

    rate: float = 3e-2
    first_steps: int = 200
    trial_steps: int = 100
    steps: int = 18
    sharp_steps: int = 30
    weak: float = 1e-3
    weak_steps: int = 12
    fitted: float = 1e-3
    remembered: float = 1e-5
    faded: float = 0.99
    falling: float = 0.75
    first_cycles: int = 5
    thorough_steps: int = 35
    unpenalised_steps: int = 2000
    batch_rows: int = 5000
    batch_size: int = 512
    batch_steps: int = 60
    full_steps: int = 5
    full_rate: float = 3e-3


@dataclass(frozen=True)
class Settings:
    """One way to fit: everything but the data, the rows and the strength.

    Parameters
    ----------
    penalty : str
        A registered one.
    l1_ratio : float
        ρ of the elastic net and of the sparse group penalty.
    network : Network
    loss : SquaredError, BinaryLogLoss or MultinomialLogLoss
    alpha_min_ratio : "auto" or float
        Where a path starts, as a share of a₀; for "auto" see `ranges.starts`.
    alphas_per_decade : int, optional
        Strengths a decade of the automatic grid; by default those of the penalty.
    finish : bool
        Whether points are finished by accelerated proximal gradient; linear maps always are.
    layer_factors : tuple of float, optional
        What the strength is multiplied by in each layer.
    penalty_factors : tuple of float, optional
        What the strength is multiplied by for each predictor; at 0 it is always kept.
    adaptive : bool
        Whether such factors are to come from a first path without them, see `adaptive.adapted`.
    stopping : callable, optional
        What early stopping watches instead of the loss: ``stopping(scaling, parameters, rows)``
        says how good a network is on some rows of the sample, the higher the better.
    tol, max_iter : float, int
        When finishing ends.
    clamp_output : bool
        Whether predictions stay near the targets that were fitted, where `clamps` says so.
    precision : {"float32", "float64"}
        Of the walk; finishing, certificates and predictions are always float64.
    seed : int
    least_columns : int
        Columns are filled up to at least so many: fits on few columns and on more then share a
        compiled program.
    schedule : Schedule
    """

    penalty: str = "l2"
    l1_ratio: float = 0.5
    network: Network = field(default_factory=Network)
    loss: Loss = field(default_factory=SquaredError)
    alpha_min_ratio: str | float = "auto"
    alphas_per_decade: int | None = None
    finish: bool = False
    tol: float = 0.05
    max_iter: int = 2000
    layer_factors: tuple[float, ...] | None = None
    penalty_factors: tuple[float, ...] | None = None
    adaptive: bool = False
    stopping: Callable[..., float] | None = None
    clamp_output: bool = False
    precision: str = "float32"
    seed: int = 0
    least_columns: int = 8
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        """Numbers of NumPy's become Python's own: arithmetic with float32 would stay float32."""
        for name in ("l1_ratio", "alpha_min_ratio", "tol"):
            value = getattr(self, name)
            if isinstance(value, np.number):
                object.__setattr__(self, name, float(value))

    @property
    def kind(self) -> PenaltyKind:
        """The facts of the penalty."""
        return penalty_kind(self.penalty)

    @property
    def is_l2(self) -> bool:
        """Whether the penalty is l2, by its name or as an elastic net without l1."""
        return self.penalty == L2 or (self.penalty == ELASTICNET and self.l1_ratio == 0)

    @property
    def is_sharp(self) -> bool:
        """Whether the penalty has a corner at zero: weights become 0, and at some strength all."""
        return self.kind.selects and not self.is_l2

    @property
    def clamps(self) -> bool:
        """Whether predictions are clamped: those of networks, where the loss allows it.

        A linear map goes on beyond the rows as it does between them, and is meant to.
        """
        return self.clamp_output and self.loss.can_clamp and not self.network.is_linear


@dataclass(frozen=True)
class Request:
    """What is asked of one chain of strengths.

    Attributes
    ----------
    alphas : "auto" or array
        Strengths; the automatic grid covers over-fitted to null. Under dropout: rates.
    until : float, optional
        Walk the strengths below it, then it, and stop: what a plain estimator does.
    keep : "all" or sequence of floats
        Strengths whose parameters are kept: the nearest of the grid; the null end always is.
    certify : {"none", "kept", "all"}
        Strengths at which stationarity and objective gap are measured.
    """

    alphas: str | Sequence[float] | Floats = "auto"
    until: float | None = None
    keep: str | Sequence[float] = ()
    certify: Literal["none", "kept", "all"] = "none"

    def __post_init__(self) -> None:
        """Strengths of any type become float64, so that each is found again where it is kept."""
        if not isinstance(self.alphas, str):
            object.__setattr__(self, "alphas", np.asarray(self.alphas, np.float64))
        if self.until is not None:
            object.__setattr__(self, "until", float(self.until))
        if not isinstance(self.keep, str):
            object.__setattr__(self, "keep", tuple(float(alpha) for alpha in self.keep))

    @property
    def is_automatic(self) -> bool:
        """Whether the strengths are those of the automatic grid."""
        return isinstance(self.alphas, str)


# The automatic grid, with nothing kept and nothing certified.
WHOLE_PATH = Request()
