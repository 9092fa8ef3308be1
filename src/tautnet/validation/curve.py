"""Cross-validated loss against strength, and the rules min and 1se that choose on it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from tautnet.objective.strengths import keys as keys_of
from tautnet.tables.arrays import Floats
from tautnet.tables.errors import TableError
from tautnet.validation.chain import Chain

# A fold of a repeat: (repeat, fold).
Fold = tuple[int, int]


class FinishingGrid(NamedTuple):
    """Strengths at which finished models are scored.

    Attributes
    ----------
    alphas : list of float
    ceiling : float
        The largest that "min" may choose; those above are there for "1se".
    """

    alphas: list[float]
    ceiling: float


@dataclass(frozen=True)
class Curve:
    """Cross-validated loss against strength.

    Attributes
    ----------
    alphas : array (n_alphas,)
        Strengths, ascending, at which every fold has a model.
    fold_losses : array (n_alphas, n_folds)
        Mean loss on each fold of the model that did not see it.
    fold_weights : array (n_folds,)
        Weight of the rows of each fold.
    ceiling : float
        The largest strength that "min" may choose.
    null_loss : float
        Mean loss of the constant prediction, on the same folds.
    """

    alphas: Floats
    fold_losses: Floats
    fold_weights: Floats
    ceiling: float = np.inf
    null_loss: float = np.nan

    @property
    def mean(self) -> Floats:
        """Weighted mean over folds, shape (n_alphas,)."""
        return np.average(self.fold_losses, axis=1, weights=self.fold_weights)

    @property
    def standard_error(self) -> Floats:
        """Standard error of the mean over folds, shape (n_alphas,)."""
        squares = np.square(self.fold_losses - self.mean[:, None])
        n_folds = self.fold_losses.shape[1]
        return np.sqrt(np.average(squares, axis=1, weights=self.fold_weights) / max(n_folds - 1, 1))

    @property
    def noise(self) -> float:
        """The least mean loss over what it saves of the constant's: infinite where it saves none.

        For squared error, and rows enough, that is the variance of noise over that of the signal.
        """
        least = float(self.mean.min())
        saved = self.null_loss - least
        return max(least, 0.0) / saved if saved > 0 else np.inf

    def index(self, rule: str) -> int:
        """Index of the strength that a rule chooses.

        Parameters
        ----------
        rule : {"min", "1se"}
            The least mean loss up to ``ceiling`` (of equals the most regularised), or the most
            regularised model within one standard error of it (Breiman et al. 1984).
        """
        mean = self.mean
        allowed = mean[self.alphas <= self.ceiling * (1 + 1e-9)]
        best = len(allowed) - 1 - int(allowed[::-1].argmin())
        if rule == "min":
            return best
        return int(np.flatnonzero(mean <= mean[best] + self.standard_error[best]).max())

    def alpha(self, rule: str) -> float:
        """The strength that a rule chooses."""
        return float(self.alphas[self.index(rule)])

    def restricted(self, grid: FinishingGrid) -> "Curve":
        """The curve at the strengths of a `FinishingGrid`."""
        keep = np.array([np.isclose(alpha, grid.alphas, rtol=1e-9).any() for alpha in self.alphas])
        return replace(
            self,
            alphas=self.alphas[keep],
            fold_losses=self.fold_losses[keep],
            ceiling=grid.ceiling,
        )


class Scored(NamedTuple):
    """A chain that is scored on one of the folds that it left out.

    Attributes
    ----------
    chain : Chain
    fold : int
    weight : float
        Weight of the rows of the fold.
    """

    chain: Chain
    fold: int
    weight: float


def make_curve(scored: Iterable[Scored]) -> Curve:
    """Line the chains of several folds up.

    A chain that has ended null stays null at larger strengths; below its first strength it has
    no model.
    """
    scored = list(scored)
    paths = [one.chain.path for one in scored]
    keys = np.unique(np.concatenate([keys_of(path.alphas) for path in paths]))
    alphas: dict[float, float] = {}
    for path in paths:
        alphas |= dict(zip(keys_of(path.alphas), path.alphas, strict=True))
    columns = []
    for chain, fold, _ in scored:
        own = keys_of(chain.path.alphas)
        losses = chain.losses[fold]
        column = np.full(len(keys), np.nan)
        column[np.searchsorted(keys, own)] = losses
        if chain.path.n_features[-1] == 0:
            column[keys > own[-1]] = losses[-1]
        columns.append(column)
    table = np.column_stack(columns)
    complete = np.isfinite(table).all(axis=1)
    if not complete.any():
        raise TableError(
            "no strength has a finite loss in every fold: look for huge values among the rows, or"
            " give other alphas"
        )
    kept = np.array([alphas[key] for key in keys])[complete]
    weights = np.array([one.weight for one in scored], float)
    constants = [chain.null_losses[fold] for chain, fold, _ in scored]
    null_loss = float(np.average(constants, weights=weights))
    return Curve(kept, table[complete], weights, null_loss=null_loss)


def outer_curve(
    chains: list[list[Chain]], weights: list[Floats], without: Fold | None = None
) -> Curve:
    """The ordinary cross-validation curve, from the chains that leave one fold out.

    Parameters
    ----------
    chains : list of lists of Chain
        One a repeat.
    weights : list of arrays (n_folds,)
        Weights of the folds of each repeat.
    without : tuple (repeat, fold), optional
        A chain that has no say.
    """
    scored = []
    for repeat, own in enumerate(chains):
        for chain in own:
            k = chain.left_out[0]
            if chain.is_of_all_rows and (repeat, k) != without:
                scored.append(Scored(chain, k, weights[repeat][k]))
    return make_curve(scored)


def inner_curve(
    chains: list[Chain], outer: int, weights: Floats, without: int | None = None
) -> Curve:
    """The curve that may choose for an outer fold.

    Its chains leave out that fold and one more, on which they are scored. ``without`` is an inner
    fold that has no say.
    """
    scored = []
    for chain in chains:
        if chain.is_inner(outer):
            inner = next(k for k in chain.left_out if k != outer)
            if inner != without:
                scored.append(Scored(chain, inner, weights[inner]))
    return make_curve(scored)


def finishing_grid(curve: Curve) -> FinishingGrid:
    """The strengths within half a decade of the one that the curve of an unfinished path chooses.

    Points of a path lag behind their strengths, which rise while the weights still shrink: a
    finished point is more regularised than the unfinished one of the same strength, so its least
    loss is not looked for above.

    Examples
    --------
    >>> alphas = np.array([0.1, 0.4, 1.0, 1.5, 10.0])
    >>> finishing_grid(Curve(alphas, np.log(alphas)[:, None] ** 2, np.ones(1)))
    FinishingGrid(alphas=[0.4, 1.0, 1.5], ceiling=1.0)
    """
    alpha = curve.alpha("min")
    near = np.abs(np.log10(curve.alphas / alpha)) <= 0.5 + 1e-9
    return FinishingGrid(curve.alphas[near].tolist(), alpha)
