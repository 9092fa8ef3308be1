"""Refits on few predictors: ranked without the rows that judge them, chosen by a rule.

They are compared with what a twin gives.
"""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

import tautnet as tn
from tautnet.refitting import relaxed as module
from tautnet.refitting.counts import choice, counts_up_to, is_past_its_best
from tautnet.refitting.orders import ranking
from tautnet.refitting.relaxed import relax
from tautnet.validation.chains import Candidate, Choice
from tautnet.validation.folds import make_folds
from tautnet.validation.nested import cross_validate
from tautnet.views.report_data import counts

pytestmark = pytest.mark.usefixtures("compile_quickly")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)) * [1, 3, 1, 1] + [0, 5, 0, 0]
Y = X[:, 0] + 0.3 * X[:, 1] + 0.2 * X[:, 2] + 0.5 * RNG.normal(size=60)
# Of no row: all rows are outside it.
NO_FOLD = -1
FOLD, HELD_OUT = make_folds(60, 3, seed=0), 1
LINEAR = dict(hidden_layer_sizes=(), random_state=0, tol=1e-8, alpha_min_ratio=1e-3)


class Walked:
    """As much of a path as a ranking looks at."""

    def __init__(self, norms, factors=None, sizes=None):
        self.norms = np.array(norms, float)
        self.sizes = self.norms if sizes is None else np.array(sizes, float)
        self.settings, self.penalty_factors = self, factors


def test_rankings_by_hand():
    """The first is largest in the middle, the second stays longest.

    The third and fourth leave together, the last is never there.
    """
    path = [[9, 3, 1, 2, 0], [5, 1, 2, 3, 0], [0, 1, 0, 0, 0]]
    assert ranking("norm", Walked(path), 1).tolist() == [0, 3, 2, 1, 4]
    assert ranking("exit", Walked(path), 1).tolist() == [1, 0, 3, 2, 4]
    # Where several have left, those that left last come first; what is never penalised comes before
    # all.
    assert ranking("norm", Walked(path), 2).tolist() == [1, 0, 3, 2, 4]
    assert ranking("exit", Walked(path, (1, 1, 0, 1, 1)), 1).tolist() == [2, 1, 0, 3, 4]
    # One that has left counts again where its bend is still in the residuals.
    assert ranking("norm", Walked(path, sizes=[path[0], path[1], [0, 1, 0, 0, 2]]), 2).tolist() == [
        4,
        1,
        0,
        3,
        2,
    ]


def test_the_numbers_of_predictors_and_the_rules():
    assert counts_up_to(0) == [] and counts_up_to(1) == [1] and counts_up_to(8) == list(range(1, 9))
    counts = counts_up_to(500)
    assert (np.diff(counts) > 0).all() and counts[-2] < 500 <= counts[-1]
    assert max(b / a for a, b in zip(counts[8:], counts[9:], strict=False)) < 1.25
    path = [Choice(None, 0.1, 0.50, 0.04, 9), Choice(None, 1.0, 0.80, 0.05, 3)]
    refits = [Choice(None, 0.1, 0.53, 0.03, 4, "norm"), Choice(None, 0.1, 0.52, 0.03, 4, "exit")]
    assert choice([*path, *refits], "min") == path[0]
    assert choice([*path, *refits], "1se") == refits[1]
    assert choice([*path, *refits], 4) == refits[1] and choice([*path, *refits], 3) == path[1]
    assert choice([*path, *refits], 2) is None


@pytest.fixture(scope="module")
def relaxed(regression, settings):
    return refits_of(regression, settings)


def refits_of(sample, settings, **options):
    clamped = settings("group", clamp_output=True)
    candidate = Candidate("group", replace(clamped, alpha_min_ratio=1e-3))
    [chains] = cross_validate(sample, [candidate], [FOLD], nested=True)
    return relax(chains, **options)


