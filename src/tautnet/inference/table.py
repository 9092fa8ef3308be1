"""The rows of a comparison, with paired intervals between them."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import numpy as np

from tautnet.inference.constant import null_losses, null_outputs
from tautnet.inference.figures import figures_of
from tautnet.inference.intervals import (
    Difference,
    Observations,
    blocks_of,
    corrected_resampled_t,
    holm,
    paired_difference,
    standard_error,
)
from tautnet.inference.recommended import Row
from tautnet.inference.study import Study, chosen_name, chosen_results
from tautnet.objective.choices import LINEAR
from tautnet.objective.registry import BASELINE
from tautnet.objective.strengths import nearest
from tautnet.peers.boosting import Boosting
from tautnet.tables.arrays import Floats
from tautnet.tables.target import Target
from tautnet.validation.chains import Outer

CHOSEN = "chosen"
BOOSTING = "boosting"
# What is not said of a one-SE choice: its rows are in the table only as a choice of strength.
ONLY_OF_THE_RULE = ("seconds", "figures")


class Table(NamedTuple):
    """The rows of a comparison.

    Attributes
    ----------
    rows : list of dict
        One a penalty.
    linear, chosen : dict
        Rows of the linear map and of the penalty chosen inside the outer folds.
    boosting : dict or None
        Row of boosted trees on the same folds.
    null : dict
        ``test_loss``, ``skill`` (0) and ``figures`` of the constant prediction.
    outer : dict
        Name -> Outer, under the study's rule.
    observations : Observations
        What counts as one observation in its intervals.
    """

    rows: list[Row]
    linear: Row
    chosen: Row
    boosting: Row | None
    null: Row
    outer: dict[str, Outer]
    observations: Observations


class _Rivals(NamedTuple):
    """What rows are compared with, and how."""

    study: Study
    target: Target
    null_losses: Floats
    null_loss: float
    observations: Observations


def tabulate(
    study: Study, target: Target, *, boosting: Boosting | None = None, in_order: bool = False
) -> Table:
    """Rows for every penalty, the linear map, boosting and the choice among penalties.

    Parameters
    ----------
    study : Study
    target : Target
    boosting : Boosting, optional
    in_order : bool
        Whether rows are in the order of time, so that a block of neighbours is one observation.
    """
    losses = null_losses(study)
    null_loss = float(np.average(losses, weights=study.sample.weight))
    outputs = null_outputs(study)
    chosen = chosen_results(study, study.selection)
    observations = _observations(study, [outputs, chosen.outputs], in_order)
    rivals = _Rivals(study, target, losses, null_loss, observations)
    rules = {rule: _rule_rows(rivals, boosting, rule) for rule in {study.selection, "1se"}}
    rows, outer = rules[study.selection]
    of_one_se, _ = rules["1se"]
    for name, row in rows.items():
        own = of_one_se[name].items()
        row["one_se"] = {key: one for key, one in own if key not in ONLY_OF_THE_RULE}
    figures = figures_of(target, study.loss, outputs, study.sample.weight, study.folds[0])
    if figures.get("auc") is not None:
        # Constants of several folds, pooled, seem to rank rows; one constant does not.
        figures["auc"] = 0.5
    null = {"test_loss": null_loss, "skill": 0.0, "figures": figures}
    penalties = [rows[name] for name in study.penalties]
    return Table(
        penalties, rows[LINEAR], rows[CHOSEN], rows.get(BOOSTING), null, outer, observations
    )


def _observations(study: Study, outputs: list[Floats], in_order: bool) -> Observations:
    """Groups and copies where there are any, else blocks of ordered rows, else each row."""
    if study.groups is not None or not in_order:
        return Observations(study.groups)
    residuals = [column for one in outputs for column in residuals_of(study, one).T]
    return Observations(blocks_of(residuals, study.sample.weight), in_order=True)


def residuals_of(study: Study, outputs: Floats) -> Floats:
    """What predictions miss, one column an output: of survival times, the risk itself."""
    y = study.sample.y
    mean = study.loss.mean(outputs)
    # Two classes have two probabilities and one column of the target, the second class's.
    return y - mean[:, -y.shape[1] :]


def _rule_rows(
    rivals: _Rivals, boosting: Boosting | None, rule: str
) -> tuple[dict[str, Row], dict[str, Outer]]:
    """Rows of every candidate and of "chosen" under one rule, with their comparisons."""
    study = rivals.study
    outer = {name: one.outer(rule) for name, one in study.fits.items()}
    outer[CHOSEN] = chosen_results(study, rule)
    stands_for = {name: name for name in study.fits} | {CHOSEN: chosen_name(study, rule)}
    rows = {
        name: _of_the_refit(study, stands_for[name], rule) | _scored(rivals, outer[name])
        for name in outer
    }
    if boosting is not None:
        outer[BOOSTING] = boosting.outer
        rows[BOOSTING] = _of_boosting(boosting, study) | _scored(rivals, boosting.outer)
    penalties = study.penalties
    _compare_with_row(rivals, rows, outer, "vs_none", BASELINE, penalties)
    _compare_with_constant(rivals, rows, outer, [*penalties, LINEAR])
    _compare_with_row(rivals, rows, outer, "vs_linear", LINEAR, penalties)
    _compare_with_row(rivals, rows, outer, "vs_boosting", BOOSTING, [*penalties, LINEAR])
    return rows, outer


def _compare_with_row(
    rivals: _Rivals,
    rows: dict[str, Row],
    outer: dict[str, Outer],
    key: str,
    other: str,
    family: Collection[str],
) -> None:
    """Compare all rows with one of them; there is nothing to compare where it was not fitted."""
    compared = {}
    study = rivals.study
    if other in outer:
        compared = _compare(rivals, outer[other].losses, outer, family, set(rows) - {other})
    for name, row in rows.items():
        row[key] = compared.get(name)
        if row[key] is not None and len(study.folds) > 1:
            row[key] |= _resampled(study, outer[other], outer[name])


def _compare_with_constant(
    rivals: _Rivals, rows: dict[str, Row], outer: dict[str, Outer], family: Collection[str]
) -> None:
    compared = _compare(rivals, rivals.null_losses, outer, family, set(rows))
    for name, row in rows.items():
        row["vs_null"] = compared[name]


def _compare(
    rivals: _Rivals,
    against: Floats,
    outer: dict[str, Outer],
    family: Collection[str],
    names: Iterable[str],
) -> dict[str, Row]:
    """Differences of rows against the same losses.

    The p-values of a family are corrected together.
    """
    weight = rivals.study.sample.weight
    differences = {
        name: paired_difference(against, outer[name].losses, weight, rivals.observations)
        for name in sorted(names)
    }
    members = [name for name in family if name in differences]
    corrected = dict(zip(members, holm([differences[name].p for name in members]), strict=True))
    return {
        name: as_dict(difference) | {"p_holm": corrected.get(name, difference.p)}
        for name, difference in differences.items()
    }


def as_dict(difference: Difference) -> Row:
    """A difference as a row carries it: ``diff``, ``ci_low``, ``ci_high`` and ``without``."""
    without = difference.without
    return {
        "diff": difference.diff,
        "ci_low": difference.ci_low,
        "ci_high": difference.ci_high,
        "without": None if without is None else without._asdict(),
    }


def _resampled(study: Study, against: Outer, own: Outer) -> Row:
    """The interval of the corrected resampled t test over repeats."""
    n_folds = study.folds[0].max() + 1
    low, high = corrected_resampled_t(against.fold_losses - own.fold_losses, 1 / (n_folds - 1))
    return {"t_ci_low": low, "t_ci_high": high}


def _scored(rivals: _Rivals, outer: Outer) -> Row:
    """How good the outer folds find a model.

    The interval of the share explained, ``1 - L / N``, is that of a ratio: the standard error of
    the mean of ``(lᵢ - nᵢ L / N) / N``, with n the constant's losses (Cochran 1977, Sampling
    techniques, chapter 6).
    """
    study = rivals.study
    weight = study.sample.weight
    test = float(np.average(outer.losses, weights=weight))
    ratio = test / rivals.null_loss
    beyond = (outer.losses - ratio * rivals.null_losses) / rivals.null_loss
    margin = paired_difference(beyond, np.zeros(len(beyond)), weight, rivals.observations)
    return {
        "test_loss": test,
        "test_loss_se": standard_error(outer.losses, weight, rivals.observations),
        "train_loss": outer.train_loss,
        "gap": test - outer.train_loss,
        "skill": 1 - ratio,
        "skill_low": 1 - ratio + margin.ci_low,
        "skill_high": 1 - ratio + margin.ci_high,
        "test_score": outer.score,
        "score_name": study.loss.score_name,
        "figures": figures_of(rivals.target, study.loss, outer.outputs, weight, study.folds[0]),
    }


def _of_the_refit(study: Study, name: str, rule: str) -> Row:
    """What the refit on all rows looks like."""
    choice = study.chosen[name][rule]
    path = study.fits[name].path_of(choice)
    i = nearest(path.alphas, choice.alpha)
    return {
        "penalty": name,
        "alpha": float(path.alphas[i]),
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


def _of_boosting(boosting: Boosting, study: Study) -> Row:
    """A row's keys of boosted trees, which have no weights and no strength."""
    absent = (
        "alpha weight_norm weight_max_abs zero_weights n_weights predictors_kept stationarity"
        " objective_gap"
    )
    return dict.fromkeys(absent.split()) | {
        "penalty": BOOSTING,
        "predictors_total": study.sample.n_predictors,
        "rounds": boosting.rounds.tolist(),
        "seconds": boosting.seconds,
    }
