"""Elimination: each number of predictors comes from the refit of a larger one."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from tautnet.refitting import elimination
from tautnet.refitting.elimination import relax_to, sizes_down
from tautnet.refitting.orders import first_of, ranking
from tautnet.validation.chains import Candidate
from tautnet.validation.curve import Curve
from tautnet.validation.folds import make_folds
from tautnet.validation.nested import cross_validate, honest_points

pytestmark = pytest.mark.usefixtures("compile_quickly")
FOLD, HELD_OUT = make_folds(60, 3, seed=0), 1


def eliminated(sample, settings, at_most, **options):
    candidate = Candidate("group", replace(settings("group"), alpha_min_ratio=1e-3))
    [chains] = cross_validate(sample, [candidate], [FOLD], nested=False)
    return relax_to(chains, at_most=at_most, **options)


@pytest.fixture(scope="module")
def two(regression, settings):
    return eliminated(regression, settings, 2)


def test_numbers_go_down_from_four_times_as_many():
    for most in range(1, 60):
        sizes = sizes_down(4 * most, most)
        assert sizes[0] == 4 * most and most in sizes and sizes[-1] == 1
        assert (np.diff(sizes) < 0).all()
        assert all(b > 0.6 * a or b == most or a < 5 for a, b in pairwise(sizes))


def test_refits_begin_at_the_number_that_was_asked_for(two):
    """Of five predictors all are refitted first; 3 and 4 make the order alone."""
    assert {n for name, n in two.refits if name == "elimination"} == {5, 4, 3, 2, 1}
    assert {n for name, n in two.refits if name != "elimination"} == {2}
    options = [option for option in two.options() if option.order is not None]
    assert [(option.order, option.n_predictors) for option in options] == [
        ("norm", 2),
        ("elimination", 1),
        ("elimination", 2),
    ]
    assert two.choose(2).n_predictors <= 2


def test_each_rung_keeps_the_largest_of_the_one_before(regression, two):
    larger = two.refits["elimination", 3]
    smaller = two.refits["elimination", 2]
    for repeat, chain, places in honest_points(larger):
        own = np.unique(regression.column_predictor[chain.path.scaling.columns])
        kept = own[np.argsort(-chain.path.norms[places[chain.left_out[0]]])[:2]]
        after = smaller.single(repeat, chain.left_out[0]).path.scaling.columns
        assert set(np.unique(regression.column_predictor[after])) == set(kept)


def test_what_is_chosen_is_fitted_on_all_rows(two):
    for option in two.options():
        if option.order is not None:
            path = two.path_of(option)
            assert (path.norms > 0).any(axis=0).sum() == option.n_predictors
            assert np.isclose(path.alphas, option.alpha).any()


def test_poisoned_rows_change_no_refit_of_the_fold_that_leaves_them_out(
    regression, settings, two, monkeypatch
):
    """Where strengths are held fixed, nothing else comes to a fold from the rows it leaves out."""
    rows = FOLD == HELD_OUT
    poisoned = regression._replace(y=np.where(rows[:, None], 1e3 - regression.y, regression.y))
    monkeypatch.setattr(Curve, "alpha", lambda curve, rule: 0.03)
    refits = [eliminated(sample, settings, 2).refits for sample in (regression, poisoned)]
    names = refits[0].keys() & refits[1].keys()
    assert {n for _, n in names} >= {5, 4, 3, 2}
    for name in names:
        before, after = (one[name].single(0, HELD_OUT).path for one in refits)
        np.testing.assert_array_equal(before.scaling.columns, after.scaling.columns)
        np.testing.assert_array_equal(before.norms, after.norms)


def test_norms_are_looked_at_where_a_crowd_is_left(two):
    path = two.shrunken.path
    crowded = int(np.flatnonzero(path.n_features >= 4).max())
    assert first_of("norm", 2, path, 0, 4) == tuple(sorted(ranking("norm", path, crowded)[:2]))
    assert first_of("norm", 2, path, 0) == tuple(sorted(ranking("norm", path, 0)[:2]))
    assert first_of("norm", 2, path, 3, 99) == first_of("norm", 2, path, 3)


def test_refits_stop_where_fewer_predictors_cost_too_much(regression, settings, monkeypatch):
    seen = []

    def after_two(tried):
        seen.append(len(tried))
        return len(tried) == 2

    monkeypatch.setattr(elimination, "is_past_its_best", after_two)
    stopped = eliminated(regression, settings, 4)
    assert seen[-1] == 2
    assert {n for _, n in stopped.refits} == {5, 4, 3}


def test_what_is_never_penalised_stays(regression, settings):
    sample = regression
    chosen = replace(
        settings("group"), alpha_min_ratio=1e-3, penalty_factors=(1.0, 1.0, 1.0, 1.0, 0.0)
    )
    [chains] = cross_validate(sample, [Candidate("group", chosen)], [FOLD], nested=False)
    own = np.flatnonzero(sample.column_predictor == 4)
    refits = relax_to(chains, at_most=2).refits
    assert refits
    for (order, _), refit in refits.items():
        for chain, _ in refit.singles:
            assert np.isin(own, chain.path.scaling.columns).all(), order
