"""scikit-survival's metrics, scorers and searches around the survival models."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score

import tautnet as tn

metrics = pytest.importorskip("sksurv.metrics")
linear_model = pytest.importorskip("sksurv.linear_model")
util = pytest.importorskip("sksurv.util")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
LIVED = RNG.exponential(np.exp(-X[:, 0]))
# Every fold sees the end, beyond which no score is defined.
SEEN = np.minimum(RNG.exponential(2.0, 120), 1.5)
Y = util.Surv.from_arrays(LIVED <= SEEN, np.minimum(LIVED, SEEN))
TIMES = np.quantile(Y["time"], [0.2, 0.4, 0.6])
LINEAR = dict(hidden_layer_sizes=(), random_state=0)


@pytest.fixture(scope="module")
def models():
    """Cox's model of theirs, and ours under hardly any penalty."""
    ours = tn.TautNetSurvival("l2", 1e-8, **LINEAR)
    return ours.fit(X, Y), linear_model.CoxPHSurvivalAnalysis().fit(X, Y)


def test_curves_are_those_of_their_own_model(models):
    ours, theirs = models
    np.testing.assert_array_equal(ours.unique_times_, theirs.unique_times_)
    for name in ("predict_survival_function", "predict_cumulative_hazard_function"):
        expected = getattr(theirs, name)(X, return_array=True)
        for model in (ours, ours.to_fitted()):
            predict = getattr(model, name)
            np.testing.assert_allclose(predict(X, return_array=True), expected, rtol=1e-5)
            for own, their in zip(predict(X[:5]), getattr(theirs, name)(X[:5]), strict=True):
                np.testing.assert_allclose(own(TIMES), their(TIMES), rtol=1e-5)
                assert own(TIMES[0]) == own(TIMES)[0] and own.domain == their.domain
                with pytest.raises(ValueError):
                    own(2 * own.domain[1])


def test_their_metrics_take_our_predictions(models):
    ours, theirs = models
    for name, arguments in (
        ("concordance_index_ipcw", ()),
        ("cumulative_dynamic_auc", (TIMES,)),
    ):
        found, expected = (
            getattr(metrics, name)(Y, Y, model.predict(X), *arguments) for model in models
        )
        np.testing.assert_allclose(found[0], expected[0], atol=1e-3)
    briers = [
        metrics.integrated_brier_score(Y, Y, [curve(TIMES) for curve in curves], TIMES)
        for curves in (model.predict_survival_function(X) for model in models)
    ]
    assert briers[0] == pytest.approx(briers[1], abs=1e-4)


@pytest.mark.parametrize("cls", [tn.TautNetSurvival, tn.TautNetSurvivalCV])
def test_their_scorers_wrap_our_estimators(cls):
    options = dict(alphas=[0.01, 0.1], cv=2) if cls is tn.TautNetSurvivalCV else dict(alpha=0.01)
    model = cls("l1", **LINEAR, **options)
    for scorer in (
        metrics.as_concordance_index_ipcw_scorer(model),
        metrics.as_cumulative_dynamic_auc_scorer(model, times=TIMES),
        metrics.as_integrated_brier_score_scorer(model, times=TIMES),
    ):
        scores = cross_val_score(scorer, X, Y, cv=2)
        assert np.isfinite(scores).all()
        assert (scores < 0).all() if "brier" in type(scorer).__name__ else scores.min() > 0.6


def test_a_search_by_their_score_finds_the_strength():
    wrapped = metrics.as_integrated_brier_score_scorer(
        tn.TautNetSurvival("l1", **LINEAR), times=TIMES
    )
    search = GridSearchCV(wrapped, {"estimator__alpha": [0.01, 10.0]}, cv=2).fit(X, Y)
    assert search.best_params_ == {"estimator__alpha": 0.01}
