"""Which predictors are real: the holdout randomization test, and a limit on the share of false ones
among them.

Networks that have not seen a fold predict it twice: with a predictor as it is, and with draws of it
from its distribution given the other predictors. If the target has nothing to do with the predictor
beyond what the others say, its own values are no better than a draw (Tansey, Veitch, Zhang, Rabadan
and Blei 2018, The holdout randomization test).
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.stats import false_discovery_control

from tautnet.solving.trainings import run_chain
from tautnet.tables.scaling import standardise
from tautnet.validation.jobs import run_units, stages

# A predictor is given up when this many draws were as good as its values.
EXCEEDANCES = 10
# Draws at least; more where a single discovery among all predictors needs a smaller p-value.
DRAWS = 1000
# Rows beyond which so many of them, drawn at random, are what the test looks at.
MOST_ROWS = 10_000
# Numbers of hidden signals that are held at once.
SIGNALS = 250_000


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

    p_values: object
    fold_p_values: object
    draws: object


def most_draws(n_predictors, fdr):
    """Draws at most for a predictor: enough that a single real one among all can be found.

    Examples
    --------
    >>> most_draws(10, 0.1), most_draws(100, 0.1)
    (1000, 4000)
    """
    return max(DRAWS, int(np.ceil(4 * n_predictors / fdr)))


def benjamini_hochberg(p_values, fdr):
    """Which p-values are small enough, so that the expected share of false ones is at most a level.

    All predictors count, those that no network uses among them: their p-value is 1.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.9]), 0.1).tolist()
    [True, True, True, False]
    """
    return false_discovery_control(p_values, method="bh") <= fdr * (1 + 1e-9)


class Sequential:
    """A Monte Carlo p-value that stops where it is clear enough.

    Draws are made until ``EXCEEDANCES`` of them were at least as good as what was observed: p is
    that number over the number of draws. Where the most draws come first, it is (exceedances + 1) /
    (draws + 1).

    Parameters
    ----------
    observed : array (n_statistics,)
        Losses: smaller is better, and draws that are equal up to rounding are as good.
    most : int
        Draws at most.

    References
    ----------
    Besag and Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78(2).

    Examples
    --------
    >>> p = Sequential(np.array([0.5]), most=1000)
    >>> p.add(np.arange(100)[:, None] % 10)
    >>> p.over, p.values.tolist()
    (True, [0.10989010989010989])
    """

    def __init__(self, observed, most):
        self.limit, self.most, self.draws = observed + 1e-9 * np.abs(observed), most, 0
        self.exceedances = np.zeros(len(observed), int)
        self.ends = np.full(len(observed), most)

    def add(self, losses):
        """Count some more draws, shape (n_draws, n_statistics)."""
        losses = losses[: self.most - self.draws]
        counts = self.exceedances + (losses <= self.limit).cumsum(axis=0)
        full = (counts >= EXCEEDANCES) & (self.exceedances < EXCEEDANCES)
        ended = full.any(axis=0)
        self.ends[ended] = self.draws + 1 + full.argmax(axis=0)[ended]
        self.draws += len(losses)
        self.exceedances = counts[-1]

    @property
    def over(self):
        """Whether no further draw is needed."""
        return self.draws >= self.most or bool((self.exceedances >= EXCEEDANCES).all())

    @property
    def values(self):
        """The p-values, shape (n_statistics,)."""
        stopped = self.exceedances >= EXCEEDANCES
        return np.where(stopped, EXCEEDANCES / self.ends, (self.exceedances + 1) / (self.draws + 1))


def rows_to_test(weight, seed):
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
    unit : Unit
        What it was fitted on.
    parameters : Parameters
    """

    def __init__(self, sample, rows, unit, parameters):
        self.unit, self.parameters, self.rows = unit, parameters, rows
        self.y, self.weight = sample.y[rows], sample.weight[rows]
        self.inputs = standardise(sample.X[rows], unit.scaling)
        first, skip, _ = parameters.weights
        self.signal = self.inputs @ first + parameters.biases[0]
        self.beside = None if skip is None else self.inputs @ skip
        self.n_signals = max(self.signal.size, 1)

    def uses(self, columns):
        """Whether a weight of these columns is not zero."""
        first, skip, _ = self.parameters.weights
        return bool(first[columns].any() or (skip is not None and skip[columns].any()))

    @property
    def loss(self):
        """Summed metric of the rows as they are."""
        return self._loss(self.signal[None], None if self.beside is None else self.beside[None])[0]

    def losses(self, columns, drawn):
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
        change = standardise(drawn, self.unit.scaling.of(columns)) - self.inputs[:, columns]
        beside = None if skip is None else self.beside + change @ skip[columns]
        return self._loss(self.signal + change @ first[columns], beside)

    def _loss(self, signal, beside):
        outputs = self.unit.in_units(
            self.unit.settings.network.outputs_of_signal(self.parameters, signal, beside)
        )
        n_draws, loss = len(outputs), self.unit.settings.loss
        y = np.broadcast_to(self.y, outputs.shape).reshape(-1, self.y.shape[1])
        return loss.metric(y, outputs.reshape(y.shape)).reshape(n_draws, -1) @ self.weight


