"""P-values of draws, and a limit on the share of false discoveries among many of them."""

import numpy as np
from scipy.stats import false_discovery_control

from tautnet.tables.arrays import Booleans, Floats

# A predictor is given up when this many draws were as good as its values.
EXCEEDANCES = 10
# Draws at least; more where a single discovery among all predictors needs a smaller p-value.
DRAWS = 1000


def most_draws(n_predictors: int, fdr: float) -> int:
    """Draws at most for a predictor: enough that a single real one among all can be found.

    Examples
    --------
    >>> most_draws(10, 0.1), most_draws(100, 0.1)
    (1000, 4000)
    """
    return max(DRAWS, int(np.ceil(4 * n_predictors / fdr)))


def benjamini_hochberg(p_values: Floats, fdr: float) -> Booleans:
    """Which p-values are small enough, so that the expected share of false ones is at most a level.

    All predictors count, those that no network uses among them: their p-value is 1.

    References
    ----------
    Benjamini and Hochberg (1995), Controlling the false discovery rate.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.9]), 0.1).tolist()
    [True, True, True, False]
    """
    return false_discovery_control(p_values, method="bh") <= fdr * (1 + 1e-9)


class Sequential:
    """A Monte Carlo p-value that stops where it is clear enough.

    Draws are made until ``EXCEEDANCES`` of them were at least as good as what was observed: p is
    that number over the number of draws. Where the most draws come first, it is (exceedances + 1) /
    (draws + 1).

    Parameters
    ----------
    observed : array (n_statistics,)
        Losses: smaller is better, and draws that are equal up to rounding are as good.
    most : int
        Draws at most.

    References
    ----------
    Besag and Clifford (1991), Sequential Monte Carlo p-values, Biometrika 78(2).

    Examples
    --------
    >>> p = Sequential(np.array([0.5]), most=1000)
    >>> p.add(np.arange(100)[:, None] % 10)
    >>> p.over, p.values.tolist()
    (True, [0.10989010989010989])
    """

    def __init__(self, observed: Floats, most: int) -> None:
        self.limit = observed + 1e-9 * np.abs(observed)
        self.most = most
        self.draws = 0
        self.exceedances = np.zeros(len(observed), int)
        self.ends = np.full(len(observed), most)

    def add(self, losses: Floats) -> None:
        """Count some more draws, shape (n_draws, n_statistics)."""
        losses = losses[: self.most - self.draws]
        counts = self.exceedances + (losses <= self.limit).cumsum(axis=0)
        full = (counts >= EXCEEDANCES) & (self.exceedances < EXCEEDANCES)
        ended = full.any(axis=0)
        self.ends[ended] = self.draws + 1 + full.argmax(axis=0)[ended]
        self.draws += len(losses)
        self.exceedances = counts[-1]

    @property
    def over(self) -> bool:
        """Whether no further draw is needed."""
        return self.draws >= self.most or bool((self.exceedances >= EXCEEDANCES).all())

    @property
    def values(self) -> Floats:
        """The p-values, shape (n_statistics,)."""
        stopped = self.exceedances >= EXCEEDANCES
        return np.where(stopped, EXCEEDANCES / self.ends, (self.exceedances + 1) / (self.draws + 1))
