"""The simplest model that is about as good as the best, and never worse than a simple rival."""

from typing import NamedTuple

import numpy as np
import pytest

from tautnet.inference.recommended import recommended_row

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=200) ** 2


class Losses(NamedTuple):
    losses: np.ndarray


def made(name, extra, kept, zero=0, noise=0.0):
    """A row whose mean loss is that of the others and so much more, to the last digit."""
    own = RNG.normal(size=200)
    losses = NOISE + extra + noise * (own - own.mean())
    row = {
        "penalty": name,
        "test_loss": losses.mean(),
        "test_loss_se": losses.std(ddof=1) / np.sqrt(200),
        "predictors_kept": kept,
        "n_weights": 100,
        "zero_weights": zero,
    }
    return row, Losses(losses)


def choose(*candidates, bars=()):
    outer = {row["penalty"]: losses for row, losses in candidates}
    rows = [row for row, _ in candidates]
    return recommended_row(rows, outer, bars, np.ones(200))["penalty"]


def test_fewest_predictors_then_weights_then_loss():
    l2 = made("l2", 0.0, 6, noise=0.5)
    assert choose(l2, made("group", 0.005, 3, noise=0.5)) == "group"
    assert choose(l2, made("l1", 0.005, 6, zero=50, noise=0.5)) == "l1"
    assert choose(l2, made("none", 0.05, 6, noise=0.5)) == "l2"


def test_boosting_is_the_least_simple():
    assert choose(made("boosting", 0.0, None, noise=0.5), made("l2", 0.02, 6, noise=0.5)) == "l2"
    assert choose(made("boosting", 0.0, None), made("l2", 0.5, 6)) == "boosting"


def test_a_huge_paired_error_excuses_nothing():
    """One row makes the paired error huge, and the best row's own error forbids the worst."""
    best, _ = best_pair = made("l2", 0.0, 6)
    worst, losses = made("adaptive_group", 0.0, 1)
    wild = losses.losses.copy()
    wild[0] += 400
    worst["test_loss"] = wild.mean()
    assert worst["test_loss"] - best["test_loss"] > best["test_loss_se"]
    assert choose(best_pair, (worst, Losses(wild))) == "l2"


def test_nothing_above_a_bar():
    l2 = made("l2", 0.0, 6, noise=0.5)
    group = made("group", 0.02, 3, noise=0.5)
    assert choose(l2, group, bars=[group[0]["test_loss"] - 1e-3]) == "l2"


def test_the_best_where_all_are_above_a_bar():
    assert choose(made("l2", 0.0, 6), made("group", 0.5, 3), bars=[0.0]) == "l2"


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_has_no_say(seed):
    candidates = [made("l2", 0.0, 6, noise=0.5), made("group", 0.02, 3, noise=0.5)]
    candidates.append(made("l1", 0.02, 4, noise=0.5))
    shuffled = list(np.random.default_rng(seed).permutation(3))
    assert choose(*candidates) == choose(*(candidates[i] for i in shuffled))
