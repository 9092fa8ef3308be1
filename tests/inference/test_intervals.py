"""Intervals and corrections against formulas worked out by other means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from tautnet.inference.intervals import (
    corrected_resampled_t,
    holm,
    paired_difference,
    standard_error,
)

RNG = np.random.default_rng(0)


def test_the_interval_is_that_of_a_mean():
    own, other = RNG.normal(size=50), RNG.normal(size=50)
    d = paired_difference(other, own, np.ones(50))
    assert d.se == pytest.approx(stats.sem(other - own))
    low, high = stats.norm.interval(0.95, np.mean(other - own), stats.sem(other - own))
    assert (d.ci_low, d.ci_high) == pytest.approx((low, high))
    assert d.p == pytest.approx(2 * stats.norm.sf(abs(d.diff) / d.se))


def test_a_difference_says_who_is_better():
    d = paired_difference(np.array([2.0, 3, 2]), np.array([1.0, 1, 1]), np.ones(3))
    assert d.diff > 0 and d.ci_low > 0


def test_weights_scale_away():
    values, weight = RNG.normal(size=30), RNG.uniform(1, 2, size=30)
    assert standard_error(values, weight) == pytest.approx(standard_error(values, 7 * weight))


def test_groups_count_once():
    """Rows that repeat a group's value add nothing."""
    values = RNG.normal(size=12)
    repeated, groups = np.repeat(values, 5), np.repeat(np.arange(12), 5)
    assert standard_error(repeated, np.ones(60), groups) == pytest.approx(stats.sem(values))
    assert standard_error(repeated, np.ones(60)) < 0.6 * stats.sem(values)


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
