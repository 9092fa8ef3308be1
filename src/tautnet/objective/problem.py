"""The problem: the one file that knows loss, network and penalty at once.

    F(θ) = Σᵢ wᵢ ℓ(yᵢ, f_θ(xᵢ)) + α Ω(W),   Σᵢ wᵢ = 1

Objective, gradient and certificate are derived here, once, so that they cannot disagree.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from tautnet.objective.networks import Weights
from tautnet.objective.penalties import sum_of_squares

# Rows of a long table whose hidden units are in memory at once: they stay in the processor's cache.
ROWS_AT_ONCE = 2048
# With fewer blocks than these all rows are taken at once.
FEW_BLOCKS = 8


def _sum_of_blocks(rows, function):
    """Sum of a function of rows as `Data` over all of them, block by block."""
    n_rows = rows.weight.shape[0]
    # What a block's gradient needs is computed again, so that one block at a time is in memory.
    part = jax.checkpoint(lambda i: function(rows.batch(i * ROWS_AT_ONCE, ROWS_AT_ONCE, n_rows)))
    nothing = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(part, 0))
    blocks = jnp.arange(n_rows // ROWS_AT_ONCE, dtype=jnp.int32)
    return jax.lax.scan(
        lambda total, i: (jax.tree.map(jnp.add, total, part(i)), None), nothing, blocks
    )[0]


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

    columns: object
    y: object
    weight: object

    def total(self, function):
        """Sum of a function of such rows over all of them: at once, or block by block where there
        are many.
        """
        n_blocks, more = divmod(self.weight.shape[0], ROWS_AT_ONCE)
        return function(self) if more or n_blocks < FEW_BLOCKS else _sum_of_blocks(self, function)

    def batch(self, start, size, n_rows):
        """The rows from one on; behind the last of ``n_rows`` stand the first ones again."""
        columns = jax.lax.dynamic_slice_in_dim(self.columns, start, size, axis=1)
        return Data(columns, *(jax.lax.dynamic_slice_in_dim(a, start, size) for a in self[1:]))


class TableInPlace(NamedTuple):
    """A table in memory of others, row by row: programs read it there from a multiple of 64 bytes
    on.

    Attributes
    ----------
    head : array (n_head, n_columns)
        A copy of the rows that begin before that place, and of one more.
    body : array (n_numbers,)
        All numbers from that place on.
    begin : int array ()
        How many numbers stand before it.
    """

    head: object
    body: object
    begin: object

    def rows(self, index):
        """Some rows, shape (n_index, n_columns)."""
        n_head, n_columns = self.head.shape
        starts = jnp.maximum(index * n_columns - self.begin, 0)
        rows = jax.vmap(lambda start: jax.lax.dynamic_slice(self.body, (start,), (n_columns,)))(
            starts
        )
        return jnp.where((index < n_head)[:, None], self.head[jnp.minimum(index, n_head - 1)], rows)


class TableRows(NamedTuple):
    """Rows of a table that is too large to be copied: they are read from it, and standardised, when
    they are used.

    Attributes
    ----------
    table : TableInPlace
        As it came, NaN where a cell is missing; all units share it.
    scaling : Scaling
        Centre and scale, (n_columns,) each, float64 in every precision: a large offset loses no
        digits.
    index : int array (n_rows,)
        The rows of the table; their number is a multiple of `ROWS_AT_ONCE`.
    y : array (n_rows, n_outputs)
    weight : array (n_rows,)
        Row weights that sum to 1, 0 where a row only fills up.
    """

    table: object
    scaling: object
    index: object
    y: object
    weight: object

    def _read(self, index, y, weight):
        cells = (
            self.table.rows(index).astype(self.scaling.scale.dtype) - self.scaling.centre
        ) / self.scaling.scale
        columns = jnp.where(jnp.isnan(cells), 0.0, cells).astype(weight.dtype).T
        # Read once, not anew in every product: steps take a third of the time.
        return Data(jax.lax.optimization_barrier(columns), y, weight)

    def total(self, function):
        """Sum of a function of rows as `Data` over all of them, block by block."""
        return _sum_of_blocks(self, function)

    def batch(self, start, size, n_rows):
        """The rows from one on; behind the last of ``n_rows`` stand the first ones again."""
        at = (start + jnp.arange(size, dtype=jnp.int32)) % n_rows
        return self._read(self.index[at], self.y[at], self.weight[at])


def _static():
    return field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Problem:
    """A loss of a network under a penalty; the penalty's numbers and the groups are leaves."""

    penalty: object
    groups: object
    loss: object = _static()
    network: object = _static()

    def mean_loss(self, parameters, data):
        """Weighted mean of the loss over the rows."""

        def loss(rows):
            return self.loss.mean_value(
                rows.y, self.network.apply(parameters, rows.columns), rows.weight
            )

        return _total(self.loss, data, loss)

    def at_step(self, step):
        """The problem as a solver sees it at a step: always itself."""
        return self

    def smooth(self, parameters, data):
        """The differentiable part f: mean loss and smooth part of the penalty."""
        return self.mean_loss(parameters, data) + self.penalty.smooth(
            parameters.weights, self.groups
        )

    def objective(self, parameters, data):
        """F: mean loss and penalty."""
        return self.mean_loss(parameters, data) + self.penalty.value(
            parameters.weights, self.groups
        )

    def prox(self, parameters, step):
        """Proximal operator of the rest of the penalty; biases pass as they are."""
        return parameters._replace(
            weights=self.penalty.prox(parameters.weights, step.weights, self.groups)
        )

    def metric(self, squares):
        """Squared gradients as averaged by the penalty."""
        return squares._replace(weights=self.penalty.metric(squares.weights, self.groups))

    def pull(self, parameters):
        """How strongly the prox draws each parameter to zero, one number a parameter or for
        several.
        """
        pull = self.penalty.pull(parameters.weights, self.groups)
        return parameters._replace(
            weights=pull, biases=jax.tree.map(lambda b: 0.0, parameters.biases)
        )

    @property
    def is_sharp(self):
        """Whether the penalty has a corner at zero, which the prox finds."""
        return bool(np.max(self.penalty.pull(Weights(0.0, None, ()), self.groups).input) > 0)

    def stationarity(self, parameters, data, floor):
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
        pull = jax.grad(self.penalty.smooth)(parameters.weights, self.groups)
        gradient = loss_gradient._replace(
            weights=jax.tree.map(jnp.add, loss_gradient.weights, pull)
        )
        moved = self.prox(_subtract(parameters, gradient), unit_steps(parameters))
        residual = _subtract(parameters, moved)
        other = _subtract(residual, loss_gradient)
        return norm(residual) / (norm(loss_gradient) + norm(other) + floor)

    def unpenalised_stationarity(self, parameters, data, floor):
        """The residual without a penalty: the mean gradient over the rows' typical gradient.

        ``‖∇loss‖ / (√(Σ wᵢ ‖∇ℓᵢ‖²) + floor)``, where ``wᵢ ∇ℓᵢ`` is what row i adds to ∇loss through
        its output.
        """

        def row_square(row):
            x, pull = row

            def pulled(parameters):
                return self.network.apply(parameters, x[:, None])[0] @ pull

            return sum_of_squares(jax.grad(pulled)(parameters))

        def mean_square(rows):
            outputs = self.network.apply(parameters, rows.columns)
            pulls = jax.grad(lambda outputs: self.loss.mean_value(rows.y, outputs, rows.weight))(
                outputs
            )
            weight = jnp.where(rows.weight > 0, rows.weight, 1.0)[:, None]
            return rows.weight @ jax.lax.map(
                row_square, (rows.columns.T, pulls / weight), batch_size=128
            )

        gradient = norm(jax.grad(self.mean_loss)(parameters, data))
        return gradient / (jnp.sqrt(_total(self.loss, data, mean_square)) + floor)

    def curvature(self, parameters, data):
        """Hessian of the mean loss of a linear map, in the order of `ravel_pytree`, shape (d, d).

        With x̃ᵢ a row and a 1 behind it for the bias, and hᵢ the Hessian of its loss in its
        outputs, the block of outputs a and b is ``Σᵢ wᵢ hᵢ[a, b] x̃ᵢ x̃ᵢᵀ``.
        """

        def row_loss(output, y):
            return self.loss.value(y[None], output[None])[0]

        def blocks(rows):
            outputs = self.network.apply(parameters, rows.columns)
            bends = jax.vmap(jax.hessian(row_loss))(outputs, rows.y) * rows.weight[:, None, None]
            columns = jnp.concatenate([rows.columns, jnp.ones_like(rows.columns[:1])])
            n, k = len(columns), outputs.shape[1]
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

    rate: object
    key: object

    def at_step(self, step):
        """The problem with the units that are left out at a step."""
        return replace(self, key=jax.random.fold_in(self.key, step))

    def mean_loss(self, parameters, data):
        """Weighted mean of the loss of the network that is left."""

        def loss(rows):
            outputs = self.network.apply_dropped(parameters, rows.columns, self.rate, self.key)
            return self.loss.mean_value(rows.y, outputs, rows.weight)

        return _total(self.loss, data, loss)


