"""How the points of a chain become a path."""

from dataclasses import replace
from functools import cached_property

import jax
import numpy as np

from tautnet.objective.histograms import weight_histograms
from tautnet.solving import evaluate
from tautnet.solving.bends import Bends
from tautnet.solving.path import Path
from tautnet.solving.prepared import standardised


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
        is_penalised = self.unit.settings.kind.is_on_weights
        measure = evaluate.measure if is_penalised else evaluate.measure_unpenalised
        problem = self.unit.problem(alpha, np.float64)
        before = evaluate.objective(problem, self.data, as_float64(late))
        objective, residual = measure(
            problem, self.data, np.float64(self.unit.floor), as_float64(parameters)
        )
        return float(residual), (float(before) - float(objective)) / self.unit.null_loss

    @cached_property
    def bends(self):
        """What looks for bends in residuals, or None."""
        unit, settings = self.unit, self.unit.settings
        can_lose = not settings.network.is_linear and settings.kind.selects
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
                histograms=weight_histograms(flat, self.limit),
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


def as_float64(parameters):
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), parameters)
