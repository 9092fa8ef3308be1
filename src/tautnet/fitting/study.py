"""Penalties side by side: from numbers of nested cross-validation to the rows of a table."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tautnet.fitting.crossval import NEVER_SEEN, fold_weights
from tautnet.fitting.intervals import corrected_resampled_t, holm, paired_difference, standard_error
from tautnet.fitting.nested import Candidate, cross_validate, outer_results, stages
from tautnet.fitting.path import nearest
from tautnet.fitting.recorder import Path
from tautnet.fitting.relaxed import relax


class Refit(NamedTuple):
    """What a rule chooses of a candidate: the chains, the strength, and the path on all rows
    that
    it is a place on.
    """

    nested: object
    alpha: float
    mean: float
    path: Path

    @property
    def at(self):
        """Index of the strength on the path."""
        return nearest(self.path.alphas, self.alpha)


@dataclass(frozen=True)
class Study:
    """All that was fitted for a comparison.

    Attributes
    ----------
    sample : Sample
    nested : dict
        Name -> Nested, or Relaxed, one for each row and "linear".
    refits : dict
        Name -> rule -> Refit, for the study's rule and "1se".
    relaxed : dict
        Name -> Relaxed, those of ``nested``.
    selection : {"min", "1se"}
    groups : array or None
        Rows that belong together.
    """

    sample: object
    nested: dict
    refits: dict
    relaxed: dict
    selection: str
    groups: object

    @property
    def penalties(self):
        """Names of the penalties compared, and of refits."""
        return [name for name in self.nested if name != "linear"]

    @property
    def loss(self):
        """The loss that all candidates minimise."""
        return next(iter(self.nested.values())).candidate.settings.loss

    @property
    def network(self):
        """The network that the penalties are compared on."""
        return self.nested[self.penalties[0]].candidate.settings.network

    @property
    def folds(self):
        """The fold of each row, one array a repeat."""
        return next(iter(self.nested.values())).folds


def run_study(
    sample,
    candidates,
    folds,
    *,
    selection,
    relaxed=None,
    groups=None,
    n_jobs=None,
    on_progress=None,
):
    """Fit everything that a comparison needs.

    Parameters
    ----------
    sample : Sample
    candidates : list of Candidate
        Penalties, and the linear map under the name "linear".
    folds : list of int arrays
    selection : {"min", "1se"}
    relaxed : dict, optional
        Name of a further row -> candidate whose predictors are refitted for it.
    groups : array, optional
    n_jobs, on_progress
        As in `run_units`.

    Returns
    -------
    Study
    """
    relaxed = relaxed or {}
    parts = stages(1 + len(relaxed), on_progress)
    all_nested = cross_validate(
        sample, candidates, folds, nested=True, n_jobs=n_jobs, on_progress=next(parts)
    )
    nested = {one.candidate.name: one for one in all_nested}
    refitted = {
        name: relax(nested[of], is_nested=True, n_jobs=n_jobs, on_progress=part)
        for (name, of), part in zip(relaxed.items(), parts, strict=True)
    }
    nested |= refitted
    refits = {
        name: {rule: _refit(one, rule) for rule in {selection, "1se"}}
        for name, one in nested.items()
    }
    return Study(sample, nested, refits, refitted, selection, groups)


def _refit(one, rule):
    choice = one.choose(rule)
    return Refit(choice.nested, choice.alpha, choice.mean, one.path_of(choice))


def null_losses(study):
    """Loss of each row under the constant prediction of its training rows, averaged over
    repeats.
    """
    losses = []
    for fold in study.folds:
        row_losses = np.zeros(len(fold))
        for k in range(fold.max() + 1):
            row_losses[fold == k] = constant_losses(study.sample, study.loss, fold, k)
        losses.append(row_losses)
    return np.mean(losses, axis=0)


def constant_losses(sample, loss, fold, k):
    """Loss of each row of a fold under the constant prediction of the rows that its chain sees."""
    rows, seen = fold == k, (fold != k) & (fold != NEVER_SEEN)
    outputs = np.broadcast_to(loss.constant(sample.y[seen], sample.weight[seen]), sample.y.shape)
    fitted = sample.y[seen], outputs[seen], sample.weight[seen]
    return loss.new_metric(sample.y[rows], outputs[rows], sample.weight[rows], fitted)


def null_loss(nested):
    """Cross-validated loss of the constant prediction, on the scale of the curve of a candidate."""
    sample, loss, losses = nested.sample, nested.candidate.settings.loss, []
    for fold in nested.folds:
        for k in range(fold.max() + 1):
            losses.append(
                np.average(constant_losses(sample, loss, fold, k), weights=sample.weight[fold == k])
            )
    return float(
        np.average(
            losses, weights=np.concatenate([fold_weights(sample, fold) for fold in nested.folds])
        )
    )


def chosen_results(study, selection):
    """Outer-fold results of choosing the penalty, too, inside each outer fold."""

    def choose(key):
        return min(
            (study.nested[name].choose(selection, key) for name in study.penalties),
            key=lambda one: one.mean,
        )

    return outer_results(study.sample, study.folds, choose)


def chosen_name(study, selection):
    """The penalty that the same rule picks on all rows."""
    return min(study.penalties, key=lambda name: study.refits[name][selection].mean)


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
        ("vs_none", "none", study.penalties),
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


def best_row(rows):
    """The row with the least test loss."""
    return min(rows, key=lambda row: row["test_loss"])


def recommended_name(table, weight, groups):
    """Of the penalties within one standard error of the best, paired, the one that needs least.

    Fewest predictors, then fewest weights, then the lower loss.
    """
    best = best_row(table.rows)
    own = table.outer[best["penalty"]].losses

    def excess(row):
        return paired_difference(table.outer[row["penalty"]].losses, own, weight, groups)

    near = [row for row in table.rows if (d := excess(row)).diff <= d.se]
    return min(
        near,
        key=lambda r: (r["predictors_kept"], r["n_weights"] - r["zero_weights"], r["test_loss"]),
    )["penalty"]


def over_fitted(table, weight, groups):
    """Whether ``none`` is over-fitted: true, false, or None where the data cannot tell.

    True when it has a lower loss on rows it saw than on new ones and some penalty beats it by an
    interval above zero after Holm; false when none does and it is within one standard error of
    the best. With nothing to compare it with, the data cannot tell.
    """
    none = next((row for row in table.rows if row["penalty"] == "none"), None)
    if none is None or len(table.rows) == 1:
        return None
    beaten = any(is_better(row["vs_none"]) for row in table.rows)
    if beaten:
        return True if none["gap"] > 0 else None
    best = table.outer[best_row(table.rows)["penalty"]].losses
    excess = paired_difference(table.outer["none"].losses, best, weight, groups)
    return False if excess.diff <= excess.se else None


def is_better(versus):
    """Whether a comparison's interval lies above zero, also after Holm."""
    return versus is not None and versus["ci_low"] > 0 and versus["p_holm"] < 0.05


