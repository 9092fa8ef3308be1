"""The encoder: kinds, levels, what is left out, and rows unlike those it learned from."""

import datetime
import decimal
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from counting import count_calls
from hypothesis import given
from hypothesis import strategies as st

from tautnet.tables.cells import as_frame, column_kind, distinct_texts
from tautnet.tables.encoder import TableEncoder
from tautnet.tables.errors import TableError
from tautnet.tables.recipes import encode_predictor

VARIED = list(range(200))


def encode(**columns):
    """Fit an encoder to columns, beside one of numbers.

    Return it and the table without that column.
    """
    frame = pd.DataFrame(columns)
    frame["varied"] = VARIED[: len(frame)]
    encoder = TableEncoder().fit(frame)
    return encoder, encoder.transform(frame)[:, :-1]


def learn(**columns):
    return TableEncoder().fit(pd.DataFrame(columns))


# Kinds


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2], "number"),
        ([1.5, None], "number"),
        (pd.array([1, None], dtype="Int64"), "number"),
        ([decimal.Decimal("1.5"), 2], "number"),
        ([True, False], "boolean"),
        ([True, None], "boolean"),
        (pd.array([True, None], dtype="boolean"), "boolean"),
        (["a", None], "category"),
        (["00123", "94110"], "category"),
        (["1", "2"], "category"),
        (["a", 1], "category"),
        (pd.Categorical([1, 2]), "category"),
        (["2024-02-29", None], "date"),
        (["2024-02-29T12:00:00.5+02:00", "2024-02-29 12:00Z"], "date"),
        ([datetime.date(2024, 2, 29), None], "date"),
        (pd.to_datetime(["2024-02-29", None]), "date"),
        (["2024-02-29", "2023-02-29"], "category"),
        (["20240229", "20240301"], "category"),
        (["29.02.2024"], "date"),
        (["29.02.2024", "29.02.2023"], "category"),
        ([None, None], "none"),
    ],
)
def test_kind(cells, kind):
    assert column_kind(pd.Series(cells)) == kind


@pytest.mark.parametrize(
    "cells",
    [
        [1 + 2j, 3j],
        [[1], [2]],
        [{"a": 1}, {"b": 2}],
        [b"x", b"y"],
        pd.period_range("2024-01", periods=2, freq="M"),
        pd.interval_range(0, 2),
        [datetime.timedelta(1), 3],
    ],
)
def test_types_without_a_place_in_a_table(cells):
    with pytest.raises(TableError, match="column 'odd'"):
        learn(odd=cells, x=[1, 2])


@pytest.mark.parametrize(
    ("arrow_type", "cells", "kind"),
    [
        ("string", ["a", "b", None], "category"),
        ("bool", [True, False, None], "boolean"),
        ("int64", [1, 2, None], "number"),
        ("date32", [datetime.date(2024, 1, 1), datetime.date(2024, 1, 3), None], "date"),
        (
            "timestamp[us]",
            [datetime.datetime(2024, 1, 1), datetime.datetime(2024, 1, 3), None],
            "date",
        ),
    ],
)
def test_arrow_types(arrow_type, cells, kind):
    pyarrow = pytest.importorskip("pyarrow")
    dtype = pd.ArrowDtype(pyarrow.type_for_alias(arrow_type))
    encoder, matrix = encode(c=pd.Series(cells, dtype=object).astype(dtype))
    plain_encoder, plain = encode(c=pd.Series(cells, dtype=object))
    assert encoder.kinds["c"] == kind
    assert encoder.recipes == plain_encoder.recipes
    np.testing.assert_array_equal(matrix, plain)


# Numbers


def test_numbers_stay_and_get_an_indicator_where_cells_are_missing():
    encoder, matrix = encode(a=[1, 2, 3], b=[np.nan, 5.0, 7.0])
    assert encoder.column_names == ["a", "b", "b is missing", "varied"]
    assert encoder.column_predictor.tolist() == [0, 1, 1, 2]
    np.testing.assert_array_equal(matrix, [[1, np.nan, 1], [2, 5, 0], [3, 7, 0]])


