"""Loss against strength, or against steps, as dicts of arrays, scikit-learn's way."""

from collections.abc import Sequence

import numpy as np

from tautnet.objective.strengths import nearest
from tautnet.solving.path import Path
from tautnet.tables.arrays import Floats
from tautnet.validation.chains import Chains
from tautnet.validation.curve import Curve
from tautnet.validation.folds import fold_weights


def training_curve(chains: Chains) -> dict[str, Floats]:
    """The training without a penalty.

    Returns
    -------
    dict of arrays (n_steps,)
        ``step``, ``mean_test_loss``, ``mean_train_loss``, and the test loss of each fold.
    """
    test = np.array([chain.losses[k] for chain, k in chains.singles])
    train = [chain.path.train_loss for chain, _ in chains.singles]
    weights = np.concatenate([fold_weights(chains.sample, fold) for fold in chains.folds])
    return {
        "step": chains.path.steps,
        "mean_test_loss": np.average(test, axis=0, weights=weights),
        "mean_train_loss": np.mean(train, axis=0),
    } | {f"split{i}_test_loss": losses for i, losses in enumerate(test)}


def penalty_curves(chains: Chains, curve: Curve, path: Path) -> dict[str, Floats]:
    """Cross-validation along the path.

    Returns
    -------
    dict of arrays (n_alphas,)
    """
    singles = [chain.path for chain, _ in chains.singles]
    kept = [path.n_features[nearest(path.alphas, alpha)] for alpha in curve.alphas]
    return {
        "alpha": curve.alphas,
        "mean_test_loss": curve.mean,
        "se_test_loss": curve.standard_error,
        "mean_train_loss": mean_train_loss(singles, curve.alphas),
        "n_features": np.array(kept),
    } | {f"split{k}_test_loss": losses for k, losses in enumerate(curve.fold_losses.T)}


def mean_train_loss(paths: Sequence[Path], alphas: Floats) -> Floats:
    """Mean over chains of the loss on the rows that they saw, at each strength."""
    losses = [[path.train_loss[nearest(path.alphas, alpha)] for alpha in alphas] for path in paths]
    return np.mean(losses, axis=0)