def candidates_for(penalties, settings_for):
    """The candidates of a comparison: the penalties, and the linear map under l2.

    Parameters
    ----------
    penalties : iterable of str
    settings_for : callable
        ``settings_for(penalty, linear)`` gives the settings.
    """
    networks = [Candidate(name, settings_for(name, False)) for name in penalties]
    return [*networks, Candidate("linear", settings_for("l2", True))]


def single_chains(nested):
    """The chains that leave one fold out, each with that fold, over all repeats."""
    return [(nested.single(repeat, k), k) for repeat, k in nested.outer_folds]


def training_curve(nested):
    """The training without a penalty: arrays ``step``, ``mean_test_loss``, ``mean_train_loss``,
    and
    each fold's.
    """
    chains = single_chains(nested)
    test = np.array([chain.losses[k] for chain, k in chains])
    weights = np.concatenate([fold_weights(nested.sample, fold) for fold in nested.folds])
    return {
        "step": nested.whole.steps,
        "mean_test_loss": np.average(test, axis=0, weights=weights),
        "mean_train_loss": np.mean([chain.path.train_loss for chain, _ in chains], axis=0),
    } | {f"split{i}_test_loss": losses for i, losses in enumerate(test)}


def penalty_curves(nested, curve, path):
    """Cross-validation along the path as a dict of arrays, scikit-learn's way."""
    singles = [chain.path for chain, _ in single_chains(nested)]
    return {
        "alpha": curve.alphas,
        "mean_test_loss": curve.mean,
        "se_test_loss": curve.standard_error,
        "mean_train_loss": mean_train_loss(singles, curve.alphas),
        "n_features": np.array(
            [path.n_features[nearest(path.alphas, alpha)] for alpha in curve.alphas]
        ),
    } | {f"split{k}_test_loss": curve.fold_losses[:, k] for k in range(curve.fold_losses.shape[1])}


def mean_train_loss(paths, alphas):
    """Mean over chains of the loss on the rows that they saw, at each strength."""
    return np.mean(
        [[path.train_loss[nearest(path.alphas, alpha)] for alpha in alphas] for path in paths],
        axis=0,
    )
