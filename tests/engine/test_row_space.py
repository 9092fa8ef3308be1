"""The row space: the same objective and networks on at most as many columns as rows."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from tautnet.engine.adam import NARROW, Adam
from tautnet.engine.loop import Ticker
from tautnet.engine.row_space import row_space
from tautnet.objective.networks import Network, stacked
from tautnet.solving.prepared import prepare
from tautnet.solving.settings import Request
from tautnet.solving.start import start_adam
from tautnet.solving.walk import walk

ROWS = np.arange(20)


@pytest.fixture
def wide(regression):
    """Twenty rows of forty columns, two of them alike and one constant."""
    X = np.random.default_rng(0).normal(size=(60, 40))
    X[:, 1] = X[:, 0]
    X[:, 2] = 3.0
    return regression._replace(X=X, column_predictor=np.arange(40))


def spaced(prepared):
    return row_space(prepared.X, prepared.weight, prepared.column_factors)


@pytest.mark.parametrize("factors", [None, tuple(np.linspace(0.5, 2.0, 40))])
def test_objective_and_outputs_are_those_of_the_columns(wide, settings, factors):
    prepared = prepare(wide, ROWS, settings("l2", penalty_factors=factors))
    space = spaced(prepared)
    with jax.enable_x64(True):
        data = prepared.data(np.float64)
        problem = prepared.problem(0.3, np.float64)
        start = space.start(prepared.start(np.float64))
        there = space.problem(problem).objective(start, space.data(data))
        again = space.on_columns(stacked(start), prepared.padded_shape[1])
        back = jax.tree.map(lambda leaf: leaf[0], again)
        assert np.isclose(there, problem.objective(back, data), rtol=1e-9)
        # What rows see of the start is the same: only what they do not see is left out.
        outputs = [
            problem.network.apply(one, data.columns) for one in (prepared.start(float), back)
        ]
        np.testing.assert_allclose(*outputs, atol=1e-9)
        assert problem.objective(back, data) < problem.objective(prepared.start(float), data)


def test_without_a_penalty_what_no_row_sees_stays_as_it_was_drawn(wide, settings):
    prepared = prepare(wide, ROWS, settings("none"))
    space = spaced(prepared)
    start = prepared.start(np.float64)
    same = space.beside(start, stacked(space.start(start)), prepared.padded_shape[1])
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b[0], atol=1e-9),
        start,
        same,
    )
    # Factors of a strength that is not there play no part.
    path = walk(wide, ROWS, ROWS, settings("none", penalty_factors=(0.0, *[1.0] * 39)))
    [trained] = path.parameters.values()
    moved = trained.weights.input - start.weights.input[:40]
    # The rows of the standardised table span all that has moved.
    outside = np.eye(40) - np.linalg.pinv(prepared.X) @ prepared.X
    assert np.abs(moved).max() > 0.1
    np.testing.assert_allclose(outside @ moved, 0, atol=1e-5)


def test_linear_maps_are_finished_in_the_row_space(wide, settings):
    """They are those of ridge regression, certified on the columns."""
    linear = settings("l2", network=Network(()), tol=1e-8)
    alpha = 0.3
    path = walk(wide, ROWS, ROWS, linear, Request([alpha], keep="all", certify="all"))
    X = prepare(wide, ROWS, linear).X
    y = prepare(wide, ROWS, linear).y[:, 0]
    ridge = np.linalg.solve(X.T @ X / len(y) + alpha * np.eye(40), X.T @ y / len(y))
    np.testing.assert_allclose(path.parameters[0].weights.input[:, 0], ridge, atol=1e-6)
    assert path.stationarity[0] < 1e-6


def test_a_table_without_variation_has_a_space(wide, settings):
    prepared = prepare(wide._replace(X=np.ones((60, 40))), ROWS, settings("l2"))
    assert np.isfinite(spaced(prepared).rows).all()


def test_a_walk_in_the_row_space_minimises_the_same(wide, settings):
    """The solved points of l2 are those that a penalty without its shortcut reaches."""
    schedule = replace(settings().schedule, first_steps=3000, steps=600)
    alphas = [0.1, 0.5]
    request = Request(alphas, keep="all", certify="all")
    silu = replace(settings().network, activation="silu")
    own = settings("l2", schedule=schedule, network=silu)
    # A predictor that is never penalised keeps a walk on the columns; a constant one changes
    # nothing else.
    on_columns = replace(own, penalty_factors=(*[1.0] * 2, 0.0, *[1.0] * 37))
    paths = [walk(wide, ROWS, ROWS, one, request) for one in (own, on_columns)]
    assert (paths[0].stationarity < 0.02).all()
    np.testing.assert_allclose(paths[0].train_loss, paths[1].train_loss, rtol=0.02)


def test_rates_fall_where_many_columns_are_heard(wide, settings):
    prepared = prepare(wide, ROWS, settings("group"))
    adam = start_adam(prepared, 0.1, Ticker())
    assert isinstance(adam, Adam)
    assert adam.slowing == np.sqrt(NARROW / 39) or adam.slowing == np.sqrt(NARROW / 40)
    few = prepare(wide._replace(X=wide.X[:, :8], column_predictor=np.arange(8)), ROWS, settings())
    assert start_adam(few, 0.1, Ticker()).slowing == 1
