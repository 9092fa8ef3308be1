"""Twins: without a hidden layer, the fits that scikit-learn and textbooks have.

They agree to six digits and more.
"""

import numpy as np
import pytest
from cases import orthogonal_columns
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import (
    ElasticNet,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
)

from tautnet.estimators.models import TautNetClassifier, TautNetRegressor
from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.networks import Network
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.solving.settings import Request, Settings
from tautnet.solving.walk import walk
from tautnet.tables.sample import Sample
from tautnet.tables.scaling import standardise

N_ROWS = 60
ROWS = np.arange(N_ROWS)
COLUMN_PREDICTOR = np.array([0, 1, 1, 2, 3, 3])
WEIGHTINGS = ["rows alike", "weighted"]


@pytest.fixture(scope="module")
def X():
    """Correlated columns with all sorts of centres and scales."""
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(N_ROWS, 6)) + 0.7 * rng.normal(size=(N_ROWS, 1))
    return columns * [1, 5, 0.2, 1, 3, 1] + [0, 3, -1, 0, 8, 0]


@pytest.fixture(scope="module")
def signal(X):
    return standardised(X) @ [1.0, -0.6, 0.0, 0.4, 0.0, 0.1] + 0.5 * np.random.default_rng(
        1
    ).normal(size=N_ROWS)


@pytest.fixture(scope="module")
def weights():
    """Row weights by the name of the weighting; a few rows do not count at all."""
    weighted = np.random.default_rng(2).choice([0.5, 1.0, 3.0], N_ROWS)
    weighted[:5] = 0
    return {"rows alike": np.ones(N_ROWS), "weighted": weighted}


def standardised(values, weight=None):
    """Weighted mean 0 and weighted variance 1."""
    centred = values - np.average(values, axis=0, weights=weight)
    return centred / np.sqrt(np.average(centred**2, axis=0, weights=weight))


def solve(penalty, alpha, X, y, weight, loss, *, column_predictor=None, l1_ratio=0.5):
    """Weights and bias of a linear map, solved at one strength."""
    if column_predictor is None:
        column_predictor = np.arange(X.shape[1])
    settings = Settings(
        penalty, l1_ratio, Network((), skip=False), loss, tol=1e-10, max_iter=20_000
    )
    path = walk(
        Sample(X, column_predictor, y, weight),
        np.arange(len(X)),
        ROWS[:0],
        settings,
        Request(alphas=[alpha], keep="all"),
    )
    assert path.stationarity[0] <= 2e-11
    (coefficients, skip, later), (bias,) = path.parameters[0]
    assert skip is None and later == ()
    return coefficients, bias


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("alpha", [1e-3, 0.1, 3.0])
def test_l2_is_ridge(X, signal, weights, weighting, alpha):
    weight = weights[weighting]
    coefficients, bias = solve("l2", alpha, X, 10 + 4 * signal[:, None], weight, SquaredError())
    twin = Ridge(alpha=alpha * weight.sum(), solver="cholesky")
    twin.fit(standardised(X, weight), standardised(signal, weight), sample_weight=weight)
    assert_allclose(coefficients[:, 0], twin.coef_, rtol=1e-8, atol=1e-10)
    assert_allclose(bias, twin.intercept_, atol=1e-10)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize(("penalty", "ratio"), [("l1", 1.0), ("elasticnet", 0.3)])
