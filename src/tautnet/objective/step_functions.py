"""Functions of time that step, as scikit-survival's scorers and plots take them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tautnet.tables.arrays import Floats

__all__ = ["StepFunction", "step_functions"]


class StepFunction:
    """A function of time that stays what it is from each of some times to the next.

    Parameters
    ----------
    x : array (n_times,)
        Ascending.
    y : array (n_times,)
        The value from each time on.
    before : float
        The value before the first time.

    Attributes
    ----------
    x, y, before
        As given.

    Examples
    --------
    >>> curve = StepFunction(np.array([2.0, 5.0]), np.array([0.8, 0.4]), 1.0)
    >>> curve([0.0, 2.0, 4.9]), curve(5.0)
    (array([1. , 0.8, 0.8]), 0.4)
    """

    def __init__(self, x: Floats, y: Floats, before: float) -> None:
        self.x = x
        self.y = y
        self.before = before

    @property
    def domain(self) -> tuple[float, float]:
        """The first and the last time that it takes: nothing is known beyond the last one seen."""
        return 0.0, float(self.x[-1])

    def __call__(self, x: ArrayLike) -> NDArray[np.float64] | float:
        """The values at some times, an array, or at one, a number.

        Parameters
        ----------
        x : float or array

        Raises
        ------
        ValueError
            Where a time is outside the domain.
        """
        times = np.asarray(x, dtype=float)
        low, high = self.domain
        if not ((times >= low) & (times <= high)).all():
            raise ValueError(
                f"the times must be from {low:g} to {high:g}, the last time seen: for others give"
                " times= to the prediction"
            )
        values = np.append(self.before, self.y)[np.searchsorted(self.x, times, side="right")]
        return float(values) if values.ndim == 0 else values

    def __repr__(self) -> str:
        return f"StepFunction(x={self.x!r}, y={self.y!r}, before={self.before!r})"


def step_functions(times: Floats, values: Floats, before: float) -> NDArray[np.object_]:
    """One step function for each row of values at some times.

    Parameters
    ----------
    times : array (n_times,)
    values : array (n_rows, n_times)
    before : float

    Returns
    -------
    array of StepFunction (n_rows,)
    """
    functions = np.empty(len(values), dtype=object)
    for i, row in enumerate(values):
        functions[i] = StepFunction(times, row, before)
    return functions
