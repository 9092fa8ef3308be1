"""The four estimators as their users meet them."""

import inspect
import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

import tautnet as tn
from tautnet.solving.settings import Schedule, Settings
from tautnet.training.adaptive import adaptive_factors

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
Y = np.square(X[:, 0]) + X[:, 1] + 0.3 * RNG.normal(size=60)
LABELS = np.where(Y > np.median(Y), "high", "low")
QUICK = dict(hidden_layer_sizes=(6,), random_state=0, alpha_min_ratio=1e-3)


def regressor(penalty="l2", alpha=0.03, **options):
    return tn.TautNetRegressor(penalty, alpha, **QUICK | options)


def classifier(penalty="l2", alpha=0.03, **options):
    return tn.TautNetClassifier(penalty, alpha, **QUICK | options)


@pytest.fixture(scope="module")
def cv():
    """The CV twin under group, and the plain one at its strength."""
    return tn.TautNetRegressorCV("group", cv=3, **QUICK).fit(X, Y)


def test_what_cross_validation_scored_is_what_is_delivered(cv):
    plain = regressor("group", cv.alpha_).fit(X, Y)
    for a, b in zip(
        [*plain.coefs_, *plain.intercepts_], [*cv.coefs_, *cv.intercepts_], strict=True
    ):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(plain.skip_coef_, cv.skip_coef_)
    assert plain.stationarity_ == cv.stationarity_ and plain.n_iter_ == cv.n_iter_
    np.testing.assert_array_equal(plain.predict(X), cv.predict(X))


def test_cv_results_are_arrays_over_ascending_strengths(cv):
    names = {"alpha", "mean_test_loss", "se_test_loss", "mean_train_loss", "n_features"}
    assert cv.cv_results_.keys() == names | {f"split{k}_test_loss" for k in range(3)}
    assert all(column.shape == cv.alphas_.shape for column in cv.cv_results_.values())
    assert (np.diff(cv.alphas_) > 0).all()
    assert cv.alpha_ == pytest.approx(cv.alpha_min_) and cv.alpha_1se_ >= cv.alpha_min_
    best = cv.cv_results_["mean_test_loss"].argmin()
    assert cv.cv_results_["alpha"][best] == cv.alpha_min_


def test_the_loss_of_a_constant_is_that_of_the_rows_seen():
    """Not that of rows which a split leaves out altogether."""
    splits = [(np.arange(20), np.arange(20, 40)), (np.arange(40, 60), np.arange(10))]
    model = tn.TautNetRegressorCV("l2", alphas=[0.1], cv=splits, hidden_layer_sizes=()).fit(X, Y)
    losses = [np.square(Y[test] - Y[train].mean()).mean() for train, test in splits]
    assert model.null_loss_ == pytest.approx((2 * losses[0] + losses[1]) / 3)


def test_selection_by_rule_and_by_number(cv):
    one_se = clone(cv).set_params(selection="1se").fit(X, Y)
    assert one_se.alpha_ == pytest.approx(cv.alpha_1se_)
    two = clone(cv).set_params(selection=2).fit(X, Y)
    assert two.selected_features_.sum() <= 2
    with pytest.raises(ValueError, match="no strength under 'l2' keeps so few"):
        tn.TautNetRegressorCV("l2", cv=3, selection=2, **QUICK).fit(X, Y)


def test_strengths_from_the_user_are_walked_sorted():
    model = tn.TautNetRegressorCV(
        "l2", cv=3, alphas=[0.1, 0.01, 0.1], hidden_layer_sizes=(6,), random_state=0
    )
    assert model.fit(X, Y).alphas_.tolist() == [0.01, 0.1]


