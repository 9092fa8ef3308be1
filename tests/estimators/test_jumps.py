"""What a fit says where its path jumps past the number of predictors that may stay."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import tautnet as tn
from tautnet.estimators.warned import warn_of_jump


@pytest.mark.parametrize(
    "counts, most, said",
    [
        ([75, 54, 3, 0], 50, "from 54 predictors to 3, past the 50 that may stay"),
        ([9, 4, 0], 8, "from 9 predictors to 4, past the 8 that may stay"),
        ([54, 45, 3, 0], 50, None),
        ([3, 1, 0], 2, None),
        # Fewer are there from the start.
        ([20, 3, 0], 50, None),
    ],
)
def test_jumps_are_said(counts, most, said):
    path = SimpleNamespace(n_features=np.array(counts), alphas=np.arange(1.0, len(counts) + 1))
    if said is None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_jump(path, 1.0, most, stacklevel=1)
    else:
        with pytest.warns(UserWarning, match=said):
            warn_of_jump(path, 1.0, most, stacklevel=1)


def test_a_fit_says_so_and_a_relaxed_one_does_not():
    """Ten predictors that say the same leave together."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=60)
    X = signal[:, None] + 0.01 * rng.normal(size=(60, 10))
    options = {"hidden_layer_sizes": (4,), "cv": 3, "selection": 5, "random_state": 0}
    with pytest.warns(UserWarning, match=r"past the 5 that may stay: relax=True \(--relax\)"):
        tn.TautNetRegressorCV("group", alphas=[0.001, 0.9], **options).fit(X, signal)
    relaxed = tn.TautNetRegressorCV("group", alphas=[0.001, 0.9], relax=True, **options)
    assert relaxed.fit(X, signal).selected_features_.sum() == 5
