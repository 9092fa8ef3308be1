"""Each doubt is there where its numbers are, the gravest first, and nothing is doubted else."""

import numpy as np
import pytest
from results import classes, plain_result, row, without

from tautnet.claims.claims import claims_of
from tautnet.claims.doubts import doubts_about
from tautnet.inference.neighbours import neighbours
from tautnet.prose.doubts import SENTENCES, sentence_of


@pytest.fixture
def result():
    return plain_result()


def doubts(result):
    return doubts_about(result, claims_of(result))


LIMITED = {
    "time_limit": 20.0,
    "seconds_of_all": 95.0,
    "is_whole": False,
    "arguments": {"penalties": ["l2", "group"], "network": "plain", "cv": 3, "boosting": False},
    "asked": {"penalties": ["none", "l2", "group"], "network": "auto", "cv": 5, "boosting": True},
}


def only(result, kind):
    """The one doubt there is; it has a sentence."""
    found = doubts(result)
    assert [one.kind for one in found] == [kind]
    assert sentence_of(found[0].as_dict())[-1] in ".?"
    return found[0]


def test_no_doubts_about_a_sound_table(result):
    assert doubts(result) == []


def test_what_was_found_before_comes_first(result):
    found = {
        "kind": "target_again",
        "figures": {},
        "option": "--drop alive",
        "text": "It is it.",
        "predictors": ["alive"],
    }
    result["detail"]["findings"] = [found]
    result["detail"]["observations"] = {"n": 60, "are": "rows"}
    assert [one.kind for one in doubts(result)] == ["target_again", "small"]
    assert sentence_of(doubts(result)[0].as_dict()) == "It is it (--drop alive)."


def test_rows_that_carry_the_figures_are_named(result):
    result["rows"][1]["vs_null"]["without"] = without(0.1, 0.3)
    doubt = only(result, "carried")
    assert doubt.figures["rows"] == [3]
    assert sentence_of(doubt.as_dict()) == (
        "Much of this hangs on row 4: without it the model explains 20 %, not 50 %. Look"
        " whether the data are right."
    )
    turned = doubt.figures | {"skill": 0.2, "skill_without": 0.5}
    assert sentence_of(doubt.as_dict() | {"figures": turned}) == (
        "Row 4 is predicted badly: without it the model explains 50 %, not 20 %. Look whether the"
        " data are right."
    )


def test_rows_that_change_nothing_are_no_news(result):
    result["rows"][1]["vs_null"]["without"] = without(0.47, 0.53)
    assert doubts(result) == []


def test_errors_of_neighbours_that_are_alike(result):
    result["detail"]["neighbours"] = 0.6
    assert only(result, "neighbours").option == "--ordered"
    result["n_rows"] = 30
    assert doubts(result) == []


def test_a_choice_that_was_luck(result):
    result["chosen"]["skill"] = 0.4
    assert only(result, "choice").figures == {"penalty": "l2", "skill": 0.5, "chosen": 0.4}


def test_a_target_that_predictors_add_up_to(result):
    result["linear"]["skill"] = 0.994
    doubt = only(result, "computed")
    assert sentence_of(doubt.as_dict()) == (
        "A linear model explains 99.4 %: is the target computed from these predictors?"
    )
    result["linear"]["skill"] = 0.98
    assert doubts(result) == []


def test_a_class_that_is_hardly_found(result):
    result["rows"][1]["figures"] = classes(0.9, missed=0.04)
    assert only(result, "class_missed").figures["classes"] == [{"class": "yes", "recall": 0.04}]


def test_a_rare_class(result):
    result["rows"][1]["figures"] = classes(0.96, missed=0.4, rows=(470, 30))
    assert only(result, "rare_class").figures["share"] == 0.06


def test_few_groups_are_few_rows(result):
    result["detail"]["observations"] = {"n": 12, "are": "groups"}
    assert "12 groups" in sentence_of(only(result, "small").as_dict())


def test_the_smallest_strength(result):
    result["detail"]["penalties"]["l2"]["at_edge"] = True
    assert only(result, "edge").option == "--alpha-min-ratio"


def test_a_model_below_the_constant(result):
    result["delivered"] = "group"
    result["rows"][2] |= row("group", 1.2, kept=3)
    result["chosen"]["skill"] = -0.2
    assert only(result, "below_constant").figures["name"] == "group"


def test_what_a_time_limit_left_out(result):
    result["plan"] = LIMITED
    assert sentence_of(only(result, "limited").as_dict()) == (
        "There was time for `l2`, `group` and the linear model on the plain network in 3 folds"
        " only, not for boosting; the whole comparison may take 95 s."
    )
    own = LIMITED["arguments"] | {"penalties": ["none", "l2"]}
    result["plan"] = LIMITED | {"arguments": own}
    text = sentence_of(only(result, "limited").as_dict())
    assert text.startswith("There was time for `l2`, the unpenalised network and the linear model")
    result["plan"] = LIMITED | {"is_whole": True}
    assert doubts(result) == []


def test_every_kind_has_a_sentence_of_at_most_thirty_words():
    examples = {
        "below_constant": {"name": "l2"},
        "carried": {"rows": [1, 2, 3, 4], "skill": 0.5, "skill_without": 0.1},
        "neighbours": {"correlation": 0.61},
        "choice": {"penalty": "l2", "skill": 0.96, "chosen": 0.91},
        "computed": {"skill": 0.994},
        "class_missed": {
            "classes": [{"class": "drizzle", "recall": 0.04}] * 4,
            "accuracy": 0.85,
        },
        "rare_class": {"share": 0.06, "class": "yes", "recall": 0.4, "average_precision": 0.5},
        "small": {"n": 62, "are": "rows"},
        "edge": {"penalty": "l2"},
        "limited": LIMITED,
    }
    assert set(examples) == set(SENTENCES)
    for kind, figures in examples.items():
        doubt = {"kind": kind, "figures": figures, "option": "--ordered", "text": None}
        assert len(sentence_of(doubt).split()) <= 30, kind


def test_neighbours_of_a_table_sorted_by_its_target_are_not_alike():
    rng = np.random.default_rng(0)
    y = np.sort(rng.normal(size=300))[:, np.newaxis]
    shrunk = 0.5 * y + 0.3 * rng.normal(size=(300, 1))
    assert abs(neighbours(shrunk, y, np.ones(300))) < 0.2


def test_neighbours_in_time_are_alike():
    rng = np.random.default_rng(0)
    walk = rng.normal(size=300).cumsum()[:, np.newaxis]
    assert neighbours(walk, rng.normal(size=(300, 1)), np.ones(300)) > 0.9
    assert neighbours(walk[:10], walk[:10], np.ones(10)) is None