@pytest.mark.parametrize("hidden, skip", [((), False), ((6,), True), ((6,), False), ((5, 3), True)])
def test_fitted_attributes_are_numpy_arrays(hidden, skip):
    options = {"skip": False} if hidden and not skip else {}
    model = classifier(hidden_layer_sizes=hidden, **options).fit(X, LABELS)
    sizes = [4, *hidden, 1]
    assert [w.shape for w in model.coefs_] == list(zip(sizes, sizes[1:], strict=False))
    assert [b.shape for b in model.intercepts_] == [(size,) for size in sizes[1:]]
    assert (model.skip_coef_ is None) == (not skip)
    assert all(type(w) is np.ndarray for w in [*model.coefs_, *model.intercepts_])
    assert (
        model.classes_.tolist() == ["high", "low"]
        and model.n_outputs_ == 1
        and model.n_features_in_ == 4
    )
    assert 0 <= model.stationarity_ <= 1 and np.isfinite(model.objective_gap_)
    assert "jax" not in str([type(leaf) for leaf in _everything(vars(model))])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def _everything(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from _everything(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _everything(one)
    else:
        yield value


def test_probabilities_and_score():
    model = classifier().fit(X, LABELS)
    proba = model.predict_proba(X)
    assert proba.shape == (60, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(
        model.predict(X), np.where(proba[:, 1] > proba[:, 0], "low", "high")
    )
    assert model.score(X, LABELS) == np.mean(model.predict(X) == LABELS) > 0.8
    assert regressor(alpha=1e-3).fit(X, Y).score(X, Y) > 0.8


@pytest.mark.parametrize("penalty", ["l1", "hierarchical"])
def test_a_factor_of_zero_keeps_a_predictor_whose_path_ends_when_the_others_have_left(penalty):
    model = tn.TautNetRegressorCV(
        penalty, cv=3, selection="1se", penalty_factors=(1, 1, 1, 0), **QUICK
    ).fit(X, Y)
    assert model.selected_features_[3] and model.penalty_factors_.tolist() == [1, 1, 1, 0]
    counts = model.cv_results_["n_features"]
    assert counts[-1] >= 1 and counts[0] == 4
    # A strength beyond the end of that path is walked to all the same.
    strong = regressor(penalty, alpha=20.0, penalty_factors=(1, 1, 1, 0)).fit(X, Y)
    assert strong.selected_features_.tolist() == [False, False, False, True]


def test_columns_of_a_group_stay_or_leave_together():
    frame = pd.DataFrame(X, columns=list("abcd")).assign(same=1.0)
    groups = {"first": ["d", "a"], "rest": ["b", "c"], "nothing": "same"}
    model = tn.TautNetRegressorCV(
        "group", cv=3, feature_groups=groups, penalty_factors=(1, 3, 1), **QUICK
    )
    model.fit(frame, np.square(X[:, 0]) + 0.1 * X[:, 1])
    a, b, c, d, same = model.set_params(selection=1).fit(frame, Y - X[:, 1]).selected_features_
    assert (a, b, c, d, same) == (True, False, False, True, False)
    assert model.penalty_factors_.tolist() == [1, 3, 1]
    # Inside its group each column has a size of its own.
    assert model.feature_importances_[0] > 2 * model.feature_importances_[3] > 0


def test_adaptive_factors_are_the_models_own_and_give_it_again():
    """Predictors that a first path keeps small are pressed.

    The factors alone give the same weights.
    """
    cv = tn.TautNetRegressorCV("group", cv=3, adaptive=True, **QUICK).fit(X, Y)
    assert cv.penalty_factors_.argsort()[:2].tolist() in ([0, 1], [1, 0])
    assert cv.selected_features_.tolist() == [True, True, False, False]
    plain = regressor("group", cv.alpha_, penalty_factors=cv.penalty_factors_).fit(X, Y)
    np.testing.assert_array_equal(plain.coefs_[0], cv.coefs_[0])
    # A plain estimator takes them at its own strength.
    path = tn.TautNetRegressorCV("group", cv=3, **QUICK).fit(X, Y).path_
    i = int(np.abs(path.alphas - 0.05).argmin())
    second = regressor("group", path.alphas[i], adaptive=True).fit(X, Y)
    np.testing.assert_allclose(second.penalty_factors_, adaptive_factors(path.sizes[i]), rtol=1e-6)
    # Factors of the user's go in too, and where nothing is left of the first path all are alike.
    both = regressor("group", 0.05, adaptive=True, penalty_factors=(1, 1, 1, 0)).fit(X, Y)
    assert both.penalty_factors_[3] == 0 and both.selected_features_[3]
    assert regressor("group", 99.0, adaptive=True).fit(X, Y).penalty_factors_.tolist() == [
        1,
        1,
        1,
        1,
    ]


def test_a_mixed_frame_goes_in_as_it_is():
    frame = pd.DataFrame(
        {"a": X[:, 0], "b": np.where(X[:, 1] > 0, "up", "down"), "c": X[:, 2], "same": 1}
    )
    frame.loc[::7, "c"] = np.nan
    model = classifier("l1", alpha=0.01).fit(frame, LABELS)
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "same"]
    assert model.selected_features_.shape == (4,) and not model.selected_features_[3]
    new = pd.DataFrame(
        {"a": [0.1, None], "b": ["sideways", "up"], "c": [None, 0.5], "same": [1, 1]}
    )
    with pytest.warns(UserWarning, match="'b': 1 cell of 1 level not seen in training"):
        assert np.isfinite(model.predict_proba(new)).all()


def test_sample_weight_counts():
    weight = np.where(Y > 1, 5.0, 1.0)
    assert (
        regressor().fit(X, Y, weight).predict(X).mean()
        > regressor().fit(X, Y).predict(X).mean() + 0.05
    )


def test_finishing_that_does_not_converge_warns_once(monkeypatch):
    crude = partial(Settings, schedule=Schedule(first_steps=2, steps=2))
    monkeypatch.setattr("tautnet.estimators.base.Settings", crude)
    with pytest.warns(
        ConvergenceWarning, match="is above tol=0.05 after 4 iterations: raise max_iter"
    ) as caught:
        model = regressor("l1", alpha=1e-3, activation="silu", finish=True, max_iter=4).fit(X, Y)
    assert len(caught) == 1
    assert model.stationarity_ > 0.05 and model.objective_gap_ > 1e-3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regressor("l1", alpha=1e-3, activation="silu").fit(X, Y)


@pytest.mark.parametrize("cls", [tn.TautNetClassifier, tn.TautNetRegressor, tn.TautNetClassifierCV])
def test_what_is_not_fitted_says_so(cls):
    with pytest.raises(NotFittedError):
        cls().predict(X)


@pytest.mark.parametrize(
    "options, says",
    [
        ({"penalty": "lasso"}, "penalty='lasso' is not one of none, l2, l1"),
        ({"activation": "gelu"}, "activation='gelu' is not one of relu, tanh, silu, identity"),
        ({"precision": "float16"}, "precision='float16' is not one of float32, float64"),
        ({"alpha": 0.0}, "use penalty='none'"),
        ({"alpha": -1.0}, "alpha=-1.0 is not a finite number above 0"),
        ({"alpha_min_ratio": 2}, "alpha_min_ratio=2 is not 'auto' or a number above 0"),
        ({"penalty": "elasticnet", "l1_ratio": 1.2}, "l1_ratio=1.2 is not a number from 0 to 1"),
        ({"hidden_layer_sizes": (6, 0)}, r"hidden_layer_sizes=\(6, 0\) is not a number of units"),
        ({"loss": "absolute"}, "loss='absolute' is not one of squared_error"),
        (
            {"loss": "quantile", "quantile": 1.0},
            "quantile=1.0 is not a number between 0 and 1",
        ),
        ({"penalty": "hierarchical", "skip": False}, "it needs a hidden layer and skip=True"),
        (
            {"penalty": "hierarchical", "hidden_layer_sizes": ()},
            "it needs a hidden layer and skip=True",
        ),
        # Factors and groups that do not fit the table.
        ({"penalty_factors": (1, 1)}, "penalty_factors must be 4 finite numbers of at least 0"),
        (
            {"penalty_factors": (1, 1, 1, -1)},
            "penalty_factors must be 4 finite numbers of at least 0",
        ),
        ({"penalty_factors": np.zeros(4)}, "not all of them 0"),
        (
            {"penalty": "group", "feature_groups": {"a": [0, 1], "b": [1, 2, 3]}},
            "1 is in 'a' and 'b'",
        ),
        (
            {"penalty": "group", "feature_groups": {"a": [0], "b": [1]}},
            "leaves out .*; name each column once",
        ),
        (
            {"penalty": "group", "feature_groups": {"a": range(4), "b": ["z"]}},
            "'b' names 'z', which is no column",
        ),
    ],
)
def test_wrong_parameters_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        regressor(**options).fit(X, Y)


def test_one_warning_names_all_that_does_nothing():
    model = regressor(l1_ratio=0.9, delta=2.0, tol=0.1)
    with pytest.warns(UserWarning) as caught:
        model.fit(X, Y)
    assert [str(one.message) for one in caught] == [
        "l1_ratio=0.9 does nothing here: it needs the penalty elasticnet or sparse_group; "
        "tol=0.1 does nothing here: it needs finish=True or hidden_layer_sizes=(); "
        "delta=2.0 does nothing here: it needs loss='huber'"
    ]
    assert caught[0].filename == __file__
    # The fit is that without them, and they stay as they were given.
    np.testing.assert_array_equal(model.predict(X), regressor().fit(X, Y).predict(X))
    assert model.get_params()["l1_ratio"] == 0.9
    # A model file says what was fitted.
    assert model.to_fitted().parameters["l1_ratio"] == 0.5


@pytest.mark.parametrize(
    "options, says",
    [
        ({"alphas": [0.0, 1.0], "alpha_min_ratio": "auto"}, "finite numbers above 0"),
        ({"alphas": [], "alpha_min_ratio": "auto"}, r"alphas=\[\] is not 'auto' or a list"),
        ({"selection": "best"}, "selection='best' is not 'min', '1se' or a number of predictors"),
        ({"cv": 1}, "cv=1 is not None, a number of folds from 2 on"),
        ({"cv": []}, "gives no split"),
        (
            {"cv": [(range(40), range(40, 60))], "adaptive": True, "penalty": "group"},
            "gives one split",
        ),
    ],
)
def test_wrong_parameters_of_cv_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        tn.TautNetRegressorCV(**QUICK | {"cv": 3} | options).fit(X, Y)


def test_tables_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        regressor().fit(X, Y[:-1])
    with pytest.raises(ValueError, match="X has 3 features, but TautNetRegressor is expecting 4"):
        regressor().fit(X, Y).predict(X[:, :3])
    with pytest.raises(
        ValueError, match="n_splits=5 cannot be greater than the number of members in each class"
    ):
        tn.TautNetClassifierCV().fit(X[:6], ["high"] * 3 + ["low"] * 3)


# No parameter is dead: each has a setting in which it changes the fit.

STOPS = {"penalty": "early_stopping", "alpha": 1e-2, "alpha_min_ratio": "auto"}
PLAIN = {
    "penalty": ({}, {"penalty": "l1"}),
    "alpha": ({}, {"alpha": 0.1}),
    "l1_ratio": ({"penalty": "elasticnet"}, {"penalty": "elasticnet", "l1_ratio": 0.9}),
    "hidden_layer_sizes": ({}, {"hidden_layer_sizes": (6, 3)}),
    "activation": ({}, {"activation": "tanh"}),
    "inputs": ({}, {"inputs": "smooth"}),
    "skip": ({}, {"skip": False}),
    "layer_factors": ({}, {"layer_factors": (2.0, 1.0)}),
    "penalty_factors": ({}, {"penalty_factors": (2.0, 1.0, 1.0, 1.0)}),
    "feature_groups": (
        {"penalty": "group"},
        {"penalty": "group", "feature_groups": {"a": [0, 2], "b": [1, 3]}},
    ),
    "adaptive": ({"penalty": "group"}, {"penalty": "group", "adaptive": True}),
    "stopping": (STOPS, STOPS | {"stopping": "neg_median_absolute_error"}),
    "finish": ({}, {"finish": True}),
    "alpha_min_ratio": ({}, {"alpha_min_ratio": 1e-2}),
    "max_iter": ({"finish": True, "tol": 1e-6}, {"finish": True, "tol": 1e-6, "max_iter": 3}),
    "tol": (
        {"finish": True, "activation": "silu"},
        {"finish": True, "activation": "silu", "tol": 1e-4},
    ),
    "precision": ({}, {"precision": "float64"}),
    "loss": ({}, {"loss": "quantile"}),
    "delta": ({"loss": "huber"}, {"loss": "huber", "delta": 0.2}),
    "quantile": ({"loss": "quantile"}, {"loss": "quantile", "quantile": 0.9}),
    "clamp_output": ({}, {"clamp_output": False}),
    "random_state": ({}, {"random_state": 1}),
}
CV = {
    "alphas": ({"alpha_min_ratio": "auto"}, {"alpha_min_ratio": "auto", "alphas": [0.02, 0.2]}),
    "cv": ({}, {"cv": 4}),
    "network": ({"hidden_layer_sizes": (100,)}, {"hidden_layer_sizes": (100,), "network": "small"}),
    "selection": ({}, {"selection": "1se"}),
    "relax": (
        {"penalty": "group", "selection": 2},
        {"penalty": "group", "selection": 2, "relax": True},
    ),
    "ensemble": ({}, {"ensemble": True}),
}


def parameters(cls):
    return set(inspect.signature(cls.__init__).parameters) - {"self"}


def test_the_cases_name_every_parameter():
    # verbose prints, n_jobs changes no number: that it changes the jobs at once is tested beside
    # `run_jobs`.
    quiet, regression = {"n_jobs", "verbose"}, {"loss", "delta", "quantile", "clamp_output"}
    assert parameters(tn.TautNetRegressor) - quiet == PLAIN.keys()
    assert parameters(tn.TautNetRegressorCV) - quiet == (PLAIN.keys() - {"alpha"}) | CV.keys()
    own = {
        tn.TautNetClassifier: {"class_weight"},
        tn.TautNetClassifierCV: {"class_weight"},
        tn.TautNetSurvival: {"ties"},
        tn.TautNetSurvivalCV: {"ties"},
    }
    for cls, names in own.items():
        twin = tn.TautNetRegressorCV if "CV" in cls.__name__ else tn.TautNetRegressor
        assert parameters(cls) == parameters(twin) - regression | names


# 2,000 iterations do not reach a tolerance of 1e-6, and 3 even less.
@pytest.mark.filterwarnings("ignore:stationarity .* is above tol")
@pytest.mark.parametrize("name", PLAIN)
def test_every_parameter_changes_the_fit(name):
    # Rows far out too, where predictions are clamped.
    rows = np.concatenate([X, 9 * X])
    before, after = (regressor(**options).fit(X, Y).predict(rows) for options in PLAIN[name])
    assert np.abs(before - after).max() > 1e-7


@pytest.mark.parametrize("name", CV)
def test_every_parameter_of_cv_changes_the_fit(name):
    models = [
        tn.TautNetRegressorCV(**QUICK | {"cv": 3} | options).fit(X, Y) for options in CV[name]
    ]
    if name == "ensemble":
        assert (
            models[0].alpha_ == models[1].alpha_
            and np.abs(models[0].predict(X) - models[1].predict(X)).max() > 1e-3
        )
    elif name in ("cv", "network"):
        assert models[0].cv_loss_ != models[1].cv_loss_
    else:
        assert models[0].alpha_ != models[1].alpha_


def test_an_ensemble_averages_probabilities_of_the_refit_and_the_fold_models():
    model = tn.TautNetClassifierCV("group", cv=3, ensemble=True, **QUICK).fit(X, LABELS)
    members = [member.outputs(model.encoder_.transform(X))[:, 0] for member in model._members]
    assert len(members) == 4 and np.abs(members[0] - members[1]).max() > 0.01
    np.testing.assert_allclose(
        model.predict_proba(X)[:, 1], np.mean([1 / (1 + np.exp(-m)) for m in members], axis=0)
    )
    refit = tn.TautNetClassifierCV("group", cv=3, **QUICK).fit(X, LABELS)
    np.testing.assert_array_equal(model.coefs_[0], refit.coefs_[0])
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X)
    )


def test_the_summary_says_what_a_person_wants_to_know(cv, capsys):
    cv.summary()
    said = capsys.readouterr().out
    for words in (
        "TautNetRegressorCV",
        "60 rows, 4 predictors in 4 columns",
        "chosen by cross-validation: lowest loss",
        "4 -> 6 -> 1, plus a linear map",
        "mean squared error, rows seen",
        "by cross-validation, used to choose",
    ):
        assert words in said
    zeros = sum(int((w == 0).sum()) for w in [*cv.coefs_, cv.skip_coef_])
    assert (
        f"34, of which {zeros} are exactly 0" in said
        and f"{cv.selected_features_.sum()} of 4 kept" in said
    )


def test_verbose_says_how_far_the_work_is(capsys):
    regressor(verbose=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("[TautNetRegressor] 100 % done") and len(lines) <= 10
    regressor().fit(X, Y)
    assert not capsys.readouterr().out
