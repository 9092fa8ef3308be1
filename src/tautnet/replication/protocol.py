"""The article's experiment as published, in plain NumPy, to the digit.

McCaffrey, "Neural Network L2 Regularization Using Python" (Visual Studio Magazine, September 2017)
and "Neural Network L1 Regularization Using Python" (December 2017). The order of every random draw
is part of the protocol: Python's own generator gives the weights of the network that makes the
data, the items, the initial weights, and then the order of the items, epoch after epoch.
"""

import random
from typing import NamedTuple

import numpy as np

N_PREDICTORS = 10
N_CLASSES = 4
# The network that makes the data: its hidden units, its seed, the limit of its weights, and that
# of the inputs.
GENERATOR_HIDDEN = 15
GENERATOR_SEED = 3
GENERATOR_LIMIT = 9.9
INPUT_LIMIT = 8.0
# The network that learns: its hidden units, the limit of its initial weights, its seed.
HIDDEN = 8
INITIAL_LIMIT = 0.01
LEARNER_SEED = 0
# Items and epochs, and the learning rate.
N_TRAIN = 200
N_TEST = 40
EPOCHS = 500
RATE = 0.01


class Published(NamedTuple):
    """What an article did, and the figures that it printed.

    Attributes
    ----------
    title : str
    train_seed, test_seed : int
        Of the 200 training items and the 40 test items.
    strength : float
        λ, the strength of the penalty.
    figures : dict or None
        Run -> (training accuracy, test accuracy) as printed; None where they are not known.
    """

    title: str
    train_seed: int
    test_seed: int
    strength: float
    figures: object


ARTICLES = {
    "l1": Published(
        "James McCaffrey, Neural Network L1 Regularization Using Python (December 2017)",
        16,
        18,
        0.001,
        {"none": (0.940, 0.550), "published": (0.945, 0.675)},
    ),
    "l2": Published(
        "James McCaffrey, Neural Network L2 Regularization Using Python (September 2017)",
        11,
        13,
        0.005,
        None,
    ),
}


def penalty_pair(penalty, strength):
    """A strength of one penalty as (λ of L1, λ of L2)."""
    return (strength, 0.0) if penalty == "l1" else (0.0, strength)


class Layers(NamedTuple):
    """A network with one hidden layer; a further axis may hold many networks, last.

    Attributes
    ----------
    hidden : array (n_predictors, n_hidden)
        Weights from the inputs to the hidden units.
    hidden_bias : array (n_hidden,)
    output : array (n_hidden, n_classes)
        Weights from the hidden units to the outputs.
    output_bias : array (n_classes,)
    """

    hidden: object
    hidden_bias: object
    output: object
    output_bias: object


class Items(NamedTuple):
    """Items and their classes.

    Attributes
    ----------
    X : array (n_items, n_predictors)
    labels : int array (n_items,)
    """

    X: object
    labels: object

    @property
    def targets(self):
        """The classes as 1-of-4, shape (n_items, 4)."""
        return np.eye(N_CLASSES)[self.labels]


def draw_uniform(rng, limit, shape):
    """Numbers between -limit and limit, drawn one after the other, row by row."""
    drawn = [2 * limit * rng.random() - limit for _ in range(int(np.prod(shape)))]
    return np.array(drawn).reshape(shape)


def draw_network(rng, n_hidden, limit):
    """A network whose weights and biases are drawn layer by layer, weights before biases."""
    shapes = (N_PREDICTORS, n_hidden), (n_hidden,), (n_hidden, N_CLASSES), (N_CLASSES,)
    return Layers(*(draw_uniform(rng, limit, shape) for shape in shapes))


def hidden_and_outputs(network, X):
    """Values of the hidden units (tanh) and of the outputs (softmax).

    Parameters
    ----------
    network : Layers
    X : array (n_items, n_predictors) or (n_predictors,)

    Returns
    -------
    hidden, outputs : arrays (..., n_hidden) and (..., n_classes)
    """
    hidden = np.tanh(X @ network.hidden + network.hidden_bias)
    signal = hidden @ network.output + network.output_bias
    powers = np.exp(signal - signal.max(axis=-1, keepdims=True))
    return hidden, powers / powers.sum(axis=-1, keepdims=True)


def draw_items(n_items, rng):
    """Items as the article makes them, without noise.

    Inputs are uniform, and the class is that of a fixed network's largest output.

    Parameters
    ----------
    n_items : int
    rng : random.Random

    Returns
    -------
    Items

    Examples
    --------
    >>> draw_items(5, random.Random(16)).labels.tolist()
    [0, 1, 2, 0, 1]
    """
    generator = draw_network(random.Random(GENERATOR_SEED), GENERATOR_HIDDEN, GENERATOR_LIMIT)
    X = draw_uniform(rng, INPUT_LIMIT, (n_items, N_PREDICTORS))
    return Items(X, hidden_and_outputs(generator, X)[1].argmax(axis=1))


def accuracy(network, items):
    """Share of items whose class has the largest output."""
    return float((hidden_and_outputs(network, items.X)[1].argmax(axis=1) == items.labels).mean())


def sum_of_squared_weights(network):
    """Sum over all weights of both layers; biases are not counted, as they are not penalised."""
    return float(np.square(network.hidden).sum() + np.square(network.output).sum())


def learn(items, l1=0.0, l2=0.0):
    """The article's back-propagation: online, 500 epochs.

    The items are shuffled in place at the start of each epoch.

    The penalties are *added* to gradients that are then climbed, as published: a positive λ makes
    weights grow. A negative one is the sign mended.

    Parameters
    ----------
    items : Items
    l1, l2 : float
        λ of each penalty; ``l1 * sign(w)`` and ``l2 * w`` are added to the gradient of every
        weight.

    Returns
    -------
    network : Layers
    squares : array (500,)
        Sum of squared weights after each epoch.
    """
    rng = random.Random(LEARNER_SEED)
    network = draw_network(rng, HIDDEN, INITIAL_LIMIT)
    order = list(range(len(items.X)))
    targets = items.targets
    squares = []
    for _ in range(EPOCHS):
        rng.shuffle(order)
        for i in order:
            _learn_item(network, items.X[i], targets[i], l1, l2)
        squares.append(sum_of_squared_weights(network))
    return network, np.array(squares)


def _learn_item(network, x, target, l1, l2):
    """One step, in place."""
    hidden, outputs = hidden_and_outputs(network, x)
    # Squared error as if each output were a logistic unit: softmax's cross terms are left out, as
    # published.
    output_signal = (target - outputs) * (1 - outputs) * outputs
    hidden_signal = (1 - hidden**2) * (network.output @ output_signal)
    for weights, bias, values, signal in (
        (network.output, network.output_bias, hidden, output_signal),
        (network.hidden, network.hidden_bias, x, hidden_signal),
    ):
        weights += RATE * (np.outer(values, signal) + l1 * np.sign(weights) + l2 * weights)
        bias += RATE * signal
