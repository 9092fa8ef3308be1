"""The network of an estimator: chosen where it is left open, and fixed by whatever is given."""

import pickle

import numpy as np
import pytest

import tautnet as tn
from tautnet.objective.networks import NETWORKS, Network

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = np.sin(3 * X[:, 0]) + X[:, 1]


@pytest.fixture(scope="module")
def auto():
    return tn.TautNetRegressorCV(cv=2, random_state=0).fit(X, Y)


def test_left_open_it_is_chosen_and_a_plain_estimator_has_the_same_weights(auto):
    assert auto.network == "auto" and list(auto.networks_) == list(NETWORKS)
    same = tn.TautNetRegressor("l2", auto.alpha_, random_state=0, **auto.network_).fit(X, Y)
    for own, others in zip(same.coefs_, auto.coefs_, strict=True):
        np.testing.assert_array_equal(own, others)
    assert len(auto.input_names_) == len(auto.coefs_[0])


def test_a_model_file_keeps_what_was_chosen(auto, tmp_path):
    loaded = tn.load(auto.save(tmp_path / "a.taut"))
    again = loaded.to_estimator()
    assert again.network_ == auto.network_ and again.networks_ == auto.networks_
    np.testing.assert_array_equal(loaded.predict(X), auto.predict(X))


def test_a_fit_without_a_choice_says_nothing_of_one(auto):
    model = pickle.loads(pickle.dumps(auto)).set_params(network="plain").fit(X, Y)
    assert not hasattr(model, "networks_") and model.network_ == NETWORKS["plain"].arguments


@pytest.mark.parametrize(
    "given, network",
    [
        ({"hidden_layer_sizes": 4}, Network((4,))),
        ({"hidden_layer_sizes": ()}, Network((), "relu", False)),
        ({"inputs": "smooth"}, Network(inputs="smooth")),
        ({"network": "deep", "activation": "tanh"}, Network((64, 64), "tanh", inputs="splines")),
        ({"network": "small", "skip": False}, Network(skip=False, inputs="splines")),
        ({"layer_factors": [1.0, 2.0]}, Network()),
    ],
)
def test_whatever_is_given_fixes_it(given, network):
    model = tn.TautNetRegressorCV(cv=2, random_state=0, alphas=[0.01, 0.1], **given).fit(X, Y)
    assert model.network_ == network.arguments and not hasattr(model, "networks_")


@pytest.mark.parametrize("cls", [tn.TautNetRegressor, tn.TautNetRegressorCV])
def test_pickles_of_before_there_was_a_choice_fit_again(cls):
    known = {"activation": "tanh", "skip": False, "hidden_layer_sizes": (3,), "random_state": 0}
    model = cls(**known).fit(X, Y)
    for name in ("inputs", "network"):
        vars(model).pop(name, None)
    older = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(older.predict(X), model.predict(X))
    assert older.get_params()["inputs"] is None
    assert older.fit(X, Y).scaling_.settings.network == Network((3,), "tanh", False)


def test_tables_of_very_many_columns_keep_the_plain_network():
    wide = np.random.default_rng(0).normal(size=(20, 201))
    model = tn.TautNetRegressorCV(cv=2, random_state=0, alphas=[0.1, 1.0]).fit(wide, wide[:, 0])
    assert model.network_ == NETWORKS["plain"].arguments and not hasattr(model, "networks_")
