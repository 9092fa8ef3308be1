"""The holdout randomization test: exact p-values, and right draws for networks.

Nothing of a fold is in its network.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from tautnet.objective.networks import Parameters, Weights
from tautnet.selecting.conditionals import Conditionals
from tautnet.selecting.p_values import EXCEEDANCES, Sequential, benjamini_hochberg
from tautnet.selecting.randomization import (
    FoldNetwork,
    fold_networks,
    randomization_test,
    rows_to_test,
)
from tautnet.solving.prepared import prepare
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import Scaling
from tautnet.validation.chains import Candidate
from tautnet.validation.folds import make_folds
from tautnet.validation.nested import cross_validate

FOLD = make_folds(60, 3, seed=0)


def test_benjamini_hochberg_as_in_their_paper():
    """Section 3.1: of the fifteen p-values of the trial the first four are rejected at 0.05."""
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
    ]
    p = np.array([*p, 1.0])
    assert benjamini_hochberg(p, 0.05).tolist() == [True] * 4 + [False] * 11
    order = np.random.default_rng(0).permutation(15)
    assert (
        benjamini_hochberg(p[order], 0.05)[np.argsort(order)].tolist() == [True] * 4 + [False] * 11
    )
    # Those that no network uses count: among the first four alone more would be found.
    assert benjamini_hochberg(np.array([0.06, 0.07, 1, 1]), 0.1).sum() == 0
    assert benjamini_hochberg(np.array([0.06, 0.07]), 0.1).sum() == 2


@pytest.mark.parametrize("size", [1, 7, 64])
def test_a_sequential_p_value_is_that_of_the_draw_at_which_it_stopped(size):
    draws = np.random.default_rng(3).normal(size=(500, 3)) + [0, 1.5, 9]
    sequential, done = Sequential(np.zeros(3), most=500), 0
    while not sequential.over:
        sequential.add(draws[done : done + size])
        done += size
    for k in range(2):
        stop = np.flatnonzero((draws[:, k] <= 0).cumsum() == EXCEEDANCES)[0] + 1
        assert sequential.values[k] == EXCEEDANCES / stop
    # The last is never as good: every draw was needed, and p is that of the full run.
    assert sequential.draws == 500 and sequential.values[2] == 1 / 501


def test_sequential_p_values_are_close_to_those_of_all_draws_and_uniform():
    rng, values = np.random.default_rng(0), []
    for observed in rng.random(400):
        sequential = Sequential(np.array([observed]), most=1000)
        while not sequential.over:
            sequential.add(rng.random((32, 1)))
        values.append((observed, sequential.values[0]))
    observed, p = np.array(values).T
    assert np.abs(p / observed - 1)[observed > 0.05].mean() < 0.35
    assert (p <= 0.1).mean() == pytest.approx(0.1, abs=0.05) and (p <= 0.5).mean() == pytest.approx(
        0.5, abs=0.09
    )


def test_draws_that_are_equal_are_as_good():
    sequential = Sequential(np.array([0.1 + 0.2]), most=100)
    sequential.add(np.full((10, 1), 0.3))
    assert sequential.over and sequential.values.tolist() == [1.0]


@pytest.fixture(scope="module")
def nested(regression, settings):
    return walked(regression, settings)


def walked(sample, settings, **options):
    candidate = Candidate("adaptive_group", settings("group", adaptive=True, **options))
    return cross_validate(sample, [candidate], [FOLD], nested=True)[0]


@pytest.fixture(scope="module")
def networks(nested):
    return fold_networks(nested, np.arange(60))


def test_networks_are_those_of_the_path_at_the_strength_that_other_folds_choose(
    regression, nested, networks
):
    outer = nested.outer("min")
    for k, network in enumerate(networks):
        np.testing.assert_array_equal(network.rows, np.flatnonzero(FOLD == k))
        outputs = network.scaling.outputs(network.parameters, regression.X[network.rows])
        np.testing.assert_allclose(outputs, outer.outputs[network.rows], rtol=1e-5)
        assert network.loss == pytest.approx(outer.losses[network.rows].sum(), rel=1e-5)


def test_the_targets_of_a_fold_play_no_part_in_its_network(regression, settings, networks):
    poisoned = regression._replace(
        y=np.where((FOLD == 1)[:, None], 1e3 - regression.y, regression.y)
    )
    after = fold_networks(walked(poisoned, settings), np.arange(60))
    np.testing.assert_array_equal(
        networks[1].parameters.weights.input, after[1].parameters.weights.input
    )
    assert not np.array_equal(
        networks[0].parameters.weights.input, after[0].parameters.weights.input
    )


@pytest.mark.parametrize("inputs", ["standardised", "splines"])
def test_other_values_give_the_loss_of_a_table_with_those_values(
    regression, settings, networks, inputs
):
    columns = np.array([2, 3])
    network = networks[0]
    if inputs == "splines":
        network = fold_networks(walked(regression, settings, inputs=inputs), np.arange(60))[0]
    drawn = np.random.default_rng(0).normal(size=(4, len(network.rows), 2))
    drawn[1, 3, 0] = np.nan
    for one, loss in zip(drawn, network.losses(columns, drawn), strict=True):
        X = regression.X[network.rows]
        X[:, columns] = one
        outputs = network.scaling.outputs(network.parameters, X)
        assert loss == pytest.approx(
            np.square(regression.y[network.rows] - outputs).sum(), rel=1e-9
        )


def test_what_is_real_is_found_and_the_number_of_jobs_changes_nothing(regression, networks):
    conditionals = Conditionals(regression, np.arange(6))
    first, again = (
        randomization_test(
            regression, networks, conditionals, most=400, seed=0, by_fold=True, n_jobs=jobs
        )
        for jobs in (1, 2)
    )
    assert (first.p_values[:2] == 1 / 401).all() and (first.p_values[2:] > 0.03).all()
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    unused = first.draws == 0
    assert (first.p_values[unused] == 1).all() and (first.fold_p_values[unused] == 1).all()
    alone = randomization_test(regression, networks, conditionals, most=400, seed=0)
    np.testing.assert_array_equal(alone.p_values, first.p_values)
    assert np.isnan(alone.fold_p_values).all() and (alone.draws <= first.draws).all()


def test_networks_without_a_weight_give_every_predictor_the_p_value_one(regression, networks):
    empty = []
    for network in networks:
        (first, skip, later), biases = network.parameters
        parameters = Parameters(Weights(0 * first, 0 * skip, later), biases)
        empty.append(FoldNetwork(regression, network.rows, network.scaling, parameters))
    for jobs in (1, 2):
        tested = randomization_test(
            regression, empty, Conditionals(regression, np.arange(6)), most=400, seed=0, n_jobs=jobs
        )
        assert (tested.p_values == 1).all() and not tested.draws.any()


def test_p_values_of_a_network_that_uses_noise_are_uniform(regression, settings):
    """The second predictor says nothing beyond the first.

    A network that believes in it is caught.
    """
    rng, p_values = np.random.default_rng(0), []
    prepared = prepare(regression, np.arange(60), settings(hidden=()))
    as_they_are = {n: Scaling(np.zeros(n), np.ones(n)) for n in (1, 2)}
    scaling = replace(prepared.scaling, inputs=as_they_are[2], target=as_they_are[1])
    parameters = Parameters(Weights(np.array([[0.7], [0.4]]), None, ()), (np.zeros(1),))
    for _ in range(150):
        x = rng.normal(size=(60, 1))
        X = np.hstack([x, 0.7 * x + 0.7 * rng.normal(size=(60, 1))])
        sample = Sample(X, np.arange(2), x + rng.normal(size=(60, 1)), np.ones(60))
        network = FoldNetwork(sample, np.arange(60), scaling, parameters)
        tested = randomization_test(
            sample, [network], Conditionals(sample, np.arange(2)), most=100, seed=0
        )
        p_values.append(tested.p_values)
    p_values = np.array(p_values)
    assert kstest(p_values[:, 1], "uniform").pvalue > 0.05
    assert np.mean(p_values[:, 0] <= 0.05) > 0.8


def test_a_large_table_is_tested_on_rows_drawn_from_it(regression, nested, networks, monkeypatch):
    monkeypatch.setattr("tautnet.selecting.randomization.MOST_ROWS", 30)
    rows = rows_to_test(np.where(np.arange(60) < 40, 1.0, 0.0), seed=0)
    assert len(np.unique(rows)) == 30 and rows.max() < 40
    few = fold_networks(nested, rows)
    for k, network in enumerate(few):
        np.testing.assert_array_equal(rows[network.rows], rows[FOLD[rows] == k])
        np.testing.assert_array_equal(network.y, regression.y[rows][network.rows])
        np.testing.assert_array_equal(
            network.parameters.weights.input, networks[k].parameters.weights.input
        )


def test_columns_of_weight_zero_are_not_used(networks):
    network = networks[0]
    first, skip, later = network.parameters.weights
    assert network.uses(np.array([0]))
    gone = first.copy(), skip.copy()
    for one in gone:
        one[[2, 3]] = 0
    scaling = network.scaling
    network = FoldNetwork.__new__(FoldNetwork)
    network.scaling = scaling
    network.parameters = Parameters(Weights(*gone, later), ())
    assert not network.uses(np.array([2, 3])) and network.uses(np.array([2, 3, 0]))
