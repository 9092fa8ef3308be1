"""The cases of shared tests: every loss, penalty and kind of network, and problems made of them.

A new loss, penalty or network is one line in the tables below.
"""

from typing import NamedTuple

import jax
import numpy as np

from tautnet.objective.classification import BinaryLogLoss, MultilabelLogLoss, MultinomialLogLoss
from tautnet.objective.losses import Loss
from tautnet.objective.networks import Network, Parameters
from tautnet.objective.penalties import (
    MCP,
    ElasticNet,
    Group,
    GroupMCP,
    Hierarchical,
    Penalty,
    SparseGroup,
)
from tautnet.objective.predictors import Predictors
from tautnet.objective.problem import Data, Problem
from tautnet.objective.registry import penalty_kind
from tautnet.objective.regression import Huber, Poisson, Quantile, SquaredError
from tautnet.objective.survival import CoxPartialLikelihood
from tautnet.tables.arrays import Floats, Integers

# A loss, and the columns of its target.
LOSSES: dict[str, tuple[Loss, int]] = {
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

PENALTIES: dict[str, Penalty] = {
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


def go_together(penalty: str, network: str) -> bool:
    """Whether a penalty can be put on a network: one that needs a skip on one that has it."""
    return penalty_kind(penalty).complaint(NETWORKS[network]) is None


class Case(NamedTuple):
    """A problem, rows for it, and a point at which no weight and no column is near 0."""

    problem: Problem
    parameters: Parameters
    data: Data


def draw_target(loss: Loss, n_rows: int, n_outputs: int, rng: np.random.Generator) -> Floats:
    """A target that suits a loss: numbers, counts, labels, or tied times in their order.

    Every class occurs.
    """
    if type(loss) in (SquaredError, Huber, Quantile):
        return rng.normal(size=(n_rows, n_outputs))
    if type(loss) is Poisson:
        return rng.poisson(1.5, size=(n_rows, n_outputs)).astype(float)
    if type(loss) is CoxPartialLikelihood:
        times = -np.sort(-rng.integers(1, 6, size=n_rows))
        return (times * np.where(np.arange(n_rows) % 3 > 0, 1.0, -1.0))[:, None].astype(float)
    labels = rng.permutation(np.arange(n_rows) % max(n_outputs, 2))
    if type(loss) is MultilabelLogLoss:
        return (np.eye(n_outputs)[labels] + np.eye(n_outputs)[labels[::-1]] > 0).astype(float)
    if n_outputs > 1:
        return np.eye(n_outputs)[labels]
    return labels[:, None].astype(float)


def draw_weight(n_rows: int, rng: np.random.Generator) -> Floats:
    """Row weights that differ and sum to 1."""
    weight = rng.uniform(0.5, 2.0, size=n_rows)
    return weight / weight.sum()


def away_from_zero(parameters: Parameters, rng: np.random.Generator) -> Parameters:
    """Parameters of the same shapes with magnitudes between 0.2 and 1."""

    def draw(leaf: Floats) -> Floats:
        return rng.choice([-1.0, 1.0], leaf.shape) * rng.uniform(0.2, 1.0, leaf.shape)

    return jax.tree.map(draw, parameters)


def make_predictors(
    network: Network, n_outputs: int, column_predictor: Integers = COLUMN_PREDICTOR
) -> Predictors:
    """Predictors with the number of their first-layer and skip weights, and factors of 1."""
    per_column = n_outputs
    if not network.is_linear:
        per_column = network.hidden_layer_sizes[0] + n_outputs * network.skip
    roots = np.sqrt(np.bincount(column_predictor) * per_column)
    return Predictors(column_predictor, roots[column_predictor], np.ones(len(column_predictor)))


def make_case(
    loss: str = "squared error",
    penalty: str = "l2",
    network: str = "silu",
    n_rows: int = 12,
    seed: int = 0,
) -> Case:
    """The case of three names in the tables above."""
    rng = np.random.default_rng(seed)
    its_loss, n_outputs = LOSSES[loss]
    its_network = NETWORKS[network]
    X = rng.normal(size=(n_rows, len(COLUMN_PREDICTOR)))
    y = draw_target(its_loss, n_rows, n_outputs, rng)
    data = Data(X.T, y, draw_weight(n_rows, rng))
    parameters = away_from_zero(its_network.initial(X, np.zeros(n_outputs), seed), rng)
    predictors = make_predictors(its_network, n_outputs)
    problem = Problem(PENALTIES[penalty], predictors, its_loss, its_network)
    return Case(problem, parameters, data)


def orthogonal_columns(n_rows: int, n_columns: int, rng: np.random.Generator) -> Floats:
    """Columns of mean 0 and mean square 1 that are orthogonal to each other."""
    drawn = rng.normal(size=(n_rows, n_columns))
    return np.sqrt(n_rows) * np.linalg.qr(drawn - drawn.mean(axis=0))[0]
