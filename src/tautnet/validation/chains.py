"""All chains of one candidate, what a rule chooses on them, and what the outer folds then say."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network
from tautnet.solving.path import Path
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chain import Chain, held_out_losses, held_out_outputs
from tautnet.validation.curve import Curve, FinishingGrid, Fold, inner_curve, outer_curve
from tautnet.validation.folds import fold_weights


class Candidate(NamedTuple):
    """A name and the settings that it stands for."""

    name: str
    settings: Settings


@dataclass(frozen=True)
class Race:
    """Which of several networks was chosen, for all rows and for each outer fold.

    Attributes
    ----------
    networks : dict
        Name -> Network, the cheapest first.
    chosen : dict
        (repeat, outer fold), or None for all rows -> name.
    losses : dict
        Name -> least cross-validated loss for all rows, of those that went to the end.
    row_losses : dict
        Name -> the loss of each row there, (n_rows,), averaged over repeats.
    early_losses : dict
        Name -> the same of every network on few strengths and two folds, which says who goes on.
    chains, seconds : dict
        Name -> chains walked, and the time they took.
    """

    networks: dict[str, Network]
    chosen: dict[Fold | None, str]
    losses: dict[str, float]
    row_losses: dict[str, Floats]
    early_losses: dict[str, float]
    chains: dict[str, int]
    seconds: dict[str, float]

    def network(self, key: Fold | None) -> Network:
        """The network for an outer fold, or for all rows."""
        return self.networks[self.chosen[key]]


class Choice(NamedTuple):
    """A model that may be chosen, or has been: chains, and a strength on them.

    Attributes
    ----------
    chains : Chains
        Its chains.
    alpha : float
    mean, standard_error : float
        Its cross-validated loss.
    n_predictors : int or None
        How many it keeps, where that plays a part in the choice.
    order : {"norm", "exit", "elimination"} or None
        What ranked the predictors of a refit; None where the model is on the path itself.
    """

    chains: "Chains"
    alpha: float
    mean: float
    standard_error: float = np.nan
    n_predictors: int | None = None
    order: str | None = None


class Outer(NamedTuple):
    """What outer-fold models say of rows that they did not see.

    Attributes
    ----------
    losses : array (n_rows,)
        Metric of each row, averaged over repeats.
    outputs : array (n_rows, n_outputs)
        Averaged over repeats, in the target's own scale.
    train_loss, score : float
        Means over folds and repeats.
    fold_losses : array (n_repeats * n_folds,)
    alphas : array (n_repeats * n_folds,)
        The strength that the inner folds chose for each outer fold.
    """

    losses: Floats
    outputs: Floats
    train_loss: float
    score: float
    fold_losses: Floats
    alphas: Floats


class Fits(ABC):
    """What was fitted for one candidate, whatever its kind.

    Attributes
    ----------
    candidate : Candidate
    sample : Sample
    folds : list of int arrays (n_rows,)
        The fold of each row, one array a repeat.
    """

    candidate: Candidate
    sample: Sample
    folds: list[Integers]

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Time that all chains took."""

    @abstractmethod
    def choose(self, rule: str, key: Fold | None = None) -> Choice:
        """What a rule chooses for an outer fold, or for all rows."""

    @abstractmethod
    def path_of(self, choice: Choice) -> Path:
        """The path on all rows that a choice is a place on."""

    def outer(self, rule: str) -> Outer:
        """Outer-fold results under a rule."""
        return outer_results(self.sample, self.folds, partial(self.choose, rule))

    @property
    def outer_folds(self) -> list[Fold]:
        """Every pair (repeat, outer fold)."""
        return [(r, k) for r, fold in enumerate(self.folds) for k in range(fold.max() + 1)]


