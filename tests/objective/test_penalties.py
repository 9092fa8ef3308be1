"""Penalties have the values found by hand; their proximal operators are exact and shrink."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from cases import (
    COLUMN_PREDICTOR,
    NETWORKS,
    NOT_CONVEX,
    PENALTIES,
    go_together,
    make_case,
    make_predictors,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from tautnet.objective import registry
from tautnet.objective.networks import Network, Weights
from tautnet.objective.penalties import (
    MCP,
    ElasticNet,
    Group,
    GroupMCP,
    Hierarchical,
    Penalty,
    SparseGroup,
)
from tautnet.objective.predictors import Predictors
from tautnet.objective.problem import norm
from tautnet.objective.registry import make_penalty
from tautnet.tables.arrays import Floats

NETWORK = Network((3,), "silu")
PREDICTORS = make_predictors(NETWORK, 2)
L1 = ElasticNet(0.5, 1.0)
GROUP = Group(0.5)

draws = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32 - 1)
# Weights of 0.1 die under most of these, weights of 10 under none.
sizes = st.sampled_from([0.1, 1.0, 10.0])


def draw_weights(seed: int, size: float = 1.0) -> Weights:
    """Weights of a network with one hidden layer and a skip."""
    rng = np.random.default_rng(seed)
    first = size * rng.normal(size=(5, 3))
    skip = size * rng.normal(size=(5, 2))
    last = size * rng.normal(size=(3, 2))
    return Weights(first, skip, (last,))


def draw_steps(penalty: Penalty, seed: int) -> Weights:
    """Steps that differ from weight to weight, as far as the penalty's metric lets them."""
    squares = jax.tree.map(lambda w: np.square(w) + 0.01, draw_weights(seed))
    return jax.tree.map(np.sqrt, penalty.metric(squares, PREDICTORS))


def alone(n_columns: int) -> Predictors:
    """Every column a predictor of its own."""
    return Predictors(np.arange(n_columns), np.ones(n_columns), np.ones(n_columns))


def with_strength(penalty: Any, alpha: float) -> Penalty:
    return replace(penalty, alpha=alpha)


def one_layer(weights: Floats) -> Weights:
    return Weights(weights, None, ())


def numbers(weights: Weights) -> Floats:
    return np.concatenate([np.ravel(w) for w in jax.tree.leaves(weights)])


def blocks(weights: Weights) -> list[Floats]:
    """First-layer and skip weights of each predictor, as one vector."""
    columns = weights.input if weights.skip is None else np.hstack([weights.input, weights.skip])
    return [columns[COLUMN_PREDICTOR == j].ravel() for j in range(3)]


def rest(penalty: Penalty, weights: Weights) -> float:
    """The part of a penalty that its proximal operator is for."""
    return float(penalty.value(weights, PREDICTORS) - penalty.smooth(weights, PREDICTORS))


def test_jax_tells_penalties_apart() -> None:
    """Two penalties of one structure could run each other's compiled programs."""
    structures = {type(one).__name__: jax.tree.structure(one) for one in PENALTIES.values()}
    for name, structure in structures.items():
        assert [other for other in structures if structures[other] == structure] == [name]


def test_every_penalty_has_a_case():
    # Trainings that put nothing on the weights share the case of the baseline; forms of a penalty
    # that of their base.
    on_weights = {kind.base for kind in registry.kinds() if kind.is_on_weights}
    assert PENALTIES.keys() == on_weights | {registry.BASELINE}
    for name, case in PENALTIES.items():
        assert type(make_penalty(name, 0.1)) is type(case)


