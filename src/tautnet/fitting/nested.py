"""Nested cross-validation of candidates: every chain is a unit of work, shared by the folds it serves."""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from tautnet.fitting.crossval import (
    chain_sets,
    finishing_ladder,
    fit_chain,
    fold_weights,
    held_out_losses,
    inner_curve,
    outer_curve,
)
from tautnet.fitting.units import run_units
from tautnet.objective.penalties import UNPENALISED

# First-layer weights beyond which a refit does not keep the parameters of its whole path.
LARGEST_KEPT = 200_000


class Candidate(NamedTuple):
    """A name and the settings that it stands for."""

    name: str
    settings: object


class Outer(NamedTuple):
    """What outer-fold models say of rows that they did not see.

    Attributes
    ----------
    losses : array (n_rows,)
        Metric of each row, averaged over repeats.
    outputs : array (n_rows, n_outputs)
        Averaged over repeats, in the target's units.
    train_loss, score : float
        Means over folds and repeats.
    fold_losses : array (n_repeats * n_folds,)
    alphas : array (n_repeats * n_folds,)
        The strength that the inner folds chose for each outer fold.
    """

    losses: object
    outputs: object
    train_loss: float
    score: float
    fold_losses: object
    alphas: object


@dataclass(frozen=True)
class Nested:
    """All chains of one candidate.

    Attributes
    ----------
    candidate : Candidate
    sample : Sample
    folds : list of int arrays (n_rows,)
        The fold of each row, one array a repeat.
    chains : list of lists of Chain
    whole : Path
        The refit on all rows, certified at every strength.
    ladders : dict
        With finishing: (repeat, outer fold) or None for all rows -> strengths at which models
        were finished; choices are made among these alone.
    """

    candidate: Candidate
    sample: object
    folds: list
    chains: list
    whole: object
    ladders: dict = field(default_factory=dict)

    def curve(self):
        """The ordinary curve over the folds of every repeat."""
        weights = [fold_weights(self.sample, fold) for fold in self.folds]
        return self._among(outer_curve(self.chains, weights), None)

    def inner(self, repeat, outer):
        """The curve that may choose for an outer fold."""
        weights = fold_weights(self.sample, self.folds[repeat])
        return self._among(inner_curve(self.chains[repeat], outer, weights), (repeat, outer))

    def _among(self, curve, key):
        return curve.restricted(self.ladders[key]) if self.ladders else curve

    def single(self, repeat, outer):
        """The chain without one fold."""
        return next(chain for chain in self.chains[repeat] if chain.left_out == (outer,))

    def outer(self, selection):
        """Outer-fold results under a rule."""
        choose = lambda repeat, k: (self, self.inner(repeat, k).alpha(selection))  # noqa: E731
        return outer_results(self.sample, self.folds, choose)


def outer_results(sample, folds, choose):
    """Put the outer folds of every repeat together.

    Parameters
    ----------
    choose : callable
        ``choose(repeat, outer fold)`` gives a `Nested` and a strength, both chosen without that fold.

    Returns
    -------
    Outer
    """
    losses, outputs, train, scores, fold_losses, alphas = [], [], [], [], [], []
    for repeat, fold in enumerate(folds):
        row_outputs = np.zeros(sample.y.shape)
        row_losses = np.zeros(len(fold))
        for k in range(fold.max() + 1):
            nested, alpha = choose(repeat, k)
            chain, rows = nested.single(repeat, k), fold == k
            at = chain.at(alpha)
            loss = nested.candidate.settings.loss
            held_out, beside = np.split(chain.path.outputs[at], [int(rows.sum())])
            row_outputs[rows] = held_out
            row_losses[rows] = held_out_losses(sample, loss, np.flatnonzero(rows), chain.beside, held_out, beside)
            train.append(chain.path.train_loss[at])
            fold_losses.append(np.average(row_losses[rows], weights=sample.weight[rows]))
            alphas.append(chain.path.alphas[at])
        losses.append(row_losses)
        outputs.append(row_outputs)
        scores.append(loss.pooled_score(sample.y, row_outputs, sample.weight, fold))
    return Outer(
        np.mean(losses, axis=0), np.mean(outputs, axis=0), float(np.mean(train)), float(np.mean(scores)),
        np.array(fold_losses), np.array(alphas),
    )  # fmt: skip


def cross_validate(sample, candidates, folds, *, nested, alphas="auto", keep=(), n_jobs=None, on_progress=None):
    """Walk every chain of every candidate, the refit on all rows among them.

    Parameters
    ----------
    sample : Sample
    candidates : list of Candidate
    folds : list of int arrays
        The fold of each row, one array a repeat.
    nested : bool
        Whether chains without two folds are wanted too.
    alphas : "auto" or array
    keep : "all" or ()
        Whether the parameters of every strength are kept.
    n_jobs, on_progress
        As in `run_units`.

    Returns
    -------
    list of Nested
    """
    walked = _walk_all(sample, [(c, {}) for c in candidates], folds, nested, alphas, keep, n_jobs, on_progress)
    to_finish = [i for i, one in enumerate(walked) if _is_finished_later(one.candidate.settings)]
    if to_finish:
        pairs = [(walked[i].candidate, _ladders(walked[i], nested)) for i in to_finish]
        again = _walk_all(sample, pairs, folds, nested, alphas, keep, n_jobs, on_progress)
        for i, one in zip(to_finish, again, strict=True):
            walked[i] = one
    return walked


def _is_finished_later(settings):
    return settings.finish and not settings.network.is_linear and settings.penalty not in UNPENALISED


def _ladders(nested, is_nested):
    ladders = {None: finishing_ladder(nested.curve().alpha("min"))}
    for repeat, fold in enumerate(nested.folds if is_nested else []):
        for k in range(fold.max() + 1):
            ladders[repeat, k] = finishing_ladder(nested.inner(repeat, k).alpha("min"))
    return ladders


def _walk_all(sample, pairs, folds, nested, alphas, keep, n_jobs, on_progress):
    """Chains of candidates: unfinished where there are no ladders, else finished on them."""
    tasks = [
        (c, repeat, partial(task, alphas=alphas))
        for c, (candidate, ladders) in enumerate(pairs)
        for repeat, task in _tasks(sample, candidate, ladders, folds, nested, keep)
    ]
    units = [lambda ticker, task=task: task(ticker=ticker) for _, _, task in tasks]
    done = run_units(units, n_jobs=n_jobs, on_progress=on_progress)
    chains = {}
    for (c, repeat, _), chain in zip(tasks, done, strict=True):
        chains.setdefault((c, repeat), []).append(chain)
    return [
        Nested(candidate, sample, folds, [chains[c, r] for r in range(len(folds))], chains[c, None][0].path, ladders)
        for c, (candidate, ladders) in enumerate(pairs)
    ]


def _tasks(sample, candidate, ladders, folds, nested, keep):
    """The chains of a candidate with their repeat; the refit first, which has none."""
    settings = replace(candidate.settings, finish=bool(ladders))
    small = sample.X.shape[1] * sum(settings.network.hidden_layer_sizes[:1]) <= LARGEST_KEPT
    whole = ladders.get(None) or ("all" if small else ())
    yield None, partial(fit_chain, sample, np.zeros(len(sample.y), int), (), settings, keep=whole, certify="all")
    for repeat, fold in enumerate(folds):
        for left_out in chain_sets(int(fold.max()) + 1, nested):
            rungs = [a for key in [None, *((repeat, k) for k in left_out)] for a in ladders.get(key, ())]
            yield repeat, partial(fit_chain, sample, fold, left_out, settings, keep=rungs or keep)