def test_poisoned_rows_change_no_refit_and_no_choice_of_the_folds_that_leave_them_out(
    regression, settings, relaxed
):
    rows = FOLD == HELD_OUT
    poisoned = regression._replace(y=np.where(rows[:, None], 1e3 - regression.y, regression.y))
    # The number of jobs changes no bit either.
    other = refits_of(poisoned, settings, n_jobs=2)
    key, changed = (0, HELD_OUT), 0
    assert relaxed.tops[key] == other.tops[key]
    for name in (("norm", count) for count in range(1, relaxed.tops[key] + 1)):
        before, after = relaxed.refits[name], other.refits[name]
        single, again = before.single(*key), after.single(*key)
        np.testing.assert_array_equal(single.path.scaling.columns, again.path.scaling.columns)
        np.testing.assert_array_equal(single.path.norms, again.path.norms)
        np.testing.assert_array_equal(single.path.scaling.limits, again.path.scaling.limits)
        np.testing.assert_array_equal(before.inner(*key).fold_losses, after.inner(*key).fold_losses)
        assert before.inner(*key).fold_losses.shape[1] == 2
        others = (
            [c.losses for c in one.chains[0] if key[1] not in c.left_out] for one in (before, after)
        )
        changed += str(next(others)) != str(next(others))
    assert changed
    for rule in ("min", "1se", 2):
        a, b = (choice(list(one.options(key)), rule) for one in (relaxed, other))
        assert a._replace(chains=None) == b._replace(chains=None)


def test_each_chain_refits_what_the_other_folds_rank_first(regression, relaxed):
    """Columns 2 and 3 are one predictor and go together."""
    shrunken = relaxed.shrunken
    inner = next(chain for chain in shrunken.chains[0] if chain.left_out == (0, 1))
    # The fold that neither is left out as the outer one nor judges has the say.
    judge = next(chain for chain in shrunken.chains[0] if chain.left_out == (0, 2))
    at = inner.at(judge.path.alphas[len(judge.path.alphas) - 1 - judge.losses[2][::-1].argmin()])
    assert relaxed.tops[0, 0] >= 2
    for count in range(1, relaxed.tops[0, 0] + 1):
        first = ranking("norm", inner.path, at)[:count]
        refit = next(
            c
            for c in relaxed.refits["norm", count].chains[0]
            if c.left_out == (0, 1) and 0 in c.serves
        )
        expected = np.flatnonzero(np.isin(regression.column_predictor, first))
        assert refit.path.scaling.columns.tolist() == expected.tolist()
        assert refit.path.settings.penalty == "l2" and len(refit.path.alphas) > 20


def test_each_fold_climbs_until_more_predictors_no_longer_help(
    regression, settings, relaxed, monkeypatch
):
    """Two predictors have signal: beyond them the loss rises."""
    monkeypatch.setattr(module, "is_past_its_best", lambda tried: len(tried) == 5)
    shown = refits_of(regression, settings)
    assert relaxed.tops != shown.tops
    for key, top in relaxed.tops.items():
        own, every = (
            [o for o in one.options(key) if o.order is not None] for one in (relaxed, shown)
        )
        # What is not walked changes nothing of what is.
        kept = [o._replace(chains=None) for o in every if o.n_predictors <= top]
        assert kept == [o._replace(chains=None) for o in own]
        counts = range(1, shown.tops[key] + 1)
        climb = [
            min((o for o in every if o.n_predictors == k), key=lambda o: o.mean) for k in counts
        ]
        ends = [k for k in counts if is_past_its_best(climb[:k])]
        assert top == (ends or [shown.tops[key]])[0]


def test_outer_folds_score_what_their_inner_folds_choose(relaxed):
    outer, orders = relaxed.outer("min"), []
    for k in range(3):
        option = choice(list(relaxed.options((0, k))), "min")
        chain = next(c for c in option.chains.chains[0] if c.left_out == (k,))
        orders.append(option.order)
        assert outer.alphas[k] == option.alpha
        assert outer.fold_losses[k] == pytest.approx(
            chain.losses[k][chain.path.alphas == option.alpha].item()
        )
    assert any(orders)


