"""The penalty that cross-validation takes."""

import numpy as np
import pytest
from sklearn.model_selection import ShuffleSplit, TimeSeriesSplit

import tautnet as tn
from tautnet.inference.tried import Tried, surest

QUICK = {"hidden_layer_sizes": (8,), "cv": 3, "random_state": 0}


def sparse(n_rows=150, n_noise=20):
    """A target that one of many predictors makes, by a bend."""
    X = np.random.default_rng(0).normal(size=(n_rows, 1 + n_noise))
    return X, np.abs(X[:, 0]) + 0.1 * np.random.default_rng(1).normal(size=n_rows)


@pytest.fixture(scope="module")
def model():
    return tn.TautNetRegressorCV("auto", **QUICK).fit(*sparse())


def test_a_penalty_that_is_surely_better_is_taken(model):
    assert model.penalty_ == "group" and model.adaptive_
    assert list(model.penalties_) == ["l2", "adaptive_group"]
    lead = model.penalties_["adaptive_group"]
    assert lead["lead"] > 2 * lead["lead_se"] > 0
    np.testing.assert_allclose(
        lead["lead"], model.penalties_["l2"]["loss"] - lead["loss"], rtol=1e-9
    )
    np.testing.assert_allclose(lead["loss"], model.cv_loss_, rtol=1e-9)


def test_what_was_taken_can_be_fitted_by_its_name(model):
    X, y = sparse()
    own = {"random_state": 0, "penalty_factors": model.penalty_factors_, **model.network_}
    plain = tn.TautNetRegressor(model.penalty_, model.alpha_, **own).fit(X, y)
    for one, other in zip(plain.coefs_, model.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)
    named = tn.TautNetRegressorCV("group", adaptive=True, **QUICK).fit(X, y)
    np.testing.assert_array_equal(named.predict(X), model.predict(X))


def test_l2_stays_where_nothing_is_surely_better():
    X, _ = sparse()
    y = np.random.default_rng(2).normal(size=len(X))
    model = tn.TautNetRegressorCV("auto", **QUICK).fit(X, y)
    assert model.penalty_ == "l2" and not model.adaptive_
    # One that is fitted again with a name has no choice to tell of.
    model.set_params(penalty="l2", alphas=[0.1]).fit(X, y)
    assert not hasattr(model, "penalties_")


def test_l1_is_tried_where_columns_outnumber_rows():
    X, _ = sparse(n_rows=40, n_noise=50)
    y = 3 * X[:, 0]
    model = tn.TautNetRegressorCV("auto", **QUICK | {"hidden_layer_sizes": ()}).fit(X, y)
    assert list(model.penalties_) == ["l2", "l1", "adaptive_group"]


def test_rows_of_a_group_are_one_observation():
    """On the same folds, copies of rows are evidence where nobody says that they are copies."""
    X, y = sparse(n_rows=60, n_noise=8)
    X, y, group = np.tile(X, (4, 1)), np.tile(y, 4), np.tile(np.arange(60), 4)
    folds = [(np.flatnonzero(group % 3 != k), np.flatnonzero(group % 3 == k)) for k in range(3)]
    model = tn.TautNetRegressorCV("auto", **QUICK | {"cv": folds})
    told, untold = (
        model.fit(X, y, groups=groups).penalties_["adaptive_group"] for groups in (group, None)
    )
    assert told["lead"] == untold["lead"]
    np.testing.assert_allclose(told["lead_se"], 2 * untold["lead_se"], rtol=0.05)


def test_the_choice_is_told_in_the_summary_and_lives_in_the_file(model, tmp_path, capsys):
    model.summary()
    said = capsys.readouterr().out
    assert "adaptive group, alpha" in said and "both chosen by cross-validation" in said
    loaded = tn.load(model.save(tmp_path / "model.taut"))
    back = loaded.to_estimator()
    back.summary()
    assert capsys.readouterr().out == said
    assert back.penalties_ == model.penalties_ and back.penalty_ == "group"


def test_of_those_surely_ahead_the_best_is_taken():
    tried = {"l2": Tried(1.0), "l1": Tried(0.7, 0.3, 0.01), "group": Tried(0.8, 0.2, 0.01)}
    assert surest(tried) == "l1"
    assert surest(tried | {"l1": Tried(0.7, 0.3, 0.2)}) == "group"


@pytest.mark.parametrize("cv", [TimeSeriesSplit(3), ShuffleSplit(3, random_state=0)])
def test_splits_that_are_no_partition_score_what_they_test(cv):
    X, y = sparse()
    model = tn.TautNetRegressorCV("auto", **QUICK | {"cv": cv}).fit(X, y)
    taken = "adaptive_group" if model.adaptive_ else "l2"
    # Rows that are tested often count once here.
    assert model.penalties_[taken]["loss"] == pytest.approx(model.cv_loss_, rel=0.25)
