"""What chains will cost: a few steps that are timed, times the steps that paths take."""

import time
from dataclasses import dataclass

import jax
import numpy as np

from tautnet.engine.jobs import kept_by, run_jobs
from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Network
from tautnet.solving.prepared import prepare
from tautnet.solving.settings import Settings
from tautnet.solving.start import start_adam
from tautnet.tables.basis import most_columns
from tautnet.tables.sample import Sample
from tautnet.training.trainings import DROPOUT_STEPS, RATES
from tautnet.validation.folds import chain_sets

# Seconds that a trial may take, once its program is compiled.
TRIAL_SECONDS = 0.5
# Decades that paths cover, and cosines of their first strength: those of real tables.
SHARP_DECADES = 6.0
SMOOTH_DECADES = 9.0
FIRST_CYCLES = 3
# Seconds of a chain beside its steps, as a share of them: records and certificates.
BESIDE_STEPS = 0.4
# Programs that a penalty on a network needs beside the one that is tried.
PROGRAMS = 2
# A linear map is solved at every strength: about as many passes over the rows as these steps.
LINEAR_STEPS = 150


@dataclass(frozen=True)
class Pace:
    """How fast this machine is on a table.

    Attributes
    ----------
    compiling : float
        Seconds until a program is ready; little where it lies in the cache.
    step : float
        Seconds of one step on all rows, or on a minibatch where rows are that many.
    """

    compiling: float
    step: float


@dataclass(frozen=True)
class Trial:
    """A job: steps of one chain on all rows, timed and thrown away."""

    settings: Settings

    def run(self, table: Sample, ticker: Ticker) -> Pace:
        """Compile the program of a walk, and time it."""
        prepared = prepare(table, np.arange(len(table.y)), self.settings)
        with jax.enable_x64(True):
            adam = start_adam(prepared, prepared.null_model.alpha_scale, ticker)

            def seconds(n_steps: int) -> float:
                start = time.perf_counter()
                rate = self.settings.schedule.rate
                adam.run([adam.problem.penalty.alpha], rate, n_steps, batched=prepared.batched)
                return time.perf_counter() - start

            compiling = seconds(1)
            one = seconds(1)
            n_steps = int(np.clip(TRIAL_SECONDS / one, 1, self.settings.schedule.first_steps))
            return Pace(max(compiling - one, 0.0), seconds(n_steps) / n_steps)


def pace_of(sample: Sample, settings: Settings) -> Pace:
    """Time a few steps of one chain."""
    # What is timed now says nothing of a later run: it is not kept for one.
    with kept_by(None):
        [pace] = run_jobs(sample, [Trial(settings)])
    return pace


def steps_of(settings: Settings, n_rows: int) -> float:
    """About how many steps a path takes."""
    schedule = settings.schedule
    if settings.network.is_linear:
        return LINEAR_STEPS
    if settings.kind.training == "dropout":
        return len(RATES) * DROPOUT_STEPS
    if not settings.kind.is_on_weights:
        return schedule.unpenalised_steps
    per_decade = settings.alphas_per_decade or settings.kind.alphas_per_decade
    decades = SHARP_DECADES if settings.is_sharp else SMOOTH_DECADES
    n_walks = 2 if settings.adaptive else 1
    if n_rows > schedule.batch_rows and settings.loss.is_separable:
        first = schedule.first_steps
        each = schedule.batch_steps
    else:
        first = FIRST_CYCLES * schedule.first_steps
        each = max(
            schedule.sharp_steps if settings.is_sharp else schedule.steps, schedule.thorough_steps
        )
    return n_walks * (first + decades * per_decade * each)


def rows_walked(n_folds: int, repeats: int, *, nested: bool) -> float:
    """How many times the rows all chains of a candidate walk, its refit among them.

    Examples
    --------
    >>> rows_walked(5, 1, nested=True), rows_walked(5, 1, nested=False)
    (11.0, 5.0)
    """
    sets = chain_sets(n_folds, nested)
    return 1 + repeats * sum(n_folds - len(left_out) for left_out in sets) / n_folds


def size_of(sample: Sample, network: Network) -> float:
    """Products of one row's pass through a network: what a step's time goes by."""
    n_columns = most_columns(sample.X, network.inputs)
    sizes = [n_columns, *network.hidden_layer_sizes, sample.y.shape[1]]
    return float(sum(a * b for a, b in zip(sizes, sizes[1:], strict=False)))
