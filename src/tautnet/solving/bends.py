"""Bends in the effects of predictors that a path has lost, and that its residuals still show.

An effect that goes down and up again is worth nothing to a linear map. Once a penalty has taken its
predictor out of every hidden unit no gradient brings it back, for at weights of 0 a network gains
by straight effects alone. The bend then stays in the residuals, where it can be seen.
"""

import numpy as np

from tautnet.objective.hinges import KNOTS, hinges
from tautnet.solving.prepared import Prepared
from tautnet.tables.arrays import Floats

# Most numbers in all hinges; of a longer table as many rows are drawn as this allows.
LARGEST = 2**23


class Bends:
    """Hinges of every column, freed of what is straight, to be correlated with residuals.

    Parameters
    ----------
    prepared : Prepared
        The rows that are fitted.
    """

    def __init__(self, prepared: Prepared) -> None:
        n_rows, n_columns = prepared.X.shape
        self.prepared = prepared
        self.rows = np.arange(n_rows)
        most = LARGEST // (len(KNOTS) * n_columns)
        if n_rows > most:
            generator = np.random.default_rng([prepared.settings.seed, 5])
            self.rows = np.sort(generator.choice(n_rows, most, replace=False))
        X = np.asarray(prepared.X[self.rows], np.float32)
        weight = prepared.weight[self.rows]
        self.weight = (weight / weight.sum()).astype(np.float32)
        self.hinges = hinges(np.ascontiguousarray((X - self.weight @ X).T), self.weight)
        # Of p correlations that are noise the largest stays below √(2 log p / n) (Donoho and
        # Johnstone 1994). Rows that stand twice count once, as a row of weight 2 does.
        n_distinct = len({row.tobytes() for row in X})
        self.noise = np.sqrt(2 * np.log(max(n_columns, 2)) / n_distinct)

    def of(self, outputs: Floats) -> Floats:
        """Correlation of each predictor's clearest bend with the residuals, 0 if it may be noise.

        Parameters
        ----------
        outputs : array (n_networks, n_rows, n_outputs)
            Of several networks for all rows, as they are fitted.

        Returns
        -------
        array (n_networks, n_predictors)
        """
        n_networks = len(outputs)
        slopes = self._residuals(outputs)[:, self.rows].swapaxes(0, 1)
        residuals = slopes.reshape(len(self.rows), -1)
        residuals -= self.weight @ residuals
        sizes = np.sqrt(self.weight @ np.square(residuals))
        scale = np.where(sizes > 0, 1 / np.maximum(sizes, 1e-30), 0)
        residuals *= scale * self.weight[:, None]
        predictor = self.prepared.column_predictor
        found = np.zeros((predictor.max() + 1, n_networks))
        for hinge in self.hinges:
            shares = np.abs(hinge @ residuals).reshape(len(hinge), n_networks, -1).max(axis=2)
            np.maximum.at(found, predictor, np.where(shares > self.noise, shares, 0))
        return found.T

    def _residuals(self, outputs: Floats) -> Floats:
        """Slope of each row's loss in its outputs, of several networks, as they are fitted."""
        prepared = self.prepared
        loss = prepared.settings.loss
        if loss.is_canonical:
            return loss.residuals(prepared.y, outputs).astype(np.float32)
        slopes = np.stack([prepared.slopes(one)[1] for one in outputs])
        return (slopes / prepared.weight[:, None]).astype(np.float32)