@pytest.mark.parametrize("skip", [True, False])
def test_values_by_hand(skip: bool) -> None:
    weights = draw_weights(0)
    weights = weights if skip else weights._replace(skip=None)
    predictors = make_predictors(replace(NETWORK, skip=skip), 2)
    flat = numbers(weights)
    magnitudes = np.abs(flat).sum()
    squares = np.square(flat).sum()
    later = np.square(weights.later[0]).sum() / 2
    first = magnitudes - np.abs(weights.later[0]).sum()
    norms = sum(np.sqrt(block.size) * np.linalg.norm(block) for block in blocks(weights))
    mixed = 0.2 * magnitudes + 0.8 * squares / 2
    sparse = 0.8 * norms + 0.2 * first + later
    for penalty, value, smooth in [
        (make_penalty("none", 0.3), 0, 0),
        (make_penalty("l2", 0.3), 0.3 * squares / 2, 0.3 * squares / 2),
        (make_penalty("l1", 0.3), 0.3 * magnitudes, 0),
        (make_penalty("elasticnet", 0.3, 0.2), 0.3 * mixed, 0.3 * 0.8 * squares / 2),
        (make_penalty("group", 0.3), 0.3 * (norms + later), 0.3 * later),
        (make_penalty("sparse_group", 0.3, 0.2), 0.3 * sparse, 0.3 * later),
    ]:
        assert_allclose(penalty.value(weights, predictors), value, rtol=1e-13)
        assert_allclose(penalty.smooth(weights, predictors), smooth, rtol=1e-13)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_no_weights_cost_nothing_and_each_layer_costs_something(penalty: str, network: str) -> None:
    if not go_together(penalty, network):
        pytest.skip("this penalty needs a skip")
    problem, parameters, _ = make_case("squared error", penalty, network)
    leaves, structure = jax.tree.flatten(parameters.weights)
    for i in range(len(leaves)):
        only_one = [leaf if j == i else 0 * leaf for j, leaf in enumerate(leaves)]
        value = problem.penalty.value(structure.unflatten(only_one), problem.predictors)
        # Without its linear effect no predictor may enter the hidden layers.
        assert np.isfinite(value) == (penalty != "hierarchical" or i > 0)
        assert (value > 0) == (penalty != "none")
    zeros = jax.tree.map(np.zeros_like, parameters.weights)
    assert problem.penalty.value(zeros, problem.predictors) == 0


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
@given(seed=seeds, size=sizes)
@draws
def test_the_prox_is_the_minimiser(penalty: Penalty, seed: int, size: float) -> None:
    weights = draw_weights(seed, size)
    steps = draw_steps(penalty, seed)
    result = jax.tree.map(np.asarray, penalty.prox(weights, steps, PREDICTORS))

    def distance(a: Weights, b: Weights) -> float:
        """``½ Σ (a - b)² / step``."""
        squares = jax.tree.map(lambda v, w, s: (np.square(v - w) / (2 * s)).sum(), a, b, steps)
        return sum(jax.tree.leaves(squares))

    def energy(point: Weights) -> float:
        return distance(point, weights) + rest(penalty, point)

    # A convex energy bends upward at least as 1 / step, hence every other point lies above its
    # minimum by this much.
    least = energy(result)
    convex = penalty not in [PENALTIES[name] for name in NOT_CONVEX]
    direction = draw_weights(seed + 1, size)
    for length in [1e-4, 1e-2, 1.0]:
        other = jax.tree.map(lambda v, d, t=length: v + t * d, result, direction)
        above = convex * distance(other, result)
        assert energy(other) >= least + above - 1e-12 * max(1, least)
    assert energy(jax.tree.map(np.zeros_like, weights)) >= least


@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_the_group_prox_against_a_numerical_minimum(alpha: float) -> None:
    weights = draw_weights(0)
    steps = draw_steps(GROUP, 1)
    result = replace(GROUP, alpha=alpha).prox(weights, steps, PREDICTORS)
    for j, (block, answer) in enumerate(zip(blocks(weights), blocks(result), strict=True)):
        step = float(steps.input[COLUMN_PREDICTOR == j][0, 0])
        threshold = alpha * np.sqrt(block.size)

        def energy(
            v: Floats, block: Floats = block, step: float = step, threshold: float = threshold
        ) -> float:
            return np.square(v - block).sum() / (2 * step) + threshold * np.linalg.norm(v)

        least = minimize(energy, 0.5 * block, tol=1e-10)
        if least.fun < energy(0 * block) - 1e-6:
            assert_allclose(answer, least.x, atol=1e-5)
        else:
            assert_array_equal(answer, 0)


@pytest.mark.parametrize("name", sorted(PENALTIES.keys() - NOT_CONVEX))
@given(seed=seeds, size=sizes)
@draws
def test_the_prox_brings_points_no_further_apart(name: str, seed: int, size: float) -> None:
    penalty = PENALTIES[name]
    steps = draw_steps(penalty, seed)
    a = draw_weights(seed, size)
    b = draw_weights(seed + 1, size)
    before = np.linalg.norm(numbers(a) - numbers(b))
    a = penalty.prox(a, steps, PREDICTORS)
    b = penalty.prox(b, steps, PREDICTORS)
    after = np.linalg.norm(numbers(a) - numbers(b))
    assert after <= before * (1 + 1e-14)


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_strength_zero_changes_no_bit(penalty: Penalty) -> None:
    weights = draw_weights(0)
    weights.input[0, 0] = 0.0
    result = with_strength(penalty, 0.0).prox(weights, draw_steps(penalty, 1), PREDICTORS)
    assert_array_equal(numbers(result), numbers(weights))


def test_l1_zeros_are_exact_from_the_threshold_down() -> None:
    threshold = 0.25 * 0.5
    below = np.nextafter(threshold, 0)
    above = np.nextafter(threshold, 1)
    w = np.array([[threshold, below, -threshold, 1e-300, 0.0, above, -1.0]])
    result = L1.prox(one_layer(w), one_layer(np.full(w.shape, 0.25)), alone(1)).input
    assert_array_equal(result != 0, [[False] * 5 + [True, True]])
    assert result[0, -1] == -1 + threshold


