"""Paths: one chain of strengths from over-fitted to null, each warm-started from the one before."""

import time
from dataclasses import dataclass, replace
from functools import cached_property

import jax
import numpy as np

from tautnet.fitting import solver
from tautnet.fitting.loop import Adam, Finishing, Ticker, finish
from tautnet.fitting.settings import GRID_STEPS_PER_DECADE
from tautnet.fitting.unit import make_unit

HISTOGRAM_BINS = 40
# Numbers of a linear map beyond which proximal Newton's model costs more than it saves.
LARGEST_MODEL = 1000


@dataclass(frozen=True)
class Path:
    """A path of fits; every array's first axis is the strength (for "none": the step).

    Attributes
    ----------
    alphas : array (n_alphas,)
        Strengths, ascending; for "none" one 0 for each step recorded.
    steps : int array (n_alphas,)
        Steps or iterations made so far on the chain.
    train_loss : array (n_alphas,)
        Mean metric on the training rows, in the units of the metric.
    outputs : array (n_alphas, n_held_out, n_outputs)
        Outputs for the rows held out, in the target's units.
    norms : array (n_alphas, n_predictors)
        Norm of all first-layer and skip weights of each predictor; 0 exactly where it has left.
    units_alive : bool array (n_alphas, n_hidden)
        Units of the first hidden layer that hear an input and reach an output.
    weight_squares, weight_magnitudes, weight_max, zero_weights : arrays (n_alphas,)
        Sum of squares, sum of magnitudes, largest magnitude and number of exact zeros of all weights.
    histograms : int array (n_alphas, 40)
        Numbers of weights in equal bins between ``-histogram_limit`` and ``histogram_limit``.
    stationarity, objective_gap : arrays (n_alphas,)
        The certificate, NaN where it was not asked for.
    parameters : dict
        Index of a strength -> its parameters, for those kept.
    unit : Unit
        The scaling and the rows that were fitted.
    seconds : float
        Time that the chain took.
    """

    alphas: object
    steps: object
    train_loss: object
    outputs: object
    norms: object
    units_alive: object
    weight_squares: object
    weight_magnitudes: object
    weight_max: object
    zero_weights: object
    histograms: object
    histogram_limit: float
    stationarity: object
    objective_gap: object
    parameters: dict
    unit: object
    seconds: float

    @property
    def n_features(self):
        """Number of predictors with a weight that is not zero, at each strength."""
        return (self.norms > 0).sum(axis=1)

    @property
    def n_weights(self):
        """Number of weights of the network, biases not counted."""
        return int(self.histograms[0].sum())


def grid(low, high):
    """The strengths 10^(k/8) from ``low`` to ``high``: the same numbers for every table and fold.

    Examples
    --------
    >>> grid(0.5, 1.5).round(3).tolist()
    [0.562, 0.75, 1.0, 1.334]
    """
    first, last = (GRID_STEPS_PER_DECADE * np.log10(edge) for edge in (low, high))
    return 10.0 ** (np.arange(np.ceil(first - 1e-9), np.floor(last + 1e-9) + 1) / GRID_STEPS_PER_DECADE)


def nearest(alphas, alpha):
    """Index of the strength nearest to one; of equal strengths the last.

    Examples
    --------
    >>> nearest([0.1, 1.0, 10.0], 2.0)
    1
    """
    distance = np.abs(np.log(np.maximum(alphas, 1e-300)) - np.log(max(alpha, 1e-300)))
    return len(distance) - 1 - int(np.round(distance, 9)[::-1].argmin())


def automatic_alphas(unit):
    """The grid of a unit: l2 ends at 10 a₀; the others end where they are null, at most at 1000 a₀."""
    settings = unit.settings
    ratio = settings.alpha_min_ratio
    if ratio == "auto":
        # Rows that stand twice count once, as a row of weight 2 does.
        ratio = 1e-2 if unit.X.shape[1] > len({row.tobytes() for row in unit.X}) else 1e-6
    top = 10.0 if settings.penalty == "l2" or settings.l1_ratio == 0 else 1000.0
    return grid(ratio * unit.alpha_scale, top * unit.alpha_scale)


