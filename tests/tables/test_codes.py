"""One number a predictor: what boosting takes."""

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.codes import ordinal_codes
from tautnet.tables.encoder import TableEncoder


def codes_of(frame):
    encoder = TableEncoder().fit(frame)
    codes, is_category = ordinal_codes(encoder, frame)
    assert codes.shape == (len(frame), len(encoder.predictors))
    assert codes.dtype == float and is_category.dtype == bool
    return {
        name: (codes[:, j].tolist(), bool(is_category[j]))
        for j, name in enumerate(encoder.predictors)
    }


def test_each_kind_becomes_one_column():
    frame = pd.DataFrame(
        {
            "number": [1.5, None, 3.0],
            "constant or missing": [7.0, None, 7.0],
            "date": ["1970-01-02", None, "1970-01-11"],
            "yes or no": pd.array([True, None, False], dtype="boolean"),
            "only yes": [True, None, True],
            "text": ["b", "a", None],
            "left out": [2, 2, 2],
        }
    )
    found = codes_of(frame)
    nan = pytest.approx(np.nan, nan_ok=True)
    assert found == {
        "number": ([1.5, nan, 3.0], False),
        "constant or missing": ([7.0, nan, 7.0], False),
        "date": ([1.0, nan, 10.0], False),
        "yes or no": ([1.0, nan, 0.0], False),
        "only yes": ([1.0, nan, 1.0], False),
        "text": ([1.0, 0.0, nan], True),
    }


def test_rare_levels_have_codes_of_their_own():
    """The encoder pools what a column of 0 and 1 could not use; trees split levels themselves."""
    levels = ["common"] * 190 + [f"rare {i}" for i in range(10)]
    frame = pd.DataFrame({"level": levels, "x": range(200)})
    encoder = TableEncoder().fit(frame)
    assert encoder.recipes[0]["rare"]
    codes, is_category = ordinal_codes(encoder, frame)
    assert is_category.tolist() == [True, False]
    assert codes[:, 0].tolist() == [0.0] * 190 + list(range(1, 11))


def test_whole_numbers_as_text_are_the_levels_that_they_read_as():
    frame = pd.DataFrame({"zip": pd.Categorical([2.0, 10.0, 2.0, None]), "x": [0.1, 0.2, 0.3, 0.7]})
    # In the order of their texts, "10" and "2".
    assert codes_of(frame)["zip"][0][:3] == [1.0, 0.0, 1.0]


def test_an_array_has_its_own_numbers():
    rows = np.array([[1.0, 2.0], [np.nan, 5.0]])
    codes, is_category = ordinal_codes(TableEncoder().fit(rows), rows)
    np.testing.assert_array_equal(codes, rows)
    assert not is_category.any()
