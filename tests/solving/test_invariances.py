"""What must not change an answer does not, and what must change it does."""

from dataclasses import replace

import numpy as np
import pytest

from tautnet.objective.networks import Network
from tautnet.solving.settings import Request
from tautnet.solving.walk import walk

ALL = np.arange(60)
PENALTIES = ["l2", "elasticnet", "group"]


def outputs(sample, settings, rows=ALL, X=None, alpha=0.05):
    """Outputs of a model walked to one strength, for the rows of the table or others."""
    path = walk(sample, rows, rows[:0], settings, Request(until=alpha))
    return path.scaling.outputs(path.parameters[len(path.alphas) - 1], sample.X if X is None else X)


@pytest.fixture(scope="module")
def exact(settings):
    """Settings of a linear map, solved, and of a network.

    The network's few steps in float64 leave rounding small.
    """

    def make(penalty, hidden):
        if not hidden:
            return settings(penalty, hidden=(), tol=1e-7, max_iter=20_000, alpha_min_ratio=0.05)
        few = replace(settings(penalty).schedule, first_steps=40, steps=2)
        return settings(
            penalty, activation="tanh", precision="float64", alpha_min_ratio=0.05, schedule=few
        )

    return make


@pytest.mark.parametrize("hidden", [(), (6,)])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_weight_of_2_is_the_row_twice(regression, exact, penalty, hidden):
    weighted = regression._replace(weight=np.where(ALL < 20, 2.0, 1.0))
    again = np.concatenate([ALL, ALL[:20]])
    twice = regression._replace(X=regression.X[again], y=regression.y[again], weight=np.ones(80))
    a = outputs(weighted, exact(penalty, hidden))
    b = outputs(twice, exact(penalty, hidden), rows=np.arange(80), X=regression.X)
    np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("hidden", [(), (6,)])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_order_of_rows_does_not_matter(regression, exact, penalty, hidden):
    order = np.random.default_rng(1).permutation(60)
    shuffled = regression._replace(X=regression.X[order], y=regression.y[order])
    a, b = outputs(regression, exact(penalty, hidden)), outputs(shuffled, exact(penalty, hidden))
    np.testing.assert_allclose(a[order], b, atol=1e-6)


@pytest.mark.parametrize("hidden", [(), (6,)])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_the_order_of_predictors_does_not_matter(regression, exact, penalty, hidden, monkeypatch):
    """Where the initial weights are permuted alike."""
    order = np.array([5, 2, 3, 0, 4, 1])
    a = outputs(regression, exact(penalty, hidden))
    initial = Network.initial

    def permuted(self, X, null_outputs, seed):
        back = np.argsort(order)
        first, skip, later = (one := initial(self, X[:, back], null_outputs, seed)).weights
        weights = one.weights._replace(
            input=first[order], skip=None if skip is None else skip[order]
        )
        return one._replace(weights=weights)

    monkeypatch.setattr(Network, "initial", permuted)
    moved = regression._replace(
        X=regression.X[:, order], column_predictor=regression.column_predictor[order]
    )
    np.testing.assert_allclose(a, outputs(moved, exact(penalty, hidden)), atol=1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_units_of_measurement_do_not_matter(regression, exact, penalty):
    """Inputs and target are standardised: metres or feet, the prediction is the same."""
    feet = regression._replace(
        X=regression.X * [1, 3.28, 1, 1, 1e6, 1] + 7, y=regression.y * 100 - 3
    )
    a, b = outputs(regression, exact(penalty, (6,))), outputs(feet, exact(penalty, (6,)))
    np.testing.assert_allclose(a * 100 - 3, b, atol=1e-4)


def test_the_seed_decides(regression, settings):
    a, b, c = (outputs(regression, settings("l2", seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-6
