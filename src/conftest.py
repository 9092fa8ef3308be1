"""Examples in docstrings leave no penalty registered behind them."""

import pytest

from tautnet.objective import registry


@pytest.fixture(autouse=True)
def forget_penalties(monkeypatch: pytest.MonkeyPatch) -> None:
    """Penalties that an example registers are known to that example alone."""
    monkeypatch.setattr(registry, "_KINDS", dict(registry._KINDS))
