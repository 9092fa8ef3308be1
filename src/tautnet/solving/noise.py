"""Whether weaker strengths help: tried on some of a chain's rows, and judged by its others."""

from collections.abc import Callable, Sequence

import jax
import numpy as np

from tautnet.engine.adam import Adam
from tautnet.objective.networks import Parameters
from tautnet.solving.prepared import Prepared
from tautnet.tables.arrays import Booleans
from tautnet.tables.scaling import restore

# Share of the rows that judge.
JUDGES = 0.15
# What makes the fraction of a sum of a row's cells as good as random.
SCATTER = 1e4
# Losses, over the constant's, below which noise is no question, and above which nothing but noise
# was learned.
FITTED = 0.02
NOISE = 0.5


def weaker_helps(prepared: Prepared, adam: Adam, fits: Sequence[Callable[[], Parameters]]) -> bool:
    """Whether the weaker of two strengths predicts rows better that were left out of a trial.

    What a strength this weak still takes away is noise in one table and signal in another, and
    the rows that are fitted look the same in both. So some of them weigh nothing in the trial.

    Parameters
    ----------
    prepared : Prepared
        All rows of the chain: no other has a say.
    adam : Adam
        At its start. It is left where the trial has led.
    fits : sequence of two callables
        The stronger and the weaker: each goes on from where ``adam`` stands.

    Returns
    -------
    bool
    """
    judges = _judges(prepared)
    share = prepared.weight[judges].sum()
    if not 0 < share < 1:
        return True
    data = adam.data
    weight = np.array(data.weight)
    weight[: len(judges)][judges] = 0.0
    adam.data = data._replace(weight=jax.device_put(weight / weight.sum()))
    strong, weak = (_loss(prepared, judges, fit()) for fit in fits)
    adam.data = data
    return strong <= NOISE and (weak < strong or strong <= FITTED)


def _judges(prepared: Prepared) -> Booleans:
    """Some of the rows, shape (n_rows,): alike ones and groups together, wherever they stand."""
    X = np.asarray(prepared.X)
    direction = np.random.default_rng([prepared.settings.seed, 3]).normal(size=X.shape[1])
    place = X @ direction
    if prepared.groups is not None:
        # One row stands for its group: the last of them in that direction.
        _, group = np.unique(prepared.groups, return_inverse=True)
        last = np.full(group.max() + 1, -np.inf)
        np.maximum.at(last, group, place)
        place = last[group]
    return np.asarray((SCATTER * place) % 1 < JUDGES)


def _loss(prepared: Prepared, judges: Booleans, several: Parameters) -> float:
    """The mean metric of a network on some rows, over that of the constant of all rows."""
    target = prepared.scaling.target
    loss = prepared.settings.loss
    y = restore(prepared.y, target)
    weight = prepared.weight[judges]
    network = prepared.settings.network
    outputs = network.outputs(prepared.cropped(several), np.asarray(prepared.X)[judges])[0]
    constant = np.broadcast_to(loss.constant(y, prepared.weight), y[judges].shape)
    own, null = (
        np.average(loss.metric(y[judges], some), weights=weight)
        for some in (restore(outputs, target), constant)
    )
    return float(own / null) if null > 0 else 0.0
