"""What was once said of real tables, and was false or misleading: a small table for each."""

import re
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from tautnet import Comparison, compare
from tautnet.tables.cells import column_kind

# A sentence ends before a capital letter or a name in quotes.
ENDS = re.compile(r"(?<=[.!?]) (?=[A-Z`\"'])")


class Seen(NamedTuple):
    """A comparison of a table, and what was noted of it before the fits."""

    comparison: Comparison
    notes: list[str]

    @property
    def claims(self) -> dict[str, Any]:
        return self.comparison.result["claims"]

    @property
    def losses(self) -> dict[str, float]:
        """Test losses by name of row, the constant's too."""
        result = self.comparison.result
        rows = {row["penalty"]: row["test_loss"] for row in result["rows"]}
        linear = result["linear"]["test_loss"]
        return rows | {"linear": linear, "constant": result["null"]["test_loss"]}

    @property
    def doubts(self) -> dict[str, str]:
        """Text of each doubt, by what it says to type."""
        return {doubt["option"]: doubt["text"] for doubt in self.claims["doubts"]}


@cache
def seen(make) -> Seen:
    """Compare three penalties of a small network on a table; each table once."""
    notes = []
    comparison = compare(
        *make(),
        penalties=("none", "l2", "group"),
        hidden_layer_sizes=(8,),
        cv=3,
        n_jobs=2,
        on_note=notes.append,
    )
    return Seen(comparison, notes)


def frame_of(x):
    return pd.DataFrame(x, columns=[f"x{j + 1}" for j in range(x.shape[1])])


def one_row_at_zero():
    """A sum of three scores, nearly without noise; one row has 0 everywhere."""
    rng = np.random.default_rng(0)
    x = rng.normal(8, 1.15, size=(200, 3))
    y = x.sum(axis=1) + 0.15 * rng.normal(size=200)
    x[120] = 0
    y[120] = 0
    return frame_of(x), y


def one_row_far_off():
    """Skewed predictors, and a target with one row of 60 far off."""
    rng = np.random.default_rng(5)
    x = np.exp(rng.normal(size=(60, 5)))
    y = 2 * x[:, 0] + x[:, 1] + np.abs(x[:, 2] - 1) + 0.5 * rng.normal(size=60)
    y[7] += 40
    return frame_of(x), y


def target_among_predictors():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    survived = x[:, 0] + rng.normal(size=200) > 0
    frame = frame_of(x).assign(alive=np.where(survived, "yes", "no"))
    return frame, np.where(survived, "survived", "died")


def nearly_as_many_predictors_as_rows():
    """A linear truth nearly without noise, 60 x 40: all rows are hit, and no penalty helps."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 40))
    return frame_of(x), x @ rng.normal(size=40) + 0.1 * rng.normal(size=60)


def code_in_the_target():
    """-200 stands for a missing cell, in the target and in a predictor of the same rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.round(20 + 5 * x[:, 0] + rng.normal(size=200), 1)
    missing = rng.uniform(size=200) < 0.2
    x[missing, 1] = -200
    y[missing] = -200
    return frame_of(x), y


def days():
    """A slow wave and a walk, day by day: what a day has, the next one nearly has."""
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(200) / 20)
    dates = pd.date_range("2004-03-01", periods=200).strftime("%d/%m/%Y")
    frame = pd.DataFrame({"date": dates, "heat": 10 * wave + rng.normal(size=200)})
    return frame, 30 + 5 * wave + rng.normal(size=200).cumsum()


def straight():
    """A linear truth in all three predictors."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    return frame_of(x), x @ [2.0, -1.0, 1.0] + rng.normal(size=200)


def bent_a_little():
    """Linear but for a bend that makes up a thousandth of the variance, nearly without noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    bend = 0.06 * np.square(x[:, 0])
    return frame_of(x), x @ [2.0, -1.0, 1.0] + bend + 0.01 * rng.normal(size=200)


def money():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    return frame_of(x), 5e6 * (3 + x[:, 0] + 0.5 * rng.normal(size=200))


