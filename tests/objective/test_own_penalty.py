"""A penalty of one's own passes the tests of the penalties that tautnet has."""

from typing import Any

import cases
import numpy as np
import pytest
from group_scad import KIND, A, GroupSCAD, scad, scad_prox
from numpy.testing import assert_allclose, assert_array_equal
from objective import test_penalties, test_problem

from tautnet.objective import registry

SCAD = GroupSCAD(0.3)


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The penalty is registered, and a case of the shared tests, for one test."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
    registry.register_penalty(KIND)
    monkeypatch.setitem(cases.PENALTIES, KIND.name, SCAD)
    for module in (test_penalties, test_problem):
        monkeypatch.setattr(module, "NOT_CONVEX", (*cases.NOT_CONVEX, KIND.name))


@pytest.mark.parametrize("network", cases.NETWORKS)
@pytest.mark.parametrize(
    "check",
    [
        test_problem.test_a_step_on_the_penalty_alone_shrinks_every_weight_and_no_bias,
        test_problem.test_a_penalty_leaves_the_gradient_of_the_biases_alone,
        test_penalties.test_no_weights_cost_nothing_and_each_layer_costs_something,
    ],
)
def test_it_shrinks_what_it_should_on_every_network(check: Any, network: str) -> None:
    check(KIND.name, network)


@pytest.mark.parametrize("network", cases.NETWORKS)
@pytest.mark.parametrize("loss", ["squared error", "binary log-loss", "Cox, Efron"])
def test_a_step_goes_down_the_objective_as_finite_differences_see_it(
    loss: str, network: str
) -> None:
    test_problem.test_a_step_goes_down_the_objective_as_finite_differences_see_it(
        loss, KIND.name, network
    )


@pytest.mark.parametrize(
    "check",
    [
        test_penalties.test_strength_zero_changes_no_bit,
        test_penalties.test_a_factor_multiplies_the_strength_of_its_predictor_and_0_frees_it,
        test_penalties.test_the_smooth_part_has_a_gradient_at_zero,
        test_penalties.test_the_prox_is_the_minimiser,
    ],
)
def test_it_passes_what_every_penalty_passes(check: Any) -> None:
    check(penalty=SCAD)


@pytest.mark.parametrize("size", [0.3, 1.0, 3.0])
def test_its_prox_against_a_search(size: float) -> None:
    test_penalties.test_concave_proxes_against_a_search(SCAD, size)


def test_jax_tells_it_from_all_others() -> None:
    test_penalties.test_jax_tells_penalties_apart()
    test_penalties.test_every_penalty_has_a_case()


def test_its_zeros_are_exact_and_large_predictors_are_left() -> None:
    level = np.full(5, 0.5)
    size = np.array([0.1, 0.5, 0.6, 1.0, 3.0])
    shrunk = np.asarray(scad_prox(size, level, np.ones(5)))
    assert_array_equal(shrunk[[0, 1, 4]], [0.0, 0.0, 3.0])
    assert_allclose(shrunk[2:4], size[2:4] - 0.5)
    # The three parts of the value meet.
    for place in (0.5, 0.5 * A):
        near = scad(np.array([place - 1e-9, place + 1e-9]), np.array([0.5, 0.5]))
        assert_allclose(near[0], near[1], atol=1e-8)
