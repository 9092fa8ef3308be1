"""Refits of at most so many predictors, from that number down, and the order that these make.

A path ranks predictors by weights that all others share in. So the order "elimination" starts from
four times as many as are asked for, refits them, keeps those of the largest norms, and goes on to
the next smaller number by the refit of the larger one (Guyon, Weston, Barnhill and Vapnik 2002,
Gene selection for cancer classification using support vector machines).
"""

from collections.abc import Sequence
from itertools import product

from tautnet.engine.jobs import Report, stages
from tautnet.refitting.counts import by_loss, is_past_its_best
from tautnet.refitting.orders import ELIMINATION, ORDERS, always_kept, first_of, first_of_refit
from tautnet.refitting.relaxed import Relaxed, top
from tautnet.refitting.rung import Key, Plan, Planned, Refit, best, refits_of_one_count
from tautnet.validation.chain import Chain
from tautnet.validation.chains import Chains, Choice
from tautnet.validation.nested import honest_points

# How many times as many predictors as are asked for elimination starts from, and the ratio of one
# number to the next until it is there.
CROWD = 4
STEP = 1.5
# From this number on predictors leave one by one.
ONE_BY_ONE = 13
# The order of the path that refits of the most predictors use too.
NORM = ORDERS[0]
# A chain, by its repeat and the folds that it leaves out.
Place = tuple[int, tuple[int, ...]]


def relax_to(
    chains: Chains,
    *,
    at_most: int,
    keep: str | Sequence[float] = (),
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Relaxed:
    """Refit so many predictors, then fewer, as long as fewer do not cost too much.

    They do where the loss was twice in a row more than a standard error above the least one.

    Parameters
    ----------
    chains : Chains
        Those that leave one fold out, under a penalty that takes predictors out.
    at_most : int
        Refits begin there, or where fewer are kept at the least loss of the path, at their number.
    keep : "all" or ()
        Whether the parameters of every strength are kept.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    Relaxed
    """
    n_predictors = chains.sample.n_predictors
    most = min(at_most, top(chains, None), n_predictors)
    crowd = CROWD * most
    always = always_kept(chains.candidate.settings)
    network = chains.candidate.settings.network
    if most < max(len(always), 1):
        return Relaxed.of_path(chains)
    sizes = sizes_down(min(crowd, n_predictors), most, max(len(always), 1))
    points = [
        (repeat, chain, places[chain.left_out[0]])
        for repeat, chain, places in honest_points(chains)
    ]
    firsts = {
        (repeat, chain.left_out): first_of(NORM, sizes[0], chain.path, at, crowd)
        for repeat, chain, at in points
    }
    refits: dict[Refit, Chains] = {}
    tried: list[Choice] = []
    rungs = zip(sizes, [*sizes[1:], 0], stages(len(sizes), on_progress), strict=False)
    for size, next_size, part in rungs:
        plans: Plan = {
            ELIMINATION: [
                (Key(*place, predictors, network), None) for place, predictors in firsts.items()
            ]
        }
        if size == most:
            plans[NORM] = _by_norm(points, size, crowd)
        new = refits_of_one_count(
            chains, plans, size, keep, ranks=size > most, n_jobs=n_jobs, on_progress=part
        )
        refits |= new
        firsts = _smaller(new[ELIMINATION, size], next_size, always)
        if size <= most:
            tried.append(min((best(one, None, *name) for name, one in new.items()), key=by_loss))
        if is_past_its_best(tried):
            break
    in_order = {
        name: refits[name] for name in product((NORM, ELIMINATION), sorted(sizes)) if name in refits
    }
    return Relaxed(chains, in_order, {None: most}, crowd=crowd)


def sizes_down(largest: int, most: int, least: int = 1) -> list[int]:
    """The numbers of predictors that are refitted, the number that is asked for among them.

    Examples
    --------
    >>> sizes_down(32, 8), sizes_down(20, 20, 11), sizes_down(0, 0)
    ([32, 21, 14, 9, 8, 7, 6, 5, 4, 3, 2, 1], [20, 13, 12, 11], [])
    """
    sizes = []
    size = largest
    while size >= least:
        sizes.append(size)
        smaller = size - 1 if size <= ONE_BY_ONE else round(size / STEP)
        size = most if smaller < most < size else smaller
    return sizes


def _by_norm(points: Sequence[tuple[int, Chain, int]], size: int, crowd: int) -> list[Planned]:
    """The refits of the predictors that the path itself ranks first."""
    return [
        (Key.like(repeat, chain, first_of(NORM, size, chain.path, at, crowd)), None)
        for repeat, chain, at in points
    ]


def _smaller(rung: Chains, size: int, always: Sequence[int]) -> dict[Place, tuple[int, ...]]:
    """The predictors that each chain of a rung hands down to the next smaller one."""
    firsts = {}
    for repeat, chain, places in honest_points(rung):
        [at] = places.values()
        firsts[repeat, chain.left_out] = first_of_refit(size, chain.path, at, rung.sample, always)
    return firsts
