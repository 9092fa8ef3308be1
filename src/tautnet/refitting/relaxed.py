"""The relaxed path: refits under l2 on the predictors that a penalty ranks first.

A penalty that takes predictors out also shrinks those that it keeps, the more, the fewer they are.
So for a series of numbers k, the k first predictors of each chain get a path of their own under l2,
and cross-validation chooses between these and the shrunken models (Meinshausen 2007, Relaxed
Lasso).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, product

import numpy as np

from tautnet.engine.jobs import Report, run_jobs, stages
from tautnet.objective.networks import Parameters
from tautnet.objective.strengths import nearest
from tautnet.refitting.counts import by_loss, choice, counts_up_to, is_past_its_best
from tautnet.refitting.orders import (
    ELIMINATION,
    ORDERS,
    always_kept,
    first_of,
    first_of_refit,
)
from tautnet.refitting.refits import RefitJob, widened
from tautnet.refitting.rung import Key, Plan, Refit, best, refits_of_one_count
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.path import Path
from tautnet.solving.settings import WHOLE_PATH, Request
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.chains import Candidate, Chains, Choice, Fits
from tautnet.validation.curve import Fold
from tautnet.validation.nested import honest_points


@dataclass(frozen=True)
class Relaxed(Fits):
    """A candidate's chains, and refits on the predictors that they rank first.

    Attributes
    ----------
    shrunken : Chains
        The path that ranks.
    refits : dict
        (order, number of predictors) -> `Chains` under l2; their ``whole`` is None, see `path_of`.
    tops : dict
        (repeat, outer fold), or None for all rows -> the largest number of predictors that may be
        chosen.
    wholes : dict
        (order, number of predictors) -> Path on all rows of refits that were chosen.
    crowd : int, optional
        How many predictors are left where norms rank them, see `first_of`.
    """

    shrunken: Chains
    refits: dict[Refit, Chains]
    tops: dict[Fold | None, int]
    wholes: dict[Refit, Path] = field(default_factory=dict)
    crowd: int | None = None

    @property
    def candidate(self) -> Candidate:  # type: ignore[override]  # a property serves as well
        """The candidate whose predictors are refitted."""
        return self.shrunken.candidate

    @property
    def sample(self) -> Sample:  # type: ignore[override]
        """The table."""
        return self.shrunken.sample

    @property
    def folds(self) -> list[Integers]:  # type: ignore[override]
        """The fold of each row, one array a repeat."""
        return self.shrunken.folds

    @classmethod
    def of_path(cls, chains: Chains) -> "Relaxed":
        """Chains without refits: choices are made on their path alone."""
        return cls(chains, {}, {None: 0})

    def options(self, key: Fold | None = None) -> Iterator[Choice]:
        """Models that may be chosen for an outer fold, or for all rows: of each refit the best."""
        curve = self.shrunken.curve_for(key)
        path = self.shrunken.path_for(key)
        mean = curve.mean
        standard_error = curve.standard_error
        for i, alpha in enumerate(curve.alphas):
            n_predictors = int(path.n_features[nearest(path.alphas, alpha)])
            yield Choice(self.shrunken, float(alpha), mean[i], standard_error[i], n_predictors)
        for (order, n_predictors), chains in self.refits.items():
            if n_predictors <= self.tops[key]:
                yield best(chains, key, order, n_predictors)

    def choose(self, rule: str | int, key: Fold | None = None) -> Choice:
        """What a rule chooses for an outer fold, or for all rows."""
        chosen = choice(list(self.options(key)), rule)
        if chosen is None:
            raise ValueError(f"no model on this path has at most {rule} predictors")
        return chosen

    def path_of(self, choice: Choice) -> Path:
        """The path on all rows that a choice is a place on.

        That of a refit is walked when it is first asked for.
        """
        if choice.order is None or choice.n_predictors is None:
            return self.shrunken.path
        name = (choice.order, choice.n_predictors)
        if name not in self.wholes:
            self.wholes[name] = self._refit_on_all(choice)
        return self.wholes[name]

    def _refit_on_all(self, choice: Choice) -> Path:
        """The path of all rows on the predictors of a refit, as one of the whole sample."""
        predictors = self._first_on_all(str(choice.order), int(choice.n_predictors or 0))
        request = Request(keep=[choice.alpha], certify="all")
        refit = self._walk_on_all(choice.chains, predictors, request)
        return widened(refit, self.sample, self.shrunken.path.scaling)

    def _walk_on_all(
        self, chains: Chains, predictors: tuple[int, ...], request: Request = WHOLE_PATH
    ) -> Path:
        job = RefitJob(predictors, ChainJob(chains.candidate.settings, request))
        [refit] = run_jobs(self.sample, [job])
        return refit.path

    def _first_on_all(self, order: str, count: int) -> tuple[int, ...]:
        """The predictors that all rows rank first, as the folds did."""
        whole = self.shrunken.path
        at = nearest(whole.alphas, self.shrunken.curve().alpha("min"))
        if order != ELIMINATION:
            return first_of(order, count, whole, at, self.crowd)
        sizes = sorted((n for name, n in self.refits if name == order and n >= count), reverse=True)
        predictors = first_of("norm", sizes[0], whole, at, self.crowd)
        for size, smaller in pairwise(sizes):
            rung = self.refits[order, size]
            path = self._walk_on_all(rung, predictors)
            at = nearest(path.alphas, rung.curve().alpha("min"))
            predictors = first_of_refit(
                smaller, path, at, self.sample, always_kept(self.candidate.settings)
            )
        return predictors

    @property
    def seconds(self) -> float:
        """Time that all chains took, those of the path that ranks among them."""
        # Both orders share refits.
        own = {
            id(chain.path): chain.path.seconds
            for chains in self.refits.values()
            for repeat in chains.chains
            for chain in repeat
        }
        wholes = sum(path.seconds for path in self.wholes.values())
        return self.shrunken.seconds + sum(own.values()) + wholes

    def fold_models(self, choice: Choice) -> Iterator[tuple[FittedScaling, Parameters]]:
        """The models of the folds behind a choice, on all columns."""
        for key in self.outer_folds:
            chain = choice.chains.single(*key)
            at = chain.nearest_kept(choice.alpha)
            path = replace(chain.path, parameters={at: chain.path.parameters[at]})
            if choice.order is not None:
                path = widened(path, self.sample, self.shrunken.single(*key).path.scaling)
            yield path.scaling, path.parameters[at]

    def results(self) -> dict[str, Floats]:
        """The refits that may be chosen on all rows, as a dict of arrays, scikit-learn's way."""
        refits = [option for option in self.options() if option.order is not None]
        return {
            "order": np.array([refit.order for refit in refits]),
            "n_features": np.array([refit.n_predictors for refit in refits]),
            "alpha": np.array([refit.alpha for refit in refits]),
            "mean_test_loss": np.array([refit.mean for refit in refits]),
            "se_test_loss": np.array([refit.standard_error for refit in refits]),
        }