def test_a_number_with_one_value_and_missing_cells_is_its_indicator():
    encoder, matrix = encode(a=[np.nan, 5.0, 5.0])
    assert encoder.column_names == ["a is missing", "varied"]
    assert matrix.ravel().tolist() == [1, 0, 0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_array_of_floats_is_not_copied(dtype):
    X = np.random.default_rng(0).normal(size=(50, 3)).astype(dtype)
    encoder = TableEncoder().fit(X)
    assert np.shares_memory(encoder.transform(X), X)
    X[7, 1] = np.nan
    assert np.shares_memory(encoder.transform(X), X)
    X[7, 1] = np.inf
    with pytest.raises(TableError, match="'x1' has 1 infinite cell"):
        encoder.transform(X)


def test_what_is_encoded_otherwise_is_copied_row_by_row():
    """Columns are left out, in another order, with an indicator, or of other types.

    They may also be stored one by one.
    """
    X = np.random.default_rng(0).normal(size=(50, 3))
    X[3, 0] = np.nan
    frame = as_frame(X)
    named = pd.DataFrame(X, columns=["a", "b", "a is missing"])
    named["a is missing"] = 1.0
    for table, columns in (
        (frame, [X[:, 0], np.isnan(X[:, 0]), X[:, 1], X[:, 2]]),
        (named, [X[:, 0], np.isnan(X[:, 0]), X[:, 1]]),
        (frame[["x2", "x1"]], [X[:, 2], X[:, 1]]),
        (pd.DataFrame(np.asfortranarray(X[:, 1:])), [X[:, 1], X[:, 2]]),
        (frame[["x1", "x2"]].astype({"x1": "float32"}), [X[:, 1].astype("float32"), X[:, 2]]),
        (pd.DataFrame(np.arange(50).reshape(25, 2)), [np.arange(0, 50, 2), np.arange(1, 50, 2)]),
    ):
        encoded = TableEncoder().fit(table).transform(table)
        np.testing.assert_array_equal(encoded, np.column_stack(columns))
        assert encoded.flags.c_contiguous and not np.shares_memory(encoded, X)
    reordered = TableEncoder().fit(X[:, 1:]).transform(as_frame(X[:, 1:])[["x1", "x0"]])
    np.testing.assert_array_equal(reordered, X[:, 1:])


def test_infinite_cells_are_an_error_in_fit_and_transform():
    with pytest.raises(TableError, match="'a' has 2 infinite cells"):
        learn(a=[np.inf, -np.inf, 1.0])
    encoder = learn(a=[1.0, 2.0])
    with pytest.raises(TableError, match="'a' has 1 infinite cell"):
        encoder.transform(pd.DataFrame({"a": [np.inf]}))


def test_dates_are_days_since_1970():
    stamps = ["1970-01-01", "1970-01-02T12:00", None, "1969-12-31"]
    for cells in (stamps, pd.to_datetime(pd.Series(stamps), format="ISO8601")):
        encoder, matrix = encode(d=cells)
        assert encoder.kinds["d"] == "date"
        assert encoder.column_names == ["d", "d is missing", "varied"]
        np.testing.assert_array_equal(matrix[:, 0], [0, 1.5, np.nan, -1])
    _, matrix = encode(
        d=pd.to_datetime(["1970-01-01T02:00", "1970-01-02T02:00"]).tz_localize("Etc/GMT-2")
    )
    assert matrix[:, 0].tolist() == [0, 1]
    _, matrix = encode(d=["9999-12-31", "1970-01-02T02:00+02:00"])
    assert matrix[1, 0] == 1


# Categories


def test_two_levels_are_one_column():
    encoder, matrix = encode(sex=["male", "female", "male"], yes=[True, False, True])
    assert encoder.column_names == ["sex=male", "yes=True", "varied"]
    assert matrix.tolist() == [[1, 1], [0, 0], [1, 1]]


def test_more_levels_are_one_hot_in_sorted_order():
    encoder, matrix = encode(c=["b", "a", "c", "b", "a", "c"])
    assert encoder.column_names[:3] == ["c=a", "c=b", "c=c"]
    np.testing.assert_array_equal(matrix[:3], [[0, 1, 0], [1, 0, 0], [0, 0, 1]])


def test_missing_cells_get_a_level():
    encoder, matrix = encode(
        c=["a", "b", None, "a", "b"],
        b=[True, None, False, True, False],
        one=["x", None] * 2 + ["x"],
    )
    assert encoder.column_names[:-1] == [
        "c=a",
        "c=b",
        "c=missing",
        "b=False",
        "b=True",
        "b=missing",
        "one=missing",
    ]
    assert matrix[:3].tolist() == [
        [1, 0, 0, 0, 1, 0, 0],
        [0, 1, 0, 0, 0, 1, 1],
        [0, 0, 1, 1, 0, 0, 0],
    ]


def test_rare_levels_are_collected():
    encoder, matrix = encode(c=["a"] * 100 + ["b"] * 91 + ["c"] * 4 + ["d"] * 4 + [None])
    assert encoder.column_names[:-1] == ["c=a", "c=b", "c=rare", "c=missing"]
    assert matrix.sum(axis=0).tolist() == [100, 91, 8, 1]


def test_one_rare_level_keeps_its_name():
    encoder, _ = encode(c=["a"] * 100 + ["b"] * 97 + ["c"] * 3)
    assert encoder.column_names[:-1] == ["c=a", "c=b", "c=c"]


def test_rare_means_five_rows_half_a_percent_or_two_in_small_tables():
    levels = ["a"] * 80 + ["b", "b", "c", "d"]
    assert learn(c=levels).column_names == ["c=a", "c=b", "c=rare"]
    levels = ["a"] * 1988 + ["b"] * 9 + ["c"] * 5 + ["d"] * 5
    assert learn(c=levels).column_names == ["c=rare"]
    levels = ["a"] * 1988 + ["b"] * 11 + ["c"] * 5 + ["d"] * 5
    assert learn(c=levels).column_names == ["c=a", "c=b", "c=rare"]


def test_two_rare_levels_stay_apart():
    assert learn(c=["a", "b"], x=[1, 2]).column_names == ["c=b", "x"]
    encoder, _ = encode(c=["a"] * 2 + ["b"] * 2 + [None] * 196)
    assert encoder.column_names[:-1] == ["c=a", "c=b", "c=missing"]


def test_a_level_of_the_table_may_be_called_rare_or_missing():
    encoder, _ = encode(c=["missing"] * 100 + ["rare"] * 93 + ["x", "y", "z", "u", "v", "w", None])
    assert encoder.column_names[:-1] == ["c=missing", "c=rare", "c=(rare)", "c=(missing)"]


def test_many_rare_levels_and_missing_cells_say_whether_a_cell_is_there():
    cabins = [f"C{i // 2}" for i in range(60)] + [None] * 140
    encoder, matrix = encode(cabin=cabins)
    assert encoder.column_names == ["cabin=missing", "varied"]
    assert matrix.sum() == 140


def test_whole_numbers_are_the_same_level_however_they_are_stored():
    encoder = TableEncoder().fit(pd.DataFrame({"c": pd.Categorical([1, 2, 3] * 2), "x": range(6)}))
    for cells in ([2], [2.0], ["2"]):
        assert encoder.transform(pd.DataFrame({"c": cells, "x": [0]})).tolist() == [[0, 1, 0, 0]]


@given(st.lists(st.sampled_from(["a", "b", "1", None]), min_size=1, max_size=20))
def test_distinct_texts_give_the_cells_back(cells):
    codes, levels = distinct_texts(pd.Series(cells, dtype=object))
    assert levels == sorted({cell for cell in cells if cell is not None})
    assert [levels[code] if code >= 0 else None for code in codes] == cells


# What is left out


def test_left_out_with_the_reason():
    n = 100
    encoder = learn(
        constant=[3.0] * n,
        word=["same"] * n,
        empty=[None] * n,
        blank=[np.nan] * n,
        name=[f"passenger {i}" for i in range(n)],
        nearly=[f"ticket {i}" for i in range(n - 10)] + ["none"] * 10,
        scattered=[f"group {i // 3}" for i in range(n)],
        x=range(n),
        **{"Unnamed: 0": range(n)},
    )
    assert encoder.predictors == ["x"]
    assert encoder.left_out == {
        "constant": "is constant (3)",
        "word": "is constant (same)",
        "empty": "has no value",
        "blank": "has no value",
        "name": "is text that differs in every row (100 values in 100 cells)",
        "nearly": "is text that differs in nearly every row (91 values in 100 cells)",
        "scattered": "has no value that 5 rows share",
        "Unnamed: 0": "counts the rows",
    }
    assert encoder.n_features_in_ == 9
    assert encoder.feature_names_in_[0] == "constant"


def test_distinct_numbers_and_dates_are_kept():
    days = pd.date_range("2024-01-01", periods=50).strftime("%Y-%m-%d")
    assert learn(id=range(50), day=days, x=np.linspace(0, 1, 50)).predictors == ["id", "day", "x"]


def test_nothing_left_is_an_error():
    with pytest.raises(TableError, match="all predictors are constant or missing"):
        learn(a=[1, 1], b=[None, None])
    with pytest.raises(TableError, match="0 rows"):
        learn(a=[])


# Other rows than those learned from


def test_columns_are_found_by_name():
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "constant": [0, 0]})
    encoder = TableEncoder().fit(frame)
    other = frame[["b", "a"]].assign(more=["?", "!"])
    np.testing.assert_array_equal(encoder.transform(other), encoder.transform(frame))
    with pytest.raises(TableError, match="lacks 1 of the model's predictors: 'b'"):
        encoder.transform(frame[["a"]])


