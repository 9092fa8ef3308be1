"""Predictions, with NumPy alone: what estimators and loaded models both compute, to the last
bit.

Rows are taken in blocks of a fixed size, so that every matrix product has the same shape, and
with it the same rounding, whoever asks for it, and memory does not grow with the table.
"""

from typing import NamedTuple

import numpy as np

from tautnet.tables.scaling import Scaling, restore, standardise

__all__ = [
    "ACTIVATIONS",
    "BLOCK",
    "MEANS",
    "Predictor",
    "average_mean",
    "average_outputs",
    "choose",
    "expit",
    "forward",
    "forward_of_signal",
    "survival_function",
]

BLOCK = 8192
# Beyond this logarithm, where no count is, the mean of counts goes on as its tangent.
LARGEST_LOG_MEAN = 40.0


def expit(x):
    """The logistic function ``1 / (1 + exp(-x))``, without overflow.

    Examples
    --------
    >>> expit(np.array([-800.0, 0.0, 800.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def _softmax(outputs):
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _two_classes(outputs):
    second = expit(outputs)
    return np.concatenate([1.0 - second, second], axis=1)


def _exp(outputs):
    below = np.minimum(outputs, LARGEST_LOG_MEAN)
    return np.exp(below) * (1 + outputs - below)


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "silu": lambda x: x * expit(x),
    "identity": lambda x: x,
}
"""What each hidden unit does to its signal, by name."""

MEANS = {
    "identity": lambda outputs: outputs,
    "two_classes": _two_classes,
    "softmax": _softmax,
    "expit": expit,
    "exp": _exp,
}
"""From outputs to the prediction that a loss goes with, by name; "two_classes" makes two columns
of
one.
"""


def forward(layers, biases, skip, activation, X):
    """Outputs of a network for standardised rows; parameters may have a leading axis, of several
    networks.

    Parameters
    ----------
    layers, biases : sequences of arrays (n_in, n_out) and (n_out,)
    skip : array (n_columns, n_outputs) or None
    activation : str
    X : array (n_rows, n_columns)

    Returns
    -------
    array (n_rows, n_outputs)
    """
    signal, beside = X @ layers[0] + biases[0][..., None, :], None if skip is None else X @ skip
    return forward_of_signal(layers[1:], biases[1:], activation, signal, beside)


def forward_of_signal(layers, biases, activation, signal, beside):
    """Outputs from what the first layer makes of the inputs, and the skip beside it (None where
    there is none).
    """
    for weights, bias in zip(layers, biases, strict=True):
        signal = ACTIVATIONS[activation](signal) @ weights + bias[..., None, :]
    return signal if beside is None else signal + beside


class Predictor(NamedTuple):
    """A fitted network with what scales its input and output; all arrays float64.

    Attributes
    ----------
    scaling : Scaling
        Centre and scale of each column; a missing cell is imputed at the centre.
    layers : tuple of arrays (n_in, n_out)
        Weights, from the first layer to the last.
    biases : tuple of arrays (n_out,)
    skip : array (n_columns, n_outputs) or None
        Weights of the linear map beside the hidden layers.
    activation : str
        One of `ACTIVATIONS`.
    target_scaling : Scaling
        Centre and scale of each output.
    mean_name : str
        One of `MEANS`.

    Examples
    --------
    >>> one = Scaling(np.zeros(1), np.ones(1))
    >>> predictor = Predictor(one, (np.array([[2.0]]),), (np.array([1.0]),), None, "relu", one,
    ...     "exp")
    >>> predictor.outputs(np.array([[0.5], [np.nan]])).tolist()
    [[2.0], [1.0]]
    """

    scaling: Scaling
    layers: tuple
    biases: tuple
    skip: object
    activation: str
    target_scaling: Scaling
    mean_name: str

    def outputs(self, X):
        """Outputs for raw rows, NaN where a cell is missing, in the target's units, shape
        (n_rows,
        n_outputs).
        """
        return _in_blocks(self._block_outputs, X)

    def mean(self, X):
        """The prediction that belongs to the outputs: means, or probabilities, shape (n_rows,
        n_means).
        """
        mean = MEANS[self.mean_name]
        return _in_blocks(lambda block: mean(self._block_outputs(block)), X)

    def _block_outputs(self, X):
        rows = np.ascontiguousarray(standardise(X, self.scaling))
        return restore(
            forward(self.layers, self.biases, self.skip, self.activation, rows), self.target_scaling
        )


def _in_blocks(function, X):
    return np.concatenate([function(X[i : i + BLOCK]) for i in range(0, max(len(X), 1), BLOCK)])


def average_outputs(members, X):
    """Mean output of several predictors, shape (n_rows, n_outputs)."""
    return np.mean([member.outputs(X) for member in members], axis=0)


def average_mean(members, X):
    """Mean prediction of several predictors, shape (n_rows, n_means)."""
    return np.mean([member.mean(X) for member in members], axis=0)


def choose(probabilities, classes, is_multilabel):
    """The class with the largest probability; with ``is_multilabel`` 0 or 1 for each label.

    Examples
    --------
    >>> choose(np.array([[0.3, 0.7]]), np.array(["no", "yes"]), False).tolist()
    ['yes']
    """
    return (
        (probabilities > 0.5).astype(int)
        if is_multilabel
        else classes[probabilities.argmax(axis=1)]
    )


def survival_function(times, hazard, outputs, at):
    """Probability to outlive some times: ``exp(-H(t) e^f)``, 1 before the first event.

    Parameters
    ----------
    times, hazard : arrays (n_event_times,)
        Event times and the cumulative hazard at each, at ``f = 0``.
    outputs : array (n_rows, 1)
    at : array (n_times,)

    Returns
    -------
    array (n_rows, n_times)

    References
    ----------
    Breslow (1974), Covariance analysis of censored survival data.

    Examples
    --------
    >>> survival_function(np.array([2.0]), np.array([np.log(2)]), np.zeros((1, 1)),
    ...     np.array([1.0, 2.0])).round(3)
    array([[1. , 0.5]])
    """
    steps = np.append(0.0, hazard)[np.searchsorted(times, at, side="right")]
    return np.exp(-np.exp(outputs) * steps)
