"""Each claim is made where its numbers support it, not made where they deny it, else open."""

import pytest
from results import plain_result, row, versus, without

from tautnet.claims.claims import claims_of, is_sure, reversed_difference


@pytest.fixture
def result():
    return plain_result()


def test_the_plain_story(result):
    found = claims_of(result)
    assert found.learns.holds and found.learns.evidence["model"] == "chosen"
    assert found.knows_rows_by_heart.holds and found.knows_rows_by_heart.matters
    assert found.over_fitted.holds is True
    assert found.penalty_helps.holds and found.penalty_helps.evidence["penalty"] == "l2"
    assert found.network_needed.holds is True
    assert found.equivalents.evidence == {"best": "l2", "names": ["group"]}
    assert found.boosting_better.holds is False and found.boosting_better.evidence["ours_better"]
    assert found.delivered.holds and found.delivered.evidence["skill"] == 0.5
    fewest = {"penalty": "group", "rule": "min", "kept": 3, "skill": 0.49}
    assert found.predictors.evidence["fewest"] == fewest
    assert found.delivered.evidence["expected_of"] == "l2"


def test_what_is_expected_of_a_lucky_penalty_is_the_honest_choice(result):
    honest = row("l2", 0.55)
    result["chosen"] |= {key: honest[key] for key in ("test_loss", "skill", "vs_null")}
    claim = claims_of(result).delivered
    assert claim.evidence["expected_of"] == "chosen" and claim.evidence["skill"] == honest["skill"]
    result["delivered"] = "linear"
    assert claims_of(result).delivered.evidence["expected_of"] == "linear"


def test_penalties_far_from_the_best_are_not_as_good_however_unsure(result):
    result["detail"]["vs_best"]["group"] = versus(-0.2, 0.4)
    assert claims_of(result).equivalents.evidence["names"] == []


def test_a_claim_needs_both_intervals(result):
    assert is_sure(versus(0.1, 0.3, without=without(0.05, 0.2)))
    assert not is_sure(versus(0.1, 0.3, without=without(-0.05, 0.2)))
    assert not is_sure(versus(-0.1, 0.3, without=without(0.05, 0.2)))
    assert not is_sure(None)


def test_learning_is_asked_once_and_not_of_the_best_of_many(result):
    """Holm over all rows has no say: coffee_ratings had p 0.11 at an R² of 0.99."""
    for one in [*result["rows"], result["linear"], result["chosen"]]:
        one["vs_null"]["p_holm"] = 0.2
    assert claims_of(result).learns.holds is True


def test_what_a_few_rows_carry_is_open(result):
    for name in ("chosen", "linear"):
        result[name]["vs_null"] = versus(0.1, 0.9, without=without(-0.2, 0.2))
    assert claims_of(result).learns.holds is None


def test_nothing_to_learn_needs_narrow_intervals(result):
    for name in ("chosen", "linear"):
        result[name]["vs_null"] = versus(-0.05, 0.03)
    assert claims_of(result).learns.holds is False
    result["linear"]["vs_null"] = versus(-0.3, 0.3)
    assert claims_of(result).learns.holds is None


def test_one_wild_row_cannot_hide_what_is_there_to_learn(result):
    for name in ("chosen", "linear"):
        result[name]["vs_null"] = versus(-0.05, 0.03, without=without(0.4, 0.6))
    assert claims_of(result).learns.holds is None


def test_a_certain_difference_that_does_not_matter_is_no_claim(result):
    tiny = versus(0.004, 0.006)
    for one in [*result["rows"], result["chosen"]]:
        one["vs_linear"] = tiny
        one["vs_none"] = None if one["penalty"] == "none" else tiny
    found = claims_of(result)
    assert found.network_needed.holds is False and not found.network_needed.matters
    assert found.penalty_helps.holds is False


