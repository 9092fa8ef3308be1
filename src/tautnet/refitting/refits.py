"""Refits of some predictors under l2, and what they are among all columns."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

import jax
import numpy as np

from tautnet.engine.loop import Ticker
from tautnet.objective.histograms import BIN_OF_ZERO
from tautnet.objective.networks import Parameters, with_columns
from tautnet.objective.registry import L2
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.path import Path
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chain import Chain, ChainJob

# Few predictors with a weak penalty take long to fit: short refits cost accuracy.
FIRST_STEPS = 300
STEPS = 48
ALPHA_MIN_RATIO = 1e-5
ALPHAS_PER_DECADE = 4
# They are not followed to where what was chosen hardly counts any more.
FADED = 0.5
# Refits that say no more than what to leave out next are shorter.
RANKING_STEPS = 24
RANKING_ALPHAS_PER_DECADE = 2
# Columns are padded to one of these, or to a power of two, so that refits of all sizes share few
# compiled programs.
COLUMNS = (8, 32, 128)


@dataclass(frozen=True)
class RefitJob:
    """A chain on some predictors alone.

    Attributes
    ----------
    predictors : tuple of int
    job : ChainJob
        On the sample of these predictors.
    """

    predictors: tuple[int, ...]
    job: ChainJob

    def run(self, table: Sample, ticker: Ticker) -> Chain:
        """Walk the chain; its scaling names the columns of the whole sample."""
        few, columns = _restricted(table, self.predictors)
        powers = (2**power for power in count(len(bin(COLUMNS[-1])) - 2))
        least = next(size for size in chain(COLUMNS, powers) if size >= len(columns))
        settings = replace(self.job.settings, least_columns=least)
        walked = replace(self.job, settings=settings).run(few, ticker)
        scaling = replace(walked.path.scaling, columns=columns)
        return replace(walked, path=replace(walked.path, scaling=scaling))


def _restricted(sample: Sample, predictors: Sequence[int]) -> tuple[Sample, Integers]:
    """The sample with some predictors alone, and their columns."""
    columns = np.flatnonzero(np.isin(sample.column_predictor, predictors))
    codes = np.unique(sample.column_predictor[columns], return_inverse=True)[1]
    rounding = None if sample.rounding is None else sample.rounding[columns]
    few = sample._replace(X=sample.X[:, columns], column_predictor=codes, rounding=rounding)
    return few, columns


def refit_settings(settings: Settings, *, ranks: bool = False) -> Settings:
    """How the predictors that are left are fitted again.

    Under l2, all alike, from weak to strong, with time enough, or with less where a refit only
    ranks.
    """
    steps = RANKING_STEPS if ranks else STEPS
    schedule = replace(
        settings.schedule, first_steps=FIRST_STEPS, steps=steps, weak=0.0, faded=FADED
    )
    return replace(
        settings,
        penalty=L2,
        alpha_min_ratio=ALPHA_MIN_RATIO,
        alphas_per_decade=RANKING_ALPHAS_PER_DECADE if ranks else ALPHAS_PER_DECADE,
        schedule=schedule,
        penalty_factors=None,
        adaptive=False,
    )


def widened(path: Path, sample: Sample, scaling: FittedScaling) -> Path:
    """A path of some columns as one of the whole sample, where all other weights are 0.

    Parameters
    ----------
    path : Path
        Its scaling names the columns.
    sample : Sample
    scaling : FittedScaling
        Of the same rows and all columns.

    Returns
    -------
    Path
    """
    columns = path.scaling.columns
    assert columns is not None, "a path of some columns"
    n_columns = len(scaling.column_predictor)
    made = scaling.inputs.made_from(columns)
    parameters = {i: _on_all_columns(one, made, n_columns) for i, one in path.parameters.items()}
    norms = np.zeros((len(path.alphas), sample.n_predictors))
    norms[:, np.unique(sample.column_predictor[columns])] = path.norms
    first, skip, _ = next(iter(parameters.values())).weights
    per_column = sum(leaf.shape[1] for leaf in jax.tree.leaves((first, skip)))
    n_zeros = (n_columns - len(made)) * per_column
    histograms = path.histograms.copy()
    histograms[:, BIN_OF_ZERO] += n_zeros
    own = replace(
        path.scaling,
        column_predictor=scaling.column_predictor,
        inputs=scaling.inputs,
        columns=None,
    )
    return replace(
        path,
        parameters=parameters,
        scaling=own,
        norms=norms,
        bends=None,
        histograms=histograms,
        zero_weights=path.zero_weights + n_zeros,
    )


def _on_all_columns(parameters: Parameters, columns: Integers, n_columns: int) -> Parameters:
    """Parameters of some columns with weights of 0 for all others."""

    def fill(leaf: Floats) -> Floats:
        filled = np.zeros((n_columns, leaf.shape[1]))
        filled[columns] = leaf
        return filled

    return with_columns(fill, parameters)
