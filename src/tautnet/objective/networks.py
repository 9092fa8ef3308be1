"""Networks draw their weights and compute outputs, in JAX for training, in NumPy for prediction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, Self

import jax
import numpy as np

from tautnet.objective.arrays import Array
from tautnet.objective.choices import AUTO, STANDARDISED
from tautnet.objective.prediction import forward, forward_of_signal
from tautnet.tables.arrays import Booleans, Floats
from tautnet.tables.scaling import StandardisedRows

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "relu": jax.nn.relu,
    "tanh": jax.numpy.tanh,
    "silu": jax.nn.silu,
    "identity": lambda x: x,
}
# Rows whose hidden units, of several networks, are held at once: memory does not grow with the
# table.
ROWS_AT_ONCE = 2048


def layer_sizes(hidden: int | Sequence[int]) -> tuple[int, ...]:
    """Units of each hidden layer as a tuple, from one number or several.

    Examples
    --------
    >>> layer_sizes(20), layer_sizes([64, 32]), layer_sizes(())
    ((20,), (64, 32), ())
    """
    sizes = np.atleast_1d(hidden).tolist()
    if any(size < 1 for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
    return tuple(int(size) for size in sizes)


class Weights(NamedTuple):
    """Weights of a network, which a penalty sees.

    What has a number for each weight (a step, a squared gradient) or for several at once (a
    strength) has this structure too.

    Attributes
    ----------
    input : array (n_columns, n_hidden)
        First-layer weights; (n_columns, n_outputs) without a hidden layer.
    skip : array (n_columns, n_outputs) or None
        Weights of the linear map beside the hidden layers.
    later : tuple of arrays
        Weights of the layers after the first.
    """

    input: Array
    skip: Array | None
    later: tuple[Array, ...]


class Parameters(NamedTuple):
    """Weights, which are penalised, and biases (a tuple, one array a layer), which never are."""

    weights: Weights
    biases: tuple[Array, ...]


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
    inputs : {"standardised", "smooth", "splines"}
        What it is given: standardised columns, or a basis of them, see `tables.basis`.

    Examples
    --------
    >>> network = Network((3,), "tanh", True)
    >>> parameters = network.initial(np.eye(4, 2), np.zeros(1), seed=0)
    >>> parameters.weights.input.shape, network.outputs(parameters, np.eye(4, 2)).shape
    ((2, 3), (4, 1))
    """

    hidden_layer_sizes: tuple[int, ...] = (100,)
    activation: str = "relu"
    skip: bool = True
    inputs: str = STANDARDISED

    @classmethod
    def of(
        cls,
        hidden: int | Sequence[int] | None = None,
        activation: str | None = None,
        skip: bool | None = None,
        inputs: str | None = None,
    ) -> "Network":
        """The network of a user's arguments: one number is one layer, a linear map has no skip.

        What is None is that of the plain network.

        Examples
        --------
        >>> Network.of(20).hidden_layer_sizes, Network.of((), skip=True).skip
        ((20,), False)
        """
        return NETWORKS["plain"].with_arguments(hidden, activation, skip, inputs)

    def with_arguments(
        self,
        hidden: int | Sequence[int] | None = None,
        activation: str | None = None,
        skip: bool | None = None,
        inputs: str | None = None,
    ) -> Self:
        """This network with those of a user's arguments that are not None."""
        sizes = self.hidden_layer_sizes if hidden is None else layer_sizes(hidden)
        return type(self)(
            sizes,
            self.activation if activation is None else activation,
            (self.skip if skip is None else skip) and bool(sizes),
            self.inputs if inputs is None else inputs,
        )

    @property
    def arguments(self) -> dict[str, Any]:
        """The four arguments that make it."""
        return {
            "hidden_layer_sizes": self.hidden_layer_sizes,
            "activation": self.activation,
            "inputs": self.inputs,
            "skip": self.skip,
        }

    @property
    def is_linear(self) -> bool:
        """Whether there is no hidden layer, so that the problem is convex."""
        return not self.hidden_layer_sizes

    def initial(self, X: Floats | StandardisedRows, null_outputs: Floats, seed: int) -> Parameters:
        """Draw initial parameters, of the variance 2 / n or 1 / n with n inputs of a layer.

        It is 2 / n in front of a relu (He et al. 2015), else 1 / n (LeCun et al. 1998). A column
        that is 0 in every row of X gets weights 0: no row can say what they should be.
        The skip starts at 0 and the output biases at the null model. A linear map starts as the
        null model itself.
        """
        n_columns = X.shape[1]
        n_outputs = len(null_outputs)
        if self.is_linear:
            weights = Weights(np.zeros((n_columns, n_outputs)), None, ())
            return Parameters(weights, (np.array(null_outputs),))
        rng = np.random.default_rng(seed)
        gain = 2.0 if self.activation == "relu" else 1.0
        live = _live_columns(X)[:, None]
        n_live = max(int(live.sum()), 1)
        sizes = (*self.hidden_layer_sizes, n_outputs)
        first = rng.normal(size=(n_columns, sizes[0])) * live * np.sqrt(gain / n_live)
        later = []
        for fan_in, fan_out in zip(sizes[:-2], sizes[1:-1], strict=True):
            later.append(rng.normal(size=(fan_in, fan_out)) * np.sqrt(gain / fan_in))
        # Nothing is activated behind the last layer.
        later.append(rng.normal(size=(sizes[-2], n_outputs)) * np.sqrt(1.0 / sizes[-2]))
        skip = np.zeros((n_columns, n_outputs)) if self.skip else None
        biases = (*(np.zeros(size) for size in sizes[:-1]), np.array(null_outputs))
        return Parameters(Weights(first, skip, tuple(later)), biases)

    def apply(self, parameters: Parameters, columns: Array) -> Array:
        """Outputs in JAX, shape (n_rows, n_outputs).

        The rows stand side by side: ``columns`` has the shape (n_columns, n_rows).
        """
        return self._apply(parameters, columns, ACTIVATIONS[self.activation])

    def apply_dropped(
        self, parameters: Parameters, columns: Array, rate: Array, key: Array
    ) -> Array:
        """Outputs in JAX with hidden units left out at random (Srivastava et al. 2014).

        A unit is left out with probability ``rate``; what is left is divided by ``1 - rate``, so
        that its mean stays. Each layer has a key of its own.
        """
        keys = iter(jax.random.split(key, len(self.hidden_layer_sizes)))

        def activation(signal: Array) -> Array:
            kept = jax.random.bernoulli(next(keys), 1 - rate, signal.shape)
            return jax.numpy.where(kept, ACTIVATIONS[self.activation](signal) / (1 - rate), 0.0)

        return self._apply(parameters, columns, activation)

    def _apply(
        self, parameters: Parameters, columns: Array, activation: Callable[[Array], Array]
    ) -> Array:
        (first, skip, later), biases = parameters
        signal = first.T @ columns + biases[0][:, None]
        for weights, bias in zip(later, biases[1:], strict=True):
            signal = weights.T @ activation(signal) + bias[:, None]
        return signal.T if skip is None else (signal + skip.T @ columns).T

    def outputs(self, parameters: Parameters, X: Floats | StandardisedRows) -> Floats:
        """Outputs in NumPy, float64, for standardised rows: what every held-out loss comes from.

        Parameters may have a leading axis, of several networks; so have the outputs then.
        """
        (first, skip, later), biases = parameters
        # A block is made when its turn comes: together they may be a copy of a large table.
        blocks = (X[i : i + ROWS_AT_ONCE] for i in range(0, max(len(X), 1), ROWS_AT_ONCE))
        layers = (first, *later)
        outputs = [forward(layers, biases, skip, self.activation, block) for block in blocks]
        return np.concatenate(outputs, axis=-2)

    def outputs_of_signal(
        self, parameters: Parameters, signal: Floats, beside: Floats | None
    ) -> Floats:
        """Outputs in NumPy from what the first layer and the skip make of the inputs.

        ``beside``, that of the skip, is None without one.
        """
        layers = parameters.weights.later
        biases = parameters.biases[1:]
        return forward_of_signal(layers, biases, self.activation, signal, beside)


