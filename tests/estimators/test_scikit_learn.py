"""The estimators among scikit-learn's tools, and frames of several libraries."""

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import SelectFromModel
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tautnet as tn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 4))
LABELS = np.where(X[:, 0] + 0.3 * RNG.normal(size=80) > 0, "high", "low")
Y = X[:, 0] + 0.3 * RNG.normal(size=80)
LINEAR = dict(hidden_layer_sizes=(), alpha_min_ratio=1e-2)


def classifier(alpha=0.02, **options):
    return tn.TautNetClassifier("l1", alpha, **LINEAR | options)


def test_pipelines_searches_and_predictions_across_folds():
    frame = pd.DataFrame(X, columns=list("abcd"))
    scaled = make_column_transformer((StandardScaler(), ["a", "b"]), remainder="passthrough")
    pipeline = make_pipeline(scaled, classifier())
    search = GridSearchCV(pipeline, {"tautnetclassifier__alpha": [0.01, 10.0]}, cv=2, n_jobs=2).fit(
        frame, LABELS
    )
    assert search.best_params_ == {"tautnetclassifier__alpha": 0.01}
    predicted = cross_val_predict(pipeline, frame, LABELS, cv=3, method="predict_proba")
    assert (
        predicted.shape == (80, 2) and np.mean(predicted.argmax(axis=1) == (LABELS == "low")) > 0.8
    )


def test_a_notebook_shows_fitted_estimators():
    # scikit-learn's page walks over everything that a fit leaves, and asks each for its shape.
    regressor = tn.TautNetRegressorCV("l1", cv=2, random_state=0, **LINEAR).fit(X, Y)
    assert "TautNetRegressorCV" in regressor._repr_html_()
    for model in (
        classifier(),
        tn.TautNetSelector(classifier()),
        make_pipeline(StandardScaler(), classifier()),
    ):
        assert "TautNetClassifier" in model.fit(X, LABELS)._repr_html_()


def test_importance_calibration_and_partial_dependence():
    model = classifier().fit(X, LABELS)
    assert permutation_importance(model, X, LABELS, random_state=0).importances_mean.argmax() == 0
    assert model.feature_importances_.argmax() == 0
    calibrated = CalibratedClassifierCV(classifier(), cv=2).fit(X, LABELS)
    assert calibrated.score(X, LABELS) > 0.8
    curve = partial_dependence(model, X, [0])["average"][0]
    assert abs(curve[-1] - curve[0]) > 0.3


def test_selection_keeps_what_has_weights():
    frame = pd.DataFrame(X, columns=list("abcd"))
    strong = classifier(0.2)
    assert SelectFromModel(strong, threshold=1e-12).fit(X, LABELS).get_support().tolist() == [
        True,
        False,
        False,
        False,
    ]
    selector = tn.TautNetSelector(strong).set_output(transform="pandas")
    kept = selector.fit_transform(frame, LABELS)
    assert kept.columns.tolist() == ["a"] and selector.get_feature_names_out().tolist() == ["a"]
    assert tn.TautNetSelector(strong).fit(X, LABELS).transform(X).shape == (80, 1)


def test_metadata_routing_carries_weights_and_groups():
    weight, groups = np.where(LABELS == "high", 10.0, 1.0), np.arange(80) // 4
    with sklearn.config_context(enable_metadata_routing=True):
        model = tn.TautNetClassifierCV("l1", cv=3, random_state=0, **LINEAR)
        model.set_fit_request(sample_weight=True, groups=True).set_score_request(sample_weight=True)
        params = {"sample_weight": weight, "groups": groups}
        routed = cross_validate(
            model, X, LABELS, cv=GroupKFold(2), params=params, return_estimator=True
        )
    train = next(GroupKFold(2).split(X, LABELS, groups))[0]
    direct = clone(model).fit(
        X[train], LABELS[train], sample_weight=weight[train], groups=groups[train]
    )
    np.testing.assert_array_equal(routed["estimator"][0].coefs_[0], direct.coefs_[0])
    unweighted = clone(model).fit(X[train], LABELS[train], groups=groups[train])
    assert np.abs(unweighted.coefs_[0] - direct.coefs_[0]).max() > 0


def test_cv_is_a_number_a_splitter_or_splits():
    def fit(cv):
        return tn.TautNetRegressorCV("l1", cv=cv, random_state=0, **LINEAR).fit(X, Y)

    by_splitter, by_splits = fit(KFold(4)), fit(list(KFold(4).split(X)))
    np.testing.assert_array_equal(
        by_splitter.cv_results_["mean_test_loss"], by_splits.cv_results_["mean_test_loss"]
    )
    assert {f"split{k}_test_loss" for k in range(4)} <= by_splitter.cv_results_.keys()
    assert fit(4).cv_results_["mean_test_loss"][0] != by_splitter.cv_results_["mean_test_loss"][0]
    # Splits that are no partition: each trains on its own rows and is scored on its own.
    train, test = np.arange(40), np.arange(60, 80)
    one = fit([(train, test)])
    at = len(one.alphas_) // 2
    plain = tn.TautNetRegressor("l1", one.alphas_[at], **LINEAR).fit(X[train], Y[train])
    expected = np.mean((plain.predict(X[test]) - Y[test]) ** 2)
    assert one.cv_results_["split0_test_loss"][at] == pytest.approx(expected, rel=1e-3)
    assert len(fit(ShuffleSplit(2, random_state=0)).alphas_) > 10


