"""What a path is, and how the points of a chain become one."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from numpy.typing import NDArray

from tautnet.fitting import solver
from tautnet.fitting.bends import Bends
from tautnet.fitting.unit import standardised
from tautnet.objective.penalties import UNPENALISED

if TYPE_CHECKING:
    import pandas as pd

HISTOGRAM_BINS = 40
# Rows of a path that a notebook shows.
SHOWN = 12


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
    unit_norms : array (n_alphas, n_hidden)
        Norm of the weights into each unit of the first hidden layer times that of the weights out
        of it; 0 exactly where the unit hears no input or is not heard.
    weight_squares, weight_magnitudes, weight_max, zero_weights : arrays (n_alphas,)
        Sum of squares, sum of magnitudes, largest magnitude and number of exact zeros of all
        weights.
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
    bends : array (n_alphas, n_predictors), optional
        Where the penalty can take predictors out of a network: how clearly each one's effect still
        bends in the residuals, as a correlation, 0 where noise could look the same. See
        `bends.Bends`. Model files of before it have none.
    predictors : list of str, optional
        What the columns of ``norms`` stand for, where `fit_path` made the path.
    """

    alphas: NDArray[np.float64]
    steps: NDArray[Any]
    train_loss: NDArray[np.float64]
    outputs: NDArray[Any]
    norms: NDArray[np.float64]
    unit_norms: NDArray[np.float64]
    weight_squares: NDArray[np.float64]
    weight_magnitudes: NDArray[np.float64]
    weight_max: NDArray[np.float64]
    zero_weights: NDArray[Any]
    histograms: NDArray[Any]
    histogram_limit: float
    stationarity: NDArray[np.float64]
    objective_gap: NDArray[np.float64]
    parameters: dict[int, Any]
    unit: Any
    seconds: float
    bends: NDArray[np.float64] | None = None
    predictors: list[str] | None = None

    @property
    def sizes(self) -> NDArray[np.float64]:
        """How large each predictor is: the norm of its weights or, if larger, its bend times the
        largest norm.

        So a predictor counts that the penalty has taken out while its effect still bends in the
        residuals.
        """
        return np.maximum(
            self.norms, self.bends * self.norms.max(axis=1, keepdims=True, initial=0.0)
        )

    @property
    def n_features(self) -> NDArray[np.int_]:
        """Number of predictors with a weight that is not zero, at each strength."""
        return (self.norms > 0).sum(axis=1)

    @property
    def n_weights(self) -> int:
        """Number of weights of the network, biases not counted."""
        return int(self.histograms[0].sum())

    def frame(self) -> "pd.DataFrame":
        """The path in short, as a data frame with one row a strength."""
        import pandas as pd

        columns = {
            "steps": self.steps,
            "train_loss": self.train_loss,
            "n_features": self.n_features,
            "zero_weights": self.zero_weights,
            "stationarity": self.stationarity,
            "objective_gap": self.objective_gap,
        }
        return pd.DataFrame(columns, pd.Index(self.alphas, name="alpha"))

    def _repr_html_(self):
        """At most a dozen strengths of the path, for notebooks."""
        shown = np.unique(np.linspace(0, len(self.alphas) - 1, SHOWN).round().astype(int))
        words = (
            f"Path of {len(self.alphas):,} points, {len(shown)} shown; {self.n_weights:,} weights."
        )
        return f"<p>{words}</p>\n" + self.frame().iloc[shown].reset_index().to_html(
            index=False, float_format="%.3g"
        )


def pick(parameters, i):
    """One of several networks."""
    return jax.tree.map(lambda leaf: leaf[i], parameters)


