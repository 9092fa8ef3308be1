"""What all tests share: compiled programs, kept between tests and between runs."""

import sys
from pathlib import Path

import hypothesis
import pytest

# A run is judged by what changed since the last one: drawn examples are the same each time. Look
# for new ones with `pytest --hypothesis-profile=explore`.
hypothesis.settings.register_profile("explore", hypothesis.settings.get_profile("default"))
hypothesis.settings.register_profile("same", derandomize=True)
hypothesis.settings.load_profile("same")

# Small tables that the rooms of fits share.
pytest_plugins = ["small_tables"]

# It makes reference numbers, with packages that the tests do not need.
collect_ignore = ["reference/cox.py"]

# Linux allows a process 65,530 by default.
MOST_MAPS = 20_000
BROWSER_TESTS = "tests/views/test_browser.py"


@pytest.fixture(scope="session")
def programs(request):
    """Directory of compiled programs: pytest's own cache, so that a second run compiles nothing."""
    return request.config.cache.mkdir("programs")


@pytest.fixture(scope="session", autouse=True)
def cache_programs(programs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAUTNET_CACHE", str(programs))
        yield


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
    """Let compiled programs go where a process holds so many that the system soon refuses it more
    memory maps.
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