def test_unseen_levels_and_missing_cells():
    with_rare = learn(c=["a"] * 3 + ["b"] * 3 + ["c", "d"])
    assert with_rare.transform(pd.DataFrame({"c": ["new", None, "d"]})).tolist() == [
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 1],
    ]
    without = learn(c=["a", "b", "c"] * 2, two=["a", "b", "a"] * 2, n=[1, 2, 3] * 2)
    unseen = without.transform(
        pd.DataFrame({"c": ["new", None], "two": ["new", None], "n": [np.nan, 1]})
    )
    np.testing.assert_array_equal(unseen, [[0, 0, 0, 0, np.nan], [0, 0, 0, 0, 1]])


def test_cells_that_no_longer_fit_their_kind():
    encoder = learn(n=[1, 2], d=["2024-01-01", "2024-01-02"])
    good = pd.DataFrame({"n": ["3", None], "d": [None, "2024-01-05"]})
    assert encoder.transform(good)[0, 0] == 3
    with pytest.raises(TableError, match="'n' should hold numbers, but has 'three'"):
        encoder.transform(good.assign(n="three"))
    with pytest.raises(TableError, match="'d' should hold ISO dates, but has 'soon'"):
        encoder.transform(good.assign(d=["soon", None]))


def test_an_empty_table_can_be_transformed():
    encoder = learn(a=[1, 2], c=["x", "y"])
    assert encoder.transform(pd.DataFrame({"a": [], "c": []})).shape == (0, 2)