@pytest.mark.parametrize("alpha", [0.01, 0.2])
def test_l1_is_the_lasso_and_elasticnet_the_elastic_net(
    X, signal, weights, weighting, penalty, ratio, alpha
):
    weight = weights[weighting]
    coefficients, _ = solve(
        penalty, alpha, X, signal[:, None], weight, SquaredError(), l1_ratio=0.3
    )
    twin = Lasso(alpha, tol=1e-14) if ratio == 1 else ElasticNet(alpha, l1_ratio=ratio, tol=1e-14)
    twin.fit(standardised(X, weight), standardised(signal, weight), sample_weight=weight)
    assert_allclose(coefficients[:, 0], twin.coef_, rtol=1e-7, atol=1e-9)
    assert_array_equal(coefficients[:, 0] == 0, twin.coef_ == 0)
    assert np.any(twin.coef_ == 0) or alpha == 0.01


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_none_is_least_squares(X, signal, weights, weighting):
    weight = weights[weighting]
    settings = Settings("none", network=Network((), skip=False), tol=1e-4, max_iter=20_000)
    path = walk(Sample(X, np.arange(6), signal[:, None], weight), ROWS, ROWS[:0], settings)
    twin = LinearRegression().fit(
        standardised(X, weight), standardised(signal, weight), sample_weight=weight
    )
    assert_allclose(path.parameters[0].weights.input[:, 0], twin.coef_, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    ("penalty", "ratio", "alpha"), [("l2", 0.0, 0.03), ("l1", 1.0, 0.05), ("elasticnet", 0.3, 0.3)]
)
def test_log_loss_is_logistic_regression(
    X, signal, weights, weighting, classes, penalty, ratio, alpha
):
    weight = weights[weighting]
    labels = np.digitize(signal, np.quantile(signal, np.arange(1, classes) / classes))
    loss, y = (
        (BinaryLogLoss(), labels[:, None])
        if classes == 2
        else (MultinomialLogLoss(), np.eye(3)[labels])
    )
    coefficients, bias = solve(penalty, alpha, X, y.astype(float), weight, loss, l1_ratio=0.3)
    twin = LogisticRegression(
        C=1 / (alpha * weight.sum()),
        l1_ratio=ratio,
        solver="newton-cholesky" if ratio == 0 else "saga",
        tol=1e-12,
        max_iter=20_000,
        random_state=0,
    )
    twin.fit(standardised(X, weight), labels, sample_weight=weight)
    assert_allclose(coefficients.T, twin.coef_, atol=1e-7)
    assert_array_equal(coefficients.T == 0, twin.coef_ == 0)
    # The same number added to the bias of every class changes no probability.
    shift = 0 if classes == 2 else np.mean(bias) - np.mean(twin.intercept_)
    assert_allclose(bias, twin.intercept_ + shift, atol=1e-7)
    assert np.any(twin.coef_ == 0) == (ratio > 0)


def test_estimators_are_twins_in_the_units_of_the_table(X, signal, weights):
    weight, y = weights["weighted"], 10 + 4 * signal
    settings = dict(hidden_layer_sizes=(), tol=1e-9, max_iter=20_000, alpha_min_ratio=0.1)
    Z, scale = (
        standardised(X, weight),
        np.sqrt(np.average((y - np.average(y, weights=weight)) ** 2, weights=weight)),
    )
    model = TautNetRegressor("l2", 0.1, **settings).fit(X, y, sample_weight=weight)
    # Without the target's scale the strength stays what it is: ridge has no scale of its own.
    twin = Ridge(0.1 * weight.sum()).fit(Z, y, sample_weight=weight)
    assert_allclose(model.predict(X), twin.predict(Z), rtol=1e-7)
    model = TautNetRegressor("l1", 0.1, **settings).fit(X, y, sample_weight=weight)
    twin = Lasso(0.1 * scale, tol=1e-14).fit(Z, y, sample_weight=weight)
    assert_allclose(model.predict(X), twin.predict(Z), rtol=1e-7)
    assert_array_equal(model.selected_features_, twin.coef_ != 0)
    labels = np.where(signal > 0, "yes", "no")
    model = TautNetClassifier("l2", 0.1, **settings).fit(X, labels, sample_weight=weight)
    twin = LogisticRegression(C=1 / (0.1 * weight.sum()), tol=1e-12, solver="newton-cholesky")
    twin.fit(Z, labels, sample_weight=weight)
    assert_allclose(model.predict_proba(X), twin.predict_proba(Z), rtol=1e-7)
    assert model.classes_.tolist() == twin.classes_.tolist()


