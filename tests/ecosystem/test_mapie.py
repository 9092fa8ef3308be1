"""MAPIE's conformal intervals and sets around the estimators."""

import numpy as np
import pandas as pd
import pytest

import tautnet as tn

regression = pytest.importorskip("mapie.regression")
classification = pytest.importorskip("mapie.classification")
# It hands on the values of a frame, and scikit-learn says so.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(240, 4)), columns=list("abcd"))
Y = (2 * FRAME["a"] - FRAME["b"] + 0.5 * RNG.normal(size=240)).to_numpy()
LINEAR = dict(hidden_layer_sizes=(), random_state=0)
TRAIN = slice(0, 80)
HELD = slice(80, 160)
NEW = slice(160, 240)


def regressor(**options):
    return tn.TautNetRegressor("l1", 0.05, **LINEAR, **options)


def covered(intervals):
    return np.mean((intervals[:, 0, 0] <= Y[NEW]) & (Y[NEW] <= intervals[:, 1, 0]))


@pytest.mark.parametrize("table", [FRAME, FRAME.to_numpy()], ids=["frame", "array"])
@pytest.mark.parametrize("is_fitted", [True, False])
def test_intervals_of_rows_held_out(table, is_fitted):
    model = regressor().fit(table[TRAIN], Y[TRAIN]) if is_fitted else regressor()
    conformal = regression.SplitConformalRegressor(model, confidence_level=0.9, prefit=is_fitted)
    if not is_fitted:
        conformal.fit(table[TRAIN], Y[TRAIN])
    conformal.conformalize(table[HELD], Y[HELD])
    assert 0.8 <= covered(conformal.predict_interval(table[NEW])[1]) <= 1


def test_intervals_of_folds():
    conformal = regression.CrossConformalRegressor(regressor(), confidence_level=0.9, cv=3)
    conformal.fit_conformalize(FRAME[:160], Y[:160])
    assert 0.8 <= covered(conformal.predict_interval(FRAME[NEW])[1]) <= 1


def test_intervals_between_quantiles():
    models = [
        regressor(loss="quantile", quantile=q).fit(FRAME[TRAIN], Y[TRAIN]) for q in (0.1, 0.9, 0.5)
    ]
    conformal = regression.ConformalizedQuantileRegressor(
        models, confidence_level=0.8, prefit=True
    ).conformalize(FRAME[HELD], Y[HELD])
    assert 0.7 <= covered(conformal.predict_interval(FRAME[NEW])[1]) <= 1


@pytest.mark.parametrize("name", ["texts", "truth values"])
def test_sets_of_classes(name):
    y = Y > 0 if name == "truth values" else np.where(Y > 0, "high", "low")
    model = tn.TautNetClassifier("l1", 0.02, **LINEAR).fit(FRAME[TRAIN], y[TRAIN])
    conformal = classification.SplitConformalClassifier(model, confidence_level=0.9, prefit=True)
    labels, sets = conformal.conformalize(FRAME[HELD], y[HELD]).predict_set(FRAME[NEW])
    np.testing.assert_array_equal(labels, model.predict(FRAME[NEW]))
    codes = np.searchsorted(model.classes_, y[NEW])
    assert sets[np.arange(80), codes, 0].mean() >= 0.8
