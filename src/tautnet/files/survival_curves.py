"""What estimators and fitted models of survival predict as functions of time."""

from typing import Any, Literal, NamedTuple, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tautnet.objective.prediction import cumulative_hazard
from tautnet.objective.step_functions import step_functions
from tautnet.tables.arrays import Floats
from tautnet.tables.cells import TableLike

__all__ = ["Hazard", "SurvivalCurves"]


class Hazard(NamedTuple):
    """The cumulative hazard of some rows.

    Attributes
    ----------
    times, baseline : arrays (n_event_times,)
        Times of events and the cumulative hazard at each, at ``f = 0``.
    seen : array (n_unique_times,)
        All times of the training rows.
    outputs : array (n_rows, 1)
        The rows' ``f``.
    """

    times: Floats
    baseline: Floats
    seen: Floats
    outputs: Floats

    def at(self, times: ArrayLike | None) -> NDArray[np.float64]:
        """Return it at some times, or at all that were seen, shape (n_rows, n_times)."""
        asked = self.seen if times is None else np.asarray(times, dtype=float)
        return cumulative_hazard(self.times, self.baseline, self.outputs, asked)


class SurvivalCurves:
    """Curves over time, as scikit-survival's models give them."""

    def _hazard(self, X: TableLike) -> Hazard:
        """Return the cumulative hazard of some rows."""
        raise NotImplementedError

    @overload
    def predict_survival_function(
        self, X: TableLike, times: ArrayLike, *, return_array: bool = False
    ) -> NDArray[np.float64]: ...

    @overload
    def predict_survival_function(
        self, X: TableLike, times: None = None, *, return_array: Literal[True]
    ) -> NDArray[np.float64]: ...

    @overload
    def predict_survival_function(
        self, X: TableLike, times: None = None, *, return_array: Literal[False] = False
    ) -> NDArray[np.object_]: ...

    def predict_survival_function(
        self, X: TableLike, times: ArrayLike | None = None, *, return_array: bool = False
    ) -> NDArray[Any]:
        """Predict the probability to outlive each time.

        Parameters
        ----------
        X : DataFrame or array (n_rows, n_predictors)
        times : array (n_times,), optional
            Any times: beyond the last event the probability stays what it is there. An array is
            returned then.
        return_array : bool
            Return an array with a column for each of ``unique_times_``.

        Returns
        -------
        array of step functions (n_rows,), or array (n_rows, n_times)
            A step function takes a time, or an array of them, up to the last one seen; its steps
            stand in ``x`` and ``y``.

        Raises
        ------
        ValueError
            Where the model is none of survival; else as `predict`.
        """
        hazard = self._hazard(X)
        values = np.exp(-hazard.at(times))
        if times is not None or return_array:
            return values
        return step_functions(hazard.seen, values, 1.0)

    @overload
    def predict_cumulative_hazard_function(
        self, X: TableLike, times: ArrayLike, *, return_array: bool = False
    ) -> NDArray[np.float64]: ...

    @overload
    def predict_cumulative_hazard_function(
        self, X: TableLike, times: None = None, *, return_array: Literal[True]
    ) -> NDArray[np.float64]: ...

    @overload
    def predict_cumulative_hazard_function(
        self, X: TableLike, times: None = None, *, return_array: Literal[False] = False
    ) -> NDArray[np.object_]: ...

    def predict_cumulative_hazard_function(
        self, X: TableLike, times: ArrayLike | None = None, *, return_array: bool = False
    ) -> NDArray[Any]:
        """Predict the cumulative hazard at each time: minus the logarithm of the survival.

        Parameters and what is returned are those of `predict_survival_function`.
        """
        hazard = self._hazard(X)
        values = hazard.at(times)
        if times is not None or return_array:
            return values
        return step_functions(hazard.seen, values, 0.0)
