"""Nested cross-validation of candidates: every chain is a job, shared by the folds it serves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from tautnet.engine.jobs import Report, run_jobs, stages
from tautnet.objective.strengths import nearest
from tautnet.solving.adaptive import adapted, adaptive_factors, floor_of
from tautnet.solving.path import Path
from tautnet.solving.settings import Request, Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.chains import Candidate, Chains
from tautnet.validation.curve import Curve, FinishingGrid, Fold, finishing_grid
from tautnet.validation.folds import chain_sets

# First-layer weights beyond which a refit does not keep the parameters of its whole path.
LARGEST_KEPT = 100_000


class PlannedChain(NamedTuple):
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

    repeat: int | None
    left_out: tuple[int, ...]
    serves: tuple[int, ...] | None = None
    factors: Floats | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be walked for a candidate.

    Attributes
    ----------
    candidate : Candidate
    chains : list of PlannedChain
    grids : dict
        With finishing the strengths, as in `Chains`.
    """

    candidate: Candidate
    chains: list[PlannedChain]
    grids: dict[Fold | None, FinishingGrid] = field(default_factory=dict)


@dataclass(frozen=True)
class Walker:
    """Walks plans on one sample.

    Attributes
    ----------
    sample : Sample
    folds : list of int arrays
        The fold of each row, one array a repeat.
    alphas, keep
        As those of `Request`, for the chains of folds.
    n_jobs : int, optional
    """

    sample: Sample
    folds: list[Integers]
    alphas: str | Sequence[float] | Floats = "auto"
    keep: str | Sequence[float] = ()
    n_jobs: int | None = None

    def walk(self, plans: Sequence[Plan], on_progress: Report | None) -> list[Chains]:
        """Walk the chains of several plans: unfinished where there are no grids, else finished."""
        pairs = [(p, planned) for p, plan in enumerate(plans) for planned in plan.chains]
        jobs = [self._job(plans[p], planned) for p, planned in pairs]
        done = run_jobs(self.sample, jobs, n_jobs=self.n_jobs, on_progress=on_progress)
        found: dict[tuple[int, int | None], list[Chain]] = {}
        for (p, planned), chain in zip(pairs, done, strict=True):
            found.setdefault((p, planned.repeat), []).append(chain)
        repeats = range(len(self.folds))
        return [
            Chains(
                plan.candidate,
                self.sample,
                self.folds,
                [found[p, repeat] for repeat in repeats],
                found[p, None][0].path,
                plan.grids,
            )
            for p, plan in enumerate(plans)
        ]

    def _job(self, plan: Plan, planned: PlannedChain) -> ChainJob:
        """One chain as a job."""
        settings = plan.candidate.settings
        if planned.factors is not None:
            settings = adapted(settings, planned.factors)
        settings = replace(settings, finish=bool(plan.grids))
        if planned.repeat is None:
            request = Request(self.alphas, keep=self._kept_on_all_rows(plan), certify="all")
            return ChainJob(settings, request)
        keys = [None, *((planned.repeat, k) for k in planned.left_out)]
        finished = [alpha for key in keys if key in plan.grids for alpha in plan.grids[key].alphas]
        request = Request(self.alphas, keep=finished or self.keep)
        return ChainJob(
            settings, request, self.folds[planned.repeat], planned.left_out, planned.serves
        )

    def _kept_on_all_rows(self, plan: Plan) -> str | Sequence[float]:
        if plan.grids:
            return plan.grids[None].alphas
        first_units = sum(plan.candidate.settings.network.hidden_layer_sizes[:1])
        return "all" if self.sample.X.shape[1] * first_units <= LARGEST_KEPT else ()


