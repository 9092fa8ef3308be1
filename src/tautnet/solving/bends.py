"""What a path has lost: bends in the effects of predictors, which its residuals still show.

An effect that goes down and up again is worth nothing to a linear map. Once a penalty has taken its
predictor out of every hidden unit no gradient brings it back, for at weights of 0 a network gains
by straight effects alone. The bend then stays in the residuals, where it can be seen.
"""

import numpy as np

from tautnet.objective.problem import Problem
from tautnet.solving import evaluate

# Where effects may bend, in standard deviations from the mean: the quartiles of a normal
# distribution.
KNOTS = (-0.67, 0.0, 0.67)
# Numbers of hinges that a unit holds; of longer tables that many rows are looked at.
LARGEST = 2**23
# Share of a hinge that no straight line explains, below which it is none: in a column of two
# values.
STRAIGHT = 1e-6


class Bends:
    """Hinges of every column, freed of what is straight, to be correlated with residuals.

    Parameters
    ----------
    unit : Unit
        The rows that are fitted.
    """

    def __init__(self, unit):
        n_rows, n_columns = unit.X.shape
        self.unit, self.rows = unit, np.arange(n_rows)
        most = LARGEST // (len(KNOTS) * n_columns)
        if n_rows > most:
            self.rows = np.sort(
                np.random.default_rng([unit.settings.seed, 5]).choice(n_rows, most, replace=False)
            )
        X = np.asarray(unit.X[self.rows], np.float32)
        self.weight = (unit.weight[self.rows] / unit.weight[self.rows].sum()).astype(np.float32)
        columns = np.ascontiguousarray((X - self.weight @ X).T)
        squares = np.maximum(np.square(columns) @ self.weight, 1e-12)
        self.hinges = np.stack([np.maximum(columns - knot, 0) for knot in KNOTS])
        for hinge in self.hinges:
            hinge -= (hinge @ self.weight)[:, None]
            size = np.square(hinge) @ self.weight
            hinge -= ((hinge * columns) @ self.weight / squares)[:, None] * columns
            bent = np.square(hinge) @ self.weight
            hinge *= np.where(bent > STRAIGHT * size, 1 / np.sqrt(np.maximum(bent, 1e-30)), 0)[
                :, None
            ]
        # Rows that stand twice count once, as a row of weight 2 does. Of as many numbers that are
        # noise the largest stays below this (Donoho and Johnstone 1994).
        self.noise = np.sqrt(2 * np.log(max(n_columns, 2)) / len({row.tobytes() for row in X}))

    def of(self, outputs):
        """Correlation of each predictor's clearest bend with the residuals; 0 where noise could
        have as much.

        Parameters
        ----------
        outputs : array (n_networks, n_rows, n_outputs)
            Of several networks for all rows, as they are fitted.

        Returns
        -------
        array (n_networks, n_predictors)
        """
        n_networks = len(outputs)
        residuals = np.stack([self._residuals(one)[self.rows] for one in outputs], axis=1).reshape(
            len(self.rows), -1
        )
        residuals -= self.weight @ residuals
        sizes = np.sqrt(self.weight @ np.square(residuals))
        residuals *= np.where(sizes > 0, 1 / np.maximum(sizes, 1e-30), 0) * self.weight[:, None]
        found = np.zeros((self.unit.column_predictor.max() + 1, n_networks))
        for hinge in self.hinges:
            shares = np.abs(hinge @ residuals).reshape(len(hinge), n_networks, -1).max(axis=2)
            np.maximum.at(
                found, self.unit.column_predictor, np.where(shares > self.noise, shares, 0)
            )
        return found.T

    def _residuals(self, outputs):
        """Slope of each row's loss in its outputs."""
        unit = self.unit
        n_rows, _, n_outputs = unit.padded_shape
        more = ((0, n_rows - len(outputs)), (0, n_outputs - outputs.shape[1]))
        outputs = np.pad(outputs, more, constant_values=unit.settings.loss.padding_bias)
        y, weight = np.pad(unit.y, more), np.pad(unit.weight, more[0])
        problem = Problem(None, None, unit.settings.loss, unit.settings.network)
        pulls = np.asarray(evaluate.pulls(problem, y, weight, outputs))[
            : len(unit.y), : unit.y.shape[1]
        ]
        return (pulls / unit.weight[:, None]).astype(np.float32)
