"""The problem: its gradient, its sign, its step and its certificate, for every loss, penalty and
network.
"""

import itertools
from dataclasses import replace

import jax
import numpy as np
import pytest
from cases import (
    LOSSES,
    NETWORKS,
    NOT_CONVEX,
    PENALTIES,
    away_from_zero,
    draw_weight,
    go_together,
    make_case,
    make_groups,
    orthogonal_columns,
)
from numpy.testing import assert_allclose

from tautnet.objective.losses import (
    BinaryLogLoss,
    Huber,
    MultilabelLogLoss,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)
from tautnet.objective.networks import Network, Parameters, Weights
from tautnet.objective.penalties import ElasticNet, Group
from tautnet.objective.problem import Data, Problem, norm, null_loss, unit_steps

LINEAR = Network((), skip=False)
FLOOR = 1e-9


def every(*names):
    """All combinations of losses (where they are named), penalties and networks that go
    together.
    """
    return [combined for combined in itertools.product(*names) if go_together(*combined[-2:])]


@jax.jit
def evaluate(problem, parameters, data):
    """The objective, and the gradient of its smooth part."""
    return problem.objective(parameters, data), jax.grad(problem.smooth)(parameters, data)


@jax.jit
def certificate(problem, parameters, data, floor=FLOOR):
    return problem.stationarity(parameters, data, floor)


@jax.jit
def unpenalised(problem, parameters, data, floor):
    return problem.unpenalised_stationarity(parameters, data, floor)


def differences(problem, parameters, data):
    """Gradient of the objective by central differences."""
    leaves, structure = jax.tree.flatten(jax.tree.map(np.copy, parameters))
    moving, slopes = structure.unflatten(leaves), [np.empty(leaf.shape) for leaf in leaves]
    for leaf, slope in zip(leaves, slopes, strict=True):
        for i in np.ndindex(leaf.shape):
            middle, values = leaf[i], []
            for leaf[i] in (middle - 1e-6, middle + 1e-6):
                values.append(float(evaluate(problem, moving, data)[0]))
            leaf[i], slope[i] = middle, (values[1] - values[0]) / 2e-6
    return structure.unflatten(slopes)


def proximal_step(problem, parameters, gradient, step):
    """One step of proximal gradient."""
    moved = jax.tree.map(lambda p, g: p - step * g, parameters, gradient)
    return problem.prox(moved, unit_steps(moved, step))


def each_close(actual, desired, **tolerance):
    for a, d in zip(jax.tree.leaves(actual), jax.tree.leaves(desired), strict=True):
        assert_allclose(a, d, **tolerance)


# How penalties and networks go together is seen under one loss, so that the others need one of
# each.
FIRST, LOGARITHMIC, OTHERS = list(LOSSES)[:1], list(LOSSES)[1:3], list(LOSSES)[3:]


@pytest.mark.parametrize(
    ("loss", "penalty", "network"),
    every(FIRST, PENALTIES, NETWORKS)
    + every(LOGARITHMIC, PENALTIES, ["silu"])
    + every(OTHERS, ["elasticnet"], ["silu"]),
)
def test_a_step_goes_down_the_objective_as_finite_differences_see_it(loss, penalty, network):
    problem, parameters, data = make_case(loss, penalty, network)
    before, gradient = evaluate(problem, parameters, data)
    # Where no weight is near 0, a tiny proximal step is a step down the gradient of the whole
    # objective.
    moved = proximal_step(problem, parameters, gradient, 1e-6)
    step = jax.tree.map(lambda p, m: (p - m) / 1e-6, parameters, moved)
    each_close(step, differences(problem, parameters, data), rtol=1e-5, atol=1e-6)
    assert evaluate(problem, proximal_step(problem, parameters, gradient, 1e-3), data)[0] < before


