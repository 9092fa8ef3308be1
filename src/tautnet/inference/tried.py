"""Which of several penalties cross-validation takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tautnet.engine.jobs import Report, stages
from tautnet.inference.intervals import Observations, paired_difference
from tautnet.tables.arrays import Floats
from tautnet.validation.chains import Candidate, Chains, row_losses
from tautnet.validation.nested import cross_validate, in_network
from tautnet.validation.race import saves_early

# Standard errors by which another penalty must be ahead of the first. Of tables where it is hardly
# ahead, a choice by the lower mean alone costs more than it gains.
SURE = 2.0


class Tried(NamedTuple):
    """What cross-validation says of a penalty that was tried.

    Attributes
    ----------
    loss : float
        Its least mean loss.
    lead, lead_se : float
        How much lower that is than the loss of the first one tried, paired over rows (over groups
        where rows have them), and its standard error; 0 for the first itself.
    """

    loss: float
    lead: float = 0.0
    lead_se: float = 0.0

    @property
    def is_surely_ahead(self) -> bool:
        """Whether it is ahead of the first by more than chance explains."""
        return self.lead > SURE * self.lead_se


def try_others(
    first: Chains,
    others: Sequence[Candidate],
    *,
    alphas: str | Floats = "auto",
    keep: str | Sequence[float] = (),
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> dict[str, Chains]:
    """The chains of a first penalty, and of those others that are ahead on a few chains.

    Parameters
    ----------
    first : Chains
        Walked for all rows, in the network that the others are tried in too.
    others : sequence of Candidate
    alphas, keep, n_jobs, on_progress
        As in `cross_validate`.

    Returns
    -------
    dict
        Name -> Chains, the first one first.
    """
    early, whole = stages(2, on_progress)
    going_on = []
    for candidate, part in zip(others, stages(len(others), early), strict=True):
        ahead = saves_early(first, candidate, alphas=alphas, n_jobs=n_jobs, on_progress=part)
        if ahead:
            going_on.append(in_network(candidate, first.candidate.settings.network))
    walked = []
    if going_on:
        walked = cross_validate(
            first.sample,
            going_on,
            first.folds,
            nested=False,
            alphas=alphas,
            keep=keep,
            n_jobs=n_jobs,
            on_progress=whole,
        )
    others_by_name = {one.candidate.name: replace(one, race=first.race) for one in walked}
    return {first.candidate.name: first} | others_by_name


def compared_with_first(fits: Mapping[str, Chains]) -> dict[str, Tried]:
    """What cross-validation says of each of several penalties.

    Parameters
    ----------
    fits : dict
        Name -> chains; on the same rows and folds.
    """
    losses = {name: row_losses(chains) for name, chains in fits.items()}
    own, *_ = losses.values()
    sample = next(iter(fits.values())).sample
    # Splits that are given may leave rows out that nothing is scored on.
    tested = np.isfinite(own)
    weight = sample.weight[tested]
    groups = None if sample.groups is None else sample.groups[tested]
    tried = {}
    for name, other in losses.items():
        loss = float(np.average(other[tested], weights=weight))
        found = paired_difference(own[tested], other[tested], weight, Observations(groups))
        tried[name] = Tried(loss, found.diff, found.se)
    return tried


def surest(tried: Mapping[str, Tried]) -> str:
    """The first penalty, unless others are surely ahead of it: then the best of those.

    Examples
    --------
    >>> surest({"l2": Tried(1.0), "l1": Tried(0.8, 0.2, 0.15), "group": Tried(0.9, 0.1, 0.02)})
    'group'
    """
    first, *others = tried
    ahead = [name for name in others if tried[name].is_surely_ahead]
    return min(ahead, key=lambda name: tried[name].loss, default=first)
