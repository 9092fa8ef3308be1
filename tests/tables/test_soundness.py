"""What is odd about a table: what is said, of what, and where nothing is."""

import time

import numpy as np
import pandas as pd
import pytest

from tautnet.tables.notation import Notation
from tautnet.tables.reader import read_table
from tautnet.tables.sample import encode
from tautnet.tables.soundness import findings


def found(frame, y, weight=None, task="auto"):
    frame = pd.DataFrame(frame)
    target, sample, encoder = encode(frame, y, weight, task)
    return findings(frame, sample, encoder, target)


def of_kind(kind, *args, **options):
    return [one for one in found(*args, **options) if one.kind == kind]


def noise(n=200, p=3, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({f"x{j}": rng.normal(size=n) for j in range(p)})


def numbers(n=200, seed=1):
    return pd.Series(np.random.default_rng(seed).normal(size=n), name="y")


def classes(n=200, k=2, seed=1):
    labels = np.random.default_rng(seed).integers(k, size=n)
    return pd.Series(np.array(["no", "yes", "perhaps"])[labels], name="answer")


@pytest.mark.parametrize("y", [numbers(), classes(), classes(k=3), np.stack([numbers()] * 2, 1)])
def test_nothing_is_said_of_noise(y):
    frame = noise().assign(town=classes(k=3, seed=5), married=classes(seed=6) == "yes")
    assert found(frame, y) == []


def test_sentences_are_short_and_have_one_point():
    y = numbers(400)
    frame = noise(400).assign(
        a=2 * y, b=y + 0.1 * noise(400)["x0"], day=pd.date_range("2024", periods=400)
    )
    frame["c"] = np.where(np.arange(400) % 9, frame["x1"], -999)
    frame["d"] = frame["x2"]
    again = pd.concat([frame, frame.iloc[:9]], ignore_index=True)
    said = found(again, pd.concat([y, y.iloc[:9]], ignore_index=True))
    assert {one.kind for one in said} == {
        "target_again",
        "alone",
        "code",
        "twins",
        "copies",
        "dated",
    }
    for one in said:
        assert len(one.text.split()) <= 30
        assert one.text[-1] in ".?"
        assert all(type(value) in (int, float) for value in one.figures.values())


# The target again


def test_a_renamed_target_is_named():
    y = classes()
    (one,) = of_kind("target_again", noise().assign(alive=y.map({"no": "dead", "yes": "alive"})), y)
    assert one.text == (
        "'alive' says the same as the target 'answer' in all 200 rows: leave it out unless it is"
        " known beforehand."
    )
    assert one.option == "--drop alive"
    assert one.predictors == ("alive",)
    assert one.figures == {"rows": 200}


@pytest.mark.parametrize("k", [2, 3])
def test_numbers_and_truth_values_may_be_the_target(k):
    y = classes(k=k)
    codes = y.map({"no": 7, "yes": 3, "perhaps": 5})
    assert [one.predictors for one in of_kind("target_again", noise().assign(code=codes), y)] == [
        ("code",)
    ]
    is_no = of_kind("target_again", noise().assign(flag=y == "no"), y)
    assert len(is_no) == (k == 2)


def test_finer_levels_may_determine_the_target():
    y = classes(k=2)
    reason = y + pd.Series(np.random.default_rng(3).integers(9, size=200).astype(str))
    (one,) = of_kind("target_again", noise().assign(reason=reason), y)
    assert one.text.startswith("Each value of 'reason' has one value of the target 'answer' in all")
    wrong = reason.where(np.arange(200) != 50, "no0" if y[50] == "yes" else "yes0")
    assert of_kind("target_again", noise().assign(reason=wrong), y) == []


def test_an_id_determines_nothing():
    """A level for each two rows is no finding: nothing is said twice as often as needed."""
    y = np.repeat(numbers(100), 2).reset_index(drop=True)
    frame = noise().assign(pair=np.repeat(np.random.default_rng(0).permutation(100), 2))
    assert of_kind("target_again", frame, y) == []
    y = np.repeat(numbers(20), 10).reset_index(drop=True)
    (one,) = of_kind(
        "target_again", noise().assign(lot=np.repeat(list("abcdefghijklmnopqrst"), 10)), y
    )
    assert one.predictors == ("lot",)


def test_one_row_of_a_class_is_matched_by_chance():
    y = np.where(np.arange(60) == 7, "yes", "no")
    flag = (np.arange(60) == 7) * 1.0
    assert of_kind("target_again", noise(60).assign(flag=flag), y) == []


@pytest.mark.parametrize(
    "spread, said", [(0.0, "says the same as"), (0.01, "moves with"), (0.2, None)]
)
def test_affine_maps_of_a_quantity(spread, said):
    y = numbers()
    x = 32 - 1.8 * y + spread * noise(seed=9)["x0"]
    listed = of_kind("target_again", noise().assign(f=x), y)
    assert [said in one.text for one in listed] == [True] * (said is not None)
    assert all(one.figures["correlation"] < -0.999 for one in listed)


def test_missing_cells_do_not_hide_a_copy_of_the_target():
    y = numbers()
    x = (2 * y).where(np.arange(200) % 25 > 0)
    (one,) = of_kind("target_again", noise().assign(x=x), y)
    assert "in all 192 rows" in one.text
    # Half of it says less.
    assert of_kind("target_again", noise().assign(x=x.where(np.arange(200) % 2 > 0)), y) == []


def test_several_targets_and_survival():
    y = pd.DataFrame({"a": numbers(seed=1), "b": numbers(seed=2)})
    (one,) = of_kind("target_again", noise().assign(copy=y["b"]), y)
    assert "the target 'b'" in one.text
    labels = pd.DataFrame({"a": numbers(seed=1) > 0, "b": numbers(seed=2) > 0}) * 1
    (one,) = of_kind("target_again", noise().assign(copy=1 - labels["a"]), labels)
    assert "the target 'a'" in one.text
    times = pd.DataFrame({"days": np.exp(numbers()), "died": numbers(seed=3) > 0})
    frame = noise().assign(weeks=times["days"] / 7, dead=times["died"])
    weeks, dead = of_kind("target_again", frame, times, task="survival")
    assert "the target 'days'" in weeks.text
    assert "the event" in dead.text


def test_rows_without_weight_do_not_count():
    y = classes()
    copy = y.where(np.arange(200) > 5, "other")
    weight = (np.arange(200) > 5) * 1.0
    (one,) = of_kind("target_again", noise().assign(copy=copy), y, weight)
    assert one.figures == {"rows": 194}
    assert of_kind("target_again", noise().assign(copy=copy), y) == []


# One predictor alone


def test_a_curve_and_levels_may_nearly_give_a_quantity():
    y = numbers(1000)
    rng = np.random.default_rng(4)
    level = pd.qcut(y, 60, labels=False).astype(str).radd("l")
    level[rng.choice(1000, 5, replace=False)] = "l30"
    frame = noise(1000).assign(cubed=y**3, line=y + 0.15 * noise(1000)["x0"], level=level)
    assert [one.predictors[0] for one in of_kind("alone", frame, y)] == ["cubed", "line", "level"]
    one = of_kind("alone", frame, y)[1]
    assert one.text == (
        "'line' alone explains 97 % of the target 'y' in rows left out: is it known before the"
        " target is?"
    )
    assert one.option == "--drop line"
    assert 0.97 < one.figures["share"] < 0.98


def test_a_strong_predictor_is_no_finding():
    y = numbers(1000)
    assert of_kind("alone", noise(1000).assign(x=y + 0.3 * noise(1000)["x0"]), y) == []
    grades = classes(1000)
    almost = grades.where(np.random.default_rng(0).random(1000) > 0.05, "no")
    assert of_kind("alone", noise(1000).assign(x=almost), grades) == []


@pytest.mark.parametrize("k", [2, 3])
def test_a_threshold_or_levels_may_nearly_give_classes(k):
    y = classes(2000, k=k)
    number = y.map({"no": 0.0, "yes": 1.0, "perhaps": 2.0})
    slip = np.random.default_rng(5).random(2000) < 0.005
    frame = noise(2000).assign(copy=y.mask(slip, "no"), code=number.mask(slip, 0.0))
    frame["close"] = number.where(np.arange(2000) > 3, 1.0) + 0.2 * np.clip(frame["x0"], -2, 2)
    assert [one.predictors[0] for one in of_kind("alone", frame, y)] == ["copy", "code", "close"]


def test_a_target_again_is_said_once():
    y = numbers()
    assert [one.kind for one in found(noise().assign(a=3 * y, b=3 * y + 1), y)] == [
        "target_again",
        "target_again",
    ]


def test_what_is_shared_by_rows_of_a_group_is_not_seen_in_rows_left_out():
    """Means of levels that hardly any other row has say nothing."""
    frame = noise(400, 1).assign(town=[f"t{i // 2}" for i in range(400)])
    assert of_kind("alone", frame, numbers(400)) == []


# Codes


def coded(value, share, values=None, n=400):
    rng = np.random.default_rng(7)
    cells = rng.uniform(0.1, 11.9, n).round(1) if values is None else rng.permutation(values)
    return np.where(np.arange(n) < share * n, value, cells)


def test_a_code_is_named_with_what_to_type():
    (one,) = of_kind("code", noise(400).assign(**{"CO(GT)": coded(-200, 0.2)}), numbers(400))
    assert one.text == (
        "'CO(GT)' is -200 in 80 rows, far from its other values (0.2 to 11.9): does -200 mean"
        " missing (then --na -200), or is it a limit (then leave it)?"
    )
    assert one.option == "--na -200"
    assert one.predictors == ("CO(GT)",)
    expected = {"value": -200.0, "columns": 1, "cells": 80, "low": 0.2, "high": 11.9}
    assert one.figures == expected


def test_a_code_in_the_target_is_named():
    y = pd.Series(coded(-200, 0.2), name="CO")
    (one,) = of_kind("code", noise(400), y)
    assert one.text.startswith("The target 'CO' is -200 in 80 rows")
    assert one.predictors == ()


def test_a_code_in_many_columns_is_one_finding():
    frame = noise(400).assign(**{f"gas{j}": coded(-200, 0.1 * (j + 1)) for j in range(5)})
    (one,) = of_kind("code", frame, numbers(400))
    assert one.text == (
        "-200 is far from the other values of 5 columns ('gas0', 'gas1', 'gas2', ...): does -200"
        " mean missing (then --na -200), or is it a limit (then leave it)?"
    )
    assert len(one.predictors) == 5


@pytest.mark.parametrize(
    "cells, is_code",
    [
        (coded(999, 0.9), True),
        (coded(999, 0.02), True),
        (coded(-9.5, 0.02), True),
        # Twice is no repetition, nor is it in one row of a thousand.
        (coded(-200, 0.005), False),
        (coded(-200, 0.002, np.linspace(0, 1, 4000), 4000), False),
        (coded(-200, 0.006, np.linspace(0, 1, 4000), 4000), True),
        # Near enough to be a value like the others.
        (coded(15, 0.1), False),
        # Alone below 0 where others are wide apart, and an integer next to others.
        (coded(-200, 0.1, np.linspace(2, 1479, 400)), True),
        (coded(-1, 0.1, np.arange(400) % 30), False),
        (coded(-200, 0.1, np.linspace(-5, 1479, 400)), False),
        # 0 is far less often a code.
        (coded(0, 0.3, np.linspace(150, 250, 400)), True),
        (coded(0, 0.3, np.linspace(60, 140, 400)), False),
        # Counts and ratings.
        (np.arange(400) % 4 + 6 * (np.arange(400) % 4 == 3), False),
        (coded(10, 0.1, np.arange(400) % 4), False),
        # Heavy tails do not repeat.
        (np.exp(3 * np.random.default_rng(8).normal(size=400)), False),
    ],
)
def test_what_is_a_code(cells, is_code):
    n = len(cells)
    assert len(of_kind("code", noise(n).assign(x=cells), numbers(n))) == is_code


def test_a_code_among_missing_cells():
    cells = np.where(np.arange(400) % 3 == 2, np.nan, coded(-200, 0.2))
    (one,) = of_kind("code", noise(400).assign(x=cells), numbers(400))
    assert one.figures["cells"] == np.nansum(cells == -200)


def test_the_option_is_what_reads_a_code_as_missing(tmp_path):
    """However the number is written."""
    path = tmp_path / "t.csv"
    path.write_text("x,z\n-200,1\n-200.0,2\n3.5,3\n")
    assert read_table(path, notation=Notation(na=("-200",))).frame["x"].isna().tolist() == [
        True,
        True,
        False,
    ]


# Twins


def test_twins_by_name_and_by_number():
    rng = np.random.default_rng(6)
    pclass = pd.Series(rng.integers(1, 4, size=200))
    frame = noise().assign(pclass=pclass, rank=pclass.map({1: "First", 2: "Second", 3: "Third"}))
    frame["mm"] = 10 * frame["x0"] + 3
    frame["nearly"] = frame["x1"] + 1e-3 * rng.normal(size=200)
    frame["other"] = frame["x2"] + 0.1 * rng.normal(size=200)
    said = of_kind("twins", frame, numbers())
    texts = {one.text.split(" (")[0].rstrip("."): one.option for one in said}
    assert texts == {
        "'rank' says the same as 'pclass'": "--drop rank",
        "'mm' says the same as 'x0'": "--drop mm",
        "'nearly' says nearly the same as 'x1'": "--drop nearly",
    }


def test_twins_have_the_same_missing_cells():
    frame = noise()
    gaps = np.arange(200) % 20 == 0
    frame["same"] = frame["x0"].mask(gaps)
    (one,) = of_kind("twins", frame, numbers())
    assert one.predictors == ("x0", "same")
    frame["same"] = frame["x0"].mask(np.arange(200) % 4 == 0)
    assert of_kind("twins", frame, numbers()) == []


def test_rare_marks_agree_by_chance():
    """Two columns that are 1 in one and the same row are no twins."""
    frame = noise().assign(a=np.arange(200) == 5, b=(np.arange(200) == 5) * 1.0)
    assert of_kind("twins", frame, numbers()) == []


def test_many_twins_are_counted():
    frame = noise(p=1).assign(**{f"t{j}": noise()["x0"] * (j + 2) for j in range(8)})
    said = of_kind("twins", frame, numbers())
    assert len(said) == 6
    assert said[-1].text == "There are 3 more such findings."
    assert said[-1].predictors[-1] == "t7"
    assert said[-1].figures == {"findings": 3}


def test_names_are_quoted_for_the_shell():
    frame = noise().assign(**{"my x": noise()["x0"]})
    assert of_kind("twins", frame, numbers())[0].option == "--drop 'my x'"


# Order and twins


def test_the_order_of_the_target_is_told():
    rng = np.random.default_rng(7)
    y = np.exp(3 * rng.normal(size=200))
    order = np.argsort(np.argsort(-y))
    frame = noise(200).assign(order=order + rng.normal(scale=5, size=200))
    one = of_kind("alone", frame, pd.Series(y, name="pay"))[0]
    assert one.text.startswith(
        "'order' is in the order of the target 'pay' (rank correlation -0.99"
    )
    assert one.text.endswith("is it known before the target is?") and one.option == "--drop order"


def test_a_rank_by_the_target_is_the_target_again():
    rng = np.random.default_rng(7)
    y = np.exp(3 * rng.normal(size=200))
    rank = np.argsort(np.argsort(-y)) + 1
    one = of_kind("target_again", noise(200).assign(Rank=rank), pd.Series(y, name="pay"))[0]
    assert one.text == (
        "'Rank' numbers the rows in the order of the target 'pay' (rank correlation -1.000): leave"
        " it out unless it is known beforehand."
    )


def test_a_few_huge_cells_make_no_twins():
    rng = np.random.default_rng(0)
    low = 1000 * rng.random(300)
    high = low + 300 * rng.random(300)
    low[:3] = high[:3] = [190_164, 110_000, 11_000]
    frame = pd.DataFrame({"low": low, "high": high})
    assert np.corrcoef(low, high)[0, 1] > 0.9999
    assert of_kind("twins", frame, numbers(300)) == []
    assert len(of_kind("twins", frame.assign(feet=3.28084 * low), numbers(300))) == 1


# Copies and dates


def test_copies_are_counted():
    frame = noise(50)
    y = numbers(50)
    twice = np.arange(57) % 50
    (one,) = found(frame.iloc[twice].reset_index(drop=True), y[twice].reset_index(drop=True))
    assert one.text == (
        "7 of 57 rows equal an earlier row in every column used: equal rows stay in one fold and"
        " count once. Nothing needs doing."
    )
    assert one.figures == {"copies": 7, "rows": 57}


DAYS = pd.date_range("2024-01-01", periods=100)
BIRTHDAYS = DAYS[0] - pd.to_timedelta(np.random.default_rng(0).integers(2e4, size=100), "D")


@pytest.mark.parametrize(
    "days, said",
    [
        (DAYS, "Rows seem to be in the order of 'day'"),
        (DAYS[::-1], "Rows seem to be in the order of 'day'"),
        (DAYS[np.arange(100) // 5], "Rows seem to be in the order of 'day'"),
        (DAYS[np.random.default_rng(1).permutation(100)], "'day' has one date after the other"),
        (BIRTHDAYS, None),
        (DAYS[np.random.default_rng(2).integers(30, size=100)], None),
        (DAYS[np.arange(100) // 50], None),
    ],
)
def test_dates_in_whose_order_the_rows_are(days, said):
    listed = of_kind("dated", noise(100).assign(day=days), numbers(100))
    assert [one.text.startswith(said) for one in listed] == [True] * (said is not None)
    assert all(one.option == "--ordered" for one in listed)


# Speed


@pytest.mark.parametrize("shape, limit", [((62, 2000), 1), ((50_000, 14), 1.5), ((100, 5_000), 1)])
@pytest.mark.parametrize("y", [numbers, classes])
def test_large_tables_are_quick(shape, limit, y):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=shape)).rename(columns=str)
    target, sample, encoder = encode(frame, y(shape[0]), None, "auto")
    start = time.perf_counter()
    assert findings(frame, sample, encoder, target) == []
    # Twice the time that is meant: other work may run beside.
    assert time.perf_counter() - start < 2 * limit
