"""Folds, curves over strengths, and the rules that choose on them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

from tautnet.engine.loop import Ticker
from tautnet.solving.settings import Request
from tautnet.tables.errors import TableError
from tautnet.tables.target import encode_target
from tautnet.validation.chain import Chain, ChainJob
from tautnet.validation.curve import Curve, Scored, inner_curve, make_curve, outer_curve
from tautnet.validation.folds import chain_sets, fold_rows, make_folds, partition_rows


def test_folds_are_even_and_seeded():
    fold = make_folds(23, 5, seed=3)
    assert sorted(np.bincount(fold)) == [4, 4, 5, 5, 5]
    np.testing.assert_array_equal(fold, make_folds(23, 5, seed=3))
    assert (fold != make_folds(23, 5, seed=4)).any()


def test_classes_are_spread_evenly():
    labels = np.array([0] * 40 + [1] * 10)
    fold = make_folds(50, 5, labels=labels)
    assert np.bincount(fold[labels == 1]).tolist() == [2] * 5


@pytest.mark.parametrize("labels", [None, np.arange(60) % 2])
def test_groups_are_never_split(labels):
    groups = np.repeat(np.arange(12), 5)
    fold = make_folds(60, 4, labels=labels, groups=groups, seed=1)
    assert all(len(set(fold[groups == group])) == 1 for group in range(12))
    assert len(set(fold)) == 4


def test_ordered_folds_are_blocks():
    assert make_folds(7, 3, ordered=True).tolist() == [0, 0, 0, 1, 1, 2, 2]


def target(values):
    return encode_target(pd.Series(values), task="auto", name="y")


@pytest.mark.parametrize(
    "values, weight, options, says",
    [
        ([0.5, 1.5, 2.5], None, dict(cv=5), "3 rows are fewer than 5 folds"),
        (["a"] * 9 + ["b"], None, dict(cv=3), "class 'b' of 'y' has 1 row, fewer than 3 folds"),
        (
            ["a"] * 9 + ["b"] * 9,
            None,
            dict(cv=3, nested=True, ordered=True),
            "class 'a' of 'y' is found in 2 of 3",
        ),
        (
            ["a", "b"] * 9,
            np.array([1.0, 0.0] * 9),
            dict(cv=3),
            "class 'b' of 'y' is found in 0 of 3",
        ),
        (np.arange(9) / 2, np.array([0.0] * 3 + [1.0] * 6), dict(cv=3, ordered=True), "weigh 0"),
        (np.arange(9) / 2, None, dict(cv=3, groups=np.zeros(9)), "all rows are of one group"),
    ],
)
def test_folds_that_cannot_train_are_refused(values, weight, options, says):
    one = target(values)
    with pytest.raises(TableError, match=says):
        fold_rows(one, np.ones(len(one.y)) if weight is None else weight, **options)


def test_splits_that_part_the_rows_are_folds():
    one, weight, groups = target(["a", "b"] * 10), np.ones(20), np.arange(20) // 5
    blocks = make_folds(20, 4, ordered=True)
    for cv in (KFold(4), KFold(4).split(one.y)):
        np.testing.assert_array_equal(partition_rows(one, weight, cv), blocks)
    np.testing.assert_array_equal(
        partition_rows(one, weight, GroupKFold(4), groups=groups) == 3, groups == 0
    )
    assert len(set(partition_rows(one, weight, StratifiedKFold(5)))) == 5


@pytest.mark.parametrize(
    "cv, groups, says",
    [
        (ShuffleSplit(3, random_state=0), None, "no partition of the rows"),
        (TimeSeriesSplit(3), None, "no partition of the rows"),
        (KFold(2), None, "at least 3 folds"),
        ([(np.arange(5, 18), np.arange(5))] * 3, None, "no partition of the rows"),
        (list(KFold(3).split(np.ones(18))), np.arange(18) % 7, "part rows of one group"),
        (list(KFold(3).split(np.ones(18))), None, "class 'a' of 'y' is found in 1 of 3"),
    ],
)
def test_other_splits_are_refused_in_one_line(cv, groups, says):
    with pytest.raises(TableError, match=says) as raised:
        partition_rows(target(["a"] * 6 + ["b"] * 12), np.ones(18), cv, groups=groups)
    assert "\n" not in str(raised.value)


# Rules.


@st.composite
def curves(draw):
    n_alphas, n_folds = draw(st.integers(1, 12)), draw(st.integers(2, 6))
    # A few digits make ties.
    losses = draw(
        arrays(float, (n_alphas, n_folds), elements=st.integers(0, 8).map(lambda i: i / 8))
    )
    weights = draw(arrays(float, n_folds, elements=st.integers(1, 4).map(float)))
    return Curve(np.geomspace(0.01, 10, n_alphas), losses, weights)


@given(curves())
def test_one_se_is_the_most_regularised_within_one_standard_error(curve):
    best, chosen = curve.index("min"), curve.index("1se")
    assert (
        curve.mean[best] == curve.mean.min() and (curve.mean[best + 1 :] > curve.mean[best]).all()
    )
    limit = curve.mean[best] + curve.standard_error[best]
    assert chosen >= best
    assert curve.mean[chosen] <= limit and (curve.mean[chosen + 1 :] > limit).all()


def test_the_least_loss_is_not_looked_for_above_the_ceiling():
    losses = np.array([[3.0, 5.0], [2.0, 4.0], [1.9, 3.9], [3.5, 3.5], [9.0, 9.0]])
    curve = Curve(np.arange(1.0, 6.0), losses, np.ones(2), ceiling=2.0)
    assert replace(curve, ceiling=np.inf).index("min") == 2
    assert curve.alpha("min") == 2.0
    # One standard error above the loss there.
    assert curve.alpha("1se") == 4.0


def test_mean_and_standard_error_by_hand():
    curve = Curve(np.array([1.0]), np.array([[1.0, 2.0, 4.0]]), np.ones(3))
    assert curve.mean[0] == pytest.approx(7 / 3)
    assert curve.standard_error[0] == pytest.approx(np.std([1, 2, 4], ddof=1) / np.sqrt(3))


# Chains.


class Walked:
    """As much of a path as a curve looks at."""

    def __init__(self, alphas, n_features):
        self.alphas, self.n_features = np.array(alphas), np.array(n_features)


def chain(left_out, alphas, n_features, losses):
    arrays = {k: np.array(one) for k, one in losses.items()}
    constant = dict.fromkeys(losses, 1.0)
    return Chain(left_out, Walked(alphas, n_features), arrays, constant, beside=np.zeros(0, int))


def test_a_chain_that_ends_null_stays_null_and_one_that_starts_late_has_no_model():
    early = chain((0,), [0.1, 1.0], [2, 0], {0: [0.5, 0.9]})
    late = chain((1,), [1.0, 10.0], [3, 0], {1: [0.4, 0.8]})
    curve = make_curve([Scored(early, 0, 1.0), Scored(late, 1, 1.0)])
    assert curve.alphas.tolist() == [1.0, 10.0]
    assert curve.fold_losses.tolist() == [[0.9, 0.4], [0.9, 0.8]]


def test_noise_is_the_loss_that_is_left_over_the_loss_that_is_saved():
    def noise(*losses):
        one = chain((0,), [0.1, 1.0, 10.0], [2, 1, 0], {0: losses})
        return make_curve([Scored(one, 0, 1.0)]).noise

    assert noise(0.5, 0.2, 1.0) == pytest.approx(0.25)
    assert noise(3.0, 1.5, 1.0) == np.inf and noise(0.0, 0.5, 1.0) == 0


def test_nested_folds_share_chains():
    sets = chain_sets(5, nested=True)
    assert len(sets) == len(set(sets)) == 15
    assert [sum(k in left_out and len(left_out) == 2 for left_out in sets) for k in range(5)] == [
        4
    ] * 5


def test_inner_curves_score_only_folds_they_may_see():
    """For outer fold 0 the chain without 0 and 1 is scored on 1, and so on."""
    chains = [
        chain((a, b), [1.0], [1], {a: [10.0 + a], b: [20.0 + b]})
        for a, b in ((0, 1), (0, 2), (1, 2))
    ]
    curve = inner_curve(chains, 0, np.ones(3))
    assert curve.fold_losses.tolist() == [[21.0, 22.0]]


def test_chains_score_the_rows_they_left_out(regression, settings):
    fold = make_folds(60, 3, seed=0)
    job = ChainJob(settings("l2"), Request(keep="all"), fold, (2,))
    one = job.run(regression, Ticker())
    rows = fold == 2
    i = 10
    outputs = one.path.scaling.outputs(one.path.parameters[i], regression.X[rows])
    assert one.losses[2][i] == pytest.approx(np.mean((outputs - regression.y[rows]) ** 2), rel=1e-6)
    curve = outer_curve([[one]], [np.ones(3)])
    assert curve.mean[i] == one.losses[2][i]
    constant = regression.y[~rows].mean()
    assert curve.null_loss == pytest.approx(np.mean((regression.y[rows] - constant) ** 2))