def test_the_state_is_plain_and_survives_pickling():
    frame = pd.DataFrame(
        {"a": [1.0, np.nan, 3], "c": ["x", "y", "z"], "d": ["2024-01-01", None, "2024-01-02"]}
    )
    encoder = TableEncoder().fit(frame)
    json.dumps([encoder.recipes, encoder.left_out, encoder.kinds, encoder.column_names])
    again = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(again.transform(frame), encoder.transform(frame))


def test_permuted_rows_give_permuted_rows():
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"c": generator.choice(list("abcdefgh"), 300), "x": generator.normal(size=300)}
    )
    order = generator.permutation(300)
    matrix = TableEncoder().fit(frame).transform(frame)
    shuffled = frame.iloc[order]
    np.testing.assert_array_equal(TableEncoder().fit(shuffled).transform(shuffled), matrix[order])


def test_the_work_grows_with_the_columns_of_a_wide_table_and_not_faster(monkeypatch):
    """Nor is a frame grown a column at a time, which would copy it as often."""

    def grown(*arguments, **options):
        pytest.fail("a column was put into a frame")

    monkeypatch.setattr(pd.DataFrame, "insert", grown)
    monkeypatch.setattr(pd.DataFrame, "__setitem__", grown)

    def encoded(frame):
        return TableEncoder().fit(frame).transform(frame)

    cells = np.random.default_rng(0).normal(size=(30, 1000))
    n_calls = []
    for n_columns in (500, 1000):
        frame = pd.DataFrame(cells[:, :n_columns])
        n, matrix = count_calls(encoded, frame)
        n_calls.append(n)
        np.testing.assert_array_equal(matrix, frame.to_numpy())
    assert n_calls[1] < 2.1 * n_calls[0]


# What numbers the rows


