"""What a penalty prunes of the same data with noise predictors added, and what it should not."""

import numpy as np

from tautnet.replication.protocol import N_PREDICTORS
from tautnet.replication.summary import chosen_values, interval

N_NOISE = 10
SELECTIONS = ("min", "1se")


def pruning_rows(trials, n_train):
    """What each penalty keeps at each rule's choice.

    Parameters
    ----------
    trials : dict
        Name of a penalty -> list of Trial of the engine on ten real predictors and, behind them,
        noise.
    n_train : int

    Returns
    -------
    list of dict
        One a penalty and rule.
    """
    return [_row(name, own, rule, n_train) for name, own in trials.items() for rule in SELECTIONS]


def _row(name, trials, selection, n_train):
    kept = chosen_values(trials, "norms", selection) > 0
    weights = chosen_values(trials, "weights", selection)
    removed = (~kept[:, N_PREDICTORS:]).sum(axis=1)
    lost = (~kept[:, :N_PREDICTORS]).sum(axis=1)
    strengths = [trial.strengths[trial.chosen(selection)] for trial in trials]
    return {
        "penalty": name,
        "selection": selection,
        "n_train": n_train,
        "noise_removed": interval(removed),
        "real_lost": interval(lost),
        "sets_that_lost_one": float((lost > 0).mean()),
        "test_accuracy": float(chosen_values(trials, "test", selection).mean()),
        "zero_weights": float((weights == 0).sum(axis=1).mean()),
        "n_weights": weights.shape[1],
        "strength": float(np.median(strengths)),
        "kept": kept.mean(axis=0).tolist(),
        "in_hindsight": float(np.mean([_best_on_path(trial) for trial in trials])),
    }


def _best_on_path(trial):
    """Most noise predictors that any strength removes while it loses at most one real one."""
    out = trial.norms == 0
    affordable = out[:, :N_PREDICTORS].sum(axis=1) <= 1
    return int(out[affordable, N_PREDICTORS:].sum(axis=1).max())
