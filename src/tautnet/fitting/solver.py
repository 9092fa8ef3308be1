"""Solvers: proximal Adam walks a path, accelerated proximal gradient or proximal Newton finishes a
point.

Each is an initial state and one compiled advance of a given number of steps. The number is an
argument of the program, so that one program serves every length and `loop` can stop between calls.
"""

import ctypes
import sys
import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.objective.problem import expand, norm, null_loss, unit_steps

# Each takes some memory maps, of which Linux allows a process 65,530; beyond them XLA ends the
# process.
MOST_PROGRAMS = 2000
# Bytes that a program works on beyond which memory is worth the hundredths of a second that
# returning it takes.
MUCH_MEMORY = 2**26
MEAN_DECAY = 0.9
SQUARE_DECAY = 0.95


class Program:
    """A function compiled once for each shape, however many threads ask for it at once.

    XLA is told to use one thread inside a program, since units of work run side by side; for large
    products it may use more (seen in jaxlib 0.10.2). How many units run at once changes no bit of a
    fit.

    Attributes
    ----------
    compiled : dict
        Signature of the arguments -> future of the compiled program; its length counts
        compilations.
    """

    every = []

    def __init__(self, function):
        self.function = function
        self.compiled = {}
        self.lock = threading.Lock()
        self.every.append(self)

    def __call__(self, *arguments):
        leaves, structure = jax.tree.flatten(arguments)
        key = structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)
        with self.lock:
            mine = key not in self.compiled
            future = self.compiled.setdefault(key, Future())
        if mine:
            try:
                options = (
                    {"xla_cpu_multi_thread_eigen": False}
                    if jax.default_backend() == "cpu"
                    else None
                )
                future.set_result(
                    jax.jit(self.function, compiler_options=options).lower(*arguments).compile()
                )
            except BaseException as error:
                self.compiled.pop(key, None)
                future.set_exception(error)
                raise
            if sum(leaf.nbytes for leaf in leaves) > MUCH_MEMORY:
                _return_memory()
        return future.result()(*arguments)


def _return_memory():
    """Give the system back what compiling has freed: glibc would keep some 140 MB of it for the
    process.
    """
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim"):
        ctypes.CDLL(None).malloc_trim(0)


def forget_programs(most=MOST_PROGRAMS):
    """Let all compiled programs go where a process holds more of them than it should: they are
    compiled again.
    """
    if sum(len(program.compiled) for program in Program.every) > most:
        for program in Program.every:
            program.compiled.clear()
        # JAX holds them too.
        jax.clear_caches()


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


class FistaState(NamedTuple):
    """Where accelerated proximal gradient stands.

    ``ahead`` is the extrapolated point, ``momentum`` the t of Beck and Teboulle (2009).
    """

    parameters: object
    ahead: object
    momentum: object
    step: object


def fista_start(parameters):
    """State of accelerated proximal gradient before its first iteration."""
    one = np.ones((), parameters.biases[0].dtype)
    return FistaState(parameters, parameters, one, one)


