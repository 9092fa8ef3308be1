"""Numbers that differ by rounding alone are one number, wherever numbers are told apart."""

import numpy as np
import pandas as pd
import pytest

from tautnet.objective.regression import SquaredError
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.rounding import column_rounding, merged, varies
from tautnet.tables.sample import encode
from tautnet.tables.scaling import fit_scaling, standardise
from tautnet.tables.target import encode_target, encode_times

RNG = np.random.default_rng(0)
X = RNG.normal(size=100)
IS_ODD = np.arange(100) % 2 == 1
NOISE = np.where(IS_ODD, 0.3, 0.1 + 0.2)
# Two neighbours in single precision.
NOISE32 = np.where(IS_ODD, np.float32(0.3), np.nextafter(np.float32(0.3), np.float32(1)))
SHARES = RNG.random((100, 20))


@pytest.mark.parametrize(
    "column",
    [
        NOISE,
        -1e300 * NOISE,
        NOISE32,
        pd.array(NOISE, dtype="Float64"),
        pd.array(NOISE32, dtype="Float32"),
        pd.array(NOISE, dtype="double[pyarrow]"),
        list(NOISE),
        pd.Series(list(NOISE), dtype=object),
        (SHARES / SHARES.sum(axis=1, keepdims=True)).sum(axis=1),
    ],
)
def test_a_column_that_varies_by_rounding_alone_is_left_out_and_said(column):
    encoder = TableEncoder().fit(pd.DataFrame({"x": X, "noise": column}))
    assert encoder.predictors == ["x"]
    assert encoder.left_out["noise"].startswith("is constant but for rounding (")


def test_where_it_also_has_missing_cells_only_these_count():
    cells = np.where(np.arange(100) < 20, np.nan, NOISE)
    assert TableEncoder().fit(pd.DataFrame({"noise": cells})).column_names == ["noise is missing"]


@pytest.mark.parametrize(
    "column",
    [
        1e-13 * X,
        1 + 1e-13 * X,
        1e-300 * X,
        10**15 + np.arange(100),
        1e15 + np.arange(100) % 2,
        np.float32(2**23) + np.float32(1) * IS_ODD,
        pd.to_datetime("2024-01-01") + pd.to_timedelta(np.arange(100), "us"),
    ],
)
def test_small_units_whole_numbers_and_dates_that_are_real_stay(column):
    assert TableEncoder().fit(pd.DataFrame({"x": column})).predictors == ["x"]


def test_the_rounding_of_a_column_is_that_of_what_it_was_stored_in():
    frame = pd.DataFrame({"a": X, "b": X.astype("float32"), "c": np.arange(100), "d": 1e3 * IS_ODD})
    sample = encode(frame, X, None, "regression")[1]
    a, b, c, d = sample.rounding
    assert 0 < a < 1e-14 < 1e-7 < b < 1e-5
    assert c == d == 0
    assert column_rounding(np.array([[2.0**53], [2.0**54]]), [np.dtype(float)])[0] > 0


def test_inside_a_fold_what_is_left_of_rounding_is_no_spread():
    rows = np.arange(100)
    cells = np.where(rows < 5, 0.4, NOISE)
    table = np.column_stack([X, cells])
    exact = fit_scaling(table, rows=rows[5:])
    scaling = fit_scaling(table, rows=rows[5:], rounding=np.full(2, 1e-15))
    assert exact.scale[1] < 1e-15 and scaling.scale[1] == 0.1 + 0.2
    assert scaling.scale[0] == exact.scale[0] and scaling.centre[0] == exact.centre[0]
    assert np.abs(standardise(table, scaling)[:, 1]).max() < 0.5


def test_a_target_that_varies_by_rounding_alone_is_constant():
    for y in (NOISE, 1e100 * NOISE, np.column_stack([NOISE, X])):
        with pytest.raises(TableError, match="is constant: there is nothing to learn"):
            encode(X[:, None], y, None, "regression")
    outside = SquaredError().complaint(NOISE[:, None])
    assert "constant outside some folds" in outside


def test_classes_and_times_are_told_apart_by_more_than_rounding():
    target = encode_target(pd.Series(np.where(X > 0, 0.7, NOISE)))
    assert target.classes.tolist() == [0.3, 0.7]
    with pytest.raises(TableError, match="only one class, '0.3'"):
        encode_target(pd.Series(NOISE), task="classification")
    times = encode_times([0.3, 0.1 + 0.2, 0.3, 2.0], [1, 1, 0, 1]).y[:, 0]
    assert times.tolist() == [0.3, 0.3, -0.3, 2.0]


def test_merging_leaves_alone_what_is_whole_or_dense():
    ids = 1e15 + np.arange(5)
    assert merged(ids) is ids
    dense = (1 + np.arange(100) * np.finfo(np.float32).eps).astype(np.float32)
    np.testing.assert_array_equal(merged(dense), dense)
    assert merged(np.array([0.1 + 0.2, 0.3, 0.1 + 0.2])).tolist() == [0.3] * 3
    assert varies(np.array([1, 2])) and not varies(np.array([7.0]))


@pytest.mark.parametrize(
    "y, message",
    [
        (1e200 * X, r"reaches 2\.\d+e\+200, too large for its squared errors: divide it by"),
        (1e-200 * X, r"spreads over 4\.\d+e-200, too little for its squared errors: divide it by"),
        (np.column_stack([X, 1e200 * X]), "too large"),
    ],
)
def test_a_target_whose_squares_are_no_numbers_is_refused_by_name(y, message):
    with pytest.raises(TableError, match=message):
        encode(X[:, None], y, None, "regression")


@pytest.mark.parametrize(
    "y, task, message",
    [
        (np.where(IS_ODD, "a", "b"), "classification", "only one class in the 50 rows of a weight"),
        (np.where(IS_ODD, 1.0, X), "regression", "is constant in the 50 rows of a weight above 0"),
        (np.column_stack([1 + X**2, ~IS_ODD]), "survival", "no event in the 50 rows of a weight"),
    ],
)
def test_rows_of_weight_0_are_no_evidence_of_a_target(y, task, message):
    with pytest.raises(TableError, match=message):
        encode(X[:, None], y, 1.0 * IS_ODD, task)


def test_weights_of_any_size_are_ratios():
    for unit in (1e308, 1e-308):
        weight = encode(X[:, None], X, unit * ((1.0 + IS_ODD) / 2), "regression")[1].weight
        np.testing.assert_allclose(weight, (1 + IS_ODD) / 2)
    kept = encode(X[:, None], X, 5.0 + IS_ODD, "regression")[1].weight
    assert kept.tolist() == (5.0 + IS_ODD).tolist()
    with pytest.raises(TableError, match="2 weights are infinite: weights must be finite"):
        encode(X[:2, None], X[:2], [np.inf, np.inf], "regression")
