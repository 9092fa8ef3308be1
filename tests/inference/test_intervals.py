"""Intervals and corrections against formulas worked out by other means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tautnet.inference.intervals import (
    EACH_ROW,
    Observations,
    blocks_of,
    carrying_rows,
    corrected_resampled_t,
    holm,
    memory_of,
    paired_difference,
    standard_error,
)

RNG = np.random.default_rng(0)


def test_the_interval_is_that_of_a_mean():
    own, other = RNG.normal(size=50), RNG.normal(size=50)
    d = paired_difference(other, own, np.ones(50))
    assert d.se == pytest.approx(stats.sem(other - own))
    test = stats.ttest_rel(other, own)
    low, high = test.confidence_interval(0.95)
    assert (d.ci_low, d.ci_high) == pytest.approx((low, high))
    assert d.p == pytest.approx(test.pvalue)


def test_a_difference_says_who_is_better():
    d = paired_difference(np.array([2.0, 3, 2, 2]), np.ones(4), np.ones(4))
    assert d.diff > 0 and d.ci_low > 0


def test_weights_scale_away():
    values, weight = RNG.normal(size=30), RNG.uniform(1, 2, size=30)
    assert standard_error(values, weight) == pytest.approx(standard_error(values, 7 * weight))


def test_groups_count_once():
    """Rows that repeat a group's value add nothing."""
    values = RNG.normal(size=12)
    repeated, groups = np.repeat(values, 5), np.repeat(np.arange(12), 5)
    grouped = standard_error(repeated, np.ones(60), Observations(groups))
    assert grouped == pytest.approx(stats.sem(values))
    assert standard_error(repeated, np.ones(60)) < 0.6 * stats.sem(values)


def test_few_groups_have_the_quantile_of_their_number():
    values = RNG.normal(size=6)
    repeated, groups = np.repeat(values, 5), np.repeat(np.arange(6), 5)
    d = paired_difference(repeated, np.zeros(30), np.ones(30), Observations(groups))
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (d.ci_low, d.ci_high) == pytest.approx((low, high))


def test_one_row_that_carries_a_difference_is_set_aside():
    values = np.append(RNG.normal(size=100), 1000.0)
    d = paired_difference(values, np.zeros(101), np.ones(101))
    assert d.without.rows.tolist() == [100]
    others = paired_difference(values[:100], np.zeros(100), np.ones(100))
    assert (d.without.diff, d.without.ci_low) == pytest.approx((others.diff, others.ci_low))
    assert others.without is None


def test_normal_rows_carry_nothing_and_few_are_never_set_aside():
    assert not carrying_rows(RNG.normal(size=60), np.ones(60), EACH_ROW).any()
    few = np.append(np.zeros(20), 100.0)
    assert not carrying_rows(few, np.ones(21), EACH_ROW).any()


def test_a_group_that_carries_a_difference_is_set_aside_whole():
    groups = np.repeat(np.arange(50), 3)
    values = RNG.normal(size=150)
    values[groups == 7] += 100
    found = carrying_rows(values, np.ones(150), Observations(groups))
    assert np.flatnonzero(found).tolist() == [21, 22, 23]


def test_no_more_than_five_percent_are_set_aside():
    values = 10.0 ** np.arange(100)
    assert carrying_rows(values, np.ones(100), EACH_ROW).sum() == 5


def test_blocks_are_as_long_as_residuals_remember():
    noise = RNG.normal(size=400)
    assert memory_of(noise) == 1
    smooth = np.convolve(RNG.normal(size=450), np.ones(10), "valid")[:400]
    assert 5 <= memory_of(smooth) <= 40
    assert len(np.unique(blocks_of([smooth], np.ones(400)))) == 400 // memory_of(smooth)
    assert memory_of(np.ones(20)) == 1


def test_false_claims_about_series_that_remember():
    """Of 300 series without a mean, each remembering half of the last value, few are claimed."""
    rng = np.random.default_rng(2)
    claimed = 0
    naive = 0
    for _ in range(300):
        noise = rng.normal(size=200)
        series = np.zeros(200)
        for i in range(1, 200):
            series[i] = 0.5 * series[i - 1] + noise[i]
        blocks = Observations(blocks_of([series], np.ones(200)), in_order=True)
        claimed += paired_difference(series, np.zeros(200), np.ones(200), blocks).ci_low > 0
        naive += paired_difference(series, np.zeros(200), np.ones(200)).ci_low > 0
    assert claimed / 300 <= 0.06 < naive / 300


@pytest.mark.parametrize("share", [0, 0.01, 0.05])
def test_wild_rows_make_no_false_claims(share):
    rng = np.random.default_rng(3)
    false = 0
    for _ in range(2000):
        values = rng.normal(size=100) * np.where(rng.random(100) < share, 50, 1)
        d = paired_difference(values, np.zeros(100), np.ones(100))
        false += d.ci_low > 0 and (d.without is None or d.without.ci_low > 0)
    assert false / 2000 <= 0.05


def test_equal_losses_are_no_difference():
    d = paired_difference(np.ones(5), np.ones(5), np.ones(5))
    assert (d.diff, d.se, d.p) == (0, 0, 1)


def test_coverage_of_the_interval():
    """Of 400 intervals of a mean of 60 about 95 % hold it."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(400):
        d = paired_difference(0.3 + rng.normal(size=60), np.zeros(60), np.ones(60))
        held += d.ci_low <= 0.3 <= d.ci_high
    assert 0.92 <= held / 400 <= 0.98


def test_corrected_resampled_t_by_hand():
    """Nadeau and Bengio (2003), equation for ten times ten folds: variance times 1/100 + 1/9."""
    d = RNG.normal(0.1, 1, size=100)
    half = stats.t.ppf(0.975, 99) * np.sqrt(d.var(ddof=1) * (1 / 100 + 1 / 9))
    assert corrected_resampled_t(d, 1 / 9) == pytest.approx((d.mean() - half, d.mean() + half))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_what_the_step_down_rule_rejects(p_values):
    corrected = holm(p_values)
    for level in (0.01, 0.05, 0.3):
        rejected, m = set(), len(p_values)
        for rank, i in enumerate(np.argsort(p_values, kind="stable")):
            if p_values[i] * (m - rank) > level:
                break
            rejected.add(i)
        assert {i for i, p in enumerate(corrected) if p <= level} == rejected
