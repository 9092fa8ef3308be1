"""Orders of predictors, the one to keep longest first."""

from collections.abc import Sequence

import numpy as np

from tautnet.solving.path import Path
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Integers
from tautnet.tables.sample import Sample

# Orders of a path, see `ranking`, and one that refits of more predictors make, see `elimination`.
ORDERS = ("norm", "exit")
ELIMINATION = "elimination"


def always_kept(settings: Settings) -> tuple[int, ...]:
    """Predictors that are never penalised."""
    factors = settings.penalty_factors or ()
    return tuple(j for j, factor in enumerate(factors) if factor == 0)


def ranking(order: str, path: Path, at: int) -> Integers:
    """Predictors, the one to keep longest first; those never penalised before all others.

    Parameters
    ----------
    order : {"norm", "exit"}
        By their size at a strength, see `Path.sizes`; by where they leave the path for good,
        those that leave together by the norm of their weights before.
    path : Path
    at : int
        Index of that strength.

    Returns
    -------
    int array (n_predictors,)
    """
    alive = path.norms > 0
    last = np.where(alive.any(axis=0), len(alive) - 1 - alive[::-1].argmax(axis=0), -1)
    before = path.norms[last, np.arange(len(last))]
    factors = path.settings.penalty_factors
    penalised = np.ones(len(last)) if factors is None else np.array(factors) > 0
    sizes = [path.sizes[at]] if order == "norm" else []
    return np.lexsort((*(-key for key in (before, last, *sizes)), penalised))


def first_of(
    order: str, count: int, path: Path, at: int, crowd: int | None = None
) -> tuple[int, ...]:
    """The first predictors of an order, see `ranking`.

    Parameters
    ----------
    order : {"norm", "exit"}
    count : int
    path : Path
    at : int
        Index of the strength that was chosen.
    crowd : int, optional
        Norms are looked at where so many predictors are left, if that is at a larger strength:
        there they say more of the few that are to be kept.
    """
    if crowd is not None:
        crowded = np.flatnonzero(path.n_features >= crowd)
        at = max(at, int(crowded.max(initial=0)))
    return tuple(sorted(ranking(order, path, at)[:count].tolist()))


def first_of_refit(
    count: int, path: Path, at: int, sample: Sample, always: Sequence[int] = ()
) -> tuple[int, ...]:
    """The predictors that are largest in a refit, those never penalised before all others.

    Parameters
    ----------
    count : int
    path : Path
        Of the refit; its scaling names the columns.
    at : int
        Index of the strength that was chosen on it.
    sample : Sample
        Of all predictors.
    always : sequence of int
        Predictors that are never penalised.
    """
    own = np.unique(sample.column_predictor[path.scaling.columns])
    order = np.lexsort((-path.norms[at], ~np.isin(own, always)))
    return tuple(sorted(own[order[:count]].tolist()))
