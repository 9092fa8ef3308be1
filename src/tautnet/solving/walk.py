"""One chain of strengths from over-fitted to null, each warm-started from the one before."""

import time
from collections.abc import Container
from dataclasses import dataclass

import jax
import numpy as np

from tautnet.engine.adam import Adam
from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Parameters, padded_size, stacked
from tautnet.objective.strengths import grid, nearest
from tautnet.solving.finishing import finish_point
from tautnet.solving.path import Path
from tautnet.solving.prepared import Prepared, prepare
from tautnet.solving.recorder import NO_CERTIFICATE, Certificate, Recorder, pick
from tautnet.solving.settings import WHOLE_PATH, Request, Settings
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import StandardisedRows

# Columns beyond which those that have left leave the arithmetic too, for good.
WIDE = 1000
# Points of a training without a penalty that are recorded.
CHECKPOINTS = 40


def automatic_alphas(prepared: Prepared) -> Floats:
    """The grid of some rows: up to 1000 a₀ where the path ends null before, else up to 10 a₀."""
    settings = prepared.settings
    ratio = settings.alpha_min_ratio
    if isinstance(ratio, str):
        ratio = 1e-6 if _has_as_many_rows(prepared.X) else 1e-2
    top = 1000.0 if _ends_null(settings) else 10.0
    scale = prepared.null_model.alpha_scale
    return grid(ratio * scale, top * scale, settings.alphas_per_decade)


def _ends_null(settings: Settings) -> bool:
    """Whether some strength makes every weight of the inputs exactly zero."""
    is_all_l2 = settings.kind.uses_l1_ratio and settings.l1_ratio == 0
    return settings.kind.selects and not is_all_l2


def _has_as_many_rows(X: Floats | StandardisedRows) -> bool:
    """Whether there are as many rows as columns.

    Rows that stand twice count once, as a row of weight 2 does.
    """
    size = X.shape[1]
    distinct: set[bytes] = set()
    for start in range(0, len(X), size):
        distinct.update(row.tobytes() for row in X[start : start + size])
        if len(distinct) >= size:
            return True
    return False


def walk(
    sample: Sample,
    rows: Integers,
    held_out: Integers,
    settings: Settings,
    request: Request = WHOLE_PATH,
    ticker: Ticker | None = None,
) -> Path:
    """Fit one chain.

    Parameters
    ----------
    sample : Sample
    rows, held_out : int arrays
        Rows to fit, and rows whose outputs are wanted.
    settings : Settings
    request : Request
        Which strengths, and what is kept of them.
    ticker : Ticker, optional

    Returns
    -------
    Path
    """
    start = time.perf_counter()
    prepared = prepare(sample, rows, settings)
    recorder = Recorder(prepared, sample, held_out)
    ticker = Ticker() if ticker is None else ticker
    with jax.enable_x64(True):
        if settings.kind.training == "steps":
            recorder.certified = () if request.certify == "none" else (0,)
            _train_unpenalised(prepared, recorder, ticker)
        else:
            one = _make_walk(prepared, recorder, request, ticker)
            if settings.network.is_linear:
                one.walk_linear()
            else:
                one.walk_network()
    return recorder.path(time.perf_counter() - start)


def _train_unpenalised(prepared: Prepared, recorder: Recorder, ticker: Ticker) -> None:
    """Train a fixed number of steps, recorded on the way.

    Strength 0 has no minimum on separable rows, so it is no problem to be solved.
    """
    if prepared.settings.network.is_linear:
        data = prepared.data(np.float64)
        done = finish_point(prepared, 0.0, prepared.start(np.float64), data, ticker)
        certificate = (done.stationarity, done.gap)
        recorder.add([0.0], stacked(done.parameters), [done.n_iter], [True], [certificate])
        return
    schedule = prepared.settings.schedule
    length = schedule.unpenalised_steps
    adam = start_adam(prepared, 0.0, ticker)
    done_steps = 0
    for step in np.unique(np.geomspace(10, length, CHECKPOINTS).round().astype(int)):
        late, _ = adam.run([0.0], schedule.rate, length, done_steps, step, batched=prepared.batched)
        done_steps = step
        is_last = step == length
        point = adam.parameters
        certificate = NO_CERTIFICATE
        if is_last:
            certificate = recorder.certificate(0, 0.0, pick(point, 0), pick(late, 0))
        recorder.add([0.0], point, [step], [is_last], [certificate])
        ticker.tick(step / length)


