"""Losses are those of scikit-learn, null models are the best constants, and nothing overflows."""

from collections.abc import Callable

import jax
import numpy as np
import pytest
from cases import LOSSES, draw_target, draw_weight
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.stats import entropy
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    r2_score,
)

from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.losses import Loss
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.objective.tasks import loss_for
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.errors import TableError

ROWS = 20
LOG_LOSSES = ["binary log-loss", "multinomial log-loss"]


def draw(name: str, seed: int = 0) -> tuple[Loss, Floats, Floats, Floats]:
    """A loss with a target, outputs and row weights."""
    rng = np.random.default_rng(seed)
    loss, n_outputs = LOSSES[name]
    y = draw_target(loss, ROWS, n_outputs, rng)
    outputs = rng.normal(size=(ROWS, n_outputs))
    return loss, y, outputs, draw_weight(ROWS, rng)


def labels(y: Floats) -> Floats | Integers:
    return y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]


@pytest.mark.parametrize("name", LOG_LOSSES)
def test_log_loss_and_accuracy_are_those_of_scikit_learn(name: str) -> None:
    loss, y, outputs, weight = draw(name)
    probabilities = loss.mean(outputs)
    assert_allclose(probabilities.sum(axis=1), 1)
    reference = log_loss(labels(y), probabilities, sample_weight=weight)
    assert weight @ loss.metric(y, outputs) == pytest.approx(reference, rel=1e-12)
    accuracy = accuracy_score(labels(y), probabilities.argmax(axis=1), sample_weight=weight)
    assert 0 < accuracy < 1
    assert loss.score(y, outputs, weight) == pytest.approx(accuracy)


def test_squared_error_and_r2_are_those_of_scikit_learn() -> None:
    loss, y, outputs, weight = draw("squared error")
    outputs = y + 0.5 * outputs
    assert loss.mean(outputs) is outputs
    reference = mean_squared_error(y, outputs, sample_weight=weight)
    assert weight @ loss.metric(y, outputs) == pytest.approx(reference, rel=1e-12)
    reference = r2_score(y, outputs, sample_weight=weight, multioutput="variance_weighted")
    assert loss.score(y, outputs, weight) == pytest.approx(reference, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "factor"), [("squared error", 0.5 * 2), *((name, 1) for name in LOG_LOSSES)]
)
def test_what_is_minimised_is_the_metric(name: str, factor: float) -> None:
    # Squared error is halved and summed over its two outputs, the metric averages them.
    loss, y, outputs, _ = draw(name)
    assert_allclose(loss.value(y, outputs), factor * loss.metric(y, outputs), rtol=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_no_constant_is_better_than_the_null_outputs(name: str) -> None:
    loss, y, _, weight = draw(name)

    def mean_loss(constant: Floats) -> float:
        return float(loss.mean_value(y, np.broadcast_to(constant, y.shape), weight))

    null = loss.null_outputs(y, weight)
    best = minimize(mean_loss, np.zeros(y.shape[1]), tol=1e-9)
    assert mean_loss(null) <= best.fun + 1e-12
    assert_allclose(loss.mean(null[None]), loss.mean(best.x[None]), atol=1e-5)


@pytest.mark.parametrize("name", LOG_LOSSES)
def test_the_null_log_loss_is_the_entropy(name: str) -> None:
    loss, y, _, weight = draw(name)
    shares = loss.mean(loss.null_outputs(y, weight)[None])
    null_outputs = np.broadcast_to(loss.null_outputs(y, weight), y.shape)
    assert weight @ loss.metric(y, null_outputs) == pytest.approx(entropy(shares[0]))


@pytest.mark.parametrize(
    ("loss", "y"),
    [
        (BinaryLogLoss(), np.zeros((10, 1))),
        (BinaryLogLoss(), np.ones((10, 1))),
        (MultinomialLogLoss(), np.eye(3)[[0, 1] * 5]),
    ],
)
def test_a_class_without_a_row_has_a_thousandth_of_a_row_in_the_null_model(
    loss: Loss, y: Floats
) -> None:
    null = loss.null_outputs(y, np.full(10, 0.1))
    assert loss.mean(null[None]).min() == pytest.approx(1e-4, rel=1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_huge_outputs_overflow_nothing(name: str) -> None:
    loss, y, outputs, weight = draw(name)
    outputs = 1e4 * np.sign(outputs)
    value, gradient = jax.value_and_grad(lambda f: loss.mean_value(y, f, weight))(outputs)
    assert np.isfinite(value)
    assert np.all(np.isfinite(gradient)) and np.any(gradient)
    new = loss.new_metric(y, outputs, weight, (y, -outputs, weight))
    assert np.all(np.isfinite(new))
    assert np.all(np.isfinite(loss.fitted_metric(y, outputs, weight)))
    assert np.all(np.isfinite(loss.mean(outputs)))


def test_classes_that_fill_up_have_no_probability() -> None:
    loss, y, outputs, _ = draw("multinomial log-loss")
    more_y = np.pad(y, ((0, 0), (0, 2)))
    more = np.pad(outputs, ((0, 0), (0, 2)), constant_values=loss.padding_bias)
    assert np.all(loss.mean(more)[:, 3:] == 0)
    assert_allclose(loss.value(more_y, more), loss.value(y, outputs), rtol=1e-15)
    gradient = jax.grad(lambda f: loss.value(more_y, f).sum())(more)
    assert np.all(gradient[:, 3:] == 0)


def test_the_loss_follows_from_the_task() -> None:
    y = np.array([[0.0], [1.0]])
    weight = np.ones(2)
    assert loss_for("regression", y, weight) == SquaredError()
    assert loss_for("regression", y, weight, loss="poisson") == Poisson()
    assert loss_for("regression", y, weight, loss="huber", delta=2.0) == Huber(2.0)
    assert loss_for("regression", y, weight, loss="quantile", quantile=0.9) == Quantile(0.9)
    assert loss_for("classification", y, weight) == BinaryLogLoss()
    assert loss_for("classification", np.eye(3), np.ones(3)) == MultinomialLogLoss()
    assert loss_for("multilabel", np.eye(3), np.ones(3)) == MultilabelLogLoss()
    assert loss_for("survival", y, weight, ties="efron") == CoxPartialLikelihood("efron")


def test_targets_that_a_loss_is_not_for_are_refused() -> None:
    with pytest.raises(TableError, match="'poisson' needs targets of 0 or more: 2 are negative"):
        loss_for("regression", np.array([[-1.0], [-2.0], [3.0]]), np.ones(3), loss="poisson")
    with pytest.raises(TableError, match="no row has an event"):
        loss_for("survival", np.array([[-1.0], [2.0]]), np.array([1.0, 0.0]))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("poisson", lambda y, f, w: mean_poisson_deviance(y, np.exp(f), sample_weight=w)),
        ("quantile", lambda y, f, w: mean_pinball_loss(y, f, sample_weight=w, alpha=0.3)),
    ],
)
def test_deviance_and_pinball_loss_are_those_of_scikit_learn(
    name: str, theirs: Callable[[Floats, Floats, Floats], float]
) -> None:
    loss, y, outputs, weight = draw(name)
    reference = np.mean([theirs(y[:, j], outputs[:, j], weight) for j in range(y.shape[1])])
    assert weight @ loss.metric(y, outputs) == pytest.approx(reference, rel=1e-12)
    # No better than the best constant, and perfect where nothing is missed.
    null = np.broadcast_to(loss.constant(y, weight), y.shape)
    assert loss.score(y, null, weight) == pytest.approx(0, abs=1e-9)
    assert loss.score(y, outputs, weight) < 0


