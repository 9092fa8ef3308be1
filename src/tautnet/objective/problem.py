"""The problem: the one file that knows loss, network and penalty at once.

    F(θ) = Σᵢ wᵢ ℓ(yᵢ, f_θ(xᵢ)) + α Ω(W),   Σᵢ wᵢ = 1

Objective, gradient and certificate are derived here, once, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self, TypeAlias, TypeVar, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from tautnet.objective.arrays import Array, Tree
from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network, Parameters
from tautnet.objective.penalties import Penalty
from tautnet.objective.predictors import Predictors, sum_of_squares
from tautnet.tables.arrays import Floats
from tautnet.tables.scaling import Scaling

# Rows of a long table whose hidden units are in memory at once: they stay in the processor's cache.
ROWS_AT_ONCE = 2048
# With fewer blocks than these all rows are taken at once.
FEW_BLOCKS = 8

# What a function of rows gives: an array, or several.
Sum = TypeVar("Sum")


def _sum_of_blocks(rows: Rows, function: Callable[[Data], Sum]) -> Sum:
    """Sum of a function of rows as `Data` over all of them, block by block."""
    n_rows = rows.weight.shape[0]
    # What a block's gradient needs is computed again, so that one block at a time is in memory.
    part = jax.checkpoint(lambda i: function(rows.batch(i * ROWS_AT_ONCE, ROWS_AT_ONCE, n_rows)))
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(part, 0))
    blocks = jnp.arange(n_rows // ROWS_AT_ONCE, dtype=jnp.int32)

    def add(total: Sum, i: Array) -> tuple[Sum, None]:
        return jax.tree.map(jnp.add, total, part(i)), None

    return jax.lax.scan(add, nothing, blocks)[0]


class Data(NamedTuple):
    """Rows as a fit sees them: standardised, padded with rows of weight 0.

    Attributes
    ----------
    columns : array (n_columns, n_rows)
        The rows side by side: activations then hold one unit's values in one stretch of memory, and
        every product of a step runs along it, 1.4 to 2 times as fast as with rows below each other.
    y : array (n_rows, n_outputs)
    weight : array (n_rows,)
        Row weights that sum to 1.
    """

    columns: Array
    y: Array
    weight: Array

    def total(self, function: Callable[[Data], Sum]) -> Sum:
        """Sum of a function of such rows over all of them, block by block where they are many."""
        n_blocks, more = divmod(self.weight.shape[0], ROWS_AT_ONCE)
        if more or n_blocks < FEW_BLOCKS:
            return function(self)
        return _sum_of_blocks(self, function)

    def batch(self, start: Array | int, size: int, n_rows: Array | int) -> Data:
        """``size`` rows from ``start`` on; behind the last of ``n_rows`` are the first ones."""
        columns = jax.lax.dynamic_slice_in_dim(self.columns, start, size, axis=1)
        y = jax.lax.dynamic_slice_in_dim(self.y, start, size)
        weight = jax.lax.dynamic_slice_in_dim(self.weight, start, size)
        return Data(columns, y, weight)


class TableInPlace(NamedTuple):
    """A table in the memory of the caller, row by row, which programs read without a copy.

    They can read it from an address that is a multiple of 64 bytes.

    Attributes
    ----------
    head : array (n_head, n_columns)
        A copy of the rows that begin before that address, and of one more.
    body : array (n_numbers,)
        All numbers from that address on.
    begin : int array ()
        How many numbers stand before it.
    """

    head: Array
    body: Array
    begin: Array

    @classmethod
    def of(cls, X: Floats) -> Self:
        """A table as compiled programs read it, not copied where its rows are contiguous."""
        numbers = X.reshape(-1)
        # XLA reads NumPy's memory in place where it is aligned to 64 bytes.
        begin = -numbers.ctypes.data % 64 // numbers.itemsize
        head = X[: begin // X.shape[1] + 1].copy()
        # Numbers, and with them rows, are counted in this type.
        counter = np.int32 if numbers.size < 2**31 else np.int64
        return cls(head, jax.device_put(numbers[begin:]), np.asarray(begin, counter))

    def rows(self, index: Array) -> Array:
        """Some rows, shape (n_index, n_columns)."""
        n_head, n_columns = self.head.shape
        starts = jnp.maximum(index * n_columns - self.begin, 0)

        def row(start: Array) -> Array:
            return jax.lax.dynamic_slice(self.body, (start,), (n_columns,))

        rows = jax.vmap(row)(starts)
        return jnp.where((index < n_head)[:, None], self.head[jnp.minimum(index, n_head - 1)], rows)


class TableRows(NamedTuple):
    """Rows of a table too large to be copied, which are read and standardised when they are used.

    Attributes
    ----------
    table : TableInPlace
        As it came, NaN where a cell is missing; all chains share it.
    scaling : Scaling
        Its numbers are float64 in every precision: a large offset loses no digits.
    rows : int array (n_rows,)
        Numbers of the rows in the table; their number is a multiple of `ROWS_AT_ONCE`.
    y : array (n_rows, n_outputs)
    weight : array (n_rows,)
        Row weights that sum to 1, 0 where a row only fills up.
    """

    table: TableInPlace
    scaling: Scaling
    rows: Array
    y: Array
    weight: Array

    def _read(self, rows: Array, y: Array, weight: Array) -> Data:
        centre, scale, basis = self.scaling
        cells = (self.table.rows(rows).astype(scale.dtype) - centre) / scale
        cells = jnp.where(jnp.isnan(cells), 0.0, cells)
        made = cells if basis is None else basis.apply(cells, jnp)
        columns = made.astype(weight.dtype).T
        # Read once, not anew in every product: steps take a third of the time.
        return Data(jax.lax.optimization_barrier(columns), y, weight)

    def total(self, function: Callable[[Data], Sum]) -> Sum:
        """Sum of a function of rows as `Data` over all of them, block by block."""
        return _sum_of_blocks(self, function)

    def batch(self, start: Array | int, size: int, n_rows: Array | int) -> Data:
        """``size`` rows from ``start`` on; behind the last of ``n_rows`` are the first ones."""
        at = (start + jnp.arange(size, dtype=jnp.int32)) % n_rows
        return self._read(self.rows[at], self.y[at], self.weight[at])


Rows: TypeAlias = Data | TableRows
# Marks a field that a compiled program is made for, no number that it takes.
STATIC = {"static": True}


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class LossAlone:
    """A loss as a program takes it that knows no network and no penalty: they share it."""

    loss: Loss = field(metadata=STATIC)

    def slopes(self, y: Array, weight: Array, outputs: Array) -> tuple[Array, Array]:
        """Mean loss of some outputs, and its gradient in them, shape (n_rows, n_outputs)."""
        return jax.value_and_grad(lambda f: self.loss.mean_value(y, f, weight))(outputs)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Problem:
    """A loss of a network under a penalty; the numbers of penalty and predictors are leaves."""

    penalty: Penalty
    predictors: Predictors
    loss: Loss = field(metadata=STATIC)
    network: Network = field(metadata=STATIC)

    def mean_loss(self, parameters: Parameters, data: Rows) -> Array:
        """Weighted mean of the loss over the rows."""

        def loss(rows: Data) -> Array:
            outputs = self.network.apply(parameters, rows.columns)
            return self.loss.mean_value(rows.y, outputs, rows.weight)

        return _total(self.loss, data, loss)

    def at_step(self, step: Array) -> Self:
        """The problem as a solver sees it at a step: always itself."""
        return self

    def smooth(self, parameters: Parameters, data: Rows) -> Array:
        """The differentiable part f: mean loss and smooth part of the penalty."""
        loss = self.mean_loss(parameters, data)
        return loss + self.penalty.smooth(parameters.weights, self.predictors)

    def objective(self, parameters: Parameters, data: Rows) -> Array:
        """F: mean loss and penalty."""
        loss = self.mean_loss(parameters, data)
        return loss + self.penalty.value(parameters.weights, self.predictors)

    def prox(self, parameters: Parameters, step: Parameters) -> Parameters:
        """Proximal operator of the rest of the penalty; biases pass as they are."""
        weights = self.penalty.prox(parameters.weights, step.weights, self.predictors)
        return parameters._replace(weights=weights)

    def metric(self, squares: Parameters) -> Parameters:
        """Squared gradients as averaged by the penalty."""
        return squares._replace(weights=self.penalty.metric(squares.weights, self.predictors))

    def pull(self, parameters: Parameters) -> Parameters:
        """How strongly the penalty draws parameters to zero, one number each or for several."""
        weights = self.penalty.pull(parameters.weights, self.predictors)
        return Parameters(weights, jax.tree.map(lambda b: 0.0, parameters.biases))

    def stationarity(self, parameters: Parameters, data: Rows, floor: Array | float) -> Array:
        """How far a point is from stationary, in [0, 1]: 0 is solved.

        With ``G = x - prox(x - ∇f(x))`` at unit step, the residual is
        ``‖G‖ / (‖∇loss‖ + ‖G - ∇loss‖ + floor)``: what is left of the two forces, loss and
        penalty, that should balance.

        Parameters
        ----------
        floor : float
            Size of a gradient that counts as nothing, see `null_loss`.
        """
        loss_gradient = jax.grad(self.mean_loss)(parameters, data)
        pull = jax.grad(self.penalty.smooth)(parameters.weights, self.predictors)
        gradient = loss_gradient._replace(
            weights=jax.tree.map(jnp.add, loss_gradient.weights, pull)
        )
        moved = self.prox(_subtract(parameters, gradient), unit_steps(parameters))
        residual = _subtract(parameters, moved)
        other = _subtract(residual, loss_gradient)
        return norm(residual) / (norm(loss_gradient) + norm(other) + floor)

    def unpenalised_stationarity(
        self, parameters: Parameters, data: Rows, floor: Array | float
    ) -> Array:
        """The residual without a penalty: the mean gradient over the rows' typical gradient.

        ``‖∇loss‖ / (√(Σ wᵢ ‖∇ℓᵢ‖²) + floor)``, where ``wᵢ ∇ℓᵢ`` is what row i adds to ∇loss through
        its output.
        """

        def row_square(row: tuple[Array, Array]) -> Array:
            x, pull = row

            def pulled(parameters: Parameters) -> Array:
                return self.network.apply(parameters, x[:, None])[0] @ pull

            return sum_of_squares(jax.grad(pulled)(parameters))

        def mean_square(rows: Data) -> Array:
            def mean_loss(outputs: Array) -> Array:
                return self.loss.mean_value(rows.y, outputs, rows.weight)

            pulls = jax.grad(mean_loss)(self.network.apply(parameters, rows.columns))
            weight = jnp.where(rows.weight > 0, rows.weight, 1.0)[:, None]
            each = (rows.columns.T, pulls / weight)
            return rows.weight @ jax.lax.map(row_square, each, batch_size=128)

        gradient = norm(jax.grad(self.mean_loss)(parameters, data))
        return gradient / (jnp.sqrt(_total(self.loss, data, mean_square)) + floor)

    def curvature(self, parameters: Parameters, data: Rows) -> Array:
        """Hessian of the mean loss of a linear map, in the order of `ravel_pytree`, shape (d, d).

        With x̃ᵢ a row and a 1 behind it for the bias, and hᵢ the Hessian of its loss in its
        outputs, the block of outputs a and b is ``Σᵢ wᵢ hᵢ[a, b] x̃ᵢ x̃ᵢᵀ``.
        """

        def row_loss(output: Array, y: Array) -> Array:
            return self.loss.value(y[None], output[None])[0]

        def blocks(rows: Data) -> Array:
            outputs = self.network.apply(parameters, rows.columns)
            bends = jax.vmap(jax.hessian(row_loss))(outputs, rows.y) * rows.weight[:, None, None]
            columns = jnp.concatenate([rows.columns, jnp.ones_like(rows.columns[:1])])
            n = len(columns)
            k = outputs.shape[1]
            products = jax.lax.map(lambda h: (columns * h) @ columns.T, bends.reshape(-1, k * k).T)
            return products.reshape(k, k, n, n).transpose(2, 0, 3, 1).reshape(n * k, n * k)

        return _total(self.loss, data, blocks)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Dropout(Problem):
    """A problem with hidden units left out at random, others at every step.

    Attributes
    ----------
    rate : float
        Share of the units that is left out.
    key : array
        Of JAX's random numbers.
    """

    rate: Array
    key: Array

    def at_step(self, step: Array) -> Self:
        """The problem with the units that are left out at a step."""
        return replace(self, key=jax.random.fold_in(self.key, step))

    def mean_loss(self, parameters: Parameters, data: Rows) -> Array:
        """Weighted mean of the loss of the network that is left."""

        def loss(rows: Data) -> Array:
            outputs = self.network.apply_dropped(parameters, rows.columns, self.rate, self.key)
            return self.loss.mean_value(rows.y, outputs, rows.weight)

        return _total(self.loss, data, loss)


class Quadratic(NamedTuple):
    """A problem whose mean loss is replaced by its second-order expansion around a point θ₀.

    With the gradient g and the Hessian H at θ₀ it is ``(g + ½ H (θ - θ₀))·(θ - θ₀)``, but for a
    constant. The rows are in g and H.
    """

    problem: Problem
    centre: Parameters
    gradient: Array
    hessian: Array

    def smooth(self, parameters: Parameters, data: Rows | None = None) -> Array:
        """The differentiable part, as that of `Problem`."""
        change = ravel_pytree(_subtract(parameters, self.centre))[0]
        penalty = self.problem.penalty.smooth(parameters.weights, self.problem.predictors)
        return (self.gradient + 0.5 * (self.hessian @ change)) @ change + penalty

    def prox(self, parameters: Parameters, step: Parameters) -> Parameters:
        """Proximal operator of the rest of the penalty."""
        return self.problem.prox(parameters, step)


def expand(problem: Problem, parameters: Parameters, data: Rows) -> Quadratic:
    """The problem of a linear map, its loss expanded around a point to second order."""
    gradient = ravel_pytree(jax.grad(problem.mean_loss)(parameters, data))[0]
    return Quadratic(problem, parameters, gradient, problem.curvature(parameters, data))


def norm(tree: Tree) -> Array:
    """Euclidean norm of every number in a pytree."""
    return jnp.sqrt(sum_of_squares(tree))


def _subtract(a: Parameters, b: Parameters) -> Parameters:
    return jax.tree.map(jnp.subtract, a, b)


def _total(loss: Loss, data: Rows, function: Callable[[Data], Sum]) -> Sum:
    """Sum of a function of rows over all rows.

    Where a row's loss depends on the other rows, the function needs all of them at once.
    """
    if loss.is_separable:
        return data.total(function)
    # Tables that are read in place are for separable losses alone.
    return function(cast(Data, data))


def unit_steps(parameters: Parameters, step: Array | float = 1.0) -> Parameters:
    """The same step for every parameter, in the shape that ``prox`` takes."""
    return jax.tree.map(lambda leaf: jnp.full((1,) * leaf.ndim, step, leaf.dtype), parameters)


def null_loss(loss: Loss, data: Rows, null_outputs: Array) -> tuple[Array, Array]:
    """Mean loss of the null model, and the gradient of a linear map added to it.

    The gradient has the shape (n_columns, n_outputs). The largest norm of its rows of one
    predictor is the strength a₀ from which a path measures its grid.
    """

    def part(rows: Data) -> tuple[Array, Array]:
        everywhere = jnp.broadcast_to(null_outputs, rows.y.shape)
        value, pulls = LossAlone(loss).slopes(rows.y, rows.weight, everywhere)
        return value, rows.columns @ pulls

    return _total(loss, data, part)