def test_class_weights_are_row_weights():
    weights = {"high": 5.0, "low": 1.0}
    by_class = classifier(class_weight=weights).fit(X, LABELS)
    by_row = classifier().fit(X, LABELS, sample_weight=[weights[label] for label in LABELS])
    np.testing.assert_array_equal(by_class.coefs_[0], by_row.coefs_[0])
    few = LABELS.copy()
    few[:20] = "low"
    balanced, plain = (
        classifier(class_weight=w).fit(X, few).predict_proba(X)[:, 0] for w in ("balanced", None)
    )
    assert balanced.mean() > plain.mean() + 0.02


def test_joblib_keeps_a_model(tmp_path):
    model = classifier().fit(X, LABELS)
    joblib.dump(model, tmp_path / "model.joblib")
    np.testing.assert_array_equal(
        joblib.load(tmp_path / "model.joblib").predict_proba(X), model.predict_proba(X)
    )


def titanic(n_rows=120):
    """Rows as the ship's list has them: text, categories, missing cells."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "class": rng.integers(1, 4, n_rows),
            "sex": rng.choice(["male", "female"], n_rows),
            "age": rng.normal(30, 12, n_rows).round(),
            "port": pd.Categorical(rng.choice(["S", "C", "Q"], n_rows)),
            "cabin": rng.choice(["A1", "B2", "C3"], n_rows),
        }
    )
    frame.loc[::5, "age"] = np.nan
    frame.loc[::3, "cabin"] = None
    frame.loc[7, "port"] = None
    survived = np.where((frame["sex"] == "female") ^ (rng.uniform(size=n_rows) < 0.1), 1, 0)
    return frame, pd.Series(survived, name="survived")


def test_a_raw_frame_goes_in_and_unseen_categories_come_out():
    frame, y = titanic()
    model = tn.TautNetClassifierCV("l2", cv=3, random_state=0, **LINEAR).fit(frame, y)
    assert model.score(frame, y) > 0.8
    new = pd.DataFrame(
        {
            "class": [2, None],
            "sex": ["female", None],
            "age": [None, 5.0],
            "port": ["X", None],
            "cabin": ["Z9", None],
        }
    )
    with pytest.warns(UserWarning, match="'port': 1 cell of 1 level not seen in training; 'cabin'"):
        assert np.isfinite(model.predict_proba(new)).all()
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- years"):
        model.predict(frame.rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="must be in the same order as they were in fit"):
        model.predict(frame[frame.columns[::-1]])


def test_frames_of_polars_are_the_same():
    polars = pytest.importorskip("polars")
    frame = pd.DataFrame(X, columns=list("abcd"))
    theirs = polars.DataFrame(
        {name: frame[name].to_numpy() for name in frame} | {"s": LABELS.tolist()}
    )
    model = tn.TautNetRegressor("l1", 0.05, **LINEAR).fit(frame.assign(s=LABELS), Y)
    same = tn.TautNetRegressor("l1", 0.05, **LINEAR).fit(theirs, Y)
    np.testing.assert_array_equal(model.predict(frame.assign(s=LABELS)), same.predict(theirs))
    assert same.feature_names_in_.tolist() == ["a", "b", "c", "d", "s"]


@pytest.mark.parametrize(
    ("X", "y", "options", "error", "says"),
    [
        (X, np.where(np.arange(80), Y, np.nan), {}, ValueError, "Input y contains NaN"),
        (X[:, 0], Y, {}, ValueError, "Expected 2D array, got 1D array instead"),
        (X, Y[:-1], {}, ValueError, "inconsistent numbers of samples"),
        (np.where(X > 2, np.inf, X), Y, {}, ValueError, "Input X contains infinity"),
        (
            X,
            -np.abs(Y),
            {"loss": "poisson"},
            ValueError,
            "needs targets of 0 or more: 80 are negative",
        ),
        (X, None, {}, ValueError, "requires y to be passed"),
    ],
)
def test_what_cannot_be_fitted_is_said_in_scikit_learns_words(X, y, options, error, says):
    with pytest.raises(error, match=says):
        tn.TautNetRegressor("l1", **LINEAR | options).fit(X, y)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="only one class"):
        classifier().fit(X, np.repeat("high", 80))
