"""Early stopping, dropout, and strengths layer by layer."""

import pickle

import numpy as np
import pytest

import tautnet as tn
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample
from tautnet.training.trainings import RATES, watched_rows

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = np.square(X[:, 0]) + X[:, 1] + 0.3 * RNG.normal(size=60)
QUICK = dict(hidden_layer_sizes=(6,), random_state=0)


def regressor(penalty, alpha=1e-2, **options):
    return tn.TautNetRegressor(penalty, alpha, **QUICK | options)


def sample(groups=None, n_rows=60, weight=None):
    return Sample(None, None, None, np.ones(n_rows) if weight is None else weight, groups)


def test_fifteen_percent_are_watched_and_groups_stay_together():
    inside, watched = watched_rows(sample(), np.arange(60), seed=0)
    assert len(watched) == 9 and sorted([*inside, *watched]) == list(range(60))
    groups = np.repeat(np.arange(12), 5)
    inside, watched = watched_rows(sample(groups), np.arange(60), seed=0)
    assert len(watched) == 10 and not set(groups[inside]) & set(groups[watched])
    # Another seed, other rows; rows that weigh nothing are on neither side.
    assert set(watched) != set(watched_rows(sample(groups), np.arange(60), seed=1)[1])
    weight = np.arange(60) % 2.0
    assert len(np.concatenate(watched_rows(sample(weight=weight), np.arange(60), seed=0))) == 30
    with pytest.raises(TableError, match="too few rows or groups"):
        watched_rows(sample(np.zeros(60, int)), np.arange(60), seed=0)


def test_early_stopping_takes_the_best_step_and_has_no_certificate():
    noise = np.random.default_rng(1).normal(size=60)
    model = regressor("early_stopping").fit(X, noise)
    assert model.n_iter_ < 100 < regressor("none").fit(X, noise).n_iter_ == 2000
    assert np.isnan(model.stationarity_)
    # It has learned less of the noise than a net that trains on.
    assert model.score(X, noise) < regressor("none").fit(X, noise).score(X, noise) - 0.2


def test_groups_and_what_is_watched_change_the_fit():
    # Every second row is its neighbour again: a net that sees one knows the other.
    twice, target = (
        np.repeat(X[:30], 2, axis=0),
        np.repeat(np.random.default_rng(2).normal(size=30), 2),
    )
    alone = regressor("early_stopping").fit(twice, target)
    together = regressor("early_stopping").fit(twice, target, groups=np.arange(60) // 2)
    assert together.n_iter_ < alone.n_iter_
    labels = np.where(Y > 1, "high", "low")
    by_loss, by_score = (
        tn.TautNetClassifier("early_stopping", stopping=what, **QUICK).fit(X, labels)
        for what in ("loss", "score")
    )
    assert by_loss.n_iter_ != by_score.n_iter_
    with pytest.warns(
        UserWarning, match="stopping='score' does nothing here: it needs penalty='early_stopping'"
    ):
        tn.TautNetClassifier("l2", stopping="score", **QUICK).fit(X, labels)
    with pytest.warns(
        UserWarning, match="groups=.* does nothing here: it needs penalty='early_stopping'"
    ):
        regressor("l2").fit(X, Y, groups=np.arange(60))


def test_any_score_of_scikit_learn_is_watched():
    seen = []

    def watch(model, rows, truth, sample_weight):
        seen.append((len(rows), set(truth), sample_weight.sum(), model.predict_proba(rows)[0, 0]))
        return len(seen) if len(seen) < 5 else 0.0

    labels, weight = np.where(Y > 1, "high", "low"), np.full(60, 2.0)
    model = tn.TautNetClassifier("early_stopping", stopping=watch, **QUICK).fit(
        X, labels, sample_weight=weight
    )
    assert len(seen) > 50 and all(one[:3] == (9, {"high", "low"}, 18.0) for one in seen)
    # The fourth look had the best score, and what watched is not kept.
    assert (
        seen[3][3] in model.predict_proba(X)[:, 0]
        and pickle.loads(pickle.dumps(model.scaling_)).settings
    )
    with pytest.raises(ValueError, match="not a number on the rows that were set aside"):
        tn.TautNetClassifier("early_stopping", stopping=lambda *_: np.nan, **QUICK).fit(X, labels)
    survival = tn.TautNetSurvivalCV("early_stopping", cv=2, stopping="score", **QUICK).fit(
        X, np.exp(Y)
    )
    assert survival.score(X, np.exp(Y)) > 0.7


def test_dropout_is_seeded_shrinks_the_fit_and_is_chosen_by_rate():
    low, again, high = (regressor("dropout", rate).fit(X, Y) for rate in (0.1, 0.1, 0.8))
    np.testing.assert_array_equal(low.predict(X), again.predict(X))
    assert low.score(X, Y) > high.score(X, Y) + 0.1
    assert np.isnan(low.stationarity_)
    cv = tn.TautNetRegressorCV("dropout", cv=3, **QUICK).fit(X, Y)
    assert cv.alphas_.tolist() == list(RATES) and cv.alpha_ in RATES
    np.testing.assert_array_equal(
        regressor("dropout", cv.alpha_).fit(X, Y).predict(X), cv.predict(X)
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"penalty": "dropout", "alpha": 1.0}, "share of units left out"),
        ({"penalty": "dropout", "hidden_layer_sizes": ()}, "needs a hidden layer"),
        ({"penalty": "l2", "layer_factors": (1, 1, 1)}, "2 numbers > 0, one for each layer"),
        (
            {"penalty": "l2", "layer_factors": (1, 0)},
            "a list of finite numbers > 0, one for each layer",
        ),
    ],
)
def test_wrong_parameters_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        regressor(**options).fit(X, Y)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"penalty": "early_stopping", "alpha": 0.5}, "a penalty that has a strength"),
        ({"penalty": "early_stopping", "alpha_min_ratio": 0.1}, "a penalty on the weights"),
        ({"penalty": "dropout", "alpha": 0.1, "finish": True}, "a penalty on the weights, or none"),
        (
            {"penalty": "dropout", "alpha": 0.1, "layer_factors": (1, 1)},
            "a penalty on the weights",
        ),
    ],
)
def test_what_does_nothing_is_named_in_a_warning(options, says):
    with pytest.warns(UserWarning, match=f"does nothing here: it needs {says}"):
        regressor(**options).fit(X, Y)


