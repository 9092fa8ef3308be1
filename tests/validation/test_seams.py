"""Jobs are records: they go through a pickle, and then do what they would have done here."""

import pickle

import numpy as np
import pytest

from tautnet.engine.jobs import run_jobs
from tautnet.estimators.watch import watch_of
from tautnet.refitting.refits import RefitJob
from tautnet.selecting.randomization import NetworkJob
from tautnet.selecting.stability import HalfJob
from tautnet.solving.settings import Request
from tautnet.training.adaptive import PointJob
from tautnet.validation.chain import ChainJob
from tautnet.validation.folds import make_folds

pytestmark = pytest.mark.usefixtures("compile_quickly")
FOLD = make_folds(60, 3, seed=0)


def numbers(result):
    """All arrays of a result, whatever it is."""
    if isinstance(result, np.ndarray):
        return [result]
    if hasattr(result, "path"):
        return [result.path.norms, result.path.outputs, *result.losses.values()]
    if hasattr(result, "parameters") and hasattr(result, "signal"):
        return [result.signal, result.y]
    return [result.norms, result.alphas]


@pytest.mark.parametrize("name", ["chain", "nested chain", "refit", "point", "half", "network"])
def test_a_job_goes_through_a_pickle(regression, settings, name):
    own = settings("group")
    job = {
        "chain": ChainJob(own, Request(keep="all"), FOLD, (1,)),
        "nested chain": ChainJob(own, fold=FOLD, left_out=(0, 2), serves=(0,)),
        "refit": RefitJob((0, 2), ChainJob(settings("l2"), fold=FOLD, left_out=(1,))),
        "point": PointJob(settings("group", adaptive=True), 0.01),
        "half": HalfJob(np.arange(30), own, 0.01),
        "network": NetworkJob(own, 0.01, FOLD, 1, np.arange(60)),
    }[name]
    sent = pickle.dumps(job)
    # The table is no part of it.
    assert len(sent) < 5000
    [here, there] = run_jobs(regression, [job, pickle.loads(sent)])
    for one, other in zip(numbers(here), numbers(there), strict=True):
        np.testing.assert_array_equal(one, other)


def test_early_stopping_by_a_score_goes_through_a_pickle(regression):
    """What watches is a record too, not a function inside a function."""
    import tautnet as tn

    model = tn.TautNetRegressor("early_stopping", stopping="score", hidden_layer_sizes=(3,))
    watch = watch_of(model, regression.X, regression.y[:, 0], None)
    assert pickle.loads(pickle.dumps(watch)).model.penalty == "early_stopping"
