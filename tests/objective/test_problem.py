"""The gradient, the step and the certificate of problems of every loss, penalty and network."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from cases import (
    LOSSES,
    NETWORKS,
    NOT_CONVEX,
    PENALTIES,
    Case,
    away_from_zero,
    draw_weight,
    go_together,
    make_case,
    make_predictors,
    orthogonal_columns,
)
from numpy.testing import assert_allclose

from tautnet.objective.arrays import Array, Tree
from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network, Parameters, Weights, padded_size
from tautnet.objective.penalties import ElasticNet, Group, Penalty
from tautnet.objective.problem import (
    FEW_BLOCKS,
    ROWS_AT_ONCE,
    Data,
    Problem,
    norm,
    null_loss,
    unit_steps,
)
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.tables.arrays import Floats, Integers

LINEAR = Network((), skip=False)
FLOOR = 1e-9


def every(*names: Iterable[str]) -> list[tuple[str, ...]]:
    """All combinations of losses (if any), penalties and networks that go together."""
    return [combined for combined in itertools.product(*names) if go_together(*combined[-2:])]


@jax.jit
def evaluate(problem: Problem, parameters: Parameters, data: Data) -> tuple[Array, Parameters]:
    """The objective, and the gradient of its smooth part."""
    return problem.objective(parameters, data), jax.grad(problem.smooth)(parameters, data)


@jax.jit
def certificate(
    problem: Problem, parameters: Parameters, data: Data, floor: float = FLOOR
) -> Array:
    return problem.stationarity(parameters, data, floor)


@jax.jit
def unpenalised(problem: Problem, parameters: Parameters, data: Data, floor: float) -> Array:
    return problem.unpenalised_stationarity(parameters, data, floor)


def differences(problem: Problem, parameters: Parameters, data: Data) -> Parameters:
    """Gradient of the objective by central differences."""
    leaves, structure = jax.tree.flatten(jax.tree.map(np.copy, parameters))
    moving = structure.unflatten(leaves)

    def objective(leaf: Floats, i: tuple[int, ...], number: float) -> float:
        """The objective with one number of a leaf in the place of its own."""
        before = leaf[i]
        leaf[i] = number
        value = float(evaluate(problem, moving, data)[0])
        leaf[i] = before
        return value

    slopes = [np.empty(leaf.shape) for leaf in leaves]
    for leaf, slope in zip(leaves, slopes, strict=True):
        for i in np.ndindex(leaf.shape):
            low = objective(leaf, i, leaf[i] - 1e-6)
            high = objective(leaf, i, leaf[i] + 1e-6)
            slope[i] = (high - low) / 2e-6
    return structure.unflatten(slopes)


def proximal_step(
    problem: Problem, parameters: Parameters, gradient: Parameters, step: float
) -> Parameters:
    """One step of proximal gradient."""
    moved = jax.tree.map(lambda p, g: p - step * g, parameters, gradient)
    return problem.prox(moved, unit_steps(moved, step))


def each_close(actual: Tree, desired: Tree, rtol: float, atol: float = 0.0) -> None:
    for a, d in zip(jax.tree.leaves(actual), jax.tree.leaves(desired), strict=True):
        assert_allclose(a, d, rtol=rtol, atol=atol)


# How penalties and networks go together is seen under one loss, so that the others need one of
# each.
FIRST = list(LOSSES)[:1]
LOGARITHMIC = list(LOSSES)[1:3]
OTHERS = list(LOSSES)[3:]


@pytest.mark.parametrize(
    ("loss", "penalty", "network"),
    every(FIRST, PENALTIES, NETWORKS)
    + every(LOGARITHMIC, PENALTIES, ["silu"])
    + every(OTHERS, ["elasticnet"], ["silu"]),
)
def test_a_step_goes_down_the_objective_as_finite_differences_see_it(
    loss: str, penalty: str, network: str
) -> None:
    problem, parameters, data = make_case(loss, penalty, network)
    before, gradient = evaluate(problem, parameters, data)
    # Where no weight is near 0, a tiny proximal step is a step down the gradient of the whole
    # objective.
    moved = proximal_step(problem, parameters, gradient, 1e-6)
    step = jax.tree.map(lambda p, m: (p - m) / 1e-6, parameters, moved)
    each_close(step, differences(problem, parameters, data), rtol=1e-5, atol=1e-6)
    assert evaluate(problem, proximal_step(problem, parameters, gradient, 1e-3), data)[0] < before


@pytest.mark.parametrize(("penalty", "network"), every(PENALTIES, NETWORKS))
def test_a_step_on_the_penalty_alone_shrinks_every_weight_and_no_bias(
    penalty: str, network: str
) -> None:
    problem, parameters, _ = make_case("squared error", penalty, network)
    gradient = jax.grad(lambda p: problem.penalty.smooth(p.weights, problem.predictors))(parameters)
    moved = proximal_step(problem, parameters, gradient, 0.1)
    pairs = zip(jax.tree.leaves(parameters.weights), jax.tree.leaves(moved.weights), strict=True)
    for before, after in pairs:
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
def test_a_penalty_leaves_the_gradient_of_the_biases_alone(penalty: str, network: str) -> None:
    _, one = evaluate(*make_case("binary log-loss", "none", network))
    _, other = evaluate(*make_case("binary log-loss", penalty, network))
    each_close(one.biases, other.biases, rtol=1e-14)


def test_row_weights_are_shares() -> None:
    problem, parameters, data = make_case(penalty="none")
    losses = problem.loss.value(data.y, problem.network.outputs(parameters, data.columns.T))
    assert_allclose(problem.mean_loss(parameters, data), np.average(losses, weights=data.weight))
    assert data.weight.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("loss", "penalty", "network"),
    every(["squared error"], PENALTIES, NETWORKS) + every(LOSSES, PENALTIES, ["tanh"]),
)
def test_stationarity_is_between_0_and_1(loss: str, penalty: str, network: str) -> None:
    # All weights are large here, hence far from solved.
    assert 0.05 < certificate(*make_case(loss, penalty, network)) <= 1


def ridge_case(
    alpha: float, n_rows: int = 15, n_columns: int = 4, n_outputs: int = 2, seed: int = 3
) -> Case:
    """A linear problem under l2 with its solution in closed form."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(n_columns, n_rows))
    y = rng.normal(size=(n_rows, n_outputs))
    weight = draw_weight(n_rows, rng)
    mean_x = weight @ columns.T
    mean_y = weight @ y
    X = columns.T - mean_x
    products = (X.T * weight) @ X + alpha * np.eye(n_columns)
    weights = np.linalg.solve(products, (X.T * weight) @ (y - mean_y))
    solution = Parameters(Weights(weights, None, ()), (mean_y - mean_x @ weights,))
    predictors = make_predictors(LINEAR, n_outputs, np.arange(n_columns))
    problem = Problem(ElasticNet(alpha, 0.0), predictors, SquaredError(), LINEAR)
    return Case(problem, solution, Data(columns, y, weight))


