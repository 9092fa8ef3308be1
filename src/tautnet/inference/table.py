"""The rows of a comparison, with paired intervals between them."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np

from tautnet.inference.constant import null_losses
from tautnet.inference.intervals import (
    corrected_resampled_t,
    holm,
    paired_difference,
    standard_error,
)
from tautnet.inference.recommended import Row
from tautnet.objective.registry import BASELINE
from tautnet.objective.strengths import nearest
from tautnet.tables.arrays import Floats
from tautnet.validation.chains import Outer
from tautnet.validation.study import LINEAR, Study, chosen_name, chosen_results

CHOSEN = "chosen"


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

    rows: list[Row]
    linear: Row
    chosen: Row
    null_loss: float
    outer: dict[str, Outer]


def tabulate(study: Study) -> Table:
    """Rows for every penalty, the linear map and the choice among penalties."""
    rules = {rule: _rule_rows(study, rule) for rule in {study.selection, "1se"}}
    rows, outer = rules[study.selection]
    of_one_se, _ = rules["1se"]
    for name, row in rows.items():
        row["one_se"] = {key: value for key, value in of_one_se[name].items() if key != "seconds"}
    null = float(np.average(null_losses(study), weights=study.sample.weight))
    own = [rows[name] for name in study.penalties]
    return Table(own, rows[LINEAR], rows[CHOSEN], null, outer)


def _rule_rows(study: Study, rule: str) -> tuple[dict[str, Row], dict[str, Outer]]:
    """Rows of every candidate and of "chosen" under one rule, with their comparisons."""
    outer = {name: one.outer(rule) for name, one in study.fits.items()}
    outer[CHOSEN] = chosen_results(study, rule)
    stands_for = {name: name for name in study.fits} | {CHOSEN: chosen_name(study, rule)}
    rows = {name: _row(study, stands_for[name], outer[name], rule) for name in outer}
    penalties = study.penalties
    _compare_with_row(study, rows, outer, "vs_none", BASELINE, penalties)
    _compare_with_constant(study, rows, outer, [*penalties, LINEAR])
    _compare_with_row(study, rows, outer, "vs_linear", LINEAR, penalties)
    return rows, outer


def _compare_with_row(
    study: Study,
    rows: dict[str, Row],
    outer: dict[str, Outer],
    key: str,
    other: str,
    family: Collection[str],
) -> None:
    """Compare all rows with one of them; there is nothing to compare where it was not fitted."""
    compared = {}
    if other in outer:
        compared = _compare(study, outer[other].losses, outer, family, set(rows) - {other})
    for name, row in rows.items():
        row[key] = compared.get(name)
        if row[key] is not None and len(study.folds) > 1:
            row[key] |= _resampled(study, outer[other], outer[name])


def _compare_with_constant(
    study: Study, rows: dict[str, Row], outer: dict[str, Outer], family: Collection[str]
) -> None:
    compared = _compare(study, null_losses(study), outer, family, set(rows))
    for name, row in rows.items():
        row["vs_null"] = compared[name]


def _compare(
    study: Study,
    against: Floats,
    outer: dict[str, Outer],
    family: Collection[str],
    names: Iterable[str],
) -> dict[str, Row]:
    """Differences of rows against the same losses.

    The p-values of a family are corrected together.
    """
    weight = study.sample.weight
    differences = {
        name: paired_difference(against, outer[name].losses, weight, study.groups)
        for name in sorted(names)
    }
    members = [name for name in family if name in differences]
    corrected = dict(zip(members, holm([differences[name].p for name in members]), strict=True))
    return {
        name: {
            "diff": difference.diff,
            "ci_low": difference.ci_low,
            "ci_high": difference.ci_high,
            "p_holm": corrected.get(name, difference.p),
        }
        for name, difference in differences.items()
    }


def _resampled(study: Study, against: Outer, own: Outer) -> Row:
    """The interval of the corrected resampled t test over repeats."""
    n_folds = study.folds[0].max() + 1
    low, high = corrected_resampled_t(against.fold_losses - own.fold_losses, 1 / (n_folds - 1))
    return {"t_ci_low": low, "t_ci_high": high}


def _row(study: Study, name: str, outer: Outer, rule: str) -> Row:
    """One row: the outer folds say how good, the refit on all rows says what it looks like."""
    weight = study.sample.weight
    choice = study.chosen[name][rule]
    path = study.fits[name].path_of(choice)
    i = nearest(path.alphas, choice.alpha)
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
        "seconds": study.fits[name].seconds,
    }
