"""Where the jobs of a command run: in threads, in processes, or on a cluster."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tautnet.commands import signals
from tautnet.tables.errors import TableError

SECONDS_TO_ANSWER = 10


@contextmanager
def engine(name: str, jobs: int | None) -> Iterator[None]:
    """Let the jobs inside run on an engine.

    Parameters
    ----------
    name : str
        One that `options.engine` allows.
    jobs : int, optional
        Jobs at once; all cores by default.

    Raises
    ------
    TableError
        Where its package is not installed, or its cluster does not answer.
    """
    kind, _, address = name.partition(":")
    with ExitStack() as stack:
        if kind != "threads":
            OPENED[kind](stack, address, jobs or -1)
        yield


def _processes(stack: ExitStack, address: str, n_jobs: int) -> None:
    from joblib import parallel_config
    from joblib.externals.loky import get_reusable_executor

    # A command that is interrupted leaves without what joblib does at the end of a process: another
    # process cleans behind it, and would say so.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker:UserWarning")
    stack.callback(lambda: get_reusable_executor().shutdown(kill_workers=True))
    stack.enter_context(parallel_config("loky", n_jobs=n_jobs))


def _dask(stack: ExitStack, address: str, n_jobs: int) -> None:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise _missing("dask") from None
    from joblib import cpu_count, parallel_config

    where: Any = address
    try:
        if not address:
            n_workers = n_jobs if n_jobs > 0 else cpu_count()
            where = stack.enter_context(
                LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None)
            )
        stack.enter_context(Client(where))
    except (OSError, ValueError) as error:
        raise _silent("dask", address, error) from None
    stack.enter_context(parallel_config("dask"))


def _ray(stack: ExitStack, address: str, n_jobs: int) -> None:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise _missing("ray") from None
    from joblib import cpu_count, parallel_config

    here: dict[str, Any] = {"num_cpus": n_jobs if n_jobs > 0 else cpu_count()}
    try:
        _knock(address)
        ray.init(**({"address": address} if address else here), log_to_driver=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise _silent("ray", address, error) from None
    stack.callback(ray.shutdown)
    # Ray takes the signals that end a command.
    signals.catch(signals.interrupt)
    register_ray()
    stack.enter_context(parallel_config("ray"))


def _knock(address: str) -> None:
    """Raise where nobody listens at an address: Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=SECONDS_TO_ANSWER).close()


OPENED = {"processes": _processes, "dask": _dask, "ray": _ray}


def _missing(name: str) -> TableError:
    return TableError(
        f"--engine {name} needs a package that is not installed: pip install 'tautnet[{name}]'"
    )


def _silent(name: str, address: str, error: Exception) -> TableError:
    where = f" at {address}" if address else ""
    return TableError(f"no {name} cluster{where}: {' '.join(str(error).split())[:200]}")
