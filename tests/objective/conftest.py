"""The objective is checked in float64, where small differences say something, in programs that run
only once.
"""

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def float64(compile_quickly):
    with jax.enable_x64(True):
        yield
