"""What of a comparison fits into a time limit, decided before anything is fitted."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Integral
from typing import Any

from tautnet.engine.jobs import count_jobs
from tautnet.inference.study import candidates_for
from tautnet.objective.choices import AUTO, NETWORKS, SELECTION_PENALTY
from tautnet.objective.networks import Network
from tautnet.objective.registry import BASELINE, L2, penalty_kind
from tautnet.planning.cost import (
    BESIDE_STEPS,
    PROGRAMS,
    Pace,
    pace_of,
    rows_walked,
    size_of,
    steps_of,
)
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Integers
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample

# Folds that a limit falls back on.
FEW_FOLDS = 3
# What folds that choose different networks add to the chains of one network.
DISAGREEING = 1.5
# Boosted trees: seconds of a fit on a small table, and cells that a further second trains.
TREES_SECONDS = 0.4
TREES_CELLS = 3e5
# Seconds of reading results, drawing them and writing them.
AROUND = 1.5
# A limit is filled up to here: estimates err.
FILLED = 0.9


@dataclass(frozen=True)
class Scope:
    """How much is compared: arguments of `compare`.

    Attributes
    ----------
    penalties : tuple of str
    network : str
    cv : int, splitter or iterable
    boosting : bool
    """

    penalties: tuple[str, ...]
    network: str
    cv: Any
    boosting: bool

    @property
    def arguments(self) -> dict[str, Any]:
        """These arguments by name; folds that were given are no value that a file holds."""
        own = {name: getattr(self, name) for name in ("penalties", "network", "boosting")}
        return own | ({"cv": int(self.cv)} if isinstance(self.cv, Integral) else {})


@dataclass(frozen=True)
class Estimate:
    """What scopes take on one table, by steps that were timed.

    Attributes
    ----------
    sample : Sample
    settings_for : callable
        As `candidates_for` takes it; its network is the first of ``networks``.
    networks : dict
        Name -> Network, among which one is chosen where a scope leaves it open.
    repeats : int
    n_jobs : int
        Jobs at once.
    pace : Pace
        That of the first network under l2.
    """

    sample: Sample
    settings_for: Callable[[str, bool], Settings]
    networks: Mapping[str, Network]
    repeats: int
    n_jobs: int
    pace: Pace

    @classmethod
    def of(
        cls,
        sample: Sample,
        settings_for: Callable[[str, bool], Settings],
        networks: Mapping[str, Network],
        *,
        repeats: int,
        n_jobs: int | None,
    ) -> "Estimate":
        """Time a few steps of the first network."""
        pace = pace_of(sample, settings_for(L2, False))
        return cls(sample, settings_for, networks, repeats, count_jobs(n_jobs), pace)

    def seconds(self, scope: Scope, folds: list[Integers]) -> float:
        """About how long a scope takes on folds, or on as many as it names."""
        n_folds = int(scope.cv) if isinstance(scope.cv, Integral) else int(folds[0].max()) + 1
        candidates = candidates_for(scope.penalties, self.settings_for)
        is_raced = scope.network == AUTO and len(self.networks) > 1
        # Which network is chosen is not known before: the dearest may be.
        dearest = max(self._sizes) if is_raced else self._sizes[0]
        steps = 0.0
        for candidate in candidates:
            own = self._row_steps(candidate.settings, n_folds)
            is_linear = candidate.settings.network.is_linear
            steps += own if is_linear else own * dearest * (DISAGREEING if is_raced else 1.0)
        if is_raced:
            l2 = self._row_steps(self.settings_for(L2, False), n_folds)
            steps += l2 * (sum(self._sizes) - dearest)
        programs = len(candidates) + (len(self.networks) if is_raced else 0)
        walked = steps * self.pace.step * (1 + BESIDE_STEPS)
        total = walked + programs * PROGRAMS * self.pace.compiling
        if scope.boosting:
            one = TREES_SECONDS + self.sample.X.size / TREES_CELLS
            total += self.repeats * n_folds * self.sample.y.shape[1] * one
        return AROUND + total / self.n_jobs

    @cached_property
    def _sizes(self) -> list[float]:
        """Sizes of the networks as shares of the first one's."""
        sizes = [size_of(self.sample, network) for network in self.networks.values()]
        return [size / sizes[0] for size in sizes]

    def _row_steps(self, settings: Settings, n_folds: int) -> float:
        """Steps of all chains of a candidate, each as a share of one on all rows."""
        nested = not settings.kind.is_baseline
        walked = rows_walked(n_folds, self.repeats, nested=nested)
        return walked * steps_of(settings, len(self.sample.y))