def two_rare_classes():
    """Of four classes two are common and told apart, two are rare and have no mark."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.where(x[:, 0] + 0.3 * rng.normal(size=200) > 0.2, "up", "down").astype(object)
    y[:12] = "left"
    y[12:24] = "right"
    return frame_of(x), y


def few_rows_and_many_columns():
    """62 x 300, one factor behind all columns, about a seventh of the classes wrong."""
    rng = np.random.default_rng(3)
    factor = rng.normal(size=62)
    x = 0.5 * factor[:, None] * rng.choice([-1, 1], 300) + rng.normal(size=(62, 300))
    is_tumour = (factor > 0) ^ (rng.uniform(size=62) < 0.15)
    return frame_of(x), np.where(is_tumour, "tumour", "normal")


TABLES = (
    *(one_row_at_zero, one_row_far_off, target_among_predictors),
    *(nearly_as_many_predictors_as_rows, code_in_the_target, days, straight, bent_a_little),
    *(money, two_rare_classes, few_rows_and_many_columns),
)


def test_a_row_that_carries_the_variance_does_not_hide_what_is_learned():
    """Once there was "nothing to learn" at an r2 of 0.99, after Holm over all rows of the table."""
    table = seen(one_row_at_zero)
    # A network that has not seen the row is clamped to the targets that it has: the line is not.
    assert table.losses["linear"] < 0.01 * table.losses["constant"]
    learns = table.claims["learns"]
    assert learns["holds"] is True and learns["matters"]
    assert learns["evidence"]["without"]["rows"] == [120]
    assert "nothing to learn" not in table.comparison.verdict


def test_what_is_recommended_is_not_worse_than_the_simple_rows():
    """Once one row made the paired error so large that the worst penalty was near the best."""
    table = seen(one_row_far_off)
    losses = table.losses
    simple = min(losses["none"], losses["linear"])
    # By the paired error even the worst is within one standard error of the best.
    assert min(losses["none"], losses["group"]) > simple + 0.01 * losses["constant"]
    losses["boosting"] = table.comparison.result["boosting"]["test_loss"]
    recommended = losses[table.comparison.recommended]
    assert recommended <= simple + 0.01 * losses["constant"]
    # A constant is no row to recommend: where none of these rows beats it, that comes first.
    assert simple < losses["constant"] or table.comparison.sentences[0].startswith("Do not rely")


def test_the_target_among_the_predictors_is_named():
    """Once it read "no penalty is needed", with an accuracy of 1."""
    table = seen(target_among_predictors)
    assert "alive" in table.doubts["--drop alive"]
    assert not any("x1" in option for option in table.doubts if option)
    assert table.claims["network_needed"]["holds"] is not True


def test_to_know_rows_by_heart_is_not_to_be_over_fitted():
    """Once it read "not over-fitted": 7e-13 on rows it saw and 3.65 on rows it did not."""
    table = seen(nearly_as_many_predictors_as_rows)
    assert table.comparison.result["best"] == "none"
    assert table.claims["knows_rows_by_heart"]["holds"] is True
    assert table.claims["over_fitted"]["holds"] is not True


def test_a_code_for_missing_cells_is_found_in_the_target():
    """Once a model predicted the code, and its r2 of 0.99 was praised."""
    table = seen(code_in_the_target)
    assert "-200" in table.doubts["--na -200"]


def test_days_in_order_are_noticed():
    """Once days were shuffled without a word, and a date was a text that differs in every row."""
    table = seen(days)
    assert "--ordered" in table.doubts
    assert any("1 date" in note for note in table.notes)
    assert not any(note.startswith("left out") for note in table.notes)


@pytest.mark.parametrize("dates", [["13/01/2004", "02/02/2004"], ["01/13/2004", "02/02/2004"]])
def test_a_date_may_be_written_with_slashes(dates):
    assert column_kind(pd.Series(dates)) == "date"


def test_the_linear_model_is_delivered_where_it_is_recommended():
    """Once "use the linear model" stood above a file that held the network."""
    comparison = seen(straight).comparison
    assert comparison.result["recommended"] == "linear"
    assert comparison.result["delivered"] == "linear"
    assert comparison.model.hidden_layer_sizes == ()
    assert comparison.model.alpha_ == comparison.result["linear"]["alpha"]
    X, y = straight()
    assert comparison.model.score(X, y) > 0.8


def test_a_certain_difference_that_does_not_matter_asks_for_no_network():
    """Once a network was "worth its while" for a millionth."""
    table = seen(bent_a_little)
    gains = [row["vs_linear"] for row in table.comparison.result["rows"]]
    certain = [gain for gain in gains if gain["ci_low"] > 0]
    assert certain and max(gain["diff"] for gain in certain) < 0.01 * table.losses["constant"]
    needed = table.claims["network_needed"]
    assert needed["holds"] is not True and not needed["matters"]


def test_figures_are_those_that_people_think_in():
    """Once it read "mean squared error 3.89e+13", with nothing for the constant."""
    _, y = money()
    result = seen(money).comparison.result
    assert result["null"]["figures"]["rmse"] == pytest.approx(y.std(), rel=0.05)
    assert result["null"]["skill"] == 0
    row = result[result["recommended"]] if result["recommended"] == "linear" else result["chosen"]
    assert row["figures"]["mae"] < row["figures"]["rmse"] < result["null"]["figures"]["rmse"]
    assert row["skill"] == pytest.approx(1 - row["test_loss"] / result["null"]["test_loss"])
    boosting = result["boosting"]
    assert boosting["test_loss"] < result["null"]["test_loss"]
    assert boosting["figures"]["rmse"] > 0 and min(boosting["rounds"]) >= 1


def test_classes_that_are_hardly_found_are_named():
    """Once an accuracy of 0.85 was all that was said, and two of four classes were never found."""
    _, y = two_rare_classes()
    result = seen(two_rare_classes).comparison.result
    constant = result["null"]["figures"]
    assert constant["accuracy"] == pytest.approx(max(np.mean(y == "up"), np.mean(y == "down")))
    figures = result["chosen"]["figures"]
    assert figures["accuracy"] > 0.75 and figures["balanced_accuracy"] < 0.6
    assert figures["worst_class"] in ("left", "right") and figures["worst_recall"] < 0.3
    assert sum(one["rows"] for one in figures["classes"]) == 200


def test_hopeless_rows_do_not_hide_that_a_network_is_over_fitted():
    """Once "these rows cannot tell", at a log-loss of 4e-08 on rows seen and 2.92 on new ones."""
    table = seen(few_rows_and_many_columns)
    assert table.losses["none"] > 2.5 * table.losses["constant"] > 2.5 * table.losses["l2"]
    assert table.claims["knows_rows_by_heart"]["holds"] is True
    assert table.claims["over_fitted"]["holds"] is True
    assert table.comparison.result["over_fitted"] is True


@pytest.mark.parametrize("make", TABLES)
def test_the_verdict_says_first_what_to_use_in_few_plain_sentences(make):
    """Once that came last, after figures, and "none has the lowest" was a sentence."""
    table = seen(make)
    sentences = table.comparison.sentences
    assert len(sentences) <= 7
    assert [sentence for sentence in sentences if len(sentence.split()) > 30] == []
    assert not re.search(r"\bnone\b|interval above zero|\de[+-]?\d", table.comparison.verdict)
    if table.claims["delivered"]["holds"] and make is not target_among_predictors:
        recommended = table.comparison.recommended
        word = {
            "linear": "linear model",
            "none": "unpenalised",
            "boosting": "gradient boosting",
        }.get(recommended, f"`{recommended}`")
        assert sentences[0].startswith("Use ") and word in sentences[0]


@pytest.mark.parametrize("make", [straight, money, bent_a_little])
def test_plain_tables_get_a_model_to_use(make):
    assert seen(make).claims["delivered"]["holds"] is True
