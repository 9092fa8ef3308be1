"""Boosting on our outer folds: what scikit-learn itself gives, and nothing of the rows held out."""

import pickle
from functools import partial

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from tautnet.engine.jobs import run_jobs
from tautnet.engine.loop import Interrupted, Ticker
from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.peers.boosting import (
    MOST_ROUNDS,
    BoostingJob,
    Table,
    boost,
    reason_against,
)
from tautnet.peers.levels import MOST_LEVELS, codes_for_fit
from tautnet.tables.sample import Sample

N_ROWS = 300
FOLD = np.random.default_rng(5).permutation(np.arange(N_ROWS) % 3)
NUMBERS = np.zeros(3, bool)
DIRECT = {"random_state": 0, "early_stopping": False}


@pytest.fixture(autouse=True)
def one_thread():
    """Threads of scikit-learn's own wait for each other, for long on a machine that is busy."""
    with threadpool_limits(1, "openmp"):
        yield


@pytest.fixture(scope="module")
def codes():
    """Two numbers, the second with missing cells, and whole numbers of five values."""
    rng = np.random.default_rng(1)
    codes = np.column_stack([rng.normal(size=(N_ROWS, 2)), rng.integers(5, size=N_ROWS)])
    codes[rng.random(N_ROWS) < 0.1, 1] = np.nan
    return codes


@pytest.fixture(scope="module")
def signal(codes):
    return np.abs(codes[:, 0]) + np.nan_to_num(codes[:, 1], nan=2.0) + (codes[:, 2] == 3)


@pytest.fixture(scope="module")
def targets(signal):
    """A target for each loss, by name."""
    rng = np.random.default_rng(2)
    noisy = signal + 0.3 * rng.normal(size=N_ROWS)
    thirds = np.digitize(noisy, np.quantile(noisy, [1 / 3, 2 / 3]))
    return {
        "squared error": (SquaredError(), 40 + 7 * noisy[:, None]),
        "quantile": (Quantile(0.8), noisy[:, None]),
        "poisson": (Poisson(), rng.poisson(np.exp(0.5 * signal))[:, None].astype(float)),
        "two classes": (BinaryLogLoss(), (noisy > np.median(noisy))[:, None].astype(float)),
        "three classes": (MultinomialLogLoss(), np.eye(3)[thirds]),
    }


LOSSES = ["squared error", "quantile", "poisson", "two classes", "three classes"]


