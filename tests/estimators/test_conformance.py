"""Scikit-learn's own checks, every estimator once and every penalty once.

The counts stand in docs/keywords.md.
"""

import pytest
from sklearn.utils.estimator_checks import (
    check_estimator,
    check_sample_weight_equivalence_on_dense_data,
)

import tautnet as tn

# Every check has a shape of its own, whose programs run for moments.
pytestmark = pytest.mark.usefixtures("compile_quickly")

LINEAR = dict(hidden_layer_sizes=(), tol=0.5, random_state=0)
SMALL = dict(hidden_layer_sizes=(8,), random_state=0)
# Fits of plain estimators begin at the strength itself, not at the over-fitted end of the path.
SHORT = dict(alpha_min_ratio=1.0)
# Adam's steps part two fits that differ by rounding alone; solved points of smooth networks meet
# again.
EXACT = SMALL | dict(
    activation="tanh", finish=True, tol=1e-10, max_iter=20_000, precision="float64"
)
FEW = dict(alphas=[1e-3, 1e-2, 0.1, 1.0, 10.0], cv=2)
# Scikit-learn skips the first unless SCIPY_ARRAY_API is set, the second where there is no
# decision_function.
SKIPPED = {"check_array_api_input", "check_classifiers_multilabel_output_format_decision_function"}
FLOAT32 = {
    f"check_sample_weight_equivalence_on_{kind}_data": (
        "float32 carries 7 digits, the check compares 7"
    )
    for kind in ("dense", "sparse")
}

# Linear maps are always solved in float64; networks walk in float32.
ESTIMATORS = {
    # Tables of fewer rows than columns are solved in the space of the rows, to the last digits.
    "classifier": tn.TautNetClassifier(**LINEAR | {"tol": 1e-6}, **SHORT),
    "none": tn.TautNetClassifier("none", **LINEAR),
    "l1": tn.TautNetClassifier("l1", **LINEAR, **SHORT),
    "elasticnet": tn.TautNetClassifier("elasticnet", **LINEAR, **SHORT),
    "group": tn.TautNetClassifier("group", **LINEAR, **SHORT),
    "classifier CV": tn.TautNetClassifierCV(**LINEAR, **FEW),
    "regressor": tn.TautNetRegressor(**LINEAR, **SHORT),
    "regressor CV": tn.TautNetRegressorCV(**LINEAR, **FEW),
    "survival": tn.TautNetSurvival(**LINEAR, **SHORT),
    "survival CV": tn.TautNetSurvivalCV(**LINEAR, **FEW),
    "selector": tn.TautNetSelector(tn.TautNetRegressor("l1", 1e-3, **LINEAR, **SHORT)),
    "classifier in float32": tn.TautNetClassifier(**SMALL, **SHORT),
    "regressor in float32": tn.TautNetRegressor(**SMALL, **SHORT),
    "survival in float32": tn.TautNetSurvival(**SMALL, **SHORT),
}
NETWORKS = {
    "classifier": tn.TautNetClassifier(alpha=0.1, **EXACT),
    "regressor": tn.TautNetRegressor(alpha=0.1, **EXACT),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_of_weight_2_is_the_row_twice_for_networks_in_float64(name):
    check_sample_weight_equivalence_on_dense_data(name, NETWORKS[name])


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.SkipTestWarning", "ignore:The least populated class"
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ESTIMATORS)
def test_scikit_learn_checks_pass(name, record_property):
    expected = FLOAT32 if "float32" in name else {}
    results = check_estimator(
        ESTIMATORS[name], on_fail=None, on_skip=None, expected_failed_checks=expected
    )
    passed = sum(result["status"] == "passed" for result in results)
    record_property("passed", f"{passed} of {len(results)}")
    print(f"{name}: {passed} of {len(results)} checks passed")
    failed = {
        result["check_name"]: result["exception"]
        for result in results
        if result["status"] == "failed"
    }
    assert not failed
    assert {result["check_name"] for result in results if result["status"] == "skipped"} <= SKIPPED
    assert {result["check_name"] for result in results if result["status"] == "xfail"} == set(
        expected
    )
    assert passed >= 40
