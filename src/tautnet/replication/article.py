"""`article`: the experiment as published, with the sign mended, and on fresh data."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from tautnet.engine.jobs import Call, run_jobs
from tautnet.replication.findings import write_findings
from tautnet.replication.online import Strengths, learn_online
from tautnet.replication.protocol import (
    ARTICLES,
    N_TEST,
    N_TRAIN,
    accuracy,
    draw_items,
    learn,
    penalty_pair,
    sum_of_squared_weights,
)
from tautnet.replication.pruning import N_NOISE, pruning_rows
from tautnet.replication.summary import chosen_values, curves, histograms, interval, summarise
from tautnet.replication.trials import (
    draw_replicate,
    engine_jobs,
    engine_trial,
    online_jobs,
    online_trials,
)

# Test items of the fresh runs, and items of the larger training sets.
N_FRESH = 2000
N_LARGER = 1000
# Penalties of the fresh training sets, and of those with noise predictors.
PENALTIES = ("none", "l2", "l1")
PRUNING = ("l2", "l1", "group")


@dataclass(frozen=True)
class Article:
    """The article's experiment, repeated.

    Attributes
    ----------
    result : dict
        The object that ``tautnet article --json`` prints.
    detail : dict
        What the pictures draw: sums of squared weights by epoch, accuracies by strength,
        histograms.
    """

    result: dict[str, Any]
    detail: dict[str, Any]

    def __repr__(self):
        sentences = [f"{one['claim']}: {one['finding']}" for one in self.result["sentences"]]
        return "\n".join([f"Article({self.result['penalty']})", *sentences])


def article(
    penalty: str = "l1",
    *,
    replicates: int = 20,
    random_state: int = 0,
    n_jobs: int | None = None,
    on_progress: Callable[[float], None] | None = None,
) -> Article:
    """Repeat the experiment of the article "Neural Network L1 (or L2) Regularization Using Python".

    As published, to the digit; with the sign of its penalty mended; on fresh training sets, with
    the strength chosen by cross-validation inside each and a test set of 2,000; and with noise
    predictors added, to see what is pruned.

    Parameters
    ----------
    penalty : {"l1", "l2"}
        Which of the two articles is repeated as published; the rest is the same for both.
    replicates : int
        Fresh training sets, at least 2.
    random_state : int
        Of the fresh training sets and the 2,000 test items; the published run has the article's own
        seeds.
    n_jobs : int, optional
        Jobs that run side by side; None is 1, -1 all cores. Never changes a number.
    on_progress : callable, optional
        Called with the share done, from any thread.

    Returns
    -------
    Article

    References
    ----------
    McCaffrey (2017), Neural Network L2 Regularization Using Python, Visual Studio Magazine,
    September. McCaffrey (2017), Neural Network L1 Regularization Using Python, Visual Studio
    Magazine, December.

    Examples
    --------
    >>> article("l3")
    Traceback (most recent call last):
    ValueError: penalty='l3' is neither 'l1' nor 'l2'
    """
    if penalty not in ARTICLES:
        raise ValueError(f"penalty={penalty!r} is neither 'l1' nor 'l2'")
    if replicates < 2:
        raise ValueError(f"replicates={replicates}: an interval needs at least 2")
    start = time.perf_counter()
    work = _Work(penalty, replicates, random_state)
    work.run(n_jobs, on_progress)
    learners = {"engine": work.engine(), "online": work.online()}
    published, squares = _published(penalty, work)
    result = {
        "penalty": penalty,
        "title": ARTICLES[penalty].title,
        **published,
        "honest": _honest(replicates, learners),
        "pruning": {"n_noise": N_NOISE, "rows": work.pruning()},
        "seed": random_state,
        "version": version("tautnet"),
    }
    result["sentences"] = write_findings(result)
    result["seconds"] = time.perf_counter() - start
    return Article(result, _detail(squares, learners))


def _detail(squares, learners):
    """What the pictures draw."""
    drawn_curves = {}
    drawn_histograms = {}
    for name, trials in learners.items():
        drawn_curves[name] = {one: curves(trials[one]) for one in ("l1", "l2")}
        drawn_histograms[name] = histograms({one: trials[one] for one in PENALTIES})
    return {"squares": squares, "curves": drawn_curves, "histograms": drawn_histograms}


class _Work:
    """All jobs of a run, by what they are for, and their results once run."""

    def __init__(self, penalty, replicates, seed):
        def draw(n_train, n_noise=0):
            return [
                draw_replicate(seed, number, n_train, N_FRESH, n_noise)
                for number in range(replicates)
            ]

        self.items = _article_items(penalty)
        self.fresh = draw(N_TRAIN)
        self.noisy = {n: draw(n, N_NOISE) for n in (N_TRAIN, N_LARGER)}
        self.kinds = [(N_TRAIN, name) for name in PRUNING] + [(N_LARGER, "group")]
        self.jobs = self._published_jobs(penalty) | self._fresh_jobs() | self._noisy_jobs()

    def _published_jobs(self, penalty):
        """The article's own items: without a penalty, with its sign as published, and mended."""
        train, _ = self.items
        strength = ARTICLES[penalty].strength
        return {
            ("published", "none"): [partial(_learn, train, penalty, 0.0)],
            ("published", "published"): [partial(_learn, train, penalty, strength)],
            ("published", "mended"): [partial(_learn_mended, train, penalty)],
        }

    def _fresh_jobs(self):
        """Fresh training sets, by the article's learner and by the engine."""
        jobs = {}
        for r, one in enumerate(self.fresh):
            jobs["online", r] = online_jobs(one)
            for name in PENALTIES:
                jobs["engine", name, r] = engine_jobs(one, name)
        return jobs

    def _noisy_jobs(self):
        """Training sets with noise predictors, by the engine."""
        jobs = {}
        for n, name in self.kinds:
            for r, one in enumerate(self.noisy[n]):
                jobs["noisy", n, name, r] = engine_jobs(one, name)
        return jobs

    def run(self, n_jobs, on_progress):
        """Run all jobs, which fills ``results``."""
        flat = [Call(job) for jobs in self.jobs.values() for job in jobs]
        done = iter(run_jobs(None, flat, n_jobs=n_jobs, on_progress=on_progress))
        self.results = {key: [next(done) for _ in jobs] for key, jobs in self.jobs.items()}

    def online(self):
        """Name -> trials of the article's learner, one a replicate."""
        trials = [online_trials(one, self.results["online", r]) for r, one in enumerate(self.fresh)]
        return {name: [each[name] for each in trials] for name in trials[0]}

    def engine(self):
        """Name -> trials of the engine, one a replicate."""
        return {
            name: [
                engine_trial(one, self.results["engine", name, r])
                for r, one in enumerate(self.fresh)
            ]
            for name in PENALTIES
        }

    def pruning(self):
        """Rows on what is pruned, for each number of training items and penalty."""
        rows = []
        for n, name in self.kinds:
            trials = [
                engine_trial(one, self.results["noisy", n, name, r])
                for r, one in enumerate(self.noisy[n])
            ]
            rows += pruning_rows({name: trials}, n)
        return rows


