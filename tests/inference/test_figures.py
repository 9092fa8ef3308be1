"""Figures are those of scikit-learn, where it has them."""

import numpy as np
import pytest
from sklearn import metrics

from tautnet.inference.figures import figures_of, figures_of_numbers
from tautnet.objective.classification import (
    BinaryLogLoss,
    MultilabelLogLoss,
    MultinomialLogLoss,
)
from tautnet.tables.target import encode_target, encode_targets

RNG = np.random.default_rng(0)
WEIGHT = RNG.uniform(0.5, 2, 90)
FOLD = np.arange(90) % 3


def test_typical_errors():
    y = RNG.normal(size=(90, 1))
    found = figures_of_numbers(y, 0.5 * y, WEIGHT)
    rmse = metrics.root_mean_squared_error(y, 0.5 * y, sample_weight=WEIGHT)
    mae = metrics.mean_absolute_error(y, 0.5 * y, sample_weight=WEIGHT)
    assert (found["rmse"], found["mae"]) == pytest.approx((rmse, mae))


def test_two_classes():
    labels = (RNG.random(90) < 0.15).astype(int)
    logits = 2.0 * labels - 1.5 + RNG.normal(size=90)
    target = encode_target(np.where(labels, "yes", "no"))
    found = figures_of(target, BinaryLogLoss(), logits[:, np.newaxis], WEIGHT, FOLD)
    predicted = logits > 0
    weighted = {"sample_weight": WEIGHT}
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, predicted, **weighted))
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(labels, logits, **weighted))
    assert found["average_precision"] == pytest.approx(
        metrics.average_precision_score(labels, logits, **weighted)
    )
    recall = metrics.recall_score(labels, predicted, **weighted)
    yes = found["classes"][1]
    assert (yes["class"], yes["rows"], yes["recall"]) == ("yes", labels.sum(), recall)
    assert found["worst_recall"] == min(one["recall"] for one in found["classes"])


def test_three_classes_of_which_one_is_never_predicted():
    labels = np.arange(90) % 3
    outputs = np.eye(3)[labels] + RNG.normal(size=(90, 3))
    outputs[:, 2] = -5
    target = encode_target(np.array(["a", "b", "c"])[labels])
    found = figures_of(target, MultinomialLogLoss(), outputs, np.ones(90), FOLD)
    assert found["worst_class"] == "c" and found["worst_recall"] == 0
    assert found["classes"][2]["precision"] is None
    assert found["average_precision"] is None
    assert 0.3 < found["auc"] < 1


def test_a_class_without_weight_has_no_recall_and_no_auc():
    labels = np.arange(90) % 2
    target = encode_target(labels)
    weight = (labels == 0).astype(float)
    found = figures_of(target, BinaryLogLoss(), np.full((90, 1), -1.0), weight, FOLD)
    assert found["accuracy"] == 1
    assert found["classes"][1]["recall"] in (None, 0.0)
    assert found["auc"] is None


def test_labels_have_the_share_of_rows_that_are_right():
    import pandas as pd

    y = (RNG.random((90, 2)) < 0.5).astype(float)
    target = encode_targets(pd.DataFrame(y, columns=["a", "b"]), task="classification")
    outputs = np.where(y == 1, 1.0, -1.0)
    outputs[:9] *= -1
    found = figures_of(target, MultilabelLogLoss(), outputs, np.ones(90), FOLD)
    assert found == {"accuracy": 0.9}
