"""Sentences follow the claims: what to use comes first, and nothing is said that does not hold."""

import re

import pytest
from results import classes, plain_result, row, versus

from tautnet.claims.claims import claims_of
from tautnet.claims.doubts import doubts_about
from tautnet.prose.verdict import headline, named, put_in_words
from tautnet.prose.words import certificate_in_words

OF_A_LOSS = ("test_loss", "skill", "skill_low", "skill_high", "figures", "vs_null")


@pytest.fixture
def result():
    """An over-fitted table of 500 rows and six predictors on which `l2` does best."""
    return plain_result()


def claimed(result):
    """A result with its claims, as `result_of` makes them."""
    claims = claims_of(result)
    doubts = [one.as_dict() for one in doubts_about(result, claims)]
    return result | {"claims": claims.as_dict() | {"doubts": doubts}}


def sentences(result):
    """The verdict; whatever it is of, it keeps to its form."""
    told = put_in_words(claimed(result))
    found = told["detail"]["sentences"]
    assert told["verdict"] == " ".join(found)
    assert 1 <= len(found) <= 7
    for sentence in found:
        assert len(sentence.split()) <= 30, sentence
        assert sentence.endswith(".")
        assert "above zero" not in sentence and "`none`" not in sentence
        assert not re.search(r"\de[+-]\d", sentence)
    return found


def test_the_plain_story(result):
    assert sentences(result) == [
        "Use the network under `l2`: expect a typical error of 0.707 on new rows (95 % interval"
        " 0.68 to 0.735), against 1 for a constant prediction.",
        "It explains 50 % (95 % interval 40 to 60 %) of the variance on new rows.",
        "Unpenalised, the network is over-fitted: 99 % explained on rows seen, 10 % on new ones;"
        " `l2` explains 50 %, `group` 49 %.",
        "The network beats a linear model, which explains 30 %.",
        "Gradient boosting is not as good: it explains 45 %.",
        "The network under `l2` uses all 6 predictors; `group` uses 3 and explains 49 %.",
        "Training (`l2`, alpha 0.01): converged to stationarity 0.05.",
    ]


def test_the_first_sentence_says_what_to_use(result):
    result["delivered"] = result["recommended"] = "linear"
    first = sentences(result)[0]
    assert first.startswith("Use the linear model: expect a typical error of 0.837 on new rows")
    assert headline(claimed(result)) == "Use the linear model."


def test_nothing_to_learn(result):
    for name in ("chosen", "linear"):
        fallen = row(result[name]["penalty"], 0.999)
        kept = ("test_loss", "skill", "skill_low", "skill_high", "figures")
        result[name] |= {key: fallen[key] for key in kept}
        result[name]["vs_null"] = versus(-0.05, 0.052)
    assert sentences(result) == [
        "There is nothing to learn here: no model beats a constant prediction on new rows by a"
        " percentage point.",
        "The network, its penalty chosen without those rows, explains 0.1 % (95 % interval -10 to"
        " 10 %).",
    ]
    assert headline(claimed(result)) == "There is nothing to learn here."


def test_what_cannot_be_shown_is_not_recommended(result):
    result["detail"]["observations"] = {"n": 62, "are": "rows"}
    for name in ("chosen", "linear"):
        result[name]["vs_null"] = versus(-0.3, 0.6)
    first, second, last = sentences(result)
    assert first == (
        "Do not rely on a model yet: 62 rows cannot show that any beats a constant prediction."
    )
    assert second == (
        "The network, its penalty chosen without those rows, explains 50 % (95 % interval 40 to"
        " 60 %)."
    )
    assert last == "With 62 rows, all of these figures are rough."
    assert "Use" not in headline(claimed(result))


def test_a_model_below_the_constant_is_not_used(result):
    result["delivered"] = result["recommended"] = "group"
    result["rows"][2] |= row("group", 1.2, kept=3)
    first = sentences(result)[0]
    assert first == (
        "Use no model: the network under `group` is no better on new rows than a constant"
        " prediction."
    )
    assert headline(claimed(result)) == "No model here is better than a constant prediction."


def test_where_boosting_wins_what_is_delivered_instead_is_said(result):
    result["boosting"] |= row("boosting", 0.2, kept=None)
    result["recommended"] = "boosting"
    result["rows"][1]["vs_boosting"] = versus(-0.4, -0.2)
    first, second, *others = sentences(result)
    assert first.startswith(
        "Use gradient boosting (scikit-learn's HistGradientBoostingRegressor): expect a typical"
        " error of 0.447 on new rows"
    )
    assert second.startswith("This run delivers the network under `l2` instead: expect")
    assert not any("oosting" in sentence for sentence in others)
    assert headline(claimed(result)) == "Use gradient boosting."


