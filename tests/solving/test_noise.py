"""Whether a path begins at a weak strength: tried on some of its rows, judged by others."""

import numpy as np
import pytest

from tautnet.objective.classification import BinaryLogLoss
from tautnet.solving.noise import _judges
from tautnet.solving.prepared import prepare
from tautnet.solving.settings import Request, Settings
from tautnet.solving.walk import walk
from tautnet.tables.sample import Sample

N = 300
X = np.random.default_rng(0).normal(size=(N, 3))
ROWS = np.arange(N)


def sample_of(y, X=X, weight=None):
    weight = np.ones(len(y)) if weight is None else weight
    return Sample(X, np.arange(X.shape[1]), np.asarray(y, float)[:, None], weight, None)


BENT = np.sin(2 * X[:, 0]) * X[:, 1] + X[:, 2]
NOISE = np.random.default_rng(1).normal(size=N)


def begin_of(sample, settings, rows=ROWS):
    """The first strength of a path over its scale, and the steps that it took."""
    path = walk(sample, rows, ROWS[:0], settings)
    return path.alphas[0] / prepare(sample, rows, settings).null_model.alpha_scale, path.steps[0]


@pytest.mark.parametrize("penalty", ["l2", "group"])
def test_noise_is_not_remembered_and_signal_is_fitted(penalty):
    settings = Settings(penalty)
    schedule = settings.schedule
    noisy, steps = begin_of(sample_of(BENT + 2 * NOISE), settings)
    assert 0.7e-4 < noisy < 1.4e-4
    assert steps == 2 * schedule.trial_steps + schedule.first_steps
    clean, steps = begin_of(sample_of(BENT), settings)
    assert 0.7e-6 < clean < 1.4e-6
    assert steps >= 2 * schedule.trial_steps + schedule.first_steps


def test_rows_of_little_noise_are_walked_thoroughly():
    schedule = Settings("group").schedule
    for y, expected in ((BENT, schedule.thorough_steps), (BENT + 2 * NOISE, schedule.sharp_steps)):
        path = walk(sample_of(y), ROWS, ROWS[:0], Settings("group"))
        assert np.diff(path.steps)[-6:-3].tolist() == [expected] * 3


def test_classes_are_judged_by_their_own_loss():
    settings = Settings("l2", loss=BinaryLogLoss())
    noisy, _ = begin_of(sample_of(np.random.default_rng(2).random(N) < 0.5), settings)
    assert noisy > 0.7e-4
    clean, _ = begin_of(sample_of(X[:, 0] + X[:, 1] ** 2 > 1), settings)
    assert clean < 1.4e-4


def test_no_row_outside_the_chain_has_a_say():
    """Rows that the chain does not see are poisoned: not a bit changes."""
    y = BENT + 0.5 * NOISE
    poisoned = y.copy()
    poisoned[200:] = 1e6
    first, second = (
        walk(sample_of(one), ROWS[:200], ROWS[:0], Settings("group")) for one in (y, poisoned)
    )
    assert np.array_equal(first.alphas, second.alphas)
    assert np.array_equal(first.norms, second.norms)


def judges(X=X, seed=0, groups=None):
    sample = sample_of(X[:, 0], X)._replace(groups=groups)
    return _judges(prepare(sample, np.arange(len(X)), Settings(seed=seed)))


def test_alike_rows_judge_together_wherever_they_stand():
    found = judges()
    assert 0.08 < found.mean() < 0.25
    order = np.random.default_rng(3).permutation(N)
    assert np.array_equal(judges(X[order]), found[order])
    assert np.array_equal(judges(np.repeat(X, 2, axis=0)), np.repeat(found, 2))
    assert not np.array_equal(judges(seed=1), found)


def test_a_group_judges_as_a_whole():
    """Rows of one patient say nothing new of a fit that has seen others of that patient."""
    groups = np.arange(N) // 5
    found = judges(groups=groups).reshape(-1, 5)
    assert np.array_equal(found.any(axis=1), found.all(axis=1)) and 0 < found.mean() < 0.5
    centre = np.random.default_rng(4).normal(size=(60, 3))
    near = np.repeat(centre, 5, axis=0) + 0.01 * X
    noise = np.repeat(np.random.default_rng(5).normal(size=60), 5)
    sample = sample_of(noise, near)._replace(groups=groups)
    assert 0.7e-4 < begin_of(sample, Settings("group"))[0] < 1.4e-4


def test_a_chain_that_stops_at_a_strength_has_tried_the_same():
    """A plain estimator begins as the path that chose its strength."""
    for y in (BENT, BENT + 2 * NOISE):
        whole = walk(sample_of(y), ROWS, ROWS[:0], Settings("l2"), Request(keep="all"))
        i = len(whole.alphas) // 2
        alone = walk(sample_of(y), ROWS, ROWS[:0], Settings("l2"), Request(until=whole.alphas[i]))
        last = max(alone.parameters)
        first = whole.parameters[i].weights.input
        assert np.array_equal(alone.parameters[last].weights.input, first)


def test_where_all_rows_judge_or_none_nothing_is_left_out():
    """Equal rows fall on one side: there is nothing to judge by."""
    y = np.tile([0.0, 1.0], 20)
    settings = Settings("l2")
    path = walk(sample_of(y, np.ones((40, 1)) * 2.0), np.arange(40), ROWS[:0], settings)
    assert np.isfinite(path.train_loss).all()
