"""The relaxed path: refits under l2 on the predictors that a penalty ranks first.

A penalty that takes predictors out also shrinks those that it keeps, the more, the fewer they are.
So for a series of numbers k, the k first predictors of each chain get a path of their own under l2,
and cross-validation chooses between these and the shrunken models (Meinshausen 2007, Relaxed
Lasso).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from tautnet.engine.jobs import Report, run_jobs, stages
from tautnet.objective.networks import Parameters
from tautnet.objective.strengths import nearest
from tautnet.refitting.refits import RefitJob, refit_settings, widened
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.path import Path, ranking
from tautnet.solving.settings import Request, Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.chains import Candidate, Chains, Choice, Fits
from tautnet.validation.curve import Fold
from tautnet.validation.nested import honest_points

ORDERS = ("norm", "exit")
# Every number of predictors up to this one is tried, from there on steps of about a fifth.
EVERY = 8
RATIO = 1.2
# What ranked the predictors of a refit, and their number.
Refit = tuple[str, int]


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
    """

    shrunken: Chains
    refits: dict[Refit, Chains]
    tops: dict[Fold | None, int]
    wholes: dict[Refit, Path] = field(default_factory=dict)

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
                yield _best(chains, key, order, n_predictors)

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
        chains = self.shrunken
        whole = chains.path
        at = nearest(whole.alphas, chains.curve().alpha("min"))
        predictors = _first(str(choice.order), int(choice.n_predictors or 0), whole, at)
        request = Request(keep=[choice.alpha], certify="all")
        job = RefitJob(predictors, ChainJob(choice.chains.candidate.settings, request))
        [refit] = run_jobs(self.sample, [job])
        return widened(refit.path, self.sample, whole.scaling)

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


def choice(options: Sequence[Choice], rule: str | int) -> Choice | None:
    """The model that a rule chooses among several.

    Parameters
    ----------
    options : sequence of Choice
        Each knows its number of predictors.
    rule : {"min", "1se"} or int
        The least mean loss; the fewest predictors within one standard error of it; the least mean
        loss with at most so many predictors.

    Returns
    -------
    Choice or None
        Of equals that of fewer predictors, then the more regularised one; None where none has so
        few predictors.

    Examples
    --------
    >>> options = [
    ...     Choice(None, 0.1, 0.50, 0.04, 9),
    ...     Choice(None, 1.0, 0.80, 0.05, 3),
    ...     Choice(None, 0.1, 0.53, 0.03, 4),
    ... ]
    >>> [choice(options, rule).n_predictors for rule in ("min", "1se", 3)]
    [9, 4, 3]
    """
    if rule == "1se":
        best = choice(options, "min")
        limit = np.inf if best is None else best.mean + best.standard_error
        near = [option for option in options if option.mean <= limit]
        return min(near, key=lambda option: (option.n_predictors, option.mean, -option.alpha))
    few = [option for option in options if rule == "min" or _count(option) <= int(rule)]
    return min(few, key=_by_loss, default=None)


def _by_loss(option: Choice) -> tuple[float, int, float]:
    """Of equals that of fewer predictors comes first, then the more regularised one."""
    return option.mean, _count(option), -option.alpha


def _count(option: Choice) -> int:
    return 0 if option.n_predictors is None else option.n_predictors


def counts_up_to(top: int, least: int = 1) -> list[int]:
    """The numbers of predictors that are tried, up to the first that is not below ``top``.

    The numbers are the same for every fold, so that what other rows would choose changes no
    fold's numbers.

    Examples
    --------
    >>> counts_up_to(13), counts_up_to(3, least=2)
    ([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14], [2, 3])
    """
    counts = [1] if top else []
    while counts and counts[-1] < top:
        last = counts[-1]
        counts.append(last + 1 if last < EVERY else round(RATIO * last))
    return [count for count in counts if count >= least]