class Quadratic(NamedTuple):
    """A problem whose mean loss is replaced by its second-order expansion around a point; data are
    in it.
    """

    problem: object
    centre: object
    gradient: object
    hessian: object

    def smooth(self, parameters, data=None):
        """The differentiable part, as that of `Problem`."""
        change = ravel_pytree(_subtract(parameters, self.centre))[0]
        penalty = self.problem.penalty.smooth(parameters.weights, self.problem.groups)
        return (self.gradient + 0.5 * (self.hessian @ change)) @ change + penalty

    def prox(self, parameters, step):
        """Proximal operator of the rest of the penalty."""
        return self.problem.prox(parameters, step)


def expand(problem, parameters, data):
    """The problem of a linear map, its loss expanded around a point to second order."""
    gradient = ravel_pytree(jax.grad(problem.mean_loss)(parameters, data))[0]
    return Quadratic(problem, parameters, gradient, problem.curvature(parameters, data))


def norm(tree):
    """Euclidean norm of every number in a pytree."""
    return jnp.sqrt(sum_of_squares(tree))


def _subtract(a, b):
    return jax.tree.map(jnp.subtract, a, b)


def _total(loss, data, function):
    """Sum of a function of rows over all rows; where a row's loss depends on the others all are
    needed at once.
    """
    return data.total(function) if loss.is_separable else function(data)


def unit_steps(parameters, step=1.0):
    """The same step for every parameter, in the shape that ``prox`` takes."""
    return jax.tree.map(lambda leaf: jnp.full((1,) * leaf.ndim, step, leaf.dtype), parameters)


def null_loss(loss, data, null_outputs):
    """Mean loss of the null model, and the gradient of a linear map added to it, shape (n_columns,
    n_outputs).

    The gradient's largest group norm is the strength a₀ from which a path measures its grid.
    """

    def part(rows):
        everywhere = jnp.broadcast_to(null_outputs, rows.y.shape)
        value, pulls = jax.value_and_grad(
            lambda outputs: loss.mean_value(rows.y, outputs, rows.weight)
        )(everywhere)
        return value, rows.columns @ pulls

    return _total(loss, data, part)
