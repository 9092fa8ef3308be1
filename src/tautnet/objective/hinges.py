"""Hinges: effects that are straight on both sides of a knot, freed of what is straight in all."""

import numpy as np

from tautnet.tables.arrays import Floats

# Where effects may bend, in standard deviations from the mean: the quartiles of a normal
# distribution.
KNOTS = (-0.67, 0.0, 0.67)
# A hinge counts as straight where no more than this share of it is left beside a straight line:
# in a column of two values.
STRAIGHT = 1e-6


def hinges(columns: Floats, weight: Floats) -> Floats:
    """Hinges ``max(x - knot, 0)`` of columns (n_columns, n_rows) of mean 0, one for each knot.

    Mean and regression on the column itself are taken out of each; what is left has variance 1, or
    is 0 where the hinge is straight.
    """
    squares = np.maximum(np.square(columns) @ weight, 1e-12)
    hinges = np.stack([np.maximum(columns - knot, 0) for knot in KNOTS])
    for hinge in hinges:
        hinge -= (hinge @ weight)[:, None]
        size = np.square(hinge) @ weight
        slope = (hinge * columns) @ weight / squares
        hinge -= slope[:, None] * columns
        bent = np.square(hinge) @ weight
        scale = np.where(bent > STRAIGHT * size, 1 / np.sqrt(np.maximum(bent, 1e-30)), 0)
        hinge *= scale[:, None]
    return hinges
