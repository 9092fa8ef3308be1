"""Where predictors leave a path, with ties, returns and the spread over folds."""

import numpy as np
import pytest

import tautnet as tn
from tautnet.inference.exits import order_of_exit


class Walked:
    """As much of a path as an order of exit looks at."""

    def __init__(self, norms, alphas=(0.1, 1.0, 10.0)):
        self.alphas, self.norms = np.array(alphas), np.array(norms, float)


def test_exits_by_hand():
    """The first stays, the second and third leave together.

    The fourth leaves, comes back and leaves.
    """
    path = Walked([[1, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 0]])
    early, late = (
        Walked([[1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0]]),
        Walked([[0, 1, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0]]),
    )
    exits = order_of_exit(path, [early, late])
    assert exits.alphas.tolist() == [np.inf, 1.0, 1.0, 10.0]
    assert exits.returns.tolist() == [0, 0, 0, 1]
    # Decades apart: never in one fold, one, none, none.
    assert np.isnan(exits.spread[0])
    assert exits.spread[1:] == pytest.approx([np.std([0, 1], ddof=1), 0, 0])


def test_an_estimator_says_where_its_predictors_leave():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(60, 3)), np.ones(60)])
    y = X[:, 0] + 0.3 * X[:, 1] + 0.1 * rng.normal(size=60)
    model = tn.TautNetRegressorCV("l1", cv=3, hidden_layer_sizes=(), random_state=0).fit(X, y)
    assert model.exit_ranks_.tolist() == [4, 3, 2, 1]
    assert model.exit_alphas_[3] == 0 and (np.diff(model.exit_alphas_) < 0).all()
    assert (model.exit_spread_[:2] < 0.2).all() and not model.exit_returns_.any()
    # It is alive one strength of the grid below, and not from there on.
    below, there = (
        tn.TautNetRegressor("l1", a, hidden_layer_sizes=(), random_state=0)
        .fit(X, y)
        .selected_features_[0]
        for a in (10 ** (-1 / 8) * model.exit_alphas_[0], model.exit_alphas_[0])
    )
    assert below and not there
