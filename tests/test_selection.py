"""`select_features` as a whole: what it returns, what it finds, what it refuses."""

import json

import numpy as np
import pandas as pd
import pytest

import tautnet as tn
from tautnet.prose.selection import randomization_in_words, stability_in_words
from tautnet.selecting.stability import counted, expected_false_at_most

QUICK = {"cv": 3, "hidden_layer_sizes": (4,)}


@pytest.fixture(scope="module")
def table():
    """Sixty rows, where b and the levels of c matter.

    a, with missing cells, and e, with heavy tails, do not.
    """
    rng = np.random.default_rng(0)
    a, b, e = rng.normal(size=(3, 60))
    level = rng.integers(3, size=60)
    frame = pd.DataFrame({"a": a, "b": b, "c": np.array(["low", "mid", "top"])[level], "e": e**7})
    frame.loc[::9, "a"] = np.nan
    return frame, pd.Series(2 * b + 1.5 * level + 0.3 * rng.normal(size=60), name="out")


@pytest.fixture(scope="module")
def selection(table):
    heard = []
    selection = tn.select_features(
        *table, **QUICK, name="t", on_progress=heard.append, on_note=heard.append
    )
    return selection, heard


def test_the_result_is_one_plain_object(selection):
    result = selection[0].result
    assert result == json.loads(json.dumps(result, allow_nan=False))
    assert {
        "data",
        "method",
        "level",
        "selected",
        "predictors",
        "seconds",
        "verdict",
    } <= result.keys()
    assert all(
        p.keys() == {"name", "p_value", "exit_alpha", "exit_alpha_sd", "norm"}
        for p in result["predictors"]
    )
    assert (result["data"], result["target"], result["method"], result["level"]) == (
        "t",
        "out",
        "randomization",
        0.1,
    )
    assert sorted(p["name"] for p in result["predictors"]) == ["a", "b", "c", "e"]
    assert 0 < result["path_seconds"] < result["seconds"]


def test_what_matters_is_found(selection):
    selection = selection[0]
    assert sorted(selection.selected) == ["b", "c"]
    frame = selection.frame()
    assert frame.index[:2].tolist() == selection.selected and frame["selected"].tolist() == [
        True,
        True,
        False,
        False,
    ]
    assert (np.diff(frame["p_value"]) >= 0).all() and frame["p_value"].iloc[0] == pytest.approx(
        2 / 1001
    )
    assert selection.verdict.startswith("2 of 4 predictors matter") and repr(selection).endswith(
        selection.verdict
    )


def test_progress_and_decisions_are_told(selection):
    heard = selection[1]
    shares = [one for one in heard if not isinstance(one, str)]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1) and len(shares) > 20
    assert "heavy tails: 1 column taken as normal scores (e)" in heard


def test_p_values_of_folds_are_weaker(table, selection):
    strict = tn.select_features(*table, **QUICK, strict=True).frame()["p_value"]
    assert (strict[["b", "c"]] >= selection[0].frame().loc[["b", "c"], "p_value"]).all()
    assert (strict[["a", "e"]] > 0.1).all()


def test_groups_of_predictors_are_selected_together(table):
    frame, y = table
    groups = {"both": ["a", "b"], "rest": [3], "level": "c"}
    selection = tn.select_features(frame, y, **QUICK, feature_groups=groups)
    assert sorted(selection.selected) == ["both", "level"] and len(selection.frame()) == 3


@pytest.fixture(scope="module")
def stable(table):
    return tn.select_features(*table, **QUICK, method="stability", expected_false=5.5, n_jobs=2)


def test_stability_selection(stable, table):
    result = stable.result
    assert (result["n_counted"], result["threshold"], result["level"]) == (2, 0.6, 5.5)
    assert (
        result["bound"] == pytest.approx(4 / 0.8)
        and "At most 5 of those selected are expected to be false" in stable.verdict
    )
    frequency = stable.frame()["frequency"]
    assert sorted(stable.selected) == ["b", "c"] and (frequency[stable.selected] >= 0.6).all()
    # Sixty halves, two counted in each.
    assert frequency.sum() <= 2 + 1e-9 and (60 * frequency % 1 < 1e-6).all()
    again = tn.select_features(*table, **QUICK, method="stability", expected_false=5.5)
    assert again.result["predictors"] == result["predictors"]


