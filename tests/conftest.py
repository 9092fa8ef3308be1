"""What all tests share: compiled programs, kept between tests and between runs."""

import pytest


@pytest.fixture(scope="session")
def programs(request):
    """Directory of compiled programs: pytest's own cache, so that a second run compiles nothing."""
    return request.config.cache.mkdir("programs")


@pytest.fixture(scope="session", autouse=True)
def cache_programs(programs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAUTNET_CACHE", str(programs))
        yield
