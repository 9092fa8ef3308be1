"""Losses of a regression: squared error, Poisson, Huber and quantile."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import jax.numpy as jnp
import numpy as np
from scipy.special import xlogy

from tautnet.objective.arrays import Array
from tautnet.objective.losses import Loss
from tautnet.objective.prediction import LARGEST_LOG_MEAN
from tautnet.tables.arrays import Floats
from tautnet.tables.errors import TableError
from tautnet.tables.scaling import Scaling, fit_scaling


@dataclass(frozen=True)
class SquaredError(Loss):
    """Half the squared error, summed over outputs: ``½ Σ (y - f)²``.

    The target is standardised inside the fit; the metric is the mean squared error in the
    target's own units squared (averaged over outputs).
    """

    metric_name: ClassVar[str] = "mean squared error"
    score_name: ClassVar[str] = "r2"
    standardises_target: ClassVar[bool] = True
    can_clamp: ClassVar[bool] = True
    is_canonical: ClassVar[bool] = True
    boosting_loss: ClassVar[str | None] = "squared_error"

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        return 0.5 * jnp.square(y - outputs).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Squared error of each row in the target's units squared, shape (n_rows,)."""
        return np.square(y - outputs).mean(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The constant outputs with the least loss, shape (n_outputs,)."""
        return np.average(y, axis=0, weights=weight)

    def score(self, y: Floats, outputs: Floats, weight: Floats) -> float:
        """R²: one minus the squared error over that of the mean."""
        squares = np.square(y - np.average(y, axis=0, weights=weight))
        total = np.average(squares, axis=0, weights=weight)
        return float(1 - np.average(self.metric(y, outputs), weights=weight) / total.mean())


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance of counts with mean ``exp f``, summed over outputs.

    It is ``y log y - y - y f + exp f``. Beyond ``f = 40``, where no count is, ``exp`` goes on as
    its tangent, so that no step overflows.
    """

    metric_name: ClassVar[str] = "Poisson deviance"
    mean_name: ClassVar[str] = "exp"
    is_canonical: ClassVar[bool] = True
    padding_bias: ClassVar[float] = -1e9
    boosting_loss: ClassVar[str | None] = "poisson"

    def for_target(self, y: Floats, weight: Floats) -> Self:
        """Itself, for counts.

        Raises
        ------
        TableError
            Where a count is negative.
        """
        if (y < 0).any():
            raise TableError(
                f"loss 'poisson' needs targets of 0 or more: {int((y < 0).sum())} are negative"
            )
        return self

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        below = jnp.minimum(outputs, LARGEST_LOG_MEAN)
        mean = jnp.exp(below) * (1 + outputs - below)
        log_y = jnp.log(jnp.where(y > 0, y, 1.0))
        return (y * log_y - y - y * outputs + mean).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Deviance of each row, averaged over outputs, shape (n_rows,)."""
        return 2 * (xlogy(y, y) - y - y * outputs + self.mean(outputs)).mean(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The logarithm of the mean, shape (n_outputs,)."""
        # Where no count is above 0 the mean is taken to be that of a thousandth of a row.
        return np.log(np.maximum(np.average(y, axis=0, weights=weight), 1e-3 / len(y)))


@dataclass(frozen=True)
class Huber(Loss):
    """Huber's loss (1964), quadratic up to ``delta`` and linear beyond, summed over outputs.

    The fit sees the target in robust standard deviations (1.4826 times the median distance from
    the median), so ``delta`` is in these; the metric is in the target's own units squared, with
    ``delta`` times the robust standard deviation of the whole table.

    Parameters
    ----------
    delta : float
    unit : float or array (n_outputs,)
        That of the metric; it takes no part in a fit, nor in comparisons.
    """

    delta: float = 1.35
    unit: float | Floats = field(default=1.0, compare=False)

    metric_name: ClassVar[str] = "Huber loss"
    standardises_target: ClassVar[bool] = True

    def for_target(self, y: Floats, weight: Floats) -> Self:
        """The loss whose metric is in the units of a table."""
        return replace(self, unit=self.target_scaling(y, weight).scale)

    def target_scaling(self, y: Floats, weight: Floats) -> Scaling:
        """Median, and 1.4826 times the median distance from it (Hampel 1974).

        Where that is 0, mean and standard deviation. A normal distribution has the standard
        deviation 1.4826 times its median distance from the median.
        """
        centre = _quantile(y, 0.5, weight)
        scale = 1.4826 * _quantile(np.abs(y - centre), 0.5, weight)
        usual = fit_scaling(y, weight)
        is_robust = scale > 0
        return Scaling(
            np.where(is_robust, centre, usual.centre), np.where(is_robust, scale, usual.scale)
        )

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        distance = jnp.abs(y - outputs)
        # r²/2 up to δ, δ (r - δ/2) beyond.
        inner = jnp.minimum(distance, self.delta)
        return (inner * (distance - 0.5 * inner)).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Loss of each row in the target's units squared, averaged over outputs."""
        distance = np.abs(y - outputs)
        inner = np.minimum(distance, self.delta * self.unit)
        return (inner * (distance - 0.5 * inner)).mean(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The constant outputs with the least loss, shape (n_outputs,)."""

        def slope(f: Floats) -> Floats:
            return weight @ np.clip(f - y, -self.delta, self.delta)

        return _root(slope, y)

    def constant(self, y: Floats, weight: Floats) -> Floats:
        """The constant outputs with the least loss, in the target's own units."""
        return self.null_outputs(y / self.unit, weight) * self.unit


@dataclass(frozen=True)
class Quantile(Loss):
    """The loss whose minimum is a quantile (Koenker and Bassett 1978), summed over outputs.

    ``q r`` for ``r = y - f`` above 0, ``(q - 1) r`` below. What is minimised has its corner
    rounded over 1e-3 standard deviations of the target, which changes it by at most a quarter of
    that; the metric has the corner.

    Parameters
    ----------
    quantile : float
        In (0, 1).
    """

    quantile: float = 0.5

    ROUNDED: ClassVar[float] = 1e-3
    metric_name: ClassVar[str] = "pinball loss"
    standardises_target: ClassVar[bool] = True
    has_curvature: ClassVar[bool] = False
    boosting_loss: ClassVar[str | None] = "quantile"

    def value(self, y: Array, outputs: Array) -> Array:
        """Loss of each row, shape (n_rows,)."""
        residual = y - outputs
        # |r| with its corner rounded: r²/2ρ up to ρ, |r| - ρ/2 beyond.
        inner = jnp.minimum(jnp.abs(residual), self.ROUNDED)
        magnitude = inner * (jnp.abs(residual) - 0.5 * inner) / self.ROUNDED
        # A column that fills up has the residual 0, where the slope q - 1/2 must not count.
        slope = jnp.where(residual == 0, 0.0, (self.quantile - 0.5) * residual)
        return (slope + 0.5 * magnitude).sum(axis=1)

    def metric(self, y: Floats, outputs: Floats) -> Floats:
        """Loss of each row in the target's units, averaged over outputs, shape (n_rows,)."""
        residual = y - outputs
        return np.maximum(self.quantile * residual, (self.quantile - 1) * residual).mean(axis=1)

    def null_outputs(self, y: Floats, weight: Floats) -> Floats:
        """The constant outputs with the least loss, shape (n_outputs,)."""

        def slope(f: Floats) -> Floats:
            return weight @ (0.5 * np.clip((f - y) / self.ROUNDED, -1, 1) + 0.5 - self.quantile)

        return _root(slope, y)

    def constant(self, y: Floats, weight: Floats) -> Floats:
        """The quantile of the target."""
        return _quantile(y, self.quantile, weight)


def _quantile(values: Floats, quantile: float, weight: Floats) -> Floats:
    """Weighted quantile of each column, shape (n_columns,); a row of weight 2 counts as two."""
    return np.array([_column_quantile(c, quantile, weight) for c in values.T], dtype=float)


def _column_quantile(column: Floats, quantile: float, weight: Floats) -> float:
    # Where the quantile lies between two rows it is their middle. Sums of weights are rounded: a
    # little below and a little above are the same row, or the two to choose from.
    below = _inverted_distribution(column, quantile - 1e-9, weight)
    above = _inverted_distribution(column, quantile + 1e-9, weight)
    return 0.5 * (below + above)


def _inverted_distribution(column: Floats, share: float, weight: Floats) -> float:
    """The smallest number at or below which at least a share of the weight lies."""
    return np.quantile(column, np.clip(share, 0, 1), weights=weight, method="inverted_cdf")


def _root(slope: Callable[[Floats], Floats], y: Floats) -> Floats:
    """The constant at which a slope that never falls is 0, by bisection, for each column."""
    low = y.min(axis=0) - 1.0
    high = y.max(axis=0) + 1.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        rising = slope(middle) > 0
        low = np.where(rising, low, middle)
        high = np.where(rising, middle, high)
    return 0.5 * (low + high)
