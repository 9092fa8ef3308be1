"""Proximal Adam, which walks a path.

One step at the rate η on F = f + Ω, with g = ∇f(θ):

    m = β₁ m + (1 - β₁) g,   v = β₂ v + (1 - β₂) M(g²)
    s = η / (max(√v̂, π) + ε),   θ = prox_sΩ(θ - s m̂)

m̂ and v̂ are corrected for their start at 0 (Adam, Kingma and Ba 2015). The prox is taken in the
metric 1/s of the step (Yun, Lozano and Yang 2021); M averages g² over weights that the penalty
draws jointly, so that they share one s and the prox of their group has its closed form. π, the
penalty's pull, keeps what the prox takes off a weight to the rate, whatever the gradient is. The
rate falls by a cosine (Loshchilov and Hutter 2017).

A step moves each weight by about the rate, and what a unit hears of p columns then by √p times
that, as a sum of p independent numbers does. So a walk multiplies rates that are meant for at most
16 columns by √(16 / p) where more are heard.

The number of steps is an argument of the program, so that one program serves every length and
`loop` can stop between calls.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple, TypeAlias, cast

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.engine.evaluate import Rows
from tautnet.engine.loop import Pace, Ticker
from tautnet.engine.program import Program
from tautnet.objective.arrays import Array
from tautnet.objective.networks import Parameters, heard, stacked, with_columns
from tautnet.objective.problem import Data, Problem
from tautnet.tables.arrays import Floats, Integers

# β₁ and β₂.
MEAN_DECAY = 0.9
SQUARE_DECAY = 0.95
# Most columns for which a rate is meant.
NARROW = 16
# Shuffled rows, their number, an array as long as a block; and what gives the rows of a step.
Batches: TypeAlias = tuple[Rows, Array, Array]
RowsAt: TypeAlias = Callable[[Array], Rows]


class AdamState(NamedTuple):
    """Where proximal Adam stands; ``square`` has the shapes of the penalty's metric."""

    parameters: Parameters
    mean: Parameters
    square: Parameters
    step: Array


def _zeros(tree: Parameters, *leading: int) -> Parameters:
    """Zeros of the same shapes, in NumPy: not even a small program is compiled for a start."""
    return jax.tree.map(lambda leaf: np.zeros((*leading, *leaf.shape), leaf.dtype), tree)


def adam_start(problem: Problem, parameters: Parameters) -> AdamState:
    """State of proximal Adam before its first step."""
    square = _zeros(jax.eval_shape(problem.metric, parameters))
    return AdamState(parameters, _zeros(parameters), square, np.zeros((), np.int32))


class Cycles(NamedTuple):
    """Cosines from ``rate`` to 0 of ``length`` steps, one for each of ``alphas``.

    Of all their steps, counted through, those from ``first`` to ``last`` are made.
    """

    alphas: Array
    rate: Array
    length: Array
    first: Array
    last: Array


class Walked(NamedTuple):
    """Where cycles have led: the state, and parameters at two points of each strength's cycle.

    ``late`` has three quarters of a cycle's steps behind it: what the rest still gains is a
    certificate's gap. ``ends`` stands at the end of each cycle.
    """

    state: AdamState
    late: Parameters
    ends: Parameters


def walked_start(state: AdamState, n_alphas: int) -> Walked:
    """Cycles of so many strengths before their first step."""
    return Walked(state, _zeros(state.parameters, n_alphas), _zeros(state.parameters, n_alphas))