class Recorder:
    """Turns points of a chain into the rows of a `Path`."""

    def __init__(self, unit, sample, held_out):
        self.unit, self.held_out, self.certified = (
            unit,
            standardised(sample.X, held_out, unit.scaling),
            (),
        )
        self.blocks, self.parameters, self.limit, self.count = [], {}, None, 0

    @cached_property
    def data(self):
        """All rows in float64: certificates are measured on them."""
        return self.unit.data(np.float64)

    def certificate(self, i, alpha, parameters, late):
        """Stationarity, and what the objective has gained since ``late``, relative to the null
        loss.
        """
        if i not in self.certified:
            return np.nan, np.nan
        measure = (
            solver.measure_unpenalised if self.unit.settings.penalty == "none" else solver.measure
        )
        problem = self.unit.problem(alpha, np.float64)
        before = solver.objective(problem, self.data, as_float64(late))
        objective, residual = measure(
            problem, self.data, np.float64(self.unit.floor), as_float64(parameters)
        )
        return float(residual), (float(before) - float(objective)) / self.unit.null_loss

    @cached_property
    def bends(self):
        """What looks for bends in residuals, or None."""
        unit, settings = self.unit, self.unit.settings
        can_lose = not settings.network.is_linear and settings.penalty not in (*UNPENALISED, "l2")
        return Bends(unit) if can_lose else None

    def fitted(self, parameters):
        """Outputs of several networks for the rows that were fitted, as the fit sees the target."""
        return self.unit.settings.network.outputs(self.unit.cropped(parameters), self.unit.X)

    def train_loss(self, parameters):
        """Mean metric of several networks on the rows that were fitted."""
        return self._train_loss(self.fitted(parameters))

    def _train_loss(self, outputs):
        unit, loss = self.unit, self.unit.settings.loss
        fitted = unit.in_units(outputs)
        target = unit.in_units(unit.y)
        return np.array(
            [unit.weight @ loss.fitted_metric(target, one, unit.weight) for one in fitted]
        )

    def add(self, alphas, parameters, steps, keep, certificates):
        """Record several points, stacked; a certificate may be None."""
        unit = self.unit
        parameters = unit.cropped(parameters)
        for i in np.flatnonzero(keep):
            self.parameters[self.count + int(i)] = pick(parameters, i)
        self.count += len(alphas)
        first, skip, later = parameters.weights
        flat = np.concatenate(
            [w.reshape(len(w), -1) for w in jax.tree.leaves(parameters.weights)], axis=1
        )
        magnitudes = np.abs(flat)
        if self.limit is None:
            self.limit = float(magnitudes[0].max()) or 1.0
        squares = np.square(first).sum(axis=2) + (
            0 if skip is None else np.square(skip).sum(axis=2)
        )
        through = np.zeros((len(flat), 0))
        if later:
            through = np.linalg.norm(first, axis=1) * np.linalg.norm(later[0], axis=2)
        certificates = [(np.nan, np.nan) if c is None else c for c in certificates]
        norms = np.sqrt([np.bincount(unit.column_predictor, row) for row in squares])
        fitted = self.fitted(parameters)
        self.blocks.append(
            dict(
                alphas=np.array(alphas, float),
                steps=np.array(steps),
                train_loss=self._train_loss(fitted),
                outputs=unit.in_units(
                    unit.settings.network.outputs(parameters, self.held_out)
                ).astype(np.float32),
                norms=norms,
                bends=np.zeros_like(norms) if self.bends is None else self.bends.of(fitted),
                unit_norms=through,
                weight_squares=np.square(flat).sum(axis=1),
                weight_magnitudes=magnitudes.sum(axis=1),
                weight_max=magnitudes.max(axis=1),
                zero_weights=(flat == 0).sum(axis=1),
                histograms=_histograms(flat, self.limit),
                stationarity=np.array([c[0] for c in certificates]),
                objective_gap=np.array([c[1] for c in certificates]),
            )
        )

    def path(self, seconds):
        columns = {
            name: np.concatenate([block[name] for block in self.blocks]) for name in self.blocks[0]
        }
        # The rows themselves are not part of a result: only what was learned from them.
        unit = replace(self.unit, X=None, y=None, weight=None, table=None)
        return Path(
            **columns,
            histogram_limit=self.limit,
            parameters=self.parameters,
            unit=unit,
            seconds=seconds,
        )


def _histograms(flat, limit):
    """Numbers of each row in equal bins from -limit to limit; what lies beyond is in the outer
    ones.
    """
    # One network at a time, in place: a wide one has millions of weights.
    counts = []
    for weights in flat:
        places = weights + limit
        places *= HISTOGRAM_BINS / (2 * limit)
        bins = places.astype(np.intp)
        counts.append(
            np.bincount(np.clip(bins, 0, HISTOGRAM_BINS - 1, out=bins), minlength=HISTOGRAM_BINS)
        )
    return np.array(counts)


def as_float64(parameters):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), parameters)
