"""Whether the errors of neighbouring rows are alike, as those of rows in the order of time are."""

import numpy as np

from tautnet.tables.arrays import Booleans, Floats

# Fewer rows than this tell nothing.
LEAST_ROWS = 20


def neighbours(residuals: Floats, y: Floats, weight: Floats) -> float | None:
    """Correlation of the errors of neighbouring rows, beyond what the order of the target gives.

    A table that is sorted by its target has like errors side by side, since errors lean on the
    target. So what a straight line in the target tells of them is taken out first.

    Parameters
    ----------
    residuals, y : arrays (n_rows, n_outputs)
    weight : array (n_rows,)
        Rows of weight 0 are left out.

    Returns
    -------
    float or None
        The largest over outputs; None where there are too few rows to tell.

    Examples
    --------
    >>> wave = np.sin(np.arange(100) / 5)[:, np.newaxis]
    >>> round(neighbours(wave, np.tile([[0.0], [1.0]], (50, 1)), np.ones(100)), 1)
    1.0
    """
    kept: Booleans = weight > 0
    if kept.sum() < LEAST_ROWS:
        return None
    found = []
    for residual, target in zip(residuals[kept].T, y[kept].T, strict=True):
        centred = target - target.mean()
        spread = np.square(centred).sum()
        slope = (centred @ residual) / spread if spread > 0 else 0.0
        rest = residual - residual.mean() - slope * centred
        squares = np.square(rest).sum()
        if squares > 0:
            found.append(float((rest[1:] * rest[:-1]).sum() / squares))
    return max(found, default=None)
