"""Small tables as fits see them; all of one shape, so that few programs are compiled."""

from dataclasses import replace

import numpy as np
import pytest

from tautnet.objective.classification import BinaryLogLoss, MultinomialLogLoss
from tautnet.objective.networks import Network
from tautnet.objective.regression import SquaredError
from tautnet.solving.settings import Schedule, Settings
from tautnet.tables.sample import Sample

QUICK = Schedule(first_steps=300, steps=25, unpenalised_steps=400)


@pytest.fixture(scope="session")
def regression():
    """60 rows of six columns in five predictors.

    The target bends with the first and follows the second.
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 6)) * [1, 2, 1, 5, 1, 1] + [0, 3, 0, -1, 0, 0]
    y = np.square(X[:, :1]) + X[:, 1:2] + 0.3 * rng.normal(size=(60, 1))
    return Sample(X, np.array([0, 1, 2, 2, 3, 4]), y, np.ones(60))


@pytest.fixture(scope="session")
def two_classes(regression):
    return regression._replace(y=(regression.y > np.median(regression.y)).astype(float))


@pytest.fixture(scope="session")
def three_classes(regression):
    codes = np.digitize(regression.y[:, 0], np.quantile(regression.y, [1 / 3, 2 / 3]))
    return regression._replace(y=np.eye(3)[codes])


@pytest.fixture(scope="session")
def settings():
    """Settings for a penalty: a small relu network under a quick schedule."""
    losses = {
        "regression": SquaredError(),
        "two classes": BinaryLogLoss(),
        "three classes": MultinomialLogLoss(),
    }

    def make(
        penalty="l2",
        *,
        task="regression",
        hidden=(6,),
        activation="relu",
        skip=True,
        inputs="standardised",
        **options,
    ):
        network = Network(hidden, activation, skip and bool(hidden), inputs)
        return replace(
            Settings(penalty, network=network, loss=losses[task], schedule=QUICK), **options
        )

    return make
