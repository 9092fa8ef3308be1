"""Fresh training sets for the article's learner and for tautnet's engine, with every strength
tried
on each.

A trial is one training set under one penalty: the networks of all strengths, their accuracies,
and the cross-validation *inside* the training set that may choose among them. The test items
choose nothing.
"""

import random
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from tautnet.objective.classification import MultinomialLogLoss
from tautnet.objective.networks import Network
from tautnet.objective.strengths import nearest
from tautnet.replication.online import Strengths, learn_online
from tautnet.replication.protocol import (
    ARTICLES,
    HIDDEN,
    INPUT_LIMIT,
    Items,
    draw_items,
    draw_uniform,
    penalty_pair,
)
from tautnet.solving.settings import Settings
from tautnet.solving.walk import walk
from tautnet.tables.sample import Sample
from tautnet.validation.chains import fit_chain
from tautnet.validation.curve import Curve, make_curve
from tautnet.validation.folds import make_folds

N_FOLDS = 5
# λ of the article's learner: each grid goes from nearly nothing to too much.
GRIDS = {"l2": (1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2), "l1": (5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3)}


@dataclass(frozen=True)
class Trial:
    """One training set under one penalty.

    Attributes
    ----------
    strengths : array (n_strengths,)
        α of the engine or λ of the article's learner, ascending; negative for the published
        sign.
    train, test : arrays (n_strengths,)
        Accuracy on the training items and on the test items.
    weights : array (n_strengths, n_weights)
        Every weight of each network; biases are not counted.
    norms : array (n_strengths, n_predictors)
        Norm of the first-layer weights of each predictor; 0 exactly where it has left.
    curve : Curve or None
        Cross-validated loss inside the training set; None where there is nothing to choose.
    """

    strengths: object
    train: object
    test: object
    weights: object
    norms: object
    curve: object = None

    @property
    def squares(self):
        """Sum of squared weights, shape (n_strengths,)."""
        return np.square(self.weights).sum(axis=1)

    def chosen(self, selection="min"):
        """Index of the strength that cross-validation chooses; the last where there is nothing
        to
        choose.
        """
        if self.curve is None:
            return len(self.strengths) - 1
        return nearest(self.strengths, self.curve.alpha(selection))


class Replicate(NamedTuple):
    """One fresh training set, and the test items that are the same for all.

    Attributes
    ----------
    items, test : Items
    fold : int array (n_items,)
        Of the cross-validation inside the training set.
    seed : int
        Of folds, initial weights and order of items.
    """

    items: Items
    test: Items
    fold: object
    seed: int


def draw_replicate(seed, number, n_items, n_test, n_noise=0):
    """A training set of its own, and the test items of a seed.

    Parameters
    ----------
    seed, number : int
        Of the whole run, and of the replicate.
    n_items, n_test : int
        A longer training set begins with the items of a shorter one.
    n_noise : int
        Predictors behind the ten that have nothing to do with the class, drawn as the others
        are.

    Returns
    -------
    Replicate

    Examples
    --------
    >>> draw_replicate(0, 1, 200, 10, n_noise=2).items.X.shape
    (200, 12)
    """
    items, test = (
        _with_noise(
            draw_items(n, random.Random(f"items {name}")), n_noise, random.Random(f"noise {name}")
        )
        for n, name in ((n_items, f"{seed} {number}"), (n_test, f"{seed} test"))
    )
    return Replicate(
        items, test, make_folds(n_items, N_FOLDS, labels=items.labels, seed=number), number
    )


def _with_noise(items, n_noise, rng):
    return Items(
        np.hstack([items.X, draw_uniform(rng, INPUT_LIMIT, (len(items.X), n_noise))]), items.labels
    )


def _accuracies(outputs, labels):
    return (outputs.argmax(axis=-1) == labels).mean(axis=-1)


# The article's learner.


def online_runs():
    """Name of each penalty -> its λ, the published sign negative."""
    published = {f"{name}_published": (-ARTICLES[name].strength,) for name in GRIDS}
    return {"none": (0.0,), **GRIDS, **published}