@pytest.fixture(scope="module")
def compared():
    """The target bends with the first of four predictors and follows nothing else."""
    options = {
        "hidden_layer_sizes": (6,),
        "cv": 3,
        "penalties": ("none", "group"),
        "alpha_min_ratio": 1e-3,
    }
    return tn.compare(X, np.square(X[:, 0]) + 0.1 * Y, relax=True, **options)


def test_a_comparison_has_a_row_of_refits_and_delivers_their_model(compared):
    group, row = compared.result["rows"][1:]
    assert row["penalty"] == compared.recommended == "relaxed_group" and row.keys() == group.keys()
    assert (
        row["test_loss"] < group["test_loss"] and row["predictors_kept"] < group["predictors_kept"]
    )
    model = compared.model
    assert model.relax and model.relaxed_order_ is not None
    assert (model.relaxed_alpha_, model.stationarity_) == (row["alpha"], row["stationarity"])
    assert model.selected_features_.sum() == row["predictors_kept"]
    assert sum((w == 0).sum() for w in [*model.coefs_, model.skip_coef_]) == row["zero_weights"]
    detail = compared.detail["relaxed"]["relaxed_group"]
    np.testing.assert_allclose(
        detail["mean_test_loss"], model.relaxed_results_["mean_test_loss"], rtol=1e-4
    )
    at = compared.detail["penalties"]["relaxed_group"]["path"]["alphas"].index(row["alpha"])
    norms = np.array(compared.detail["penalties"]["relaxed_group"]["path"]["norms"])
    assert ((norms[at] > 0) == model.selected_features_).all()
    assert f"uses {row['predictors_kept']} of 4 predictors" in compared.verdict


def test_pictures_of_a_comparison_show_refits(compared):
    frame = tn.PredictorsDisplay.from_comparison(compared).frame()
    least = frame.loc["relaxed_group"]["mean_test_loss"]
    norm, exit = np.split(
        np.array(compared.detail["relaxed"]["relaxed_group"]["mean_test_loss"]), 2
    )
    assert least.tolist() == np.minimum(norm, exit).tolist() and frame.loc["group"].index.min() == 0
    drawn = {one["name"]: one for one in counts(compared.whole())}
    assert (
        drawn.keys() == {"group", "relaxed_group"}
        and drawn["relaxed_group"]["loss"] == least.tolist()
    )
    assert drawn["relaxed_group"]["kept"] == least.index.tolist()


@pytest.mark.parametrize(
    "options, says",
    [
        (
            {"penalties": ["l1"]},
            "relax=True does nothing here: it needs the penalty group, whose predictors it refits",
        ),
        ({"finish": True}, "finish=True does nothing here: it needs relax=False"),
    ],
)
def test_comparisons_that_cannot_refit_say_so(options, says):
    with pytest.raises(ValueError, match=says):
        tn.compare(X, Y, relax=True, **options)


def standardised(A, rows):
    return (A - A[rows].mean(axis=0)) / A[rows].std(axis=0)


def ridge_of(rows, kept, alpha):
    """Ridge of scikit-learn on some predictors: what predicts all rows, in the target's units."""
    Z, t = standardised(X[:, kept], rows), standardised(Y, rows)
    twin = Ridge(alpha=len(rows) * alpha).fit(Z[rows], t[rows])
    return twin, twin.predict(Z) * Y[rows].std() + Y[rows].mean()


