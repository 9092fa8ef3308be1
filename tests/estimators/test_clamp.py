"""What a network predicts far from its rows stays near the targets that it was trained on."""

import math
import sqlite3

import numpy as np
import pandas as pd
import pytest
from random_models import run_command

import tautnet as tn
from tautnet.files.onnx_export import feeds, run
from tautnet.objective.classification import BinaryLogLoss
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.solving.settings import Settings
from tautnet.tables.sample import Sample
from tautnet.training.trainings import watched_rows

pytestmark = pytest.mark.usefixtures("compile_quickly")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 2))
Y = np.abs(X[:, 0]) + X[:, 1] + 0.1 * RNG.normal(size=90)
FAR = 40 * X
TABLE = pd.DataFrame(X, columns=["a", "b"])
SMALL = dict(hidden_layer_sizes=(4,), random_state=0)


def widened(y):
    """The range of targets, widened by a tenth of it on either side."""
    margin = 0.1 * (y.max(axis=0) - y.min(axis=0))
    return y.min(axis=0) - margin, y.max(axis=0) + margin


def fitted(y=Y, **options):
    return tn.TautNetRegressor(**dict(alpha=1e-3) | SMALL | options).fit(X, y)


@pytest.fixture(scope="module")
def model():
    return tn.TautNetRegressor(alpha=1e-3, **SMALL).fit(TABLE, Y)


@pytest.fixture(scope="module")
def free():
    return tn.TautNetRegressor(alpha=1e-3, clamp_output=False, **SMALL).fit(TABLE, Y)


def test_a_network_is_clamped_to_the_targets_that_it_was_trained_on(model, free):
    """Clamping changes predictions that are far out, and nothing else: no weight, no other row."""
    low, high = widened(Y)
    far = pd.DataFrame(FAR, columns=TABLE.columns)
    predicted = model.predict(far)
    assert predicted.min() == pytest.approx(low) and predicted.max() == pytest.approx(high)
    unclamped = free.predict(far)
    assert unclamped.min() < low - 5 and unclamped.max() > high + 5
    np.testing.assert_array_equal(predicted, np.clip(unclamped, *model.scaling_.limits).ravel())
    np.testing.assert_array_equal(model.predict(TABLE), free.predict(TABLE))
    for own, other in zip(model.coefs_, free.coefs_, strict=True):
        np.testing.assert_array_equal(own, other)
    assert model.score(far, Y) > free.score(far, Y)


def test_linear_maps_and_other_losses_go_on():
    line = fitted(hidden_layer_sizes=())
    assert line.predict(FAR).max() > widened(Y)[1] + 5
    assert Settings(loss=SquaredError(), clamp_output=True).clamps
    for loss in (Huber(), Quantile(), Poisson(), BinaryLogLoss(), CoxPartialLikelihood()):
        assert not Settings(loss=loss, clamp_output=True).clamps
    # Means of counts are above 0 wherever they are; a squared error knows no such floor, only the
    # range of its targets.
    counts = np.round(np.exp(Y.clip(-1, 2)))
    low, high = widened(counts)
    means = fitted(counts, loss="poisson").predict(FAR)
    assert (means >= 0).all() and means.min() < 1e-3 and means.max() > high
    assert low < 0 and fitted(counts).predict(FAR).min() == pytest.approx(low)


def test_each_target_has_a_range_of_its_own_of_the_rows_that_count():
    y = np.column_stack([Y, -100 * Y])
    weight = np.where(np.abs(Y) < 1, 1.0, 0.0)
    model = tn.TautNetRegressor(alpha=1e-3, **SMALL).fit(X, y, sample_weight=weight)
    predicted = model.predict(FAR)
    low, high = widened(y[weight > 0])
    np.testing.assert_allclose(predicted.min(axis=0), low)
    np.testing.assert_allclose(predicted.max(axis=0), high)


def test_early_stopping_knows_only_the_rows_that_it_trains_on():
    rows = Sample(X, np.arange(2), Y[:, None], np.ones(90))
    seed = next(i for i in range(99) if Y.argmax() in watched_rows(rows, np.arange(90), i)[1])
    model = tn.TautNetRegressor("early_stopping", **SMALL | dict(random_state=seed)).fit(X, Y)
    low, high = widened(Y[watched_rows(rows, np.arange(90), seed)[0]])
    assert high < widened(Y)[1]
    np.testing.assert_allclose(np.ravel(model.scaling_.limits), [low, high])


