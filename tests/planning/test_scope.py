"""What fits into a time limit, and that its plan does the same again."""

import json

import numpy as np
import pytest

import tautnet as tn
from tautnet.objective.choices import AUTO
from tautnet.objective.networks import NETWORKS, Network
from tautnet.objective.registry import penalty_kind
from tautnet.planning import scope
from tautnet.planning.cost import Pace, pace_of, rows_walked
from tautnet.planning.scope import Estimate, Scope, scope_within, scopes
from tautnet.solving.settings import Settings
from tautnet.tables.errors import TableError
from tautnet.tables.sample import encode
from tautnet.validation.folds import chain_sets

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
Y = np.sin(2 * X[:, 0]) + 0.3 * X[:, 1] + 0.1 * RNG.normal(size=60)
SAMPLE = encode(X, Y, None, "regression")[1]
FOLDS = [np.arange(60) % 5]
ASKED = Scope(("none", "l2", "l1", "group"), AUTO, 5, True)
# What a comparison takes that lets a test of it be short.
SMALL = {"penalties": ["none", "l2", "group"], "hidden_layer_sizes": (4,), "boosting": False}


def settings_for(penalty, linear):
    network = Network.of(()) if linear else NETWORKS["plain"]
    return Settings(**penalty_kind(penalty).arguments, network=network)


def estimate(step, compiling=0.0, networks=NETWORKS):
    return Estimate(SAMPLE, settings_for, networks, 1, 2, Pace(compiling, step))


def test_a_limit_takes_the_first_that_fits():
    """The more time there is, the earlier in the list is what is compared."""
    slow = estimate(1e-3)
    places = []
    for limit in (1e6, 300, 100, 60, 30, 15):
        found, plan = scope_within(limit, ASKED, slow, FOLDS)
        places.append(list(scopes(ASKED)).index(found))
        assert plan["seconds"] <= 0.9 * limit
        assert plan["seconds_of_all"] == pytest.approx(slow.seconds(ASKED, FOLDS), abs=0.1)
        assert plan["is_whole"] == (found == ASKED)
    assert places == sorted(places) and places[0] == 0 and len(set(places)) >= 4


def test_less_takes_less():
    seconds = [estimate(1e-3).seconds(one, FOLDS) for one in scopes(ASKED)]
    assert seconds[-1] == min(seconds) and seconds[0] == max(seconds)


def test_time_goes_by_steps_and_by_programs():
    none, fast, slow = (estimate(step).seconds(ASKED, FOLDS) for step in (0.0, 1e-3, 2e-3))
    assert slow - none == pytest.approx(2 * (fast - none))
    # One network is chosen among three: each has programs of its own.
    compiled = estimate(0.0, compiling=1.0).seconds(ASKED, FOLDS)
    alone = estimate(0.0, compiling=1.0, networks={"plain": NETWORKS["plain"]})
    assert none < alone.seconds(ASKED, FOLDS) < compiled


def test_where_nothing_fits_the_limit_that_does_is_said():
    with pytest.raises(TableError, match=r"nothing can be compared in 2 s here: .* about (\d+) s"):
        scope_within(2.0, ASKED, estimate(1e-2), FOLDS)
    least = min(estimate(1e-2).seconds(one, FOLDS) for one in scopes(ASKED)) / 0.9
    assert scope_within(least + 1, ASKED, estimate(1e-2), FOLDS)[0].cv == 3


def test_a_row_to_deliver_is_always_compared():
    assert all("l1" in one.penalties for one in scopes(ASKED, deliver="l1"))
    assert {one.penalties for one in scopes(Scope(("group",), AUTO, 5, True))} == {("group",)}


def test_folds_that_are_given_are_kept():
    splits = [([0, 1], [2]), ([0, 2], [1]), ([1, 2], [0])]
    given = Scope(("l2",), "plain", splits, False)
    assert all(one.cv is splits for one in scopes(given))
    assert "cv" not in given.arguments
    generated = Scope(("l2",), "plain", iter(splits), False)
    assert generated.arguments == {"penalties": ("l2",), "network": "plain", "boosting": False}


def test_the_baseline_alone_is_no_comparison():
    """Something that restrains the network stays."""
    for penalties in (("none", "group", "adaptive_group"), ("none", "dropout")):
        asked = Scope(penalties, AUTO, 5, True)
        assert all(set(one.penalties) != {"none"} for one in scopes(asked))


def test_a_network_that_is_given_is_not_called_plain():
    assert {one.network for one in scopes(ASKED, is_open=False)} == {AUTO}
    given = estimate(1e-3, networks={"given": Network((2,))})
    found, plan = scope_within(9.0, ASKED, given, FOLDS)
    assert found.cv == 3 and plan["arguments"]["network"] == AUTO


@pytest.mark.parametrize("nested", [True, False])
def test_rows_that_chains_walk(nested):
    sets = chain_sets(4, nested)
    shares = [np.mean([fold not in left_out for fold in range(4)]) for left_out in sets]
    assert rows_walked(4, 2, nested=nested) == pytest.approx(1 + 2 * sum(shares))


def test_a_trial_times_steps():
    """Its program is compiled first, so that what is timed is steps."""
    pace = pace_of(SAMPLE, settings_for("l2", False))
    assert 0 < pace.step < 1 and pace.compiling >= 0


def losses(comparison):
    return comparison.frame()[["alpha", "test_loss", "stationarity"]].to_dict()


@pytest.fixture
def slow(monkeypatch):
    """A machine on which a step takes a while."""
    monkeypatch.setattr(scope, "pace_of", lambda sample, settings: Pace(0.0, 1e-3))


@pytest.mark.usefixtures("slow", "compile_quickly")
def test_a_limit_far_away_changes_nothing():
    limited = tn.compare(X, Y, cv=3, time_limit=1e6, **SMALL)
    assert limited.result["plan"]["is_whole"]
    free = tn.compare(X, Y, cv=3, **SMALL)
    assert losses(limited) == losses(free) and free.result["plan"] is None
    assert limited.sentences == free.sentences


@pytest.mark.usefixtures("slow", "compile_quickly")
def test_a_plan_does_the_same_again():
    limited = tn.compare(X, Y, cv=5, time_limit=16, **SMALL)
    plan = json.loads(json.dumps(limited.result["plan"]))
    assert not plan["is_whole"] and plan["arguments"]["cv"] == 3
    [sentence] = [one for one in limited.sentences if "There was time" in one]
    assert sentence.startswith(
        "There was time for `l2` and the linear model in 3 folds only; the whole comparison may"
    )
    again = tn.compare(X, Y, **SMALL | plan["arguments"])
    assert losses(again) == losses(limited)
    assert again.model.cv == limited.model.cv == 3
    assert np.array_equal(again.predict(X), limited.predict(X))


def test_what_takes_a_time_that_is_not_known_has_no_limit():
    with pytest.raises(TableError, match="time_limit is for what takes a known time"):
        tn.compare(X, Y, time_limit=10, finish=True)
    with pytest.raises(TableError, match="time_limit=0 is not None or a number of seconds above 0"):
        tn.compare(X, Y, time_limit=0)
