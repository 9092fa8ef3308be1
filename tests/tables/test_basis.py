"""A basis: what is learned of columns, and what it makes of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tautnet.tables.basis import LINE, RAMP, SMOOTH, fit_basis
from tautnet.tables.scaling import expand, fit_scaling, standardise


def learned(X, kind="splines", weight=None):
    weight = np.ones(len(X)) if weight is None else np.asarray(weight, float)
    rows = np.flatnonzero(weight > 0)
    return expand(fit_scaling(X, weight), X, weight[rows], rows, kind)


def by_hand(z, basis, i):
    """One column of a basis from a standardised one, as the module's head says."""
    u = np.log(max(z - basis.origin[i], 0) + basis.offset[i]) if basis.is_log[i] else z
    v = (u - basis.centre[i]) / basis.scale[i]
    w = {LINE: v, SMOOTH: v / np.sqrt(1 + (v / 3) ** 2), RAMP: min(max(v, 0), 1)}[basis.curve[i]]
    return (w - basis.mean[i]) / basis.spread[i]


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [
            rng.normal(5, 2, 300),
            rng.exponential(size=300) ** 2,
            rng.integers(0, 2, 300),
            rng.integers(0, 3, 300),
            np.full(300, 7.0),
            np.where(rng.random(300) < 0.6, 0.0, rng.normal(size=300)),
        ]
    )
    X[rng.random(300) < 0.1, 1] = np.nan
    return X


def test_each_column_is_what_the_formula_says(X):
    scaling = learned(X)
    Z = standardise(X, scaling._replace(basis=None))
    made = standardise(X, scaling)
    for row in (0, 7, 50):
        for i, source in enumerate(scaling.basis.source):
            assert made[row, i] == pytest.approx(by_hand(Z[row, source], scaling.basis, i))


def test_what_is_made_of_which_column(X):
    basis = learned(X).basis
    made = {j: list(basis.curve[basis.source == j]) for j in range(6)}
    assert made[0] == made[1] == [SMOOTH, RAMP, RAMP, RAMP, RAMP]
    # Two values, and one: as they are.
    assert made[2] == made[4] == [LINE]
    assert made[3] == [SMOOTH, RAMP, RAMP]
    # Quartiles that are the same make no ramp.
    assert made[5][0] == SMOOTH and 1 <= len(made[5]) - 1 < 4
    assert basis.is_log[basis.source == 1].all() and not basis.is_log[basis.source == 0].any()
    assert (learned(X, "smooth").basis.curve != RAMP).all()


def test_columns_are_centred_and_ramps_of_a_column_vary_as_much_as_one(X):
    scaling = learned(X)
    made = standardise(X, scaling)
    basis = scaling.basis
    bent = basis.curve != LINE
    np.testing.assert_allclose(made[:, bent].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(made[:, basis.curve == SMOOTH].std(axis=0), 1)
    for j in (0, 1, 3, 5):
        ramps = made[:, (basis.source == j) & (basis.curve == RAMP)]
        assert np.square(ramps).mean(axis=0).sum() == pytest.approx(1)
    as_they_are = scaling.made_from(np.array([2, 4]))
    raw = standardise(X, scaling._replace(basis=None))
    np.testing.assert_array_equal(made[:, as_they_are], raw[:, [2, 4]])


def test_ramps_meet_at_the_quartiles(X):
    basis = learned(X[:, :1]).basis
    Z = standardise(X[:, :1], fit_scaling(X[:, :1]))
    ends = basis.centre[1:] + basis.scale[1:]
    np.testing.assert_allclose(ends[:-1], basis.centre[2:])
    quartiles = np.quantile(Z[:, 0], [0, 0.25, 0.5, 0.75, 1], method="inverted_cdf")
    np.testing.assert_allclose([basis.centre[1], *ends], quartiles)


def test_a_row_of_weight_2_is_the_row_twice_and_one_of_weight_0_is_none(X):
    weight = np.arange(300) % 3
    twice = learned(X, weight=weight)
    rows = np.repeat(np.arange(300), weight)
    one_by_one = learned(X[rows])
    for a, b in zip(twice.basis, one_by_one.basis, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_missing_cell_is_the_mean(X):
    scaling = learned(X)
    at_mean = standardise(scaling.centre[np.newaxis], scaling)
    np.testing.assert_array_equal(standardise(np.full((1, 6), np.nan), scaling), at_mean)


def test_some_columns_alone_are_the_same_columns(X):
    scaling = learned(X)
    columns = np.array([1, 3])
    few = scaling.of(columns)
    np.testing.assert_array_equal(
        standardise(X[:, columns], few), standardise(X, scaling)[:, scaling.made_from(columns)]
    )
    is_one = np.isin(np.arange(6), columns)
    np.testing.assert_array_equal(few.basis.source, scaling.of(is_one).basis.source)
    assert few.names(["b", "d"])[:3] == ["b (log)", "b (ramp 1 of 4)", "b (ramp 2 of 4)"]


def test_some_columns_of_many_rows_have_the_same_basis_alone(X, monkeypatch):
    """Neither the rows that are looked at nor how columns are cut depends on other columns."""
    monkeypatch.setattr("tautnet.tables.scaling.ROWS_LEARNED_FROM", 100)
    monkeypatch.setattr("tautnet.tables.scaling.NUMBERS_HELD", 8 * 100 * 4)
    whole = learned(X)
    few = learned(X[:, [1, 5]])
    for a, b in zip(whole.of(np.array([1, 5])).basis, few.basis, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert len(whole.basis.source) == len(learned(X[:, :4]).basis.source) + len(
        learned(X[:, 4:]).basis.source
    )


@given(
    arrays(
        float,
        (12, 2),
        elements=st.floats(allow_nan=True, allow_infinity=False, width=64),
    )
)
def test_whatever_the_numbers_columns_are_finite_and_bounded(X):
    scaling = learned(X)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        made = scaling.basis.apply(standardise(X, scaling._replace(basis=None)))
    assert np.isfinite(made).all()
    far = scaling.basis.apply(np.array([[1e200, -1e200], [-1e200, 1e200]]))
    assert np.isfinite(far).all()
    assert (np.abs(far[:, scaling.basis.curve == SMOOTH]) < 1e3).all()


def test_fit_basis_takes_no_column_that_is_constant_but_for_rounding():
    Z = 1e-9 * np.random.default_rng(0).normal(size=(50, 1))
    basis = fit_basis(Z, np.zeros((50, 1), bool), np.zeros(1), np.ones(50), "splines")
    assert list(basis.curve) == [LINE]


def test_ramps_are_told_in_the_units_of_the_column(X):
    scaling = learned(X)
    for column in (0, 1, 3):
        cells = X[:, column][~np.isnan(X[:, column])]
        quartiles = np.quantile(cells, [0, 0.25, 0.5, 0.75, 1], method="inverted_cdf")
        np.testing.assert_allclose(scaling.ramp_ends(column), np.unique(quartiles), rtol=1e-9)
    assert [scaling.is_log(j) for j in range(6)] == [False, True, False, False, False, False]
    assert not len(scaling.ramp_ends(2)) and not len(fit_scaling(X).ramp_ends(0))
