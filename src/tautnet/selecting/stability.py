"""Stability selection: which predictors come out on top again and again in halves of the rows."""

from dataclasses import dataclass

import numpy as np

from tautnet.engine.jobs import Report, run_jobs
from tautnet.engine.loop import Ticker
from tautnet.solving.settings import Request, Settings
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.errors import TableError
from tautnet.tables.sample import Sample
from tautnet.training.trainings import run_chain
from tautnet.validation.folds import make_folds

PAIRS = 30
# Share of the halves in which a predictor has to be among the largest.
THRESHOLD = 0.6
MOST_COUNTED = 8


def counted(n_predictors: int, expected_false: float) -> int:
    """How many of the largest are counted in each half.

    It is the number at which few enough false ones are expected.

    ``q = min(8, ⌊√((2π - 1) p v)⌋)`` for p predictors, a threshold π of 0.6 and v expected false
    selections.

    Raises
    ------
    TableError
        With less than 2, which says nothing.

    Examples
    --------
    >>> counted(100, 4), counted(10, 4)
    (8, 2)
    """
    n = min(MOST_COUNTED, int(np.sqrt((2 * THRESHOLD - 1) * n_predictors * expected_false) + 1e-9))
    if n < 2:
        raise TableError(
            f"{n_predictors} predictors are too few for stability selection with {expected_false:g}"
            " expected false ones: use the randomization test (--fdr)"
        )
    return n


def top(norms: Floats, n: int) -> Booleans:
    """Which norms are among the n largest; zeros never are, so that there may be fewer.

    Examples
    --------
    >>> (top(np.array([0.0, 2.0, 0.0, 1.0, 3.0]), 2).tolist(),
    ...  top(np.array([0.0, 2.0, 0.0]), 2).tolist())
    ([False, True, False, False, True], [False, True, False])
    """
    chosen = np.zeros(len(norms), bool)
    chosen[np.argsort(-norms, kind="stable")[:n]] = True
    return chosen & (norms > 0)


def expected_false_at_most(n_counted: int, n_predictors: int) -> float:
    """Bound on the expected number of false ones at or above the threshold.

    It is ``q² / ((2π - 1) p)``.

    Examples
    --------
    >>> round(expected_false_at_most(8, 100), 9)
    3.2
    """
    return n_counted**2 / ((2 * THRESHOLD - 1) * n_predictors)


@dataclass(frozen=True)
class HalfJob:
    """The path of half of the rows, up to one strength.

    Attributes
    ----------
    rows : int array
    settings : Settings
    alpha : float
    """

    rows: Integers
    settings: Settings
    alpha: float

    def run(self, table: Sample, ticker: Ticker) -> Floats:
        """Norm of each predictor at that strength."""
        request = Request(until=self.alpha)
        path = run_chain(table, self.rows, self.rows[:0], self.settings, request, ticker)
        return path.norms[-1]


def stability_selection(
    sample: Sample,
    settings: Settings,
    alpha: float,
    n_counted: int,
    *,
    labels: Integers | None,
    n_jobs: int | None = None,
    on_progress: Report | None = None,
) -> Floats:
    """Fit complementary halves of the rows, and count how often a predictor is among the largest.

    Parameters
    ----------
    sample : Sample
    settings : Settings
    alpha : float
        Strength at which norms are compared.
    n_counted : int
        How many of the largest norms are counted in each half.
    labels : int array (n_rows,) or None
        Classes, spread evenly over both halves.
    n_jobs, on_progress
        As in `run_jobs`.

    Returns
    -------
    array (n_predictors,)
        Share of the halves in which each predictor was among the largest.

    References
    ----------
    Meinshausen and Bühlmann (2010), Stability selection; Shah and Samworth (2013), Variable
    selection with error control: another look at stability selection.
    """
    jobs = []
    for pair in range(PAIRS):
        seed = settings.seed + pair
        halves = make_folds(len(sample.y), 2, labels=labels, groups=sample.groups, seed=seed)
        for half in (0, 1):
            jobs.append(HalfJob(np.flatnonzero(halves == half), settings, alpha))
    norms = run_jobs(sample, jobs, n_jobs=n_jobs, on_progress=on_progress)
    return np.mean([top(one, n_counted) for one in norms], axis=0)