def group_lasso(X, y, weight, alpha, column_predictor, sweeps=2000):
    """Weights of the group lasso by block coordinate descent, each block by proximal steps."""
    result = np.zeros((X.shape[1], y.shape[1]))
    gram, correlation = (X.T * weight) @ X, (X.T * weight) @ y
    for _ in range(sweeps):
        for j in np.unique(column_predictor):
            block = column_predictor == j
            step = 1 / np.linalg.norm(gram[np.ix_(block, block)], 2)
            moved = result[block] + step * (correlation - gram @ result)[block]
            threshold = step * alpha * np.sqrt(moved.size)
            size = np.linalg.norm(moved)
            result[block] = 0 if size <= threshold else (1 - threshold / size) * moved
    return result


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("alpha", [0.02, 0.15])
def test_group_is_the_group_lasso(X, signal, weights, weighting, alpha):
    weight = weights[weighting]
    y = np.column_stack([signal, X[:, 3] + signal**2])
    coefficients, _ = solve(
        "group", alpha, X, y, weight, SquaredError(), column_predictor=COLUMN_PREDICTOR
    )
    share = weight / weight.sum()
    twin = group_lasso(
        standardised(X, weight), standardised(y, weight), share, alpha, COLUMN_PREDICTOR
    )
    assert_allclose(coefficients, twin, rtol=1e-7, atol=1e-9)
    assert_array_equal(coefficients == 0, twin == 0)
    assert np.any(twin == 0) or alpha == 0.02


@pytest.mark.parametrize("alpha", [0.1, 0.3])
def test_group_on_an_orthogonal_design_shrinks_each_predictor_by_its_threshold(alpha):
    rng = np.random.default_rng(0)
    X = orthogonal_columns(N_ROWS, 6, rng)
    y = standardised(X @ rng.normal(size=(6, 2)) + rng.normal(size=(N_ROWS, 2)))
    coefficients, bias = solve(
        "group",
        alpha,
        3 * X + 1,
        y,
        np.ones(N_ROWS),
        SquaredError(),
        column_predictor=COLUMN_PREDICTOR,
    )
    correlation, left = X.T @ y / N_ROWS, 0
    for j in range(4):
        block = correlation[COLUMN_PREDICTOR == j]
        factor = max(0, 1 - alpha * np.sqrt(block.size) / np.linalg.norm(block))
        assert_allclose(coefficients[COLUMN_PREDICTOR == j], factor * block, rtol=1e-8, atol=1e-10)
        left += factor > 0
    assert left == {0.1: 4, 0.3: 2}[alpha]
    assert_allclose(bias, 0, atol=1e-10)


def test_a_group_of_one_weight_is_l1(X, signal, weights):
    arguments = X, signal[:, None], weights["weighted"], SquaredError()
    assert_allclose(solve("group", 0.1, *arguments)[0], solve("l1", 0.1, *arguments)[0], atol=1e-10)


def test_group_logistic_regression_balances_its_forces(X, signal, weights):
    weight, alpha = weights["weighted"], 0.06
    labels = np.digitize(signal, np.quantile(signal, [1 / 3, 2 / 3]))
    y = np.eye(3)[labels]
    coefficients, bias = solve(
        "group", alpha, X, y, weight, MultinomialLogLoss(), column_predictor=COLUMN_PREDICTOR
    )
    logits = standardised(X, weight) @ coefficients + bias
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    pull = standardised(X, weight).T @ (weight[:, None] * (y - probabilities)) / weight.sum()
    alive = []
    for j in range(4):
        block, force = coefficients[COLUMN_PREDICTOR == j], pull[COLUMN_PREDICTOR == j]
        strength = alpha * np.sqrt(block.size)
        alive.append(np.any(block != 0))
        if alive[-1]:
            assert_allclose(force, strength * block / np.linalg.norm(block), atol=1e-8)
        else:
            assert np.linalg.norm(force) <= strength
    assert 0 < sum(alive) < 4


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("alpha", [1e-3, 0.1])
def test_poisson_is_poisson_regression(X, signal, weights, weighting, alpha):
    weight = weights[weighting]
    counts = np.random.default_rng(3).poisson(np.exp(0.5 * signal)).astype(float)
    coefficients, bias = solve("l2", alpha, X, counts[:, None], weight, Poisson())
    twin = PoissonRegressor(alpha=alpha, solver="newton-cholesky", tol=1e-12)
    twin.fit(standardised(X, weight), counts, sample_weight=weight)
    assert_allclose(coefficients[:, 0], twin.coef_, atol=1e-8)
    assert_allclose(bias, twin.intercept_, atol=1e-8)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize(("epsilon", "theirs"), [(1.35, 0.1), (1.1, 5.0)])