@pytest.mark.parametrize("alpha", [1e-3, 0.3, 30.0])
def test_ridge_in_closed_form_is_stationary(alpha: float) -> None:
    problem, solution, data = ridge_case(alpha)
    assert certificate(problem, solution, data) < 1e-12


def soft(correlation: Floats, alpha: float, ratio: float) -> Floats:
    """Weights of the elastic net on an orthogonal design."""
    shrunk = np.maximum(np.abs(correlation) - alpha * ratio, 0)
    return np.sign(correlation) * shrunk / (1 + alpha * (1 - ratio))


def group_soft(correlation: Floats, alpha: float, column_predictor: Integers) -> Floats:
    """Weights of the group penalty on an orthogonal design."""
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
def test_thresholds_on_an_orthogonal_design_are_stationary(
    penalty: ElasticNet | Group, closed_form: Callable[[Floats], Floats]
) -> None:
    rng = np.random.default_rng(0)
    X = orthogonal_columns(40, len(COLUMN_PREDICTOR), rng)
    y = X @ rng.normal(scale=0.5, size=(X.shape[1], 2)) + rng.normal(size=(40, 2))
    solution = closed_form(X.T @ (y - y.mean(axis=0)) / 40)
    assert 0 < (solution == 0).sum() < solution.size
    predictors = make_predictors(LINEAR, 2, COLUMN_PREDICTOR)
    problem = Problem(penalty, predictors, SquaredError(), LINEAR)
    data = Data(X.T, y, np.full(40, 1 / 40))
    parameters = Parameters(Weights(solution, None, ()), (y.mean(axis=0),))
    assert certificate(problem, parameters, data) < 1e-12
    # The strength is part of the certificate: at another one the same point is not solved.
    weaker = replace(problem, penalty=replace(penalty, alpha=0.9 * penalty.alpha))
    assert certificate(weaker, parameters, data) > 1e-3


