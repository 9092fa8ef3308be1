"""Numbers of any type and size, and what a fit warns of."""

import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import tautnet as tn
from tautnet.estimators.base import prepare
from tautnet.estimators.warned import warn_where_unsolved
from tautnet.objective.networks import Network
from tautnet.solving.settings import Request, Settings
from tautnet.tables.target import encode_target
from tautnet.tables.target_checks import cautions

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 2))
Y = X[:, 0] + 0.1 * RNG.normal(size=80)
IS_ODD = np.arange(80) % 2 == 1
NOISE = np.where(IS_ODD, 0.3, 0.1 + 0.2)
UNRELATED = np.random.default_rng(10).normal(size=80)
LINEAR = dict(hidden_layer_sizes=(), random_state=0, alpha_min_ratio=1e-3)


def regressor(penalty="l2", alpha=0.01, **options):
    return tn.TautNetRegressor(penalty, alpha, **LINEAR | options)


def cross_validated(penalty="l1", **options):
    return tn.TautNetRegressorCV(penalty, **LINEAR | dict(cv=3) | options)


def test_a_column_of_rounding_noise_is_left_out_whatever_is_predicted_later():
    model = regressor().fit(np.column_stack([X, NOISE]), Y)
    assert model.encoder_.left_out == {"x2": "is constant but for rounding (0.30000000000000004)"}
    assert not model.selected_features_[2]
    beside = model.predict([[0.5, 0.0, 0.31], [0.5, 0.0, 1e9]])
    np.testing.assert_array_equal(beside, regressor().fit(X, Y).predict([[0.5, 0.0]] * 2))
    tiny = regressor().fit(1e-13 * X, Y)
    assert tiny.score(1e-13 * X, Y) > 0.98


def test_noise_in_a_fold_is_no_predictor_of_that_fold():
    noise = np.where(np.arange(80) < 5, 0.4, NOISE)
    folds = [(np.arange(20, 80), np.arange(20)), (np.arange(20), np.arange(20, 80))]
    model = cross_validated("l2", cv=folds).fit(np.column_stack([X, noise]), Y)
    assert model.cv_loss_ < 0.05


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_a_strength_of_any_type_is_the_strength_of_its_value(kind):
    model = regressor("l1", kind(0.1)).fit(X, Y)
    assert model.alpha == kind(0.1) and isinstance(model.alpha, kind)
    np.testing.assert_array_equal(
        model.coefs_[0], regressor("l1", float(kind(0.1))).fit(X, Y).coefs_[0]
    )


def test_whole_numbers_too_large_for_a_float_are_refused():
    with pytest.raises(ValueError, match="alpha=1000.* is not a finite number above 0"):
        regressor(alpha=10**400).fit(X, Y)


ALPHAS = np.array([0.001, 0.01, 0.1, 1.0])


@pytest.mark.parametrize(
    "alphas",
    [
        ALPHAS.astype(np.float32),
        list(ALPHAS.astype(np.float32)),
        pd.Series(ALPHAS.astype("float32"), index=list("abcd")),
        pd.array(ALPHAS, dtype="Float32"),
        [*ALPHAS[:3], np.float32(0.1), 1],
        [1, *ALPHAS[:3]],
    ],
)
def test_alphas_of_any_type_are_found_again(alphas):
    model = cross_validated("l2", alphas=alphas, cv=2, ensemble=True, alpha_min_ratio="auto")
    model.fit(X, Y)
    np.testing.assert_allclose(model.alphas_, ALPHAS, rtol=1e-6)
    assert model.alpha_ in model.alphas_
    path = tn.fit_path(X, Y, alphas=alphas, hidden_layer_sizes=())
    np.testing.assert_allclose(path.alphas, ALPHAS, rtol=1e-6)
    assert sorted(path.parameters) == [0, 1, 2, 3]


def test_what_a_fit_is_asked_to_do_is_in_python_s_numbers():
    asked = Settings(l1_ratio=np.float32(0.5), tol=np.float32(0.1), alpha_min_ratio=np.float32(0.1))
    assert {type(one) for one in (asked.l1_ratio, asked.tol, asked.alpha_min_ratio)} == {float}
    request = Request(np.float32([0.1]), until=np.float32(0.1), keep=np.float32([0.1]))
    assert request.alphas.dtype == np.float64 and isinstance(request.until, float)
    assert request.keep == (float(np.float32(0.1)),)


