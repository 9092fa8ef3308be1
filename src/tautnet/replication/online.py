"""The article's learner for many strengths at once: one compiled scan over epochs and items.

It works in float64. One job is one set of items under many strengths: the strengths are the last
axis of every array, and each item is read once for all of them. Sets of items run side by side,
see `engine.jobs`.
"""

import random
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tautnet.engine.program import Program
from tautnet.replication.protocol import (
    EPOCHS,
    HIDDEN,
    INITIAL_LIMIT,
    LEARNER_SEED,
    RATE,
    Layers,
    draw_network,
    hidden_and_outputs,
)


class Strengths(NamedTuple):
    """One pair of λ a network: positive ones shrink weights.

    Negative ones make them grow, as published.

    Attributes
    ----------
    l1, l2 : arrays (n_strengths,)
    """

    l1: object
    l2: object


class Learned(NamedTuple):
    """Networks that learned the same items under different strengths.

    Attributes
    ----------
    networks : Layers
        The strength is the last axis of each array.
    squares : array (n_epochs, n_strengths)
        Sum of squared weights after each epoch.
    """

    networks: Layers
    squares: object

    def network(self, i):
        """The network under strength number ``i``."""
        return Layers(*(layer[..., i] for layer in self.networks))

    def outputs(self, X):
        """Outputs of every network, shape (n_strengths, n_items, n_classes)."""
        return np.array(
            [hidden_and_outputs(self.network(i), X)[1] for i in range(self.squares.shape[1])]
        )


def _item_step(strengths, network, item):
    x, target = item
    x = x[:, None, None]
    target = target[:, None]
    hidden = jnp.tanh((x * network.hidden).sum(axis=0) + network.hidden_bias)
    signal = (hidden[:, None] * network.output).sum(axis=0) + network.output_bias
    powers = jnp.exp(signal - signal.max(axis=0))
    outputs = powers / powers.sum(axis=0)
    output_signal = (target - outputs) * (1 - outputs) * outputs
    hidden_signal = (1 - hidden**2) * (network.output * output_signal).sum(axis=1)

    def moved(weights, gradient):
        return weights + RATE * (
            gradient - strengths.l1 * jnp.sign(weights) - strengths.l2 * weights
        )

    stepped = Layers(
        moved(network.hidden, x * hidden_signal),
        network.hidden_bias + RATE * hidden_signal,
        moved(network.output, hidden[:, None] * output_signal),
        network.output_bias + RATE * output_signal,
    )
    return stepped, None


def _learn(X, targets, orders, strengths, network):
    def epoch(network, order):
        network, _ = jax.lax.scan(
            lambda n, item: _item_step(strengths, n, item), network, (X[order], targets[order])
        )
        hidden_squares = jnp.square(network.hidden).sum(axis=(0, 1))
        output_squares = jnp.square(network.output).sum(axis=(0, 1))
        return network, hidden_squares + output_squares

    return jax.lax.scan(epoch, network, orders)


_program = Program(_learn)


@lru_cache(maxsize=64)
def _start(n_items, seed):
    """Initial network and the items' order in every epoch, from one generator, as published."""
    rng = random.Random(seed)
    network = draw_network(rng, HIDDEN, INITIAL_LIMIT)
    order = list(range(n_items))
    orders = []
    for _ in range(EPOCHS):
        rng.shuffle(order)
        orders.append(list(order))
    return network, np.array(orders, np.int32)


def learn_online(items, strengths, *, seed=LEARNER_SEED):
    """Train the article's network on the same items under many strengths, by its protocol.

    Parameters
    ----------
    items : Items
    strengths : Strengths
    seed : int
        Of the generator of initial weights and order.

    Returns
    -------
    Learned

    Examples
    --------
    >>> from tautnet.replication.protocol import draw_items
    >>> learned = learn_online(draw_items(20, random.Random(0)),
    ...     Strengths(np.zeros(2), np.array([0.0, 0.01])))
    >>> learned.squares.shape, bool(learned.squares[-1, 1] < learned.squares[-1, 0])
    ((500, 2), True)
    """
    network, orders = _start(len(items.X), seed)
    n_strengths = len(strengths.l1)
    many = Layers(*(np.repeat(layer[..., None], n_strengths, axis=-1) for layer in network))
    # Float64 throughout: in float32 the exploding weights of the published sign would take
    # another course.
    with jax.enable_x64(True):
        learned, squares = _program(items.X, items.targets, orders, strengths, many)
        return Learned(Layers(*map(np.asarray, learned)), np.asarray(squares))
