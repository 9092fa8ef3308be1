"""Penalties: values by hand, and a proximal operator that is exact, shrinks, and makes zeros that
are zeros.
"""

from dataclasses import replace

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
    make_groups,
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
    Groups,
    Hierarchical,
    SparseGroup,
)
from tautnet.objective.registry import make_penalty

NETWORK = Network((3,), "silu")
GROUPS = make_groups(NETWORK, 2)
L1, GROUP = ElasticNet(0.5, 1.0), Group(0.5)

draws = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 2**32 - 1)
# Weights of 0.1 die under most of these, weights of 10 under none.
sizes = st.sampled_from([0.1, 1.0, 10.0])


def draw_weights(seed, size=1.0):
    """Weights of a network with one hidden layer and a skip."""
    rng = np.random.default_rng(seed)
    first, skip, last = (size * rng.normal(size=shape) for shape in [(5, 3), (5, 2), (3, 2)])
    return Weights(first, skip, (last,))


def draw_steps(penalty, seed):
    """Steps that differ from weight to weight, as far as the penalty's metric lets them."""
    squares = jax.tree.map(lambda w: np.square(w) + 0.01, draw_weights(seed))
    return jax.tree.map(np.sqrt, penalty.metric(squares, GROUPS))


def alone(n_columns):
    """Every column a predictor of its own."""
    return Groups(np.arange(n_columns), np.ones(n_columns), np.ones(n_columns))


def numbers(weights):
    return np.concatenate([np.ravel(w) for w in jax.tree.leaves(weights)])


def blocks(weights):
    """First-layer and skip weights of each predictor, as one vector."""
    columns = weights.input if weights.skip is None else np.hstack([weights.input, weights.skip])
    return [columns[COLUMN_PREDICTOR == j].ravel() for j in range(3)]


def rest(penalty, weights):
    """The part of a penalty that its proximal operator is for."""
    return float(penalty.value(weights, GROUPS) - penalty.smooth(weights, GROUPS))


def test_jax_tells_penalties_apart():
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
def test_values_by_hand(skip):
    weights = draw_weights(0)
    weights = weights if skip else weights._replace(skip=None)
    groups = make_groups(replace(NETWORK, skip=skip), 2)
    flat = numbers(weights)
    magnitudes, squares = np.abs(flat).sum(), np.square(flat).sum()
    later, first = (
        np.square(weights.later[0]).sum() / 2,
        magnitudes - np.abs(weights.later[0]).sum(),
    )
    norms = sum(np.sqrt(block.size) * np.linalg.norm(block) for block in blocks(weights))
    for penalty, value, smooth in [
        (make_penalty("none", 0.3), 0, 0),
        (make_penalty("l2", 0.3), 0.3 * squares / 2, 0.3 * squares / 2),
        (make_penalty("l1", 0.3), 0.3 * magnitudes, 0),
        (
            make_penalty("elasticnet", 0.3, 0.2),
            0.3 * (0.2 * magnitudes + 0.8 * squares / 2),
            0.3 * 0.8 * squares / 2,
        ),
        (make_penalty("group", 0.3), 0.3 * (norms + later), 0.3 * later),
        (
            make_penalty("sparse_group", 0.3, 0.2),
            0.3 * (0.8 * norms + 0.2 * first + later),
            0.3 * later,
        ),
    ]:
        assert_allclose(penalty.value(weights, groups), value, rtol=1e-13)
        assert_allclose(penalty.smooth(weights, groups), smooth, rtol=1e-13)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_no_weights_cost_nothing_and_each_layer_costs_something(penalty, network):
    if not go_together(penalty, network):
        pytest.skip("this penalty needs a skip")
    problem, parameters, _ = make_case("squared error", penalty, network)
    leaves, structure = jax.tree.flatten(parameters.weights)
    for i in range(len(leaves)):
        one = structure.unflatten(
            [leaf if j == i else np.zeros_like(leaf) for j, leaf in enumerate(leaves)]
        )
        value = problem.penalty.value(one, problem.groups)
        # Without its linear effect no predictor may enter the hidden layers.
        assert np.isfinite(value) == (penalty != "hierarchical" or i > 0) and (value > 0) == (
            penalty != "none"
        )
    assert (
        problem.penalty.value(jax.tree.map(np.zeros_like, parameters.weights), problem.groups) == 0
    )


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
@given(seed=seeds, size=sizes)
@draws
def test_the_prox_is_the_minimiser(penalty, seed, size):
    weights, steps = draw_weights(seed, size), draw_steps(penalty, seed)
    result = jax.tree.map(np.asarray, penalty.prox(weights, steps, GROUPS))

    def energy(point):
        squares = jax.tree.map(
            lambda v, w, s: (np.square(v - w) / (2 * s)).sum(), point, weights, steps
        )
        return sum(jax.tree.leaves(squares)) + rest(penalty, point)

    # A convex energy bends upward at least as 1 / step, hence every other point lies above its
    # minimum by this much.
    least, convex = energy(result), penalty not in [PENALTIES[name] for name in NOT_CONVEX]
    for distance in [1e-4, 1e-2, 1.0]:
        other = jax.tree.map(
            lambda v, d, t=distance: v + t * d, result, draw_weights(seed + 1, size)
        )
        above = jax.tree.map(
            lambda v, p, s: (np.square(v - p) / (2 * s)).sum(), other, result, steps
        )
        assert energy(other) >= least + convex * sum(jax.tree.leaves(above)) - 1e-12 * max(1, least)
    assert energy(jax.tree.map(np.zeros_like, weights)) >= least


