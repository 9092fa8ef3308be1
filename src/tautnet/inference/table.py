"""The rows of a comparison, with paired intervals between them."""

from typing import NamedTuple

import numpy as np

from tautnet.inference.intervals import (
    corrected_resampled_t,
    holm,
    paired_difference,
    standard_error,
)
from tautnet.objective.registry import BASELINE
from tautnet.validation.study import chosen_name, chosen_results, null_losses


class Table(NamedTuple):
    """The rows of a comparison.

    Attributes
    ----------
    rows : list of dict
        One a penalty.
    linear, chosen : dict
        Rows of the linear map and of the penalty chosen inside the outer folds.
    null_loss : float
    outer : dict
        Name -> Outer, under the study's rule.
    """

    rows: list
    linear: dict
    chosen: dict
    null_loss: float
    outer: dict


def tabulate(study):
    """Rows for every penalty, the linear map and the choice among penalties."""
    rules = {rule: _rule_rows(study, rule) for rule in {study.selection, "1se"}}
    rows, outer = rules[study.selection]
    for name, row in rows.items():
        row["one_se"] = {k: v for k, v in rules["1se"][0][name].items() if k != "seconds"}
    null = float(np.average(null_losses(study), weights=study.sample.weight))
    return Table(
        [rows[name] for name in study.penalties], rows["linear"], rows["chosen"], null, outer
    )


def _rule_rows(study, selection):
    """Rows of every candidate and of "chosen" under one rule, with their comparisons."""
    outer = {name: one.outer(selection) for name, one in study.nested.items()}
    outer["chosen"] = chosen_results(study, selection)
    stands_for = {name: name for name in study.nested} | {"chosen": chosen_name(study, selection)}
    rows = {name: _row(study, stands_for[name], outer[name], selection) for name in outer}
    losses = {name: one.losses for name, one in outer.items()}
    constant = null_losses(study)
    for key, name, family in (
        ("vs_none", BASELINE, study.penalties),
        ("vs_null", None, [*study.penalties, "linear"]),
        ("vs_linear", "linear", study.penalties),
    ):
        against = constant if name is None else losses.get(name)
        compared = (
            {}
            if against is None
            else _compare(study, against, losses, family, beside=set(rows) - {name})
        )
        for own, row in rows.items():
            row[key] = compared.get(own)
            if row[key] is not None and len(study.folds) > 1 and name is not None:
                row[key] |= _resampled(study, outer[name], outer[own])
    return rows, outer


def _compare(study, against, losses, family, beside):
    """Differences of rows against the same losses; those of a family have their p-values
    corrected
    together.
    """
    weight = study.sample.weight
    differences = {
        name: paired_difference(against, losses[name], weight, study.groups)
        for name in sorted(beside)
    }
    members = [name for name in family if name in beside]
    corrected = dict(zip(members, holm([differences[name].p for name in members]), strict=True))
    return {
        name: {
            "diff": d.diff,
            "ci_low": d.ci_low,
            "ci_high": d.ci_high,
            "p_holm": corrected.get(name, d.p),
        }
        for name, d in differences.items()
    }


def _resampled(study, against, own):
    n_folds = study.folds[0].max() + 1
    low, high = corrected_resampled_t(against.fold_losses - own.fold_losses, 1 / (n_folds - 1))
    return {"t_ci_low": low, "t_ci_high": high}


def _row(study, name, outer, selection):
    """One row: the outer folds say how good, the refit on all rows says what it looks like."""
    weight, refit = study.sample.weight, study.refits[name][selection]
    path, i = refit.path, refit.at
    test = float(np.average(outer.losses, weights=weight))
    return {
        "penalty": name,
        "alpha": float(path.alphas[i]),
        "test_loss": test,
        "test_loss_se": standard_error(outer.losses, weight, study.groups),
        "train_loss": outer.train_loss,
        "gap": test - outer.train_loss,
        "test_score": outer.score,
        "score_name": study.loss.score_name,
        "weight_norm": float(np.sqrt(path.weight_squares[i])),
        "weight_max_abs": float(path.weight_max[i]),
        "zero_weights": int(path.zero_weights[i]),
        "n_weights": path.n_weights,
        "predictors_kept": int(path.n_features[i]),
        "predictors_total": study.sample.n_predictors,
        "stationarity": float(path.stationarity[i]),
        "objective_gap": float(path.objective_gap[i]),
        "seconds": study.nested[name].seconds,
    }