def _adam_steps(problem: Problem, data_at: RowsAt, cycles: Cycles, walked: Walked) -> Walked:
    def one(s: Array, walked: Walked) -> Walked:
        cycle = s // cycles.length
        position = s % cycles.length
        # Every penalty is a dataclass by its decorator, which a type checker does not see.
        penalty: Any = problem.penalty
        own = replace(problem, penalty=replace(penalty, alpha=cycles.alphas[cycle]))
        state = _adam_step(own, data_at, cycles, position, walked.state)

        def stored(kept: Parameters, when: Array) -> Parameters:
            def store() -> Parameters:
                put = jax.lax.dynamic_update_index_in_dim
                return jax.tree.map(lambda k, p: put(k, p, cycle, 0), kept, state.parameters)

            return jax.lax.cond(position == when - 1, store, lambda: kept)

        late = jnp.maximum(3 * cycles.length // 4, 1)
        return Walked(state, stored(walked.late, late), stored(walked.ends, cycles.length))

    return jax.lax.fori_loop(cycles.first, cycles.last, one, walked)


def _adam_step(
    problem: Problem, data_at: RowsAt, cycles: Cycles, position: Array, state: AdamState
) -> AdamState:
    parameters, mean, square, step = state
    dtype = cycles.rate.dtype
    gradient = jax.grad(problem.at_step(step).smooth)(parameters, data_at(step))
    squares = problem.metric(jax.tree.map(jnp.square, gradient))
    mean = jax.tree.map(lambda m, g: MEAN_DECAY * m + (1 - MEAN_DECAY) * g, mean, gradient)
    square = jax.tree.map(lambda v, s: SQUARE_DECAY * v + (1 - SQUARE_DECAY) * s, square, squares)
    step = step + 1
    mean_weight = 1 - MEAN_DECAY ** step.astype(dtype)
    square_weight = 1 - SQUARE_DECAY ** step.astype(dtype)
    progress = position.astype(dtype) / cycles.length.astype(dtype)
    rate = cycles.rate * 0.5 * (1 + jnp.cos(jnp.pi * progress))

    def step_size(v: Array, pull: Array) -> Array:
        # Where the gradient has died away, a step that grows with 1/√v would let the prox cut far
        # more than the rate off a weight, or a predictor off the network, at once.
        return rate / (jnp.maximum(jnp.sqrt(v / square_weight), pull) + 1e-8)

    steps = jax.tree.map(step_size, square, problem.pull(square))
    moved = jax.tree.map(lambda p, m, s: p - s * m / mean_weight, parameters, mean, steps)
    return AdamState(problem.prox(moved, steps), mean, square, step)


def _adam_full(problem: Problem, data: Rows, cycles: Cycles, walked: Walked) -> Walked:
    return _adam_steps(problem, lambda step: data, cycles, walked)


def _adam_batches(
    problem: Problem, data: Rows, n_rows: Array, batch_like: Array, cycles: Cycles, walked: Walked
) -> Walked:
    """Steps on consecutive blocks of rows that were shuffled."""
    size = batch_like.shape[0]

    def block(step: Array) -> Rows:
        rows = data.batch((step * size) % n_rows, size, n_rows)
        return rows._replace(weight=rows.weight * (n_rows.astype(rows.weight.dtype) / size))

    return _adam_steps(problem, block, cycles, walked)


adam_full = Program(_adam_full)
adam_batches = Program(_adam_batches)

# Number of parameters times number of strengths that one run walks between two looks from Python.
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

    def __init__(
        self,
        problem: Problem,
        data: Rows,
        parameters: Parameters,
        ticker: Ticker,
        batches: Batches | None = None,
    ) -> None:
        self.problem = problem
        self.data = data
        self.batches = batches
        self.ticker = ticker
        self.dtype = data.weight.dtype
        self.n_columns = len(problem.predictors.column_predictor)
        self.columns: Integers = np.arange(self.n_columns)
        # What a run returns has all columns, however few are left to walk: so all of them count.
        n_parameters = sum(leaf.size for leaf in jax.tree.leaves(parameters))
        self.capacity = int(np.clip(NUMBERS_BETWEEN_LOOKS // n_parameters, 1, 8))
        self._go_on_from(adam_start(problem, parameters))
        self.paces = {True: Pace(), False: Pace(5 if batches else 50)}

    def _go_on_from(self, state: AdamState) -> None:
        self.walked = walked_start(state, self.capacity)

    def keep(self, columns: Integers) -> None:
        """Walk on with some columns alone; the weights of all others stay 0.

        They are filled up to a power of four, so that chains share few programs. Nothing is done
        where that is more than half of what is walked.
        """
        at = np.flatnonzero(np.isin(self.columns, columns))
        size = 4
        while size < len(at):
            size *= 4
        if size > self.walked.state.parameters.weights.input.shape[0] / 2:
            return

        def cut(leaf: Array) -> Array:
            kept = np.zeros((size, *leaf.shape[1:]), leaf.dtype)
            kept[: len(at)] = np.asarray(leaf)[at]
            return kept

        def cut_rows(rows: Rows) -> Data:
            # Rows of a large table are read in place: there no column is taken out.
            copied = cast(Data, rows)
            return copied._replace(columns=jax.device_put(cut(copied.columns)))

        predictors = self.problem.predictors
        # Columns that only fill up belong to a predictor behind all others.
        index = np.full(size, size - 1, np.int32)
        index[: len(at)] = np.unique(predictors.column_predictor[at], return_inverse=True)[1]
        predictors = predictors._replace(
            column_predictor=index, roots=cut(predictors.roots), factors=cut(predictors.factors)
        )
        self.problem = replace(self.problem, predictors=predictors)
        self.data = cut_rows(self.data)
        if self.batches is not None:
            rows, n_rows, block = self.batches
            self.batches = cut_rows(rows), n_rows, block
        self.columns = self.columns[at]
        state = self.walked.state
        parameters, mean, square = (with_columns(cut, tree) for tree in state[:3])
        self._go_on_from(AdamState(parameters, mean, square, state.step))

    @property
    def parameters(self) -> Parameters:
        """Where the walk stands, all columns, in NumPy."""
        return self._with_all_columns(stacked(self.walked.state.parameters), 1)

    def _with_all_columns(self, several: Parameters, n: int) -> Parameters:
        """The first n of several networks, columns that have left filled up with zeros."""

        def fill(leaf: Array) -> Floats:
            filled = np.zeros((n, self.n_columns, leaf.shape[2]), leaf.dtype)
            filled[:, self.columns] = leaf[:n, : len(self.columns)]
            return filled

        several = jax.tree.map(lambda leaf: np.asarray(leaf)[:n], several)
        if len(self.columns) == self.n_columns:
            return several
        return with_columns(fill, several)

    @property
    def slowing(self) -> float:
        """What rates are multiplied by where more than `NARROW` columns are heard."""
        n_heard = heard(stacked(self.walked.state.parameters))[0].sum()
        return float(np.sqrt(NARROW / max(n_heard, NARROW)))

    def run(
        self,
        alphas: Floats | list[float],
        rate: float,
        length: int,
        first: int = 0,
        last: int | None = None,
        *,
        batched: bool,
    ) -> tuple[Parameters, Parameters]:
        """Make one cosine of ``length`` steps for each strength, in minibatches or on all rows.

        Of all their steps, counted through, only those from ``first`` to ``last`` are made.

        Returns
        -------
        late, ends
            Parameters in NumPy after three quarters of each cycle and at its end, the first axis
            the strength.
        """
        batches = self.batches if batched else None
        filled = np.zeros(self.capacity, self.dtype)
        filled[: len(alphas)] = alphas

        def advance(first: int, last: int) -> None:
            counts = (np.asarray(count, np.int32) for count in (length, first, last))
            cycles = Cycles(filled, self.dtype.type(rate), *counts)
            if batches is None:
                walked = adam_full(self.problem, self.data, cycles, self.walked)
            else:
                walked = adam_batches(self.problem, *batches, cycles, self.walked)
            self.walked = jax.block_until_ready(walked)

        last = length * len(alphas) if last is None else last
        self.paces[batched].advance(advance, first, last, self.ticker)
        late = self._with_all_columns(self.walked.late, len(alphas))
        return late, self._with_all_columns(self.walked.ends, len(alphas))