@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_the_group_prox_against_a_numerical_minimum(alpha):
    weights = draw_weights(0)
    steps = draw_steps(GROUP, 1)
    result = replace(GROUP, alpha=alpha).prox(weights, steps, GROUPS)
    for j, (block, answer) in enumerate(zip(blocks(weights), blocks(result), strict=True)):
        step = float(steps.input[COLUMN_PREDICTOR == j][0, 0])
        threshold = alpha * np.sqrt(block.size)

        def energy(v, block=block, step=step, threshold=threshold):
            return np.square(v - block).sum() / (2 * step) + threshold * np.linalg.norm(v)

        least = minimize(energy, 0.5 * block, tol=1e-10)
        if least.fun < energy(0 * block) - 1e-6:
            assert_allclose(answer, least.x, atol=1e-5)
        else:
            assert_array_equal(answer, 0)


@pytest.mark.parametrize("name", sorted(PENALTIES.keys() - NOT_CONVEX))
@given(seed=seeds, size=sizes)
@draws
def test_the_prox_brings_points_no_further_apart(name, seed, size):
    penalty = PENALTIES[name]
    steps = draw_steps(penalty, seed)
    a, b = draw_weights(seed, size), draw_weights(seed + 1, size)
    before = np.linalg.norm(numbers(a) - numbers(b))
    after = np.linalg.norm(
        numbers(penalty.prox(a, steps, GROUPS)) - numbers(penalty.prox(b, steps, GROUPS))
    )
    assert after <= before * (1 + 1e-14)


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_strength_zero_changes_no_bit(penalty):
    weights = draw_weights(0)
    weights.input[0, 0] = 0.0
    result = replace(penalty, alpha=0.0).prox(weights, draw_steps(penalty, 1), GROUPS)
    assert_array_equal(numbers(result), numbers(weights))


def test_l1_zeros_are_exact_from_the_threshold_down():
    threshold = 0.25 * 0.5
    w = np.array(
        [
            [
                threshold,
                np.nextafter(threshold, 0),
                -threshold,
                1e-300,
                0.0,
                np.nextafter(threshold, 1),
                -1.0,
            ]
        ]
    )
    result = L1.prox(
        Weights(w, None, ()), Weights(np.full(w.shape, 0.25), None, ()), alone(1)
    ).input
    assert_array_equal(result != 0, [[False] * 5 + [True, True]])
    assert result[0, -1] == -1 + threshold


def test_l1_has_a_threshold_for_each_weight():
    w, steps = np.full((2, 2), 0.5), np.array([[0.1, 0.9], [1.1, 3.0]])
    result = L1.prox(Weights(w, None, ()), Weights(steps, None, ()), alone(2)).input
    assert_allclose(result, [[0.45, 0.05], [0, 0]])


def test_the_whole_elastic_net_threshold_is_its_l1_share():
    w = np.array([[0.1, 0.3]])
    result = (
        ElasticNet(0.5, 0.4)
        .prox(Weights(w, None, ()), Weights(np.ones((1, 2)), None, ()), alone(1))
        .input
    )
    assert_allclose(result, [[0, 0.1]])