def start_adam(prepared: Prepared, alpha: float, ticker: Ticker) -> Adam:
    """Proximal Adam at the start of some rows, in the precision of the walk."""
    dtype = np.dtype(prepared.settings.precision).type
    data = prepared.data(dtype)
    problem = prepared.problem(alpha, dtype)
    return Adam(problem, data, prepared.start(dtype), ticker, prepared.batches(data))


def _make_walk(prepared: Prepared, recorder: Recorder, request: Request, ticker: Ticker) -> "_Walk":
    if request.is_automatic:
        alphas = automatic_alphas(prepared)
    else:
        alphas = np.asarray(request.alphas, float)
    keep = request.keep
    if request.until is not None:
        alphas = np.append(alphas[alphas < request.until * (1 - 1e-9)], request.until)
    everything = range(len(alphas))
    kept: Container[int] = everything
    if request.until is not None:
        kept = {len(alphas) - 1}
    elif not isinstance(keep, str):
        kept = {nearest(alphas, alpha) for alpha in keep}
    recorder.certified = {"none": (), "kept": kept, "all": everything}[request.certify]
    return _Walk(prepared, alphas, kept, request.until is not None, recorder, ticker)


@dataclass
class _Walk:
    """A walk along strengths.

    Attributes
    ----------
    prepared : Prepared
    alphas : array (n_alphas,)
    kept : container of int
        Indices of the strengths whose parameters are kept.
    to_the_end : bool
        Whether the last strength is wanted even where the path is null before.
    recorder : Recorder
    ticker : Ticker
    steps : int
        Steps or iterations made so far.
    """

    prepared: Prepared
    alphas: Floats
    kept: Container[int]
    to_the_end: bool
    recorder: Recorder
    ticker: Ticker
    steps: int = 0

    def walk_linear(self) -> None:
        """A linear map is finished at every strength."""
        point = self.prepared.start(np.float64)
        data = self.prepared.data(np.float64)
        for i, alpha in enumerate(self.alphas):
            done = finish_point(self.prepared, alpha, point, data, self.ticker)
            point = done.parameters
            self.steps += done.n_iter
            n_alive, is_over = self._alive(stacked(point))
            if n_alive:
                certificate = (done.stationarity, done.gap)
                is_kept = i in self.kept
                self.recorder.add([alpha], stacked(point), [self.steps], [is_kept], [certificate])
            if is_over:
                self._end(i + n_alive)
                return
            self.ticker.tick((i + 1) / len(self.alphas))

    def walk_network(self) -> None:
        """Proximal Adam from strength to strength, moments kept.

        Points are finished where asked, off the walk.
        """
        prepared = self.prepared
        schedule = prepared.settings.schedule
        adam = start_adam(prepared, self.alphas[0], self.ticker)
        lengths = self._cycle_lengths(adam.problem.is_sharp)
        done = 0
        while done < len(self.alphas):
            # One call walks strengths of equal cycles.
            length = lengths[done]
            at_once = 1 if prepared.batched or done == 0 else adam.capacity
            here = done + np.flatnonzero(np.cumprod(lengths[done : done + at_once] == length))
            alphas = self.alphas[here]
            late, ends = adam.run(alphas, schedule.rate, length, batched=prepared.batched)
            if prepared.batched:
                # All rows end each strength, so that its zeros are right.
                _, ends = adam.run(alphas, schedule.full_rate, schedule.full_steps, batched=False)
            elif done == 0:
                late, ends, n_more = self._repeat_first(adam, late, ends)
                self.steps += n_more * length
                lengths = np.maximum(lengths, schedule.thorough_steps * (n_more > 0))
            n_alive, is_over = self._alive(ends)
            self._settle(here[:n_alive], late, ends, length)
            self.steps += length * len(here)
            if is_over:
                self._end(done + n_alive)
                return
            self._leave_behind(adam, ends)
            done = here[-1] + 1
            self.ticker.tick(done / len(self.alphas))

    def _cycle_lengths(self, is_sharp: bool) -> Integers:
        """The number of steps at each strength."""
        schedule = self.prepared.settings.schedule
        steps = schedule.sharp_steps if is_sharp else schedule.steps
        is_weak = self.alphas < schedule.weak * self.prepared.null_model.alpha_scale
        lengths = np.where(is_weak, schedule.weak_steps, steps)
        if self.prepared.batched:
            lengths = np.full(len(self.alphas), schedule.batch_steps)
        lengths[0] = schedule.first_steps
        return lengths

    def _repeat_first(
        self, adam: Adam, late: Parameters, ends: Parameters
    ) -> tuple[Parameters, Parameters, int]:
        """Repeat the first cycle while the loss is far from 0 and a cycle cuts it well.

        Returns
        -------
        late, ends, n_more
        """
        schedule = self.prepared.settings.schedule
        null = stacked(self.prepared.null(np.float64))
        losses = [self.recorder.train_loss(one)[0] for one in (null, ends)]
        while len(losses) <= schedule.first_cycles:
            is_fitted = losses[-1] <= schedule.fitted * losses[0]
            if is_fitted or losses[-1] > schedule.falling * losses[-2]:
                break
            late, ends = adam.run(
                self.alphas[:1], schedule.rate, schedule.first_steps, batched=False
            )
            losses.append(self.recorder.train_loss(ends)[0])
        return late, ends, len(losses) - 2

    def _settle(self, alive: Integers, late: Parameters, ends: Parameters, length: int) -> None:
        """Record points of the walk: finished where asked, else as they are."""
        if not len(alive):
            return
        points = []
        counts = []
        certificates: list[Certificate] = []
        for place, i in enumerate(alive):
            point = pick(ends, place)
            alpha = self.alphas[i]
            n_iter = 0
            if self.prepared.settings.finish and i in self.kept:
                done = finish_point(self.prepared, alpha, point, self.recorder.data, self.ticker)
                point = jax.tree.map(np.asarray, done.parameters)
                n_iter = done.n_iter
                certificates.append((done.stationarity, done.gap))
            else:
                certificates.append(self.recorder.certificate(i, alpha, point, pick(late, place)))
            points.append(point)
            counts.append(self.steps + length * (place + 1) + n_iter)
        together = jax.tree.map(lambda *leaves: np.stack(leaves), *points)
        is_kept = [i in self.kept for i in alive]
        self.recorder.add(self.alphas[alive], together, counts, is_kept, certificates)

    def _leave_behind(self, adam: Adam, ends: Parameters) -> None:
        """On wide tables let the columns that have left leave the arithmetic."""
        heard = np.flatnonzero(_heard(ends)[-1])
        is_copied = self.prepared.source is None
        is_wide = len(adam.columns) > WIDE
        if is_copied and is_wide and padded_size(len(heard)) <= len(adam.columns) / 2:
            adam.keep(heard)

    def _alive(self, parameters: Parameters) -> tuple[int, bool]:
        """How many of several networks come before the path's end, and whether it ends there.

        It ends where no input that the penalty can take out is heard. Inputs that are never
        penalised are heard on, in a network that still changes with the strength: where a
        strength is asked for, it is walked to.
        """
        penalised = self.prepared.penalised
        all_penalised = bool(penalised.all())
        is_bare = ~np.any(_heard(parameters)[:, penalised], axis=1)
        is_over = bool(is_bare.any()) and (all_penalised or not self.to_the_end)
        if not is_over:
            return len(is_bare), False
        return int(is_bare.argmax()) + (not all_penalised), True

    def _end(self, i: int) -> None:
        """Record the null model, the best point at every strength where no input is heard."""
        if not self.prepared.penalised.all():
            return
        i = len(self.alphas) - 1 if self.to_the_end else i
        null = self.prepared.null(np.float64)
        certificate = self.recorder.certificate(i, self.alphas[i], null, null)
        self.recorder.add([self.alphas[i]], stacked(null), [self.steps], [True], [certificate])
        self.ticker.tick(1.0)


def _heard(parameters: Parameters) -> Booleans:
    """For each of several networks and each column whether one of its weights is not 0."""
    first, skip, _ = parameters.weights
    heard = np.any(first, axis=2)
    return heard if skip is None else heard | np.any(skip, axis=2)
