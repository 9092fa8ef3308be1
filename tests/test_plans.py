"""The plan of an earlier run, from its file."""

import json

import numpy as np
import pandas as pd
import pytest
from random_models import run_command

PLAN = {"penalties": ["l2"], "network": "plain", "cv": 3, "boosting": False}

pytestmark = pytest.mark.usefixtures("compile_quickly")


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(40, 2)), columns=["a", "b"])
    frame["y"] = frame["a"] + 0.1 * rng.normal(size=40)
    frame.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


def compare(monkeypatch, table, *more):
    return run_command(monkeypatch, "compare", table, "--target", "y", "--hidden", "4", *more)


def as_file(directory, result):
    path = directory / "result.json"
    path.write_text(result if isinstance(result, str) else json.dumps(result))
    return path


def test_a_plan_is_compared(monkeypatch, capsys, table):
    path = as_file(table.parent, {"plan": {"arguments": PLAN}})
    assert compare(monkeypatch, table, "--plan", path, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert [row["penalty"] for row in result["rows"]] == ["l2"]
    assert result["boosting"] is None and result["plan"] is None


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (None, "cannot read"),
        ("not json", "is no JSON: name the result.json of a run"),
        ([1], "holds no plan: name the result.json of a run with --time-limit"),
        ({"plan": None}, "holds no plan"),
        ({"plan": {"arguments": {"penalties": ["l2"], "n_jobs": 2}}}, "holds no plan"),
        ({"plan": {"arguments": PLAN | {"penalties": ["l7"]}}}, "penalties=['l7'] is not"),
        ({"plan": {"arguments": PLAN | {"cv": 2}}}, "cv=2 is not a number of folds"),
    ],
)
def test_a_file_that_holds_no_plan_is_one_line(monkeypatch, capsys, table, held, said):
    path = table.parent / "none.json" if held is None else as_file(table.parent, held)
    assert compare(monkeypatch, table, "--plan", path, "--json") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("tautnet: error: ") and said in lines[-1]


@pytest.mark.parametrize(
    "typed", [("--cv", "4"), ("--network", "deep"), ("--time-limit", "5"), ("--no-boosting",)]
)
def test_what_a_plan_says_is_not_typed_too(monkeypatch, capsys, table, typed):
    path = as_file(table.parent, {"plan": {"arguments": PLAN}})
    assert compare(monkeypatch, table, "--plan", path, *typed) == 2
    assert f"{typed[0]} is in the plan: use one of them" in capsys.readouterr().err


def test_a_limit_is_a_number_above_0(monkeypatch, capsys, table):
    assert compare(monkeypatch, table, "--time-limit", "0") == 2
    assert "a number of seconds above 0" in capsys.readouterr().err