def walk(sample, rows, held_out, settings, *, alphas="auto", until=None, keep=(), certify="none", ticker=None):
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
    recorder = Recorder(unit, sample.X[held_out])
    ticker = Ticker() if ticker is None else ticker
    with jax.enable_x64(True):
        if settings.penalty == "none":
            recorder.certified = (0,) if certify != "none" else ()
            _train_unpenalised(unit, recorder, ticker)
        else:
            alphas = automatic_alphas(unit) if isinstance(alphas, str) else np.asarray(alphas, float)
            if until is not None:
                alphas = np.append(alphas[alphas < until * (1 - 1e-9)], until)
                keep = [until]
            kept = range(len(alphas)) if keep == "all" else {nearest(alphas, alpha) for alpha in keep}
            recorder.certified = {"none": (), "kept": kept, "all": range(len(alphas))}[certify]
            walker = _walk_linear if settings.network.is_linear else _walk_network
            walker(unit, alphas, recorder, kept, until is not None, ticker)
    return recorder.path(time.perf_counter() - start)


def _train_unpenalised(unit, recorder, ticker):
    """Strength 0 has no minimum on separable rows: it is a fixed training, recorded as it goes."""
    schedule, dtype = unit.settings.schedule, np.dtype(unit.settings.precision).type
    problem, length = unit.problem(0.0, dtype), schedule.unpenalised_steps
    if unit.settings.network.is_linear:
        point = _finished(unit, 0.0, unit.start(np.float64), unit.data(np.float64), ticker)
        recorder.add(0.0, point[0], point[1], keep=True, certificate=point[2:])
        return
    adam = Adam(problem, unit.data(dtype), unit.start(dtype), ticker, _batches(unit, dtype))
    checkpoints = np.unique(np.geomspace(10, length, 40).round().astype(int))
    three_quarters = checkpoints[np.searchsorted(checkpoints, 0.75 * length)]
    done = 0
    for checkpoint in checkpoints:
        adam.run(problem, schedule.rate, length, done, checkpoint, batched=unit.batched)
        done = checkpoint
        if checkpoint == three_quarters:
            before = recorder.objective(0, 0.0, adam.parameters)
        last = checkpoint == length
        certificate = recorder.certificate(0, 0.0, adam.parameters, before) if last else None
        recorder.add(0.0, adam.parameters, checkpoint, keep=last, certificate=certificate)
        ticker.tick(checkpoint / length)


def _batches(unit, dtype):
    return unit.batches(dtype) if unit.batched else None


def _walk_network(unit, alphas, recorder, kept, to_the_end, ticker):
    """Proximal Adam from strength to strength, moments kept; points are finished where asked, off the walk."""
    settings, dtype = unit.settings, np.dtype(unit.settings.precision).type
    schedule = settings.schedule
    adam = Adam(unit.problem(alphas[0], dtype), unit.data(dtype), unit.start(dtype), ticker, _batches(unit, dtype))
    steps = 0
    for i, alpha in enumerate(alphas):
        problem = unit.problem(alpha, dtype)
        ordinary = schedule.batch_steps if unit.batched else schedule.steps
        length = schedule.first_steps if i == 0 else ordinary
        most = 3 * length // 4
        adam.run(problem, schedule.rate, length, 0, most, batched=unit.batched)
        before = recorder.objective(i, alpha, adam.parameters)
        adam.run(problem, schedule.rate, length, most, length, batched=unit.batched)
        if unit.batched:
            adam.run(problem, schedule.full_rate, schedule.full_steps, 0, schedule.full_steps, batched=False)
        steps += length
        if _is_null(adam.parameters):
            _end(unit, alphas, i, steps, recorder, to_the_end, ticker)
            return
        if settings.finish and i in kept:
            data = unit.data(np.float64)
            point, n_iter, residual, gap = _finished(unit, alpha, adam.parameters, data, ticker)
            recorder.add(alpha, point, steps + n_iter, keep=True, certificate=(residual, gap))
        else:
            certificate = recorder.certificate(i, alpha, adam.parameters, before)
            recorder.add(alpha, adam.parameters, steps, i in kept, certificate)
        ticker.tick((i + 1) / len(alphas))


def _walk_linear(unit, alphas, recorder, kept, to_the_end, ticker):
    """A linear map is finished at every strength."""
    point, data, steps = unit.start(np.float64), unit.data(np.float64), 0
    for i, alpha in enumerate(alphas):
        point, n_iter, residual, gap = _finished(unit, alpha, point, data, ticker)
        steps += n_iter
        if _is_null(point):
            _end(unit, alphas, i, steps, recorder, to_the_end, ticker)
            return
        recorder.add(alpha, point, steps, i in kept, (residual, gap))
        ticker.tick((i + 1) / len(alphas))


def _end(unit, alphas, i, steps, recorder, to_the_end, ticker):
    """Where no input is heard any more the best point is known, here and at every larger strength: the null model."""
    i = len(alphas) - 1 if to_the_end else i
    null = unit.null(np.float64)
    before = recorder.objective(i, alphas[i], null)
    recorder.add(alphas[i], null, steps, True, recorder.certificate(i, alphas[i], null, before))
    ticker.tick(1.0)