@pytest.fixture(scope="module")
def out_there():
    """A table of which two rows lie far out, and two splits of it, each with one of them."""
    rows = X.copy()
    rows[[0, 1]] = [[30.0, 30.0], [-30.0, 30.0]]
    fold = np.arange(90) % 2
    return rows, [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in (0, 1)]


def test_folds_are_scored_as_they_predict_each_by_its_own_rows(out_there):
    """What chooses the strength is the loss of clamped predictions, and an ensemble's members are
    the models that were scored: each is clamped, and then they are averaged.
    """
    rows, splits = out_there
    options = dict(alphas=[1e-3, 1e-2], cv=splits, ensemble=True, **SMALL)
    model = tn.TautNetRegressorCV(**options).fit(rows, Y)
    losses = []
    for member, (inside, outside) in zip(model._members[1:], splits, strict=True):
        low, high = widened(Y[inside])
        assert member.limits.low[0] == pytest.approx(low)
        assert member.limits.high[0] == pytest.approx(high)
        predicted = member.outputs(rows[outside])[:, 0]
        assert predicted.max() == member.limits.high[0]
        losses.append(np.square(predicted - Y[outside]).mean())
    assert model.cv_loss_ == pytest.approx(np.mean(losses), rel=1e-4)
    free = tn.TautNetRegressorCV(clamp_output=False, **options).fit(rows, Y)
    assert model.cv_loss_ < 0.5 * free.cv_loss_
    each = [member.outputs(FAR) for member in model._members]
    np.testing.assert_array_equal(model.predict(FAR), np.mean(each, axis=0)[:, 0])


def test_a_comparison_of_rows_in_order_clamps_nothing(out_there):
    rows, _ = out_there
    compared = {
        ordered: tn.compare(
            rows,
            Y,
            penalties=["l2"],
            cv=3,
            boosting=False,
            deliver="l2",
            ordered=ordered,
            hidden_layer_sizes=(4,),
        )
        for ordered in (False, True)
    }
    for ordered, comparison in compared.items():
        assert comparison.model.clamp_output is not ordered
        assert comparison.detail["settings"]["clamp_output"] is not ordered
    np.testing.assert_allclose(np.ravel(compared[False].model.scaling_.limits), widened(Y))
    assert compared[True].model.scaling_.limits is None


def test_all_doors_agree_on_rows_far_out(model, tmp_path, monkeypatch):
    """Frame, model file, command, equations in Python and SQL, and ONNX."""
    far = pd.DataFrame(FAR, columns=TABLE.columns)
    expected = model.predict(far)
    path = model.save(tmp_path / "m.taut")
    loaded = tn.load(path)
    np.testing.assert_array_equal(loaded.predict(far), expected)
    np.testing.assert_array_equal(loaded.to_estimator().predict(far), expected)
    far.to_csv(tmp_path / "far.csv", index=False)
    out = tmp_path / "p.csv"
    assert not run_command(monkeypatch, "predict", path, tmp_path / "far.csv", "--out", out)
    np.testing.assert_allclose(pd.read_csv(out)["prediction"], expected, rtol=1e-12)
    names = {}
    exec(loaded.equation(), names)
    in_python = [names["predict"](row) for row in far.to_dict("records")]
    np.testing.assert_allclose(in_python, expected, rtol=1e-9)
    with sqlite3.connect(":memory:") as database:
        database.create_function("EXP", 1, math.exp, deterministic=True)
        far.to_sql("data", database, index=False)
        in_sql = pd.read_sql(loaded.equation("sql"), database)["prediction"]
    database.close()
    np.testing.assert_allclose(in_sql, expected, rtol=1e-9)
    loaded.to_onnx(tmp_path / "m.onnx")
    small = loaded.prune()
    [in_onnx] = run((tmp_path / "m.onnx").read_bytes(), feeds(small, far))
    np.testing.assert_allclose(in_onnx[:, 0], expected, rtol=1e-9)
