"""Which predictors are real: the holdout randomization test, with a limit on false ones.

Networks that have not seen a fold predict it twice: with a predictor as it is, and with draws of it
from its distribution given the other predictors. If the target has nothing to do with the predictor
beyond what the others say, its own values are no better than a draw (Tansey, Veitch, Zhang, Rabadan
and Blei 2018, The holdout randomization test).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tautnet.engine.jobs import Report, run_jobs, stages
from tautnet.engine.loop import Ticker
from tautnet.objective.networks import Parameters
from tautnet.selecting.conditionals import Conditional, Conditionals
from tautnet.selecting.p_values import Sequential
from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.settings import Request, Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import standardise
from tautnet.training.trainings import run_chain
from tautnet.validation.chains import Chains

# Rows beyond which so many of them, drawn at random, are what the test looks at.
MOST_ROWS = 10_000
# Numbers of hidden signals that are held at once, and most draws.
SIGNALS = 250_000
MOST_AT_ONCE = 64


class Verdicts(NamedTuple):
    """What the test says of each predictor.

    Attributes
    ----------
    p_values : array (n_predictors,)
        1 where a predictor is zero in every network.
    fold_p_values : array (n_predictors, n_folds)
        Those of single networks, NaN unless they were asked for, 1 where the predictor is zero in
        that network.
    draws : int array (n_predictors,)
        How many were made.
    """

    p_values: Floats
    fold_p_values: Floats
    draws: Integers


def rows_to_test(weight: Floats, seed: int) -> Integers:
    """The rows that the test looks at: all that count, or `MOST_ROWS` of them.

    Examples
    --------
    >>> rows_to_test(np.array([1.0, 0.0, 2.0]), seed=0).tolist()
    [0, 2]
    """
    counted = np.flatnonzero(weight > 0)
    if len(counted) <= MOST_ROWS:
        return counted
    return np.sort(np.random.default_rng([seed, 3]).choice(counted, MOST_ROWS, replace=False))


class FoldNetwork:
    """A network and rows that it has not seen, ready for other values of one predictor at a time.

    What the first layer and the skip make of the rows is kept; other values add their difference to
    it.

    Parameters
    ----------
    sample : Sample
        The rows that the test looks at.
    rows : int array (n_rows,)
        Those of them that the network has not seen.
    scaling : FittedScaling
        How the rows that it was fitted on were scaled.
    parameters : Parameters
    """

    def __init__(
        self, sample: Sample, rows: Integers, scaling: FittedScaling, parameters: Parameters
    ) -> None:
        self.scaling = scaling
        self.parameters = parameters
        self.rows = rows
        self.y = sample.y[rows]
        self.weight = sample.weight[rows]
        self.inputs = standardise(sample.X[rows], scaling.inputs)
        first, skip, _ = parameters.weights
        self.signal = self.inputs @ first + parameters.biases[0]
        self.beside = None if skip is None else self.inputs @ skip
        self.n_signals = max(self.signal.size, 1)

    def uses(self, columns: Integers) -> bool:
        """Whether a weight of these columns is not zero."""
        first, skip, _ = self.parameters.weights
        made = self.scaling.inputs.made_from(columns)
        return bool(first[made].any() or (skip is not None and skip[made].any()))

    @property
    def loss(self) -> float:
        """Summed metric of the rows as they are."""
        return self._loss(self.signal[None], None if self.beside is None else self.beside[None])[0]

    def losses(self, columns: Integers, drawn: Floats) -> Floats:
        """Summed metric of the rows with other values of some columns.

        Parameters
        ----------
        columns : int array (n_columns,)
        drawn : array (n_draws, n_rows, n_columns)
            Raw numbers of the rows of this network.

        Returns
        -------
        array (n_draws,)
        """
        first, skip, _ = self.parameters.weights
        inputs = self.scaling.inputs
        made = inputs.made_from(columns)
        change = standardise(drawn, inputs.of(columns)) - self.inputs[:, made]
        signal = self.signal + change @ first[made]
        if skip is None or self.beside is None:
            return self._loss(signal, None)
        return self._loss(signal, self.beside + change @ skip[made])

    def _loss(self, signal: Floats, beside: Floats | None) -> Floats:
        settings = self.scaling.settings
        network_outputs = settings.network.outputs_of_signal(self.parameters, signal, beside)
        outputs = self.scaling.in_target_scale(network_outputs)
        y = np.broadcast_to(self.y, outputs.shape).reshape(-1, self.y.shape[1])
        losses = settings.loss.metric(y, outputs.reshape(y.shape))
        return losses.reshape(len(outputs), -1) @ self.weight


@dataclass(frozen=True)
class NetworkJob:
    """The network of one fold.

    Attributes
    ----------
    settings : Settings
    alpha : float
        The strength that the other folds choose.
    fold : int array (n_rows,)
        The fold of each row of the table.
    k : int
        The fold that the network does not see.
    tested : int array
        Rows of the table that the test looks at.
    """

    settings: Settings
    alpha: float
    fold: Integers
    k: int
    tested: Integers

    def run(self, table: Sample, ticker: Ticker) -> FoldNetwork:
        """Walk again up to the strength: none of the path's parameters are kept."""
        seen = np.flatnonzero(self.fold != self.k)
        request = Request(until=self.alpha)
        path = run_chain(table, seen, seen[:0], self.settings, request, ticker)
        unseen = np.flatnonzero(self.fold[self.tested] == self.k)
        parameters = path.parameters[len(path.alphas) - 1]
        return FoldNetwork(table.of(self.tested), unseen, path.scaling, parameters)