def test_they_stand_beside_the_penalties():
    result = tn.compare(
        X,
        Y,
        penalties=["none", "early_stopping", "dropout"],
        cv=3,
        hidden_layer_sizes=(6,),
        random_state=0,
    ).result
    none, early, dropout = result["rows"]
    assert (
        early["stationarity"] is dropout["stationarity"] is None
        and none["stationarity"] is not None
    )
    assert early["alpha"] == 0 and dropout["alpha"] in RATES
    assert early["vs_none"]["diff"] == pytest.approx(none["test_loss"] - early["test_loss"])
    assert result["claims"]["delivered"]["evidence"]["name"] == result["delivered"]


def test_layer_factors_of_a_linear_map_multiply_its_strength():
    options = dict(hidden_layer_sizes=(), tol=1e-9, alpha_min_ratio=0.1)
    for penalty in ("l2", "l1", "group"):
        factor = regressor(penalty, 0.05, layer_factors=(3.0,), **options).fit(X, Y)
        strength = regressor(penalty, 0.15, **options).fit(X, Y)
        np.testing.assert_allclose(factor.coefs_[0], strength.coefs_[0], atol=1e-8)
        assert np.any(factor.coefs_[0] != regressor(penalty, 0.05, **options).fit(X, Y).coefs_[0])


@pytest.mark.parametrize("penalty", ["l2", "l1", "group"])
def test_layer_factors_shrink_the_layer_that_they_name(penalty):
    first, last = (
        regressor(penalty, 0.02, layer_factors=f).fit(X, Y) for f in ((4.0, 0.5), (0.5, 4.0))
    )
    assert np.abs(first.coefs_[0]).sum() < np.abs(last.coefs_[0]).sum()
    assert np.abs(first.coefs_[1]).sum() > np.abs(last.coefs_[1]).sum()
    # With and without factors are two programs: what they round differently a walk in float32 would
    # make larger.
    alike = regressor(penalty, 0.02, layer_factors=(1.0, 1.0), precision="float64").fit(X, Y)
    plain = regressor(penalty, 0.02, precision="float64").fit(X, Y)
    np.testing.assert_allclose(alike.predict(X), plain.predict(X), atol=1e-8)
