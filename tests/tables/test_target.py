"""The target: classes or numbers, and how they are encoded.

Every way in which it can be unusable is tried.
"""

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.errors import TableError
from tautnet.tables.target import encode_target, encode_times
from tautnet.tables.target_columns import split_target

GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["good", "bad"] * 5, "classification"),
        ([True, False] * 5, "classification"),
        (pd.Categorical(["a", "b", "c"] * 5), "classification"),
        ([0, 1] * 5, "classification"),
        ([0.5, -7.25] * 5, "classification"),
        ([-1, 1] * 5, "classification"),
        (list(range(10)) * 10, "classification"),
        ([0.0, 1.0, 2.0] * 10, "classification"),
        (list(range(1, 27)) * 12, "classification"),
        (list(range(10)), "regression"),
        (np.clip(GENERATOR.poisson(10, 4000), 1, 29), "regression"),
        (GENERATOR.normal(size=50), "regression"),
        ([0.5, 1.5, 2.5] * 10, "regression"),
        (list(range(100)) * 3, "regression"),
        (pd.array([1, 2, 3] * 10, dtype="Int64"), "classification"),
    ],
)
def test_the_task_follows_from_the_values(values, task):
    target = encode_target(pd.Series(values), name="y")
    assert target.task == task
    assert target.decision.startswith(f"{task}: 'y' has ")
    assert (target.classes is None) == (target.labels is None) == (task == "regression")
    assert target.y.dtype == np.float64 and target.y.ndim == 2


def test_two_classes_are_one_column():
    target = encode_target(pd.Series(["yes", "no", "yes"]), name="Survived")
    assert target.y.tolist() == [[1], [0], [1]]
    assert target.classes.tolist() == ["no", "yes"]
    assert target.labels.tolist() == [1, 0, 1]
    assert target.decision == "classification: 'Survived' has 2 distinct values"


def test_more_classes_are_one_column_each():
    target = encode_target(pd.Series([2, 0, 1] * 3))
    assert target.y[:3].tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert target.classes.tolist() == [0, 1, 2] and target.classes.dtype == np.int64


def test_labels_keep_their_type():
    assert encode_target(pd.Series([True, False])).classes.tolist() == [False, True]
    assert encode_target(pd.Series([0.5, 1.5])).classes.tolist() == [0.5, 1.5]
    assert encode_target(pd.Series(["00", "01"])).classes.tolist() == ["00", "01"]


def test_numbers_are_one_column():
    target = encode_target(pd.Series([1.5, 2.5, 4.0]), name="y")
    assert target.y.tolist() == [[1.5], [2.5], [4.0]]
    assert target.decision == "regression: 'y' has 3 distinct numbers"


def test_the_task_can_be_overridden():
    counts = pd.Series([0, 1, 2] * 5)
    assert encode_target(counts, task="regression").y[:3].tolist() == [[0], [1], [2]]
    assert encode_target(pd.Series(range(40)), task="classification").y.shape == (40, 40)
    assert encode_target(pd.Series([True, False]), task="regression").y.tolist() == [[1], [0]]
    with pytest.raises(ValueError, match="task must be"):
        encode_target(counts, task="survival")


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (["a", "a"], "auto", "the target 'y' has only one class, 'a': there is nothing to learn"),
        (
            [1, 1],
            "classification",
            "the target 'y' has only one class, '1': there is nothing to learn",
        ),
        ([2.5, 2.5], "auto", "the target 'y' is constant: there is nothing to learn"),
        ([2, 2], "regression", "the target 'y' is constant: there is nothing to learn"),
        (
            ["a", "b"],
            "regression",
            "the target 'y' holds text such as 'a': regression needs numbers",
        ),
        (
            np.linspace(0, 1, 101),
            "classification",
            "101 distinct numbers, too many .*: pass --task regression",
        ),
        ([1.0, np.inf, 3.0], "auto", "the target 'y' has 1 infinite cell"),
        ([f"name {i}" for i in range(20)], "auto", "differs in nearly every row"),
        (["2024-01-01", "2024-01-02"], "auto", "the target 'y' holds dates"),
        ([], "auto", "the target 'y' has no rows"),
    ],
)
def test_unusable_targets(values, task, message):
    with pytest.raises(TableError, match=message):
        encode_target(pd.Series(values), task=task, name="y")


def test_missing_cells_must_be_gone_before():
    with pytest.raises(ValueError, match="leave those rows out first"):
        encode_target(pd.Series([1.0, None]))


FRAME = pd.DataFrame({"age": [1, 2, 3], "Sex": ["m", "f", "m"], "y": [0.5, None, 1.5]})


def test_split_leaves_rows_without_a_target_out_and_counts_them():
    predictors, y, n_missing = split_target(FRAME, "y", drop=["age"])
    assert predictors.columns.tolist() == ["Sex"]
    assert y.tolist() == [0.5, 1.5] and n_missing == 1
    assert predictors.index.tolist() == y.index.tolist() == [0, 2]
    assert split_target(FRAME, "age")[2] == 0


@pytest.mark.parametrize(
    ("target", "drop", "message"),
    [
        ("Age", (), r"no such column: 'Age' \(did you mean 'age'\?\); the columns are age, Sex, y"),
        ("income", (), "no such column: 'income'; the columns are age, Sex, y"),
        ("y", ["sex"], r"no such column: 'sex' \(did you mean 'Sex'\?\)"),
        ("y", ["y"], "the target 'y' is among the columns to drop"),
        ("y", ["age", "Sex"], "no predictors are left beside the target 'y'"),
    ],
)
def test_split_errors(target, drop, message):
    with pytest.raises(TableError, match=message):
        split_target(FRAME, target, drop)


def test_split_cuts_a_long_list_of_columns():
    wide = pd.DataFrame(np.zeros((1, 300))).rename(columns=str)
    with pytest.raises(TableError, match=r"19, \.\.\. \(300 in all\)$"):
        split_target(wide, "nowhere")


def test_a_target_without_any_value_is_an_error():
    with pytest.raises(TableError, match="has no value in any row"):
        split_target(FRAME.assign(y=np.nan), "y")


@pytest.mark.parametrize(
    ("times", "says"),
    [
        ([1.0, 0.0], "1 time in 'day' is not above 0 and finite, as 0: leave such rows out"),
        ([-2.0, np.inf], "2 times in 'day' are not above 0 and finite, as -2: leave such rows out"),
    ],
)
def test_times_that_are_none_say_what_to_do(times, says):
    with pytest.raises(TableError) as error:
        encode_times(times, [True, True], name="day")
    assert str(error.value).startswith(says) and "half a day" in str(error.value)
