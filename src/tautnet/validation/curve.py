"""Cross-validated loss against strength, and the rules min and 1se that choose on it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


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
    """

    alphas: object
    fold_losses: object
    fold_weights: object
    ceiling: float = np.inf

    @property
    def mean(self):
        """Weighted mean over folds, shape (n_alphas,)."""
        return np.average(self.fold_losses, axis=1, weights=self.fold_weights)

    @property
    def standard_error(self):
        """Standard error of the mean over folds, shape (n_alphas,)."""
        squares = np.square(self.fold_losses - self.mean[:, None])
        n_folds = self.fold_losses.shape[1]
        return np.sqrt(np.average(squares, axis=1, weights=self.fold_weights) / max(n_folds - 1, 1))

    def index(self, selection):
        """Index of the strength that a rule chooses.

        Parameters
        ----------
        selection : {"min", "1se"}
            The least mean loss up to ``ceiling`` (of equals the most regularised), or the most
            regularised model within one standard error of it (Breiman et al. 1984).
        """
        allowed = self.mean[self.alphas <= self.ceiling * (1 + 1e-9)]
        best = len(allowed) - 1 - int(allowed[::-1].argmin())
        if selection == "min":
            return best
        return int(np.flatnonzero(self.mean <= self.mean[best] + self.standard_error[best]).max())

    def alpha(self, selection):
        """The strength that a rule chooses."""
        return float(self.alphas[self.index(selection)])

    def restricted(self, ladder):
        """The curve at the strengths of a `Ladder`."""
        keep = np.array(
            [np.isclose(alpha, ladder.alphas, rtol=1e-9).any() for alpha in self.alphas]
        )
        return Curve(self.alphas[keep], self.fold_losses[keep], self.fold_weights, ladder.ceiling)


def _keys(alphas):
    return np.round(np.log(np.maximum(alphas, 1e-300)), 6)


def make_curve(chains, folds_held_out, fold_weights):
    """Line the chains of several folds up.

    A chain that has ended null stays null at larger strengths; below its first strength it has
    no model.
    """
    keys = np.unique(np.concatenate([_keys(chain.path.alphas) for chain in chains]))
    paths = [chain.path for chain in chains]
    alphas = {
        key: alpha
        for path in paths
        for key, alpha in zip(_keys(path.alphas), path.alphas, strict=True)
    }
    columns = []
    for chain, fold in zip(chains, folds_held_out, strict=True):
        own, losses = _keys(chain.path.alphas), chain.losses[fold]
        column = np.full(len(keys), np.nan)
        column[np.searchsorted(keys, own)] = losses
        if chain.path.n_features[-1] == 0:
            column[keys > own[-1]] = losses[-1]
        columns.append(column)
    table = np.column_stack(columns)
    complete = np.isfinite(table).all(axis=1)
    kept = np.array([alphas[key] for key in keys])[complete]
    return Curve(kept, table[complete], np.asarray(fold_weights, float))


def outer_curve(chains, weights, without=None):
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
    single = [
        (chain, chain.left_out[0], weights[r][chain.left_out[0]])
        for r, repeat in enumerate(chains)
        for chain in repeat
        if len(chain.left_out) == 1 and (r, chain.left_out[0]) != without
    ]
    return make_curve(*zip(*single, strict=True))


def inner_curve(chains, outer, weights, without=None):
    """The curve that may choose for an outer fold: chains without it and one more fold, scored on
    that fold.

    ``without`` is an inner fold that has no say.
    """
    pairs = [
        (chain, next(k for k in chain.left_out if k != outer))
        for chain in chains
        if chain.is_inner(outer)
    ]
    pairs = [(chain, held_out) for chain, held_out in pairs if held_out != without]
    return make_curve(
        [chain for chain, _ in pairs], [k for _, k in pairs], [weights[k] for _, k in pairs]
    )


class Ladder(NamedTuple):
    """Strengths at which finished models are scored.

    Attributes
    ----------
    alphas : list of float
    ceiling : float
        The largest that "min" may choose; those above are there for "1se".
    """

    alphas: object
    ceiling: float


def finishing_ladder(curve):
    """The strengths within half a decade of the one that the curve of an unfinished path chooses.

    Points of a path lag behind their strengths, which rise while the weights still shrink: a
    finished point is more regularised than the unfinished one of the same strength, so its least
    loss is not looked for above.

    Examples
    --------
    >>> from tautnet.validation.curve import Curve
    >>> alphas = np.array([0.1, 0.4, 1.0, 1.5, 10.0])
    >>> finishing_ladder(Curve(alphas, np.log(alphas)[:, None] ** 2, np.ones(1)))
    Ladder(alphas=[0.4, 1.0, 1.5], ceiling=1.0)
    """
    alpha = curve.alpha("min")
    return Ladder(
        curve.alphas[np.abs(np.log10(curve.alphas / alpha)) <= 0.5 + 1e-9].tolist(), alpha
    )
