"""Jobs on engines that the user has opened: the same bits, and workers that die."""

import joblib
import numpy as np
import pytest
from mortal_jobs import Deadly, Mortal, Unreadable

import tautnet as tn
from tautnet.engine.elsewhere import WorkersDied, opened, run_there
from tautnet.engine.jobs import run_jobs
from tautnet.objective.penalties import Group


@pytest.fixture(scope="module")
def processes():
    """Two workers of joblib's, which end with these tests."""
    with joblib.parallel_config("loky", n_jobs=2):
        yield
    joblib.externals.loky.get_reusable_executor().shutdown(kill_workers=True)


def test_jobs_run_here_unless_an_engine_is_opened():
    assert opened() is None
    with joblib.parallel_config("multiprocessing", n_jobs=2):
        assert opened() is None
    with joblib.parallel_config("threading", n_jobs=2):
        assert opened() is None
    with joblib.parallel_config("loky", n_jobs=2):
        assert opened() == opened(-1) == "LokyBackend"
        # One at a time is what this process does itself.
        assert opened(1) is None


def fit(n_jobs=None):
    X = np.random.default_rng(0).normal(size=(90, 3))
    model = tn.TautNetRegressorCV(
        "double_group", cv=3, hidden_layer_sizes=(3,), random_state=0, n_jobs=n_jobs
    )
    return model.fit(X, X[:, 0])


def test_processes_give_the_same_bits_under_a_penalty_of_the_user_s_own(processes):
    tn.register_penalty(
        tn.PenaltyKind(
            "double_group",
            lambda alpha, l1_ratio: Group(2 * alpha),
            "Takes whole predictors out, twice as fast.",
            takes_out="predictors",
            is_joint=True,
        )
    )
    told = fit()
    with joblib.parallel_config("threading"):
        here = fit(n_jobs=2)
    np.testing.assert_array_equal(told.coefs_[0], here.coefs_[0])
    np.testing.assert_array_equal(
        told.cv_results_["mean_test_loss"], here.cv_results_["mean_test_loss"]
    )


def test_a_worker_that_dies_costs_unfinished_jobs_alone(processes, tmp_path):
    file = tmp_path / "died"
    shares = []
    jobs = [Mortal(i, str(file)) for i in range(6)]
    outcomes = run_jobs(np.arange(6), jobs, on_progress=shares.append)
    assert outcomes == [1, 2, 3, 4, 5, 6]
    assert file.exists() and shares[-1] == 1.0 and shares == sorted(shares)


def test_workers_that_always_die_are_one_line(processes):
    with pytest.raises(
        WorkersDied, match="^workers died again and again before they finished 1 of 2 jobs"
    ):
        run_jobs(np.arange(6), [Deadly(), Mortal(2, __file__)], n_jobs=2)


def test_a_job_that_workers_cannot_read_is_one_line(processes):
    with pytest.raises(WorkersDied, match="^no worker can read a job: .*un-serialize"):
        run_jobs(np.arange(6), [Unreadable(), Mortal(2, __file__)], n_jobs=2)


def test_a_worker_runs_a_job_with_its_number(tmp_path):
    (tmp_path / "there").touch()
    assert run_there(np.arange(6), 7, Mortal(2, str(tmp_path / "there")), []) == (7, 3)
