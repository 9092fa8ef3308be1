"""Proximal Adam, which walks a path.

The number of steps is an argument of the program, so that one program serves every length and
`loop` can stop between calls.
"""

from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.objective.networks import Weights, padded_size, stacked
from tautnet.solving.loop import Pace
from tautnet.solving.program import Program

MEAN_DECAY = 0.9
SQUARE_DECAY = 0.95


class AdamState(NamedTuple):
    """Where proximal Adam stands; ``square`` has the shapes of the penalty's metric."""

    parameters: object
    mean: object
    square: object
    step: object


def _zeros(tree, *leading):
    """Zeros of the same shapes, in NumPy: not even a small program is compiled for a start."""
    return jax.tree.map(lambda leaf: np.zeros((*leading, *leaf.shape), leaf.dtype), tree)


def adam_start(problem, parameters):
    """State of proximal Adam before its first step."""
    square = _zeros(jax.eval_shape(problem.metric, parameters))
    return AdamState(parameters, _zeros(parameters), square, np.zeros((), np.int32))


class Cycles(NamedTuple):
    """Cosines from ``rate`` to 0 of ``length`` steps, one for each of ``alphas``.

    Of all their steps, counted through, those from ``first`` to ``last`` are made.
    """

    alphas: object
    rate: object
    length: object
    first: object
    last: object


class Walked(NamedTuple):
    """Where cycles have led: the state, and for each strength the parameters late in its cycle and
    at its end.

    ``late`` has three quarters of a cycle's steps behind it: what the rest still gains is a
    certificate's gap.
    """

    state: AdamState
    late: object
    ends: object


def walked_start(state, n_alphas):
    """Cycles of so many strengths before their first step."""
    return Walked(state, _zeros(state.parameters, n_alphas), _zeros(state.parameters, n_alphas))