def relax(
    chains: Chains,
    *,
    at_most: int | None = None,
    keep: str | Sequence[float] = (),
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Relaxed:
    """Refit the predictors that each chain ranks first.

    Every chain ranks by its own path, at the strength that folds choose which it is not scored
    on, so that no row has a say in a model that is judged by it.

    Parameters
    ----------
    chains : Chains
        Under a penalty that takes predictors out.
    at_most : int, optional
        Most predictors of a refit, all numbers up to which are tried. Without it each outer fold,
        and all rows, go on to more predictors until they no longer help, see `is_past_its_best`.
    keep : "all" or ()
        Whether the parameters of every strength are kept.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    Relaxed
    """
    tops = {key: _top(chains, key, at_most) for key in chains.keys}
    counts = _counts(chains, max(tops.values()), at_most)
    points = list(honest_points(chains))
    refits: dict[Refit, Chains] = {}
    tried: dict[Fold | None, list[Choice]] = {key: [] for key in tops}
    for count, part in zip(counts, stages(len(counts), on_progress), strict=True):
        going_on = [key for key, top in tops.items() if count <= top]
        if not going_on:
            break
        plans = _plans(points, count, going_on)
        new = _refits_of_one_count(chains, plans, count, keep, n_jobs=n_jobs, on_progress=part)
        refits |= new
        for key in going_on:
            bests = [_best(one, key, *name) for name, one in new.items()]
            tried[key].append(min(bests, key=_by_loss))
            # Who asks for at most so many predictors is shown all numbers up to there.
            if at_most is None and is_past_its_best(tried[key]):
                tops[key] = count
    in_order = {name: refits[name] for name in product(ORDERS, counts) if name in refits}
    return Relaxed(chains, in_order, tops)


def _counts(chains: Chains, top: int, at_most: int | None) -> list[int]:
    """The numbers of predictors that are tried on a table."""
    n_predictors = chains.sample.n_predictors
    largest = n_predictors if at_most is None else min(at_most, n_predictors)
    least = _count_always(chains.candidate.settings)
    return sorted({min(count, largest) for count in counts_up_to(top, least)})


def is_past_its_best(tried: Sequence[Choice]) -> bool:
    """Whether more predictors no longer help.

    They do not where the loss was twice in a row more than a standard error above the least one.

    Parameters
    ----------
    tried : sequence of Choice
        The best refit for each number of predictors so far.

    Examples
    --------
    >>> means = (0.9, 0.3, 0.45, 0.35, 0.5, 0.6)
    >>> tried = [Choice(None, 1.0, mean, 0.1, k) for k, mean in enumerate(means)]
    >>> [is_past_its_best(tried[:k]) for k in range(len(tried) + 1)]
    [False, False, False, False, False, False, True]
    """
    best = choice(tried, "min")
    if best is None or len(tried) < 3:
        return False
    return all(one.mean > best.mean + best.standard_error for one in tried[-2:])


# A refit: repeat, folds left out, predictors.
Key = tuple[int, tuple[int, ...], tuple[int, ...]]
Plan = dict[str, list[tuple[Key, tuple[int, ...]]]]


def _plans(
    points: list[tuple[int, Chain, dict[int, int]]], count: int, going_on: list[Fold | None]
) -> Plan:
    """For each order the refits of one number of predictors, and the outer folds they serve.

    One refit serves both orders, and several outer folds, where they agree on the predictors.
    """
    plans: Plan = {order: [] for order in ORDERS}
    for repeat, chain, places in points:
        serves_all_rows = len(chain.left_out) == 1 and None in going_on
        wanted = {k: at for k, at in places.items() if serves_all_rows or (repeat, k) in going_on}
        for order in ORDERS:
            served: dict[tuple[int, ...], list[int]] = {}
            for outer, at in wanted.items():
                served.setdefault(_first(order, count, chain.path, at), []).append(outer)
            for predictors, outers in served.items():
                plans[order].append(((repeat, chain.left_out, predictors), tuple(outers)))
    return plans


def _refits_of_one_count(
    chains: Chains,
    plans: Plan,
    count: int,
    keep: str | Sequence[float],
    *,
    n_jobs: int | None,
    on_progress: Report | None,
) -> dict[Refit, Chains]:
    """Refits of one number of predictors, by order."""
    settings = refit_settings(chains.candidate.settings)
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


def _best(chains: Chains, key: Fold | None, order: str, n_predictors: int) -> Choice:
    """Of refits of one number of predictors that of the least loss."""
    return chains.choose("min", key)._replace(order=order, n_predictors=n_predictors)


def _count_always(settings: Settings) -> int:
    """Number of predictors that are never penalised."""
    return sum(factor == 0 for factor in settings.penalty_factors or ())


def _top(chains: Chains, key: Fold | None, at_most: int | None) -> int:
    """The largest number of predictors that is tried for an outer fold, or for all rows.

    It reaches the number kept at the least loss, unless fewer were asked for.
    """
    path = chains.path_for(key)
    kept = int(path.n_features[nearest(path.alphas, chains.curve_for(key).alpha("min"))])
    top = max(counts_up_to(kept), default=0)
    return top if at_most is None else min(top, at_most)


def _first(order: str, count: int, path: Path, at: int) -> tuple[int, ...]:
    return tuple(sorted(ranking(order, path, at)[:count].tolist()))