def _dot(a, b):
    return sum(jnp.vdot(x, y) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


def _fista_iteration(problem, data, state):
    """One iteration with backtracking (Beck and Teboulle 2009) and gradient restart (O'Donoghue and
    Candès 2015).
    """
    previous, ahead, momentum, step = state
    value, gradient = jax.value_and_grad(problem.smooth)(ahead, data)

    def trial(carry):
        step = carry[2] / 2
        moved = jax.tree.map(lambda x, g: x - step * g, ahead, gradient)
        moved = problem.prox(moved, unit_steps(moved, step))
        change = jax.tree.map(jnp.subtract, moved, ahead)
        bend = _dot(change, change) / step

        def by_values():
            return problem.smooth(moved, data) <= value + _dot(gradient, change) + bend / 2

        def by_gradients():
            turned = jax.tree.map(jnp.subtract, jax.grad(problem.smooth)(moved, data), gradient)
            return _dot(turned, change) <= bend

        # Close to the solution two values differ by rounding alone; their gradients still tell.
        return moved, jax.lax.cond(bend > 1e-9 * jnp.abs(value), by_values, by_gradients), step

    # The first trial is made with the step as it is.
    moved, _, step = jax.lax.while_loop(
        lambda c: ~c[1] & (c[2] > 1e-12), trial, (ahead, False, 2 * step)
    )
    change = jax.tree.map(jnp.subtract, moved, previous)
    uphill = _dot(jax.tree.map(jnp.subtract, ahead, moved), change) > 0
    following = (1 + jnp.sqrt(1 + 4 * momentum**2)) / 2
    inertia = jnp.where(uphill, 0.0, (momentum - 1) / following)
    ahead = jax.tree.map(lambda x, c: x + inertia * c, moved, change)
    # A step that may grow again adapts to flat regions of a non-convex problem.
    return FistaState(moved, ahead, jnp.where(uphill, 1.0, following), step * 1.1)


def _fista(problem, data, iterations, state):
    return jax.lax.fori_loop(0, iterations, lambda _, s: _fista_iteration(problem, data, s), state)


def _newton(problem, data, iterations, state):
    """Proximal Newton (Lee, Sun and Saunders 2014) for linear maps: few passes through the rows.

    The model that the expansion makes is solved by accelerated proximal gradient, to a tenth of the
    residual there is; the step to its solution is halved until the objective falls.
    """

    def iteration(_, state):
        point = state.parameters
        model = expand(problem, point, data)
        residual = _residual(model, point)

        def go_on(carry):
            i, inner = carry
            return (i < 20) & (_residual(model, inner.parameters) > 0.1 * residual)

        def advance(carry):
            i, inner = carry
            return i + 1, jax.lax.fori_loop(
                0, 50, lambda _, s: _fista_iteration(model, None, s), inner
            )

        inner = FistaState(point, point, jnp.ones_like(state.momentum), state.step)
        _, inner = jax.lax.while_loop(go_on, advance, (0, inner))
        change = jax.tree.map(jnp.subtract, inner.parameters, point)
        before = problem.objective(point, data)

        def trial(carry):
            share = carry[2] / 2
            moved = jax.tree.map(lambda x, c: x + share * c, point, change)
            return moved, problem.objective(moved, data) <= before + 1e-14 * jnp.abs(before), share

        # A whole step lands on the model's exact zeros.
        whole = inner.parameters
        first = (
            whole,
            problem.objective(whole, data) <= before + 1e-14 * jnp.abs(before),
            jnp.ones_like(before),
        )
        moved, _, _ = jax.lax.while_loop(lambda c: ~c[1] & (c[2] > 1e-8), trial, first)
        return FistaState(moved, moved, state.momentum, inner.step)

    return jax.lax.fori_loop(0, iterations, iteration, state)


def _residual(model, point):
    gradient = jax.grad(model.smooth)(point)
    moved = model.prox(jax.tree.map(jnp.subtract, point, gradient), unit_steps(point))
    return norm(jax.tree.map(jnp.subtract, point, moved))


fista = Program(_fista)
newton = Program(_newton)


def _measure(problem, data, floor, parameters):
    return problem.objective(parameters, data), problem.stationarity(parameters, data, floor)


def _measure_unpenalised(problem, data, floor, parameters):
    return (
        problem.objective(parameters, data),
        problem.unpenalised_stationarity(parameters, data, floor),
    )


def _null(problem, data, outputs):
    return null_loss(problem.loss, data, outputs)


def _pulls(problem, y, weight, outputs):
    return jax.grad(lambda outputs: problem.loss.mean_value(y, outputs, weight))(outputs)


def _objective(problem, data, parameters):
    return problem.objective(parameters, data)


null = Program(_null)
pulls = Program(_pulls)
objective = Program(_objective)
measure = Program(_measure)
measure_unpenalised = Program(_measure_unpenalised)