def test_what_was_asked_for_is_delivered_and_said(result):
    result["delivered"] = "group"
    first, second, *_ = sentences(result)
    assert first.startswith("As asked, this run delivers the network under `group`: expect")
    assert second == "Recommended is the network under `l2`."


def test_a_leak_comes_before_everything(result):
    found = {
        "kind": "target_again",
        "figures": {},
        "option": "--drop alive",
        "text": "'alive' says the same as the target.",
        "predictors": ("alive",),
    }
    result["detail"]["findings"] = [found]
    first, second, *_ = sentences(result)
    assert first == "'alive' says the same as the target (--drop alive)."
    assert second.startswith("As the table stands, the network under `l2` does as well as any: ")
    assert headline(claimed(result)).startswith("Look at the table first")
    assert not any("predictors" in sentence for sentence in sentences(result))


def test_several_leaks_are_named_in_one_sentence(result):
    found = [
        {
            "kind": "target_again",
            "figures": {},
            "option": f"--drop {name}",
            "text": f"{name!r} says the same as the target.",
            "predictors": (name,),
        }
        for name in ("alive", "dead", "boat")
    ]
    result["detail"]["findings"] = found
    assert sentences(result)[0] == (
        "'alive', 'dead' and 'boat' each say the same as the target or give it away: leave them out"
        " unless they are known beforehand (--drop)."
    )
    result["detail"]["findings"] = found * 2
    assert "and 2 more each say" in sentences(result)[0]


def test_what_luck_chose_is_not_what_to_expect(result):
    """The best of several penalties is so by luck in part: the honest choice says how much."""
    result["chosen"] |= {key: row("l2", 0.6)[key] for key in OF_A_LOSS}
    first, second, *others = sentences(result)
    assert first.startswith("Use the network under `l2`: expect a typical error of 0.775 on new")
    assert second.startswith("It explains 40 % (95 % interval")
    assert (
        "50 % in the row `l2` is too good: it was picked by these rows. Picked without them, a"
        " penalty explains 40 %."
    ) in others


@pytest.mark.parametrize(
    ("interval", "seen", "said"),
    [
        (
            (-0.1, 0.3),
            0.2,
            "These rows cannot show that a penalty helps: unpenalised, the network explains 10 % on"
            " new rows, and with `l2` it explains 50 %.",
        ),
        (
            (-0.01, 0.012),
            0.01,
            "Unpenalised, the network has 99 % explained on rows seen, 50 % on new ones; no penalty"
            " adds a percentage point (the best adds 0.4).",
        ),
        (
            (-0.01, 0.012),
            0.8,
            "Unpenalised, the network has 20 % explained on rows seen, 50 % on new ones; no penalty"
            " adds a percentage point (the best adds 0.4).",
        ),
    ],
)
def test_over_fitting_is_said_as_it_is(result, interval, seen, said):
    result["rows"][0]["train_loss"] = seen
    for one in [*result["rows"][1:], result["chosen"]]:
        one["vs_none"] = versus(*interval)
    if interval[0] > -0.05:
        result["rows"][0] |= {key: row("none", 0.504)[key] for key in OF_A_LOSS}
    assert said in sentences(result)


def test_worse_than_a_constant_is_said_in_words(result):
    result["rows"][0] |= {"skill": -2.0, "test_loss": 3.0}
    assert (
        "Unpenalised, the network is over-fitted: 99 % explained on rows seen, nothing on new ones;"
        " `l2` explains 50 %, `group` 49 %."
    ) in sentences(result)
    result["task"] = "classification"
    result["metric"] = "log-loss"
    result["rows"][1]["figures"] = classes(0.9)
    result["null"]["figures"] = classes(0.6)
    assert (
        "Unpenalised, the network is over-fitted: 99 % explained on rows seen, worse probabilities"
        " than a constant on new ones; `l2` explains 50 %, `group` 49 %."
    ) in sentences(result)


def test_a_linear_model_that_does_as_well(result):
    for one in [*result["rows"], result["chosen"]]:
        one["vs_linear"] = versus(-0.02, 0.01)
    assert "A linear model does about as well: it explains 30 %." in sentences(result)
    result["delivered"] = result["recommended"] = "linear"
    assert "No network beats the linear model by more than a percentage point." in sentences(result)


