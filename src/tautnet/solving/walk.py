"""One chain of strengths from over-fitted to null, each warm-started from the one before."""

import time

import jax
import numpy as np

from tautnet.objective.networks import padded_size, stacked
from tautnet.objective.strengths import grid, nearest
from tautnet.solving.adam import Adam
from tautnet.solving.finishing import finish_point
from tautnet.solving.loop import Ticker
from tautnet.solving.prepared import make_unit
from tautnet.solving.recorder import Recorder, pick

# Columns beyond which those that have left leave the arithmetic too, for good.
WIDE = 1000


def automatic_alphas(unit):
    """The grid of a unit: l2 ends at 10 a₀; the others end where they are null, at most at 1000
    a₀.
    """
    settings = unit.settings
    ratio = settings.alpha_min_ratio
    if ratio == "auto":
        ratio = 1e-6 if _has_as_many_rows(unit.X) else 1e-2
    top = 1000.0 if _ends_null(settings) else 10.0
    return grid(ratio * unit.alpha_scale, top * unit.alpha_scale, settings.alphas_per_decade)


def _ends_null(settings):
    """Whether some strength makes every weight of the inputs exactly zero."""
    is_all_l2 = settings.kind.uses_l1_ratio and settings.l1_ratio == 0
    return settings.kind.selects and not is_all_l2


def _has_as_many_rows(X):
    """Whether there are as many rows as columns; rows that stand twice count once, as a row of
    weight 2 does.
    """
    size, distinct = X.shape[1], set()
    for start in range(0, len(X), size):
        distinct.update(row.tobytes() for row in X[start : start + size])
        if len(distinct) >= size:
            return True
    return False


