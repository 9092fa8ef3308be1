"""Networks: weights drawn, and outputs computed, in JAX for training and in NumPy for
prediction.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from tautnet.objective.prediction import forward, forward_of_signal

ACTIVATIONS = {
    "relu": jax.nn.relu,
    "tanh": jax.numpy.tanh,
    "silu": jax.nn.silu,
    "identity": lambda x: x,
}
# Rows whose hidden units, of several networks, are held at once: memory does not grow with the
# table.
ROWS_AT_ONCE = 2048


def layer_sizes(hidden):
    """Units of each hidden layer as a tuple, of one number or of several.

    Examples
    --------
    >>> layer_sizes(20), layer_sizes([64, 32]), layer_sizes(())
    ((20,), (64, 32), ())
    """
    sizes = (hidden,) if np.isscalar(hidden) else tuple(hidden)
    if any(size < 1 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
    return tuple(int(size) for size in sizes)


class Weights(NamedTuple):
    """What a penalty sees.

    Attributes
    ----------
    input : array (n_columns, n_hidden)
        First-layer weights; (n_columns, n_outputs) without a hidden layer.
    skip : array (n_columns, n_outputs) or None
        Weights of the linear map beside the hidden layers.
    later : tuple of arrays
        Weights of the layers after the first.
    """

    input: object
    skip: object
    later: tuple


class Parameters(NamedTuple):
    """Weights, which are penalised, and biases (a tuple, one array a layer), which never are."""

    weights: Weights
    biases: tuple


@dataclass(frozen=True)
class Network:
    """A feed-forward network with an optional linear skip from the inputs to the outputs.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int
        Units of each hidden layer; ``()`` is one linear map, which has no skip beside it.
    activation : {"relu", "tanh", "silu", "identity"}
    skip : bool
        Whether a linear map runs beside the hidden layers.

    Examples
    --------
    >>> network = Network((3,), "tanh", True)
    >>> parameters = network.initial(np.eye(4, 2), np.zeros(1), seed=0)
    >>> parameters.weights.input.shape, network.outputs(parameters, np.eye(4, 2)).shape
    ((2, 3), (4, 1))
    """

    hidden_layer_sizes: tuple = (100,)
    activation: str = "relu"
    skip: bool = True

    @property
    def is_linear(self):
        """Whether there is no hidden layer, so that the problem is convex."""
        return not self.hidden_layer_sizes

    def initial(self, X, null_outputs, seed):
        """Draw initial parameters (He et al. 2015 for relu, else LeCun et al. 1998).

        A column that is 0 in every row of X gets weights 0: no row can say what they should be.
        The skip starts at 0 and the output biases at the null model.
        """
        rng = np.random.default_rng(seed)
        gain = 2.0 if self.activation == "relu" else 1.0
        # Block by block: rows of a large table are standardised when they are read.
        blocks = (X[i : i + ROWS_AT_ONCE] for i in range(0, len(X), ROWS_AT_ONCE))
        live = np.any([(block != 0).any(axis=0) for block in blocks], axis=0)[:, None]
        n_live, n_outputs = max(int(live.sum()), 1), len(null_outputs)
        if self.is_linear:
            return Parameters(
                Weights(np.zeros((X.shape[1], n_outputs)), None, ()), (np.array(null_outputs),)
            )
        sizes = (*self.hidden_layer_sizes, n_outputs)
        first = rng.normal(size=(X.shape[1], sizes[0])) * live * np.sqrt(gain / n_live)
        later = tuple(
            rng.normal(size=(fan_in, fan_out))
            * np.sqrt((gain if i < len(sizes) - 2 else 1.0) / fan_in)
            for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True))
        )
        skip = np.zeros((X.shape[1], n_outputs)) if self.skip else None
        biases = (*(np.zeros(size) for size in sizes[:-1]), np.array(null_outputs))
        return Parameters(Weights(first, skip, later), biases)

    def apply(self, parameters, columns):
        """Outputs in JAX, shape (n_rows, n_outputs), of rows that stand side by side, shape
        (n_columns, n_rows).
        """
        return self._apply(parameters, columns, ACTIVATIONS[self.activation])

    def apply_dropped(self, parameters, columns, rate, key):
        """Outputs in JAX with hidden units left out at random, the others made larger
        (Srivastava
        et al. 2014).
        """
        keys = iter(jax.random.split(key, len(self.hidden_layer_sizes)))

        def activation(signal):
            kept = jax.random.bernoulli(next(keys), 1 - rate, signal.shape)
            return jax.numpy.where(kept, ACTIVATIONS[self.activation](signal) / (1 - rate), 0.0)

        return self._apply(parameters, columns, activation)

    def _apply(self, parameters, columns, activation):
        (first, skip, later), biases = parameters
        signal = first.T @ columns + biases[0][:, None]
        for weights, bias in zip(later, biases[1:], strict=True):
            signal = weights.T @ activation(signal) + bias[:, None]
        return signal.T if skip is None else (signal + skip.T @ columns).T

    def outputs(self, parameters, X):
        """Outputs in NumPy, float64, for standardised rows: what every held-out loss comes from.

        Parameters may have a leading axis, of several networks; so have the outputs then.
        """
        (first, skip, later), biases = parameters
        # A block is made when its turn comes: together they may be a copy of a large table.
        blocks = (X[i : i + ROWS_AT_ONCE] for i in range(0, max(len(X), 1), ROWS_AT_ONCE))
        return np.concatenate(
            [forward((first, *later), biases, skip, self.activation, block) for block in blocks],
            axis=-2,
        )

    def outputs_of_signal(self, parameters, signal, beside):
        """Outputs in NumPy from what the first layer and the skip (None where there is none)
        make
        of the inputs.
        """
        later = parameters.weights.later, parameters.biases[1:]
        return forward_of_signal(*later, self.activation, signal, beside)


def pad(parameters, n_columns, n_outputs, output_bias):
    """Fill parameters up with zeros to more columns and outputs, which then change nothing.

    The biases of the outputs added are `output_bias`.
    """
    more_columns = n_columns - len(parameters.weights.input)
    more_outputs = n_outputs - len(parameters.biases[-1])
    first, skip, later = parameters.weights
    if later:
        later = (*later[:-1], np.pad(later[-1], ((0, 0), (0, more_outputs))))
    first = np.pad(first, ((0, more_columns), (0, 0 if later else more_outputs)))
    skip = None if skip is None else np.pad(skip, ((0, more_columns), (0, more_outputs)))
    last = np.pad(parameters.biases[-1], (0, more_outputs), constant_values=output_bias)
    return Parameters(Weights(first, skip, later), (*parameters.biases[:-1], last))


def unpad(parameters, n_columns, n_outputs):
    """What `pad` was given, as float64; arrays may have a leading axis, of several networks."""
    first, skip, later = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), parameters.weights)
    if later:
        later = (*later[:-1], later[-1][..., :n_outputs])
    first = first[..., :n_columns, :] if later else first[..., :n_columns, :n_outputs]
    skip = None if skip is None else skip[..., :n_columns, :n_outputs]
    biases = tuple(np.asarray(bias, np.float64) for bias in parameters.biases)
    return Parameters(Weights(first, skip, later), (*biases[:-1], biases[-1][..., :n_outputs]))


def stacked(parameters):
    """One network as the first of several, in NumPy."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[None], parameters)


def padded_size(size):
    """The next of a ladder of sizes, so that many tables share few compiled shapes.

    Powers of two and their middles up to 256, from there eight steps an octave.

    Examples
    --------
    >>> [padded_size(size) for size in (1, 5, 30, 100, 455, 39000)]
    [1, 6, 32, 128, 480, 40960]
    """
    if size <= 2:
        return size
    octave = 2 ** (int(size - 1).bit_length() - 1)
    step = octave // (2 if octave < 256 else 8)
    return -(-size // step) * step
