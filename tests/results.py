"""A result to change: what ``compare --json`` prints of an over-fitted table, in round numbers."""

import copy

NULL = 1.0


def versus(low, high, p=None, without=None):
    p = p or (0.01 if low > 0 else 0.4)
    return {
        "diff": (low + high) / 2,
        "ci_low": low,
        "ci_high": high,
        "p_holm": p,
        "without": without,
    }


def without(low, high):
    return {"rows": [3], "diff": (low + high) / 2, "ci_low": low, "ci_high": high, "other": 1.0}


def row(
    penalty, loss, *, train=0.2, kept=6, se=0.02, null=None, none=None, linear=None, trees=None
):
    gain = NULL - loss
    return {
        "penalty": penalty,
        "alpha": 0.01,
        "test_loss": loss,
        "test_loss_se": se,
        "train_loss": train,
        "gap": loss - train,
        "skill": gain,
        "skill_low": gain - 0.1,
        "skill_high": gain + 0.1,
        "figures": {"rmse": loss**0.5, "mae": loss},
        "predictors_kept": kept,
        "predictors_total": 6,
        "stationarity": 0.05,
        "objective_gap": 0.0,
        "vs_null": null or versus(gain - 0.1, gain + 0.1),
        "vs_none": none,
        "vs_linear": linear,
        "vs_boosting": trees,
        "one_se": {"predictors_kept": kept and kept - 1, "test_loss": loss + 0.05},
    }


def detail(kept):
    norms = [[1.0] * 6, [0.0] * (6 - kept) + [1.0] * kept]
    return {"at_edge": False, "path": {"alphas": [1e-4, 0.01], "norms": norms}}


def classes(accuracy, *, missed=None, rows=(250, 250)):
    """Figures of two classes."""
    recalls = [accuracy, accuracy if missed is None else missed]
    return {
        "accuracy": accuracy,
        "balanced_accuracy": sum(recalls) / 2,
        "auc": 0.9,
        "average_precision": 0.55,
        "worst_class": "yes",
        "worst_recall": recalls[1],
        "classes": [
            {"class": name, "rows": n, "recall": recall, "precision": accuracy}
            for name, n, recall in zip(("no", "yes"), rows, recalls, strict=True)
        ],
    }


def plain_result():
    """Unpenalised 0.9, l2 0.5, group 0.51 of three predictors; linear 0.7, boosting 0.55."""
    better = {"none": versus(0.3, 0.5), "linear": versus(0.1, 0.3), "trees": versus(0.01, 0.09)}
    l2 = row("l2", 0.5, **better)
    rows = [
        row("none", 0.9, train=0.01, linear=versus(-0.3, -0.1), trees=versus(-0.4, -0.3)),
        l2,
        row("group", 0.51, kept=3, **better),
    ]
    made = {
        "task": "regression",
        "metric": "mean squared error",
        "n_rows": 500,
        "null": {"test_loss": NULL, "skill": 0.0, "figures": {"rmse": 1.0, "mae": 0.8}},
        "rows": rows,
        "linear": row("linear", 0.7, none=versus(0.1, 0.3), trees=versus(-0.2, -0.1)),
        "chosen": copy.deepcopy(l2),
        "boosting": row("boosting", 0.55, kept=None) | {"one_se": None},
        "plan": None,
        "recommended": "l2",
        "delivered": "l2",
        "detail": {
            "hidden_layer_sizes": [100],
            "selection": "min",
            "observations": {"n": 500, "are": "rows"},
            "neighbours": 0.01,
            "findings": [],
            "predictors": list("abcdef"),
            "vs_best": {"none": versus(0.3, 0.5), "group": versus(-0.01, 0.03)},
            "penalties": {"none": detail(6), "l2": detail(6), "group": detail(3)},
        },
    }
    return copy.deepcopy(made)
