"""The other cures of over-fitting: a training whose length or whose noise is what regularizes.

Every chain is fitted by `run_chain`: paths under penalties, and these.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import numpy as np

from tautnet.engine.adam import Adam
from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Parameters
from tautnet.objective.problem import Dropout
from tautnet.solving.path import Path
from tautnet.solving.prepared import Prepared, prepare
from tautnet.solving.recorder import NO_CERTIFICATE, Recorder
from tautnet.solving.settings import WHOLE_PATH, Request, Settings
from tautnet.solving.start import start_adam
from tautnet.solving.walk import walk
from tautnet.tables.arrays import Integers
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample

RATES = (0.1, 0.2, 0.35, 0.5)
WATCHED = 0.15
CHECKPOINTS = 60
DROPOUT_STEPS = 1000


def run_chain(
    sample: Sample,
    rows: Integers,
    held_out: Integers,
    settings: Settings,
    request: Request = WHOLE_PATH,
    ticker: Ticker | None = None,
) -> Path:
    """Fit one chain of any kind; arguments and result as those of `walk`.

    For "dropout" the strengths are rates, each trained anew; "early_stopping" has one point, of
    strength 0. Neither solves a problem, so their certificates are NaN.
    """
    training = settings.kind.training
    if training in ("path", "steps"):
        return walk(sample, rows, held_out, settings, request, ticker)
    start = time.perf_counter()
    ticker = Ticker() if ticker is None else ticker
    with jax.enable_x64(True):
        if training == "early_stopping":
            recorder = _stop_early(sample, rows, held_out, settings, ticker)
        else:
            recorder = _drop_units(sample, rows, held_out, settings, request, ticker)
    return recorder.path(time.perf_counter() - start)


def watched_rows(sample: Sample, rows: Integers, seed: int) -> tuple[Integers, Integers]:
    """Part rows into those to train on and 15 % to watch; rows of one group go together.

    Examples
    --------
    >>> from tautnet.tables.sample import Sample
    >>> sample = Sample(None, None, None, np.ones(20), np.arange(20) // 5)
    >>> sorted(sample.groups[watched_rows(sample, np.arange(20), 0)[1]].tolist())
    [2, 2, 2, 2, 2]
    """
    rows = rows[sample.weight[rows] > 0]
    groups = rows if sample.groups is None else sample.groups[rows]
    names, counts = np.unique(groups, return_counts=True)
    order = np.random.default_rng([seed, 2]).permutation(len(names))
    n_names = int(np.searchsorted(np.cumsum(counts[order]), WATCHED * len(rows))) + 1
    if n_names >= len(names):
        raise TableError(
            "early stopping sets rows aside, and too few rows or groups would be left to train on"
        )
    watched = np.isin(groups, names[order[:n_names]])
    return rows[~watched], rows[watched]


def _stop_early(
    sample: Sample, rows: Integers, held_out: Integers, settings: Settings, ticker: Ticker
) -> Recorder:
    """Train without a penalty, and take the weights that were best on rows set aside.

    References
    ----------
    Prechelt (1998), Early stopping, but when?
    """
    inside, watched = watched_rows(sample, rows, settings.seed)
    # What watches may hold the whole table, and is no part of a result.
    prepared = prepare(sample, inside, replace(settings, stopping=None))
    if settings.stopping is None:
        badness = partial(_mean_loss, sample, inside, watched, prepared)
    else:
        badness = partial(_minus_score, settings.stopping, watched, prepared)
    schedule = settings.schedule
    length = schedule.unpenalised_steps
    adam = start_adam(prepared, 0.0, ticker)
    best_point = adam.parameters
    best_step = 0
    least = _watch(adam, prepared, badness)
    done = 0
    for step in np.unique(np.geomspace(5, length, CHECKPOINTS).round().astype(int)):
        adam.run([0.0], schedule.rate, length, done, step, batched=prepared.batched)
        done = step
        now = _watch(adam, prepared, badness)
        # Of equals the earliest.
        if now < least:
            least = now
            best_step = step
            best_point = adam.parameters
        ticker.tick(step / length)
    recorder = Recorder(prepared, sample, held_out)
    recorder.add([0.0], best_point, [best_step], [True], [NO_CERTIFICATE])
    return recorder


def _watch(adam: Adam, prepared: Prepared, badness: Callable[[Parameters], float]) -> float:
    """How bad the network is now on the rows that were set aside."""
    parameters = jax.tree.map(lambda leaf: leaf[0], prepared.cropped(adam.parameters))
    bad = badness(parameters)
    if not np.isfinite(bad):
        raise TableError(
            "what early stopping watches is not a number on the rows that were set aside"
        )
    return bad


def _mean_loss(
    sample: Sample,
    inside: Integers,
    watched: Integers,
    prepared: Prepared,
    parameters: Parameters,
) -> float:
    """Mean metric on the rows watched, scored beside those fitted where the loss needs them."""
    outputs = prepared.scaling.outputs
    fitted = sample.y[inside], outputs(parameters, sample.X[inside]), sample.weight[inside]
    weight = sample.weight[watched]
    new = outputs(parameters, sample.X[watched])
    metric = prepared.settings.loss.new_metric(sample.y[watched], new, weight, fitted)
    return float(np.average(metric, weights=weight))


def _minus_score(
    score: Callable[..., float], watched: Integers, prepared: Prepared, parameters: Parameters
) -> float:
    return -score(prepared.scaling, parameters, watched)


def _drop_units(
    sample: Sample,
    rows: Integers,
    held_out: Integers,
    settings: Settings,
    request: Request,
    ticker: Ticker,
) -> Recorder:
    """Train with hidden units left out at random, once for each rate, all from the same start."""
    rates = RATES if request.is_automatic else request.alphas
    if request.until is not None:
        rates = [request.until]
    prepared = prepare(sample, rows, settings)
    recorder = Recorder(prepared, sample, held_out)
    dtype = np.dtype(settings.precision).type
    key = np.asarray(jax.random.PRNGKey(settings.seed))
    data = prepared.data(dtype)
    batches = prepared.batches(data)
    whole = prepared.problem(0.0, dtype)
    for i, rate in enumerate(rates):
        problem = Dropout(
            whole.penalty, whole.predictors, whole.loss, whole.network, dtype(rate), key
        )
        adam = Adam(problem, data, prepared.start(dtype), ticker, batches)
        _, ends = adam.run([0.0], settings.schedule.rate, DROPOUT_STEPS, batched=prepared.batched)
        recorder.add([rate], ends, [DROPOUT_STEPS], [True], [NO_CERTIFICATE])
        ticker.tick((i + 1) / len(rates))
    return recorder
