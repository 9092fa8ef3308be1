"""Rows that are copies, groups or in order: where they go, and what counts once."""

import numpy as np
import pandas as pd
import pytest

import tautnet as tn
from tautnet.compared_rows import Drawn, take_rows
from tautnet.tables.belonging import belonging_together

RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(60, 3)), columns=list("abc"))
Y = pd.Series(X["a"] + RNG.normal(size=60), name="y")
DRAWN = Drawn(cv=3, repeats=2, ordered=False, seed=0)
FOUR = np.repeat(np.arange(60), 4)


def taken(X, y, groups=None, drawn=DRAWN, task="auto"):
    return take_rows(X, y, None, groups, task, drawn)


def are_whole(codes, fold):
    return all(len(set(fold[codes == code])) == 1 for code in np.unique(codes))


def test_copies_stay_in_one_fold_and_count_once():
    rows = taken(X.iloc[FOUR], Y.iloc[FOUR])
    assert [one.kind for one in rows.findings] == ["copies"]
    assert len(rows.folds) == 2
    for fold in rows.folds:
        assert are_whole(FOUR, fold)
        assert np.bincount(fold).tolist() == [80, 80, 80]
    assert len(np.unique(rows.sample.groups)) == 60


def test_copies_of_rows_in_groups_join_their_groups():
    groups = np.arange(240) // 2
    rows = taken(X.iloc[FOUR], Y.iloc[FOUR], groups)
    assert are_whole(groups, rows.folds[0]) and are_whole(FOUR, rows.folds[0])


def test_rows_in_order_stay_in_order():
    rows = taken(X.iloc[FOUR], Y.iloc[FOUR], drawn=DRAWN._replace(ordered=True, repeats=1))
    assert (np.diff(rows.folds[0]) >= 0).all()
    assert rows.sample.groups is None


def test_copies_of_a_class_that_has_few_are_no_reason_to_refuse():
    labels = np.where(np.arange(60) < 2, "rare", "usual")
    rows = taken(X.iloc[FOUR], pd.Series(labels[FOUR], name="y"))
    assert rows.sample.groups is None


def test_a_table_without_copies_has_no_groups():
    rows = taken(X, Y)
    assert rows.sample.groups is None and rows.findings == []


@pytest.mark.parametrize("groups", [None, np.array([0, 1, 1])])
def test_belonging_to_nothing_else(groups):
    assert belonging_together(groups, None) is groups
    assert belonging_together(None, groups) is groups


def test_noise_four_times_is_noise():
    """Once an R² of 0.57 was "worth its while"."""
    noise = pd.Series(np.random.default_rng(1).normal(size=60), name="y")
    found = tn.compare(
        X.iloc[FOUR],
        noise.iloc[FOUR],
        penalties=["none", "l2"],
        cv=3,
        hidden_layer_sizes=(8,),
    )
    assert found.result["claims"]["learns"]["holds"] is not True
    assert found.detail["observations"] == {"n": 60, "are": "groups"}


def test_unrelated_walks_in_order_are_seldom_taken_for_knowledge():
    """Once "Use l2" was said of four in eight."""
    said = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        walks = pd.DataFrame(rng.normal(size=(120, 2)).cumsum(axis=0), columns=["a", "b"])
        y = pd.Series(rng.normal(size=120).cumsum(), name="y")
        found = tn.compare(walks, y, penalties=["l2"], cv=3, hidden_layer_sizes=(4,), ordered=True)
        said += found.result["claims"]["delivered"]["holds"]
        observations = found.detail["observations"]
        assert observations["are"] == "blocks" and 10 <= observations["n"] < 60
    assert said <= 1