def test_l1_has_a_threshold_for_each_weight() -> None:
    steps = one_layer(np.array([[0.1, 0.9], [1.1, 3.0]]))
    result = L1.prox(one_layer(np.full((2, 2), 0.5)), steps, alone(2)).input
    assert_allclose(result, [[0.45, 0.05], [0.0, 0.0]])


def test_the_whole_elastic_net_threshold_is_its_l1_share() -> None:
    weights = one_layer(np.array([[0.1, 0.3]]))
    result = ElasticNet(0.5, 0.4).prox(weights, one_layer(np.ones((1, 2))), alone(1))
    assert_allclose(result.input, [[0, 0.1]])


@pytest.mark.parametrize(("alpha", "alive"), [(4.999999, True), (5.0, False), (5.000001, False)])
def test_a_predictor_leaves_as_a_whole_at_its_threshold(alpha: float, alive: bool) -> None:
    # The columns 0 and 1 are one predictor of norm 5, column 2 is another.
    weights = Weights(
        np.array([[3.0], [0.0], [50.0]]), np.array([[0.0], [4.0], [0.0]]), (np.array([[1e-9]]),)
    )
    predictors = Predictors(np.array([0, 0, 1]), np.ones(3), np.ones(3))
    steps = jax.tree.map(np.ones_like, weights)
    result = Group(alpha).prox(weights, steps, predictors)
    gone = np.concatenate([result.input, result.skip], axis=1)[:2]
    assert gone.any() == alive and np.linalg.norm(gone) < 1e-5
    assert_allclose(result.input[2], 50 - alpha)
    # Later layers are left to the gradient.
    assert result.later[0] == 1e-9


@pytest.mark.parametrize(
    "penalty", [p for name, p in PENALTIES.items() if name not in ("none", "hierarchical")]
)
def test_a_factor_multiplies_the_strength_of_its_predictor_and_0_frees_it(
    penalty: Penalty,
) -> None:
    weights = draw_weights(0)
    steps = draw_steps(penalty, 1)
    factors = np.array([3.0, 1.0, 0.0])[COLUMN_PREDICTOR]
    some = PREDICTORS._replace(factors=factors)
    # What a factor of 3 does to predictor 0 is what three times the strength does to it.
    stronger = with_strength(penalty, 3 * penalty.alpha)
    result = blocks(penalty.prox(weights, steps, some))
    thrice = blocks(stronger.prox(weights, steps, PREDICTORS))
    plain = blocks(penalty.prox(weights, steps, PREDICTORS))
    assert_allclose(result[0], thrice[0], rtol=1e-13)
    assert_array_equal(result[1], plain[1])
    assert_array_equal(result[2], blocks(weights)[2])

    def first(p: Penalty, predictors: Predictors) -> float:
        """Value of the weights of the first layer and the skip."""
        return float(p.value(weights._replace(later=()), predictors))

    def of_one(p: Penalty, predictor: int) -> float:
        factors = np.where(COLUMN_PREDICTOR == predictor, 1.0, 0.0)
        return first(p, PREDICTORS._replace(factors=factors))

    assert first(penalty, some) == pytest.approx(of_one(stronger, 0) + of_one(penalty, 1))
    assert first(penalty, some) > 0


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("penalty", [MCP(0.4), MCP(0.4, 1.5), GroupMCP(0.4)], ids=str)
def test_concave_proxes_against_a_search(penalty: Penalty, size: float) -> None:
    """One predictor of one weight: all points are tried, at steps below γ and above."""
    for step in (0.1, 1.0, 2.0, 5.0):
        steps = one_layer(np.full((1, 1), step))

        def energy(v: float, step: float = step) -> float:
            point = one_layer(np.full((1, 1), v))
            return (v - size) ** 2 / (2 * step) + float(penalty.value(point, alone(1)))

        result = penalty.prox(one_layer(np.full((1, 1), size)), steps, alone(1))
        found = float(result.input[0, 0])
        tried = np.linspace(0, 1.2 * size, 241)
        assert energy(found) <= min(map(energy, tried)) + 1e-12
        assert found <= size


