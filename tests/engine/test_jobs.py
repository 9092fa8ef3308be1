"""Jobs: side by side, stopped at once, never changing an answer."""

import threading
import time

import pytest

from tautnet.engine.jobs import Call, count_jobs, run_jobs
from tautnet.engine.loop import Interrupted, Pace, Ticker
from tautnet.engine.program import use_compilation_cache

# Seconds that a thread may wait for another one on a machine that is busy with other work.
PATIENCE = 60


def test_results_come_in_order_whatever_ends_first():
    ended = [threading.Event() for _ in range(3)]

    def job(i):
        def last_first(ticker):
            assert i == 2 or ended[i + 1].wait(PATIENCE)
            ended[i].set()
            return i

        return last_first

    assert run_jobs(None, [Call(job(i)) for i in range(3)], n_jobs=3) == [0, 1, 2]
    assert run_jobs(None, [Call(lambda ticker, i=i: i) for i in range(3)]) == [0, 1, 2]


@pytest.mark.parametrize("n_jobs, expected", [(None, 1), (1, 1), (2, 2)])
def test_so_many_jobs_run_at_once(n_jobs, expected):
    lock = threading.Lock()
    # So many jobs run at once at least, or none goes on.
    together = threading.Barrier(expected)
    running = 0
    most = 0

    def job(ticker):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(PATIENCE)
        # Were there more threads than there should be, the others would start now.
        time.sleep(0.05)
        with lock:
            running -= 1

    run_jobs(None, [Call(job)] * 4, n_jobs=n_jobs)
    assert most == expected


def test_jobs_are_counted_as_in_scikit_learn(monkeypatch):
    monkeypatch.setattr("joblib.cpu_count", lambda: 8)
    assert [count_jobs(n) for n in (None, 1, 3, -1, -2)] == [1, 1, 3, 8, 7]


def test_progress_rises_to_one():
    shares = []
    run_jobs(None, [Call(lambda ticker: ticker.tick(0.5))] * 2, on_progress=shares.append)
    assert shares == sorted(shares) and shares[-1] == 1.0 and 0.25 in shares


def test_one_fault_stops_the_others():
    started = threading.Event()
    stopped = threading.Event()

    def endless(ticker):
        started.set()
        try:
            while True:
                ticker.tick()
                time.sleep(0.01)
        except Interrupted:
            stopped.set()
            raise

    def faulty(ticker):
        assert started.wait(PATIENCE)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_jobs(None, [Call(endless), Call(faulty)], n_jobs=2)
    assert stopped.wait(PATIENCE)


def test_the_pace_covers_every_step_once():
    made = []
    Pace(3).advance(lambda first, last: made.extend(range(first, last)), 5, 500, Ticker())
    assert made == list(range(5, 500))


def test_the_cache_can_be_switched_off_and_never_stands_in_the_way(monkeypatch, tmp_path):
    import jax

    set_to = []
    monkeypatch.setattr(jax.config, "update", lambda name, value: set_to.append((name, value)))
    monkeypatch.setattr(type(jax.config), "jax_compilation_cache_dir", None, raising=False)
    monkeypatch.setenv("TAUTNET_CACHE", "off")
    use_compilation_cache()
    assert set_to == []
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TAUTNET_CACHE", str(tmp_path / "file" / "below"))
    use_compilation_cache()
    assert set_to == []
    monkeypatch.setenv("TAUTNET_CACHE", str(tmp_path / "programs"))
    use_compilation_cache()
    assert ("jax_compilation_cache_dir", str(tmp_path / "programs")) in set_to