def test_huber_is_huber_regression(X, signal, weights, weighting, epsilon, theirs):
    """Scikit-learn estimates a scale s beside: delta = epsilon s, and its alpha is n alpha / s."""
    weight = weights[weighting]
    y = signal.copy()
    y[::9] += 8
    scaling = Huber().target_scaling(y[:, None], weight)
    seen = standardise(y[:, None], scaling)[:, 0]
    twin = HuberRegressor(epsilon=epsilon, alpha=theirs, tol=1e-10, max_iter=10_000)
    twin.fit(standardised(X, weight), seen, sample_weight=weight)
    loss, alpha = Huber(epsilon * twin.scale_), theirs * twin.scale_ / weight.sum()
    coefficients, bias = solve("l2", alpha, X, y[:, None], weight, loss)
    assert_allclose(coefficients[:, 0], twin.coef_, atol=2e-5)
    assert_allclose(bias, twin.intercept_, atol=2e-5)
    assert twin.outliers_.any()


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize(("quantile", "alpha"), [(0.5, 1e-3), (0.9, 0.02)])
def test_quantile_is_quantile_regression(X, signal, weights, weighting, quantile, alpha):
    """The objective is compared, since the fit rounds the corner.

    It is taken with the corner, in the units of both.
    """
    weight, Z = weights[weighting], standardised(X, weights[weighting])
    settings = Settings(
        "l1", 0.5, Network((), skip=False), Quantile(quantile), tol=1e-4, max_iter=20_000
    )
    path = walk(
        Sample(X, np.arange(6), signal[:, None], weight),
        ROWS,
        ROWS[:0],
        settings,
        Request(alphas=[alpha], keep="all"),
    )
    (coefficients, _, _), (bias,) = path.parameters[0]
    y = standardised(signal, weight)
    twin = QuantileRegressor(quantile=quantile, alpha=alpha).fit(Z, y, sample_weight=weight)

    def objective(coefficients, intercept):
        residual = y - Z @ coefficients - intercept
        loss = np.maximum(quantile * residual, (quantile - 1) * residual)
        return np.average(loss, weights=weight) + alpha * np.abs(coefficients).sum()

    ours, theirs = objective(coefficients[:, 0], bias[0]), objective(twin.coef_, twin.intercept_)
    assert theirs - 1e-9 <= ours <= theirs + 1e-4
    assert objective(np.zeros(6), np.quantile(y, quantile)) > theirs + 0.05


def test_several_targets_are_several_regressions_and_several_labels_several_classifiers(
    X, signal, weights
):
    weight = weights["weighted"]
    Y = np.column_stack([signal, X[:, 3]])
    coefficients, _ = solve("l2", 0.1, X, Y, weight, SquaredError())
    each = [solve("l2", 0.1, X, Y[:, [j]], weight, SquaredError())[0] for j in (0, 1)]
    assert_allclose(coefficients, np.hstack(each), atol=1e-9)
    labels = (Y > np.median(Y, axis=0)).astype(float)
    coefficients, _ = solve("l2", 0.1, X, labels, weight, MultilabelLogLoss())
    each = [solve("l2", 0.1, X, labels[:, [j]], weight, BinaryLogLoss())[0] for j in (0, 1)]
    assert_allclose(coefficients, np.hstack(each), atol=1e-8)