def scopes(asked: Scope, *, is_open: bool = True, deliver: str | None = None) -> Iterator[Scope]:
    """What is asked, and less and less of it; a row to deliver stays.

    Where ``is_open`` the network is chosen among several.

    Examples
    --------
    >>> for scope in scopes(Scope(("none", "l2", "l1", "group"), "auto", 5, True)):
    ...     print(", ".join(scope.penalties), scope.network, scope.cv, scope.boosting)
    none, l2, l1, group auto 5 True
    none, l2, group auto 5 True
    none, l2, l1, group plain 5 True
    none, l2, group plain 5 True
    l2, group plain 5 False
    l2 plain 5 False
    l2 plain 3 False
    """

    def only(names: Collection[str]) -> tuple[str, ...]:
        found = tuple(name for name in asked.penalties if name in names or name == deliver)
        restrained = [name for name in asked.penalties if not penalty_kind(name).is_baseline]
        if set(found) & set(restrained):
            return found
        return (*found, *(restrained or asked.penalties)[:1])

    selecting = [name for name in asked.penalties if penalty_kind(name).selects]
    first = SELECTION_PENALTY if SELECTION_PENALTY in selecting else next(iter(selecting), L2)
    cheapest = NETWORKS[0] if is_open else asked.network
    n_folds = min(asked.cv, FEW_FOLDS) if isinstance(asked.cv, Integral) else asked.cv
    few = replace(asked, penalties=only((BASELINE, L2, first)))
    penalised = replace(few, penalties=only((L2, first)), network=cheapest, boosting=False)
    least = replace(penalised, penalties=only((L2,)))
    less = [
        asked,
        few,
        replace(asked, network=cheapest),
        replace(few, network=cheapest),
        penalised,
        least,
        replace(least, cv=n_folds),
    ]
    for i, scope in enumerate(less):
        if scope not in less[:i]:
            yield scope


def scope_within(
    limit: float,
    asked: Scope,
    estimate: Estimate,
    folds: list[Integers],
    deliver: str | None = None,
) -> tuple[Scope, dict[str, Any]]:
    """The first of `scopes` that fits into a limit, and what a comparison keeps of the decision.

    Parameters
    ----------
    limit : float
        Seconds.
    asked : Scope
    estimate : Estimate
    folds : list of int arrays
    deliver : str, optional
        The row that is delivered.

    Raises
    ------
    TableError
        Where nothing fits, with the limit that something fits into.
    """
    is_open = asked.network == AUTO and len(estimate.networks) > 1
    less = scopes(asked, is_open=is_open, deliver=deliver)
    taken = [(scope, estimate.seconds(scope, folds)) for scope in less]
    fitting = [(scope, seconds) for scope, seconds in taken if seconds <= FILLED * limit]
    if not fitting:
        least = min(seconds for _, seconds in taken) / FILLED
        raise TableError(
            f"nothing can be compared in {limit:g} s here: the least takes about {least:.0f} s;"
            " give a longer limit, or fewer rows"
        )
    scope, seconds = fitting[0]
    plan = {
        "time_limit": float(limit),
        "seconds": round(seconds, 1),
        "seconds_of_all": round(taken[0][1], 1),
        "is_whole": scope == asked,
        "arguments": scope.arguments,
        "asked": asked.arguments,
    }
    return scope, plan