def _article_items(penalty):
    """The article's own training items and test items."""
    facts = ARTICLES[penalty]
    seeds = (N_TRAIN, facts.train_seed), (N_TEST, facts.test_seed)
    return [draw_items(n, random.Random(seed)) for n, seed in seeds]


def _learn(items, penalty, strength, ticker):
    return learn(items, *penalty_pair(penalty, strength))


def _learn_mended(items, penalty, ticker):
    """With the mended sign, by the compiled learner."""
    pair = penalty_pair(penalty, ARTICLES[penalty].strength)
    learned = learn_online(items, Strengths(*(np.array([strength]) for strength in pair)))
    return learned.network(0), learned.squares[:, 0]


def _published(penalty, work):
    """Sections on the article's own items, and the sums of squared weights by epoch."""
    runs = {name: work.results["published", name][0] for name in ("none", "published", "mended")}
    rows = {
        name: _network_row(network, *work.items, work.fresh[0].test)
        for name, (network, _) in runs.items()
    }
    figures = ARTICLES[penalty].figures
    printed = figures and {
        name: {"train_accuracy": train, "test_accuracy": test}
        for name, (train, test) in figures.items()
    }
    squares = {name: rows[name]["weight_squares"] for name in rows}
    sections = {
        "as_published": {
            "none": rows["none"],
            "published": rows["published"],
            "article": printed,
            "matches_article": figures and _matches(rows, printed),
        },
        "sign": {
            "strength": ARTICLES[penalty].strength,
            "weight_squares": squares,
            "grows_as_published": squares["published"] > squares["none"],
            "shrinks_mended": squares["mended"] < squares["none"],
        },
        "sign_mended": rows["mended"],
    }
    return sections, {name: history.tolist() for name, (_, history) in runs.items()}


def _matches(rows, printed):
    """Whether the runs have every figure that the article prints, to its four digits."""
    return all(
        round(rows[name][key], 4) == value
        for name, row in printed.items()
        for key, value in row.items()
    )


def _network_row(network, train, test, fresh):
    weights = np.concatenate([network.hidden.ravel(), network.output.ravel()])
    right = accuracy(network, test)
    return {
        "train_accuracy": accuracy(network, train),
        "test_accuracy": right,
        "test_right": round(right * len(test.X)),
        "n_test": len(test.X),
        "fresh_accuracy": accuracy(network, fresh),
        "weight_squares": sum_of_squared_weights(network),
        "largest_weight": float(np.abs(weights).max()),
        "zero_weights": int((weights == 0).sum()),
    }


def _honest(replicates, learners):
    sections = {"n_replicates": replicates, "n_train": N_TRAIN, "n_test": N_FRESH}
    for name, trials in learners.items():
        l2 = chosen_values(trials["l2"], "test")
        l1 = chosen_values(trials["l1"], "test")
        sections[name] = {"rows": summarise(trials), "l2_minus_l1": interval(l2 - l1)}
    return sections
