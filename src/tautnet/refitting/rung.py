"""Refits of one number of predictors: who is refitted, and the folds that each refit serves."""

from collections.abc import Sequence
from dataclasses import replace

from tautnet.engine.jobs import Report, run_jobs
from tautnet.refitting.refits import RefitJob, refit_settings
from tautnet.solving.settings import Request
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.chains import Chains, Choice
from tautnet.validation.curve import Fold

# What ranked the predictors of a refit, and their number.
Refit = tuple[str, int]
# A refit: repeat, folds left out, predictors.
Key = tuple[int, tuple[int, ...], tuple[int, ...]]
# A refit, and the outer folds that it serves; and those of each order.
Planned = tuple[Key, tuple[int, ...]]
Plan = dict[str, list[Planned]]


def refits_of_one_count(
    chains: Chains,
    plans: Plan,
    count: int,
    keep: str | Sequence[float],
    *,
    ranks: bool = False,
    n_jobs: int | None,
    on_progress: Report | None,
) -> dict[Refit, Chains]:
    """Refits of one number of predictors, by order: those of the same predictors are made once."""
    settings = refit_settings(chains.candidate.settings, ranks=ranks)
    request = Request(keep=keep)
    jobs = {}
    for plan in plans.values():
        for (repeat, left_out, predictors), _ in plan:
            job = ChainJob(settings, request, chains.folds[repeat], left_out)
            jobs[repeat, left_out, predictors] = RefitJob(predictors, job)
    done = run_jobs(chains.sample, list(jobs.values()), n_jobs=n_jobs, on_progress=on_progress)
    fitted = dict(zip(jobs, done, strict=True))
    candidate = chains.candidate._replace(settings=settings)
    refits = {}
    for order, plan in plans.items():
        own: list[list[Chain]] = [[] for _ in chains.folds]
        for key, serves in plan:
            own[key[0]].append(replace(fitted[key], serves=serves))
        refits[order, count] = Chains(candidate, chains.sample, chains.folds, own, None)
    return refits


def best(chains: Chains, key: Fold | None, order: str, n_predictors: int) -> Choice:
    """Of refits of one number of predictors that of the least loss."""
    return chains.choose("min", key)._replace(order=order, n_predictors=n_predictors)