def fold_networks(nested, rows, *, n_jobs=None, on_progress=None):
    """The network of each fold, at the strength that the other folds choose.

    Nothing that makes it has seen the fold: neither its training, nor its factors, nor the choice
    of its strength.

    Parameters
    ----------
    nested : Nested
        Of one repeat, with chains without two folds.
    rows : int array
        Rows of the table that the test looks at; networks know them by their positions in it.
    n_jobs, on_progress
        As in `run_units`.

    Returns
    -------
    list of FoldNetwork
    """
    sample, fold = nested.sample, nested.folds[0]
    tested = sample.of(rows)

    def network(k, ticker):
        chain, alpha = nested.single(0, k), nested.inner(0, k).alpha("min")
        # Walked again for its parameters: none of the path's are kept.
        path = run_chain(
            sample,
            np.flatnonzero(fold != k),
            rows[:0],
            chain.path.unit.settings,
            until=alpha,
            ticker=ticker,
        )
        unseen = np.flatnonzero(fold[rows] == k)
        return FoldNetwork(tested, unseen, path.unit, path.parameters[len(path.alphas) - 1])

    units = [partial(network, k) for k in range(int(fold.max()) + 1)]
    return run_units(units, n_jobs=n_jobs, on_progress=on_progress)


def randomization_test(
    sample, networks, conditionals, *, most, seed, by_fold=False, n_jobs=None, on_progress=None
):
    """Compare the held-out loss with that under draws of each predictor.

    Parameters
    ----------
    sample : Sample
        The rows that the test looks at.
    networks : list of FoldNetwork
        No row in two of them.
    conditionals : Conditionals
    most : int
        Draws at most for a predictor.
    seed : int
    by_fold : bool
        Whether single networks get p-values, too.
    n_jobs, on_progress
        As in `run_units`.

    Returns
    -------
    Verdicts
        The p-value of a predictor is that of the loss summed over all rows.
    """
    n_predictors, n_folds = sample.n_predictors, len(networks)
    p_values, fold_p_values = (
        np.ones(n_predictors),
        np.full((n_predictors, n_folds), 1.0 if by_fold else np.nan),
    )
    draws, used = np.zeros(n_predictors, int), {}
    for j in range(n_predictors):
        columns = np.flatnonzero(sample.column_predictor == j)
        using = [k for k in range(n_folds) if networks[k].uses(columns)]
        if using:
            used[j] = using
    first, second = stages(2, on_progress)
    # One after the other: what silences a warning of scikit-learn's does so in all threads.
    known = run_units([lambda ticker, j=j: conditionals.of(j) for j in used], on_progress=first)
    units = [
        partial(_test, conditional, [networks[k] for k in used[j]], most, [seed, 4, j], by_fold)
        for j, conditional in zip(used, known, strict=True)
    ]
    results = run_units(units, n_jobs=n_jobs, on_progress=second)
    for j, sequential in zip(used, results, strict=True):
        p_values[j], draws[j] = sequential.values[0], sequential.draws
        if by_fold:
            fold_p_values[j, used[j]] = sequential.values[1:]
    return Verdicts(p_values, fold_p_values, draws)


def _test(conditional, networks, most, seed, by_fold, ticker):
    """Draw one predictor until its p-values are clear: that of all rows first, then those of single
    networks.
    """
    generator = np.random.default_rng(seed)

    def statistics(losses):
        losses = np.stack(losses, axis=-1)
        total = losses.sum(axis=-1, keepdims=True)
        return np.concatenate([total, losses], axis=-1) if by_fold else total

    sequential = Sequential(statistics([network.loss for network in networks]), most)
    size = int(np.clip(SIGNALS // max(network.n_signals for network in networks), 1, 64))
    while not sequential.over:
        ticker.tick(sequential.draws / most)
        drawn = conditional.draw(generator, size)
        sequential.add(
            statistics(
                [
                    network.losses(conditional.columns, drawn[:, network.rows])
                    for network in networks
                ]
            )
        )
    return sequential
