"""What a path is: arrays whose first axis is the strength."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tautnet.solving.fitted_scaling import FittedScaling
from tautnet.solving.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

# Rows of a path that a notebook shows.
SHOWN = 12


@dataclass(frozen=True)
class Path:
    """A path of fits; every array's first axis is the strength (for "none": the step).

    Attributes
    ----------
    alphas : array (n_alphas,)
        Strengths, ascending; for "none" one 0 for each step recorded.
    steps : int array (n_alphas,)
        Steps or iterations made so far on the chain.
    train_loss : array (n_alphas,)
        Mean metric on the training rows, in the units of the metric.
    outputs : array (n_alphas, n_held_out, n_outputs)
        Outputs for the rows held out, in the target's units.
    norms : array (n_alphas, n_predictors)
        Norm of all first-layer and skip weights of each predictor; 0 exactly where it has left.
    unit_norms : array (n_alphas, n_hidden)
        Norm of the weights into each unit of the first hidden layer times that of the weights out
        of it; 0 exactly where the unit hears no input or is not heard.
    weight_squares, weight_magnitudes, weight_max, zero_weights : arrays (n_alphas,)
        Sum of squares, sum of magnitudes, largest magnitude and number of exact zeros of all
        weights.
    histograms : int array (n_alphas, 40)
        Numbers of weights in equal bins between ``-histogram_limit`` and ``histogram_limit``.
    stationarity, objective_gap : arrays (n_alphas,)
        The certificate, NaN where it was not asked for.
    parameters : dict
        Index of a strength -> its parameters, for those kept.
    scaling : FittedScaling
        How the rows were scaled, and how they were fitted.
    seconds : float
        Time that the chain took.
    bends : array (n_alphas, n_predictors), optional
        Where the penalty can take predictors out of a network, and nowhere else: how clearly each
        one's effect still bends in the residuals, as a correlation, 0 where noise could look the
        same. See `bends.Bends`.
    predictors : list of str, optional
        What the columns of ``norms`` stand for, where `fit_path` made the path.
    """

    alphas: NDArray[np.float64]
    steps: NDArray[Any]
    train_loss: NDArray[np.float64]
    outputs: NDArray[Any]
    norms: NDArray[np.float64]
    unit_norms: NDArray[np.float64]
    weight_squares: NDArray[np.float64]
    weight_magnitudes: NDArray[np.float64]
    weight_max: NDArray[np.float64]
    zero_weights: NDArray[Any]
    histograms: NDArray[Any]
    histogram_limit: float
    stationarity: NDArray[np.float64]
    objective_gap: NDArray[np.float64]
    parameters: dict[int, Any]
    scaling: FittedScaling
    seconds: float
    bends: NDArray[np.float64] | None = None
    predictors: list[str] | None = None

    @property
    def settings(self) -> Settings:
        """How the path was fitted."""
        return self.scaling.settings

    @property
    def sizes(self) -> NDArray[np.float64]:
        """How large each predictor is, at each strength.

        That is the norm of its weights or, if larger, its bend times the largest norm.

        So a predictor counts that the penalty has taken out while its effect still bends in the
        residuals.
        """
        if self.bends is None:
            return self.norms
        return np.maximum(
            self.norms, self.bends * self.norms.max(axis=1, keepdims=True, initial=0.0)
        )

    @property
    def n_features(self) -> NDArray[np.int_]:
        """Number of predictors with a weight that is not zero, at each strength."""
        return (self.norms > 0).sum(axis=1)

    @property
    def n_weights(self) -> int:
        """Number of weights of the network, biases not counted."""
        return int(self.histograms[0].sum())

    def frame(self) -> "pd.DataFrame":
        """The path in short, as a data frame with one row a strength."""
        import pandas as pd

        columns = {
            "steps": self.steps,
            "train_loss": self.train_loss,
            "n_features": self.n_features,
            "zero_weights": self.zero_weights,
            "stationarity": self.stationarity,
            "objective_gap": self.objective_gap,
        }
        return pd.DataFrame(columns, pd.Index(self.alphas, name="alpha"))

    def _repr_html_(self) -> str:
        """At most a dozen strengths of the path, for notebooks."""
        shown = np.unique(np.linspace(0, len(self.alphas) - 1, SHOWN).round().astype(int))
        words = (
            f"Path of {len(self.alphas):,} points, {len(shown)} shown; {self.n_weights:,} weights."
        )
        return f"<p>{words}</p>\n" + self.frame().iloc[shown].reset_index().to_html(
            index=False, float_format="%.3g"
        )
