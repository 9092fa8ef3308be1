"""Nested cross-validation of candidates: every chain is a unit of work, shared by the folds it
serves.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from tautnet.objective.strengths import nearest
from tautnet.validation.adaptive import adapted, adaptive_factors
from tautnet.validation.chains import fit_chain, held_out_losses
from tautnet.validation.curve import finishing_ladder, inner_curve, outer_curve
from tautnet.validation.folds import chain_sets, fold_weights
from tautnet.validation.jobs import run_units, stages

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


class Choice(NamedTuple):
    """What a rule chooses: chains, a strength on them, and its cross-validated loss."""

    nested: object
    alpha: float
    mean: float


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
        The refit on all rows, certified at every strength; None for refits of few predictors, see
        `relaxed`.
    ladders : dict
        With finishing: (repeat, outer fold) or None for all rows -> the `Ladder` of strengths at
        which models were finished; choices are made among these alone.
    first : Nested, optional
        The chains that the factors of an adaptive penalty come from.
    """

    candidate: Candidate
    sample: object
    folds: list
    chains: list
    whole: object
    ladders: dict = field(default_factory=dict)
    first: object = None

    @property
    def seconds(self):
        """Time that all chains took."""
        chains = self.whole.seconds + sum(
            chain.path.seconds for repeat in self.chains for chain in repeat
        )
        return chains + (0.0 if self.first is None else self.first.seconds)

    def curve(self, without=None):
        """The ordinary curve over the folds of every repeat, or all but one (repeat, fold)."""
        weights = [fold_weights(self.sample, fold) for fold in self.folds]
        return self._among(outer_curve(self.chains, weights, without), None)

    def inner(self, repeat, outer, without=None):
        """The curve that may choose for an outer fold, over all its inner folds or all but one."""
        weights = fold_weights(self.sample, self.folds[repeat])
        return self._among(
            inner_curve(self.chains[repeat], outer, weights, without), (repeat, outer)
        )

    def _among(self, curve, key):
        return curve.restricted(self.ladders[key]) if self.ladders else curve

    @property
    def outer_folds(self):
        """Every pair (repeat, outer fold)."""
        return [
            (repeat, k) for repeat, fold in enumerate(self.folds) for k in range(fold.max() + 1)
        ]

    def single(self, repeat, outer):
        """The chain without one fold."""
        return next(chain for chain in self.chains[repeat] if chain.left_out == (outer,))

    def choose(self, selection, key=None):
        """The strength that a rule chooses for an outer fold, (repeat, fold), or for all rows."""
        curve = self.curve() if key is None else self.inner(*key)
        i = curve.index(selection)
        return Choice(self, float(curve.alphas[i]), curve.mean[i])

    def path_of(self, choice):
        """The path on all rows that a choice is a place on."""
        return self.whole

    def outer(self, selection):
        """Outer-fold results under a rule."""
        return outer_results(self.sample, self.folds, partial(self.choose, selection))


def outer_results(sample, folds, choose):
    """Put the outer folds of every repeat together.

    Parameters
    ----------
    choose : callable
        ``choose((repeat, outer fold))`` gives a `Choice` that was made without that fold.

    Returns
    -------
    Outer
    """
    losses, outputs, train, scores, fold_losses, alphas = [], [], [], [], [], []
    for repeat, fold in enumerate(folds):
        row_outputs = np.zeros(sample.y.shape)
        row_losses = np.zeros(len(fold))
        for k in range(fold.max() + 1):
            nested, alpha, *_ = choose((repeat, k))
            chain, rows = nested.single(repeat, k), fold == k
            at = chain.at(alpha)
            loss = nested.candidate.settings.loss
            held_out, beside = np.split(chain.path.outputs[at], [int(rows.sum())])
            row_outputs[rows] = held_out
            row_losses[rows] = held_out_losses(
                sample, loss, np.flatnonzero(rows), chain.beside, held_out, beside
            )
            train.append(chain.path.train_loss[at])
            fold_losses.append(np.average(row_losses[rows], weights=sample.weight[rows]))
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


def cross_validate(
    sample, candidates, folds, *, nested, alphas="auto", keep=(), n_jobs=None, on_progress=None
):
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
    firsts = [c._replace(settings=replace(c.settings, adaptive=False)) for c in candidates]
    # Candidates that differ in name alone, or in being adaptive, share their first chains.
    plans = {first.settings: Plan(first, list(plain_tasks(folds, nested)), {}) for first in firsts}
    is_second = [c.settings.adaptive for c in candidates]
    parts = stages(
        1 + any(is_second) + any(_is_finished_later(c.settings) for c in candidates), on_progress
    )
    walk = partial(_walk_all, sample, folds=folds, alphas=alphas, keep=keep, n_jobs=n_jobs)
    walked = dict(zip(plans, walk(plans.values(), on_progress=next(parts)), strict=True))
    results = [
        replace(walked[f.settings], candidate=c) for f, c in zip(firsts, candidates, strict=True)
    ]
    plans = [
        replace(plans[f.settings], candidate=c) for f, c in zip(firsts, candidates, strict=True)
    ]
    if any(is_second):
        at = np.flatnonzero(is_second)
        for i in at:
            plans[i] = replace(plans[i], tasks=list(adaptive_tasks(results[i], nested)))
        for i, one in zip(at, walk([plans[i] for i in at], on_progress=next(parts)), strict=True):
            results[i] = replace(one, first=results[i])
    to_finish = [i for i, c in enumerate(candidates) if _is_finished_later(c.settings)]
    if to_finish:
        again = [replace(plans[i], ladders=_ladders(results[i], nested)) for i in to_finish]
        for i, one in zip(to_finish, walk(again, on_progress=next(parts)), strict=True):
            results[i] = replace(one, first=results[i].first)
    return results