def sample_of(codes, y, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    return Sample(codes, np.arange(codes.shape[1]), y, weight)


def direct(name, loss):
    """How scikit-learn is asked for the same model: what makes it, and its outputs."""
    if name in ("two classes", "three classes"):
        return partial(HistGradientBoostingClassifier, **DIRECT), "predict_proba"
    quantile = loss.quantile if name == "quantile" else None
    kind = {"squared error": "squared_error"}.get(name, name)
    make = partial(HistGradientBoostingRegressor, loss=kind, quantile=quantile, **DIRECT)
    return make, "predict"


def losses_of(name, loss, y, predicted):
    """The loss of each row, from scikit-learn's predictions."""
    if name == "squared error":
        return np.square(y[:, 0] - predicted)
    if name == "quantile":
        residual = y[:, 0] - predicted
        return np.where(residual > 0, loss.quantile, loss.quantile - 1) * residual
    if name == "poisson":
        logs = np.log(np.where(y[:, 0] > 0, y[:, 0] / predicted, 1.0))
        return 2 * (y[:, 0] * logs - y[:, 0] + predicted)
    labels = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(int)
    return -np.log(predicted[np.arange(len(y)), labels])


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_those_of_scikit_learn_with_so_many_rounds(codes, targets, name, is_weighted):
    loss, y = targets[name]
    weight = np.random.default_rng(3).uniform(0.2, 3.0, N_ROWS) if is_weighted else None
    sample = sample_of(codes, y, weight)
    boosting = boost(codes, NUMBERS, sample, loss, [FOLD])
    make, predict = direct(name, loss)
    target = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
    expected = np.zeros(N_ROWS)
    train = []
    assert len(boosting.rounds) == 3
    assert (boosting.rounds > 5).all() and (boosting.rounds <= MOST_ROUNDS).all()
    for k, rounds in enumerate(boosting.rounds):
        seen = FOLD != k
        # The unit of weights plays no part for us, as it does for scikit-learn's thresholds.
        own = weight[seen] / weight[seen].mean() if is_weighted else None
        model = make(max_iter=rounds).fit(codes[seen], target[seen], own)
        of_rows = losses_of(name, loss, y, getattr(model, predict)(codes))
        expected[~seen] = of_rows[~seen]
        train.append(np.average(of_rows[seen], weights=own))
        np.testing.assert_allclose(
            boosting.outer.fold_losses[k],
            np.average(of_rows[~seen], weights=sample.weight[~seen]),
            rtol=1e-6,
        )
    outer = boosting.outer
    np.testing.assert_allclose(outer.losses, expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(outer.train_loss, np.mean(train), rtol=1e-6)
    np.testing.assert_allclose(loss.metric(y, outer.outputs), outer.losses, rtol=1e-12)
    assert outer.score == loss.pooled_score(y, outer.outputs, sample.weight, FOLD)
    assert outer.score > 0.3
    assert outer.outputs.shape == y.shape
    assert np.isfinite(outer.outputs).all()
    assert np.isnan(outer.alphas).all() and len(outer.alphas) == 3


def test_rounds_are_those_that_are_best_on_the_next_fold(codes, targets):
    """No number of rounds near the chosen one does better there."""
    loss, y = targets["squared error"]
    rounds = boost(codes, NUMBERS, sample_of(codes, y), loss, [FOLD]).rounds
    for k in range(3):
        tried = FOLD == (k + 1) % 3
        seen = FOLD == (k + 2) % 3
        model = HistGradientBoostingRegressor(max_iter=int(rounds[k]) + 45, **DIRECT)
        model.fit(codes[seen], y[seen, 0])
        stages = model.staged_predict(codes[tried])
        on_next = [np.square(y[tried, 0] - one).mean() for one in stages]
        assert np.argmin(on_next) + 1 == rounds[k]


@pytest.mark.parametrize("name", LOSSES)
def test_what_is_held_out_changes_nothing(codes, targets, name):
    """Permuted targets of a fold leave its rounds and its outputs as they are, bit by bit."""
    loss, y = targets[name]
    before = boost(codes, NUMBERS, sample_of(codes, y), loss, [FOLD])
    for k in range(3):
        other = y.copy()
        held_out = np.flatnonzero(FOLD == k)
        other[held_out] = y[np.roll(held_out, 7)]
        after = boost(codes, NUMBERS, sample_of(codes, other), loss, [FOLD])
        assert after.rounds[k] == before.rounds[k]
        np.testing.assert_array_equal(after.outer.outputs[held_out], before.outer.outputs[held_out])
        assert (after.outer.outputs != before.outer.outputs).any()


def test_jobs_at_once_change_nothing_and_progress_is_told(codes, targets):
    loss, y = targets["three classes"]
    sample = sample_of(codes, y)
    told = []
    one = boost(codes, NUMBERS, sample, loss, [FOLD, FOLD[::-1]], on_progress=told.append)
    two = boost(codes, NUMBERS, sample, loss, [FOLD, FOLD[::-1]], n_jobs=2)
    np.testing.assert_array_equal(one.outer.outputs, two.outer.outputs)
    np.testing.assert_array_equal(one.rounds, two.rounds)
    assert told == sorted(told) and told[-1] == pytest.approx(1.0)
    # A share for both fits of each of the six folds.
    assert len(np.unique(np.round(told, 9))) >= 12
    assert one.seconds > 0


def test_repeats_are_averaged(codes, targets):
    loss, y = targets["squared error"]
    sample = sample_of(codes, y)
    both = boost(codes, NUMBERS, sample, loss, [FOLD, FOLD[::-1]])
    parts = [boost(codes, NUMBERS, sample, loss, [fold]) for fold in (FOLD, FOLD[::-1])]
    for name in ("losses", "outputs", "train_loss", "score"):
        means = np.mean([getattr(part.outer, name) for part in parts], axis=0)
        np.testing.assert_array_equal(getattr(both.outer, name), means)
    np.testing.assert_array_equal(both.rounds, np.concatenate([part.rounds for part in parts]))


def test_rows_without_weight_are_no_rows(codes, targets):
    loss, y = targets["squared error"]
    weight = np.ones(N_ROWS)
    weight[::6] = 0
    other = y.copy()
    other[::6] = 1e6
    whole = boost(codes, NUMBERS, sample_of(codes, other, weight), loss, [FOLD])
    kept = weight > 0
    part = boost(codes[kept], NUMBERS, sample_of(codes[kept], y[kept]), loss, [FOLD[kept]])
    np.testing.assert_array_equal(whole.outer.outputs[kept], part.outer.outputs)
    np.testing.assert_allclose(whole.outer.score, part.outer.score, rtol=1e-12)


def test_weights_count(codes, targets):
    """Rows that weigh next to nothing do not draw the others after them."""
    loss, y = targets["squared error"]
    is_light = np.arange(N_ROWS) % 2 == 0
    other = np.where(is_light[:, None], y + 100.0, y)
    heavy = ~is_light
    means = {}
    for weight in (1e-3, 1.0):
        sample = sample_of(codes, other, np.where(is_light, weight, 1.0))
        outputs = boost(codes, NUMBERS, sample, loss, [FOLD]).outer.outputs
        means[weight] = np.mean(outputs[heavy] - y[heavy])
    assert abs(means[1e-3]) < 3 < 30 < means[1.0]


# Categories


def pooled_by(column, seen, weight):
    pooled, is_category = codes_for_fit(column, np.array([True]), seen, weight)
    assert is_category.tolist() == [True]
    return pooled[:, 0]


def test_levels_beyond_the_limit_share_a_code():
    """The most frequent 253 of the training rows stay; levels that these lack are missing."""
    n_levels = 300
    # Level i occurs 1 + i times among the rows that are seen.
    column = np.repeat(np.arange(n_levels), 1 + np.arange(n_levels)).astype(float)
    seen = np.arange(len(column))
    column = np.append(column, [n_levels, np.nan])[:, None]
    pooled = pooled_by(column, seen, np.ones(len(column)))
    code_of = {int(level): pooled[column[:, 0] == level] for level in range(n_levels)}
    frequent = range(n_levels - MOST_LEVELS + 1, n_levels)
    assert all(len(set(codes)) == 1 for codes in code_of.values())
    assert sorted(code_of[level][0] for level in frequent) == list(range(MOST_LEVELS - 1))
    assert {code_of[level][0] for level in range(frequent[0])} == {MOST_LEVELS - 1}
    assert np.isnan(pooled[-2:]).all()


def test_as_many_levels_as_the_limit_all_stay():
    column = np.arange(MOST_LEVELS).astype(float)[:, None]
    pooled = pooled_by(column, np.arange(MOST_LEVELS), np.ones(MOST_LEVELS))
    assert len(np.unique(pooled)) == MOST_LEVELS


def test_weight_says_which_levels_stay():
    column = np.arange(300).astype(float)[:, None]
    weight = np.where(np.arange(300) < 100, 2.0, 1.0)
    pooled = pooled_by(column, np.arange(300), weight)
    assert set(pooled[:100]) == set(range(100))
    assert (pooled == MOST_LEVELS - 1).sum() == 300 - MOST_LEVELS + 1


def test_a_category_of_many_levels_is_fitted():
    """Levels are told apart as categories, not by the order of their codes."""
    rng = np.random.default_rng(0)
    n_rows = 1500
    level = rng.permutation(np.arange(n_rows) % 400).astype(float)
    level[:600] = rng.integers(4, size=600)
    y = np.where(level < 4, 10.0 * (level % 2), 5.0) + 0.1 * rng.normal(size=n_rows)
    codes = np.column_stack([level, rng.normal(size=n_rows)])
    codes[rng.random(n_rows) < 0.05, 0] = np.nan
    sample = sample_of(codes, y[:, None])
    fold = rng.permutation(np.arange(n_rows) % 3)
    is_category = np.array([True, False])
    boosting = boost(codes, is_category, sample, SquaredError(), [fold])
    assert boosting.outer.score > 0.8
    # What the held-out rows hold plays no part in what levels become.
    other = codes.copy()
    other[fold == 0, 0] = 390
    after = boost(other, is_category, sample, SquaredError(), [fold])
    assert after.rounds[0] == boosting.rounds[0]
    assert after.outer.train_loss != boosting.outer.train_loss


def test_a_category_of_one_level_is_predicted_as_it_was_fitted():
    """Its only level and its missing cells are told apart, in one direction as in the other."""
    rng = np.random.default_rng(0)
    for is_missing_low in (False, True):
        y = rng.normal(size=N_ROWS)
        level = np.where((y < 0.3) == is_missing_low, np.nan, 0.0)
        codes = np.column_stack([level, rng.normal(size=N_ROWS)])
        sample = sample_of(codes, y[:, None])
        outer = boost(codes, np.array([True, False]), sample, SquaredError(), [FOLD]).outer
        assert outer.score > 0.5


# Tables that leave little to fit


def test_predictors_without_a_value_outside_a_fold(codes, targets):
    loss, y = targets["two classes"]
    beside = np.where(FOLD == 0, np.arange(N_ROWS) % 3, np.nan)
    wide = np.column_stack([codes, beside, beside])
    is_category = np.array([False, False, False, False, True])
    boosting = boost(wide, is_category, sample_of(wide, y), loss, [FOLD])
    plain = boost(codes, NUMBERS, sample_of(codes, y), loss, [FOLD])
    np.testing.assert_allclose(boosting.outer.losses[FOLD == 0], plain.outer.losses[FOLD == 0])


@pytest.mark.parametrize("others", [[0, 2], [0, 2, 3]])
def test_a_class_that_training_lacks_is_improbable_and_not_impossible(codes, targets, others):
    """Columns stay where they are, with two other classes as with three."""
    _, y = targets["squared error"]
    cuts = np.linspace(0, 1, len(others) + 1)[1:-1]
    labels = np.array(others)[np.digitize(y[:, 0], np.quantile(y, cuts))]
    held_out = np.flatnonzero(FOLD == 0)
    labels[held_out[:5]] = 1
    sample = sample_of(codes, np.eye(4)[labels])
    outer = boost(codes, NUMBERS, sample, MultinomialLogLoss(), [FOLD]).outer
    probabilities = MultinomialLogLoss().mean(outer.outputs)
    np.testing.assert_allclose(probabilities[held_out, 1], 1e-3 / (FOLD != 0).sum())
    np.testing.assert_allclose(np.exp(outer.outputs).sum(axis=1), 1)
    assert np.isfinite(outer.losses).all()
    assert outer.losses[held_out[5:]].mean() < 0.8 * np.log(len(others))


def test_a_target_that_is_constant_outside_a_fold_gives_the_constant(codes):
    y = (FOLD == 0).astype(float)[:, None]
    for loss in (BinaryLogLoss(), Poisson(), SquaredError(), Quantile(0.3)):
        boosting = boost(codes, NUMBERS, sample_of(codes, y), loss, [FOLD])
        seen = FOLD != 0
        constant = loss.constant(y[seen], np.ones(seen.sum()))
        np.testing.assert_allclose(boosting.outer.outputs[~seen], np.tile(constant, (100, 1)))
        assert boosting.rounds[0] == 0
        assert np.isfinite(boosting.outer.losses).all()


def test_noise_is_left_alone(codes):
    """Where no round helps on the next fold, the model is the constant or next to it."""
    y = np.random.default_rng(8).normal(size=(N_ROWS, 1))
    boosting = boost(codes, NUMBERS, sample_of(codes, y), SquaredError(), [FOLD])
    assert boosting.rounds.max() <= 10
    assert boosting.outer.losses.mean() < 1.1 * y.var()


def test_few_rows_can_be_split():
    """Of 60 rows a fit sees 20 or 40: with leaves of 20 rows it would see nothing."""
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(60, 2))
    y = (codes[:, :1] > 0).astype(float)
    boosting = boost(codes, NUMBERS[:2], sample_of(codes, y), BinaryLogLoss(), [np.arange(60) % 3])
    assert boosting.outer.score > 0.85


# Jobs


def test_a_job_goes_through_a_pickle(codes, targets):
    loss, y = targets["squared error"]
    job = BoostingJob(loss, FOLD, 1)
    [here, there] = run_jobs(
        Table(codes, NUMBERS, sample_of(codes, y)), [job, pickle.loads(pickle.dumps(job))]
    )
    np.testing.assert_array_equal(here.outputs, there.outputs)


def test_a_job_ends_where_it_is_told_to(codes, targets):
    """Some trees after the word, not at the end of a fit."""
    loss, y = targets["squared error"]
    calls = []
    ticker = Ticker()
    ticker.on_progress = lambda share: calls.append(share) or ticker.stop()
    with pytest.raises(Interrupted):
        BoostingJob(loss, FOLD, 0).run(Table(codes, NUMBERS, sample_of(codes, y)), ticker)
    assert calls == [0.0]


@pytest.mark.parametrize(
    "loss, n_outputs, reason",
    [
        (SquaredError(), 1, None),
        (Poisson(), 1, None),
        (Quantile(0.2), 1, None),
        (BinaryLogLoss(), 1, None),
        (MultinomialLogLoss(), 4, None),
        (SquaredError(), 3, "boosting predicts one target, not 3"),
        (Huber(), 1, "boosting has no Huber loss"),
        (MultilabelLogLoss(), 2, "boosting predicts one target, not several labels"),
        (CoxPartialLikelihood(), 1, "boosting has no loss for survival times"),
    ],
)
def test_why_there_is_none(loss, n_outputs, reason):
    assert reason_against(loss, n_outputs) == reason
