"""The objective is checked in float64, where small differences say something.

Its programs run only once, so that they are compiled quickly.
"""

from collections.abc import Iterator

import jax
import pytest


@pytest.fixture(scope="module", autouse=True)
def float64(compile_quickly: None) -> Iterator[None]:
    with jax.enable_x64(True):
        yield
