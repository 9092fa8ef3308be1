"""Which of several penalties cross-validation takes."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tautnet.inference.intervals import Observations, paired_difference
from tautnet.validation.chains import Chains, row_losses

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
    tried = {}
    for name, other in losses.items():
        loss = float(np.average(other, weights=sample.weight))
        found = paired_difference(own, other, sample.weight, Observations(sample.groups))
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
