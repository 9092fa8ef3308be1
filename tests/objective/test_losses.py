"""Losses: what scikit-learn calls them, null models that are the best constants, and no overflow."""

import jax
import numpy as np
import pytest
from cases import LOSSES, draw_target, draw_weight
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score

from tautnet.objective.losses import BinaryLogLoss, MultinomialLogLoss, SquaredError, entropy, loss_for

ROWS = 20
LOG_LOSSES = [name for name in LOSSES if "log-loss" in name]


def draw(name, seed=0):
    """A loss with a target, outputs and row weights."""
    rng = np.random.default_rng(seed)
    loss, n_outputs = LOSSES[name]
    return loss, draw_target(loss, ROWS, n_outputs, rng), rng.normal(size=(ROWS, n_outputs)), draw_weight(ROWS, rng)


def labels(y):
    return y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]


@pytest.mark.parametrize("name", LOG_LOSSES)
def test_log_loss_and_accuracy_are_those_of_scikit_learn(name):
    loss, y, outputs, weight = draw(name)
    probabilities = loss.mean(outputs)
    assert_allclose(probabilities.sum(axis=1), 1)
    reference = log_loss(labels(y), probabilities, sample_weight=weight)
    assert weight @ loss.metric(y, outputs) == pytest.approx(reference, rel=1e-12)
    accuracy = accuracy_score(labels(y), probabilities.argmax(axis=1), sample_weight=weight)
    assert 0 < accuracy < 1
    assert loss.score(y, outputs, weight) == pytest.approx(accuracy)


def test_squared_error_and_r2_are_those_of_scikit_learn():
    loss, y, outputs, weight = draw("squared error")
    outputs = y + 0.5 * outputs
    assert loss.mean(outputs) is outputs
    reference = mean_squared_error(y, outputs, sample_weight=weight)
    assert weight @ loss.metric(y, outputs) == pytest.approx(reference, rel=1e-12)
    reference = r2_score(y, outputs, sample_weight=weight, multioutput="variance_weighted")
    assert loss.score(y, outputs, weight) == pytest.approx(reference, rel=1e-12)


@pytest.mark.parametrize(("name", "factor"), [("squared error", 0.5 * 2), *((name, 1) for name in LOG_LOSSES)])
def test_what_is_minimised_is_the_metric(name, factor):
    # Squared error is halved and summed over its two outputs, the metric averages them.
    loss, y, outputs, _ = draw(name)
    assert_allclose(loss.value(y, outputs), factor * loss.metric(y, outputs), rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_no_constant_is_better_than_the_null_outputs(name):
    loss, y, _, weight = draw(name)

    def mean_loss(constant):
        return float(weight @ loss.value(y, np.broadcast_to(constant, y.shape)))

    null = loss.null_outputs(y, weight)
    best = minimize(mean_loss, np.zeros(y.shape[1]), tol=1e-9)
    assert mean_loss(null) <= best.fun + 1e-12
    assert_allclose(loss.mean(null[None]), loss.mean(best.x[None]), atol=1e-5)


@pytest.mark.parametrize("name", LOG_LOSSES)
def test_the_null_log_loss_is_the_entropy(name):
    loss, y, _, weight = draw(name)
    shares = loss.mean(loss.null_outputs(y, weight)[None])
    null_outputs = np.broadcast_to(loss.null_outputs(y, weight), y.shape)
    assert weight @ loss.metric(y, null_outputs) == pytest.approx(entropy(shares))
    assert entropy(np.array([1.0, 0.0])) == 0


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (BinaryLogLoss(), np.zeros((10, 1))),
        (BinaryLogLoss(), np.ones((10, 1))),
        (MultinomialLogLoss(), np.eye(3)[[0, 1] * 5]),
    ],
)
def test_a_class_without_a_row_has_a_thousandth_of_a_row_in_the_null_model(loss, y):
    null = loss.null_outputs(y, np.full(10, 0.1))
    assert loss.mean(null[None]).min() == pytest.approx(1e-4, rel=1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_huge_outputs_overflow_nothing(name):
    loss, y, outputs, weight = draw(name)
    outputs = 1e4 * np.sign(outputs)
    value, gradient = jax.value_and_grad(lambda f: weight @ loss.value(y, f))(outputs)
    assert np.isfinite(value) and np.all(np.isfinite(gradient)) and np.any(gradient)
    assert np.all(np.isfinite(loss.metric(y, outputs))) and np.all(np.isfinite(loss.mean(outputs)))


def test_classes_that_fill_up_have_no_probability():
    loss, y, outputs, _ = draw("multinomial log-loss")
    more_y, more = np.pad(y, ((0, 0), (0, 2))), np.pad(outputs, ((0, 0), (0, 2)), constant_values=loss.padding_bias)
    assert np.all(loss.mean(more)[:, 3:] == 0)
    assert_allclose(loss.value(more_y, more), loss.value(y, outputs), rtol=1e-15)
    gradient = jax.grad(lambda f: loss.value(more_y, f).sum())(more)
    assert np.all(gradient[:, 3:] == 0)


def test_the_loss_follows_from_the_task():
    assert loss_for("regression", 1) == loss_for("regression", 4) == SquaredError()
    assert loss_for("classification", 1) == BinaryLogLoss()
    assert loss_for("classification", 3) == MultinomialLogLoss()