def walk(
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
    """Fit one chain.

    Parameters
    ----------
    sample : Sample
    rows, held_out : int arrays
        Rows to fit, and rows whose outputs are wanted.
    settings : Settings
    alphas : "auto" or array
        Strengths; the automatic grid covers over-fitted to null.
    until : float, optional
        Walk the strengths below it, then it, and stop: what a plain estimator does.
    keep : "all" or collection of floats
        Strengths whose parameters are kept: the nearest of the grid; the null end always is.
    certify : {"none", "kept", "all"}
        Strengths at which stationarity and objective gap are measured.
    ticker : Ticker, optional

    Returns
    -------
    Path
    """
    start = time.perf_counter()
    unit = make_unit(sample, rows, settings)
    recorder = Recorder(unit, sample, held_out)
    ticker = Ticker() if ticker is None else ticker
    with jax.enable_x64(True):
        if settings.kind.training == "steps":
            recorder.certified = (0,) if certify != "none" else ()
            _train_unpenalised(unit, recorder, ticker)
        else:
            alphas = (
                automatic_alphas(unit) if isinstance(alphas, str) else np.asarray(alphas, float)
            )
            if until is not None:
                alphas = np.append(alphas[alphas < until * (1 - 1e-9)], until)
                keep = [until]
            kept = (
                range(len(alphas)) if keep == "all" else {nearest(alphas, alpha) for alpha in keep}
            )
            recorder.certified = {"none": (), "kept": kept, "all": range(len(alphas))}[certify]
            walker = _walk_linear if settings.network.is_linear else _walk_network
            walker(unit, alphas, recorder, kept, until is not None, ticker)
    return recorder.path(time.perf_counter() - start)


def _train_unpenalised(unit, recorder, ticker):
    """Strength 0 has no minimum on separable rows: it is a fixed training, recorded as it goes."""
    schedule, dtype = unit.settings.schedule, np.dtype(unit.settings.precision).type
    problem, length = unit.problem(0.0, dtype), schedule.unpenalised_steps
    if unit.settings.network.is_linear:
        point = finish_point(unit, 0.0, unit.start(np.float64), unit.data(np.float64), ticker)
        recorder.add([0.0], stacked(point[0]), [point[1]], [True], [point[2:]])
        return
    data = unit.data(dtype)
    adam = Adam(problem, data, unit.start(dtype), ticker, unit.batches(data))
    checkpoints = np.unique(np.geomspace(10, length, 40).round().astype(int))
    done = 0
    for checkpoint in checkpoints:
        late, _ = adam.run([0.0], schedule.rate, length, done, checkpoint, batched=unit.batched)
        done, last = checkpoint, checkpoint == length
        point = adam.parameters
        certificate = recorder.certificate(0, 0.0, pick(point, 0), pick(late, 0)) if last else None
        recorder.add([0.0], point, [checkpoint], [last], [certificate])
        ticker.tick(checkpoint / length)


def _walk_network(unit, alphas, recorder, kept, to_the_end, ticker):
    """Proximal Adam from strength to strength, moments kept; points are finished where asked,
    off
    the walk.
    """
    settings, dtype = unit.settings, np.dtype(unit.settings.precision).type
    schedule, data = settings.schedule, unit.data(dtype)
    adam = Adam(unit.problem(alphas[0], dtype), data, unit.start(dtype), ticker, unit.batches(data))
    done, steps = 0, 0
    lengths = _cycle_lengths(unit, alphas, adam.problem.is_sharp)
    while done < len(alphas):
        # One call walks strengths of equal cycles; minibatches give way to all rows at each
        # strength's end.
        length = lengths[done]
        at_once = 1 if unit.batched or done == 0 else adam.capacity
        here = done + np.flatnonzero(np.cumprod(lengths[done : done + at_once] == length))
        late, ends = adam.run(alphas[here], schedule.rate, length, batched=unit.batched)
        if done == 0 and not unit.batched:
            late, ends, n_more = _repeat_first(unit, alphas[:1], adam, late, ends, recorder)
            steps += n_more * length
            lengths = np.maximum(lengths, schedule.thorough_steps * (n_more > 0))
        if unit.batched:
            _, ends = adam.run(alphas[here], schedule.full_rate, schedule.full_steps, batched=False)
        n_alive, over = _alive(unit, ends, to_the_end)
        alive = here[:n_alive]
        settled = [
            _settle(
                unit,
                i,
                alphas[i],
                pick(late, i - done),
                pick(ends, i - done),
                i in kept,
                recorder,
                ticker,
            )
            for i in alive
        ]
        if settled:
            points, iterations, certificates = zip(*settled, strict=True)
            points = jax.tree.map(lambda *leaves: np.stack(leaves), *points)
            counts = steps + length * np.arange(1, len(alive) + 1) + np.array(iterations)
            recorder.add(alphas[alive], points, counts, [i in kept for i in alive], certificates)
        steps += length * len(here)
        if over:
            _end(unit, alphas, done + n_alive, steps, recorder, to_the_end, ticker)
            return
        heard = np.flatnonzero(_heard(ends)[-1])
        if (
            unit.table is None
            and len(adam.columns) > WIDE
            and padded_size(len(heard)) <= len(adam.columns) / 2
        ):
            adam.keep(heard)
        done = here[-1] + 1
        ticker.tick(done / len(alphas))


def _repeat_first(unit, alpha, adam, late, ends, recorder):
    """Repeat the cycle of the first strength while the loss is far from 0 and a cycle cuts it
    well.

    Returns
    -------
    late, ends, n_more
    """
    schedule = unit.settings.schedule
    losses = [recorder.train_loss(one)[0] for one in (stacked(unit.null(np.float64)), ends)]
    while len(losses) <= schedule.first_cycles:
        if losses[-1] <= schedule.fitted * losses[0] or losses[-1] > schedule.falling * losses[-2]:
            break
        late, ends = adam.run(alpha, schedule.rate, schedule.first_steps, batched=False)
        losses.append(recorder.train_loss(ends)[0])
    return late, ends, len(losses) - 2


def _cycle_lengths(unit, alphas, is_sharp):
    """The number of steps at each strength."""
    schedule = unit.settings.schedule
    steps = schedule.sharp_steps if is_sharp else schedule.steps
    lengths = np.where(alphas < schedule.weak * unit.alpha_scale, schedule.weak_steps, steps)
    if unit.batched:
        lengths = np.full(len(alphas), schedule.batch_steps)
    lengths[0] = schedule.first_steps
    return lengths


def _settle(unit, i, alpha, late, point, is_kept, recorder, ticker):
    """A point of the walk as it is recorded: finished or as it is, iterations made for that,
    certificate.
    """
    if unit.settings.finish and is_kept:
        point, n_iter, *certificate = finish_point(unit, alpha, point, recorder.data, ticker)
        return jax.tree.map(np.asarray, point), n_iter, certificate
    return point, 0, recorder.certificate(i, alpha, point, late)


def _walk_linear(unit, alphas, recorder, kept, to_the_end, ticker):
    """A linear map is finished at every strength."""
    point, data, steps = unit.start(np.float64), unit.data(np.float64), 0
    for i, alpha in enumerate(alphas):
        point, n_iter, residual, gap = finish_point(unit, alpha, point, data, ticker)
        steps += n_iter
        n_alive, over = _alive(unit, stacked(point), to_the_end)
        if n_alive:
            recorder.add([alpha], stacked(point), [steps], [i in kept], [(residual, gap)])
        if over:
            _end(unit, alphas, i + n_alive, steps, recorder, to_the_end, ticker)
            return
        ticker.tick((i + 1) / len(alphas))


def _alive(unit, parameters, to_the_end):
    """How many of several networks come before the end of the path, and whether it ends among
    them.

    It ends where no input that the penalty can take out is heard. Inputs that are never
    penalised are heard on, in a network that still changes with the strength: where a strength
    is asked for, it is walked to.
    """
    bare = ~_heard(parameters)[:, unit.penalised].any(axis=1)
    over = bool(bare.any()) and (unit.penalised.all() or not to_the_end)
    return (int(bare.argmax()) + (not unit.penalised.all()) if over else len(bare)), over


def _end(unit, alphas, i, steps, recorder, to_the_end, ticker):
    """Where no input is heard any more the best point is known, here and at every larger
    strength:
    the null model.
    """
    if not unit.penalised.all():
        return
    i = len(alphas) - 1 if to_the_end else i
    null = unit.null(np.float64)
    certificate = recorder.certificate(i, alphas[i], null, null)
    recorder.add([alphas[i]], stacked(null), [steps], [True], [certificate])
    ticker.tick(1.0)


def _heard(parameters):
    """For each of several networks and each column whether one of its weights is not 0."""
    first, skip, _ = parameters.weights
    return first.any(axis=2) if skip is None else first.any(axis=2) | skip.any(axis=2)
