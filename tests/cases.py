"""The cases that shared tests run over: every loss, penalty and kind of network, and problems made
of them.

A new loss, penalty or network is one line in the tables below.
"""

from typing import NamedTuple

import jax
import numpy as np

from tautnet.objective.losses import (
    BinaryLogLoss,
    Huber,
    MultilabelLogLoss,
    MultinomialLogLoss,
    Poisson,
    Quantile,
    SquaredError,
)
from tautnet.objective.networks import Network
from tautnet.objective.penalties import (
    MCP,
    ElasticNet,
    Group,
    GroupMCP,
    Groups,
    Hierarchical,
    SparseGroup,
)
from tautnet.objective.problem import Data, Problem
from tautnet.objective.registry import penalty_kind
from tautnet.objective.survival import CoxPartialLikelihood

# A loss, and the columns of its target.
LOSSES = {
    "squared error": (SquaredError(), 2),
    "binary log-loss": (BinaryLogLoss(), 1),
    "multinomial log-loss": (MultinomialLogLoss(), 3),
    "multilabel log-loss": (MultilabelLogLoss(), 3),
    "poisson": (Poisson(), 2),
    "huber": (Huber(0.7), 2),
    "quantile": (Quantile(0.3), 2),
    "Cox, Breslow": (CoxPartialLikelihood("breslow"), 1),
    "Cox, Efron": (CoxPartialLikelihood("efron"), 1),
}

PENALTIES = {
    "none": ElasticNet(0.0, 0.0),
    "l2": ElasticNet(0.3, 0.0),
    "l1": ElasticNet(0.2, 1.0),
    "elasticnet": ElasticNet(0.3, 0.4),
    "group": Group(0.1),
    "sparse_group": SparseGroup(0.1, 0.4),
    "hierarchical": Hierarchical(0.1),
    "mcp": MCP(0.2),
    "group_mcp": GroupMCP(0.3),
}
# Their energies have more than one valley, or a set of points that is not convex.
NOT_CONVEX = ("hierarchical", "mcp", "group_mcp")

NETWORKS = {
    "linear": Network((), skip=False),
    "relu": Network((3,), "relu"),
    "tanh": Network((3,), "tanh", skip=False),
    "silu": Network((3, 2), "silu"),
    "identity": Network((3, 2), "identity", skip=False),
}

# The predictor of each column: the first and the last have two columns, and columns need not be
# neighbours.
COLUMN_PREDICTOR = np.array([0, 1, 2, 0, 2], np.int32)


def go_together(penalty, network):
    """Whether a penalty can be put on a network: one that needs a skip on one that has it."""
    return penalty_kind(penalty).complaint(NETWORKS[network]) is None


class Case(NamedTuple):
    """A problem, rows for it, and a point at which no weight and no column is near 0."""

    problem: Problem
    parameters: object
    data: Data


def draw_target(loss, n_rows, n_outputs, rng):
    """A target that suits a loss: numbers, counts, labels, classes that all occur, tied times in
    their order.
    """
    if type(loss) in (SquaredError, Huber, Quantile):
        return rng.normal(size=(n_rows, n_outputs))
    if type(loss) is Poisson:
        return rng.poisson(1.5, size=(n_rows, n_outputs)).astype(float)
    if type(loss) is CoxPartialLikelihood:
        times = -np.sort(-rng.integers(1, 6, size=n_rows))
        return (times * np.where(np.arange(n_rows) % 3 > 0, 1.0, -1.0))[:, None]
    labels = rng.permutation(np.arange(n_rows) % max(n_outputs, 2))
    if type(loss) is MultilabelLogLoss:
        return (np.eye(n_outputs)[labels] + np.eye(n_outputs)[labels[::-1]] > 0).astype(float)
    return np.eye(n_outputs)[labels] if n_outputs > 1 else labels[:, None].astype(float)


def draw_weight(n_rows, rng):
    """Row weights that differ and sum to 1."""
    weight = rng.uniform(0.5, 2.0, size=n_rows)
    return weight / weight.sum()


def away_from_zero(arrays, rng):
    """Arrays of the same shapes with magnitudes between 0.2 and 1."""
    return jax.tree.map(
        lambda a: rng.choice([-1.0, 1.0], a.shape) * rng.uniform(0.2, 1.0, a.shape), arrays
    )


def make_groups(network, n_outputs, column_predictor=COLUMN_PREDICTOR):
    """Groups whose factors are the square roots of the numbers of first-layer and skip weights."""
    per_column = (
        n_outputs if network.is_linear else network.hidden_layer_sizes[0] + n_outputs * network.skip
    )
    counts = np.bincount(column_predictor) * per_column
    return Groups(
        column_predictor, np.sqrt(counts)[column_predictor], np.ones(len(column_predictor))
    )


def make_case(loss="squared error", penalty="l2", network="silu", n_rows=12, seed=0):
    """The case of three names in the tables above."""
    rng = np.random.default_rng(seed)
    (loss, n_outputs), penalty, network = LOSSES[loss], PENALTIES[penalty], NETWORKS[network]
    X = rng.normal(size=(n_rows, len(COLUMN_PREDICTOR)))
    data = Data(X.T, draw_target(loss, n_rows, n_outputs, rng), draw_weight(n_rows, rng))
    parameters = away_from_zero(network.initial(X, np.zeros(n_outputs), seed), rng)
    return Case(Problem(penalty, make_groups(network, n_outputs), loss, network), parameters, data)


def orthogonal_columns(n_rows, n_columns, rng):
    """Columns of mean 0 and mean square 1 that are orthogonal to each other."""
    drawn = rng.normal(size=(n_rows, n_columns))
    return np.sqrt(n_rows) * np.linalg.qr(drawn - drawn.mean(axis=0))[0]
