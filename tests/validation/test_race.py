"""A race of networks: each outer fold has its own, and none has seen what it is scored on."""

from dataclasses import replace

import numpy as np
import pytest

from tautnet.inference.raced import raced
from tautnet.inference.study import chosen_results, run_study
from tautnet.objective.networks import NETWORKS, Network
from tautnet.refitting.relaxed import relax
from tautnet.validation.chain import ALL_ROWS
from tautnet.validation.chains import Candidate, Race
from tautnet.validation.folds import make_folds
from tautnet.validation.nested import cross_validate, plain_plan
from tautnet.validation.race import EARNED, LEAD, ahead

FOLD = make_folds(60, 3, seed=0)
HELD_OUT = 1
# Cheap ones: a line, which bends are beyond, and networks of few units.
RUNNING = {
    "narrow": Network((1,)),
    "wide": Network((6,)),
    "splines": Network((4,), inputs="splines"),
}


def run(sample, settings, *names, nested=True, networks=RUNNING, **options):
    candidates = [Candidate(name, settings(name)) for name in names]
    return cross_validate(
        sample, candidates, [FOLD], nested=nested, networks=networks, raced_under="l2", **options
    )


@pytest.fixture(scope="module")
def clean(regression, settings):
    return run(regression, settings, "l2", "group")


def chosen(chains, repeat=0):
    """What all models are that an outer fold has a say in or is scored by."""
    return {k: chains.race.network((repeat, k)) for k in range(3)}


def test_every_chain_is_of_the_network_of_what_it_serves(clean):
    for chains in clean:
        for k, network in chosen(chains).items():
            assert chains.single(0, k).path.settings.network == network
            inner = [chain for chain in chains.chains[0] if chain.is_inner(k)]
            assert len(inner) == 2
            assert all(chain.path.settings.network == network for chain in inner)
        of_all = {chain.path.settings.network for chain, _ in chains.singles}
        assert of_all == {chains.race.network(None)} == {chains.path.settings.network}
        assert chains.candidate.settings.network == chains.race.network(None)


def test_a_race_takes_the_cheapest_that_no_dearer_one_is_ahead_of(clean):
    race = clean[0].race
    assert race.networks == RUNNING
    assert race.losses.keys() <= RUNNING.keys() == race.early_losses.keys()
    if race.losses:
        assert race.chosen[None] == ahead(race.losses, EARNED)[-1]
    for name, losses in race.row_losses.items():
        assert np.average(losses) == pytest.approx(race.losses[name])
    # Chains of a network that went on are not walked twice.
    assert all(n <= 5 + 6 for n in race.chains.values())


def test_without_a_choice_all_is_as_it_was(regression, settings):
    alone = run(regression, settings, "group", networks={"wide": Network((6,))})[0]
    before = cross_validate(
        regression, [Candidate("group", settings("group"))], [FOLD], nested=True
    )[0]
    assert alone.race is None
    for a, b in zip(alone.chains[0], before.chains[0], strict=True):
        assert a.left_out == b.left_out
        np.testing.assert_array_equal(a.path.outputs, b.path.outputs)


@pytest.mark.parametrize("what", ["shuffled", "poisoned"])
def test_targets_of_a_fold_change_nothing_that_it_is_scored_by(regression, settings, clean, what):
    """Its network, strengths and weights are the same bit for bit."""
    rows = np.flatnonzero(FOLD == HELD_OUT)
    y = regression.y.copy()
    y[rows] = y[rows[::-1]] if what == "shuffled" else 1e3 - y[rows]
    after = run(regression._replace(y=y), settings, "l2", "group")
    for a, b in zip(clean, after, strict=True):
        assert a.race.chosen[0, HELD_OUT] == b.race.chosen[0, HELD_OUT]
        assert a.choose("min", (0, HELD_OUT)).alpha == b.choose("min", (0, HELD_OUT)).alpha
        x, y = a.single(0, HELD_OUT).path, b.single(0, HELD_OUT).path
        np.testing.assert_array_equal(x.outputs, y.outputs)
        np.testing.assert_array_equal(x.norms, y.norms)
    if what == "poisoned":
        assert clean[0].race.early_losses != after[0].race.early_losses


def test_the_number_of_jobs_changes_no_bit(regression, settings, clean):
    for a, b in zip(clean, run(regression, settings, "l2", "group", n_jobs=2), strict=True):
        assert a.race.chosen == b.race.chosen
        np.testing.assert_array_equal(a.outer("min").outputs, b.outer("min").outputs)


@pytest.fixture
def divided(monkeypatch, regression, settings):
    """Chains of outer folds that chose different networks."""
    names = {None: "wide", (0, 0): "narrow", (0, 1): "splines", (0, 2): "wide"}
    facts = dict.fromkeys(RUNNING, 0.0)
    fixed = Race(RUNNING, names, facts, {}, facts, facts, facts)
    monkeypatch.setattr("tautnet.validation.nested.race", lambda *a, **options: fixed)
    return run(regression, settings, "group", "l2")


