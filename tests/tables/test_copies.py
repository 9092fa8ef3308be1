"""Exact copies of rows: which are told from rows that are equal by chance."""

import time

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.copies import copy_codes, n_copies
from tautnet.tables.encoder import TableEncoder


def codes_of(X, y=None, weight=None, **options):
    X = np.asarray(X, dtype=float)
    y = np.zeros((len(X), 1)) if y is None else np.asarray(y, dtype=float).reshape(len(X), -1)
    codes = copy_codes(X, y, np.ones(len(X)) if weight is None else np.asarray(weight), **options)
    return None if codes is None else codes.tolist()


def rows(n, p=9, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p))


def test_copies_have_the_code_of_the_first():
    X = rows(4)
    assert codes_of(X[[2, 0, 2, 1, 0, 2, 3]]) == [0, 1, 0, 2, 1, 0, 3]


def test_rows_without_copies_have_no_codes():
    assert codes_of(rows(50)) is None
    assert codes_of(rows(1)) is None


def test_the_target_must_be_equal_too():
    X = rows(3)[[0, 0, 1, 2]]
    assert codes_of(X, y=[1.5, 1.5, 2.0, 3.0]) == [0, 0, 1, 2]
    assert codes_of(X, y=[1.5, 1.6, 2.0, 3.0]) is None
    assert codes_of(X, y=[[1, 2], [1, 3], [5, 6], [7, 8]]) is None


def test_a_value_in_another_column_is_another_row():
    assert codes_of([[1.5, 2.5], [2.5, 1.5], [0.1, 0.2]]) is None


def test_missing_equals_missing_whatever_its_bits():
    other = np.array([0x7FF8000000000001], dtype=np.uint64).view(np.float64)[0]
    assert np.isnan(other)
    X = [[np.nan, 0.3], [other, 0.3], [0.0, 0.3], [-0.0, 0.3], [0.7, np.nan]]
    assert codes_of(np.tile(X, 6)) == [0, 0, 1, 1, 2]


def test_single_precision_is_as_double():
    X = rows(30).astype(np.float32)[np.arange(40) % 30]
    y = np.zeros((40, 1))
    codes = copy_codes(X, y, np.ones(40))
    np.testing.assert_array_equal(codes, np.arange(40) % 30)


@pytest.mark.parametrize("n", [10, 100, 3000])
def test_yes_or_no_columns_are_equal_by_chance(n):
    rng = np.random.default_rng(1)
    X = rng.integers(0, 2, size=(n, 2))
    assert codes_of(X, y=rng.integers(0, 2, size=n)) is None


def test_copies_among_coarse_columns_must_be_many():
    """Ten columns of five values have one pair in 5^10 equal by chance."""
    rng = np.random.default_rng(2)
    X = rng.integers(0, 5, size=(400, 10)).astype(float)
    assert codes_of(X) is None
    again = np.concatenate([X, X[:20]])
    codes = codes_of(again)
    assert codes[400:] == codes[:20]
    assert n_copies(np.array(codes)) == 20
    # Three columns of five values give hundreds of equal pairs, and twenty more prove nothing.
    assert codes_of(again[:, :3]) is None


def test_the_columns_of_one_category_are_no_evidence_of_their_own():
    """As columns of their own, nine categories seem to be equal in all less often than they are."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.choice(list("abc"), size=(300, 9)))
    encoder = TableEncoder().fit(frame)
    X = encoder.transform(frame)
    assert n_copies(np.array(codes_of(X))) > 0
    assert codes_of(X, column_predictor=encoder.column_predictor) is None


def test_rows_without_weight_are_no_evidence():
    X = rows(5)[[0, 0, 1, 2, 3, 4]]
    assert codes_of(X, weight=[1.0, 0.5, 1, 1, 1, 1]) == [0, 0, 1, 2, 3, 4]
    assert codes_of(X, weight=[1.0, 0.0, 1, 1, 1, 1]) is None


def test_a_permutation_of_rows_permutes_the_sets():
    X = rows(20)[np.arange(50) % 20]
    order = np.random.default_rng(4).permutation(50)
    codes = np.array(codes_of(X))
    moved = np.array(codes_of(X[order]))
    same = codes[order][:, np.newaxis] == codes[order]
    np.testing.assert_array_equal(moved[:, np.newaxis] == moved, same)


@pytest.mark.parametrize("shape", [(200, 20_000), (100_000, 20)])
def test_large_tables_are_quick(shape):
    X = rows(*shape)
    X[1::5] = X[::5]
    y = np.zeros((len(X), 1))
    start = time.perf_counter()
    codes = copy_codes(X, y, np.ones(len(X)))
    assert time.perf_counter() - start < 3
    assert n_copies(codes) == len(X) // 5


def test_counting_copies():
    assert n_copies(None) == 0
    assert n_copies(np.array([0, 1, 2])) == 0
    assert n_copies(np.array([0, 1, 0, 1, 0])) == 3
