"""Fixtures shared by the client's tests."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from privity_client.history import custody, edits, joining, opened
from privity_client.history.opened import Opened
from privity_client.history.replica import Replica
from privity_client.history.store import Store
from privity_vault import recovery

NOW = 1_790_000_000_000
"""The time of `replica`'s device, Unix milliseconds."""

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


@pytest.fixture
def replica(tmp_path: Path, entropy: Callable[[int], bytes]) -> Replica:
    """An account that only this machine knows of: offline use."""
    signing, account = custody.make(entropy(custody.SIZE)), entropy(16)
    letters = recovery.make(entropy(recovery.ENTROPY))
    written, key = joining.first(account, letters, signing, label="here", day=20_000, entropy=entropy)
    store, device = Store(tmp_path / "history.db"), joining.device_id(signing.public)
    rings = opened.rings_of([written.claim])
    found = Opened(account, "http://localhost:1", device, signing, {1: key}, written.trusted, written.half, rings)
    joining.settle_in(store, found, (), written)
    made = Replica(store, found, lambda: NOW, entropy)
    edits.new_box(made, made.home, active=True)
    return made


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the real state folder."""
    monkeypatch.setenv("PRIVITY_HOME", str(tmp_path_factory.mktemp("home")))
    for name in ("PRIVITY_PORT", "PRIVITY_URL", "PRIVITY_MODEL_SOURCE"):
        monkeypatch.delenv(name, raising=False)
