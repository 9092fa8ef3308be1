"""Columns where their positions are meant, and classes that are the target's own values."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import cross_val_score

import tautnet as tn
from tautnet.tables.errors import TableError
from tautnet.tables.labels import own_values

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(60, 3)), columns=list("abc"))
ARRAY = FRAME.to_numpy()
NUMBERED = FRAME.set_axis(range(3), axis=1)
Y = 2 * FRAME["a"] + 0.1 * RNG.normal(size=60)
LINEAR = dict(hidden_layer_sizes=(), alpha_min_ratio=1e-2, random_state=0)


def regressor():
    return tn.TautNetRegressor("l1", 0.05, **LINEAR)


@pytest.fixture(scope="module")
def fitted():
    """A model of each kind of table: with names, without, and with numbers as names."""
    tables = {"frame": FRAME, "array": ARRAY, "numbered": NUMBERED}
    return {name: regressor().fit(table, Y) for name, table in tables.items()}


def told(predict, X):
    """Predictions, and what was warned of."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        predicted = predict(X)
    return predicted, [(one.category, str(one.message)) for one in seen]


@pytest.mark.parametrize("given", ["frame", "array", "numbered"])
@pytest.mark.parametrize("seen", ["frame", "array", "numbered"])
def test_columns_without_names_are_those_of_the_fit_in_their_order(fitted, seen, given):
    """As scikit-learn has it, to its very words."""
    tables = {"frame": FRAME, "array": ARRAY, "numbered": NUMBERED}
    model = fitted[seen]
    theirs = Ridge().fit(tables[seen], Y)
    _, expected = told(theirs.predict, tables[given])
    expected = [(kind, text.replace("Ridge", "TautNetRegressor")) for kind, text in expected]
    usual = model.predict(tables[seen])
    for one in (model, model.to_fitted()):
        predicted, warned = told(one.predict, tables[given])
        np.testing.assert_array_equal(predicted, usual)
        assert warned == expected


def test_positions_are_kept_in_the_file(fitted, tmp_path):
    loaded = tn.load(fitted["frame"].save(tmp_path / "model.taut"))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        predicted = loaded.predict(ARRAY)
    np.testing.assert_array_equal(predicted, loaded.predict(FRAME))
    with pytest.warns(UserWarning, match="but TautNetRegressor was fitted without feature names"):
        predicted = tn.load(fitted["array"].save(tmp_path / "model.taut")).predict(FRAME)
    np.testing.assert_array_equal(predicted, fitted["array"].predict(ARRAY))


def test_names_are_not_guessed_where_both_tables_have_them(fitted):
    other = FRAME.set_axis(list("abd"), axis=1)
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- d"):
        fitted["frame"].predict(other)
    with pytest.raises(TableError, match="the table lacks 1 of the model's predictors: 'c'"):
        fitted["frame"].to_fitted().predict(other)
    shuffled = FRAME[["c", "a", "b"]].assign(more="x")
    np.testing.assert_array_equal(
        fitted["frame"].to_fitted().predict(shuffled), fitted["frame"].predict(FRAME)
    )
    with pytest.raises(ValueError, match="X has 2 features, but TautNetRegressor is expecting 3"):
        fitted["array"].predict(ARRAY[:, :2])
    with pytest.raises(TableError, match="an array of 3 columns is needed"):
        fitted["array"].to_fitted().predict(ARRAY[:, :2])


