"""One chain of strengths from over-fitted to null, each warm-started from the one before."""

import time
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import cached_property, partial

import jax
import numpy as np

from tautnet.engine.adam import Adam
from tautnet.engine.finishing import Finished
from tautnet.engine.loop import Ticker
from tautnet.engine.row_space import RowSpace
from tautnet.objective.networks import Parameters, heard, pick, stacked
from tautnet.objective.strengths import nearest
from tautnet.solving.finishing import finish_point
from tautnet.solving.noise import weaker_helps
from tautnet.solving.path import Path
from tautnet.solving.prepared import Prepared, prepare
from tautnet.solving.ranges import STRONG, automatic_alphas, starts
from tautnet.solving.recorder import NO_CERTIFICATE, Certificate, Recorder
from tautnet.solving.settings import WHOLE_PATH, Request, Settings
from tautnet.solving.start import start_adam, wide_space
from tautnet.solving.unpenalised import train_unpenalised
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample


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
        if settings.kind.is_baseline:
            recorder.certified = () if request.certify == "none" else (0,)
            train_unpenalised(prepared, recorder, ticker, keep_all=request.keep == "all")
        else:
            one = _make_walk(prepared, recorder, request, ticker)
            if settings.network.is_linear:
                one.walk_linear()
            else:
                one.walk_network()
    return recorder.path(time.perf_counter() - start)


def _make_walk(prepared: Prepared, recorder: Recorder, request: Request, ticker: Ticker) -> "_Walk":
    places = [0]
    if request.is_automatic:
        alphas = automatic_alphas(prepared)
        places = starts(prepared, alphas)
    else:
        alphas = np.asarray(request.alphas, float)
    # The same whichever strength is wanted: a plain estimator walks as its chain has walked.
    tried = alphas[places[:2]]
    if request.until is not None:
        alphas = np.append(alphas[alphas < request.until * (1 - 1e-9)], request.until)
        places = [min(place, len(alphas) - 1) for place in places]
    everything = range(len(alphas))
    kept: Container[int] = everything
    if request.until is not None:
        kept = {len(alphas) - 1}
    elif not isinstance(request.keep, str):
        kept = {nearest(alphas, alpha) for alpha in request.keep}
    recorder.certified = {"none": (), "kept": kept, "all": everything}[request.certify]
    is_whole = request.is_automatic and request.until is None
    fades_from = len(alphas)
    if is_whole and not prepared.settings.is_sharp:
        strong = np.searchsorted(alphas, STRONG * prepared.null_model.alpha_scale)
        # What is asked for is walked to.
        fades_from = max(int(strong), *(kept if isinstance(kept, set) else ()), 0)
    to_the_end = request.until is not None
    return _Walk(prepared, alphas, places, tried, kept, to_the_end, fades_from, recorder, ticker)


