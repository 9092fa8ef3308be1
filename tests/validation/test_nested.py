"""Nested cross-validation: what is scored had no part in training or in choosing."""

import numpy as np
import pytest

from tautnet.inference.study import chosen_results, run_study
from tautnet.inference.table import tabulate
from tautnet.tables.target import encode_target
from tautnet.training.adaptive import adaptive_factors
from tautnet.validation.chains import Candidate
from tautnet.validation.folds import make_folds
from tautnet.validation.nested import cross_validate

FOLD = make_folds(60, 3, seed=0)
HELD_OUT = 1
RESAMPLED = ("t_ci_low", "t_ci_high")


@pytest.fixture(scope="module")
def candidates(settings):
    clamped = settings("l2", clamp_output=True)
    return [Candidate("l2", clamped), Candidate("group", settings("group"))]


def run(sample, candidates, **options):
    return cross_validate(sample, candidates, [FOLD], nested=True, **options)


@pytest.fixture(scope="module")
def clean(regression, candidates):
    return run(regression, candidates)


@pytest.mark.parametrize("what", ["targets", "numbers"])
def test_poisoned_rows_change_no_model_and_no_choice_of_the_folds_that_leave_them_out(
    regression, candidates, clean, what
):
    """What folds leave out changes no bit of them, section by section.

    These are the outer model, the inner models, the inner curve and its choice.
    """
    rows = FOLD == HELD_OUT
    poisoned = {
        "targets": regression._replace(y=np.where(rows[:, None], 1e3 - regression.y, regression.y)),
        "numbers": regression._replace(X=np.where(rows[:, None], 1e3 * regression.X, regression.X)),
    }[what]
    for before, after in zip(clean, run(poisoned, candidates), strict=True):
        for a, b in zip(before.chains[0], after.chains[0], strict=True):
            if HELD_OUT in a.left_out:
                np.testing.assert_array_equal(a.path.norms, b.path.norms)
                np.testing.assert_array_equal(a.path.train_loss, b.path.train_loss)
                np.testing.assert_array_equal(a.path.scaling.limits, b.path.scaling.limits)
                other = [k for k in a.left_out if k != HELD_OUT]
                assert all((a.losses[k] == b.losses[k]).all() for k in other)
                assert (a.losses[HELD_OUT] != b.losses[HELD_OUT]).any()
            else:
                assert not np.array_equal(a.path.train_loss, b.path.train_loss)
        x, y = before.inner(0, HELD_OUT), after.inner(0, HELD_OUT)
        np.testing.assert_array_equal(x.fold_losses, y.fold_losses)
        assert x.alpha("min") == y.alpha("min")


def test_predictions_are_clamped_to_what_each_chain_was_fitted_on(regression, candidates):
    """Targets of a fold that lie far out widen no range but those of the chains that see them."""
    y = np.where((FOLD == HELD_OUT)[:, None], 100 * regression.y, regression.y)
    for one in (run(regression._replace(y=y), candidates[:1]))[0].chains[0]:
        seen = y[~np.isin(FOLD, one.left_out)]
        low, high = one.path.scaling.limits
        margin = 0.1 * (seen.max() - seen.min())
        assert low == pytest.approx(seen.min() - margin)
        assert high == pytest.approx(seen.max() + margin)
        # Outputs are kept in single precision.
        assert (one.path.outputs >= np.float32(low)).all()
        assert (one.path.outputs <= np.float32(high)).all()


@pytest.fixture(scope="module")
def adaptive(settings):
    return [Candidate("adaptive_group", settings("group", adaptive=True))]


def test_poisoned_rows_change_no_factor_and_no_choice_of_an_adaptive_penalty(regression, adaptive):
    poisoned = regression._replace(
        y=np.where((FOLD == HELD_OUT)[:, None], 1e3 - regression.y, regression.y)
    )
    before, after = (run(sample, adaptive)[0] for sample in (regression, poisoned))
    for a, b in ((one.single(0, HELD_OUT) for one in (before, after)),):
        assert a.path.settings.penalty_factors == b.path.settings.penalty_factors != None  # noqa: E711
        np.testing.assert_array_equal(a.path.norms, b.path.norms)
    x, y = before.inner(0, HELD_OUT), after.inner(0, HELD_OUT)
    np.testing.assert_array_equal(x.fold_losses, y.fold_losses)
    assert x.fold_losses.shape[1] == 2 and x.alpha("min") == y.alpha("min")
    # The rows do matter to the others.
    assert before.whole.settings.penalty_factors != after.whole.settings.penalty_factors