# Networks by the names of `choices.NETWORKS`.
NETWORKS = {
    "plain": Network(),
    "small": Network(inputs="splines"),
    "deep": Network((64, 64), "silu", inputs="splines"),
}


def on_any_columns(network: Network) -> Network:
    """A network as programs know it: what stands in its columns is nothing to them.

    Equal networks are the same object, so that threads that look a program up at once compare it
    by identity, and call no Python between.

    Examples
    --------
    >>> on_any_columns(Network((3,), inputs="smooth")) is on_any_columns(Network((3,)))
    True
    """
    return _once(network.hidden_layer_sizes, network.activation, network.skip)


@cache
def _once(sizes: tuple[int, ...], activation: str, skip: bool) -> Network:
    return Network(sizes, activation, skip)


def candidates(
    name: str,
    hidden: int | Sequence[int] | None = None,
    activation: str | None = None,
    skip: bool | None = None,
    inputs: str | None = None,
) -> dict[str, Network]:
    """The networks of a user's arguments: all that there are, or one.

    Parameters
    ----------
    name : str
        That of a network, or "auto".
    hidden, activation, skip, inputs
        Whatever is not None makes it one network: the others are those of the network that is
        named, or of the plain one.

    Examples
    --------
    >>> list(candidates("auto"))
    ['plain', 'small', 'deep']
    >>> candidates("auto", 8)
    {'given': Network(hidden_layer_sizes=(8,), activation='relu', skip=True, inputs='standardised')}
    >>> candidates("deep", activation="relu")["given"].inputs
    'splines'
    """
    given = (hidden, activation, skip, inputs)
    if all(one is None for one in given):
        return dict(NETWORKS) if name == AUTO else {name: NETWORKS[name]}
    return {"given": NETWORKS.get(name, NETWORKS["plain"]).with_arguments(*given)}


