"""Penalties side by side: all that is fitted for a comparison."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tautnet.objective.registry import SHRINKING
from tautnet.objective.strengths import nearest
from tautnet.solving.path import Path
from tautnet.validation.folds import NEVER_SEEN, fold_weights
from tautnet.validation.jobs import stages
from tautnet.validation.nested import Candidate, cross_validate, outer_results
from tautnet.validation.relaxed import relax


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


def candidates_for(penalties, settings_for):
    """The candidates of a comparison: the penalties, and the linear map under l2.

    Parameters
    ----------
    penalties : iterable of str
    settings_for : callable
        ``settings_for(penalty, linear)`` gives the settings.
    """
    networks = [Candidate(name, settings_for(name, False)) for name in penalties]
    return [*networks, Candidate("linear", settings_for(SHRINKING, True))]


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
