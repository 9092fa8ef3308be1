"""A chain: a path without some folds, and its loss on each of them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tautnet.engine.loop import Ticker
from tautnet.objective.losses import Loss
from tautnet.objective.strengths import nearest
from tautnet.solving.path import Path
from tautnet.solving.settings import WHOLE_PATH, Request, Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.disk import beside
from tautnet.tables.sample import Sample
from tautnet.training.trainings import run_chain
from tautnet.validation.folds import NEVER_SEEN

# Stands among folds for a choice on all rows.
ALL_ROWS = -1
# Where rows left out have more outputs than this they are not kept at every strength, but made anew
# from the weights where they are read: so many rows at once.
MOST_OUTPUTS = 2**20
ROWS_AT_ONCE = 2**16


@dataclass(frozen=True)
class Chain:
    """A path fitted without some folds, and its loss on each of them.

    Attributes
    ----------
    left_out : tuple of int
        The folds it did not see.
    path : Path
        Its outputs are those for the fold left out; empty where two were, or where they are too
        many: `held_out_outputs` gives them all the same.
    losses : dict
        Fold -> array (n_alphas,) of mean losses.
    null_losses : dict
        Fold -> mean loss of the constant prediction of the rows that it saw.
    beside : int array
        Fitted rows whose outputs stand behind those of the fold left out, because its score needs
        them.
    serves : tuple of int, optional
        Of two folds left out, those as whose inner model it may choose. Of one fold left out, that
        fold where it is its outer model, and `ALL_ROWS` where it is one of the curve that chooses
        on all rows. None is both.
    """

    left_out: tuple[int, ...]
    path: Path
    losses: dict[int, Floats]
    null_losses: dict[int, float]
    beside: Integers
    serves: tuple[int, ...] | None = None

    def is_inner(self, outer: int) -> bool:
        """Whether it is the model of an inner fold of an outer fold."""
        return len(self.left_out) == 2 and outer in self._served

    def is_outer(self, k: int) -> bool:
        """Whether it is the model of an outer fold, whose strength its inner folds choose."""
        return self.left_out == (k,) and k in self._served

    @property
    def is_of_all_rows(self) -> bool:
        """Whether it has a say in what is chosen for all rows."""
        return len(self.left_out) == 1 and ALL_ROWS in self._served

    @property
    def _served(self) -> tuple[int, ...]:
        return (*self.left_out, ALL_ROWS) if self.serves is None else self.serves

    def at(self, alpha: float) -> int:
        """Index of a strength, or of the nearest where the chain does not have it."""
        return nearest(self.path.alphas, alpha)

    def nearest_kept(self, alpha: float) -> int:
        """Index of the nearest strength whose parameters were kept."""
        kept = np.array(sorted(self.path.parameters))
        return int(kept[nearest(self.path.alphas[kept], alpha)])


@dataclass(frozen=True)
class ChainJob:
    """A chain to be walked: everything but the table.

    Attributes
    ----------
    settings : Settings
    request : Request
    fold : int array (n_rows,), optional
        The fold of each row; None where no row is left out.
    left_out : tuple of int
        The folds that it does not see.
    serves : tuple of int, optional
        As that of `Chain`.
    """

    settings: Settings
    request: Request = WHOLE_PATH
    fold: Integers | None = None
    left_out: tuple[int, ...] = ()
    serves: tuple[int, ...] | None = None

    def run(self, table: Sample, ticker: Ticker) -> Chain:
        """Walk the rows outside some folds and score each of those folds."""
        fold = np.zeros(len(table.y), int) if self.fold is None else self.fold
        inside = beside(table.X, np.flatnonzero(~np.isin(fold, [*self.left_out, NEVER_SEEN])))
        blocks = [beside(table.X, np.flatnonzero(fold == k)) for k in self.left_out]
        loss = self.settings.loss
        # Where new rows are scored beside those that were fitted, the chain keeps the outputs of
        # both.
        others = inside[:0] if loss.is_separable or not self.left_out else inside
        held_out = np.concatenate([inside[:0], *blocks, others])
        request = self.request
        if loss.is_separable and len(held_out) * table.y.shape[1] > MOST_OUTPUTS:
            held_out = inside[:0]
            request = replace(request, keep="all")
        path = run_chain(table, inside, held_out, self.settings, request, ticker)
        losses = self._losses(table, path, blocks, others)
        constant = loss.constant(table.y[inside], table.weight[inside])
        null = np.broadcast_to(constant, table.y.shape)
        null_losses = {
            k: _mean_loss(table, loss, rows, others, null[rows], null[others])
            for k, rows in zip(self.left_out, blocks, strict=True)
        }
        if len(self.left_out) > 1:
            path = _kept_short(path)
        return Chain(self.left_out, path, losses, null_losses, others, self.serves)

    def _losses(
        self, table: Sample, path: Path, blocks: list[Integers], others: Integers
    ) -> dict[int, Floats]:
        """The mean loss on each fold that was left out, at every strength."""
        outputs_beside = path.outputs[:, path.outputs.shape[1] - len(others) :]
        losses = {}
        start = 0
        for k, rows in zip(self.left_out, blocks, strict=True):
            means = []
            for i, beside_them in enumerate(outputs_beside):
                outputs = held_out_outputs(path, table, rows, i, start)
                mean = _mean_loss(table, self.settings.loss, rows, others, outputs, beside_them)
                means.append(mean)
            losses[k] = np.array(means)
            start += len(rows)
        return losses


def _kept_short(path: Path) -> Path:
    """As much of a path as a choice looks at: of wide tables that is much less to hold."""
    short: dict[str, Any] = {"norms": path.norms.astype(np.float32)}
    if path.bends is not None:
        short["bends"] = path.bends.astype(np.float32)
    return replace(path, outputs=path.outputs[:, :0], parameters={}, **short)


def held_out_outputs(path: Path, sample: Sample, rows: Integers, i: int, start: int = 0) -> Floats:
    """Outputs of rows that were left out, at strength number ``i``: as they were kept, or made.

    Parameters
    ----------
    path : Path
    sample : Sample
    rows : int array (n_rows,)
    i : int
    start : int
        Where they begin among the outputs that were kept.

    Returns
    -------
    array (n_rows, n_outputs)
    """
    if path.outputs.shape[1]:
        kept: Floats = path.outputs[i, start : start + len(rows)]
        return kept
    parts = (rows[k : k + ROWS_AT_ONCE] for k in range(0, len(rows), ROWS_AT_ONCE))
    made = [path.scaling.outputs(path.parameters[i], sample.X[part]) for part in parts]
    return np.concatenate(made)


def _mean_loss(
    sample: Sample,
    loss: Loss,
    rows: Integers,
    beside: Integers,
    outputs: Floats,
    outputs_beside: Floats,
) -> float:
    losses = held_out_losses(sample, loss, rows, beside, outputs, outputs_beside)
    return float(np.average(losses, weights=sample.weight[rows]))


def held_out_losses(
    sample: Sample,
    loss: Loss,
    rows: Integers,
    beside: Integers,
    outputs: Floats,
    outputs_beside: Floats,
) -> Floats:
    """Metric of each row that was held out.

    Where the loss needs it, they are scored beside the rows that were fitted.
    """
    fitted = sample.y[beside], outputs_beside.astype(np.float64), sample.weight[beside]
    return loss.new_metric(
        sample.y[rows], outputs.astype(np.float64, copy=False), sample.weight[rows], fitted
    )
