"""Fixtures shared by the client's tests."""

import hashlib
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code: no deadline, no complaint about slow generation.
settings.register_profile("client", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("client")


@pytest.fixture
def entropy() -> Callable[[int], bytes]:
    """Deterministic bytes that differ at each call."""
    counter = iter(range(10**9))

    def draw(count: int) -> bytes:
        seed = next(counter).to_bytes(8, "big")
        return hashlib.shake_256(seed).digest(count)

    return draw


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the real state folder."""
    monkeypatch.setenv("PRIVITY_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("PRIVITY_PORT", "PRIVITY_URL", "PRIVITY_MODEL_SOURCE"):
        monkeypatch.delenv(name, raising=False)