def _adam_steps(problem, data_at, cycles, walked):
    dtype = cycles.rate.dtype

    def one(s, walked):
        cycle, position = s // cycles.length, s % cycles.length
        alpha = cycles.alphas[cycle]
        state = step_at(
            replace(problem, penalty=replace(problem.penalty, alpha=alpha)), position, walked.state
        )

        def stored(kept, when):
            def store():
                return jax.tree.map(
                    lambda k, p: jax.lax.dynamic_update_index_in_dim(k, p, cycle, 0),
                    kept,
                    state.parameters,
                )

            return jax.lax.cond(position == when - 1, store, lambda: kept)

        late = jnp.maximum(3 * cycles.length // 4, 1)
        return Walked(state, stored(walked.late, late), stored(walked.ends, cycles.length))

    def step_at(problem, position, state):
        parameters, mean, square, step = state
        gradient = jax.grad(problem.at_step(step).smooth)(parameters, data_at(step))
        squares = problem.metric(jax.tree.map(jnp.square, gradient))
        mean = jax.tree.map(lambda m, g: MEAN_DECAY * m + (1 - MEAN_DECAY) * g, mean, gradient)
        square = jax.tree.map(
            lambda v, s: SQUARE_DECAY * v + (1 - SQUARE_DECAY) * s, square, squares
        )
        step = step + 1
        # Bias corrections of Kingma and Ba (2015).
        mean_weight = 1 - MEAN_DECAY ** step.astype(dtype)
        square_weight = 1 - SQUARE_DECAY ** step.astype(dtype)
        progress = position.astype(dtype) / cycles.length.astype(dtype)
        rate = cycles.rate * 0.5 * (1 + jnp.cos(jnp.pi * progress))
        # Where the gradient has died away, a step that grows with 1/√v would let the prox cut far
        # more than the rate off a weight, or a predictor off the network, at once.
        steps = jax.tree.map(
            lambda v, pull: rate / (jnp.maximum(jnp.sqrt(v / square_weight), pull) + 1e-8),
            square,
            problem.pull(square),
        )
        moved = jax.tree.map(lambda p, m, s: p - s * m / mean_weight, parameters, mean, steps)
        return AdamState(problem.prox(moved, steps), mean, square, step)

    return jax.lax.fori_loop(cycles.first, cycles.last, one, walked)


def _adam_full(problem, data, cycles, walked):
    return _adam_steps(problem, lambda step: data, cycles, walked)


def _adam_batches(problem, data, n_rows, batch_like, cycles, walked):
    """Steps on consecutive blocks of rows that were shuffled."""
    size = batch_like.shape[0]

    def block(step):
        rows = data.batch((step * size) % n_rows, size, n_rows)
        return rows._replace(weight=rows.weight * (n_rows.astype(rows.weight.dtype) / size))

    return _adam_steps(problem, block, cycles, walked)


adam_full = Program(_adam_full)


adam_batches = Program(_adam_batches)


NUMBERS_BETWEEN_LOOKS = 2**18


class Adam:
    """Proximal Adam on one problem: keeps its moments while the strength changes.

    Attributes
    ----------
    capacity : int
        Most strengths of one run; small networks walk several between two looks from Python.
    columns : int array
        The columns that are walked; what is returned has all of them.
    """

    def __init__(self, problem, data, parameters, ticker, batches=None):
        self.problem, self.data, self.batches, self.ticker = problem, data, batches, ticker
        self.dtype = data.weight.dtype
        self.n_columns = len(problem.predictors.column_predictor)
        self.columns = np.arange(self.n_columns)
        # Fixed by all columns, since what a run returns has them all, however few are left to
        # walk.
        n_parameters = sum(leaf.size for leaf in jax.tree.leaves(parameters))
        self.capacity = int(np.clip(NUMBERS_BETWEEN_LOOKS // n_parameters, 1, 8))
        self._go_on_from(adam_start(problem, parameters))
        self.paces = {True: Pace(), False: Pace(5 if batches else 50)}

    def _go_on_from(self, state):
        self.walked = walked_start(state, self.capacity)

    def keep(self, columns):
        """Walk on with some columns alone; the weights of all others stay 0."""
        at = np.flatnonzero(np.isin(self.columns, columns))
        size = padded_size(len(at))

        def cut(leaf):
            kept = np.zeros((size, *leaf.shape[1:]), leaf.dtype)
            kept[: len(at)] = np.asarray(leaf)[at]
            return kept

        state, predictors = self.walked.state, self.problem.predictors
        index = np.full(size, size - 1, np.int32)
        index[: len(at)] = np.unique(predictors.column_predictor[at], return_inverse=True)[1]
        predictors = predictors._replace(
            column_predictor=index, roots=cut(predictors.roots), factors=cut(predictors.factors)
        )
        self.problem = replace(self.problem, predictors=predictors)
        self.data = self.data._replace(columns=jax.device_put(cut(self.data.columns)))
        if self.batches is not None:
            rows, *others = self.batches
            self.batches = (rows._replace(columns=jax.device_put(cut(rows.columns))), *others)
        self.columns = self.columns[at]
        parameters, mean, square = (_on_columns(cut, tree) for tree in state[:3])
        self._go_on_from(state._replace(parameters=parameters, mean=mean, square=square))

    @property
    def parameters(self):
        """Where the walk stands, all columns, in NumPy."""
        return self._with_all_columns(stacked(self.walked.state.parameters), 1)

    def _with_all_columns(self, several, n):
        def fill(leaf):
            filled = np.zeros((n, self.n_columns, leaf.shape[2]), leaf.dtype)
            filled[:, self.columns] = leaf[:n, : len(self.columns)]
            return filled

        several = jax.tree.map(lambda leaf: np.asarray(leaf)[:n], several)
        if len(self.columns) == self.n_columns:
            return several
        return _on_columns(fill, several)

    def run(self, alphas, rate, length, first=0, last=None, *, batched):
        """Make one cosine of ``length`` steps for each strength, or the steps from ``first`` to
        ``last`` of them.

        Returns
        -------
        late, ends
            Parameters in NumPy after three quarters of each cycle and at its end, the first axis
            the strength.
        """
        filled = np.zeros(self.capacity, self.dtype)
        filled[: len(alphas)] = alphas

        def advance(first, last):
            counts = (np.asarray(count, np.int32) for count in (length, first, last))
            cycles = Cycles(filled, self.dtype.type(rate), *counts)
            if batched:
                walked = adam_batches(self.problem, *self.batches, cycles, self.walked)
            else:
                walked = adam_full(self.problem, self.data, cycles, self.walked)
            self.walked = jax.block_until_ready(walked)

        last = length * len(alphas) if last is None else last
        self.paces[batched].advance(advance, first, last, self.ticker)
        return tuple(
            self._with_all_columns(kept, len(alphas))
            for kept in (self.walked.late, self.walked.ends)
        )


def _on_columns(change, parameters):
    """Parameters with a change made to the weights that have an axis of columns."""
    first, skip, later = parameters.weights
    weights = Weights(change(first), None if skip is None else change(skip), later)
    return parameters._replace(weights=weights)
