"""A network becomes a smaller one that predicts the same: what has no weight is taken out."""

from collections.abc import Sequence

import numpy as np

from tautnet.objective.prediction import ACTIVATIONS, Predictor
from tautnet.tables.arrays import Booleans, Floats, Integers
from tautnet.tables.encoder import TableEncoder

__all__ = ["prune", "without_idle_units"]

REASON = "has left: all its weights are 0"


def prune(
    encoder: TableEncoder, members: Sequence[Predictor]
) -> tuple[TableEncoder, tuple[Predictor, ...]]:
    """Take out hidden units and predictors that change no prediction.

    Parameters
    ----------
    encoder : TableEncoder
    members : sequence of Predictor
        A predictor that any of them needs stays.

    Returns
    -------
    encoder : TableEncoder
        Rows need only the predictors that are left.
    members : tuple of Predictor
        Their predictions are the same up to rounding.

    Examples
    --------
    >>> import pandas as pd
    >>> from tautnet.tables.scaling import Scaling
    >>> encoder = TableEncoder().fit(pd.DataFrame({"a": [1, 2], "b": [0, 3]}))
    >>> two, one = Scaling(np.zeros(2), np.ones(2)), Scaling(np.zeros(1), np.ones(1))
    >>> line = Predictor(two, (np.array([[0.0], [2.0]]),), (np.ones(1),), None, "relu", one,
    ...     "identity")
    >>> encoder, (line,) = prune(encoder, [line])
    >>> encoder.predictors, encoder.left_out, line.outputs(np.array([[3.0]]))
    (['b'], {'a': 'has left: all its weights are 0'}, array([[7.]]))
    """
    members = [without_idle_units(member) for member in members]
    weighs = np.any([_columns_that_weigh(member) for member in members], axis=0)
    stays = np.bincount(encoder.column_predictor, weighs, minlength=len(encoder.predictors)) > 0
    if not stays.any():
        # Predictions that are the same for all rows still need a column, to know how many rows
        # there are.
        stays[0] = True
    columns = np.flatnonzero(stays[encoder.column_predictor])
    left = {name: REASON for name, one in zip(encoder.predictors, stays, strict=True) if not one}
    return encoder.without(left), tuple(_of_columns(member, columns) for member in members)


def without_idle_units(predictor: Predictor) -> Predictor:
    """Return the same network without hidden units that are constant or have no effect.

    What a constant unit adds goes into the biases of the next layer. Where a hidden layer has no
    unit left, the skip alone is left, or nothing but the biases.

    Parameters
    ----------
    predictor : Predictor

    Returns
    -------
    Predictor
    """
    layers = list(predictor.layers)
    biases = list(predictor.biases)
    hidden = range(len(layers) - 1)
    for i in hidden:
        varies = np.any(layers[i], axis=0)
        constant = ACTIVATIONS[predictor.activation](biases[i][~varies])
        biases[i + 1] = biases[i + 1] + constant @ layers[i + 1][~varies]
        _keep_units(layers, biases, i, varies)
    for i in reversed(hidden):
        _keep_units(layers, biases, i, np.any(layers[i + 1], axis=1))
    skip = predictor.skip
    if any(not len(bias) for bias in biases[:-1]):
        layers = [np.zeros((len(layers[0]), len(biases[-1]))) if skip is None else skip]
        biases = biases[-1:]
        skip = None
    return predictor._replace(layers=tuple(layers), biases=tuple(biases), skip=skip)


def _keep_units(layers: list[Floats], biases: list[Floats], i: int, kept: Booleans) -> None:
    """Take units out of a hidden layer, in place."""
    layers[i] = layers[i][:, kept]
    biases[i] = biases[i][kept]
    layers[i + 1] = layers[i + 1][kept]


def _columns_that_weigh(predictor: Predictor) -> Booleans:
    """Tell which columns of the table have a weight."""
    weighs = np.any(predictor.layers[0], axis=1)
    if predictor.skip is not None:
        weighs |= np.any(predictor.skip, axis=1)
    scaling = predictor.scaling
    return np.bincount(scaling.source, weighs, minlength=len(scaling.centre)) > 0


def _of_columns(predictor: Predictor, columns: Integers) -> Predictor:
    """Return the network of some columns of the table."""
    layers = [np.ascontiguousarray(weights) for weights in predictor.layers]
    made = predictor.scaling.made_from(columns)
    return predictor._replace(
        scaling=predictor.scaling.of(columns),
        layers=(layers[0][made], *layers[1:]),
        skip=None if predictor.skip is None else predictor.skip[made],
    )