def test_a_target_far_from_0_is_scored_in_its_own_digits():
    near = cross_validated("l2").fit(X, Y)
    far = cross_validated("l2").fit(X, Y + 1e9)
    assert far.alpha_ == near.alpha_
    assert far.cv_loss_ == pytest.approx(near.cv_loss_, rel=1e-4)


def test_a_class_without_weight_is_said_before_the_work():
    labels = np.array(["a", "b", "c"])[np.arange(80) % 3]
    model = tn.TautNetClassifier("l2", 0.1, **LINEAR)
    with pytest.warns(UserWarning, match="all rows of class 'c' of 'y' weigh 0") as caught:
        prepare(model, X, labels, np.where(labels == "c", 0.0, 1.0))
    assert len(caught) == 1
    with pytest.raises(ValueError, match="only one class in the 27 rows of a weight above 0"):
        model.fit(X, labels, 1.0 * (labels == "a"))


def test_many_classes_are_said_before_the_work():
    names = np.repeat([f"c{i}" for i in range(2000)], 2)
    target = encode_target(names, task="classification", name="who")
    [said] = cautions(target, np.ones(4000))
    assert said.startswith(
        "the target 'who' has 2,000 classes in 4,000 rows, which will take long: join rare classes"
    )
    few = encode_target(np.repeat(list("ab"), 2000))
    assert not list(cautions(few, np.ones(4000)))


def test_a_choice_at_the_null_end_is_said_once(capsys):
    with pytest.warns(ConvergenceWarning, match="`l1` is at the null end of the path") as caught:
        model = cross_validated().fit(X, UNRELATED)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert model.alpha_end_ == "null"
    model.summary()
    assert "; at the null end of the path, a constant prediction\n" in capsys.readouterr().out
    with pytest.warns(ConvergenceWarning, match="`l2` is at the strong end of the path") as caught:
        strong = cross_validated("l2").fit(X, UNRELATED)
    assert len(caught) == 1 and strong.alpha_end_ == "strong"


def test_a_choice_at_the_weak_end_is_said_once_and_one_between_is_not(capsys, tmp_path):
    with pytest.warns(ConvergenceWarning, match="`l2` is at the weak end of the path") as caught:
        model = cross_validated("l2").fit(X, X[:, 0])
    assert len(caught) == 1 and model.alpha_end_ == "weak"
    tn.load(model.save(tmp_path / "model.tautnet")).to_estimator().summary()
    assert "; at the weak end of the path\n" in capsys.readouterr().out
    one = cross_validated("l2", alphas=[0.01], alpha_min_ratio="auto")
    assert one.fit(X, Y).alpha_end_ is None
    assert cross_validated("l1").fit(X, Y).alpha_end_ is None


def test_a_comparison_says_nothing_of_ends_fold_by_fold():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compared = tn.compare(
            X, UNRELATED, penalties=["l1"], cv=3, hidden_layer_sizes=(), boosting=False
        )
    assert compared.model.alpha_end_ in ("null", "strong")


@pytest.mark.parametrize(
    "activation, gap, advice",
    [
        ("silu", 1e-2, "raise max_iter, or read the fit as stopped early"),
        ("silu", 0.0, "raise max_iter, or read the fit as stopped early"),
        ("relu", 0.0, "the objective has stopped falling, and silu or tanh can be solved further"),
    ],
)
def test_finishing_that_ends_unsolved_warns_whatever_the_last_steps_gained(activation, gap, advice):
    settings = Settings(network=Network((3,), activation, True), finish=True)
    with pytest.warns(ConvergenceWarning, match=f"0.59 is above tol=0.05 .*: {advice}"):
        warn_where_unsolved(settings, 0.59, gap, stacklevel=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_where_unsolved(settings, 0.05, gap, stacklevel=1)
        warn_where_unsolved(settings, np.nan, np.nan, stacklevel=1)


def test_the_command_says_it_in_one_line_each(tmp_path, surroundings):
    table = pd.DataFrame({"x": X[:, 0], "noise": NOISE, "y": UNRELATED})
    table.to_csv(tmp_path / "t.csv", index=False)
    command = "fit t.csv --target y --penalty l1 --cv 2 --hidden 0 --model m.tautnet".split()
    ended = subprocess.run(
        [sys.executable, "-m", "tautnet", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=surroundings,
    )
    lines = ended.stderr.splitlines()
    assert "left out: 'noise' is constant but for rounding (0.30000000000000004)" in lines
    [warned] = [line for line in lines if "warning" in line.lower()]
    assert warned.startswith("warning: the strength chosen for `l1` is at the null end of the path")
    assert "at the null end of the path" in ended.stdout
