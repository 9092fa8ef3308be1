"""How good predicted probabilities, classes and risks are, from predictions of models that never
saw their rows.
"""

import numpy as np

# Rows that a bin of a calibration needs, and the most bins that are of use.
LEAST_ROWS, MOST_BINS, Z = 15, 10, 1.959964
# Parts of equally many rows by predicted risk, and the most steps of a survival curve that can
# be told apart.
PARTS, MOST_STEPS = ("lowest", "middle", "highest"), 300


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
    return np.bincount(observed * n_classes + predicted, minlength=n_classes**2).reshape(
        n_classes, n_classes
    )


def calibration(probability, happened, weight):
    """Predicted probabilities beside observed shares, in bins of equally many rows.

    Parameters
    ----------
    probability, weight : arrays (n_rows,)
    happened : bool array (n_rows,)

    Returns
    -------
    list of dict
        For each bin ``predicted`` and ``observed`` (weighted means), ``ci_low`` and ``ci_high``
        of what was observed (Wilson 1927, with the effective number of rows of Kish 1965), and
        ``rows``.

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
            {
                "predicted": float(np.average(probability[part], weights=own)),
                "observed": observed,
                "ci_low": low,
                "ci_high": high,
                "rows": len(part),
            }
        )
    return bins


def wilson(share, n):
    """95 % interval of a share of ``n`` rows (Wilson 1927)."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def survival_by_risk(time, event, risk, weight, fold):
    """Survival of the rows with the lowest, the middle and the highest predicted risk.

    Parameters
    ----------
    time, risk, weight : arrays (n_rows,)
    event : bool array (n_rows,)
    fold : int array (n_rows,)
        Risks of one model are compared with each other alone: the thirds are those of each fold.

    Returns
    -------
    list of dict
        For each third ``risk`` (its name), ``rows``, ``events``, ``median`` (the time that half
        of them outlive, None where more do), and the steps of `kaplan_meier`: ``times`` and
        ``survival``.
    """
    part = np.full(len(time), -1)
    for k in np.unique(fold):
        rows = np.flatnonzero((fold == k) & (weight > 0))
        part[rows[np.argsort(risk[rows], kind="stable")]] = (
            np.arange(len(rows)) * len(PARTS) // len(rows)
        )
    found = []
    for k, name in enumerate(PARTS):
        own = part == k
        times, survival = kaplan_meier(time[own], event[own], weight[own])
        below = np.flatnonzero(survival <= 0.5)
        kept = np.unique(np.linspace(0, len(times) - 1, min(len(times), MOST_STEPS)).astype(int))
        found.append(
            {
                "risk": name,
                "rows": int(own.sum()),
                "events": int(event[own].sum()),
                "median": float(times[below[0]]) if len(below) else None,
                "times": times[kept],
                "survival": survival[kept],
            }
        )
    return found


def kaplan_meier(time, event, weight):
    """Share of rows that outlives each time, rows without an event counted as long as they were
    seen.

    Returns
    -------
    times, survival : arrays (n_times,)
        0, the distinct times of events, and the last time of all.

    References
    ----------
    Kaplan and Meier (1958), Nonparametric estimation from incomplete observations.

    Examples
    --------
    >>> times, survival = kaplan_meier(np.array([1.0, 2.0, 3.0, 4.0]),
    ...     np.array([True, False, True, False]), np.ones(4))
    >>> times.tolist(), survival.tolist()
    ([0.0, 1.0, 3.0, 4.0], [1.0, 0.75, 0.375, 0.375])
    """
    moments, at = np.unique(time[event], return_inverse=True)
    dying = np.bincount(at, weight[event], len(moments))
    order = np.argsort(time, kind="stable")
    left = weight[order][::-1].cumsum()[::-1]
    at_risk = left[np.searchsorted(time[order], moments)]
    survival = np.cumprod(1 - dying / at_risk)
    times = np.concatenate([[0.0], moments, [time.max(initial=0.0)]])
    return times, np.concatenate([[1.0], survival, survival[-1:] if len(survival) else [1.0]])
