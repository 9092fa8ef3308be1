"""The adaptive penalty: a second path whose strengths, predictor by predictor, come from a first.

Zou (2006), The adaptive lasso and its oracle properties; Wang and Leng (2008), A note on adaptive
group lasso.
"""

from dataclasses import dataclass, replace

import numpy as np

from tautnet.engine.loop import Ticker
from tautnet.solving.path import Path
from tautnet.solving.settings import Request, Settings
from tautnet.tables.arrays import Floats
from tautnet.tables.sample import Sample
from tautnet.training.trainings import run_chain

# Least share of the largest norm that is added to every norm: no factor is more than 51 times the
# least.
FLOOR = 0.02
# Noise over signal from where all factors are as good as 1.
MOST = 100.0


def adaptive_factors(sizes: Floats, noise: float = 0.0) -> Floats:
    """Factors that spare predictors of large weights and press those of small ones.

    ``wⱼ = max s / (sⱼ + f max s)`` over its median among the predictors whose size is not zero,
    so that the strength means for them about what it meant before. Sizes are norms, and a
    predictor whose effect goes down and up again, which the penalty takes out before noise, has
    its second chance where its bend is still in the residuals. All 1 where every size is zero.

    The sizes of a first path that explains little are much of them luck, and factors that trust
    them choose by luck again. So f is 0.02 or, if larger, the cube of noise over signal: where
    half of the loss is explained no factor is more than twice another, where three quarters are,
    no more than 28 times.

    Parameters
    ----------
    sizes : array (n_predictors,)
        Those of the first path at a strength, see `Path.sizes`.
    noise : float
        Of the loss of the first path what it leaves over what it saves, see `Curve.noise`.

    Returns
    -------
    array (n_predictors,)

    Examples
    --------
    >>> adaptive_factors(np.array([0.98, 0.48, 0.18, 0.0])).round(2).tolist()
    [0.5, 1.0, 2.5, 25.49]
    >>> adaptive_factors(np.array([0.98, 0.48, 0.18, 0.0]), noise=1.0).round(2).tolist()
    [0.74, 1.0, 1.26, 1.49]
    """
    largest = sizes.max(initial=0.0)
    if largest == 0:
        return np.ones(len(sizes))
    factors = largest / (sizes + floor_of(noise) * largest)
    return factors / np.median(factors[sizes > 0])


def floor_of(noise: float) -> float:
    """What is added to every norm, as a share of the largest, at noise of so many times the signal.

    Examples
    --------
    >>> floor_of(0.1), floor_of(1.0), floor_of(np.inf)
    (0.02, 1.0, 1000000.0)
    """
    return float(max(FLOOR, min(noise, MOST) ** 3))


def adapted(settings: Settings, factors: Floats) -> Settings:
    """Settings of the second path: adaptive factors times those that were given."""
    given = 1.0 if settings.penalty_factors is None else np.array(settings.penalty_factors)
    product = tuple(float(factor) for factor in given * factors)
    return replace(settings, adaptive=False, penalty_factors=product)


@dataclass(frozen=True)
class PointJob:
    """The path of a plain estimator up to one strength.

    Attributes
    ----------
    settings : Settings
        If adaptive, the factors are those of the fit's own weights at that strength.
    alpha : float
    """

    settings: Settings
    alpha: float

    def run(self, table: Sample, ticker: Ticker) -> Path:
        """Walk all rows."""
        first = self._path(table, replace(self.settings, adaptive=False), ticker)
        if not self.settings.adaptive:
            return first
        factors = adaptive_factors(first.sizes[-1])
        return self._path(table, adapted(self.settings, factors), ticker)

    def _path(self, table: Sample, settings: Settings, ticker: Ticker) -> Path:
        rows = np.arange(len(table.y))
        request = Request(until=self.alpha, certify="kept")
        return run_chain(table, rows, rows[:0], settings, request, ticker)
