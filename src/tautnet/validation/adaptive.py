"""The adaptive penalty: a second path whose strengths, predictor by predictor, come from the first
one.
"""

from dataclasses import replace

import numpy as np

from tautnet.solving.trainings import run_chain

# Share of the largest norm that is added to every norm: no factor is more than 51 times the least
# one.
FLOOR = 0.02


def adaptive_factors(sizes):
    """Factors that spare predictors of large weights and press those of small ones (Zou 2006, Wang
    and Leng 2008).

    ``wⱼ = max s / (sⱼ + 0.02 max s)`` over its median among the predictors whose size is not zero,
    so that the strength means for them about what it meant before. Sizes are norms, and a predictor
    whose effect goes down and up again, which the penalty takes out before noise, has its second
    chance where its bend is still in the residuals. All 1 where every size is zero.

    Parameters
    ----------
    sizes : array (n_predictors,)
        Those of the first path at a strength, see `Path.sizes`.

    Returns
    -------
    array (n_predictors,)

    Examples
    --------
    >>> adaptive_factors(np.array([0.98, 0.48, 0.18, 0.0])).round(2).tolist()
    [0.5, 1.0, 2.5, 25.49]
    """
    largest = sizes.max(initial=0.0)
    if largest == 0:
        return np.ones(len(sizes))
    factors = largest / (sizes + FLOOR * largest)
    return factors / np.median(factors[sizes > 0])


def adapted(settings, factors):
    """Settings of the second path: adaptive factors times those that were given."""
    given = 1.0 if settings.penalty_factors is None else np.array(settings.penalty_factors)
    return replace(
        settings, adaptive=False, penalty_factors=tuple(float(f) for f in given * factors)
    )


def run_at(sample, settings, alpha, *, ticker):
    """The path of a plain estimator up to one strength; if adaptive, with the factors of its own
    weights there.
    """
    rows = np.arange(len(sample.y))

    def path(settings):
        return run_chain(
            sample, rows, rows[:0], settings, until=alpha, certify="kept", ticker=ticker
        )

    first = path(replace(settings, adaptive=False))
    return (
        path(adapted(settings, adaptive_factors(first.sizes[-1]))) if settings.adaptive else first
    )