@pytest.mark.parametrize(("alpha", "alive"), [(4.999999, True), (5.0, False), (5.000001, False)])
def test_a_predictor_leaves_as_a_whole_at_its_threshold(alpha, alive):
    # The columns 0 and 1 are one predictor of norm 5, column 2 is another.
    weights = Weights(
        np.array([[3.0], [0.0], [50.0]]), np.array([[0.0], [4.0], [0.0]]), (np.array([[1e-9]]),)
    )
    groups = Groups(np.array([0, 0, 1]), np.ones(3), np.ones(3))
    steps = jax.tree.map(np.ones_like, weights)
    result = Group(alpha).prox(weights, steps, groups)
    gone = np.concatenate([result.input, result.skip], axis=1)[:2]
    assert (gone.any() and np.linalg.norm(gone) < 1e-5) if alive else np.all(gone == 0.0)
    assert_allclose(result.input[2], 50 - alpha)
    # Later layers are left to the gradient.
    assert result.later[0] == 1e-9


@pytest.mark.parametrize(
    "penalty", [p for name, p in PENALTIES.items() if name not in ("none", "hierarchical")]
)
def test_a_factor_multiplies_the_strength_of_its_predictor_and_zero_frees_it(penalty):
    weights, steps = draw_weights(0), draw_steps(penalty, 1)
    factors = np.array([3.0, 1.0, 0.0])[COLUMN_PREDICTOR]
    some = GROUPS._replace(factors=factors)
    # What a factor of 3 does to predictor 0 is what three times the strength does to it.
    stronger = replace(penalty, alpha=3 * penalty.alpha)
    result, thrice, plain = (
        blocks(p.prox(weights, steps, g))
        for p, g in [(penalty, some), (stronger, GROUPS), (penalty, GROUPS)]
    )
    assert_allclose(result[0], thrice[0], rtol=1e-13)
    assert_array_equal(result[1], plain[1])
    assert_array_equal(result[2], blocks(weights)[2])

    def first(p, groups):
        """Value of the first layer and the skip, its smooth part left out where the prox does
        without.
        """
        return float(p.value(weights._replace(later=()), groups))

    values = [
        sum(
            first(p, GROUPS._replace(factors=np.where(COLUMN_PREDICTOR == j, 1.0, 0.0)))
            for p, j in [(stronger, 0), (penalty, 1)]
        ),
        first(penalty, some),
    ]
    assert values[0] == pytest.approx(values[1]) and values[0] > 0


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("penalty", [MCP(0.4), MCP(0.4, 1.5), GroupMCP(0.4)], ids=str)
def test_concave_proxes_against_a_search(penalty, size):
    """One predictor of one weight: all points are tried, at steps below γ and above."""
    for step in (0.1, 1.0, 2.0, 5.0):
        steps = Weights(np.full((1, 1), step), None, ())

        def energy(v, step=step):
            points = Weights(np.full((1, 1), v), None, ())
            return (v - size) ** 2 / (2 * step) + float(penalty.value(points, alone(1)))

        found = float(
            penalty.prox(Weights(np.full((1, 1), size), None, ()), steps, alone(1)).input[0, 0]
        )
        tried = np.linspace(0, 1.2 * size, 241)
        assert energy(found) <= min(map(energy, tried)) + 1e-12
        assert found <= size


