"""Refits of one number of predictors: who is refitted, and the folds that each refit serves."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain as joined
from typing import NamedTuple, Self

from tautnet.engine.jobs import Report, run_jobs
from tautnet.objective.networks import Network
from tautnet.refitting.refits import RefitJob, refit_settings
from tautnet.solving.settings import Request
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.chains import Chains, Choice
from tautnet.validation.curve import Fold

# What ranked the predictors of a refit, and their number.
Refit = tuple[str, int]


class Key(NamedTuple):
    """A refit: of which predictors, in which network, and the folds that it leaves out."""

    repeat: int
    left_out: tuple[int, ...]
    predictors: tuple[int, ...]
    network: Network

    @classmethod
    def like(cls, repeat: int, chain: Chain, predictors: tuple[int, ...]) -> Self:
        """The refit that goes with a chain."""
        return cls(repeat, chain.left_out, predictors, chain.path.settings.network)


# A refit and what it serves, as `Chain.serves`; and those of each order.
Planned = tuple[Key, tuple[int, ...] | None]
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
    for key, _ in joined(*plans.values()):
        own_settings = replace(settings, network=key.network)
        job = ChainJob(own_settings, request, chains.folds[key.repeat], key.left_out)
        jobs[key] = RefitJob(key.predictors, job)
    done = run_jobs(chains.sample, list(jobs.values()), n_jobs=n_jobs, on_progress=on_progress)
    fitted = dict(zip(jobs, done, strict=True))
    candidate = chains.candidate._replace(settings=settings)
    refits = {}
    for order, plan in plans.items():
        own: list[list[Chain]] = [[] for _ in chains.folds]
        for key, serves in plan:
            own[key.repeat].append(replace(fitted[key], serves=serves))
        refits[order, count] = Chains(candidate, chains.sample, chains.folds, own, None)
    return refits


def best(chains: Chains, key: Fold | None, order: str, n_predictors: int) -> Choice:
    """Of refits of one number of predictors that of the least loss."""
    return chains.choose("min", key)._replace(order=order, n_predictors=n_predictors)