def test_poisson_is_half_the_deviance_and_huber_is_in_the_units_of_the_table() -> None:
    loss, y, outputs, _ = draw("poisson")
    assert_allclose(loss.value(y, outputs), 0.5 * 2 * loss.metric(y, outputs), rtol=1e-9, atol=1e-9)
    loss, y, outputs, weight = draw("huber")
    in_metres = loss.for_target(1000 * y, weight)
    assert isinstance(in_metres, Huber)
    unit = in_metres.unit
    assert_allclose(unit, 1000 * loss.target_scaling(y, weight).scale)
    as_seen = loss.value(1000 * y / unit, 1000 * outputs / unit)
    ours = in_metres.metric(1000 * y, 1000 * outputs)
    # One unit for both targets where both have one.
    same = Huber(0.7, 500.0).metric(1000 * y, 1000 * outputs)
    assert_allclose(same, 500**2 * loss.value(2 * y, 2 * outputs) / 2, rtol=1e-12)
    assert as_seen.shape == ours.shape and in_metres == loss
    # Outliers move neither centre nor scale much.
    wild = np.vstack([y, [[1e6, 1e6]]])
    spread = loss.target_scaling(wild, np.append(weight, 1e-3)).scale
    assert_allclose(spread, loss.target_scaling(y, weight).scale, rtol=0.2)


def test_the_rounded_quantile_loss_is_near_the_one_with_a_corner() -> None:
    loss, y, outputs, _ = draw("quantile")
    distance = np.abs(loss.value(y, outputs) - 2 * loss.metric(y, outputs))
    assert np.all(distance <= 2 * 2.5e-4 + 1e-12)
    assert_allclose(loss.value(y, y), 0, atol=1e-15)


def test_multilabel_log_loss_sums_binary_ones() -> None:
    loss, y, outputs, weight = draw("multilabel log-loss")
    each = [BinaryLogLoss().metric(y[:, [j]], outputs[:, [j]]) for j in range(3)]
    assert_allclose(loss.metric(y, outputs), np.sum(each, axis=0))
    right = accuracy_score(y, outputs > 0, sample_weight=weight)
    assert loss.score(y, outputs, weight) == pytest.approx(right)


@pytest.mark.parametrize("name", LOSSES)
def test_residuals_of_a_canonical_loss_are_its_slopes(name: str) -> None:
    """Of several networks at once, as of one."""
    loss, y, *_ = draw(name)
    outputs = np.random.default_rng(4).normal(size=(3, *y.shape))
    if not loss.is_canonical:
        pytest.skip("its slopes are those of its value")
    found = loss.residuals(y, outputs)
    for one, own in zip(outputs, found, strict=True):
        slopes = jax.grad(lambda f: loss.value(y, f).sum())(one)
        assert np.allclose(own, slopes, atol=1e-6)
