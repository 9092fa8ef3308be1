"""How large the weights of networks are: what a path keeps of them to be drawn and told."""

from typing import Any

import jax
import numpy as np

from tautnet.objective.histograms import BIN_OF_ZERO, weight_histograms
from tautnet.objective.networks import Parameters
from tautnet.tables.arrays import Floats


def largest_magnitude(several: Parameters) -> float:
    """The largest magnitude of a weight of the first of several networks; 1 where all are 0."""
    return max(float(np.abs(leaf[0]).max()) for leaf in jax.tree.leaves(several.weights)) or 1.0


def weight_sizes(several: Parameters, limit: float, n_columns: int) -> dict[str, Any]:
    """How large the weights of several networks are, all layers together.

    Parameters
    ----------
    several : Parameters
        Their first axis is the network. Columns whose weights are all 0 may be left out.
    limit : float
        Where histograms end.
    n_columns : int
        Columns of the networks, those that were left out too.

    Returns
    -------
    dict of arrays (n_networks, ...)
        ``weight_squares``, ``weight_magnitudes``, ``weight_max``, ``zero_weights``, ``histograms``.
    """
    first, skip, _ = several.weights
    per_column = sum(leaf.shape[2] for leaf in jax.tree.leaves((first, skip)))
    n_left_out = (n_columns - first.shape[1]) * per_column
    leaves = jax.tree.leaves(several.weights)
    flat = np.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)
    magnitudes = np.abs(flat)
    histograms = weight_histograms(flat, limit)
    histograms[:, BIN_OF_ZERO] += n_left_out
    return {
        "weight_squares": np.square(flat).sum(axis=1),
        "weight_magnitudes": magnitudes.sum(axis=1),
        "weight_max": magnitudes.max(axis=1),
        "zero_weights": (flat == 0).sum(axis=1) + n_left_out,
        "histograms": histograms,
    }


def hidden_unit_norms(several: Parameters) -> Floats:
    """Norm of the weights into each first hidden unit times that of the weights out of it."""
    first, _, later = several.weights
    if not later:
        return np.zeros((len(first), 0))
    return np.linalg.norm(first, axis=1) * np.linalg.norm(later[0], axis=2)