def test_the_hierarchical_prox_against_a_search() -> None:
    """For every size of the linear effect of a predictor, of two columns, the rest is known."""
    penalty = Hierarchical(0.3, 2.0)
    predictors = Predictors(np.zeros(2, int), np.full(2, 1.5), np.ones(2))
    rng = np.random.default_rng(0)
    for scale in (0.05, 0.3, 1.0):
        weights = Weights(rng.normal(size=(2, 3)), scale * rng.normal(size=(2, 2)), ())
        steps = jax.tree.map(lambda w: np.full((2, 1), 0.7), weights)
        result = penalty.prox(weights, steps, predictors)

        def energy(point: Weights, weights: Weights = weights) -> float:
            squares = jax.tree.map(lambda v, w: np.square(v - w).sum() / 1.4, point, weights)
            return sum(jax.tree.leaves(squares)) + float(penalty.value(point, predictors))

        skip = np.asarray(weights.skip)
        size = norm(skip)
        tried = []
        for x in np.linspace(0, 3, 601):
            first = np.sign(weights.input) * np.minimum(np.abs(weights.input), 2.0 * x)
            tried.append(energy(Weights(first, skip * x / size, ())))
        assert energy(result) <= min(tried) + 1e-12
        assert np.abs(result.input).max() <= 2.0 * norm(result.skip) * (1 + 1e-12)
    # What has no linear effect strong enough leaves as a whole.
    gone = replace(penalty, alpha=1e3).prox(weights, steps, predictors)
    assert not numbers(gone).any()
    # Where the linear effect is zero, the hidden layer may still call for one.
    called = penalty.prox(weights._replace(skip=np.zeros((2, 2))), steps, predictors)
    assert called.input.any()
    assert np.abs(called.input).max() <= 2.0 * norm(called.skip) * (1 + 1e-12)
    # A point that breaks the bound costs more than any other.
    assert penalty.value(weights._replace(skip=1e-3 * skip), predictors) == np.inf


def test_a_sparse_group_loses_single_weights_and_whole_predictors() -> None:
    penalty = SparseGroup(1.0, 0.5)
    weights = one_layer(np.array([[3.0, 0.2], [0.6, 0.6]]))
    result = penalty.prox(weights, one_layer(np.ones((2, 1))), alone(2)).input
    assert_allclose(result, [[2.0, 0.0], [0.0, 0.0]])


def test_a_group_keeps_its_direction() -> None:
    weights = draw_weights(0, 10.0)
    steps = draw_steps(GROUP, 1)
    before = blocks(weights)
    after = blocks(GROUP.prox(weights, steps, PREDICTORS))
    for j, (b, a) in enumerate(zip(before, after, strict=True)):
        threshold = float(steps.input[COLUMN_PREDICTOR == j][0, 0]) * 0.5 * np.sqrt(b.size)
        assert np.linalg.norm(a) == pytest.approx(np.linalg.norm(b) - threshold)
        assert_allclose(a / np.linalg.norm(a), b / np.linalg.norm(b))


def test_columns_that_fill_up_change_no_group() -> None:
    weights = draw_weights(0)
    wide = jax.tree.map(lambda w: np.pad(w, ((0, 3), (0, 0))), weights)
    wide = wide._replace(later=weights.later)
    column_predictor = np.append(COLUMN_PREDICTOR, [3] * 3)
    predictors = Predictors(column_predictor, np.append(PREDICTORS.roots, [0.0] * 3), np.ones(8))
    assert_allclose(GROUP.value(wide, predictors), GROUP.value(weights, PREDICTORS), rtol=1e-14)

    def shrunk(w: Weights, p: Predictors) -> Weights:
        return GROUP.prox(w, GROUP.metric(jax.tree.map(np.square, w), p), p)

    padded = shrunk(wide, predictors)
    assert_allclose(padded.input[:5], shrunk(weights, PREDICTORS).input, rtol=1e-14)
    assert np.all(padded.input[5:] == 0) and np.all(np.asarray(padded.skip)[5:] == 0)


@pytest.mark.parametrize("skip", [True, False])
def test_a_group_has_the_mean_of_its_squares_for_a_metric(skip: bool) -> None:
    squares = jax.tree.map(np.square, draw_weights(0))
    squares = squares if skip else squares._replace(skip=None)
    metric = GROUP.metric(squares, PREDICTORS)
    means = np.array([block.mean() for block in blocks(squares)])
    assert_allclose(metric.input, means[COLUMN_PREDICTOR][:, None])
    assert_array_equal(metric.later[0], squares.later[0])
    if skip:
        assert_array_equal(metric.skip, metric.input)
    else:
        assert metric.skip is None


@pytest.mark.parametrize("penalty", ["none", "l2", "l1", "elasticnet"])
def test_weights_that_shrink_alone_have_a_metric_of_their_own(penalty: str) -> None:
    squares = jax.tree.map(np.square, draw_weights(0))
    assert_array_equal(numbers(PENALTIES[penalty].metric(squares, PREDICTORS)), numbers(squares))


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_the_smooth_part_has_a_gradient_at_zero(penalty: Penalty) -> None:
    zeros = jax.tree.map(np.zeros_like, draw_weights(0))
    gradient = jax.grad(lambda w: penalty.smooth(w, PREDICTORS))(zeros)
    assert np.all(numbers(gradient) == 0)
