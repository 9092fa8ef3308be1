"""The public names as a program of a user's meets them: mypy reads this file, nothing runs it."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import tautnet as tn


def fit_and_predict(X: NDArray[np.float64], y: NDArray[np.float64]) -> list[str]:
    plain = tn.TautNetClassifier("group", 0.01, hidden_layer_sizes=(8,), penalty_factors=[1.0, 0.0])
    model = tn.TautNetClassifierCV("l1", cv=3, alphas=[0.1, 1.0], selection=2, random_state=0)
    assert_type(plain.fit(X, y), tn.TautNetClassifier)
    assert_type(model.fit(X, y, groups=[0, 1]), tn.TautNetClassifierCV)
    assert_type(model.predict_proba(X), NDArray[np.float64])
    assert_type(model.coefs_, list[NDArray[np.float64]])
    assert_type(model.alpha_, float)
    assert_type(model.path_, tn.Path)
    assert_type(tn.fit_path(X, y, penalty="l1", alphas=[0.1]), tn.Path)
    survival = tn.TautNetSurvivalCV(ties="efron").fit(X, y)
    assert_type(survival.predict_survival_function(X, times=[1.0]), NDArray[np.float64])
    selector = tn.TautNetSelector(tn.TautNetRegressor("l1", hidden_layer_sizes=()))
    assert_type(selector.fit(X, y), tn.TautNetSelector)
    return model.path_predictors_


def compare_and_draw(n_rows: int) -> dict[str, Any]:
    table = tn.datasets.friedman1(n_rows)
    comparison = tn.compare(
        table.frame, table.frame[table.target], penalties=["l2"], hidden_layer_sizes=(4,)
    )
    assert_type(comparison, tn.Comparison)
    assert_type(comparison.verdict, str)
    assert_type(tn.PathDisplay.from_comparison(comparison, "l2").plot(), tn.PathDisplay)
    assert_type(tn.ComparisonDisplay.from_comparison(comparison), tn.ComparisonDisplay | None)
    assert_type(tn.article(replicates=2).result, dict[str, Any])
    return comparison.whole()


def mistakes(X: NDArray[np.float64]) -> None:
    """Errors that mypy must find: an ignore that is not needed is an error itself."""
    tn.TautNetRegressor(alpha="strong")  # type: ignore[arg-type]
    tn.TautNetRegressor(alhpa=0.1)  # type: ignore[call-arg]
    tn.compare(X, X, penalties=3)  # type: ignore[arg-type]
    tn.TautNetRegresor()  # type: ignore[attr-defined]