def test_stationarity_grows_with_the_distance_from_the_solution() -> None:
    problem, solution, data = ridge_case(0.3)
    rng = np.random.default_rng(0)
    direction = away_from_zero(solution, rng)
    distances = [1e-6, 1e-5, 1e-4, 1e-3]
    residuals = []
    for t in distances:
        moved = jax.tree.map(lambda s, d, t=t: s + t * d, solution, direction)
        residuals.append(certificate(problem, moved, data))
    relative = np.divide(residuals, residuals[0])
    assert_allclose(relative, np.divide(distances, distances[0]), rtol=1e-2)


def test_stationarity_is_what_is_left_of_two_forces() -> None:
    # One weight and no bias to speak of: the loss pulls with 1 - w = 0.75, the penalty back with
    # 2 w = 0.5.
    data = Data(np.array([[1.0, -1.0]]), np.array([[1.0], [-1.0]]), np.array([0.5, 0.5]))
    predictors = make_predictors(LINEAR, 1, np.zeros(1, int))
    problem = Problem(ElasticNet(2.0, 0.0), predictors, SquaredError(), LINEAR)
    parameters = Parameters(Weights(np.array([[0.25]]), None, ()), (np.zeros(1),))
    rest = 0.75 - 0.5
    assert certificate(problem, parameters, data, 0.0) == pytest.approx(rest / (0.75 + 0.5))
    assert certificate(problem, parameters, data, 1.0) == pytest.approx(rest / (0.75 + 0.5 + 1.0))


@pytest.mark.parametrize(
    ("strong", "weak"), [(ElasticNet(2.0, 1.0), ElasticNet(0.002, 1.0)), (Group(1.0), Group(0.001))]
)
def test_only_a_strong_penalty_holds_all_weights_at_zero(strong: Penalty, weak: Penalty) -> None:
    problem, _, data = make_case("binary log-loss", "none", "linear")
    null_outputs = problem.loss.null_outputs(data.y, data.weight)
    null = LINEAR.initial(data.columns.T, null_outputs, seed=0)
    assert certificate(replace(problem, penalty=strong), null, data) < 1e-6
    assert certificate(replace(problem, penalty=weak), null, data) > 0.5


def numpy_row_gradient(loss: Loss, x: Floats, y: Floats, weights: Floats, bias: Floats) -> Floats:
    """Gradient of one row's loss under a linear map."""
    outputs = x @ weights + bias
    slope = SLOPES[type(loss)](loss, outputs, y)
    return np.concatenate([np.outer(x, slope).ravel(), slope])