def _finished(unit, alpha, parameters, data, ticker):
    """Finish a point: by proximal Newton where its model is cheaper than a pass through the rows."""
    settings, linear = unit.settings, unit.settings.network.is_linear
    size = (unit.X.shape[1] + 1) * unit.y.shape[1]
    newton = linear and settings.loss.has_curvature and size <= min(len(unit.X), LARGEST_MODEL)
    measure = solver.measure_unpenalised if settings.penalty == "none" else solver.measure
    how = Finishing(
        *((solver.newton, 1) if newton else (solver.fista, min(25, settings.max_iter))), measure,
        settings.tol, settings.max_iter, linear,
    )  # fmt: skip
    problem, floor = unit.problem(alpha, np.float64), np.float64(unit.floor)
    return finish(problem, data, _float64(parameters), how, floor=floor, null_loss=unit.null_loss, ticker=ticker)


def _is_null(parameters):
    first, skip, _ = parameters.weights
    return not np.any(first) and (skip is None or not np.any(skip))


class Recorder:
    """Turns points of a chain into the rows of a `Path`."""

    def __init__(self, unit, held_out):
        self.unit, self.held_out, self.certified = unit, held_out, ()
        self.rows, self.parameters, self.limit = [], {}, None

    @cached_property
    def data(self):
        """All rows in float64: certificates are measured on them."""
        return self.unit.data(np.float64)

    def objective(self, i, alpha, parameters):
        """F in float64, where a certificate is asked for."""
        if i not in self.certified:
            return np.nan
        problem = self.unit.problem(alpha, np.float64)
        return float(solver.objective(problem, self.data, _float64(parameters)))

    def certificate(self, i, alpha, parameters, before):
        """Stationarity, and what the objective has gained since ``before``, relative to the null loss."""
        if i not in self.certified:
            return np.nan, np.nan
        measure = solver.measure_unpenalised if self.unit.settings.penalty == "none" else solver.measure
        problem = self.unit.problem(alpha, np.float64)
        floor = np.float64(self.unit.floor)
        objective, residual = measure(problem, self.data, floor, _float64(parameters))
        return float(residual), (before - float(objective)) / self.unit.null_loss

    def add(self, alpha, parameters, steps, keep, certificate):
        unit, loss = self.unit, self.unit.settings.loss
        parameters = unit.cropped(parameters)
        if keep:
            self.parameters[len(self.rows)] = parameters
        first, skip, later = parameters.weights
        flat = np.concatenate([w.ravel() for w in jax.tree.leaves(parameters.weights)])
        if self.limit is None:
            self.limit = float(np.abs(flat).max()) or 1.0
        edges = np.linspace(-self.limit, self.limit, HISTOGRAM_BINS + 1)
        squares = np.square(first).sum(axis=1) + (0 if skip is None else np.square(skip).sum(axis=1))
        alive = (first != 0).any(axis=0) & (later[0] != 0).any(axis=1) if later else np.zeros(0, bool)
        fitted = self._in_units(unit.settings.network.outputs(parameters, unit.X))
        target = self._in_units(unit.y)
        residual, gap = (np.nan, np.nan) if certificate is None else certificate
        self.rows.append(
            dict(
                alphas=alpha,
                steps=steps,
                train_loss=np.average(loss.fitted_metric(target, fitted, unit.weight), weights=unit.weight),
                outputs=unit.outputs(parameters, self.held_out).astype(np.float32),
                norms=np.sqrt(np.bincount(unit.column_predictor, squares)),
                units_alive=alive,
                weight_squares=np.square(flat).sum(),
                weight_magnitudes=np.abs(flat).sum(),
                weight_max=np.abs(flat).max(),
                zero_weights=(flat == 0).sum(),
                histograms=np.histogram(np.clip(flat, -self.limit, self.limit), edges)[0],
                stationarity=residual,
                objective_gap=gap,
            )
        )

    def _in_units(self, outputs):
        centre, scale = self.unit.target_scaling
        return outputs * scale + centre

    def path(self, seconds):
        columns = {name: np.array([row[name] for row in self.rows]) for name in self.rows[0]}
        # The rows themselves are not part of a result: only what was learned from them.
        unit = replace(self.unit, X=None, y=None, weight=None)
        return Path(
            **columns, histogram_limit=self.limit, parameters=self.parameters, unit=unit, seconds=seconds
        )


def _float64(parameters):
    return jax.tree.map(lambda leaf: jax.numpy.asarray(leaf, np.float64), parameters)