@pytest.mark.parametrize(("penalty", "network"), every(PENALTIES, NETWORKS))
def test_a_step_on_the_penalty_alone_shrinks_every_weight_and_no_bias(penalty, network):
    problem, parameters, _ = make_case("squared error", penalty, network)
    gradient = jax.grad(lambda p: problem.penalty.smooth(p.weights, problem.groups))(parameters)
    moved = proximal_step(problem, parameters, gradient, 0.1)
    for before, after in zip(
        jax.tree.leaves(parameters.weights), jax.tree.leaves(moved.weights), strict=True
    ):
        if penalty == "none":
            assert np.array_equal(after, before)
        elif penalty in NOT_CONVEX:
            # Large weights are left as they are, and those of the hidden layer go as their bound
            # does.
            assert np.all(np.abs(after) <= np.abs(before)) and np.all(after * before > 0)
        else:
            assert np.all(np.abs(after) < np.abs(before)) and np.all(after * before > 0)
    if penalty != "none":
        assert norm(moved.weights) < norm(parameters.weights)
    for before, after in zip(parameters.biases, moved.biases, strict=True):
        assert np.array_equal(after, before)


@pytest.mark.parametrize(("penalty", "network"), every(PENALTIES, NETWORKS))
def test_a_penalty_leaves_the_gradient_of_the_biases_alone(penalty, network):
    one, other = (evaluate(*make_case("binary log-loss", p, network))[1] for p in ("none", penalty))
    each_close(one.biases, other.biases, rtol=1e-14)


def test_row_weights_are_shares():
    problem, parameters, data = make_case(penalty="none")
    losses = problem.loss.value(data.y, problem.network.outputs(parameters, data.columns.T))
    assert_allclose(problem.mean_loss(parameters, data), np.average(losses, weights=data.weight))
    assert data.weight.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("loss", "penalty", "network"),
    every(["squared error"], PENALTIES, NETWORKS) + every(LOSSES, PENALTIES, ["tanh"]),
)
def test_stationarity_is_between_0_and_1(loss, penalty, network):
    # All weights are large here, hence far from solved.
    assert 0.05 < certificate(*make_case(loss, penalty, network)) <= 1


def ridge_case(alpha, n_rows=15, n_columns=4, n_outputs=2, seed=3):
    """A linear problem under l2 with its solution in closed form."""
    rng = np.random.default_rng(seed)
    data = Data(
        rng.normal(size=(n_columns, n_rows)),
        rng.normal(size=(n_rows, n_outputs)),
        draw_weight(n_rows, rng),
    )
    mean_x, mean_y = data.weight @ data.columns.T, data.weight @ data.y
    X, y = data.columns.T - mean_x, data.y - mean_y
    weights = np.linalg.solve(
        (X.T * data.weight) @ X + alpha * np.eye(n_columns), (X.T * data.weight) @ y
    )
    solution = Parameters(Weights(weights, None, ()), (mean_y - mean_x @ weights,))
    groups = make_groups(LINEAR, n_outputs, np.arange(n_columns))
    return Problem(ElasticNet(alpha, 0.0), groups, SquaredError(), LINEAR), solution, data


@pytest.mark.parametrize("alpha", [1e-3, 0.3, 30.0])
def test_ridge_in_closed_form_is_stationary(alpha):
    problem, solution, data = ridge_case(alpha)
    assert certificate(problem, solution, data) < 1e-12


def soft(correlation, alpha, ratio):
    return (
        np.sign(correlation)
        * np.maximum(np.abs(correlation) - alpha * ratio, 0)
        / (1 + alpha * (1 - ratio))
    )


def group_soft(correlation, alpha, column_predictor):
    result = np.zeros_like(correlation)
    for j in np.unique(column_predictor):
        block = correlation[column_predictor == j]
        threshold = alpha * np.sqrt(block.size)
        size = np.linalg.norm(block)
        result[column_predictor == j] = 0 if size <= threshold else (1 - threshold / size) * block
    return result


COLUMN_PREDICTOR = np.array([0, 1, 0, 2, 2, 2, 3])


