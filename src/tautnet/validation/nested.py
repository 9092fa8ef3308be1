"""Nested cross-validation of candidates: every chain is a job, shared by the folds it serves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from tautnet.engine.jobs import Report, stages
from tautnet.objective.networks import Network
from tautnet.objective.strengths import nearest
from tautnet.solving.path import Path
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.training.adaptive import adaptive_factors, floor_of
from tautnet.validation.chain import ALL_ROWS, Chain
from tautnet.validation.chains import Candidate, Chains, Race
from tautnet.validation.curve import Curve, Fold, finishing_grid
from tautnet.validation.folds import chain_sets
from tautnet.validation.race import affordable, race
from tautnet.validation.walker import Plan, PlannedChain, Walker

# The network for an outer fold, or for all rows.
NetworkOf = Callable[[Fold | None], Network]


def cross_validate(
    sample: Sample,
    candidates: Sequence[Candidate],
    folds: list[Integers],
    *,
    nested: bool,
    alphas: str | Sequence[float] | Floats = "auto",
    keep: str | Sequence[float] = (),
    networks: Mapping[str, Network] | None = None,
    raced_under: str | None = None,
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
    networks : dict, optional
        Name -> Network, the cheapest first: of several that which is walked is chosen by a `race`.
        Candidates without a hidden layer are walked as they are.
    raced_under : str, optional
        The penalty of the race; by default that of the first candidate.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    list of Chains
        One a candidate, in their order.
    """
    walker = Walker(sample, folds, alphas, keep, n_jobs)
    chosen = None
    running = affordable(networks, sample) if networks else {}
    is_raced = len(running) > 1
    is_adaptive = [candidate.settings.adaptive for candidate in candidates]
    is_finished = [_is_finished_later(candidate.settings) for candidate in candidates]
    n_stages = 1 + any(is_adaptive) + any(is_finished) + is_raced
    parts = stages(n_stages, on_progress)
    if is_raced:
        first = candidates[0].settings
        settings = replace(
            first, penalty=raced_under or first.penalty, adaptive=False, finish=False
        )
        chosen = race(walker, running, settings, nested=nested, on_progress=next(parts))
        candidates = [in_network(candidate, chosen.network(None)) for candidate in candidates]
    plans, results = plain_chains(walker, candidates, chosen, nested, next(parts))
    if any(is_adaptive):
        adaptive_chains(walker, plans, results, np.flatnonzero(is_adaptive), next(parts))
    if any(is_finished):
        finished_chains(walker, plans, results, np.flatnonzero(is_finished), next(parts))
    return results


def in_network(candidate: Candidate, network: Network) -> Candidate:
    """A candidate in another network; one without a hidden layer stays as it is."""
    if candidate.settings.network.is_linear:
        return candidate
    return candidate._replace(settings=replace(candidate.settings, network=network))


def plain_chains(
    walker: Walker,
    candidates: Sequence[Candidate],
    chosen: Race | None,
    nested: bool,
    on_progress: Report | None,
) -> tuple[list[Plan], list[Chains]]:
    """Walk the first chains of all candidates, unfinished.

    Candidates that differ in name alone, or in being adaptive, share them. A baseline has nothing
    to choose, so that its outer folds have no inner ones.
    """
    plans = []
    for candidate in candidates:
        own = chosen if nested and not candidate.settings.network.is_linear else None
        chooses = nested and not candidate.settings.kind.is_baseline
        plans.append(Plan(candidate, list(plain_plan(walker.folds, chooses, own))))
    first_plans = [
        replace(plan, candidate=plan.candidate._replace(settings=_first(plan.candidate.settings)))
        for plan in plans
    ]
    walked = walker.walk(first_plans, on_progress)
    pairs = zip(walked, candidates, strict=True)
    return plans, [replace(one, candidate=own, race=chosen) for one, own in pairs]


def _first(settings: Settings) -> Settings:
    """Settings of the first path of an adaptive penalty."""
    return replace(settings, adaptive=False)


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
        results[i] = replace(one, first=results[i], race=results[i].race)


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
        results[i] = replace(one, first=results[i].first, race=results[i].race)


def _is_finished_later(settings: Settings) -> bool:
    is_network = not settings.network.is_linear
    return settings.finish and is_network and settings.kind.is_on_weights


def plain_plan(
    folds: list[Integers], nested: bool, chosen: Race | None = None
) -> Iterator[PlannedChain]:
    """The chains of a candidate; the refit first.

    Where networks were chosen and those that a chain serves differ in theirs, there is one chain
    for each network.
    """
    yield PlannedChain(None, ())
    for repeat, fold in enumerate(folds):
        for left_out in chain_sets(int(fold.max()) + 1, nested):
            if chosen is None:
                yield PlannedChain(repeat, left_out)
                continue
            served = left_out if len(left_out) > 1 else (*left_out, ALL_ROWS)
            networks = {k: chosen.network(None if k == ALL_ROWS else (repeat, k)) for k in served}
            for network in dict.fromkeys(networks.values()):
                serves = tuple(k for k in served if networks[k] == network)
                yield PlannedChain(repeat, left_out, serves, network=network)


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
        network = chain.path.settings.network
        for one in sorted(set(chosen.values())):
            agreeing = tuple(k for k in chosen if chosen[k] == one)
            factors = _factors(chain.path, curves[agreeing[0]])
            serves = chain.serves if len(chain.left_out) == 1 else agreeing
            yield PlannedChain(repeat, chain.left_out, serves, factors, network)


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
    if chains.is_nested and chain.is_outer(outer):
        return chains.inner(repeat, outer)
    return chains.curve(without=(repeat, outer))
