"""Bends that a path has lost: seen where they are, and nowhere else."""

import numpy as np
import pytest

import tautnet as tn
from tautnet.objective.tasks import loss_for
from tautnet.solving import bends
from tautnet.solving.bends import Bends
from tautnet.solving.prepared import prepare
from tautnet.solving.settings import Settings
from tautnet.tables.sample import Sample
from tautnet.training.adaptive import adaptive_factors

QUICK = dict(hidden_layer_sizes=(20,), random_state=0)
rng = np.random.default_rng(5)
X = rng.uniform(-1, 1, size=(300, 20))
# Up and down, up and down at a side, straight, and noise.
MEAN = 3 * X[:, 0] ** 2 + 2 * np.maximum(X[:, 1] - 0.4, 0) + X[:, 2]
Y = MEAN + 0.3 * rng.normal(size=300)


def found(X, y, task="regression", weight=None, outputs=None):
    """Bends in the residuals of the null model, or of other outputs."""
    weight = np.ones(len(X)) if weight is None else weight
    y = np.asarray(y, float).reshape(len(X), -1)
    settings = Settings("group", loss=loss_for(task, y, weight))
    prepared = prepare(Sample(X, np.arange(X.shape[1]), y, weight), np.arange(len(X)), settings)
    if outputs is None:
        outputs = np.broadcast_to(prepared.null_model.outputs, prepared.y.shape)
    return Bends(prepared).of(np.asarray(outputs)[None])[0]


def test_bends_are_seen_and_straight_effects_are_none():
    clear = found(X, Y - X[:, 2] - X[:, 1])
    assert clear.argmax() == 0 and clear[0] > 0.5
    assert (found(X, X[:, 2]) < 0.3).all()
    # A network that has the bend leaves none.
    y = (Y - Y.mean()) / Y.std()
    left = found(X, Y, outputs=((MEAN - Y.mean()) / Y.std())[:, None])
    assert np.abs(y - (MEAN - Y.mean()) / Y.std()).max() > 0.1 and not left[:3].any()


def test_noise_has_hardly_any():
    """The largest of as many numbers stays below the level on most tables."""
    seen = [
        (
            found(
                np.random.default_rng(s).normal(size=(200, 50)),
                np.random.default_rng(s + 99).normal(size=200),
            )
            > 0
        )
        for s in range(20)
    ]
    assert np.sum(seen) <= 20 and np.sum(seen) < 0.02 * np.size(seen)


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_classes_bend_too(task):
    centred = X[:, 0] ** 2 - np.median(X[:, 0] ** 2)
    y = np.column_stack([centred > 0, X[:, 3] > 0]) if task == "multilabel" else centred > 0
    clear = found(X, y, task)
    assert clear.argmax() == 0 and clear[0] > 0.5 and (clear[1:] < 0.3).all()


def test_columns_of_two_values_and_of_one_do_not_bend():
    two = np.column_stack([X[:, 0] > 0.2, np.zeros(300), X[:, 1]]).astype(float)
    assert not found(two, np.where(two[:, 0], 1.0, -1.0) + 0.1 * Y)[:2].any()


def test_a_row_of_weight_two_is_a_row_twice():
    weight = 1.0 + (np.arange(300) < 60)
    twice = np.concatenate([np.arange(300), np.arange(60)])
    np.testing.assert_allclose(found(X, Y, weight=weight), found(X[twice], Y[twice]), atol=1e-5)


def test_of_a_long_table_some_rows_are_looked_at(monkeypatch):
    whole = found(X, Y)
    monkeypatch.setattr(bends, "LARGEST", 3 * 20 * 200)
    some = found(X, Y)
    assert 0 < abs(some[0] - whole[0]) < 0.2


def test_a_path_that_loses_a_bend_says_so_and_the_adaptive_one_gets_it_back():
    """x1 goes down and up: the plain group path takes it out before noise.

    Its factor is a small one all the same.
    """
    X = rng.uniform(-1, 1, size=(150, 30))
    y = np.where(2 * X[:, 0] ** 2 + X[:, 1] + 0.3 * rng.normal(size=150) > 0.7, "a", "b")
    path = tn.TautNetClassifierCV("group", cv=3, **QUICK).fit(X, y).path_
    lost = np.flatnonzero((path.norms[:, 0] == 0) & (path.norms[:, 1] > 0))
    assert len(lost) and (path.bends[lost, 0] > 0.15).all()
    factors = adaptive_factors(path.sizes[lost[0]])
    assert factors[0] < 10 < factors[path.norms[lost[0]] == 0].max()
    assert tn.TautNetClassifierCV("l2", cv=3, **QUICK).fit(X, y).path_.bends is None