def test_where_outer_folds_differ_each_has_chains_of_its_own(divided, clean):
    for chains in divided:
        test_every_chain_is_of_the_network_of_what_it_serves([chains])
        served = [chain.serves for chain in chains.chains[0] if len(chain.left_out) == 1]
        # Fold 2 and all rows agree.
        assert sorted(served) == sorted([(0,), (1,), (2, ALL_ROWS), (ALL_ROWS,), (ALL_ROWS,)])
        curve = chains.curve()
        assert curve.fold_losses.shape[1] == 3
        assert chains.outer("min").losses.shape == FOLD.shape


def test_adaptive_and_relaxed_models_go_on_with_the_network_of_each_fold(
    monkeypatch, regression, settings
):
    names = {None: "wide", (0, 0): "narrow", (0, 1): "splines", (0, 2): "wide"}
    facts = dict.fromkeys(RUNNING, 0.0)
    fixed = Race(RUNNING, names, facts, {}, facts, facts, facts)
    monkeypatch.setattr("tautnet.validation.nested.race", lambda *a, **options: fixed)
    candidates = [Candidate("adaptive", replace(settings("group"), adaptive=True))]
    chains = cross_validate(regression, candidates, [FOLD], nested=True, networks=RUNNING)[0]
    test_every_chain_is_of_the_network_of_what_it_serves([chains])
    relaxed = relax(chains)
    for refits in relaxed.refits.values():
        for k, network in chosen(chains).items():
            if any(chain.is_outer(k) for chain in refits.chains[0]):
                assert refits.single(0, k).path.settings.network == network
    assert np.isfinite(relaxed.outer("min").losses).all()
    choice = relaxed.choose("min")
    path = relaxed.path_of(choice)
    assert path.settings.network == RUNNING["wide"]


def test_a_study_tells_of_its_networks(regression, settings):
    linear = Candidate("linear", settings("l2", hidden=()))
    candidates = [Candidate("group", settings("group")), linear]
    study = run_study(regression, candidates, [FOLD], selection="min", networks=RUNNING, n_jobs=2)
    from tautnet.inference.intervals import EACH_ROW

    told = raced(study, EACH_ROW)
    assert [one["name"] for one in told] == list(RUNNING)
    assert sum(one["outer_folds"] for one in told) == 3
    [own] = [one for one in told if one["is_chosen"]]
    assert own["vs_chosen"] is None and study.network == RUNNING[own["name"]]
    assert study.fits["linear"].candidate.settings.network.is_linear
    assert chosen_results(study, "min").losses.shape == FOLD.shape


def test_dearer_networks_go_on_where_they_are_ahead_of_all_cheaper_ones():
    assert ahead({"a": -1.0, "b": -1.005, "c": -1.02}, LEAD) == ["a", "c"]
    assert ahead({"a": 1.0, "b": 0.9, "c": 0.95}, LEAD) == ["a", "b"]
    assert ahead({"a": 0.0, "b": 0.0}, LEAD) == ["a"]
    # To be chosen takes more.
    assert ahead({"a": 1.0, "b": 0.98}, EARNED)[-1] == "a"


def test_a_dearer_network_without_a_finite_loss_is_out(monkeypatch, regression, settings):
    from tautnet.tables.errors import TableError
    from tautnet.validation import race as racing

    curve = racing._Heat.curve

    def broken(heat, chains, key):
        if chains.candidate.name != "narrow":
            raise TableError("no strength has a finite loss in every fold")
        return curve(heat, chains, key)

    monkeypatch.setattr(racing._Heat, "curve", broken)
    [chains] = run(regression, settings, "l2", nested=False)
    assert chains.race.chosen == {None: "narrow"} and list(chains.race.early_losses) == ["narrow"]


def test_an_early_race_is_on_two_folds_of_splits_that_are_given_too(regression, settings):
    """Each split is a repeat of one fold then."""
    folds = [np.where(FOLD == k, 0, -1) for k in range(3)]
    [chains] = cross_validate(
        regression, [Candidate("l2", settings("l2"))], folds, nested=False, networks=RUNNING
    )
    n_final = 3 if len(chains.race.losses) else 0
    assert chains.race.chains["narrow"] == 2 + n_final


def test_plans_without_a_choice_serve_all():
    planned = list(plain_plan([FOLD], nested=True))
    assert len(planned) == 7 and all(one.serves is None for one in planned)


def test_networks_have_the_names_that_arguments_take():
    from tautnet.objective import choices

    assert tuple(NETWORKS) == choices.NETWORKS
    # Rules of arguments know the layers without NumPy.
    layers = {name: len(network.hidden_layer_sizes) for name, network in NETWORKS.items()}
    assert dict.fromkeys(NETWORKS, 1) | choices.LAYERS == layers
