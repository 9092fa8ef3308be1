"""Fresh training sets for the article's learner and for the engine, with every strength on each.

A trial is one training set under one penalty: the networks of all strengths, their accuracies,
and the cross-validation *inside* the training set that may choose among them. The test items
choose nothing.
"""

import random
from dataclasses import dataclass, replace
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
from tautnet.solving.settings import Request, Settings
from tautnet.solving.walk import walk
from tautnet.tables.sample import Sample
from tautnet.validation.chain import ChainJob
from tautnet.validation.curve import Curve, Scored, make_curve
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
        """Index of the strength that cross-validation chooses.

        The last where there is nothing to choose.
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
    items = _draw_named(f"{seed} {number}", n_items, n_noise)
    test = _draw_named(f"{seed} test", n_test, n_noise)
    fold = make_folds(n_items, N_FOLDS, labels=items.labels, seed=number)
    return Replicate(items, test, fold, number)


def _draw_named(name, n_items, n_noise):
    """Items with noise predictors behind the ten, by generators that a name seeds."""
    items = draw_items(n_items, random.Random(f"items {name}"))
    noise = draw_uniform(random.Random(f"noise {name}"), INPUT_LIMIT, (n_items, n_noise))
    return Items(np.hstack([items.X, noise]), items.labels)


def _accuracies(outputs, labels):
    return (outputs.argmax(axis=-1) == labels).mean(axis=-1)


# The article's learner.


def online_runs():
    """Name of each penalty -> its λ, the published sign negative."""
    published = {f"{name}_published": (-ARTICLES[name].strength,) for name in GRIDS}
    return {"none": (0.0,), **GRIDS, **published}


def online_jobs(replicate):
    """Jobs of a replicate: all its items, then all but each fold."""
    return [partial(_online_job, replicate, k) for k in range(-1, N_FOLDS)]


def _online_job(replicate, left_out, ticker):
    """The networks learned without one fold (-1: on all items), and its losses."""
    items = replicate.items
    held_out = replicate.fold == left_out
    pairs = []
    for name, run in online_runs().items():
        penalty = "l1" if name.startswith("l1") else "l2"
        pairs += [penalty_pair(penalty, strength) for strength in run]
    strengths = Strengths(*np.array(pairs).T)
    seen = Items(items.X[~held_out], items.labels[~held_out])
    learned = learn_online(seen, strengths, seed=replicate.seed)
    errors = np.square(learned.outputs(items.X[held_out]) - items.targets[held_out])
    return learned, 0.5 * errors.sum(axis=2)


def online_trials(replicate, results):
    """Trials of the article's learner from the results of its jobs.

    Cross-validation chooses by the squared error that the learner minimises.

    Returns
    -------
    dict
        Name of a penalty -> Trial.
    """
    (learned, _), *folds = results
    items = replicate.items
    test = replicate.test
    train_accuracies = _accuracies(learned.outputs(items.X), items.labels)
    test_accuracies = _accuracies(learned.outputs(test.X), test.labels)
    losses = np.array([loss.mean(axis=1) for _, loss in folds]).T
    networks = [learned.network(i) for i in range(len(losses))]
    weights = np.array([np.concatenate([n.hidden.ravel(), n.output.ravel()]) for n in networks])
    norms = np.array([np.linalg.norm(n.hidden, axis=1) for n in networks])
    trials = {}
    start = 0
    for name, run in online_runs().items():
        at = slice(start, start + len(run))
        start += len(run)
        curve = None
        if name in GRIDS:
            curve = Curve(np.array(run), losses[at], _fold_sizes(replicate))
        trials[name] = Trial(
            strengths=np.array(run),
            train=train_accuracies[at],
            test=test_accuracies[at],
            weights=weights[at],
            norms=norms[at],
            curve=curve,
        )
    return trials


def _fold_sizes(replicate):
    return np.bincount(replicate.fold).astype(float)


# The engine, on the article's network.


def engine_jobs(replicate, penalty):
    """Jobs of a replicate under a penalty: all its items, then all but each fold."""
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
    """The trial on all items of a replicate, as yet without a curve to choose by."""
    rows = np.arange(len(replicate.items.X))
    sample = _sample(replicate.items)
    settings = _settings(replicate, penalty)
    path = walk(sample, rows, rows[:0], settings, Request(keep="all"), ticker)
    kept = sorted(path.parameters)

    def accuracies(items):
        outputs = [path.scaling.outputs(path.parameters[i], items.X) for i in kept]
        return _accuracies(np.array(outputs), items.labels)

    weights = [path.parameters[i].weights for i in kept]
    return Trial(
        strengths=path.alphas[kept],
        train=accuracies(replicate.items),
        test=accuracies(replicate.test),
        weights=np.array([np.concatenate([w.input.ravel(), w.later[0].ravel()]) for w in weights]),
        norms=path.norms[kept],
    )


def _engine_fold(replicate, penalty, left_out, ticker):
    sample = _sample(replicate.items)
    settings = _settings(replicate, penalty)
    job = ChainJob(settings, fold=replicate.fold, left_out=(left_out,))
    return job.run(sample, ticker)


def engine_trial(replicate, results):
    """The trial of the engine from the results of its jobs.

    Cross-validation chooses by log-loss.
    """
    trial, *chains = results
    if not chains:
        return trial
    sizes = _fold_sizes(replicate)
    curve = make_curve(Scored(chain, k, sizes[k]) for k, chain in enumerate(chains))
    return replace(trial, curve=curve)
