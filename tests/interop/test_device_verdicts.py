"""Python and TypeScript judge NVIDIA devices, PSA and CCA alike: whole bundles, item by item, bit by bit."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from alike import altered, same_records
from privity_attest.testing.arm import CcaDevice, PsaDevice, cca_document, newer, psa_document
from privity_attest.testing.bundle import NOW, Enclave, Items
from privity_attest.testing.nvidia import FakeDevice, answers, device_document, switch, with_devices
from privity_protocol import evidence

SEED = 20_261_126
ALTERED_PER_ITEM = 50

pytestmark = pytest.mark.slow


def devices() -> tuple[Items, bytes]:
    """A simulated enclave with two GPUs and a switch."""
    listed = {"gpu-0": FakeDevice(), "gpu-1": FakeDevice(number=1), "switch-0": switch(number=5)}
    responses = list(dict.fromkeys(one for device in listed.values() for one in answers(device)))
    return Enclave().build(with_devices(listed, responses=responses)).items, device_document()


SOURCES: dict[str, Callable[[], tuple[Items, bytes]]] = {
    "devices": devices,
    "psa": lambda: (PsaDevice().build().items, psa_document()),
    "cca": lambda: (CcaDevice().build().items, cca_document()),
    "cca, newer": lambda: (CcaDevice(realm=newer).build().items, cca_document()),
}
ITEMS = {
    "devices": ["gpu-0", "nvidia-ocsp", "release", "switch-0"],
    "psa": ["cpu"],
    "cca": ["cpu"],
    "cca, newer": ["cpu"],
}


@pytest.mark.parametrize("source", SOURCES)
def test_an_honest_bundle_gives_the_same_record(source: str, verifier: Any) -> None:
    items, policy = SOURCES[source]()
    expected = "accepted_as_simulated" if source == "devices" else "accepted"
    assert same_records(verifier, [evidence.encode(items)], spelled=policy, now=NOW, proved=True) == {expected}


@pytest.mark.parametrize(("source", "label"), [(source, label) for source, labels in ITEMS.items() for label in labels])
def test_a_changed_item_gives_the_same_record(source: str, label: str, verifier: Any) -> None:
    drawn = random.Random(f"{SEED} {source} {label}")
    items, policy = SOURCES[source]()
    media_type, original = items[label]
    limit = evidence.LABELS[label].limit
    bundles = [
        evidence.encode({**items, label: (media_type, altered(original, drawn)[:limit])})
        for _ in range(ALTERED_PER_ITEM)
    ]
    bundles.append(evidence.encode({name: one for name, one in items.items() if name != label}))
    met = same_records(verifier, bundles, spelled=policy, now=NOW, proved=True)
    assert not met & {"accepted", "accepted_as_simulated"}


@pytest.mark.parametrize("shift", [-86_401, -3_700, 86_399, 86_401, 8 * 86_400])
def test_another_time_gives_the_same_record(shift: int, verifier: Any) -> None:
    items, policy = devices()
    same_records(verifier, [evidence.encode(items)], spelled=policy, now=NOW + shift, proved=True)
