"""What all tests share: compiled programs, kept between tests and between runs."""

import pytest

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


def pytest_terminal_summary(terminalreporter):
    """Say how many tests of the report in a browser ran, and how many did not."""
    outcomes = {
        outcome: sum(BROWSER_TESTS in report.nodeid for report in terminalreporter.stats.get(outcome, ()))
        for outcome in ("passed", "failed", "error", "skipped")
    }
    if any(outcomes.values()):
        counted = ", ".join(f"{n} {outcome}" for outcome, n in outcomes.items() if n)
        terminalreporter.write_line(f"report in a browser: {counted}")
