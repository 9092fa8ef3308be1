"""What people think in: typical errors in the target's unit, shares of rows that are right."""

import warnings
from typing import Any, TypeAlias

import numpy as np
from sklearn.metrics import average_precision_score, precision_recall_fscore_support, roc_auc_score

from tautnet.objective.losses import Loss
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.target import Target

Figures: TypeAlias = dict[str, Any]

# A class with a smaller share of the rows is rare: accuracy says little of how well it is found.
RARE = 0.1


def figures_of(
    target: Target, loss: Loss, outputs: Floats, weight: Floats, fold: Integers
) -> Figures:
    """How good predictions of rows are that no model had seen.

    Parameters
    ----------
    target : Target
    loss : Loss
    outputs : array (n_rows, n_outputs)
    weight : array (n_rows,)
    fold : int array (n_rows,)
        The fold of each row: risks of one model are compared with each other alone.

    Returns
    -------
    dict
        Regression: ``rmse`` and ``mae`` in the target's unit, means over targets. Classes: see
        `figures_of_classes`. Labels: ``accuracy``, the share of rows whose labels are all right.
        Survival: ``c_index``.
    """
    if target.task == "regression":
        return figures_of_numbers(target.y, loss.mean(outputs), weight)
    if target.labels is not None:
        return figures_of_classes(target, loss.mean(outputs), weight)
    return {loss.score_name: loss.pooled_score(target.y, outputs, weight, fold)}


def figures_of_numbers(y: Floats, prediction: Floats, weight: Floats) -> Figures:
    """Root mean squared and mean absolute error.

    Examples
    --------
    >>> figures_of_numbers(np.array([[0.0], [0.0]]), np.array([[1.0], [-3.0]]), np.ones(2))
    {'rmse': 2.23606797749979, 'mae': 2.0}
    """
    residual = y - prediction
    squares = np.average(np.square(residual), axis=0, weights=weight)
    distances = np.average(np.abs(residual), axis=0, weights=weight)
    return {"rmse": float(np.sqrt(squares).mean()), "mae": float(distances.mean())}


def figures_of_classes(target: Target, probabilities: Floats, weight: Floats) -> Figures:
    """How well classes are found.

    Parameters
    ----------
    target : Target
    probabilities : array (n_rows, n_classes)
    weight : array (n_rows,)

    Returns
    -------
    dict
        ``accuracy``; ``balanced_accuracy``, the mean of the classes' recalls; ``auc``, of more
        than two classes the mean over pairs (Hand and Till 2001), None where it is not defined;
        ``average_precision`` of the rarer of two classes, else None; ``worst_class`` and
        ``worst_recall``; ``classes``: for each its name, rows, recall, and precision, None where
        it is never predicted.
    """
    assert target.labels is not None and target.classes is not None, "a target of classes"
    labels = target.labels
    codes = np.arange(len(target.classes))
    predicted = probabilities.argmax(axis=1)
    precision, recall, _, _ = precision_recall_fscore_support(
        labels, predicted, labels=codes, sample_weight=weight, zero_division=np.nan
    )
    counts = np.bincount(labels, minlength=len(codes))
    classes = [
        {
            "class": str(target.classes[k]),
            "rows": int(counts[k]),
            "recall": _known(recall[k]),
            "precision": _known(precision[k]),
        }
        for k in codes
    ]
    worst = int(np.nanargmin(recall))
    return {
        "accuracy": float(np.average(labels == predicted, weights=weight)),
        "balanced_accuracy": float(np.nanmean(recall)),
        "auc": _auc(labels, probabilities, weight),
        "average_precision": _average_precision(labels, probabilities, weight),
        "worst_class": classes[worst]["class"],
        "worst_recall": float(recall[worst]),
        "classes": classes,
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _auc(labels: Integers, probabilities: Floats, weight: Floats) -> float | None:
    """The chance that of two rows of different classes each goes to its own."""
    counted = weight > 0
    labels = labels[counted]
    probabilities = probabilities[counted]
    if len(np.unique(labels)) < probabilities.shape[1]:
        return None
    if probabilities.shape[1] == 2:
        return float(roc_auc_score(labels, probabilities[:, 1], sample_weight=weight[counted]))
    with warnings.catch_warnings():
        # It warns where rounding leaves sums that are not 1 to the last digit.
        warnings.simplefilter("ignore", UserWarning)
        shares = probabilities / probabilities.sum(axis=1, keepdims=True)
        return float(roc_auc_score(labels, shares, multi_class="ovo"))


def _average_precision(labels: Integers, probabilities: Floats, weight: Floats) -> float | None:
    """Of two classes the rarer one's: the mean of precision over the rows that it has."""
    if probabilities.shape[1] != 2:
        return None
    masses = np.bincount(labels, weight, 2)
    if not masses.all():
        return None
    rarer = int(masses.argmin())
    return float(
        average_precision_score(labels == rarer, probabilities[:, rarer], sample_weight=weight)
    )