def test_the_hierarchical_prox_against_a_search():
    """Two columns and two outputs of one predictor: for every size of the linear effect the rest is
    known.
    """
    penalty, groups = Hierarchical(0.3, 2.0), Groups(np.zeros(2, int), np.full(2, 1.5), np.ones(2))
    rng = np.random.default_rng(0)
    for scale in (0.05, 0.3, 1.0):
        weights = Weights(rng.normal(size=(2, 3)), scale * rng.normal(size=(2, 2)), ())
        steps = jax.tree.map(lambda w: np.full((2, 1), 0.7), weights)
        result = penalty.prox(weights, steps, groups)

        def energy(point, weights=weights):
            squares = jax.tree.map(lambda v, w: np.square(v - w).sum() / 1.4, point, weights)
            return sum(jax.tree.leaves(squares)) + float(penalty.value(point, groups))

        size = np.linalg.norm(weights.skip)
        tried = []
        for x in np.linspace(0, 3, 601):
            first = np.sign(weights.input) * np.minimum(np.abs(weights.input), 2.0 * x)
            tried.append(energy(Weights(first, weights.skip * x / size, ())))
        assert energy(result) <= min(tried) + 1e-12
        assert np.abs(result.input).max() <= 2.0 * np.linalg.norm(result.skip) * (1 + 1e-12)
    # What has no linear effect strong enough leaves as a whole.
    gone = replace(penalty, alpha=1e3).prox(weights, steps, groups)
    assert not numbers(gone).any()
    # Where the linear effect is zero, the hidden layer may still call for one.
    called = penalty.prox(weights._replace(skip=np.zeros((2, 2))), steps, groups)
    assert called.input.any() and np.abs(called.input).max() <= 2.0 * np.linalg.norm(
        called.skip
    ) * (1 + 1e-12)
    # A point that breaks the bound costs more than any other.
    assert penalty.value(weights._replace(skip=1e-3 * weights.skip), groups) == np.inf


def test_a_sparse_group_loses_single_weights_and_whole_predictors():
    penalty = SparseGroup(1.0, 0.5)
    weights = Weights(np.array([[3.0, 0.2], [0.6, 0.6]]), None, ())
    result = penalty.prox(weights, Weights(np.ones((2, 1)), None, ()), alone(2)).input
    assert_allclose(result, [[2.0, 0.0], [0.0, 0.0]])


def test_a_group_keeps_its_direction():
    weights = draw_weights(0, 10.0)
    steps = draw_steps(GROUP, 1)
    before, after = blocks(weights), blocks(GROUP.prox(weights, steps, GROUPS))
    for j, (b, a) in enumerate(zip(before, after, strict=True)):
        threshold = float(steps.input[COLUMN_PREDICTOR == j][0, 0]) * 0.5 * np.sqrt(b.size)
        assert np.linalg.norm(a) == pytest.approx(np.linalg.norm(b) - threshold)
        assert_allclose(a / np.linalg.norm(a), b / np.linalg.norm(b))


def test_columns_that_fill_up_change_no_group():
    weights = draw_weights(0)
    wide = Weights(*(np.pad(w, ((0, 3), (0, 0))) for w in weights[:2]), weights.later)
    groups = Groups(
        np.append(COLUMN_PREDICTOR, [3] * 3), np.append(GROUPS.roots, [0.0] * 3), np.ones(8)
    )
    assert_allclose(GROUP.value(wide, groups), GROUP.value(weights, GROUPS), rtol=1e-14)
    result, padded = (
        GROUP.prox(w, GROUP.metric(jax.tree.map(np.square, w), g), g)
        for w, g in [(weights, GROUPS), (wide, groups)]
    )
    assert_allclose(padded.input[:5], result.input, rtol=1e-14)
    assert np.all(padded.input[5:] == 0) and np.all(padded.skip[5:] == 0)


@pytest.mark.parametrize("skip", [True, False])
def test_a_group_has_the_mean_of_its_squares_for_a_metric(skip):
    squares = jax.tree.map(np.square, draw_weights(0))
    squares = squares if skip else squares._replace(skip=None)
    metric = GROUP.metric(squares, GROUPS)
    means = np.array([block.mean() for block in blocks(squares)])
    assert_allclose(metric.input, means[COLUMN_PREDICTOR][:, None])
    assert_array_equal(metric.later[0], squares.later[0])
    if skip:
        assert_array_equal(metric.skip, metric.input)
    else:
        assert metric.skip is None


@pytest.mark.parametrize("penalty", ["none", "l2", "l1", "elasticnet"])
def test_weights_that_shrink_alone_have_a_metric_of_their_own(penalty):
    squares = jax.tree.map(np.square, draw_weights(0))
    assert_array_equal(numbers(PENALTIES[penalty].metric(squares, GROUPS)), numbers(squares))


@pytest.mark.parametrize("penalty", PENALTIES.values(), ids=PENALTIES)
def test_the_smooth_part_has_a_gradient_at_zero(penalty):
    zeros = jax.tree.map(np.zeros_like, draw_weights(0))
    gradient = jax.grad(lambda w: penalty.smooth(w, GROUPS))(zeros)
    assert np.all(numbers(gradient) == 0)
