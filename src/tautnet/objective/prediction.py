"""Predictions with NumPy alone, which estimators and loaded models both compute, bit by bit.

Rows are taken in blocks whose size depends on the model alone, so that every matrix product has the
same shape, and with it the same rounding, whoever asks for it, and memory does not grow with the
table.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tautnet.tables.arrays import Cells, Floats
from tautnet.tables.scaling import Scaling, restore, rows_at_once, standardise

__all__ = [
    "ACTIVATIONS",
    "BLOCK",
    "MEANS",
    "Limits",
    "Predictor",
    "average_mean",
    "average_outputs",
    "choose",
    "cumulative_hazard",
    "expit",
    "forward",
    "forward_of_signal",
    "in_parts",
    "in_target_units",
    "limits_of",
    "survival_function",
]

BLOCK = 8192
# Beyond this logarithm, where no count is, the mean of counts goes on as its tangent.
LARGEST_LOG_MEAN = 40.0
# How far beyond the targets of training a clamped prediction may go, as a share of their range.
MARGIN = 0.1


def expit(x: Floats) -> Floats:
    """The logistic function ``1 / (1 + exp(-x))``, without overflow.

    Examples
    --------
    >>> expit(np.array([-800.0, 0.0, 800.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


def _softmax(outputs: Floats) -> Floats:
    powers = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _two_classes(outputs: Floats) -> Floats:
    second = expit(outputs)
    return np.concatenate([1.0 - second, second], axis=-1)


def _exp(outputs: Floats) -> Floats:
    below = np.minimum(outputs, LARGEST_LOG_MEAN)
    return np.exp(below) * (1 + outputs - below)


# What each hidden unit does to its signal, by name.
ACTIVATIONS: dict[str, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "silu": lambda x: x * expit(x),
    "identity": lambda x: x,
}
# From outputs to the prediction of a loss, by name; "two_classes" makes two columns of one.
MEANS: dict[str, Callable[[Floats], Floats]] = {
    "identity": lambda outputs: outputs,
    "two_classes": _two_classes,
    "softmax": _softmax,
    "expit": expit,
    "exp": _exp,
}


def forward(
    layers: Sequence[Floats],
    biases: Sequence[Floats],
    skip: Floats | None,
    activation: str,
    X: Floats,
) -> Floats:
    """Outputs of a network for standardised rows.

    Parameters of several networks have a leading axis, and so have their outputs.

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
    signal = X @ layers[0] + biases[0][..., None, :]
    beside = None if skip is None else X @ skip
    return forward_of_signal(layers[1:], biases[1:], activation, signal, beside)


def forward_of_signal(
    layers: Sequence[Floats],
    biases: Sequence[Floats],
    activation: str,
    signal: Floats,
    beside: Floats | None,
) -> Floats:
    """Outputs from the signals that the inputs make behind the first layer.

    Parameters
    ----------
    layers, biases : sequences of arrays (n_in, n_out) and (n_out,)
        Those after the first layer.
    activation : str
    signal : array (n_rows, n_hidden)
        What the first layer makes of the inputs.
    beside : array (n_rows, n_outputs) or None
        What the skip makes of the inputs; None without a skip.
    """
    for weights, bias in zip(layers, biases, strict=True):
        signal = ACTIVATIONS[activation](signal) @ weights + bias[..., None, :]
    return signal if beside is None else signal + beside


class Limits(NamedTuple):
    """The least and the largest that each output may be, both float64 of shape (n_outputs,)."""

    low: Floats
    high: Floats


def limits_of(y: Floats) -> Limits:
    """The range of some targets, shape (n_rows, n_outputs), widened by a tenth on either side.

    Examples
    --------
    >>> limits_of(np.array([[0.0, 5.0], [10.0, 7.0]]))
    Limits(low=array([-1. ,  4.8]), high=array([11. ,  7.2]))
    """
    low = np.asarray(y.min(axis=0), np.float64)
    high = np.asarray(y.max(axis=0), np.float64)
    margin = MARGIN * (high - low)
    return Limits(low - margin, high + margin)


def in_target_units(outputs: Floats, scaling: Scaling, limits: Limits | None) -> Floats:
    """What a network gives, in the units of the target, and between limits where there are any."""
    restored = restore(outputs, scaling)
    return restored if limits is None else np.clip(restored, limits.low, limits.high)


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
    limits : Limits, optional
        Where outputs are clamped to them.

    Examples
    --------
    >>> one = Scaling(np.zeros(1), np.ones(1))
    >>> predictor = Predictor(one, (np.array([[2.0]]),), (np.array([1.0]),), None, "relu", one,
    ...     "exp")
    >>> predictor.outputs(np.array([[0.5], [np.nan]])).tolist()
    [[2.0], [1.0]]
    """

    scaling: Scaling
    layers: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    skip: Floats | None
    activation: str
    target_scaling: Scaling
    mean_name: str
    limits: Limits | None = None

    def outputs(self, X: Floats) -> Floats:
        """Outputs for raw rows, in the target's units, shape (n_rows, n_outputs).

        A cell of X is NaN where it is missing.
        """
        return self._in_blocks(self._block_outputs, X)

    def mean(self, X: Floats) -> Floats:
        """The prediction for raw rows: means, or probabilities, shape (n_rows, n_means)."""
        mean = MEANS[self.mean_name]
        return self._in_blocks(lambda block: mean(self._block_outputs(block)), X)

    def _in_blocks(self, function: Callable[[Floats], Floats], X: Floats) -> Floats:
        widest = max(len(weights) for weights in (*self.layers, *self.biases))
        size = min(BLOCK, rows_at_once(widest))
        return np.concatenate([function(X[i : i + size]) for i in range(0, max(len(X), 1), size)])

    def _block_outputs(self, X: Floats) -> Floats:
        rows = np.ascontiguousarray(standardise(X, self.scaling))
        outputs = forward(self.layers, self.biases, self.skip, self.activation, rows)
        return in_target_units(outputs, self.target_scaling, self.limits)


def in_parts(
    average: Callable[[Sequence[Predictor], Floats], NDArray[np.float64]],
    members: Sequence[Predictor],
    parts: Iterable[Floats],
) -> NDArray[np.float64]:
    """What `average_outputs` or `average_mean` gives of rows that come in parts."""
    return np.concatenate([average(members, rows) for rows in parts])


def average_outputs(members: Sequence[Predictor], X: Floats) -> NDArray[np.float64]:
    """Mean output of several predictors, shape (n_rows, n_outputs)."""
    return np.mean([member.outputs(X) for member in members], axis=0)


def average_mean(members: Sequence[Predictor], X: Floats) -> NDArray[np.float64]:
    """Mean prediction of several predictors, shape (n_rows, n_means)."""
    return np.mean([member.mean(X) for member in members], axis=0)


def choose(probabilities: Floats, classes: Cells | None, is_multilabel: bool) -> Cells:
    """The class with the largest probability; with ``is_multilabel`` 0 or 1 for each label.

    Examples
    --------
    >>> choose(np.array([[0.3, 0.7]]), np.array(["no", "yes"]), False).tolist()
    ['yes']
    """
    if is_multilabel:
        return (probabilities > 0.5).astype(int)
    assert classes is not None, "a class is chosen among classes"
    return classes[probabilities.argmax(axis=1)]


def cumulative_hazard(
    times: Floats, hazard: Floats, outputs: Floats, at: Floats
) -> NDArray[np.float64]:
    """The cumulative hazard at some times: ``H(t) e^f``, 0 before the first event.

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
    >>> cumulative_hazard(np.array([2.0]), np.array([np.log(2)]), np.zeros((1, 1)),
    ...     np.array([1.0, 2.0])).round(3)
    array([[0.   , 0.693]])
    """
    steps = np.append(0.0, hazard)[np.searchsorted(times, at, side="right")]
    return np.asarray(np.exp(outputs) * steps, dtype=np.float64)


def survival_function(
    times: Floats, hazard: Floats, outputs: Floats, at: Floats
) -> NDArray[np.float64]:
    """Probability to outlive some times, of the parameters of `cumulative_hazard`.

    It is ``exp(-H(t) e^f)``, 1 before the first event.

    Examples
    --------
    >>> survival_function(np.array([2.0]), np.array([np.log(2)]), np.zeros((1, 1)),
    ...     np.array([1.0, 2.0])).round(3)
    array([[1. , 0.5]])
    """
    return np.exp(-cumulative_hazard(times, hazard, outputs, at))
