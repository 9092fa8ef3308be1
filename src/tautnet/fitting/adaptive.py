"""The adaptive penalty: a second path whose strengths, predictor by predictor, come from the first one."""

from dataclasses import replace

import numpy as np

from tautnet.fitting.trainings import run_chain

# Share of the largest norm that is added to every norm: no factor is more than 51 times the least one.
FLOOR = 0.02


def adaptive_factors(path, i):
    """Factors that spare predictors of large weights and press those of small ones (Zou 2006, Wang and Leng 2008).

    ``wⱼ = max‖θ‖ / (sⱼ + 0.02 max‖θ‖)`` with ``sⱼ = max(‖θⱼ‖, bⱼ max‖θ‖)``, over its median among the predictors
    whose sⱼ is not zero, so that the strength means for them about what it meant before. bⱼ is how clearly the
    predictor's effect still bends in the residuals: one whose effect goes down and up again, which the penalty takes
    out before noise, has its second chance. All 1 where every norm is zero.

    Parameters
    ----------
    path : Path
        The first path.
    i : int
        Index of the strength at which norms and bends are taken.

    Returns
    -------
    array (n_predictors,)

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> path = SimpleNamespace(norms=np.array([[0.98, 0.48, 0.18, 0.0]]), bends=np.zeros((1, 4)))
    >>> adaptive_factors(path, 0).round(2).tolist()
    [0.5, 1.0, 2.5, 25.49]
    """
    largest = path.norms[i].max(initial=0.0)
    if largest == 0:
        return np.ones(path.norms.shape[1])
    sizes = np.maximum(path.norms[i], largest * path.bends[i])
    factors = largest / (sizes + FLOOR * largest)
    return factors / np.median(factors[sizes > 0])


def adapted(settings, factors):
    """Settings of the second path: adaptive factors times those that were given."""
    given = 1.0 if settings.penalty_factors is None else np.array(settings.penalty_factors)
    return replace(settings, adaptive=False, penalty_factors=tuple(float(f) for f in given * factors))


def run_at(sample, settings, alpha, *, ticker):
    """The path of a plain estimator up to one strength; if adaptive, with the factors of its own weights there."""
    rows = np.arange(len(sample.y))

    def path(settings):
        return run_chain(sample, rows, rows[:0], settings, until=alpha, certify="kept", ticker=ticker)

    first = path(replace(settings, adaptive=False))
    return path(adapted(settings, adaptive_factors(first, -1))) if settings.adaptive else first