def fold_networks(
    chains: Chains,
    rows: Integers,
    *,
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> list[FoldNetwork]:
    """The network of each fold, at the strength that the other folds choose.

    Nothing that makes it has seen the fold: neither its training, nor its factors, nor the choice
    of its strength.

    Parameters
    ----------
    chains : Chains
        Of one repeat, with chains without two folds.
    rows : int array
        Rows of the table that the test looks at; networks know them by their positions in it.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    list of FoldNetwork
    """
    fold = chains.folds[0]
    jobs = []
    for k in range(int(fold.max()) + 1):
        settings = chains.single(0, k).path.settings
        alpha = chains.inner(0, k).alpha("min")
        jobs.append(NetworkJob(settings, alpha, fold, k, rows))
    return run_jobs(chains.sample, jobs, n_jobs=n_jobs, on_progress=on_progress)


@dataclass(frozen=True)
class ConditionalJob:
    """The distribution of one predictor given all others."""

    predictor: int

    def run(self, table: Conditionals, ticker: Ticker) -> Conditional:
        """Fit it."""
        return table.of(self.predictor)


@dataclass(frozen=True)
class RandomizationJob:
    """The test of one predictor.

    Attributes
    ----------
    conditional : Conditional
    networks : tuple of int
        Those that use the predictor.
    most : int
        Draws at most.
    seed : tuple of int
    by_fold : bool
        Whether single networks get p-values, too.
    """

    conditional: Conditional
    networks: tuple[int, ...]
    most: int
    seed: tuple[int, ...]
    by_fold: bool

    def run(self, table: Sequence[FoldNetwork], ticker: Ticker) -> Sequential:
        """Draw until the p-values are clear: that of all rows first, then of single networks."""
        networks = [table[k] for k in self.networks]
        columns = self.conditional.columns
        generator = np.random.default_rng(list(self.seed))
        observed = self._statistics([network.loss for network in networks])
        sequential = Sequential(observed, self.most)
        most_signals = max(network.n_signals for network in networks)
        at_once = int(np.clip(SIGNALS // most_signals, 1, MOST_AT_ONCE))
        while not sequential.over:
            ticker.tick(sequential.draws / self.most)
            drawn = self.conditional.draw(generator, at_once)
            losses = [network.losses(columns, drawn[:, network.rows]) for network in networks]
            sequential.add(self._statistics(losses))
        return sequential

    def _statistics(self, losses: Sequence[float] | Sequence[Floats]) -> Floats:
        """The sum over networks, and the networks themselves where they get p-values."""
        together = np.stack(losses, axis=-1)
        total = together.sum(axis=-1, keepdims=True)
        return np.concatenate([total, together], axis=-1) if self.by_fold else total


def randomization_test(
    sample: Sample,
    networks: Sequence[FoldNetwork],
    conditionals: Conditionals,
    *,
    most: int,
    seed: int,
    by_fold: bool = False,
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Verdicts:
    """Compare the held-out loss with that under draws of each predictor.

    Parameters
    ----------
    sample : Sample
        The rows that the test looks at.
    networks : sequence of FoldNetwork
        No row in two of them.
    conditionals : Conditionals
    most : int
        Draws at most for a predictor.
    seed : int
    by_fold : bool
        Whether single networks get p-values, too.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    Verdicts
        The p-value of a predictor is that of the loss summed over all rows.
    """
    used = {}
    for j in range(sample.n_predictors):
        columns = np.flatnonzero(sample.column_predictor == j)
        using = tuple(k for k, network in enumerate(networks) if network.uses(columns))
        if using:
            used[j] = using
    first, second = stages(2, on_progress)
    # One after the other: what silences a warning of scikit-learn's does so in all threads.
    known = run_jobs(conditionals, [ConditionalJob(j) for j in used], on_progress=first)
    jobs = [
        RandomizationJob(conditional, used[j], most, (seed, 4, j), by_fold)
        for j, conditional in zip(used, known, strict=True)
    ]
    results = run_jobs(networks, jobs, n_jobs=n_jobs, on_progress=second)
    p_values = np.ones(sample.n_predictors)
    fold_p_values = np.full((sample.n_predictors, len(networks)), 1.0 if by_fold else np.nan)
    draws = np.zeros(sample.n_predictors, int)
    for j, sequential in zip(used, results, strict=True):
        p_values[j] = sequential.values[0]
        draws[j] = sequential.draws
        if by_fold:
            fold_p_values[j, list(used[j])] = sequential.values[1:]
    return Verdicts(p_values, fold_p_values, draws)