@dataclass
class _Walk:
    """A walk along strengths.

    Attributes
    ----------
    prepared : Prepared
    alphas : array (n_alphas,)
    starts : list of int
        Indices of the strengths at which it may begin, from strong to weak.
    tried : array
        The strengths of a trial; one alone is none.
    kept : container of int
        Indices of the strengths whose parameters are kept.
    to_the_end : bool
        Whether the last strength is wanted even where the path is null before.
    fades_from : int
        Index from which on it may end where it is hardly more than null, if no strength makes it
        so; else beyond all.
    recorder : Recorder
    ticker : Ticker
    steps : int
        Steps or iterations made so far.
    """

    prepared: Prepared
    alphas: Floats
    starts: list[int]
    tried: Floats
    kept: Container[int]
    to_the_end: bool
    fades_from: int
    recorder: Recorder
    ticker: Ticker
    steps: int = 0

    def walk_linear(self) -> None:
        """A linear map is finished at every strength."""
        data = self.prepared.data(np.float64)
        done = Finished(self.prepared.start(np.float64), 0, *NO_CERTIFICATE)

        def solve(i: int) -> Parameters:
            nonlocal done
            done = finish_point(
                self.prepared, self.alphas[i], done.parameters, data, self.ticker, self.space
            )
            self.steps += done.n_iter
            return stacked(done.parameters)

        first, _ = self._begin(solve, self.starts)
        for i in range(first, len(self.alphas)):
            point = stacked(done.parameters) if i == first else solve(i)
            n_alive, is_over = self._alive(point)
            if n_alive:
                certificate = (done.stationarity, done.gap)
                is_kept = i in self.kept
                self.recorder.add([self.alphas[i]], point, [self.steps], [is_kept], [certificate])
            if is_over:
                self._end(i + n_alive)
            if is_over or self._has_faded(i):
                return
            self.ticker.tick((i + 1) / len(self.alphas))

    def walk_network(self) -> None:
        """Proximal Adam from strength to strength, moments kept.

        Points are finished where asked, off the walk.
        """
        schedule = self.prepared.settings.schedule
        adam = start_adam(self.prepared, self.alphas[0], self.ticker, self.space)
        late = ends = adam.parameters

        def cycle(i: int) -> Parameters:
            nonlocal late, ends
            late, ends = self._cycles(adam, self.alphas[i : i + 1], schedule.first_steps)
            self.steps += schedule.first_steps
            return ends

        # Walks in minibatches do not repeat their first strength.
        n_repeats = 0 if self.prepared.batched else schedule.first_cycles - len(self.starts)
        order = [*self.starts, *[self.starts[-1]] * n_repeats]
        is_thorough = None
        if self._is_tried:
            is_thorough = weaker_helps(self.prepared, adam, self._trial(adam))
            order = order[2:] if is_thorough else order[:1]
            if not is_thorough:
                # A trial that went the wrong way is forgotten.
                adam = start_adam(self.prepared, self.alphas[0], self.ticker, self.space)
        first, losses = self._begin(cycle, order)
        if is_thorough is None:
            is_thorough = len(losses) > 1 and losses[0] > schedule.fitted
        lengths = self._cycle_lengths(is_thorough=is_thorough)
        is_over = self._record(np.array([first]), late, ends, np.array([self.steps]))
        done = first + 1
        at_once = 1 if self.prepared.batched else adam.capacity
        while done < len(self.alphas) and not is_over:
            self._leave_behind(adam, ends)
            self.ticker.tick(done / len(self.alphas))
            # One call walks strengths of equal cycles.
            length = lengths[done]
            here = done + np.flatnonzero(np.cumprod(lengths[done : done + at_once] == length))
            late, ends = self._cycles(adam, self.alphas[here], length)
            counts = self.steps + length * np.arange(1, len(here) + 1)
            self.steps = int(counts[-1])
            is_over = self._record(here, late, ends, counts)
            done = here[-1] + 1

    def _begin(self, fit: Callable[[int], Parameters], order: list[int]) -> tuple[int, list[float]]:
        """Fit one strength after the other, until the rows are fitted, or are fitted no better.

        Parameters
        ----------
        fit : callable
            Goes on from where it stands at a strength, and gives the network.
        order : list of int
            Indices of the strengths, from strong to weak.

        Returns
        -------
        first : int
            The last strength that was fitted.
        losses : list of float
            After each fit the mean metric, over that of the constant prediction.
        """
        schedule = self.prepared.settings.schedule
        weakest = self.starts[-1]
        losses = [1.0]
        for first in order:
            losses.append(self.recorder.train_loss(fit(first))[0] / self._null_loss)
            enough = schedule.fitted if first == weakest else schedule.remembered
            if losses[-1] <= enough or losses[-1] > schedule.falling * losses[-2]:
                break
        return first, losses[1:]

    @property
    def _is_tried(self) -> bool:
        """Whether there are weaker strengths to try, and rows that are judged one by one."""
        prepared = self.prepared
        is_small = not prepared.batched and prepared.source is None
        return len(self.tried) > 1 and prepared.settings.loss.is_separable and is_small

    def _trial(self, adam: Adam) -> list[Callable[[], Parameters]]:
        """Short cycles at the two strongest starts."""
        length = self.prepared.settings.schedule.trial_steps

        def fit(alpha: float) -> Parameters:
            self.steps += length
            return self._cycles(adam, np.array([alpha]), length)[1]

        return [partial(fit, alpha) for alpha in self.tried]

    @cached_property
    def space(self) -> RowSpace | None:
        """Where l2 is walked, if there are more columns than rows."""
        factors = self.prepared.column_factors
        is_l2_on_all = self.prepared.settings.is_l2 and (factors > 0).all()
        return wide_space(self.prepared, factors) if is_l2_on_all else None

    @cached_property
    def _null_loss(self) -> float:
        """Mean metric of the constant prediction on the rows that are fitted."""
        return float(self.recorder.train_loss(stacked(self.prepared.null(np.float64)))[0])

    def _cycles(self, adam: Adam, alphas: Floats, length: int) -> tuple[Parameters, Parameters]:
        """Cosines at some strengths, as `Adam.run` gives them."""
        schedule = self.prepared.settings.schedule
        batched = self.prepared.batched
        late, ends = adam.run(alphas, schedule.rate * adam.slowing, length, batched=batched)
        if batched:
            # All rows end each strength, so that its zeros are right.
            rate = schedule.full_rate * adam.slowing
            _, ends = adam.run(alphas, rate, schedule.full_steps, batched=False)
        if self.space is None:
            return late, ends
        n_columns = self.prepared.padded_shape[1]
        return self.space.on_columns(late, n_columns), self.space.on_columns(ends, n_columns)

    def _cycle_lengths(self, *, is_thorough: bool) -> Integers:
        """The number of steps at each strength but the first."""
        schedule = self.prepared.settings.schedule
        if self.prepared.batched:
            return np.full(len(self.alphas), schedule.batch_steps)
        steps = schedule.sharp_steps if self.prepared.settings.is_sharp else schedule.steps
        is_weak = self.alphas < schedule.weak * self.prepared.null_model.alpha_scale
        lengths = np.where(is_weak, schedule.weak_steps, steps)
        return np.maximum(lengths, schedule.thorough_steps * is_thorough)

    def _record(self, here: Integers, late: Parameters, ends: Parameters, counts: Integers) -> bool:
        """Record strengths that were walked, up to the end of the path: whether it ends here."""
        n_alive, is_over = self._alive(ends)
        self._settle(here[:n_alive], late, ends, counts)
        if is_over:
            self._end(here[0] + n_alive)
        return is_over or self._has_faded(here[-1])

    def _has_faded(self, i: int) -> bool:
        """Whether a path that never ends null has come to where it is hardly more than null."""
        schedule = self.prepared.settings.schedule
        return i >= self.fades_from and self.recorder.last_loss >= schedule.faded * self._null_loss

    def _settle(self, alive: Integers, late: Parameters, ends: Parameters, steps: Integers) -> None:
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
            counts.append(int(steps[place]) + n_iter)
        together = jax.tree.map(lambda *leaves: np.stack(leaves), *points)
        is_kept = [i in self.kept for i in alive]
        self.recorder.add(self.alphas[alive], together, counts, is_kept, certificates)

    def _leave_behind(self, adam: Adam, ends: Parameters) -> None:
        """On wide tables let the columns that have left leave the arithmetic."""
        if not self.prepared.settings.is_sharp:
            return
        if self.prepared.is_wide:
            adam.keep(np.flatnonzero(heard(ends)[-1]))

    def _alive(self, parameters: Parameters) -> tuple[int, bool]:
        """How many of several networks come before the path's end, and whether it ends there.

        It ends where no input that the penalty can take out is heard. Inputs that are never
        penalised are heard on, in a network that still changes with the strength: where a
        strength is asked for, it is walked to.
        """
        penalised = self.prepared.penalised
        all_penalised = bool(penalised.all())
        is_bare = ~np.any(heard(parameters)[:, penalised], axis=1)
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
