"""THE loop: advance a solver in short calls until its steps are done, its point is solved, or it
is
stopped.
"""

import threading
import time
from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np

from tautnet.fitting import solver
from tautnet.fitting.unit import ladder
from tautnet.objective.networks import Weights, stacked

SECONDS_PER_CALL = 0.3
NUMBERS_BETWEEN_LOOKS = 2**18


class Interrupted(Exception):
    """The run was told to stop; raised between two calls of a compiled program."""


class Ticker:
    """What a loop reports to and asks whether to go on; the default never stops and says
    nothing.
    """

    def __init__(self, on_progress=None):
        self.stopped = threading.Event()
        self.on_progress = on_progress

    def stop(self):
        """Make every loop that holds this ticker raise `Interrupted` at its next call."""
        self.stopped.set()

    def tick(self, share=0.0):
        """Say that a share of one unit of work is done; raise `Interrupted` if told to stop."""
        if self.stopped.is_set():
            raise Interrupted
        if self.on_progress is not None:
            self.on_progress(share)


class Pace:
    """How many steps one call should make so that it takes about `SECONDS_PER_CALL`.

    The number of steps in a call never changes the result: the state carries everything.
    """

    def __init__(self, steps=50):
        self.steps = steps

    def advance(self, advance, first, last, ticker):
        """Call ``advance(first, last)`` in pieces until all steps from first to last are made."""
        while first < last:
            until = min(last, first + self.steps)
            ticker.tick()
            start = time.perf_counter()
            advance(first, until)
            seconds = max(time.perf_counter() - start, 1e-6)
            self.steps = int(np.clip((until - first) * SECONDS_PER_CALL / seconds, 1, 100_000))
            first = until


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
        self.n_columns = len(problem.groups.index)
        self.columns = np.arange(self.n_columns)
        # Fixed by all columns, since what a run returns has them all, however few are left to
        # walk.
        n_parameters = sum(leaf.size for leaf in jax.tree.leaves(parameters))
        self.capacity = int(np.clip(NUMBERS_BETWEEN_LOOKS // n_parameters, 1, 8))
        self._go_on_from(solver.adam_start(problem, parameters))
        self.paces = {True: Pace(), False: Pace(5 if batches else 50)}

    def _go_on_from(self, state):
        self.walked = solver.walked_start(state, self.capacity)

    def keep(self, columns):
        """Walk on with some columns alone; the weights of all others stay 0."""
        at = np.flatnonzero(np.isin(self.columns, columns))
        size = ladder(len(at))

        def cut(leaf):
            kept = np.zeros((size, *leaf.shape[1:]), leaf.dtype)
            kept[: len(at)] = np.asarray(leaf)[at]
            return kept

        state, groups = self.walked.state, self.problem.groups
        index = np.full(size, size - 1, np.int32)
        index[: len(at)] = np.unique(groups.index[at], return_inverse=True)[1]
        groups = groups._replace(index=index, roots=cut(groups.roots), factors=cut(groups.factors))
        self.problem = replace(self.problem, groups=groups)
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
            cycles = solver.Cycles(filled, self.dtype.type(rate), *counts)
            if batched:
                walked = solver.adam_batches(self.problem, *self.batches, cycles, self.walked)
            else:
                walked = solver.adam_full(self.problem, self.data, cycles, self.walked)
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


class Finishing(NamedTuple):
    """How a point is finished.

    Attributes
    ----------
    advance : Program
        ``solver.fista`` or ``solver.newton``.
    block : int
        Iterations between two looks at the certificate.
    measure : Program
        What certifies.
    tol, max_iter : float, int
    convex : bool
        Whether there are no kinks that can keep stationarity up for ever.
    """

    advance: object
    block: int
    measure: object
    tol: float
    max_iter: int
    convex: bool


def finish(problem, data, parameters, how, *, floor, null_loss, ticker):
    """Iterate until a point is solved.

    Stops when stationarity is at most ``tol / 5``, after ``max_iter`` iterations, or, where the
    problem is not convex, when the last two blocks gained less than 1e-4 of the objective while
    stationarity no longer halves.

    Returns
    -------
    parameters, n_iter, stationarity, gap
        ``gap`` is what the last quarter of the iterations gained, relative to ``null_loss``.
    """
    state = solver.fista_start(parameters)
    history, n_iter = [], 0
    while True:
        objective, residual = (
            float(v) for v in how.measure(problem, data, floor, state.parameters)
        )
        history.append((n_iter, objective, residual))
        if (
            residual <= how.tol / 5
            or n_iter >= how.max_iter
            or (not how.convex and _stalled(history))
        ):
            break
        ticker.tick()
        count = min(how.block, how.max_iter - n_iter)
        state = jax.block_until_ready(
            how.advance(problem, data, np.asarray(count, np.int32), state)
        )
        n_iter += count
    iterations, objectives, residuals = (np.array(column) for column in zip(*history, strict=True))
    gap = (np.interp(0.75 * n_iter, iterations, objectives) - objectives[-1]) / null_loss
    return state.parameters, n_iter, residuals[-1], gap


def _stalled(history):
    if len(history) < 3:
        return False
    (_, before, residual_before), (_, now, residual_now) = history[-3], history[-1]
    return before - now < 1e-4 * now and residual_now > 0.5 * residual_before
