"""The constant prediction: its loss on rows that had no say in the constant."""

import numpy as np

from tautnet.inference.study import Study
from tautnet.objective.losses import Loss
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.sample import Sample
from tautnet.validation.chains import Fits
from tautnet.validation.folds import NEVER_SEEN, fold_weights


def null_losses(study: Study) -> Floats:
    """Loss of each row under the constant prediction of its training rows, mean of repeats."""
    losses = []
    for fold in study.folds:
        row_losses = np.zeros(len(fold))
        for k in range(fold.max() + 1):
            row_losses[fold == k] = constant_losses(study.sample, study.loss, fold, k)
        losses.append(row_losses)
    return np.mean(losses, axis=0)


def null_outputs(study: Study) -> Floats:
    """Outputs of each row under the constant prediction of its training rows, mean of repeats."""
    sample = study.sample
    outputs = []
    for fold in study.folds:
        own = np.zeros(sample.y.shape)
        for k in range(fold.max() + 1):
            seen = (fold != k) & (fold != NEVER_SEEN)
            own[fold == k] = study.loss.constant(sample.y[seen], sample.weight[seen])
        outputs.append(own)
    return np.mean(outputs, axis=0)


def constant_losses(sample: Sample, loss: Loss, fold: Integers, k: int) -> Floats:
    """Loss of each row of a fold under the constant prediction of the rows that its chain sees."""
    rows = fold == k
    seen = (fold != k) & (fold != NEVER_SEEN)
    constant = loss.constant(sample.y[seen], sample.weight[seen])
    outputs = np.broadcast_to(constant, sample.y.shape)
    fitted = sample.y[seen], outputs[seen], sample.weight[seen]
    return loss.new_metric(sample.y[rows], outputs[rows], sample.weight[rows], fitted)


def null_loss(fits: Fits) -> float:
    """Cross-validated loss of the constant prediction, on the scale of the curve of a candidate."""
    sample = fits.sample
    loss = fits.candidate.settings.loss
    losses = []
    for fold in fits.folds:
        for k in range(fold.max() + 1):
            own = constant_losses(sample, loss, fold, k)
            losses.append(np.average(own, weights=sample.weight[fold == k]))
    weights = np.concatenate([fold_weights(sample, fold) for fold in fits.folds])
    return float(np.average(losses, weights=weights))