@pytest.mark.parametrize(
    ("name", "cells", "is_doubtful"),
    [
        ("n", range(1, 41), True),
        ("n", [float(i) for i in range(40)], True),
        ("n", np.random.default_rng(0).permutation(40), True),
        ("n", [*range(20), *range(22, 42)], True),
        ("n", range(0, 80, 2), False),
        ("n", [*range(39), 38], False),
        ("n", [0.5, *range(1, 40)], False),
        ("n", [i // 2 for i in range(40)], False),
        ("id", range(0, 4000, 100), True),
        ("PassengerId", range(0, 4000, 100), True),
        ("customer_ID", range(0, 4000, 100), True),
        ("row index", [None, *range(0, 3900, 100)], True),
        ("acid", range(0, 4000, 100), False),
        ("id", [i // 2 for i in range(40)], False),
    ],
)
def test_a_column_that_numbers_the_rows_is_encoded_but_in_doubt(name, cells, is_doubtful):
    encoder, _ = encode(**{name: list(cells)})
    assert name in encoder.predictors
    assert encoder.doubtful.get(name) == ("numbers the rows" if is_doubtful else None)


def test_in_small_tables_numbers_say_nothing():
    assert learn(id=list(range(19)), b=[0, 1] * 9 + [0]).doubtful == {}
    assert learn(id=list(range(20)), b=[0, 1] * 10).doubtful == {"id": "numbers the rows"}


# Tables of other libraries


def test_arrays_become_frames():
    assert as_frame(np.eye(3)).columns.tolist() == ["x0", "x1", "x2"]
    mixed = np.array([[1, "a"], [2, "b"]], dtype=object)
    assert TableEncoder().fit(mixed).kinds == {"x0": "number", "x1": "category"}
    assert as_frame([[1, 2], [3, 4]]).shape == (2, 2)
    assert as_frame(pd.DataFrame({1: [2]})).columns.tolist() == ["1"]
    with pytest.raises(TableError, match="1 dimensions"):
        as_frame(np.arange(3))


def test_duplicate_names_are_errors():
    with pytest.raises(TableError, match="same name: 'a'"):
        as_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


NUMBER_TYPES = ["float64", "float32", "int64", "int16", "uint8", "Int64", "Float64", "object"]


@given(
    types=st.lists(st.sampled_from(NUMBER_TYPES), min_size=1, max_size=6),
    missing=st.booleans(),
    seed=st.integers(0, 99),
)
def test_numbers_encoded_at_once_are_those_of_their_columns(types, missing, seed):
    """Whatever types stand beside each other, and in whatever order they come."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"s": np.where(rng.random(30) > 0.5, "up", "down")})
    for j, dtype in enumerate(types):
        cells = pd.Series(rng.permutation(30).astype(float), dtype=object).astype(dtype)
        if missing and dtype in ("float64", "Int64", "Float64", "object"):
            cells[::7] = pd.NA if dtype[0].isupper() else np.nan
        frame[f"n{j}"] = cells
    encoder = TableEncoder().fit(frame)
    matrix = encoder.transform(frame)
    expected = [
        np.asarray(column, dtype=matrix.dtype)
        for recipe, known in zip(encoder.recipes, encoder._known, strict=True)
        for column in encode_predictor(recipe, known, frame[recipe["predictor"]])
    ]
    np.testing.assert_array_equal(matrix, np.array(expected).T)
    shuffled = frame[frame.columns[::-1]].assign(more=1.0)
    np.testing.assert_array_equal(encoder.transform(shuffled), matrix)


def test_a_row_of_numbers_takes_no_work_for_each_of_them():
    """A series for each of 200 numbers took one row 3 ms; an array of them takes 0.1."""
    rng = np.random.default_rng(0)

    def calls(kind, width):
        X = rng.normal(size=(40, width))
        if kind != "array":
            X = pd.DataFrame(X).add_prefix("c").astype("float32" if kind == "small" else float)
        if kind == "mixed":
            X = X.assign(c3=range(40), s=list("ab") * 20)
        encoder = TableEncoder().fit(X)
        row = X[:1]
        encoder.transform(row)
        n_calls, encoded = count_calls(encoder.transform, row)
        np.testing.assert_array_equal(encoded, encoder.transform(X)[:1])
        return n_calls

    for kind in ("array", "frame", "small", "mixed"):
        assert (calls(kind, 200) - calls(kind, 10)) / 190 < 10, kind


def test_an_infinite_number_is_named_among_all():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 5))).add_prefix("c")
    encoder = TableEncoder().fit(frame)
    for table in (frame, frame.to_numpy(), frame[frame.columns[::-1]]):
        table = table.copy()
        column = table[:, 3] if isinstance(table, np.ndarray) else table["c3"]
        column[0] = np.inf
        table = table if isinstance(table, np.ndarray) else table.assign(c3=column)
        with pytest.raises(TableError, match="column 'c3' has 1 infinite cell: make them missing"):
            encoder.transform(table)


def test_tables_of_other_libraries_come_through_narwhals():
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"a": [1, 2, None], "c": ["x", None, "y"]})
    encoder = TableEncoder().fit(table)
    assert encoder.column_names == ["a", "a is missing", "c=x", "c=y", "c=missing"]
    np.testing.assert_array_equal(encoder.transform(table)[2], [np.nan, 1, 0, 1, 0])
