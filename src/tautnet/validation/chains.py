"""A chain: a path without some folds, and its loss on each of them."""

from dataclasses import dataclass, replace

import numpy as np

from tautnet.objective.strengths import nearest
from tautnet.solving.trainings import run_chain
from tautnet.validation.folds import NEVER_SEEN


@dataclass(frozen=True)
class Chain:
    """A path fitted without some folds, and its loss on each of them.

    Attributes
    ----------
    left_out : tuple of int
        The folds it did not see.
    path : Path
        Its outputs are those for the fold left out; empty where two were.
    losses : dict
        Fold -> array (n_alphas,) of mean losses.
    beside : int array
        Fitted rows whose outputs stand behind those of the fold left out, because its score needs
        them.
    serves : tuple of int, optional
        Of two folds left out, those as whose inner model it may choose; None is both.
    """

    left_out: tuple
    path: object
    losses: dict
    beside: object = ()
    serves: tuple | None = None

    def is_inner(self, outer):
        """Whether it is the model of an inner fold of an outer fold."""
        return len(self.left_out) == 2 and outer in (
            self.left_out if self.serves is None else self.serves
        )

    def at(self, alpha):
        """Index of a strength, or of the nearest where the chain does not have it."""
        return nearest(self.path.alphas, alpha)

    def nearest_kept(self, alpha):
        """Index of the nearest strength whose parameters were kept."""
        kept = np.array(sorted(self.path.parameters))
        return int(kept[nearest(self.path.alphas[kept], alpha)])


def fit_chain(
    sample,
    fold,
    left_out,
    settings,
    *,
    serves=None,
    alphas="auto",
    keep=(),
    certify="none",
    ticker=None,
):
    """Walk the rows outside some folds and score each of those folds."""
    inside = np.flatnonzero(~np.isin(fold, [*left_out, NEVER_SEEN]))
    blocks = [np.flatnonzero(fold == k) for k in left_out]
    # Where new rows are scored beside those that were fitted, the chain keeps the outputs of both.
    beside = inside[:0] if settings.loss.is_separable or not left_out else inside
    held_out = np.concatenate([inside[:0], *blocks, beside])
    path = run_chain(
        sample, inside, held_out, settings, alphas=alphas, keep=keep, certify=certify, ticker=ticker
    )
    losses, start = {}, 0
    for k, rows in zip(left_out, blocks, strict=True):
        outputs = (
            path.outputs[:, start : start + len(rows)],
            path.outputs[:, len(held_out) - len(beside) :],
        )
        start += len(rows)
        weight = sample.weight[rows]
        losses[k] = np.array(
            [
                np.average(
                    held_out_losses(sample, settings.loss, rows, beside, *pair), weights=weight
                )
                for pair in zip(*outputs, strict=True)
            ]
        )
    if len(left_out) > 1:
        path = replace(path, outputs=path.outputs[:, :0], parameters={})
    return Chain(tuple(left_out), path, losses, beside, serves)


def held_out_losses(sample, loss, rows, beside, outputs, outputs_beside):
    """Metric of each row that was held out, scored beside those that were fitted where the loss
    needs them.
    """
    fitted = sample.y[beside], outputs_beside.astype(np.float64), sample.weight[beside]
    return loss.new_metric(sample.y[rows], outputs.astype(np.float64), sample.weight[rows], fitted)
