"""From trials to figures: what each penalty gains, with intervals over fresh training sets."""

from functools import reduce

import numpy as np
from scipy.stats import t

HISTOGRAM_BINS = 41
ONE_POINT = 0.01


def interval(values):
    """Mean over training sets with its 95 % interval, by Student's t.

    Parameters
    ----------
    values : array (n_replicates,)
        At least two, independent of each other.

    Returns
    -------
    dict
        ``diff``, ``se``, ``ci_low``, ``ci_high``.

    Examples
    --------
    >>> {name: round(value, 3) for name, value in interval([0.01, 0.03, 0.02]).items()}
    {'diff': 0.02, 'se': 0.006, 'ci_low': -0.005, 'ci_high': 0.045}
    """
    values = np.asarray(values, float)
    mean = float(values.mean())
    se = float(values.std(ddof=1) / np.sqrt(len(values)))
    half = float(t.ppf(0.975, len(values) - 1)) * se
    return {"diff": mean, "se": se, "ci_low": mean - half, "ci_high": mean + half}


def chosen_values(trials, name, selection="min"):
    """An array of trials, at the strength that each trial chooses: array (n_replicates, ...)."""
    return np.array([getattr(trial, name)[trial.chosen(selection)] for trial in trials])


def at_shared(trials, name):
    """Strengths that every trial has, and an array of the trials at these.

    Returns
    -------
    strengths, values : arrays (n_shared,) and (n_replicates, n_shared)
    """
    keys = [np.round(np.log10(trial.strengths), 6) for trial in trials]
    shared = reduce(np.intersect1d, keys)
    columns = [np.searchsorted(key, shared) for key in keys]
    values = [getattr(trial, name)[at] for trial, at in zip(trials, columns, strict=True)]
    return trials[0].strengths[columns[0]], np.array(values)


def summarise(trials):
    """Rows of one learner.

    Parameters
    ----------
    trials : dict
        Name of a penalty -> list of Trial, one a replicate; "none" among them.

    Returns
    -------
    dict
        Name -> row: accuracies, what is gained over none, size of the weights, the strengths
        chosen, and where they were chosen by cross-validation how that compares with the best fixed
        strength in hindsight.
    """
    return {name: _row(name, own, trials["none"]) for name, own in trials.items()}


def _row(name, trials, none):
    test = chosen_values(trials, "test")
    train = chosen_values(trials, "train")
    weights = chosen_values(trials, "weights")
    none_test = chosen_values(none, "test")
    none_train = chosen_values(none, "train")
    strengths = np.array([trial.strengths[trial.chosen()] for trial in trials])
    return {
        "penalty": name,
        "train_accuracy": float(train.mean()),
        "test_accuracy": float(test.mean()),
        "gap": float((train - test).mean()),
        "gain": None if name == "none" else interval(test - none_test),
        "gap_fall": None if name == "none" else interval(none_train - none_test - (train - test)),
        # A median, since the weights of the published sign have no sensible mean.
        "weight_squares": float(np.median(np.square(weights).sum(axis=1))),
        "zero_weights": float((weights == 0).sum(axis=1).mean()),
        "n_weights": weights.shape[1],
        "strength": float(np.median(strengths)),
        "strength_low": float(strengths.min()),
        "strength_high": float(strengths.max()),
        "best_fixed": None if trials[0].curve is None else _against_best_fixed(trials, test),
    }


def _against_best_fixed(trials, test):
    """The choice against the one strength for all training sets that did best on the test items."""
    strengths, accuracies = at_shared(trials, "test")
    best = int(accuracies.mean(axis=0).argmax())
    versus = interval(test - accuracies[:, best])
    allowed = max(ONE_POINT, 2 * versus["se"])
    return {
        "strength": float(strengths[best]),
        "test_accuracy": float(accuracies[:, best].mean()),
        "chosen_minus_best": versus,
        "allowed": allowed,
        "within": bool(versus["diff"] >= -allowed),
    }


def curves(trials):
    """Accuracies and squared weights against strength, where all trials have it.

    Accuracies are means over training sets, squared weights are medians.

    Returns
    -------
    dict of lists
        ``strengths``, ``train``, ``test``, ``weight_squares``.
    """
    strengths, train = at_shared(trials, "train")
    return {
        "strengths": strengths.tolist(),
        "train": train.mean(axis=0).tolist(),
        "test": at_shared(trials, "test")[1].mean(axis=0).tolist(),
        "weight_squares": np.median(at_shared(trials, "squares")[1], axis=0).tolist(),
    }


def histograms(trials):
    """Weights of all training sets at their chosen strengths, exact zeros apart.

    Parameters
    ----------
    trials : dict
        Name -> list of Trial; "none" among them, and it sets the width.

    Returns
    -------
    dict
        ``limit``, and name -> ``counts`` (41 bins from -limit to limit, the outermost hold all
        beyond), ``zeros``, ``n_weights``, ``largest``.
    """
    # All but the largest fiftieth of the weights learned without a penalty is drawn to scale.
    limit = float(np.quantile(np.abs(chosen_values(trials["none"], "weights")), 0.98))
    edges = np.linspace(-limit, limit, HISTOGRAM_BINS + 1)
    drawn = {}
    for name, own in trials.items():
        weights = chosen_values(own, "weights").ravel()
        counts = np.histogram(np.clip(weights[weights != 0], -limit, limit), edges)[0]
        drawn[name] = {
            "counts": counts.tolist(),
            "zeros": int((weights == 0).sum()),
            "n_weights": weights.size,
            "largest": float(np.abs(weights).max()),
        }
    return {"limit": limit, "penalties": drawn}
