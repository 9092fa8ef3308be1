"""Penalties side by side: all that is fitted for a comparison."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from tautnet.engine.jobs import Report, stages
from tautnet.objective.choices import LINEAR
from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network
from tautnet.objective.registry import L2
from tautnet.refitting.relaxed import Relaxed, relax
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chains import Candidate, Choice, Fits, Outer, Race, outer_results
from tautnet.validation.curve import Fold
from tautnet.validation.nested import cross_validate


@dataclass(frozen=True)
class Study:
    """All that was fitted for a comparison.

    Attributes
    ----------
    sample : Sample
    fits : dict
        Name -> Fits, one for each row and "linear".
    chosen : dict
        Name -> rule -> Choice on all rows, for the study's rule and "1se".
    relaxed : dict
        Name -> Relaxed, those of ``fits``.
    selection : {"min", "1se"}
    groups : array or None
        Rows that belong together.
    race : Race or None
        Which network was chosen, where there were several.
    """

    sample: Sample
    fits: dict[str, Fits]
    chosen: dict[str, dict[str, Choice]]
    relaxed: dict[str, Relaxed]
    selection: str
    groups: Integers | None
    race: Race | None = None

    @property
    def penalties(self) -> list[str]:
        """Names of the penalties compared, and of refits."""
        return [name for name in self.fits if name != LINEAR]

    @property
    def choices(self) -> list[str]:
        """Those that each outer fold chooses among: a baseline only where there is nothing else."""
        names = self.penalties
        return [name for name in names if not self._settings(name).kind.is_baseline] or names

    @property
    def loss(self) -> Loss:
        """The loss that all candidates minimise."""
        return self._settings(next(iter(self.fits))).loss

    @property
    def network(self) -> Network:
        """The network that the penalties are compared on."""
        return self._settings(self.penalties[0]).network

    @property
    def folds(self) -> list[Integers]:
        """The fold of each row, one array a repeat."""
        return next(iter(self.fits.values())).folds

    def _settings(self, name: str) -> Settings:
        return self.fits[name].candidate.settings


def run_study(
    sample: Sample,
    candidates: Sequence[Candidate],
    folds: list[Integers],
    *,
    selection: str,
    relaxed: Mapping[str, str] | None = None,
    networks: Mapping[str, Network] | None = None,
    groups: Integers | None = None,
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Study:
    """Fit everything that a comparison needs.

    Parameters
    ----------
    sample : Sample
    candidates : sequence of Candidate
        Penalties, and the linear map under the name "linear".
    folds : list of int arrays
    selection : {"min", "1se"}
    relaxed : dict, optional
        Name of a further row -> candidate whose predictors are refitted for it.
    networks : dict, optional
        Name -> Network, of which one is chosen under l2: for all rows, and in each outer fold.
    groups : array, optional
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    Study
    """
    relaxed = relaxed or {}
    parts = stages(1 + len(relaxed), on_progress)
    walked = cross_validate(
        sample,
        candidates,
        folds,
        nested=True,
        networks=networks,
        raced_under=L2,
        n_jobs=n_jobs,
        on_progress=next(parts),
    )
    chains = {one.candidate.name: one for one in walked}
    refitted = {
        name: relax(chains[of], n_jobs=n_jobs, on_progress=part)
        for (name, of), part in zip(relaxed.items(), parts, strict=True)
    }
    fits: dict[str, Fits] = {**chains, **refitted}
    rules = {selection, "1se"}
    chosen = {name: {rule: one.choose(rule) for rule in rules} for name, one in fits.items()}
    for name, choices in chosen.items():
        for choice in choices.values():
            # What is not walked yet is walked now, so that its time counts.
            fits[name].path_of(choice)
    return Study(sample, fits, chosen, refitted, selection, groups, walked[0].race)


def candidates_for(
    penalties: Iterable[str], settings_for: Callable[[str, bool], Settings]
) -> list[Candidate]:
    """The candidates of a comparison: the penalties, and the linear map under l2.

    Parameters
    ----------
    penalties : iterable of str
    settings_for : callable
        ``settings_for(penalty, linear)`` gives the settings.
    """
    networks = [Candidate(name, settings_for(name, False)) for name in penalties]
    return [*networks, Candidate(LINEAR, settings_for(L2, True))]


def chosen_results(study: Study, rule: str) -> Outer:
    """Outer-fold results of choosing the penalty, too, inside each outer fold."""

    def choose(key: Fold) -> Choice:
        choices = [study.fits[name].choose(rule, key) for name in study.choices]
        return min(choices, key=lambda choice: choice.mean)

    return outer_results(study.sample, study.folds, choose)


def chosen_name(study: Study, rule: str) -> str:
    """The penalty that the same rule picks on all rows."""
    return min(study.choices, key=lambda name: study.chosen[name][rule].mean)