@pytest.mark.parametrize(
    ("penalty", "closed_form"),
    [
        (ElasticNet(0.4, 1.0), lambda z: soft(z, 0.4, 1.0)),
        (ElasticNet(0.8, 0.5), lambda z: soft(z, 0.8, 0.5)),
        (Group(0.4), lambda z: group_soft(z, 0.4, COLUMN_PREDICTOR)),
    ],
)
def test_thresholds_on_an_orthogonal_design_are_stationary(penalty, closed_form):
    rng = np.random.default_rng(0)
    X = orthogonal_columns(40, len(COLUMN_PREDICTOR), rng)
    y = X @ rng.normal(scale=0.5, size=(X.shape[1], 2)) + rng.normal(size=(40, 2))
    solution = closed_form(X.T @ (y - y.mean(axis=0)) / 40)
    assert 0 < (solution == 0).sum() < solution.size
    groups = make_groups(LINEAR, 2, COLUMN_PREDICTOR)
    problem, data = (
        Problem(penalty, groups, SquaredError(), LINEAR),
        Data(X.T, y, np.full(40, 1 / 40)),
    )
    parameters = Parameters(Weights(solution, None, ()), (y.mean(axis=0),))
    assert certificate(problem, parameters, data) < 1e-12
    # The strength is part of the certificate: at another one the same point is not solved.
    weaker = replace(problem, penalty=replace(penalty, alpha=0.9 * penalty.alpha))
    assert certificate(weaker, parameters, data) > 1e-3


def test_stationarity_grows_with_the_distance_from_the_solution():
    problem, solution, data = ridge_case(0.3)
    rng = np.random.default_rng(0)
    direction = away_from_zero(solution, rng)
    distances = [1e-6, 1e-5, 1e-4, 1e-3]
    residuals = [
        certificate(problem, jax.tree.map(lambda s, d, t=t: s + t * d, solution, direction), data)
        for t in distances
    ]
    assert_allclose(
        np.divide(residuals, residuals[0]), np.divide(distances, distances[0]), rtol=1e-2
    )


def test_stationarity_is_what_is_left_of_two_forces():
    # One weight and no bias to speak of: the loss pulls with 1 - w = 0.75, the penalty back with
    # 2 w = 0.5.
    data = Data(np.array([[1.0, -1.0]]), np.array([[1.0], [-1.0]]), np.array([0.5, 0.5]))
    problem = Problem(
        ElasticNet(2.0, 0.0), make_groups(LINEAR, 1, np.zeros(1, int)), SquaredError(), LINEAR
    )
    parameters = Parameters(Weights(np.array([[0.25]]), None, ()), (np.zeros(1),))
    assert certificate(problem, parameters, data, 0.0) == pytest.approx((0.75 - 0.5) / (0.75 + 0.5))
    assert certificate(problem, parameters, data, 1.0) == pytest.approx(
        (0.75 - 0.5) / (0.75 + 0.5 + 1.0)
    )


@pytest.mark.parametrize(
    ("strong", "weak"), [(ElasticNet(2.0, 1.0), ElasticNet(0.002, 1.0)), (Group(1.0), Group(0.001))]
)
def test_only_a_strong_penalty_holds_all_weights_at_zero(strong, weak):
    problem, _, data = make_case("binary log-loss", "none", "linear")
    null = LINEAR.initial(data.columns.T, problem.loss.null_outputs(data.y, data.weight), seed=0)
    assert certificate(replace(problem, penalty=strong), null, data) < 1e-6
    assert certificate(replace(problem, penalty=weak), null, data) > 0.5


def numpy_row_gradient(loss, x, y, weights, bias):
    """Gradient of one row's loss under a linear map."""
    outputs = x @ weights + bias
    slope = SLOPES[type(loss)](loss, outputs, y)
    return np.concatenate([np.outer(x, slope).ravel(), slope])


