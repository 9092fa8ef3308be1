"""Built-in tables and simulators: as described, and the same for the same seed."""

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.datasets import BUILT_INS, friedman1, linear_two, pure_noise, xor

EXPECTED = {
    "breast_cancer": (569, 31, "diagnosis", {"malignant", "benign"}),
    "digits": (1797, 65, "digit", set(range(10))),
    "wine": (178, 14, "cultivar", {"class_0", "class_1", "class_2"}),
    "diabetes": (442, 11, "progression", None),
    "iris": (150, 5, "species", {"setosa", "versicolor", "virginica"}),
    "friedman1": (200, 11, "y", None),
}


def test_every_built_in_is_expected():
    assert BUILT_INS.keys() == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_built_in(name):
    n_rows, n_columns, target, labels = EXPECTED[name]
    table = BUILT_INS[name]()
    assert table.frame.shape == (n_rows, n_columns)
    assert table.target == target
    assert table.frame.columns[-1] == target
    assert not table.frame.isna().any().any()
    if labels is not None:
        assert set(table.frame[target]) == labels


def test_diabetes_is_in_its_own_units():
    frame = BUILT_INS["diabetes"]().frame
    assert frame["age"].between(18, 90).all()
    assert set(frame["sex"]) == {1, 2}


@pytest.mark.parametrize("simulate", [friedman1, linear_two, pure_noise, xor])
def test_simulators_are_seeded(simulate):
    pd.testing.assert_frame_equal(simulate(seed=3).frame, simulate(seed=3).frame)
    assert not simulate(seed=3).frame.equals(simulate(seed=4).frame)


def test_friedman1_follows_its_formula():
    x = friedman1(n_rows=40, noise=0.0, seed=1).frame
    bend = 10 * np.sin(np.pi * x.x1 * x.x2) + 20 * (x.x3 - 0.5) ** 2
    np.testing.assert_allclose(x.y, bend + 10 * x.x4 + 5 * x.x5)


def test_noise_has_the_standard_deviation_asked_for():
    quiet, loud = (
        linear_two(n_rows=5000, noise=0.0).frame.y,
        linear_two(n_rows=5000, noise=3.0).frame.y,
    )
    assert np.std(loud - quiet) == pytest.approx(3, rel=0.05)


def test_pure_noise_can_be_classes_or_numbers():
    assert set(pure_noise(n_rows=500, classes=4).frame.y) == {0, 1, 2, 3}
    assert pure_noise(n_rows=50, classes=None).frame.y.nunique() == 50


def test_xor_has_no_linear_signal():
    frame = xor(n_rows=4000).frame
    assert frame.drop(columns="y").corrwith(frame.y).abs().max() < 0.06


def test_linear_two_needs_two_predictors():
    with pytest.raises(ValueError, match="at least 2"):
        linear_two(n_predictors=1)