def online_units(replicate):
    """Units of work of a replicate: all its items, then all but each fold."""
    return [partial(_online_unit, replicate, k) for k in range(-1, N_FOLDS)]


def _online_unit(replicate, left_out, ticker):
    """The networks learned without one fold (-1: on all items), and its losses."""
    items, held_out = replicate.items, replicate.fold == left_out
    runs = online_runs().items()
    pairs = [
        penalty_pair("l1" if name.startswith("l1") else "l2", strength)
        for name, run in runs
        for strength in run
    ]
    strengths = Strengths(*np.array(pairs).T)
    learned = learn_online(
        Items(items.X[~held_out], items.labels[~held_out]), strengths, seed=replicate.seed
    )
    errors = np.square(learned.outputs(items.X[held_out]) - items.targets[held_out])
    return learned, 0.5 * errors.sum(axis=2)


def online_trials(replicate, results):
    """Trials of the article's learner from the results of its units.

    Cross-validation chooses by the squared error that the learner minimises.

    Returns
    -------
    dict
        Name of a penalty -> Trial.
    """
    (learned, _), *folds = results
    items, test = replicate.items, replicate.test
    train, new = (_accuracies(learned.outputs(i.X), i.labels) for i in (items, test))
    losses = np.array([loss.mean(axis=1) for _, loss in folds]).T
    networks = [learned.network(i) for i in range(len(losses))]
    weights = np.array([np.concatenate([n.hidden.ravel(), n.output.ravel()]) for n in networks])
    norms = np.array([np.linalg.norm(n.hidden, axis=1) for n in networks])
    trials, start = {}, 0
    for name, run in online_runs().items():
        at = slice(start, start + len(run))
        start += len(run)
        curve = (
            Curve(np.array(run), losses[at], np.bincount(replicate.fold).astype(float))
            if name in GRIDS
            else None
        )
        trials[name] = Trial(np.array(run), train[at], new[at], weights[at], norms[at], curve)
    return trials


# The engine, on the article's network.


def engine_units(replicate, penalty):
    """Units of work of a replicate under a penalty: all its items, then all but each fold."""
    folds = () if penalty == "none" else range(N_FOLDS)
    return [partial(_engine_path, replicate, penalty)] + [
        partial(_engine_fold, replicate, penalty, k) for k in folds
    ]


def _settings(replicate, penalty):
    network = Network((HIDDEN,), "tanh", skip=False)
    return Settings(
        penalty=penalty, network=network, loss=MultinomialLogLoss(), seed=replicate.seed
    )


def _sample(items):
    return Sample(items.X, np.arange(items.X.shape[1]), items.targets, np.ones(len(items.X)))


def _engine_path(replicate, penalty, ticker):
    items, test, rows = replicate.items, replicate.test, np.arange(len(replicate.items.X))
    path = walk(
        _sample(items), rows, rows[:0], _settings(replicate, penalty), keep="all", ticker=ticker
    )
    kept = sorted(path.parameters)
    train, new = (
        _accuracies(
            np.array([path.unit.outputs(path.parameters[i], one.X) for i in kept]), one.labels
        )
        for one in (items, test)
    )
    weights = [path.parameters[i].weights for i in kept]
    flat = np.array([np.concatenate([w.input.ravel(), w.later[0].ravel()]) for w in weights])
    return Trial(path.alphas[kept], train, new, flat, path.norms[kept])


def _engine_fold(replicate, penalty, left_out, ticker):
    sample, settings = _sample(replicate.items), _settings(replicate, penalty)
    return fit_chain(sample, replicate.fold, (left_out,), settings, ticker=ticker)


def engine_trial(replicate, results):
    """The trial of the engine from the results of its units; cross-validation chooses by
    log-loss.
    """
    trial, *chains = results
    curve = (
        make_curve(chains, range(N_FOLDS), np.bincount(replicate.fold).astype(float))
        if chains
        else None
    )
    return Trial(trial.strengths, trial.train, trial.test, trial.weights, trial.norms, curve)