def _live_columns(X: Floats | StandardisedRows) -> Booleans:
    """Which columns are not 0 in some row, shape (n_columns,)."""
    # Block by block: rows of a large table are standardised when they are read.
    blocks = (X[i : i + ROWS_AT_ONCE] for i in range(0, len(X), ROWS_AT_ONCE))
    return np.any([(block != 0).any(axis=0) for block in blocks], axis=0)


def pad(parameters: Parameters, n_columns: int, n_outputs: int, output_bias: float) -> Parameters:
    """Fill parameters up with zeros to more columns and outputs, which then change nothing.

    The biases of the outputs added are ``output_bias``.
    """
    more_columns = n_columns - len(parameters.weights.input)
    more_outputs = n_outputs - len(parameters.biases[-1])
    first, skip, later = parameters.weights
    if later:
        later = (*later[:-1], np.pad(later[-1], ((0, 0), (0, more_outputs))))
        first = np.pad(first, ((0, more_columns), (0, 0)))
    else:
        first = np.pad(first, ((0, more_columns), (0, more_outputs)))
    skip = None if skip is None else np.pad(skip, ((0, more_columns), (0, more_outputs)))
    last = np.pad(parameters.biases[-1], (0, more_outputs), constant_values=output_bias)
    return Parameters(Weights(first, skip, later), (*parameters.biases[:-1], last))


def unpad(parameters: Parameters, n_columns: int, n_outputs: int) -> Parameters:
    """What `pad` was given, as float64; arrays may have a leading axis, of several networks."""
    first, skip, later = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), parameters.weights)
    if later:
        later = (*later[:-1], later[-1][..., :n_outputs])
        first = first[..., :n_columns, :]
    else:
        first = first[..., :n_columns, :n_outputs]
    skip = None if skip is None else skip[..., :n_columns, :n_outputs]
    biases = tuple(np.asarray(bias, np.float64) for bias in parameters.biases)
    return Parameters(Weights(first, skip, later), (*biases[:-1], biases[-1][..., :n_outputs]))


def stacked(parameters: Parameters) -> Parameters:
    """Parameters of one network as those of several of which it is the only one, in NumPy."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[None], parameters)


def pick(parameters: Parameters, i: int) -> Parameters:
    """One of several networks."""
    return jax.tree.map(lambda leaf: leaf[i], parameters)


def as_float64(parameters: Parameters) -> Parameters:
    """Parameters as float64 NumPy arrays."""
    return jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), parameters)


def with_columns(change: Callable[[Any], Any], parameters: Parameters) -> Parameters:
    """Parameters with a change made to the weights that have an axis of columns."""
    first, skip, later = parameters.weights
    weights = Weights(change(first), None if skip is None else change(skip), later)
    return parameters._replace(weights=weights)


def heard(parameters: Parameters) -> Booleans:
    """For each of several networks and each column whether one of its weights is not 0."""
    first, skip, _ = parameters.weights
    has_weights = np.any(first, axis=2)
    return has_weights if skip is None else has_weights | np.any(skip, axis=2)


def padded_size(size: int) -> int:
    """The length that an axis is filled up to, so that tables of similar sizes share a program.

    JAX compiles a program for every shape. Lengths are therefore rounded up to one of few: to 16
    the powers of two and the middles between two of them (1, 2, 3, 4, 6, 8, 12, 16), beyond 16
    multiples of eight, and beyond 64 eight equal steps from one power of two to the next (64, 72,
    80, ...). An axis of more than 64 grows by less than an eighth.

    Examples
    --------
    >>> [padded_size(size) for size in (1, 5, 30, 100, 455, 39000)]
    [1, 6, 32, 104, 480, 40960]
    """
    if size <= 2:
        return size
    # The largest power of two below the size.
    power = 2 ** (int(size - 1).bit_length() - 1)
    step = power // 2 if power < 16 else max(8, power // 8)
    # The next multiple of the step.
    return -(-size // step) * step
