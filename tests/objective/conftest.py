"""The objective is checked in float64, where small differences say something, in programs that run only once."""

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def float64():
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)
    with jax.enable_x64(True):
        yield
    jax.config.update("jax_disable_most_optimizations", before)
