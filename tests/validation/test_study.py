"""What is recommended, and whether ``none`` is over-fitted, from made-up losses."""

import numpy as np
import pytest

from tautnet.inference.recommended import over_fitted, recommended_name
from tautnet.inference.table import Table
from tautnet.validation.chains import Outer

WEIGHT = np.ones(200)
NOISE = np.random.default_rng(0).normal(size=200)


def table(**penalties):
    """A table of penalties, as a study would give it.

    Each is ``(mean loss, spread, predictors kept, weights, p against none, gap)``.
    """
    rows, outer = [], {}
    for name, (mean, spread, kept, weights, p, gap) in penalties.items():
        losses = mean + spread * (NOISE - NOISE.mean())
        outer[name] = Outer(losses, None, None, None, None, None)
        versus = None if p is None else {"ci_low": 0.1 if p < 0.05 else -0.1, "p_holm": p}
        rows.append(
            {
                "penalty": name,
                "test_loss": mean,
                "predictors_kept": kept,
                "n_weights": 100,
                "zero_weights": 100 - weights,
                "vs_none": versus,
                "gap": gap,
            }
        )
    return Table(rows, None, None, None, outer)


def test_fewest_predictors_among_those_within_one_standard_error():
    one = table(
        l2=(1.0, 0.0, 30, 100, None, 0),
        group=(1.05, 1.0, 9, 40, None, 0),
        l1=(1.2, 1.0, 3, 10, None, 0),
    )
    # The standard error of the paired difference is 1 / √200 = 0.07: 0.05 lies within, 0.2 does
    # not.
    assert recommended_name(one, WEIGHT, None) == "group"


def test_then_fewest_weights_then_the_lower_loss():
    ties = dict(
        l2=(1.0, 0.0, 9, 100, None, 0),
        l1=(1.01, 1.0, 9, 40, None, 0),
        group=(1.02, 1.0, 9, 40, None, 0),
    )
    assert recommended_name(table(**ties), WEIGHT, None) == "l1"


@pytest.mark.parametrize(
    "none, l2, verdict",
    [
        ((2.0, 0.0, 9, 9, None, 1.5), (1.0, 1.0, 9, 9, 0.01, 0.2), True),
        ((2.0, 0.0, 9, 9, None, -0.1), (1.0, 1.0, 9, 9, 0.01, 0.2), None),
        ((2.0, 0.0, 9, 9, None, 1.5), (1.0, 1.0, 9, 9, 0.06, 0.2), None),
        ((1.05, 0.0, 9, 9, None, 0.5), (1.0, 1.0, 9, 9, 0.5, 0.2), False),
        ((0.9, 0.0, 9, 9, None, 0.5), (1.0, 1.0, 9, 9, 0.5, 0.2), False),
    ],
)
def test_over_fitted_is_said_only_where_the_numbers_say_it(none, l2, verdict):
    assert over_fitted(table(none=none, l2=l2), WEIGHT, None) is verdict


@pytest.mark.parametrize("name", ["l2", "none"])
def test_without_none_or_without_another_nothing_is_said(name):
    assert over_fitted(table(**{name: (1.0, 1.0, 9, 9, None, 0.5)}), WEIGHT, None) is None
