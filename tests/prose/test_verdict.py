"""Sentences follow the numbers: each claim appears where they support it, and only there."""

import copy

import pytest

from tautnet.prose.verdict import headline, to_use, write_verdict
from tautnet.prose.words import certificate_in_words


def versus(low, high, p=None):
    p = p or (0.01 if low > 0 else 0.4)
    return {"diff": (low + high) / 2, "ci_low": low, "ci_high": high, "p_holm": p}


def row(penalty, test, train, kept, *, none=(1, 2), null=(1, 2), linear=(-1, 1)):
    return {
        "penalty": penalty,
        "alpha": 0.0 if penalty == "none" else 0.0133,
        "test_loss": test,
        "train_loss": train,
        "gap": test - train,
        "test_score": 0.9,
        "score_name": "accuracy",
        "predictors_kept": kept,
        "predictors_total": 6,
        "vs_none": None if penalty == "none" else versus(*none),
        "vs_null": versus(*null),
        "vs_linear": versus(*linear),
        "one_se": {"predictors_kept": kept - 1},
        "stationarity": 0.05,
        "objective_gap": 0.0,
    }


def penalty_detail(kept):
    exits = [0.001, 0.002, 0.003, 0.1, 0.2, 0.3]
    norms = [[1.0] * 6, [0.0] * (6 - kept) + [1.0] * kept]
    return {
        "at_edge": False,
        "exit_order": list("abcdef"),
        "exit_alpha": exits,
        "path": {"alphas": [1e-4, 0.0133], "norms": norms},
    }


@pytest.fixture
def result():
    """An over-fitted table of 500 rows where nothing beats the linear model.

    The penalty group keeps three of six predictors.
    """
    rows = [row("none", 1.2, 0.001, 6), row("l2", 0.3, 0.25, 6), row("group", 0.31, 0.26, 3)]
    return copy.deepcopy(
        {
            "n_rows": 500,
            "n_predictors": 6,
            "metric": "log-loss",
            "null": {"test_loss": 0.69},
            "rows": rows,
            "linear": row("linear", 0.305, 0.28, 6),
            "chosen": row("l2", 0.32, 0.25, 6),
            "recommended": "group",
            "over_fitted": True,
            "detail": {
                "hidden_layer_sizes": [100],
                "predictors": list("abcdef"),
                "none": {"steps": [10, 2000], "separated": False},
                "vs_best": {"none": versus(-2, -1), "group": versus(-0.05, 0.03)},
                "penalties": {
                    "none": penalty_detail(6),
                    "l2": penalty_detail(6),
                    "group": penalty_detail(3),
                },
            },
        }
    )


def said(result):
    return " ".join(write_verdict(result))


def test_three_to_six_sentences(result):
    assert 3 <= len(write_verdict(result)) <= 6


def test_the_plain_story(result):
    text = said(result)
    assert (
        "the network is over-fitted: its log-loss is 0.001 on rows it saw and 1.2 on new rows"
        " (0.69 for a constant prediction)." in text
    )
    assert (
        "`l2` has the lowest log-loss on new rows, 0.3: 1.5 lower than without a penalty (95 %"
        " interval 1 to 2). `group` does about as well as `l2`." in text
    )
    assert "`none` does" not in text and "`none` and" not in text
    assert (
        "A linear model suffices: no network is clearly better than the linear model, whose"
        " log-loss is 0.305." in text
    )
    assert (
        "Of 6 predictors, `group` keeps 3. The one-SE choice keeps 2 with `group`. `group` keeps"
        " d, e and f." in text
    )
    assert (
        "Use the linear model (no hidden layer) with the `l2` penalty at alpha 0.0133 (solved to"
        " stationarity 0.05): expect a" in text
    )
    assert (
        "expect a log-loss of 0.305 on new rows (accuracy 0.9). For a network, use `group`, alpha"
        " 0.0133:" in text
    )
    assert (
        "its log-loss is within one standard error of the lowest, and it needs 3 of 6 predictors"
        " (solved to stationarity 0.05)." in text
    )
    assert (
        "If cross-validation chooses the penalty as well as alpha, expect a log-loss of 0.32 on"
        " new rows (accuracy 0.9)." in text
    )
    assert (
        headline(result).endswith("over-fitted. A linear model suffices.")
        and to_use(result) == "linear"
    )
    assert "separates" not in text and "nothing to learn" not in text and "rough" not in text


def test_separated_rows_are_named(result):
    result["detail"]["none"]["separated"] = True
    assert "The network separates the classes of the rows it saw completely" in said(result)
    assert "so training was stopped after 2,000 steps." in said(result)