def cross_validate(
    sample: Sample,
    candidates: Sequence[Candidate],
    folds: list[Integers],
    *,
    nested: bool,
    alphas: str | Sequence[float] | Floats = "auto",
    keep: str | Sequence[float] = (),
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> list[Chains]:
    """Walk every chain of every candidate, the refit on all rows among them.

    Parameters
    ----------
    sample : Sample
    candidates : sequence of Candidate
    folds : list of int arrays
        The fold of each row, one array a repeat.
    nested : bool
        Whether chains that leave two folds out are wanted too.
    alphas : "auto" or array
    keep : "all" or ()
        Whether the parameters of every strength are kept.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    list of Chains
        One a candidate, in their order.
    """
    walker = Walker(sample, folds, alphas, keep, n_jobs)
    is_adaptive = [candidate.settings.adaptive for candidate in candidates]
    is_finished = [_is_finished_later(candidate.settings) for candidate in candidates]
    parts = stages(1 + any(is_adaptive) + any(is_finished), on_progress)
    plans, results = plain_chains(walker, candidates, nested, next(parts))
    if any(is_adaptive):
        adaptive_chains(walker, plans, results, np.flatnonzero(is_adaptive), next(parts))
    if any(is_finished):
        finished_chains(walker, plans, results, np.flatnonzero(is_finished), next(parts))
    return results


def plain_chains(
    walker: Walker, candidates: Sequence[Candidate], nested: bool, on_progress: Report | None
) -> tuple[list[Plan], list[Chains]]:
    """Walk the first chains of all candidates, unfinished.

    Candidates that differ in name alone, or in being adaptive, share them.
    """
    planned = list(plain_plan(walker.folds, nested))
    firsts = [replace(candidate.settings, adaptive=False) for candidate in candidates]
    names = {
        settings: candidate.name for settings, candidate in zip(firsts, candidates, strict=True)
    }
    shared = [Plan(Candidate(name, settings), planned) for settings, name in names.items()]
    walked = dict(zip(names, walker.walk(shared, on_progress), strict=True))
    pairs = list(zip(firsts, candidates, strict=True))
    plans = [Plan(candidate, planned) for candidate in candidates]
    return plans, [replace(walked[settings], candidate=own) for settings, own in pairs]


def adaptive_chains(
    walker: Walker,
    plans: list[Plan],
    results: list[Chains],
    which: Integers,
    on_progress: Report | None,
) -> None:
    """Walk the second chains of adaptive candidates, which replace their first ones."""
    for i in which:
        plans[i] = replace(plans[i], chains=list(adaptive_plan(results[i])))
    walked = walker.walk([plans[i] for i in which], on_progress)
    for i, one in zip(which, walked, strict=True):
        results[i] = replace(one, first=results[i])


def finished_chains(
    walker: Walker,
    plans: list[Plan],
    results: list[Chains],
    which: Integers,
    on_progress: Report | None,
) -> None:
    """Walk chains again, finished near each fold's own choice; they replace unfinished ones."""
    for i in which:
        grids = {key: finishing_grid(results[i].curve_for(key)) for key in results[i].keys}
        plans[i] = replace(plans[i], grids=grids)
    walked = walker.walk([plans[i] for i in which], on_progress)
    for i, one in zip(which, walked, strict=True):
        results[i] = replace(one, first=results[i].first)


def _is_finished_later(settings: Settings) -> bool:
    is_network = not settings.network.is_linear
    return settings.finish and is_network and settings.kind.is_on_weights


def plain_plan(folds: list[Integers], nested: bool) -> Iterator[PlannedChain]:
    """The chains of a candidate; the refit first."""
    yield PlannedChain(None, ())
    for repeat, fold in enumerate(folds):
        for left_out in chain_sets(int(fold.max()) + 1, nested):
            yield PlannedChain(repeat, left_out)


def adaptive_plan(first: Chains) -> Iterator[PlannedChain]:
    """The second chains of a candidate, each with the factors of its own first chain.

    The chain without folds k and j serves outer fold k, scored on j, and outer fold j, scored on
    k. For k the factors come from the strength that the other inner folds of k choose, for j
    likewise: one chain where both agree, else two. So no fold scores a model in whose choice it
    had a say, and nothing that serves an outer fold has seen it.
    """
    curve = first.curve()
    yield PlannedChain(None, (), factors=_factors(first.path, curve))
    for repeat, chain, curves in honest_curves(first):
        chosen = {
            k: (chain.at(curve.alpha("min")), floor_of(curve.noise)) for k, curve in curves.items()
        }
        for one in sorted(set(chosen.values())):
            serves = tuple(k for k in chosen if chosen[k] == one)
            factors = _factors(chain.path, curves[serves[0]])
            yield PlannedChain(repeat, chain.left_out, serves, factors)


def _factors(path: Path, curve: Curve) -> Floats:
    """The factors of a chain's second path, at the strength that a curve chooses on its first."""
    sizes = path.sizes[nearest(path.alphas, curve.alpha("min"))]
    return adaptive_factors(sizes, curve.noise)


def honest_curves(chains: Chains) -> Iterator[tuple[int, Chain, dict[int, Curve]]]:
    """For every chain the curves that may choose on it.

    Yields
    ------
    repeat : int
    chain : Chain
    curves : dict
        Outer fold that the chain serves -> the curve without that fold and without the fold that
        scores the chain.
    """
    for repeat, own in enumerate(chains.chains):
        for chain in own:
            is_single = len(chain.left_out) == 1
            outers = [k for k in chain.left_out if is_single or chain.is_inner(k)]
            yield repeat, chain, {k: _honest_curve(chains, repeat, chain, k) for k in outers}


def honest_points(chains: Chains) -> Iterator[tuple[int, Chain, dict[int, int]]]:
    """For every chain, by outer fold, the index of the strength that its `honest_curves` choose."""
    for repeat, chain, curves in honest_curves(chains):
        yield repeat, chain, {k: chain.at(curve.alpha("min")) for k, curve in curves.items()}


def _honest_curve(chains: Chains, repeat: int, chain: Chain, outer: int) -> Curve:
    """The curve that may choose on a chain that serves an outer fold."""
    if len(chain.left_out) == 2:
        inner = next(k for k in chain.left_out if k != outer)
        return chains.inner(repeat, outer, without=inner)
    if chains.is_nested:
        return chains.inner(repeat, outer)
    return chains.curve(without=(repeat, outer))
