"""shap's explainers of predictions, on frames and on the arrays that it makes of them."""

import numpy as np
import pandas as pd
import pytest

import tautnet as tn

shap = pytest.importorskip("shap")
# It takes the values of a frame where the model was fitted on names, and scikit-learn says so.
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(80, 4)), columns=list("abcd"))
Y = 2 * FRAME["a"] - FRAME["b"] + 0.1 * RNG.normal(size=80)
LINEAR = dict(hidden_layer_sizes=(), random_state=0)


@pytest.fixture(scope="module")
def model():
    return tn.TautNetRegressor("l1", 0.05, **LINEAR).fit(FRAME, Y)


@pytest.mark.parametrize("kind", ["estimator", "file"])
@pytest.mark.parametrize("table", [FRAME, FRAME.to_numpy()], ids=["frame", "array"])
def test_effects_add_up_to_the_predictions_and_what_has_left_has_none(model, kind, table):
    one = model if kind == "estimator" else model.to_fitted()
    found = shap.Explainer(one.predict, table, seed=0)(table[:5])
    np.testing.assert_allclose(
        found.values.sum(axis=1) + found.base_values, model.predict(FRAME[:5]), atol=1e-6
    )
    effects = np.abs(found.values).mean(axis=0)
    assert effects[0] > effects[1] > 0
    np.testing.assert_allclose(effects[~model.selected_features_], 0, atol=1e-12)


def test_kernels_and_permutations_agree(model):
    kernel = shap.KernelExplainer(model.predict, FRAME[:20])(FRAME[:3], silent=True).values
    permutation = shap.PermutationExplainer(model.predict, FRAME[:20], seed=0)(FRAME[:3]).values
    np.testing.assert_allclose(kernel, permutation, atol=1e-6)


def test_probabilities_of_classes():
    labels = np.where(Y > 0, "high", "low")
    classifier = tn.TautNetClassifier("l1", 0.02, **LINEAR).fit(FRAME, labels)
    values = shap.Explainer(classifier.predict_proba, FRAME, seed=0)(FRAME[:3]).values
    assert values.shape == (3, 4, 2)
    np.testing.assert_allclose(values[:, :, 0], -values[:, :, 1], atol=1e-9)


def test_a_frame_of_numbers_and_categories():
    mixed = FRAME.assign(kind=np.where(FRAME["d"] > 0, "up", "down"))
    model = tn.TautNetRegressor("l1", 0.01, **LINEAR).fit(mixed, Y + (mixed["kind"] == "up"))
    explainer = shap.KernelExplainer(model.predict, mixed[:10])
    values = explainer(mixed[:3], silent=True).values
    assert values.shape == (3, 5) and np.abs(values[:, 4]).max() > 0.1
