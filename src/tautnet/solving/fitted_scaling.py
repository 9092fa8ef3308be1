"""What a fit has learned from its rows besides weights: how they were scaled.

With the weights of a network it makes predictions; the rows themselves are no part of it.
"""

from dataclasses import dataclass

import jax
import numpy as np

from tautnet.objective.networks import Parameters
from tautnet.objective.prediction import Limits, Predictor, in_target_units
from tautnet.solving.settings import Settings
from tautnet.tables.arrays import Floats, Integers
from tautnet.tables.scaling import Scaling


@dataclass(frozen=True)
class FittedScaling:
    """How the rows of one fit were scaled.

    Attributes
    ----------
    settings : Settings
        How the fit was made.
    column_predictor : int array (n_columns,)
        The predictor that each column encodes.
    inputs, target : Scaling
        Learned from the rows of the fit alone.
    columns : int array, optional
        Of a fit on few predictors: the columns of the sample that it was made on.
    limits : Limits, optional
        Where predictions are clamped: to the range of the targets of the fit, widened.
    """

    settings: Settings
    column_predictor: Integers
    inputs: Scaling
    target: Scaling
    columns: Integers | None = None
    limits: Limits | None = None

    def predictor(self, parameters: Parameters) -> Predictor:
        """What prediction needs of some parameters, as arrays of its own.

        Arrays of equal layout round alike, so that a model predicts the same bits wherever it
        stands.
        """
        weights, biases = jax.tree.map(_own_array, parameters)
        settings = self.settings
        return Predictor(
            self.inputs,
            (weights.input, *weights.later),
            biases,
            weights.skip,
            settings.network.activation,
            self.target,
            settings.loss.mean_name,
            self.limits,
        )

    def outputs(self, parameters: Parameters, X: Floats) -> Floats:
        """Outputs for raw rows, as they are predicted."""
        return self.predictor(parameters).outputs(X)

    def in_target_scale(self, outputs: Floats) -> Floats:
        """Outputs as they are predicted, of those that the network gives."""
        return in_target_units(outputs, self.target, self.limits)


def _own_array(leaf: Floats) -> Floats:
    return np.array(leaf, np.float64, order="C")