def test_by_heart_and_over_fitted_are_two_questions(result):
    """A network that knows its rows by heart, and that no penalty improves."""
    result["rows"][0] |= row("none", 0.5, train=1e-9, linear=versus(0.1, 0.3))
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"] = versus(-0.004, 0.003)
    found = claims_of(result)
    assert found.knows_rows_by_heart.holds is True
    assert found.over_fitted.holds is False


def test_hopeless_rows_are_over_fitting_all_the_same(result):
    """Colon: 32.8 on new rows, 0.65 for the constant; wide intervals, and Holm above 5 %."""
    result["rows"][0]["test_loss"] = 32.8
    result["rows"][0]["gap"] = 32.8
    wide = versus(6.8, 57.9, p=0.066)
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"] = wide
    assert claims_of(result).over_fitted.holds is True


def test_rows_that_carry_over_fitting_are_part_of_it(result):
    """Without the few rows that it is sure of and wrong, it must still be worse, not surely so."""
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"] = versus(0.1, 0.9, without=without(-0.05, 0.2))
    assert claims_of(result).over_fitted.holds is True
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"] = versus(0.1, 0.9, without=without(-0.2, 0.05))
    assert claims_of(result).over_fitted.holds is None
    # So many rows are no accident.
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"]["without"]["rows"] = list(range(10))
    assert claims_of(result).over_fitted.holds is True


def test_whether_a_penalty_helps_may_be_open(result):
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"] = versus(-0.1, 0.3)
    found = claims_of(result)
    assert found.penalty_helps.holds is None
    assert found.over_fitted.holds is None
    result["rows"][1]["test_loss_se"] = 0.5
    assert claims_of(result).over_fitted.holds is False


def test_without_the_unpenalised_row_nothing_is_said_of_over_fitting(result):
    result["rows"] = result["rows"][1:]
    found = claims_of(result)
    assert found.over_fitted is found.penalty_helps is found.knows_rows_by_heart is None


def test_where_nothing_is_learned_no_network_is_needed(result):
    for name in ("chosen", "linear"):
        result[name]["vs_null"] = versus(-0.05, 0.03)
    found = claims_of(result)
    assert found.learns.holds is False and found.network_needed.holds is None


def test_linear_maps_compared_alone_need_no_network(result):
    result["detail"]["hidden_layer_sizes"] = []
    assert claims_of(result).network_needed is None


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [(-0.2, -0.1, True), (-0.2, 0.1, None), (-0.012, 0.004, False), (0.1, 0.2, False)],
)
def test_boosting_is_better_only_surely_and_by_what_matters(result, low, high, holds):
    result["rows"][1]["vs_boosting"] = versus(low, high)
    assert claims_of(result).boosting_better.holds is holds


def test_boosting_is_not_spoken_of_where_it_was_not_fitted(result):
    result["boosting"] = None
    assert claims_of(result).boosting_better is None


def test_a_difference_turns_round():
    turned = reversed_difference(versus(-0.2, -0.1, without=without(-0.3, -0.2)))
    assert (turned["diff"], turned["ci_low"], turned["ci_high"]) == pytest.approx((0.15, 0.1, 0.2))
    assert turned["without"]["ci_low"] == pytest.approx(0.2)


def test_a_row_that_is_better_by_luck_is_no_claim(result):
    """The best network is surely better than the linear map; the honest choice is worse."""
    result["chosen"]["vs_linear"] = versus(-0.2, 0.1)
    assert claims_of(result).network_needed.holds is None


def test_use_is_never_said_of_what_is_below_the_constant(result):
    result["delivered"] = "linear"
    result["linear"] |= row("linear", 1.1)
    assert claims_of(result).delivered.holds is False


def test_predictors_that_can_go_are_named_where_they_are_few(result):
    result["delivered"] = "group"
    evidence = claims_of(result).predictors.evidence
    assert evidence["names"] == ["d", "e", "f"] and evidence["out"] == ["a", "b", "c"]
    assert evidence["fewest"] is None