def test_an_array_of_objects_has_the_positions_of_a_mixed_frame():
    mixed = FRAME.assign(s=np.where(FRAME["b"] > 0, "up", "down"))
    model = regressor().fit(mixed, Y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        predicted = model.predict(mixed.to_numpy())
    np.testing.assert_array_equal(predicted, model.predict(mixed))


IS_HIGH = FRAME["a"] > 0
WHOLE = pd.Series(np.where(IS_HIGH, 10, 9))
# As floats, they would be one number.
LARGE = WHOLE + (2**53 - 9)
TEXTS = pd.Series(np.where(IS_HIGH, "high", "low"))
TARGETS = {
    "category of texts": (TEXTS.astype("category"), ["high", "low"], "U"),
    "category of integers": (WHOLE.astype("category"), [9, 10], "i"),
    "category of nullable integers": (WHOLE.astype("Int64").astype("category"), [9, 10], "i"),
    "category of truth values": (IS_HIGH.astype("category"), [False, True], "b"),
    "truth values as objects": (IS_HIGH.astype(object), [False, True], "b"),
    "array of truth values as objects": (IS_HIGH.to_numpy(object), [False, True], "b"),
    "integers as objects": (WHOLE.astype(object), [9, 10], "i"),
    "nullable truth values": (IS_HIGH.astype("boolean"), [False, True], "b"),
    "nullable integers": (WHOLE.astype("Int64"), [9, 10], "i"),
    "nullable texts": (TEXTS.astype("string"), ["high", "low"], "U"),
    "large integers as objects": (LARGE.astype(object), [2**53, 2**53 + 1], "i"),
    "category of large integers": (LARGE.astype("category"), [2**53, 2**53 + 1], "i"),
    "nullable array of large integers": (LARGE.astype("Int64").array, [2**53, 2**53 + 1], "i"),
    "small integers": (WHOLE.astype("int8"), [9, 10], "i"),
}


def classifier(cls=tn.TautNetClassifier, **options):
    return cls("l2", **LINEAR | options)


@pytest.mark.parametrize("name", TARGETS)
def test_classes_are_the_values_of_the_target(name, tmp_path):
    y, classes, kind = TARGETS[name]
    model = classifier(alpha=0.01).fit(FRAME, y)
    loaded = tn.load(model.save(tmp_path / "model.taut"))
    for found in (model.classes_, loaded.classes, loaded.to_estimator().classes_):
        assert found.tolist() == classes and found.dtype.kind == kind
        assert list(map(type, found.tolist())) == list(map(type, classes))
    assert model.score(FRAME, y) > 0.9
    assert loaded.to_estimator().score(FRAME, y) == model.score(FRAME, y)
    assert np.mean(loaded.predict(FRAME) == np.asarray(y)) == model.score(FRAME, y)
    if kind == "i" and name == "small integers":
        assert model.classes_.dtype == np.int8


def test_scores_searches_and_weights_know_the_values():
    y = WHOLE.astype("category")
    assert cross_val_score(classifier(alpha=0.01), FRAME, y, cv=3).min() > 0.8
    weighted = classifier(alpha=0.01, class_weight={9: 50.0, 10: 1.0}).fit(FRAME, y)
    assert (weighted.predict(FRAME) == 9).mean() > (y == 9).mean()
    early = dict(stopping="accuracy", hidden_layer_sizes=(), random_state=0)
    watched = tn.TautNetClassifier("early_stopping", **early)
    truth = IS_HIGH.astype(object)
    predicted = watched.fit(FRAME, truth).predict(FRAME)
    assert accuracy_score(IS_HIGH, predicted) > 0.7


@pytest.mark.parametrize("name", ["category of integers", "truth values as objects"])
def test_a_comparison_delivers_the_values(name, tmp_path):
    y, classes, _ = TARGETS[name]
    compared = tn.compare(
        FRAME, y, penalties=["l2"], cv=3, hidden_layer_sizes=(), boosting=False, random_state=0
    )
    assert compared.model.classes_.tolist() == classes
    assert compared.model.score(FRAME, y) > 0.9


def test_a_category_of_numbers_is_a_quantity_where_a_regressor_is_asked():
    tenths = (10 * FRAME["a"]).round().astype(int)
    plain = regressor().fit(FRAME, tenths)
    for y in (tenths.astype("category"), tenths.astype(object)):
        np.testing.assert_array_equal(plain.coefs_[0], regressor().fit(FRAME, y).coefs_[0])


def test_labels_are_truth_values_of_any_type():
    labels = pd.DataFrame({"p": IS_HIGH, "q": FRAME["b"] > 0})
    plain = classifier(alpha=0.01).fit(FRAME, labels.to_numpy())
    for kind in ("boolean", "object", "category"):
        y = labels.astype(kind)
        model = classifier(alpha=0.01).fit(FRAME, y)
        np.testing.assert_array_equal(model.coefs_[0], plain.coefs_[0])
        assert model.score(FRAME, y) == plain.score(FRAME, labels.to_numpy()) > 0.8


def test_large_integers_beside_floats_are_not_rounded_on_the_way():
    y = pd.Series([2**60 + 1, 2**60, 0.5] * 20, dtype=object)
    with pytest.raises(TableError, match="integers that float64 cannot tell apart"):
        regressor().fit(FRAME, y)
    assert own_values(y).iloc[0] == 2**60 + 1
