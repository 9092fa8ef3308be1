"""`article`: the experiment as published, with the sign mended, done honestly, and what it says of
the article.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

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
    engine_trial,
    engine_units,
    online_trials,
    online_units,
)
from tautnet.engine.jobs import run_units

N_FRESH, N_LARGER = 2000, 1000
PENALTIES, PRUNING = ("none", "l2", "l1"), ("l2", "l1", "group")


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
        Units of work at once; None is 1, -1 all cores. Never changes a number.
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
    online, engine = work.online(), work.engine()
    published, squares = _published(penalty, work)
    result = {
        "penalty": penalty,
        "title": ARTICLES[penalty].title,
        **published,
        "honest": _honest(replicates, {"engine": engine, "online": online}),
        "pruning": {"n_noise": N_NOISE, "rows": work.pruning()},
        "seed": random_state,
        "version": version("tautnet"),
    }
    result["sentences"] = write_findings(result)
    result["seconds"] = time.perf_counter() - start
    detail = {
        "squares": squares,
        "curves": {
            name: {one: curves(trials[one]) for one in ("l1", "l2")}
            for name, trials in (("engine", engine), ("online", online))
        },
        "histograms": {
            name: histograms({one: trials[one] for one in PENALTIES})
            for name, trials in (("engine", engine), ("online", online))
        },
    }
    return Article(result, detail)


class _Work:
    """All units of work of a run, by what they are for, and their results once run."""

    def __init__(self, penalty, replicates, seed):
        def draw(n_train, n_noise=0):
            return [
                draw_replicate(seed, number, n_train, N_FRESH, n_noise)
                for number in range(replicates)
            ]

        self.items = _article_items(penalty)
        self.fresh = draw(N_TRAIN)
        self.noisy = {n: draw(n, N_NOISE) for n in (N_TRAIN, N_LARGER)}
        self.units = {
            ("published", name): [partial(_learn, self.items[0], penalty, strength)]
            for name, strength in (("none", 0.0), ("published", ARTICLES[penalty].strength))
        }
        self.units["published", "mended"] = [partial(_learn_mended, self.items[0], penalty)]
        for r, one in enumerate(self.fresh):
            self.units["online", r] = online_units(one)
            self.units |= {("engine", name, r): engine_units(one, name) for name in PENALTIES}
        self.kinds = [(N_TRAIN, name) for name in PRUNING] + [(N_LARGER, "group")]
        for n, name in self.kinds:
            self.units |= {
                ("noisy", n, name, r): engine_units(one, name)
                for r, one in enumerate(self.noisy[n])
            }

    def run(self, n_jobs, on_progress):
        flat = [unit for units in self.units.values() for unit in units]
        done = iter(run_units(flat, n_jobs=n_jobs, on_progress=on_progress))
        self.results = {key: [next(done) for _ in units] for key, units in self.units.items()}

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
    # The article prints four digits.
    matches = figures and all(
        round(rows[n][k], 4) == v for n, row in printed.items() for k, v in row.items()
    )
    squares = {name: rows[name]["weight_squares"] for name in rows}
    sections = {
        "as_published": {
            "none": rows["none"],
            "published": rows["published"],
            "article": printed,
            "matches_article": matches,
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
        l2, l1 = (chosen_values(trials[one], "test") for one in ("l2", "l1"))
        sections[name] = {"rows": summarise(trials), "l2_minus_l1": interval(l2 - l1)}
    return sections