@dataclass(frozen=True)
class Chains(Fits):
    """All chains of one candidate.

    Attributes
    ----------
    candidate, sample, folds
        As those of `Fits`.
    chains : list of lists of Chain
        One a repeat.
    whole : Path or None
        The path on all rows, certified at every strength; None for refits of few predictors, whose
        paths are walked when they are chosen, see `relaxed`.
    grids : dict
        With finishing: (repeat, outer fold) or None for all rows -> the `FinishingGrid` of
        strengths at which models were finished; choices are made among these alone.
    first : Chains, optional
        The chains that the factors of an adaptive penalty come from.
    race : Race, optional
        Which networks these chains are of, where that was chosen.
    """

    candidate: Candidate
    sample: Sample
    folds: list[Integers]
    chains: list[list[Chain]]
    whole: Path | None
    grids: dict[Fold | None, FinishingGrid] = field(default_factory=dict)
    first: "Chains | None" = None
    race: "Race | None" = None

    @property
    def is_nested(self) -> bool:
        """Whether there are chains without two folds, so that outer folds have inner ones."""
        return any(len(chain.left_out) == 2 for repeat in self.chains for chain in repeat)

    @property
    def keys(self) -> list[Fold | None]:
        """For what something may be chosen: all rows, and the outer folds that have inner ones."""
        return [None, *(self.outer_folds if self.is_nested else ())]

    @property
    def seconds(self) -> float:
        """Time that all chains took."""
        total = 0.0 if self.whole is None else self.whole.seconds
        total += sum(chain.path.seconds for repeat in self.chains for chain in repeat)
        return total + (0.0 if self.first is None else self.first.seconds)

    def curve(self, without: Fold | None = None) -> Curve:
        """The ordinary curve over the folds of every repeat, or all but one."""
        weights = [fold_weights(self.sample, fold) for fold in self.folds]
        return self._among(outer_curve(self.chains, weights, without), None)

    def inner(self, repeat: int, outer: int, without: int | None = None) -> Curve:
        """The curve that may choose for an outer fold, over all its inner folds or all but one."""
        weights = fold_weights(self.sample, self.folds[repeat])
        curve = inner_curve(self.chains[repeat], outer, weights, without)
        return self._among(curve, (repeat, outer))

    def curve_for(self, key: Fold | None) -> Curve:
        """The curve that chooses for an outer fold, or for all rows.

        A baseline has the same strength for all, and no chains of inner folds.
        """
        if key is None or self.candidate.settings.kind.is_baseline:
            return self.curve(without=key)
        return self.inner(*key)

    def path_for(self, key: Fold | None) -> Path:
        """The path of the chain without an outer fold, or that of all rows."""
        return self.path if key is None else self.single(*key).path

    def _among(self, curve: Curve, key: Fold | None) -> Curve:
        return curve.restricted(self.grids[key]) if self.grids else curve

    def single(self, repeat: int, outer: int) -> Chain:
        """The model of an outer fold."""
        return next(chain for chain in self.chains[repeat] if chain.is_outer(outer))

    @property
    def singles(self) -> list[tuple[Chain, int]]:
        """The chains that choose for all rows, each with the fold it left out."""
        own = [chain for repeat in self.chains for chain in repeat if chain.is_of_all_rows]
        return [(chain, chain.left_out[0]) for chain in own]

    @property
    def path(self) -> Path:
        """The path of all rows."""
        if self.whole is None:
            raise ValueError("refits of few predictors have no path of all rows")
        return self.whole

    def choose(self, rule: str, key: Fold | None = None) -> Choice:
        """The strength that a rule chooses for an outer fold, or for all rows."""
        curve = self.curve_for(key)
        i = curve.index(rule)
        return Choice(self, float(curve.alphas[i]), curve.mean[i], curve.standard_error[i])

    def path_of(self, choice: Choice) -> Path:
        """The path of all rows."""
        return self.path


def row_losses(chains: Chains) -> Floats:
    """The loss of each row at the strength that all folds choose, shape (n_rows,).

    It is averaged over the models that did not see the row; NaN where all saw it. Rows that chose
    are scored: it serves the choice among candidates alone.
    """
    alpha = chains.curve().alpha("min")
    sums = np.zeros(len(chains.sample.y))
    counts = np.zeros(len(chains.sample.y))
    for repeat, fold in zip(chains.chains, chains.folds, strict=True):
        for chain in repeat:
            if chain.is_of_all_rows:
                rows = np.flatnonzero(fold == chain.left_out[0])
                loss = chains.candidate.settings.loss
                sums[rows] += _held_out(chains.sample, loss, chain, rows, chain.at(alpha))[1]
                counts[rows] += 1
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def _held_out(
    sample: Sample, loss: Loss, chain: Chain, rows: Integers, at: int
) -> tuple[Floats, Floats]:
    """Outputs and losses of the rows that a chain left out, at strength number ``at``."""
    held_out = held_out_outputs(chain.path, sample, rows, at)
    beside = chain.path.outputs[at, len(rows) :]
    return held_out, held_out_losses(sample, loss, rows, chain.beside, held_out, beside)


def outer_results(sample: Sample, folds: list[Integers], choose: Callable[[Fold], Choice]) -> Outer:
    """Put the outer folds of every repeat together.

    Parameters
    ----------
    choose : callable
        ``choose((repeat, outer fold))`` gives a `Choice` that was made without that fold.
    """
    losses = []
    outputs = []
    scores = []
    train = []
    fold_losses = []
    alphas = []
    for repeat, fold in enumerate(folds):
        row_outputs = np.zeros(sample.y.shape)
        row_losses = np.zeros(len(fold))
        for k in range(fold.max() + 1):
            chosen = choose((repeat, k))
            loss = chosen.chains.candidate.settings.loss
            chain = chosen.chains.single(repeat, k)
            at = chain.at(chosen.alpha)
            rows = np.flatnonzero(fold == k)
            held_out, own = _held_out(sample, loss, chain, rows, at)
            row_outputs[rows] = held_out
            row_losses[rows] = own
            fold_losses.append(np.average(own, weights=sample.weight[rows]))
            train.append(chain.path.train_loss[at])
            alphas.append(chain.path.alphas[at])
        losses.append(row_losses)
        outputs.append(row_outputs)
        scores.append(loss.pooled_score(sample.y, row_outputs, sample.weight, fold))
    return Outer(
        np.mean(losses, axis=0),
        np.mean(outputs, axis=0),
        float(np.mean(train)),
        float(np.mean(scores)),
        np.array(fold_losses),
        np.array(alphas),
    )
