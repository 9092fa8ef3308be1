"""``fit_path``: the path that a ``CV`` estimator walks.

Every strength of it has its weights and its certificate.
"""

import numpy as np
import pytest

import tautnet as tn
from tautnet.tables.datasets import linear_two, xor

TABLE = linear_two(n_rows=60, n_predictors=3, seed=1)
X, Y = TABLE.frame[["x1", "x2", "x3"]], TABLE.frame["y"]
SMALL = dict(hidden_layer_sizes=(4,))


def test_it_is_the_path_of_cross_validation():
    path = tn.fit_path(X, Y, penalty="group", **SMALL)
    model = tn.TautNetRegressorCV("group", cv=3, random_state=0, **SMALL).fit(X, Y)
    np.testing.assert_array_equal(path.alphas, model.path_.alphas)
    np.testing.assert_array_equal(path.norms, model.path_.norms)
    assert path.predictors == model.path_predictors_ == ["x1", "x2", "x3"]


def test_every_strength_keeps_its_weights_and_is_certified():
    path = tn.fit_path(X, Y, penalty="l1", **SMALL)
    assert sorted(path.parameters) == list(range(len(path.alphas))) and len(path.alphas) > 20
    assert np.isfinite(path.stationarity).all() and np.isfinite(path.objective_gap).all()
    first = path.parameters[3].weights.input
    assert first.shape == (3, 4) and path.norms[3].any()
    assert path.n_features[-1] == 0 and (np.diff(path.train_loss[[0, -1]]) > 0).all()
    frame = path.frame()
    assert frame.index.name == "alpha" and frame["train_loss"].tolist() == path.train_loss.tolist()


def test_a_linear_path_is_solved_at_strengths_of_ones_own():
    path = tn.fit_path(X, Y, penalty="l1", alphas=[0.1, 0.01], hidden_layer_sizes=())
    assert path.alphas.tolist() == [0.01, 0.1] and (path.stationarity < 0.05).all()
    model = tn.TautNetRegressor("l1", 0.1, hidden_layer_sizes=(), random_state=0).fit(X, Y)
    np.testing.assert_allclose(path.norms[1], model.feature_importances_, atol=1e-3)


def test_task_and_groups_are_found():
    classes = xor(n_rows=60, n_noise=1, seed=1)
    path = tn.fit_path(classes.frame[["x1", "x2", "x3"]], classes.frame["y"], **SMALL)
    assert path.settings.loss.metric_name == "log-loss"
    times = np.column_stack([np.exp(-Y), np.arange(60) % 4 > 0])
    assert (
        tn.fit_path(X, times, task="survival", hidden_layer_sizes=()).settings.loss.score_name
        == "c_index"
    )
    path = tn.fit_path(
        X, Y, penalty="group", feature_groups={"b": ["x3"], "a": ["x1", "x2"]}, **SMALL
    )
    assert path.predictors == ["b", "a"] and path.norms.shape[1] == 2


CHANGES = [
    {"penalty": "l1"},
    {"loss": "huber"},
    {"sample_weight": 1.0 + np.arange(60) % 2},
    {"activation": "tanh"},
    {"skip": False},
    {"penalty_factors": [1, 2, 1]},
    {"layer_factors": [1, 2]},
    {"random_state": 1},
    {"finish": True},
    {"alphas": [0.3]},
    {"alpha_min_ratio": 0.1},
    {"precision": "float64"},
    {"hidden_layer_sizes": (5,)},
]


@pytest.fixture(scope="module")
def plain():
    return tn.fit_path(X, Y, **SMALL)


@pytest.mark.parametrize("options", CHANGES, ids=lambda options: ",".join(options))
def test_each_argument_changes_the_path(plain, options):
    other = tn.fit_path(X, Y, **(SMALL | options))
    same = other.norms.shape == plain.norms.shape and np.allclose(
        other.norms, plain.norms, rtol=1e-9
    )
    assert not same


@pytest.mark.parametrize(
    "options, says",
    [
        ({"l1_ratio": 0.9}, "l1_ratio=0.9 does nothing here: it needs the penalty elasticnet"),
        ({"ties": "efron"}, "ties='efron' does nothing here: it needs task='survival'"),
        ({"delta": 2.0}, "delta=2.0 does nothing here: it needs loss='huber'"),
        ({"alphas": [0.0]}, r"alphas=\[0.0\] is not 'auto' or a list of finite numbers above 0"),
        (
            {"alphas": [0.1], "alpha_min_ratio": 0.1},
            "alpha_min_ratio=0.1 does nothing here: it needs alphas='auto'",
        ),
        ({"tol": 0.2}, "tol=0.2 does nothing here: it needs finish=True"),
        ({"loss": "absolute"}, "loss='absolute' is not one of squared_error"),
        ({"penalty": "lasso"}, "penalty='lasso' is not one of none, l2"),
    ],
)
def test_wrong_arguments_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        tn.fit_path(X, Y, **(SMALL | options))


def test_a_target_given_by_name_is_told_how():
    with pytest.raises(ValueError, match="y='y' is a name: take the target out of X"):
        tn.fit_path(TABLE.frame, "y")
