"""The other cures of over-fitting: a training whose length or whose noise is what regularizes.

`run_chain` is the one door to all chains: paths under penalties, and these.
"""

import time
from dataclasses import replace

import jax
import numpy as np

from tautnet.objective.problem import Dropout
from tautnet.solving.adam import Adam
from tautnet.solving.loop import Ticker
from tautnet.solving.prepared import make_unit
from tautnet.solving.recorder import Recorder
from tautnet.solving.walk import walk
from tautnet.tables.errors import TableError

RATES = np.array([0.1, 0.2, 0.35, 0.5])
WATCHED = 0.15
CHECKPOINTS = 60
DROPOUT_STEPS = 1000


def run_chain(
    sample,
    rows,
    held_out,
    settings,
    *,
    alphas="auto",
    until=None,
    keep=(),
    certify="none",
    ticker=None,
):
    """Fit one chain of any kind; arguments and result as those of `walk`.

    For "dropout" the strengths are rates, each trained anew; "early_stopping" has one point, of
    strength 0. Neither solves a problem, so their certificates are NaN.
    """
    if settings.penalty not in ("early_stopping", "dropout"):
        return walk(
            sample,
            rows,
            held_out,
            settings,
            alphas=alphas,
            until=until,
            keep=keep,
            certify=certify,
            ticker=ticker,
        )
    start, ticker = time.perf_counter(), Ticker() if ticker is None else ticker
    with jax.enable_x64(True):
        if settings.penalty == "early_stopping":
            recorder = _stop_early(sample, rows, held_out, settings, ticker)
        else:
            rates = RATES if isinstance(alphas, str) else np.asarray(alphas, float)
            recorder = _drop_units(
                sample, rows, held_out, settings, rates if until is None else [until], ticker
            )
    return recorder.path(time.perf_counter() - start)


def watched_rows(sample, rows, seed):
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


def _stop_early(sample, rows, held_out, settings, ticker):
    """Train as without a penalty, and take the weights that were best on rows set aside (Prechelt
    1998).
    """
    schedule, dtype = settings.schedule, np.dtype(settings.precision).type
    loss, goodness = settings.loss, settings.stopping
    # What watches may hold the whole table, and is no part of a result.
    settings = replace(settings, stopping=None)
    inside, watched = watched_rows(sample, rows, settings.seed)
    unit = make_unit(sample, inside, settings)
    y, weight = sample.y[watched], sample.weight[watched]

    def badness(parameters):
        parameters = jax.tree.map(lambda leaf: leaf[0], unit.cropped(parameters))
        if goodness is None:
            fitted = (
                sample.y[inside],
                unit.outputs(parameters, sample.X[inside]),
                sample.weight[inside],
            )
            outputs = unit.outputs(parameters, sample.X[watched])
            bad = np.average(loss.new_metric(y, outputs, weight, fitted), weights=weight)
        else:
            bad = -goodness(unit, parameters, watched)
        if not np.isfinite(bad):
            raise TableError(
                "what early stopping watches is not a number on the rows that were set aside"
            )
        return bad

    problem, length = unit.problem(0.0, dtype), schedule.unpenalised_steps
    data = unit.data(dtype)
    adam = Adam(problem, data, unit.start(dtype), ticker, unit.batches(data))
    point = adam.parameters
    best, done = (badness(point), 0, point), 0
    for checkpoint in np.unique(np.geomspace(5, length, CHECKPOINTS).round().astype(int)):
        adam.run([0.0], schedule.rate, length, done, checkpoint, batched=unit.batched)
        done = checkpoint
        # Of equals the earliest.
        point = adam.parameters
        if (now := badness(point)) < best[0]:
            best = now, checkpoint, point
        ticker.tick(checkpoint / length)
    recorder = Recorder(unit, sample, held_out)
    recorder.add([0.0], best[2], [best[1]], [True], [None])
    return recorder


def _drop_units(sample, rows, held_out, settings, rates, ticker):
    """Train with hidden units left out at random, once for each rate, all from the same start."""
    schedule, dtype = settings.schedule, np.dtype(settings.precision).type
    unit = make_unit(sample, rows, settings)
    recorder = Recorder(unit, sample, held_out)
    key, length = np.asarray(jax.random.PRNGKey(settings.seed)), DROPOUT_STEPS
    data = unit.data(dtype)
    batches = unit.batches(data)
    for i, rate in enumerate(rates):
        whole = unit.problem(0.0, dtype)
        problem = Dropout(
            whole.penalty, whole.predictors, whole.loss, whole.network, dtype(rate), key
        )
        adam = Adam(problem, data, unit.start(dtype), ticker, batches)
        _, ends = adam.run([0.0], schedule.rate, length, batched=unit.batched)
        recorder.add([rate], ends, [length], [True], [None])
        ticker.tick((i + 1) / len(rates))
    return recorder
