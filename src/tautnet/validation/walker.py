"""Plans of chains become jobs, and their results chains of candidates."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from tautnet.engine.jobs import Report, run_jobs
from tautnet.objective.networks import Network
from tautnet.solving.settings import Request
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.basis import most_columns
from tautnet.tables.sample import Sample
from tautnet.training.adaptive import adapted
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.chains import Candidate, Chains
from tautnet.validation.curve import FinishingGrid, Fold

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
    network : Network, optional
        Another than the candidate's.
    """

    repeat: int | None
    left_out: tuple[int, ...]
    serves: tuple[int, ...] | None = None
    factors: Floats | None = None
    network: Network | None = None


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
    walked : dict
        Chains that were walked before: what is planned again is not walked again.
    """

    sample: Sample
    folds: list[Integers]
    alphas: str | Sequence[float] | Floats = "auto"
    keep: str | Sequence[float] = ()
    n_jobs: int | None = None
    walked: dict[Hashable, Chain] = field(default_factory=dict)

    def walk(self, plans: Sequence[Plan], on_progress: Report | None) -> list[Chains]:
        """Walk the chains of several plans: unfinished where there are no grids, else finished.

        A plan without a refit makes chains without a path of all rows.
        """
        pairs = [(p, planned) for p, plan in enumerate(plans) for planned in plan.chains]
        found: dict[tuple[int, int | None], list[Chain]] = {}
        for (p, planned), chain in zip(pairs, self._walk(plans, pairs, on_progress), strict=True):
            found.setdefault((p, planned.repeat), []).append(chain)
        repeats = range(len(self.folds))
        return [
            Chains(
                plan.candidate,
                self.sample,
                self.folds,
                [found.get((p, repeat), []) for repeat in repeats],
                found[p, None][0].path if (p, None) in found else None,
                plan.grids,
            )
            for p, plan in enumerate(plans)
        ]

    def _walk(
        self,
        plans: Sequence[Plan],
        pairs: Sequence[tuple[int, PlannedChain]],
        on_progress: Report | None,
    ) -> Iterator[Chain]:
        """Yield the chains that are planned, in order."""
        jobs: dict[Hashable, ChainJob] = {}
        names = []
        for p, planned in pairs:
            job = self._job(plans[p], planned)
            name = (job.settings, planned.repeat, planned.left_out, _asked(job.request))
            names.append(name)
            if name not in self.walked:
                jobs[name] = job
        done = run_jobs(
            self.sample, list(jobs.values()), n_jobs=self.n_jobs, on_progress=on_progress
        )
        self.walked.update(zip(jobs, done, strict=True))
        for name, (_, planned) in zip(names, pairs, strict=True):
            yield replace(self.walked[name], serves=planned.serves)

    def _job(self, plan: Plan, planned: PlannedChain) -> ChainJob:
        """One chain as a job."""
        settings = plan.candidate.settings
        if planned.network is not None:
            settings = replace(settings, network=planned.network)
        if planned.factors is not None:
            settings = adapted(settings, planned.factors)
        settings = replace(settings, finish=bool(plan.grids))
        if planned.repeat is None:
            keep = self._kept_on_all_rows(plan, settings.network)
            request = Request(self.alphas, keep=keep, certify="all")
            return ChainJob(settings, request)
        keys = [None, *((planned.repeat, k) for k in planned.left_out)]
        finished = [alpha for key in keys if key in plan.grids for alpha in plan.grids[key].alphas]
        request = Request(self.alphas, keep=finished or self.keep)
        return ChainJob(
            settings, request, self.folds[planned.repeat], planned.left_out, planned.serves
        )

    def _kept_on_all_rows(self, plan: Plan, network: Network) -> str | Sequence[float]:
        if plan.grids:
            return plan.grids[None].alphas
        first_units = sum(network.hidden_layer_sizes[:1])
        n_columns = most_columns(self.sample.X, network.inputs)
        return "all" if n_columns * first_units <= LARGEST_KEPT else ()


def _asked(request: Request) -> Hashable:
    """What is asked of a chain, as something to look it up by."""
    alphas = (
        request.alphas if isinstance(request.alphas, str) else tuple(map(float, request.alphas))
    )
    keep = request.keep if isinstance(request.keep, str) else tuple(request.keep)
    return alphas, keep, request.certify
