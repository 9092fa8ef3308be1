"""Clusters of Dask and Ray: the same bits as threads, also where a worker dies."""

import joblib
import mortal_jobs
import numpy as np
import pytest

import tautnet as tn
from tautnet.engine.jobs import run_jobs

# Ray starts processes of its own.
pytestmark = pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
X = np.random.default_rng(0).normal(size=(90, 3))


def fitted(n_jobs=None):
    model = tn.TautNetRegressorCV(cv=3, hidden_layer_sizes=(3,), random_state=0, n_jobs=n_jobs)
    return model.fit(X, X[:, 0])


@pytest.fixture(scope="module")
def dask():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        yield


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray")
    from ray.util.joblib import register_ray

    ray.init(num_cpus=2, include_dashboard=False)
    # Workers of Ray do not see the folder of the tests.
    ray.cloudpickle.register_pickle_by_value(mortal_jobs)
    register_ray()
    with joblib.parallel_config("ray"):
        yield
    ray.shutdown()


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_a_cluster_gives_the_same_bits(engine, request):
    with joblib.parallel_config("threading"):
        here = fitted(n_jobs=2)
    request.getfixturevalue(engine)
    np.testing.assert_array_equal(fitted().coefs_[0], here.coefs_[0])


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_a_worker_that_dies_is_replaced(engine, request, tmp_path):
    request.getfixturevalue(engine)
    jobs = [mortal_jobs.Mortal(i, str(tmp_path / "died")) for i in range(6)]
    assert run_jobs(np.arange(6), jobs) == [1, 2, 3, 4, 5, 6]
    assert (tmp_path / "died").exists()