@pytest.mark.parametrize(
    "answer, words",
    [(None, "These rows cannot show whether the network"), (False, "is not over-fitted")],
)
def test_over_fitting_is_said_as_it_was_found(result, answer, words):
    result["over_fitted"] = answer
    assert words in write_verdict(result)[0]
    assert "the network is over-fitted" not in said(result)


def test_an_uncertain_gain_is_called_so(result):
    result["rows"][1]["vs_none"] = versus(-1, 2)
    assert "but the rows cannot show that this gain is real. `group` does" in said(result)
    result["rows"][1]["vs_none"] = versus(0.5, 2, p=0.083)
    assert "Even so, these rows cannot show that the gain is real: when this many" in said(result)
    assert "such a gain 8.3 % of the time (p-value, corrected by Holm's method)." in said(result)


def test_no_penalty_helps(result):
    result["rows"][0]["test_loss"], result["recommended"] = 0.2, "none"
    result["rows"][0]["vs_linear"] = versus(0.1, 0.2)
    result["detail"]["vs_best"] = {"l2": versus(-2, -1), "group": versus(-2, -1)}
    assert "No penalty helps: `none` has the lowest log-loss on new rows." in said(result)
    assert "Use no penalty: it has the lowest log-loss" in said(result)


def test_the_network_is_worth_it_only_with_an_interval_above_zero(result):
    result["rows"][1]["vs_linear"] = versus(0.1, 0.2)
    text = said(result)
    assert (
        "The network is worth its cost: the log-loss of `l2` is 0.15 lower (95 % interval 0.1 to"
        " 0.2) than the linear model's 0.305" in text
    )
    assert (
        "Use `group`, alpha 0.0133: its log-loss is within one standard error of the lowest, and it"
        " needs 3 of 6 predictors" in text
    )
    assert "expect a log-loss of 0.32 on new rows (accuracy 0.9)" in text
    assert "suffices" not in text and "Use the linear model" not in text
    assert headline(result).endswith("Use group.") and to_use(result) == "group"


def test_a_linear_model_that_may_be_no_better_than_a_constant_does_not_suffice(result):
    result["linear"]["vs_null"] = versus(-0.1, 0.2)
    text = said(result)
    assert (
        "These rows cannot show whether a linear model suffices: no network is clearly better than"
        in text
    )
    assert "but the linear model is itself not clearly better than a constant prediction." in text
    assert "Use `group`, alpha" in text and to_use(result) == "group"


def test_a_comparison_of_linear_maps_says_nothing_of_networks(result):
    result["detail"]["hidden_layer_sizes"] = []
    assert "linear model" not in said(result) and to_use(result) == "group"


def test_nothing_to_learn(result):
    for one in [*result["rows"], result["linear"]]:
        one["vs_null"] = versus(-0.2, 0.1)
    text = said(result)
    assert (
        "There is nothing to learn here: no model predicts new rows clearly better than a" in text
    )
    assert headline(result) == "There is nothing to learn here." and to_use(result) is None
    assert "its gain is -0.05 (95 % interval -0.2 to 0.1)" in text
    assert "Use " not in text and "suffices" not in text


def test_few_rows_and_edges_are_doubts(result):
    result["n_rows"] = 62
    result["detail"]["penalties"]["group"]["at_edge"] = True
    last = write_verdict(result)[-1]
    assert last.startswith(
        "With 62 rows, all of these figures are rough. The best alpha of `group` is the smallest"
    )
    assert "alpha_min_ratio" in last


def test_many_that_leave_at_once_are_counted_not_named(result):
    detail = result["detail"]["penalties"]["group"]
    result["detail"]["predictors"] = [f"x{i}" for i in range(20)]
    detail["exit_alpha"] = [0.001] * 10 + [0.5] * 10
    detail["exit_order"] = result["detail"]["predictors"]
    detail["path"]["norms"] = [[1.0] * 20, [0.0] * 10 + [1.0] * 10]
    together = "10 predictors leave together at the first strength"
    assert f"As `group` gets stronger, {together}" in said(result)


@pytest.mark.parametrize(
    "stationarity, gap, words",
    [
        (0.1, 1.0, "solved to stationarity 0.1"),
        (0.2, 1e-4, "nearly solved: stationarity 0.2"),
        (0.2, 1e-2, "stopped at stationarity 0.2: early stopping is part of the regularization"),
        (0.9, 1e-4, "stopped at stationarity 0.9: early stopping is part of the regularization"),
    ],
)
def test_certificates_in_words(stationarity, gap, words):
    assert certificate_in_words(
        {"penalty": "l2", "stationarity": stationarity, "objective_gap": gap}
    ).startswith(words)
