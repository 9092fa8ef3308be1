"""Networks: JAX and NumPy agree, initial weights have the right size, padding changes nothing."""

import tracemalloc
from collections.abc import Callable

import jax
import numpy as np
import pytest
from cases import NETWORKS, away_from_zero
from numpy.testing import assert_allclose, assert_array_equal

from tautnet.objective import prediction
from tautnet.objective.classification import MultinomialLogLoss
from tautnet.objective.networks import ACTIVATIONS, Network, Parameters, Weights, pad, unpad
from tautnet.tables.arrays import Floats
from tautnet.tables.scaling import Scaling, StandardisedRows

X = np.random.default_rng(0).normal(size=(7, 5))
X[:, 3] = 0.0


def draw(network: Network, seed: int = 0) -> Parameters:
    """A point with no zero in it, for the columns of X and three outputs."""
    return away_from_zero(network.initial(X, np.zeros(3), seed), np.random.default_rng(seed))


ACTIVATIONS_BY_HAND: dict[str, Callable[[float], float]] = {
    "relu": lambda v: max(v, 0.0),
    "tanh": np.tanh,
    "silu": lambda v: v / (1 + np.exp(-v)),
    "identity": lambda v: v,
}


def by_hand(network: Network, parameters: Parameters, x: Floats) -> Floats:
    """The outputs of one row, unit by unit."""
    activation = ACTIVATIONS_BY_HAND[network.activation]
    (first, skip, later), biases = parameters
    signal = np.array([sum(x * column) for column in first.T]) + biases[0]
    for weights, bias in zip(later, biases[1:], strict=True):
        heard = np.array([activation(v) for v in signal])
        signal = np.array([sum(heard * column) for column in weights.T]) + bias
    return signal if skip is None else signal + x @ skip


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_outputs_in_jax_in_numpy_and_by_hand(network: Network) -> None:
    parameters = draw(network)
    outputs = network.outputs(parameters, X)
    assert outputs.dtype == np.float64 and isinstance(outputs, np.ndarray)
    assert_allclose(network.apply(parameters, X.T), outputs, rtol=1e-12, atol=1e-12)
    assert_allclose(outputs, [by_hand(network, parameters, x) for x in X], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_agree_far_from_zero_too(name: str) -> None:
    x = np.array([-800.0, -30.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 30.0, 800.0])
    assert_allclose(ACTIVATIONS[name](x), prediction.ACTIVATIONS[name](x), rtol=1e-12, atol=1e-12)


def test_outputs_of_many_rows_need_no_memory_for_all_of_them() -> None:
    """Rows that are standardised when they are read are there a block at a time."""
    table = np.random.default_rng(0).normal(size=(60_000, 20))
    rows = StandardisedRows(table, np.arange(len(table)), Scaling(np.zeros(20), np.ones(20)))
    network = Network((3,))
    parameters = network.initial(table[:9], np.zeros(1), 0)
    tracemalloc.start()
    try:
        outputs = network.outputs(parameters, rows)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_allclose(outputs, network.outputs(parameters, table), rtol=1e-12)
    assert peak < table.nbytes / 3


def test_every_activation_is_in_a_case() -> None:
    used = {network.activation for network in NETWORKS.values()}
    assert used == ACTIVATIONS.keys() == prediction.ACTIVATIONS.keys()


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_first_point_is_the_null_model_with_hidden_layers_beside(network: Network) -> None:
    null = np.array([0.5, -1.0, 2.0])
    (first, skip, later), biases = network.initial(X, null, seed=0)
    assert_array_equal(biases[-1], null)
    assert not any(np.any(bias) for bias in biases[:-1])
    assert (skip is None) == (network.is_linear or not network.skip)
    assert skip is None or not np.any(skip)
    if network.is_linear:
        assert not np.any(first)
    else:
        assert np.all(first[[0, 1, 2, 4]] != 0) and all(np.all(w != 0) for w in later)


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", 2), ("tanh", 1), ("silu", 1), ("identity", 1)]
)
def test_initial_weights_have_the_variance_of_their_fan_in(activation: str, gain: float) -> None:
    columns = np.ones((1, 100))
    columns[:, 50:] = 0
    first, _, later = Network((200, 150), activation).initial(columns, np.zeros(40), seed=0).weights
    assert first[:50].var() == pytest.approx(gain / 50, rel=0.05)
    assert later[0].var() == pytest.approx(gain / 200, rel=0.05)
    # Nothing is activated behind the last layer.
    assert later[1].var() == pytest.approx(1 / 150, rel=0.05)


def test_a_column_of_zeros_gets_zero_weights() -> None:
    first = Network((4,)).initial(X, np.zeros(1), seed=0).weights.input
    assert np.all(first[3] == 0.0) and np.all(first[[0, 1, 2, 4]] != 0)
    assert np.all(Network((4,)).initial(0 * X, np.zeros(1), seed=0).weights.input == 0)


def test_columns_behind_change_no_first_weight_before_them() -> None:
    network = Network((4,))
    first = network.initial(X, np.zeros(1), seed=0).weights.input
    dead = network.initial(np.hstack([X, 0 * X]), np.zeros(1), seed=0).weights.input
    assert_array_equal(dead[:5], first)
    # A live column is one more input to share the variance with.
    more = network.initial(np.hstack([X, X[:, :1]]), np.zeros(1), seed=0).weights.input
    assert_allclose(more[:5], first * np.sqrt(4 / 5), rtol=1e-14)


def test_the_seed_decides() -> None:
    network = Network((4,))
    first = network.initial(X, np.zeros(1), 1).weights.input
    again = network.initial(X, np.zeros(1), 1).weights.input
    other = network.initial(X, np.zeros(1), 2).weights.input
    assert_array_equal(first, again)
    assert np.all(first[0] != other[0])


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_padding_changes_no_output_and_comes_off_again(network: Network) -> None:
    parameters = draw(network)
    padded = pad(parameters, 8, 6, MultinomialLogLoss().padding_bias)
    outputs = network.outputs(padded, np.pad(X, ((0, 0), (0, 3))))
    # Columns may hold anything: their weights are 0.
    noise = np.hstack([X, np.random.default_rng(1).normal(size=(7, 3))])
    assert_allclose(network.outputs(padded, noise), outputs, rtol=1e-14)
    assert_allclose(outputs[:, :3], network.outputs(parameters, X), rtol=1e-14)
    assert np.all(outputs[:, 3:] == MultinomialLogLoss().padding_bias)
    jax.tree.map(assert_array_equal, unpad(padded, 5, 3), parameters)


def test_unpadded_parameters_are_float64_numpy_arrays() -> None:
    narrow = jax.tree.map(lambda a: jax.numpy.asarray(a, np.float32), draw(Network((4,))))
    for leaf in jax.tree.leaves(unpad(narrow, 5, 3)):
        assert isinstance(leaf, np.ndarray) and leaf.dtype == np.float64


def test_padding_adds_zeros_alone() -> None:
    parameters = Parameters(
        Weights(np.ones((2, 1)), np.ones((2, 1)), (np.ones((1, 1)),)), (np.ones(1), np.ones(1))
    )
    (first, skip, (last,)), biases = pad(parameters, 3, 2, -7.0)
    assert first.tolist() == [[1], [1], [0]]
    assert skip is not None and skip.tolist() == [[1, 0], [1, 0], [0, 0]]
    assert last.tolist() == [[1, 0]]
    assert [bias.tolist() for bias in biases] == [[1], [1, -7]]
