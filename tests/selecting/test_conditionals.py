"""What predictors could have been.

Draws follow the others as the predictor itself does, and keep its kind.
"""

import numpy as np
import pytest

from tautnet.selecting.conditionals import Conditionals
from tautnet.tables.sample import Sample

N_DRAWS = 40


def draws(X, predictor, *, column_predictor=None, members=None):
    X = np.column_stack(X)
    members = np.arange(X.shape[1]) if members is None else np.array(members)
    column_predictor = members if column_predictor is None else np.array(column_predictor)
    conditional = Conditionals(Sample(X, column_predictor, None, None), members).of(predictor)
    return conditional.draw(np.random.default_rng(5), N_DRAWS)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_numbers_follow_their_regression_on_the_others(rng):
    a, b = rng.normal(size=(2, 600))
    c = 10 + 2 * a - b + 0.5 * rng.normal(size=600)
    drawn = draws([a, b, c], 2)[..., 0]
    assert drawn.shape == (N_DRAWS, 600)
    coefficients = np.linalg.lstsq(
        np.column_stack([np.ones(600), a, b]), drawn.mean(axis=0), rcond=None
    )[0]
    assert coefficients == pytest.approx([10, 2, -1], abs=0.1)
    assert (drawn - 10 - 2 * a + b).std() == pytest.approx(0.5, rel=0.1)
    # The rows' own values play no part beyond that.
    assert abs(np.corrcoef(c - 10 - 2 * a + b, drawn[0] - 10 - 2 * a + b)[0, 1]) < 0.15


def test_two_values_follow_a_logistic_regression(rng):
    a = rng.normal(size=800)
    b = np.where(rng.random(800) < 1 / (1 + np.exp(-3 * a)), 7.0, -1.0)
    drawn = draws([a, b], 1)[..., 0]
    assert np.unique(drawn).tolist() == pytest.approx([-1, 7])
    for part in (a < -0.7, np.abs(a) < 0.3, a > 0.7):
        assert (drawn[:, part] > 0).mean() == pytest.approx((b[part] > 0).mean(), abs=0.08)


def test_a_category_keeps_one_level_a_row(rng):
    a = rng.normal(size=600)
    level = np.digitize(a + 0.5 * rng.normal(size=600), [-1, -0.3, 0.2, 0.7, 1.3])
    category = np.eye(6)[level].T
    drawn = draws([a, *category], 1, members=[0] + [1] * 6)
    assert set(np.unique(drawn.round(9))) == {0.0, 1.0} and (drawn.round(9).sum(axis=-1) == 1).all()
    assert drawn.mean(axis=(0, 1)) == pytest.approx(category.mean(axis=1), abs=0.03)
    assert np.corrcoef(drawn[0].argmax(axis=-1), a)[0, 1] == pytest.approx(
        np.corrcoef(level, a)[0, 1], abs=0.12
    )


@pytest.mark.parametrize("values", [None, [1.0, 2.0, 3.0, 4.0]])
def test_missing_cells_are_drawn_with_their_indicator(rng, values):
    a = rng.normal(size=500)
    b = a + rng.normal(size=500) if values is None else rng.choice(values, size=500)
    b[rng.random(500) < 1 / (1 + np.exp(-2 * a))] = np.nan
    drawn = draws([a, b, np.isnan(b)], 1, members=[0, 1, 1])
    gone = np.isnan(drawn[..., 0])
    np.testing.assert_array_equal(gone, drawn[..., 1] > 0.5)
    for part in (a < -0.5, a > 0.5):
        assert gone[:, part].mean() == pytest.approx(np.isnan(b[part]).mean(), abs=0.08)
    if values is None:
        assert np.nanmean(drawn[..., 0]) == pytest.approx(np.nanmean(b), abs=0.1)


def test_members_of_a_group_are_drawn_together(rng):
    a = rng.normal(size=600)
    b = rng.normal(size=600)
    c = (b + 0.3 * rng.normal(size=600) > 0).astype(float)
    d = a + b + 0.3 * rng.normal(size=600)
    drawn = draws([a, b, c, d], 1, column_predictor=[0, 1, 1, 1])
    assert drawn.shape[-1] == 3
    assert np.corrcoef(drawn[0, :, 0], drawn[0, :, 1])[0, 1] == pytest.approx(
        np.corrcoef(b, c)[0, 1], abs=0.1
    )
    assert np.corrcoef(drawn[0, :, 2], a)[0, 1] == pytest.approx(np.corrcoef(d, a)[0, 1], abs=0.1)
    assert np.corrcoef(drawn[0, :, 2] - a, drawn[0, :, 0])[0, 1] > 0.9
    # Given a alone, and not their own values: b of the rows plays no part.
    assert abs(np.corrcoef(drawn[0, :, 0], b)[0, 1]) < 0.15


def test_one_predictor_is_drawn_from_its_own_values(rng):
    a = rng.exponential(size=200)
    drawn = draws([a], 0)[..., 0]
    assert drawn.mean() == pytest.approx(a.mean(), rel=0.1) and drawn.min() >= a.min() - 1e-9


def test_more_columns_than_rows(rng):
    drawn = draws(rng.normal(size=(80, 30)), 3)
    assert np.isfinite(drawn).all() and drawn.std() > 0.5
