"""A race of networks: which one cross-validation chooses, for all rows and for each outer fold.

Every outer fold runs a race of its own on chains that have not seen it, so that a loss on that
fold is one of the whole procedure. Networks that are dear have to earn it: on two folds and few
strengths first, where they must be ahead of the cheaper ones to go on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from tautnet.engine.jobs import Report, stages
from tautnet.objective.networks import Network
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats
from tautnet.tables.basis import most_columns
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample
from tautnet.validation.chains import Candidate, Chains, Race, row_losses
from tautnet.validation.curve import Curve, Fold
from tautnet.validation.walker import Plan, PlannedChain, Walker

# Strengths a decade, and folds, of an early race.
EARLY_ALPHAS_PER_DECADE = 2
EARLY_FOLDS = 2
# What a dearer network has to save of the loss of the last cheaper one that did so itself: to go
# on, and to be chosen.
LEAD = 0.01
EARNED = 0.03
# Wider inputs cost more than they were seen to save.
MOST_COLUMNS = 1000


def race(
    walker: Walker,
    networks: Mapping[str, Network],
    settings: Settings,
    *,
    nested: bool,
    on_progress: Report | None = None,
) -> Race:
    """Choose a network for all rows, and one for each outer fold.

    Parameters
    ----------
    walker : Walker
        It keeps the chains, so that those of the network chosen are not walked again.
    networks : dict
        Name -> Network, the cheapest first.
    settings : Settings
        How all are fitted, but for the network.
    nested : bool
        Whether outer folds have inner ones.
    on_progress
        As in `run_jobs`.

    Returns
    -------
    Race
    """
    parts = stages(2, on_progress)
    keys = list(_keys(walker, nested=nested))
    early = _Heat(
        walker,
        networks,
        replace(settings, alphas_per_decade=EARLY_ALPHAS_PER_DECADE),
        {key: [*networks] for key in keys},
        EARLY_FOLDS,
    ).run(next(parts))
    going_on = {key: ahead(early.losses(key), LEAD) for key in keys}
    final = _Heat(
        walker,
        networks,
        settings,
        {key: names if len(names) > 1 else [] for key, names in going_on.items()},
    ).run(next(parts))
    chosen = {
        key: ahead(final.losses(key), EARNED)[-1] if final.curves[key] else names[0]
        for key, names in going_on.items()
    }
    return Race(
        dict(networks),
        chosen,
        final.losses(None),
        final.row_losses,
        early.losses(None),
        {name: early.counts[name] + final.counts[name] for name in networks},
        {name: early.seconds[name] + final.seconds[name] for name in networks},
    )


def saves_early(
    chains: Chains,
    other: Candidate,
    *,
    alphas: str | Floats = "auto",
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> bool:
    """Whether another candidate is ahead on two folds and few strengths, so that it may go on.

    Parameters
    ----------
    chains : Chains
        Of the candidate that it is measured by, walked for all rows.
    other : Candidate
        Its first path is walked, in the network of ``chains``.
    alphas, n_jobs, on_progress
        As in `cross_validate`.
    """
    network = chains.candidate.settings.network
    settings = replace(
        other.settings,
        network=network,
        adaptive=False,
        finish=False,
        alphas_per_decade=EARLY_ALPHAS_PER_DECADE,
    )
    walker = Walker(chains.sample, chains.folds, alphas, n_jobs=n_jobs)
    heat = _Heat(walker, {other.name: network}, settings, {None: [other.name]}, EARLY_FOLDS)
    found = heat.run(on_progress).losses(None)[other.name]
    own = float(heat.curve(chains, None).mean.min())
    return own - found > LEAD * abs(own)


def affordable(networks: Mapping[str, Network], sample: Sample) -> dict[str, Network]:
    """The cheapest network, and those whose inputs are not too many columns."""
    cheapest, *_ = networks
    n_columns = {
        inputs: most_columns(sample.X, inputs)
        for inputs in {network.inputs for network in networks.values()}
    }
    return {
        name: network
        for name, network in networks.items()
        if name == cheapest or n_columns[network.inputs] <= MOST_COLUMNS
    }


def _keys(walker: Walker, *, nested: bool) -> Iterator[Fold | None]:
    """All rows, and each outer fold where there are such."""
    yield None
    if nested:
        for repeat, fold in enumerate(walker.folds):
            yield from ((repeat, k) for k in range(int(fold.max()) + 1))


def ahead(losses: Mapping[str, float], share: float) -> list[str]:
    """The cheapest network, and each that saves a share of the loss of the last one before it.

    Parameters
    ----------
    losses : dict
        Name -> loss, the cheapest first.
    share : float

    Examples
    --------
    >>> ahead({"plain": 1.0, "small": 0.995, "deep": 0.9}, 0.01)
    ['plain', 'deep']
    >>> ahead({"plain": 1.0, "small": 0.9, "deep": 0.895}, 0.01)
    ['plain', 'small']
    """
    (cheapest, least), *dearer = losses.items()
    names = [cheapest]
    for name, loss in dearer:
        if least - loss > share * abs(least):
            names.append(name)
            least = loss
    return names


@dataclass(frozen=True)
class _Result:
    """What a heat says.

    Attributes
    ----------
    curves : dict
        Key -> name -> cross-validated curve.
    row_losses : dict
        Name -> loss of each row, where all folds score a network for all rows.
    counts, seconds : dict
        Name -> chains walked, and the time they took.
    """

    curves: dict[Fold | None, dict[str, Curve]]
    row_losses: dict[str, Floats]
    counts: dict[str, int]
    seconds: dict[str, float]

    def losses(self, key: Fold | None) -> dict[str, float]:
        """The least loss of each network, for one key."""
        return {name: float(curve.mean.min()) for name, curve in self.curves[key].items()}


@dataclass(frozen=True)
class _Heat:
    """Networks that run for some keys.

    Attributes
    ----------
    walker, networks, settings
        As in `race`.
    running : dict
        Key -> names of those that run for it.
    n_folds : int, optional
        How many folds score a network; by default all that there are.
    """

    walker: Walker
    networks: Mapping[str, Network]
    settings: Settings
    running: Mapping[Fold | None, list[str]]
    n_folds: int | None = None

    def run(self, on_progress: Report | None) -> _Result:
        """Walk what all keys need, and read each key's own chains."""
        needed = {
            name: sorted({place for key in self._running(name) for place in self._places(key)})
            for name in self.networks
        }
        plans = [
            Plan(
                Candidate(name, replace(self.settings, network=network)),
                [PlannedChain(repeat, left_out) for repeat, left_out in needed[name]],
            )
            for name, network in self.networks.items()
        ]
        walked = dict(zip(self.networks, self.walker.walk(plans, on_progress), strict=True))
        curves = {key: dict(self._curves(walked, key)) for key in self.running}
        counts = {name: len(places) for name, places in needed.items()}
        rows = {}
        if self.n_folds is None:
            rows = {name: row_losses(walked[name]) for name in curves[None]}
        seconds = {name: one.seconds for name, one in walked.items()}
        return _Result(curves, rows, counts, seconds)

    def _running(self, name: str) -> list[Fold | None]:
        return [key for key, names in self.running.items() if name in names]

    def _places(self, key: Fold | None) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Repeats, and the folds left out, of the chains that score networks for a key."""
        if key is None:
            places = ((r, (k,)) for r in range(len(self.walker.folds)) for k in self._others(r, -1))
            yield from islice(places, self.n_folds)
            return
        repeat, outer = key
        for k in islice(self._others(repeat, outer), self.n_folds):
            yield repeat, (min(k, outer), max(k, outer))

    def _others(self, repeat: int, outer: int) -> list[int]:
        """The folds of a repeat but the outer one: those behind it first, in fixed order."""
        n_folds = int(self.walker.folds[repeat].max()) + 1
        behind = [k % n_folds for k in range(outer + 1, outer + 1 + n_folds)]
        return [k for k in behind if k != outer]

    def _curves(
        self, walked: Mapping[str, Chains], key: Fold | None
    ) -> Iterator[tuple[str, Curve]]:
        """Names and curves for one key; a dearer network without a finite loss is out."""
        for i, name in enumerate(self.running[key]):
            try:
                yield name, self.curve(walked[name], key)
            except TableError:
                if i == 0:
                    raise

    def curve(self, chains: Chains, key: Fold | None) -> Curve:
        """The cross-validated curve of a network, on the chains of one key."""
        wanted = set(self._places(key))
        own = replace(
            chains,
            chains=[
                [chain for chain in repeat if (r, chain.left_out) in wanted]
                for r, repeat in enumerate(chains.chains)
            ],
        )
        return own.curve_for(key)