def test_a_relaxed_lasso_is_ridge_on_what_the_lasso_keeps():
    model = tn.TautNetRegressorCV("l1", cv=3, relax=True, selection=2, **LINEAR).fit(X, Y)
    kept = np.flatnonzero(model.selected_features_)
    assert model.relaxed_order_ is not None and kept.tolist() == [0, 1]
    twin, predicted = ridge_of(np.arange(60), kept, model.relaxed_alpha_)
    np.testing.assert_allclose(model.coefs_[0][kept, 0], twin.coef_, atol=1e-7)
    np.testing.assert_allclose(model.predict(X), predicted, atol=1e-6)
    # The two predictors are clear, so every fold ranks them first, and the score is that of three
    # ridges.
    scored = [ridge_of(np.flatnonzero(FOLD != k), kept, model.relaxed_alpha_)[1] for k in range(3)]
    errors = [np.square(Y - predicted)[FOLD == k] for k, predicted in enumerate(scored)]
    assert model.cv_loss_ == pytest.approx(np.concatenate(errors).mean(), rel=1e-5)
    # An ensemble predicts with the refit and those three, each scaled by its own rows.
    ensemble = model.set_params(ensemble=True).fit(X, Y)
    members = [
        ridge_of(np.flatnonzero(FOLD != k), kept, ensemble.relaxed_alpha_)[1]
        for k in (NO_FOLD, 0, 1, 2)
    ]
    np.testing.assert_allclose(ensemble.predict(X), np.mean(members, axis=0), atol=1e-6)


LABELS = np.digitize(Y, np.quantile(Y, [1 / 3, 2 / 3]))
TIMES = np.column_stack([np.exp(-Y), np.arange(60) % 4 > 0])


@pytest.mark.parametrize(
    "name, y, method", [("Classifier", LABELS, "predict_proba"), ("Survival", TIMES, "predict")]
)
def test_a_relaxed_model_is_the_plain_one_under_l2_on_what_is_kept(name, y, method):
    plain, chosen = getattr(tn, f"TautNet{name}"), getattr(tn, f"TautNet{name}CV")
    options = LINEAR | dict(tol=1e-6, alpha_min_ratio=0.05)
    model = chosen("l1", cv=3, relax=True, selection=2, **options).fit(X, y)
    kept = model.selected_features_
    assert kept.tolist() == [True, True, False, False] and model.relaxed_order_ is not None
    twin = plain("l2", model.relaxed_alpha_, **options).fit(X[:, kept], y)
    np.testing.assert_allclose(
        getattr(model, method)(X), getattr(twin, method)(X[:, kept]), atol=1e-4
    )
    np.testing.assert_allclose(model.score(X, y), twin.score(X[:, kept], y))


def test_where_nothing_is_kept_there_is_nothing_to_refit():
    noise = np.random.default_rng(2).normal(size=60)
    model = tn.TautNetRegressorCV("l1", cv=3, relax=True, **LINEAR).fit(X, noise)
    assert model.relaxed_order_ is None and not model.selected_features_.any()
    assert not len(model.relaxed_results_["alpha"])
    assert tn.PredictorsDisplay.from_estimator(model).frame().index.get_level_values(
        0
    ).unique().tolist() == ["l1"]


QUICK = dict(hidden_layer_sizes=(6,), random_state=0, alpha_min_ratio=1e-3, cv=3)


@pytest.fixture(scope="module")
def model():
    """Two predictors at most, under a penalty that keeps the third in every refit."""
    fit = tn.TautNetRegressorCV(
        "group", relax=True, selection=2, penalty_factors=(1, 1, 1, 0), **QUICK
    )
    return fit.fit(X, np.square(X[:, 0]) + 0.1 * Y)


def test_a_refit_is_a_model_of_all_columns_in_which_the_others_are_zero(model):
    assert (
        model.selected_features_.tolist() == [True, False, False, True]
        and model.relaxed_order_ == "norm"
    )
    assert [w.shape for w in model.coefs_] == [(4, 6), (6, 1)] and model.skip_coef_.shape == (4, 1)
    Z = standardised(X, np.arange(60))
    hidden = np.maximum(Z @ model.coefs_[0] + model.intercepts_[0], 0)
    output = hidden @ model.coefs_[1] + Z @ model.skip_coef_ + model.intercepts_[1]
    target = np.square(X[:, 0]) + 0.1 * Y
    np.testing.assert_allclose(model.predict(X), output[:, 0] * target.std() + target.mean())
    assert model.train_loss_ == pytest.approx(np.mean((model.predict(X) - target) ** 2))
    assert model.train_loss_ < 0.2 * target.var()
    np.testing.assert_array_equal(model.predict(X * [1, 9, 0, 1]), model.predict(X))
    assert model.penalty_factors_.tolist() == [1, 1, 1, 0]
    top = target.max() + 0.1 * (target.max() - target.min())
    assert model.predict(100 * X).max() == pytest.approx(top)


