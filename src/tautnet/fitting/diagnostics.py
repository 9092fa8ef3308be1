"""How good predicted probabilities and classes are, from predictions of models that never saw their rows."""

import numpy as np

# Rows that a bin of a calibration needs, and the most bins that are of use.
LEAST_ROWS, MOST_BINS, Z = 15, 10, 1.959964


def confusion(observed, predicted, n_classes):
    """Numbers of rows by observed class (rows) and predicted class (columns).

    Parameters
    ----------
    observed, predicted : int arrays (n_rows,)
    n_classes : int

    Returns
    -------
    int array (n_classes, n_classes)

    Examples
    --------
    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(observed * n_classes + predicted, minlength=n_classes**2).reshape(n_classes, n_classes)


def calibration(probability, happened, weight):
    """Predicted probabilities beside observed shares, in bins of equally many rows.

    Parameters
    ----------
    probability, weight : arrays (n_rows,)
    happened : bool array (n_rows,)

    Returns
    -------
    list of dict
        For each bin ``predicted`` and ``observed`` (weighted means), ``ci_low`` and ``ci_high`` of what was
        observed (Wilson 1927, with the effective number of rows of Kish 1965), and ``rows``.

    Examples
    --------
    >>> one, two = calibration(np.repeat([0.1, 0.9], 20), np.repeat([False, True], 20), np.ones(40))
    >>> round(one["predicted"], 3), one["observed"], round(one["ci_high"], 3), two["rows"]
    (0.1, 0.0, 0.161, 20)
    """
    counted = weight > 0
    probability, happened, weight = probability[counted], happened[counted], weight[counted]
    n_bins = int(np.clip(len(weight) // LEAST_ROWS, 1, MOST_BINS))
    bins = []
    for part in np.array_split(np.argsort(probability, kind="stable"), n_bins):
        own = weight[part]
        observed = float(np.average(happened[part], weights=own))
        low, high = wilson(observed, own.sum() ** 2 / np.square(own).sum())
        bins.append(
            {"predicted": float(np.average(probability[part], weights=own)), "observed": observed,
             "ci_low": low, "ci_high": high, "rows": len(part)}
        )  # fmt: skip
    return bins


def wilson(share, n):
    """95 % interval of a share of ``n`` rows (Wilson 1927)."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))
