"""skore's reports of one estimator, of folds and of several estimators."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

import tautnet as tn

skore = pytest.importorskip("skore")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(90, 4)), columns=list("abcd"))
Y = 2 * FRAME["a"] - FRAME["b"] + 0.5 * RNG.normal(size=90)
LABELS = pd.Series(np.where(Y > 0, "high", "low"))
LINEAR = dict(hidden_layer_sizes=(), random_state=0)


def regressor():
    return tn.TautNetRegressor("l1", 0.05, **LINEAR)


def report(model, y, **options):
    rows = dict(X_train=FRAME[:60], y_train=y[:60], X_test=FRAME[60:], y_test=y[60:])
    return skore.EstimatorReport(model, **rows, **options)


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_report_of_one_estimator(task):
    one = report(regressor(), Y)
    if task == "classification":
        model = tn.TautNetClassifier("l1", 0.02, **LINEAR)
        one = report(model, LABELS, pos_label="high")
    figures = one.metrics.summarize().frame()
    assert figures["default_score"] == one.estimator_.score(one.X_test, one.y_test) > 0.8
    assert "TautNet" in one._repr_html_()
    importances = one.inspection.impurity_decrease().frame().set_index("feature")["importance"]
    np.testing.assert_array_equal(importances, one.estimator_.feature_importances_)
    by_permutation = one.inspection.permutation_importance(seed=0).frame()
    assert by_permutation.set_index("feature")["value_mean"].idxmax() == "a"


def test_reports_of_folds_and_of_several_estimators():
    folds = skore.CrossValidationReport(regressor(), FRAME, Y, splitter=2)
    assert folds.metrics.summarize().frame().loc["r2"].iloc[0] > 0.8
    both = skore.compare([report(regressor(), Y), report(Ridge(), Y)])
    assert both.metrics.summarize().frame().loc["r2"].min() > 0.8