def test_results_and_summary_tell_of_refits(model, capsys):
    results = model.relaxed_results_
    assert results["order"].tolist() == ["norm", "elimination", "elimination"]
    assert results["n_features"].tolist() == [2, 1, 2]
    best = results["mean_test_loss"].argmin()
    assert (
        results["mean_test_loss"][best] == model.cv_loss_
        and results["alpha"][best] == model.relaxed_alpha_
    )
    assert model.alpha_ == model.alpha_min_
    model.summary()
    said = capsys.readouterr().out
    assert (
        "group ranks predictors by the size of their weights, l2 refits the first of them, alpha"
        in said
    )
    assert "by cross-validation, refits among them: lowest loss with at most 2 predictors" in said


def test_the_display_shows_the_path_and_the_refits(model):
    display = tn.PredictorsDisplay.from_estimator(model)
    frame = display.frame()
    relaxed = frame.loc["group, relaxed"]["mean_test_loss"]
    norm, one, two = model.relaxed_results_["mean_test_loss"]
    assert relaxed.tolist() == [one, min(norm, two)] and relaxed.index.tolist() == [1, 2]


@pytest.mark.parametrize(
    "options, says",
    [
        ({"selection": 0}, "selection=0 is not 'min', '1se' or a number of predictors from 1 on"),
        (
            {"selection": 5},
            "selection=5: there are 4 predictors, so give a number from 1 to 4, 'min' or '1se'",
        ),
        (
            {"selection": 1, "penalty_factors": (0, 0, 1, 1)},
            "no strength under 'group' keeps so few",
        ),
        ({"cv": [(range(40), range(40, 60))]}, "cv gives one split, and relax=True needs others"),
    ],
)
def test_wrong_parameters_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        tn.TautNetRegressorCV(**{"penalty": "group", "relax": True} | QUICK | options).fit(X, Y)


@pytest.mark.parametrize(
    "options, says, default",
    [
        (
            {"penalty": "l2"},
            "relax=True does nothing here: it needs a penalty that takes predictors out",
            {"relax": False},
        ),
        (
            {"finish": True},
            "finish=True does nothing here: it needs relax=False",
            {"finish": False},
        ),
    ],
)
def test_what_does_nothing_is_named_and_left_out(options, says, default):
    asked = {"penalty": "group", "relax": True} | QUICK | options
    with pytest.warns(UserWarning, match=says):
        model = tn.TautNetRegressorCV(**asked).fit(X, Y)
    plain = tn.TautNetRegressorCV(**asked | default).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), plain.predict(X))
    assert hasattr(model, "relaxed_results_") == hasattr(plain, "relaxed_results_")
    assert model.get_params() == asked | {
        n: v for n, v in model.get_params().items() if n not in asked
    }


def test_a_refit_on_splines_predicts_what_it_was_trained_to(monkeypatch):
    """Its basis is learned from few columns, and kept among all of them."""
    monkeypatch.setattr("tautnet.tables.scaling.ROWS_LEARNED_FROM", 100)
    rng = np.random.default_rng(0)
    X = np.sort(rng.exponential(size=(150, 5)), axis=0)
    X[:, 1:] = rng.permuted(X[:, 1:], axis=0)
    y = np.sin(X[:, 0]) + 0.1 * rng.normal(size=150)
    model = tn.TautNetRegressorCV(
        "group",
        relax=True,
        selection=1,
        inputs="splines",
        hidden_layer_sizes=(4,),
        cv=3,
        random_state=0,
    ).fit(X, y)
    assert model.relaxed_order_ is not None and model.selected_features_.sum() == 1
    assert np.square(model.predict(X) - y).mean() == pytest.approx(model.train_loss_, rel=1e-6)