def test_adaptive_chains_take_their_factors_where_the_other_folds_choose(
    regression, adaptive, clean
):
    nested = run(regression, adaptive)[0]
    # Beside the plain penalty its first chains are walked once.
    np.testing.assert_array_equal(nested.first.whole.norms, clean[1].whole.norms)
    inner = [chain for chain in nested.chains[0] if chain.is_inner(0)]
    assert len(inner) == 2 and 3 <= len(nested.chains[0]) - 3 <= 6
    for chain in inner:
        j = next(k for k in chain.left_out if k != 0)
        other = 3 - j
        # The one fold that is neither the outer nor this inner one has the say.
        first = next(c for c in clean[1].chains[0] if c.left_out == (0, other))
        at = len(first.path.alphas) - 1 - first.losses[other][::-1].argmin()
        own = next(c for c in clean[1].chains[0] if c.left_out == chain.left_out)
        expected = adaptive_factors(own.path.sizes[own.at(first.path.alphas[at])])
        assert chain.path.settings.penalty_factors == pytest.approx(expected)


def test_the_number_of_jobs_changes_no_bit(regression, candidates, clean):
    for before, after in zip(clean, run(regression, candidates, n_jobs=2), strict=True):
        for a, b in zip(before.chains[0], after.chains[0], strict=True):
            np.testing.assert_array_equal(a.path.outputs, b.path.outputs)
            np.testing.assert_array_equal(a.path.histograms, b.path.histograms)


def test_each_row_is_predicted_by_the_chain_without_its_fold(clean):
    outer = clean[0].outer("min")
    for k in range(3):
        chain = clean[0].single(0, k)
        i = chain.at(clean[0].inner(0, k).alpha("min"))
        np.testing.assert_array_equal(outer.outputs[FOLD == k], chain.path.outputs[i])
        assert outer.fold_losses[k] == pytest.approx(chain.losses[k][i], rel=1e-6)


def test_chosen_takes_the_better_penalty_inside_each_outer_fold(regression, candidates):
    study = run_study(
        regression, [*candidates, candidates[0]._replace(name="linear")], [FOLD], selection="min"
    )
    chosen = chosen_results(study, "min")
    for k in range(3):
        inner = {name: study.fits[name].inner(0, k) for name in ("l2", "group")}
        best = min(inner, key=lambda name: inner[name].mean.min())
        expected = study.fits[best].outer("min")
        np.testing.assert_array_equal(chosen.losses[FOLD == k], expected.losses[FOLD == k])
    table = tabulate(study, encode_target(regression.y[:, 0], task="regression"))
    assert [row["penalty"] for row in table.rows] == ["l2", "group"]
    assert table.chosen["test_loss"] == pytest.approx(chosen.losses.mean())


def test_repeats_are_averaged_and_give_the_resampled_interval(regression, candidates, settings):
    folds = [FOLD, make_folds(60, 3, seed=1)]
    candidates = [
        Candidate("none", settings("none")),
        candidates[0],
        Candidate("linear", settings("l2", hidden=())),
    ]
    study = run_study(regression, candidates, folds, selection="min", n_jobs=2)
    table = tabulate(study, encode_target(regression.y[:, 0], task="regression"))
    l2 = next(row for row in table.rows if row["penalty"] == "l2")
    assert l2["vs_none"].keys() == {"diff", "ci_low", "ci_high", "p_holm", "without", *RESAMPLED}
    assert l2["vs_none"]["t_ci_low"] < l2["vs_none"]["diff"] < l2["vs_none"]["t_ci_high"]
    assert l2["vs_null"].keys() == {"diff", "ci_low", "ci_high", "p_holm", "without"}
    each = [study.fits["l2"].outer("min").fold_losses[3 * r : 3 * r + 3].mean() for r in range(2)]
    assert l2["test_loss"] == pytest.approx(np.mean(each))


def test_finished_models_are_scored_on_a_grid(regression, settings):
    options = dict(finish=True, activation="silu", max_iter=50)
    nested, walked = (
        cross_validate(regression, [Candidate("l2", settings("l2", **one))], [FOLD], nested=True)[0]
        for one in (options, options | {"finish": False})
    )
    for finished, unfinished in [
        (nested.curve(), walked.curve()),
        (nested.inner(0, 2), walked.inner(0, 2)),
    ]:
        chosen = unfinished.alpha("min")
        np.testing.assert_allclose(finished.alphas, chosen * 10.0 ** (np.arange(-2, 3) / 4))
        assert finished.alpha("min") <= chosen == finished.ceiling