def relax(
    chains: Chains,
    *,
    keep: str | Sequence[float] = (),
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Relaxed:
    """Refit the predictors that each chain ranks first.

    Each outer fold, and all rows, go on to more of them until more no longer help, see
    `is_past_its_best`. Every chain ranks by its own path, at the strength that folds choose which
    it is not scored on, so that no row has a say in a model that is judged by it.

    Parameters
    ----------
    chains : Chains
        Under a penalty that takes predictors out.
    keep : "all" or ()
        Whether the parameters of every strength are kept.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    Relaxed
    """
    tops = {key: top(chains, key) for key in chains.keys}
    counts = counts_of(chains, max(tops.values()))
    points = list(honest_points(chains))
    refits: dict[Refit, Chains] = {}
    tried: dict[Fold | None, list[Choice]] = {key: [] for key in tops}
    for count, part in zip(counts, stages(len(counts), on_progress), strict=True):
        going_on = [key for key, most in tops.items() if count <= most]
        if not going_on:
            break
        plans = _plans(points, count, going_on)
        new = refits_of_one_count(chains, plans, count, keep, n_jobs=n_jobs, on_progress=part)
        refits |= new
        for key in going_on:
            bests = [best(one, key, *name) for name, one in new.items()]
            tried[key].append(min(bests, key=by_loss))
            if is_past_its_best(tried[key]):
                tops[key] = count
    in_order = {name: refits[name] for name in product(ORDERS, counts) if name in refits}
    return Relaxed(chains, in_order, tops)


def counts_of(chains: Chains, largest: int) -> list[int]:
    """The numbers of predictors that are tried on a table."""
    n_predictors = chains.sample.n_predictors
    least = len(always_kept(chains.candidate.settings))
    return sorted({min(count, n_predictors) for count in counts_up_to(largest, least)})


def _plans(
    points: list[tuple[int, Chain, dict[int, int]]], count: int, going_on: list[Fold | None]
) -> Plan:
    """For each order the refits of one number of predictors, and the outer folds they serve.

    One refit serves both orders, and several outer folds, where they agree on the predictors.
    """
    plans: Plan = {order: [] for order in ORDERS}
    for repeat, chain, places in points:
        is_wanted = chain.is_of_all_rows and None in going_on
        wanted = {k: at for k, at in places.items() if is_wanted or (repeat, k) in going_on}
        for order in ORDERS:
            served: dict[tuple[int, ...], list[int]] = {}
            for outer, at in wanted.items():
                served.setdefault(first_of(order, count, chain.path, at), []).append(outer)
            for predictors, outers in served.items():
                serves = chain.serves if len(chain.left_out) == 1 else tuple(outers)
                plans[order].append((Key.like(repeat, chain, predictors), serves))
    return plans


def top(chains: Chains, key: Fold | None) -> int:
    """The largest number of predictors that is tried for an outer fold, or for all rows.

    It reaches the number kept at the least loss.
    """
    path = chains.path_for(key)
    kept = int(path.n_features[nearest(path.alphas, chains.curve_for(key).alpha("min"))])
    return max(counts_up_to(kept), default=0)