class Task(NamedTuple):
    """One chain of a candidate.

    Attributes
    ----------
    repeat : int or None
        None for the refit, which serves every repeat.
    left_out, serves : tuples of int
        As those of `Chain`.
    factors : array (n_predictors,), optional
        What an adaptive penalty takes from the first path.
    """

    repeat: object
    left_out: tuple
    serves: object = None
    factors: object = None


@dataclass(frozen=True)
class Plan:
    """What is to be walked for a candidate: its chains, and with finishing the strengths, as in
    `Nested`.
    """

    candidate: Candidate
    tasks: list
    ladders: dict


def plain_tasks(folds, nested):
    """The chains of a candidate; the refit first."""
    yield Task(None, ())
    for repeat, fold in enumerate(folds):
        for left_out in chain_sets(int(fold.max()) + 1, nested):
            yield Task(repeat, left_out)


def adaptive_tasks(first, nested):
    """The second chains of a candidate, each with the factors of its own first chain.

    The strength at which they are taken is chosen by the other folds: for the chain without outer
    fold k and inner fold j by the other inner folds of k, and where outer fold j, whose inner fold
    is k, would choose another strength, there are two such chains. So no fold scores a model in
    whose choice it had a say, and nothing that serves an outer fold has seen it.
    """
    whole = first.whole
    yield Task(
        None,
        (),
        factors=adaptive_factors(whole.sizes[nearest(whole.alphas, first.curve().alpha("min"))]),
    )
    for repeat, chain, at in honest_points(first, nested):
        for i in sorted(set(at.values())):
            serves, factors = (
                tuple(k for k in at if at[k] == i),
                adaptive_factors(chain.path.sizes[i]),
            )
            yield Task(repeat, chain.left_out, serves, factors)


def honest_points(nested, is_nested):
    """For every chain the strengths on its path that folds choose which it may be judged by.

    Parameters
    ----------
    nested : Nested
    is_nested : bool
        Whether there are chains without two folds.

    Yields
    ------
    repeat : int
    chain : Chain
    at : dict
        A fold that the chain leaves out, as the outer one -> index of the strength that the folds
        choose which are neither that one nor the one that the chain is scored on.
    """
    for repeat, chains in enumerate(nested.chains):
        for chain in chains:
            if len(chain.left_out) == 2:
                pairs = [
                    (k, j) for k, j in (chain.left_out, chain.left_out[::-1]) if chain.is_inner(k)
                ]
                curves = {k: nested.inner(repeat, k, without=j) for k, j in pairs}
            else:
                k = chain.left_out[0]
                curves = {
                    k: nested.inner(repeat, k) if is_nested else nested.curve(without=(repeat, k))
                }
            yield repeat, chain, {k: chain.at(curve.alpha("min")) for k, curve in curves.items()}


def _is_finished_later(settings):
    return settings.finish and not settings.network.is_linear and settings.kind.is_on_weights


def _ladders(nested, is_nested):
    outer = nested.outer_folds if is_nested else []
    return {
        None: finishing_ladder(nested.curve()),
        **{key: finishing_ladder(nested.inner(*key)) for key in outer},
    }


def _walk_all(sample, plans, *, folds, alphas, keep, n_jobs, on_progress):
    """Walk the chains of several plans: unfinished where there are no ladders, else finished on
    them.
    """
    tasks = [
        (p, task.repeat, _unit(sample, plan, task, folds, alphas, keep))
        for p, plan in enumerate(plans)
        for task in plan.tasks
    ]
    done = run_units([unit for *_, unit in tasks], n_jobs=n_jobs, on_progress=on_progress)
    chains = {}
    for (p, repeat, _), chain in zip(tasks, done, strict=True):
        chains.setdefault((p, repeat), []).append(chain)
    return [
        Nested(
            plan.candidate,
            sample,
            folds,
            [chains[p, r] for r in range(len(folds))],
            chains[p, None][0].path,
            plan.ladders,
        )
        for p, plan in enumerate(plans)
    ]


def _unit(sample, plan, task, folds, alphas, keep):
    """One chain as a unit of work."""
    settings, ladders, repeat = plan.candidate.settings, plan.ladders, task.repeat
    if task.factors is not None:
        settings = adapted(settings, task.factors)
    settings = replace(settings, finish=bool(ladders))
    if repeat is None:
        small = sample.X.shape[1] * sum(settings.network.hidden_layer_sizes[:1]) <= LARGEST_KEPT
        unfinished = "all" if small else ()
        kept, fold, certify = (
            ladders[None].alphas if ladders else unfinished,
            np.zeros(len(sample.y), int),
            "all",
        )
    else:
        keys = [None, *((repeat, k) for k in task.left_out)]
        rungs = [a for key in keys if key in ladders for a in ladders[key].alphas]
        kept, fold, certify = rungs or keep, folds[repeat], "none"
    chain = partial(
        fit_chain,
        sample,
        fold,
        task.left_out,
        settings,
        serves=task.serves,
        alphas=alphas,
        keep=kept,
        certify=certify,
    )
    return lambda ticker: chain(ticker=ticker)
