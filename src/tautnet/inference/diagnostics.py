"""How good predicted probabilities, classes and risks are, on rows that no model had seen."""

import numpy as np

from tautnet.tables.arrays import Booleans, Floats, Integers

# Rows that each bin of a calibration needs.
LEAST_ROWS = 15
# More bins than these show nothing new.
MOST_BINS = 10
# The 97.5 % quantile of the normal distribution.
Z = 1.959964
# Parts of equally many rows by predicted risk.
PARTS = ("lowest", "middle", "highest")
# Steps of a survival curve that an eye can tell apart.
MOST_STEPS = 300


def confusion(observed: Integers, predicted: Integers, n_classes: int) -> Integers:
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
    counts = np.bincount(observed * n_classes + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def calibration(probability: Floats, happened: Booleans, weight: Floats) -> list[dict[str, float]]:
    """Predicted probabilities beside observed shares, in bins of equally many rows.

    Parameters
    ----------
    probability, weight : arrays (n_rows,)
    happened : bool array (n_rows,)

    Returns
    -------
    list of dict
        For each bin ``predicted`` and ``observed`` (weighted means), ``ci_low`` and ``ci_high``
        of what was observed (`wilson`, for ``(Σw)² / Σw²`` rows: Kish 1965), and ``rows``.

    Examples
    --------
    >>> one, two = calibration(np.repeat([0.1, 0.9], 20), np.repeat([False, True], 20), np.ones(40))
    >>> round(one["predicted"], 3), one["observed"], round(one["ci_high"], 3), two["rows"]
    (0.1, 0.0, 0.161, 20)
    """
    counted = weight > 0
    probability = probability[counted]
    happened = happened[counted]
    weight = weight[counted]
    n_bins = int(np.clip(len(weight) // LEAST_ROWS, 1, MOST_BINS))
    bins = []
    for part in np.array_split(np.argsort(probability, kind="stable"), n_bins):
        own = weight[part]
        predicted = float(np.average(probability[part], weights=own))
        observed = float(np.average(happened[part], weights=own))
        low, high = wilson(observed, own.sum() ** 2 / np.square(own).sum())
        bins.append(
            dict(predicted=predicted, observed=observed, ci_low=low, ci_high=high, rows=len(part))
        )
    return bins


def wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a share p of n rows (Wilson 1927).

    ``(p + z²/2n ± z √(p (1 - p)/n + z²/4n²)) / (1 + z²/n)``
    """
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return float(max(centre - half, 0.0)), float(min(centre + half, 1.0))


def survival_by_risk(
    time: Floats, event: Booleans, risk: Floats, weight: Floats, fold: Integers
) -> list[dict[str, str | float | Floats | None]]:
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
    third = _thirds(risk, weight, fold)
    found: list[dict[str, str | float | Floats | None]] = []
    for k, name in enumerate(PARTS):
        own = third == k
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


def _thirds(risk: Floats, weight: Floats, fold: Integers) -> Integers:
    """The third of its fold's risks that each row is in: 0, 1 or 2; -1 for rows of weight 0."""
    third = np.full(len(risk), -1)
    for k in np.unique(fold):
        rows = np.flatnonzero((fold == k) & (weight > 0))
        order = rows[np.argsort(risk[rows], kind="stable")]
        third[order] = np.arange(len(rows)) * len(PARTS) // len(rows)
    return third


def kaplan_meier(time: Floats, event: Booleans, weight: Floats) -> tuple[Floats, Floats]:
    """Share of rows that outlives each time; rows without an event count while they were seen.

    ``S(t) = Π (1 - dᵢ/nᵢ)`` over the times of events up to t, with dᵢ the weight of the rows that
    have an event at time i, and nᵢ that of the rows that were seen until then (Kaplan and Meier
    1958, Nonparametric estimation from incomplete observations).

    Returns
    -------
    times, survival : arrays (n_times,)
        0, the distinct times of events, and the last time of all.

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
    survival = np.concatenate([[1.0], np.cumprod(1 - dying / at_risk)])
    times = np.concatenate([[0.0], moments, [time.max(initial=0.0)]])
    return times, np.append(survival, survival[-1])