def test_whether_a_network_is_needed_may_be_open(result):
    for one in [*result["rows"], result["chosen"]]:
        one["vs_linear"] = versus(-0.1, 0.3)
    said = "These rows cannot show that a network beats a linear model, which explains 30 %."
    assert said in sentences(result)


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        ((-0.3, -0.1), "Gradient boosting is better: it explains 45 %."),
        (
            (-0.3, 0.1),
            "Gradient boosting may be better (it explains 45 %), but these rows cannot show it.",
        ),
        ((-0.1, 0.11), "Gradient boosting does about as well: it explains 45 %."),
        ((-0.1, 0.2), "Gradient boosting does no better: it explains 45 %."),
    ],
)
def test_boosting_is_said_as_it_is(result, interval, said):
    result["rows"][1]["vs_boosting"] = versus(*interval)
    assert said in sentences(result)


def test_predictors_are_named_where_they_are_few_and_short(result):
    result["delivered"] = result["recommended"] = "group"
    assert "The network under `group` uses 3 of 6 predictors: d, e and f." in sentences(result)
    long = "How often do you use a comma in a list of three things or more?"
    result["detail"]["predictors"] = list("abc") + [long] * 3
    said = "The network under `group` uses 3 of 6 predictors; a, b and c can go."
    assert said in sentences(result)


def test_doubts_take_the_places_of_what_matters_less(result):
    result["detail"]["neighbours"] = 0.6
    result["detail"]["observations"] = {"n": 90, "are": "rows"}
    found = sentences(result)
    assert len(found) == 7
    assert found[2].startswith("Errors of neighbouring rows are alike (correlation 0.6)")
    assert found[-1] == "With 90 rows, all of these figures are rough."
    assert not any(sentence.startswith("Training") for sentence in found)


def test_what_one_option_cures_is_said_once(result):
    result["detail"]["neighbours"] = 0.6
    found = {
        "kind": "dated",
        "figures": {},
        "option": "--ordered",
        "text": "Rows seem to be ordered in time.",
        "predictors": ("day",),
    }
    result["detail"]["findings"] = [found]
    assert sum("--ordered" in sentence for sentence in sentences(result)) == 1


def test_classes_are_expected_in_shares_of_rows(result):
    result["metric"] = "log-loss"
    result["task"] = "classification"
    result["null"]["figures"] = classes(0.6)
    result["rows"][1]["figures"] = classes(0.9)
    first = sentences(result)[0]
    assert first == (
        "Use the network under `l2`: expect 90 % of new rows right (95 % interval 87 to 92 %),"
        " against 60 % if all are given the commonest class."
    )


def test_where_accuracy_says_nothing_probabilities_do(result):
    result["metric"] = "log-loss"
    result["task"] = "classification"
    result["null"]["figures"] = classes(0.9)
    result["rows"][1]["figures"] = classes(0.9)
    first = sentences(result)[0]
    assert first == (
        "Use the network under `l2`: expect better probabilities than a constant's (log-loss 0.5,"
        " not 1, AUC 0.90), but no more rows right."
    )


def test_risks_are_expected_in_pairs(result):
    result["metric"] = "partial log-likelihood"
    result["rows"][1]["figures"] = {"c_index": 0.68}
    first = sentences(result)[0]
    assert first == (
        "Use the network under `l2`: expect it to put 68 % of pairs of new rows in the right order"
        " of risk; guessing ranks half."
    )


def test_the_unpenalised_network_can_be_the_one_to_use(result):
    assert named(result, "none") == "the unpenalised network"
    result["detail"]["hidden_layer_sizes"] = []
    assert named(result, "l2") == "the linear map under `l2`"


@pytest.mark.parametrize(
    ("stationarity", "gap", "words"),
    [
        (0.03, 0.0, "converged to stationarity 0.03"),
        (0.2, 0.0, "nearly converged (stationarity 0.2, and its objective has stopped falling)"),
        (
            0.2,
            0.1,
            "stopped before it converged (stationarity 0.2): early stopping is part of the"
            " regularization",
        ),
        (None, None, "no certificate, since it solves no minimisation problem"),
    ],
)
def test_certificates_in_words(stationarity, gap, words):
    row = {"stationarity": stationarity, "objective_gap": gap}
    assert certificate_in_words(row) == words