def test_how_many_are_counted():
    assert [counted(p, 4) for p in (5, 20, 100, 1000)] == [2, 4, 8, 8]
    assert expected_false_at_most(8, 100) == pytest.approx(3.2)
    for p in (5, 30, 500):
        assert expected_false_at_most(counted(p, 4), p) <= 4 + 1e-9


def test_sentences_know_their_numbers():
    many = randomization_in_words([f"x{i}" for i in range(25)], 100, 60, 0.1)
    assert (
        "x19 and 5 more" in many[0]
        and "60 of 100 predictors have only zero weights" in many[1]
        and len(many) == 3
    )
    few = randomization_in_words(["x1", "x2"], 100, 0, 0.1)
    assert (
        few[1].startswith("The level cannot be met by so few predictors on one table")
        and "share of 0.5" in few[1]
    )
    none = randomization_in_words([], 100, 1, 0.1)
    assert (
        none[0].startswith("None of 100") and "1 of 100 predictors has only zero weights" in none[2]
    )
    assert not any("level cannot be met" in sentence for sentence in (*many, *none))
    assert stability_in_words(["a"] * 9, 100, 8, 60, 0.6, 3.2, 0.1)[1].endswith(
        "are expected to be false."
    )
    assert stability_in_words(["a"], 100, 8, 60, 0.6, 3.2, 0.1)[1].endswith("may be false.")
    assert stability_in_words([], 100, 8, 60, 0.6, 3.2, 0.1)[0].startswith("None of 100")


@pytest.mark.parametrize(
    "options, says",
    [
        ({"fdr": 0.0}, "fdr=0.0 is not a number between 0 and 1"),
        ({"fdr": 1.0}, "fdr=1.0 is not a number between 0 and 1"),
        ({"fdr": float("nan")}, "fdr=nan is not a number between 0 and 1"),
        ({"method": "knockoffs"}, "method='knockoffs' is not one of randomization, stability"),
        (
            {"method": "stability", "fdr": 0.2},
            "fdr=0.2 does nothing here: it needs method='randomization': .* is expected_false",
        ),
        (
            {"method": "stability", "strict": True},
            "strict=True does nothing here: it needs method='randomization'",
        ),
        ({"method": "stability"}, "4 predictors are too few for stability selection.*--fdr"),
        (
            {"expected_false": 2.0},
            "expected_false=2.0 does nothing here: it needs method='stability'",
        ),
        (
            {"method": "stability", "expected_false": 0.0},
            "expected_false=0.0 is not a finite number above 0",
        ),
        ({"cv": 2}, "cv=2 is not a number of folds, at least 3"),
        ({"task": "survival"}, "task='survival' is not one of auto, classification, regression"),
        ({"activation": "sine"}, "activation='sine' is not one of relu"),
        (
            {"feature_groups": {"g": ["a", "b"], "h": ["b", "c", "e"]}},
            "'b' is in 'g' and 'h'; name each column once",
        ),
        (
            {"feature_groups": {"g": ["a", "b"]}},
            "feature_groups leaves out c, e; name each column once",
        ),
        ({"feature_groups": {"g": ["a", "q"]}}, "'g' names 'q', which is no column"),
    ],
)
def test_wrong_arguments_are_one_line(table, options, says):
    with pytest.raises(ValueError, match=says) as error:
        tn.select_features(*table, **({"cv": 3} | options))
    assert "\n" not in str(error.value)


def test_few_rows(table):
    frame, y = table
    with pytest.raises(
        tn.TableError, match="19 rows are too few to tell predictors from noise: give at least 20"
    ):
        tn.select_features(frame[:19], y[:19])
    with pytest.raises(tn.TableError, match="19 rows are too few"):
        tn.select_features(frame, y, sample_weight=np.arange(60) < 19)
