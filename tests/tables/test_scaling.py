"""Scaling: weights are repeats, and units do not matter.

Missing cells are the mean, constants are zero.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tautnet.tables.scaling import StandardisedRows, fit_scaling, restore, standardise

CELLS = st.one_of(st.floats(-1e3, 1e3, width=32), st.sampled_from([np.nan, 0.0, 0.1]))
TABLES = arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 4)), elements=CELLS)


@given(TABLES, st.data())
def test_a_weight_of_two_is_the_row_twice_and_zero_is_no_row(X, data):
    weights = data.draw(arrays(np.int64, len(X), elements=st.integers(0, 3)))
    if not weights.any():
        weights[0] = 1
    weighted, repeated = fit_scaling(X, weights), fit_scaling(np.repeat(X, weights, axis=0))
    np.testing.assert_allclose(weighted.centre, repeated.centre, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-9)


@given(TABLES, st.sampled_from([-3.0, 0.25, 1e6]), st.sampled_from([0.0, -7.0, 1e4]))
def test_other_units_give_the_same_standardised_numbers(X, factor, offset):
    X = np.round(X, 3)
    Z = standardise(X, fit_scaling(X))
    moved = factor * X + offset
    np.testing.assert_allclose(
        standardise(moved, fit_scaling(moved)), np.sign(factor) * Z, atol=1e-4
    )


@given(TABLES)
def test_standardised_columns_have_mean_zero_and_deviation_one_or_are_zero(X):
    Z = standardise(X, fit_scaling(X))
    np.testing.assert_allclose(Z.mean(axis=0), 0, atol=1e-6)
    assert np.all(Z[np.isnan(X)] == 0)
    for column, cells in zip(Z.T, X.T, strict=True):
        distinct = np.unique(cells[~np.isnan(cells)])
        if len(distinct) < 2:
            assert np.all(column == 0)
        else:
            assert abs(column.std() - 1) < 1e-6


def test_a_large_table_is_read_block_by_block(monkeypatch):
    rng = np.random.default_rng(0)
    X, weights, rows = rng.normal(1e6, size=(50, 3)), rng.uniform(size=40), rng.permutation(50)[:40]
    X[::9, 1] = np.nan
    whole = fit_scaling(X[rows], weights)
    monkeypatch.setattr("tautnet.tables.scaling.NUMBERS_AT_ONCE", 21)
    blocks = fit_scaling(X, weights, rows)
    np.testing.assert_allclose(blocks.centre, whole.centre, rtol=1e-12)
    np.testing.assert_allclose(blocks.scale, whole.scale, rtol=1e-9)
    lazy, made = StandardisedRows(X, rows, whole), standardise(X[rows], whole)
    assert lazy.shape == made.shape == (len(lazy), 3)
    assert np.array_equal(lazy[5:9], made[5:9]) and np.array_equal(
        lazy[np.array([3, 1])], made[[3, 1]]
    )


@given(TABLES)
@settings(max_examples=50)
def test_restore_is_the_inverse(X):
    scaling = fit_scaling(X)
    present = ~np.isnan(X)
    np.testing.assert_allclose(
        restore(standardise(X, scaling), scaling)[present], X[present], atol=1e-6
    )


def test_constant_and_empty_columns():
    X = np.array([[0.1, np.nan, 0.3], [0.1, np.nan, np.nan], [0.1, np.nan, 0.3], [9.0, 5.0, 7.0]])
    scaling = fit_scaling(X, weights=[1, 1 / 3, 0.1, 0])
    assert scaling.centre.tolist() == [0.1, 0.0, 0.3]
    assert scaling.scale.tolist() == [1.0, 1.0, 1.0]
    assert np.all(standardise(X[:3], scaling) == 0)


def test_fractional_weights_by_hand():
    scaling = fit_scaling(np.array([[0.0], [4.0], [np.nan]]), weights=[3, 1, 4])
    assert scaling.centre[0] == pytest.approx(1)
    # Squared deviations 1 and 9, weights 3 and 1; the missing cell counts 4 with deviation 0.
    assert scaling.scale[0] == pytest.approx(np.sqrt((3 * 1 + 1 * 9) / 8))


def test_huge_offsets_and_huge_units_lose_nothing():
    z = np.array([-1.0, 0.0, 1.0])[:, np.newaxis]
    for X in (1.7e9 + 1e-3 * z, 1e300 * z, 1e-200 * z):
        np.testing.assert_allclose(standardise(X, fit_scaling(X)), z * np.sqrt(1.5), atol=1e-3)


def test_no_row_with_weight_is_an_error():
    with pytest.raises(ValueError, match="no row has a weight above zero"):
        fit_scaling(np.ones((2, 1)), weights=[0, 0])


def test_the_input_is_left_alone():
    X = np.array([[1.0, np.nan], [2.0, 3.0]])
    before = X.copy()
    standardise(X, fit_scaling(X))
    np.testing.assert_array_equal(X, before)
