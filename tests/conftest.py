"""What all tests share: compiled programs, and processes that end with their test.

Compiled programs are kept between tests and between runs.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

# How long an example takes says something of the machine, and is no fault.
TIMELESS = hypothesis.settings(
    hypothesis.settings.get_profile("default"),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
# A run is judged by what changed since the last one: drawn examples are the same each time. Look
# for new ones with `pytest --hypothesis-profile=explore`.
hypothesis.settings.register_profile("explore", TIMELESS)
hypothesis.settings.register_profile("same", TIMELESS, derandomize=True)
hypothesis.settings.load_profile("same")

# Small tables that the rooms of fits share.
pytest_plugins = ["small_tables"]

# It makes reference numbers, with packages that the tests do not need.
collect_ignore = ["reference/cox.py"]

# Linux allows a process 65,530 by default.
MOST_MAPS = 20_000
BROWSER_TESTS = "tests/views/test_browser.py"
# Two processes may want the same compiled program at once, and one then reads what the other has
# half written: JAX says so and compiles it again, which is no fault.
HALF_WRITTEN = "ignore:Error reading persistent compilation cache entry:UserWarning"
# Small tables are often best at an end of their path: tests/estimators/test_numbers.py looks at it.
AT_AN_END = "ignore:the strength chosen for"
# What a process waits for takes seconds, or minutes on a machine that is busy with other work.
PATIENCE = 600

# A process inherits that a signal is ignored, as some are in what `nohup` or a shell's `&` starts.
WITH_SIGNALS = (
    "import os, signal, sys; "
    "[signal.signal(one, signal.SIG_DFL) for one in (signal.SIGINT, signal.SIGHUP)]; "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


def pytest_configure(config):
    config.addinivalue_line("filterwarnings", HALF_WRITTEN)
    config.addinivalue_line("filterwarnings", AT_AN_END)


@pytest.fixture(scope="session")
def programs(request):
    """Directory of compiled programs: pytest's own cache, so that a second run compiles nothing."""
    return request.config.cache.mkdir("programs")


@pytest.fixture(scope="session", autouse=True)
def cache_programs(programs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAUTNET_CACHE", str(programs))
        # How many lines of progress there are is a matter of time.
        patch.setenv("TAUTNET_PROGRESS", "off")
        yield


@pytest.fixture(scope="session")
def surroundings(programs):
    """Environment of a process in which warnings are errors.

    Neither colours nor a width from outside reach it.
    """
    outside = ("FORCE_COLOR", "COLUMNS", "TERM")
    kept = {name: value for name, value in os.environ.items() if name not in outside}
    return kept | {
        "TAUTNET_CACHE": str(programs),
        "TAUTNET_PROGRESS": "off",
        "PYTHONWARNINGS": f"error,{HALF_WRITTEN},{AT_AN_END}",
    }


@pytest.fixture
def started(surroundings):
    """Start a process of this Python, which signals interrupt; its output comes through pipes.

    It ends with the test, also where the test fails.
    """
    with ExitStack() as ending:

        def started(arguments, cwd, **environment):
            process = subprocess.Popen(
                [sys.executable, "-c", WITH_SIGNALS, sys.executable, *arguments],
                cwd=cwd,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=surroundings | environment,
                start_new_session=True,
            )
            # Callbacks run in reverse order: first the end, then pipes are closed.
            ending.enter_context(process)
            ending.callback(end, process)
            return process

        yield started


def end(process):
    """End a process that still runs, and those that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="session")
def wait_until():
    """Wait until something is true, and fail where it does not become so."""

    def wait_until(is_true, what):
        give_up = time.monotonic() + PATIENCE
        while not is_true():
            if time.monotonic() > give_up:
                pytest.fail(f"waited {PATIENCE} seconds in vain: {what}")
            time.sleep(0.02)

    return wait_until


@pytest.fixture(scope="module")
def compile_quickly():
    """Compile without most optimizations: for files whose programs are many and run for moments."""
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture(scope="module", autouse=True)
def forget_programs():
    """Let compiled programs go where a process holds very many.

    The system would soon refuse it more memory maps.
    """
    yield
    maps = Path("/proc/self/maps")
    if (
        "tautnet.engine.program" in sys.modules
        and maps.exists()
        and len(maps.read_text().splitlines()) > MOST_MAPS
    ):
        from tautnet.engine import program

        program.forget_programs(most=0)


def pytest_terminal_summary(terminalreporter):
    """Say how many tests of the report in a browser ran, and how many did not."""
    outcomes = {
        outcome: sum(
            BROWSER_TESTS in report.nodeid for report in terminalreporter.stats.get(outcome, ())
        )
        for outcome in ("passed", "failed", "error", "skipped")
    }
    if any(outcomes.values()):
        counted = ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items() if n)
        terminalreporter.write_line(f"report in a browser: {counted}")