SLOPES: dict[type[Loss], Callable[[Any, Floats, Floats], Floats]] = {
    SquaredError: lambda loss, f, y: f - y,
    Poisson: lambda loss, f, y: np.exp(f) - y,
    Huber: lambda loss, f, y: np.clip(f - y, -loss.delta, loss.delta),
    Quantile: lambda loss, f, y: 0.5 * np.clip((f - y) / loss.ROUNDED, -1, 1) + 0.5 - loss.quantile,
    MultinomialLogLoss: lambda loss, f, y: np.exp(f) / np.exp(f).sum() - y,
    BinaryLogLoss: lambda loss, f, y: 1 / (1 + np.exp(-f)) - y,
    MultilabelLogLoss: lambda loss, f, y: 1 / (1 + np.exp(-f)) - y,
}


@pytest.mark.parametrize("loss", [name for name in LOSSES if "Cox" not in name])
def test_unpenalised_stationarity_is_the_mean_gradient_over_the_typical_one(loss: str) -> None:
    problem, parameters, data = make_case(loss, "none", "linear", n_rows=130)
    (weights, _, _), (bias,) = parameters
    rows = [
        numpy_row_gradient(problem.loss, x, y, weights, bias)
        for x, y in zip(data.columns.T, data.y, strict=True)
    ]
    mean = data.weight @ np.array(rows)
    typical = np.sqrt(data.weight @ np.square(rows).sum(axis=1))
    measured = unpenalised(problem, parameters, data, 0.5)
    assert measured == pytest.approx(np.linalg.norm(mean) / (typical + 0.5))
    # Rows that only fill a shape up weigh nothing.
    columns = np.pad(data.columns, [(0, 0), (0, 7)])
    padded = Data(columns, np.pad(data.y, [(0, 7), (0, 0)]), np.pad(data.weight, (0, 7)))
    assert unpenalised(problem, parameters, padded, 0.5) == pytest.approx(measured)


def test_unpenalised_stationarity_vanishes_at_least_squares() -> None:
    problem, solution, data = ridge_case(0.0)
    assert unpenalised(problem, solution, data, FLOOR) < 1e-12


@pytest.mark.parametrize("loss", LOSSES)
def test_the_null_gradient_is_that_of_a_linear_map_at_the_null_model(loss: str) -> None:
    problem, _, data = make_case(loss, "none", "linear")
    null = problem.loss.null_outputs(data.y, data.weight)
    _, gradient = evaluate(problem, LINEAR.initial(data.columns.T, null, seed=0), data)
    assert_allclose(null_loss(problem.loss, data, null)[1], gradient.weights.input, atol=1e-15)
    # The bias of the null model is right already. At a quantile the rounded corner turns the
    # rounding of the null into a gradient 500 times as large.
    assert_allclose(gradient.biases[0], 0, atol=5e-13 if loss == "quantile" else 1e-15)


def test_the_norm_is_over_every_number() -> None:
    assert norm(((np.array([1.0, 2.0]), None), np.array([[2.0]]))) == 3


@pytest.mark.parametrize("loss", LOSSES)
def test_a_long_table_taken_block_by_block_is_taken_whole(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Objective and residuals are the same; a Cox loss never sees a part of the rows."""
    case = make_case(loss, n_rows=32)
    null = np.zeros(LOSSES[loss][1])

    def measures() -> tuple[Tree, str]:
        problem, parameters, data = case

        def measure() -> Tree:
            return (
                problem.objective(parameters, data),
                jax.grad(problem.smooth)(parameters, data),
                null_loss(problem.loss, data, null),
                problem.unpenalised_stationarity(parameters, data, FLOOR),
            )

        return jax.jit(measure)(), str(jax.make_jaxpr(measure)())

    whole, program = measures()
    monkeypatch.setattr("tautnet.objective.problem.ROWS_AT_ONCE", 4)
    parts, program_of_parts = measures()
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-9, atol=1e-12), parts, whole)
    assert (program != program_of_parts) == case.problem.loss.is_separable


def test_sizes_of_long_tables_are_whole_blocks() -> None:
    for size in range(FEW_BLOCKS * ROWS_AT_ONCE + 1, 200_000, 997):
        assert padded_size(size) % ROWS_AT_ONCE == 0