SLOPES = {
    SquaredError: lambda loss, f, y: f - y,
    Poisson: lambda loss, f, y: np.exp(f) - y,
    Huber: lambda loss, f, y: np.clip(f - y, -loss.delta, loss.delta),
    Quantile: lambda loss, f, y: 0.5 * np.clip((f - y) / loss.ROUNDED, -1, 1) + 0.5 - loss.quantile,
    MultinomialLogLoss: lambda loss, f, y: np.exp(f) / np.exp(f).sum() - y,
    BinaryLogLoss: lambda loss, f, y: 1 / (1 + np.exp(-f)) - y,
    MultilabelLogLoss: lambda loss, f, y: 1 / (1 + np.exp(-f)) - y,
}


@pytest.mark.parametrize("loss", [name for name in LOSSES if "Cox" not in name])
def test_unpenalised_stationarity_is_the_mean_gradient_over_the_typical_one(loss):
    problem, parameters, data = make_case(loss, "none", "linear", n_rows=130)
    (weights, _, _), (bias,) = parameters
    rows = [
        numpy_row_gradient(problem.loss, x, y, weights, bias)
        for x, y in zip(data.columns.T, data.y, strict=True)
    ]
    mean = sum(w * row for w, row in zip(data.weight, rows, strict=True))
    typical = np.sqrt(sum(w * row @ row for w, row in zip(data.weight, rows, strict=True)))
    measured = unpenalised(problem, parameters, data, 0.5)
    assert measured == pytest.approx(np.linalg.norm(mean) / (typical + 0.5))
    # Rows that only fill a shape up weigh nothing.
    y, weight = (np.pad(a, [(0, 7), *[(0, 0)] * (a.ndim - 1)]) for a in data[1:])
    padded = Data(np.pad(data.columns, [(0, 0), (0, 7)]), y, weight)
    assert unpenalised(problem, parameters, padded, 0.5) == pytest.approx(measured)


def test_unpenalised_stationarity_vanishes_at_least_squares():
    problem, solution, data = ridge_case(0.0)
    assert unpenalised(problem, solution, data, FLOOR) < 1e-12


@pytest.mark.parametrize("loss", LOSSES)
def test_the_null_gradient_is_that_of_a_linear_map_at_the_null_model(loss):
    problem, _, data = make_case(loss, "none", "linear")
    null = problem.loss.null_outputs(data.y, data.weight)
    _, gradient = evaluate(problem, LINEAR.initial(data.columns.T, null, seed=0), data)
    assert_allclose(null_loss(problem.loss, data, null)[1], gradient.weights.input, atol=1e-15)
    # The bias of the null model is right already. At a quantile the rounded corner turns the
    # rounding of the null into a gradient 500 times as large.
    assert_allclose(gradient.biases[0], 0, atol=5e-13 if loss == "quantile" else 1e-15)


def test_the_norm_is_over_every_number():
    assert norm(((np.array([1.0, 2.0]), None), np.array([[2.0]]))) == 3


@pytest.mark.parametrize("loss", LOSSES)
def test_a_long_table_taken_block_by_block_is_taken_whole(loss, monkeypatch):
    """Objective, gradient, null gradient, residual without a penalty; a Cox loss never sees a
    part
    of the rows.
    """
    case, null = make_case(loss, n_rows=32), np.zeros(LOSSES[loss][1])

    def measures():
        problem, parameters, data = case
        measure = jax.jit(
            lambda: (
                problem.objective(parameters, data),
                jax.grad(problem.smooth)(parameters, data),
                null_loss(problem.loss, data, null),
                problem.unpenalised_stationarity(parameters, data, FLOOR),
            )
        )
        return measure(), str(jax.make_jaxpr(measure)())

    whole, program = measures()
    monkeypatch.setattr("tautnet.objective.problem.ROWS_AT_ONCE", 4)
    parts, program_of_parts = measures()
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-9, atol=1e-12), parts, whole)
    assert (program != program_of_parts) == case.problem.loss.is_separable


def test_sizes_of_long_tables_are_whole_blocks():
    from tautnet.objective.networks import padded_size
    from tautnet.objective.problem import FEW_BLOCKS, ROWS_AT_ONCE

    for size in range(FEW_BLOCKS * ROWS_AT_ONCE + 1, 200_000, 997):
        assert padded_size(size) % ROWS_AT_ONCE == 0
