"""Writes the whole bundles of devices, PSA and CCA beside those of vectors/appraise. A test compares them."""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import arm_attacks
import device_attacks
from make_vendor_vectors import pieces
from privity_attest.policy import decode
from privity_attest.testing.bundle import Enclave
from privity_attest.testing.node import EVERYTHING_PROVED
from privity_attest.testing.nvidia import device_document, with_devices
from vendor_appraisal import record_of, slug

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "appraise"
WHAT = "Whole bundles of {}, with everything proved: honest ones, and one change at a time."
NAMES = {"nvidia": "a simulated enclave with fake NVIDIA devices", "psa": "fake PSA devices", "cca": "fake CCA devices"}
KEPT = 12_000
"""Bytes that a case may add: larger ones are left to the tests."""


def of_devices(title: str) -> tuple[bytes, bytes]:
    """The bundle and the policy of an attack on devices."""
    attack = {**device_attacks.ACCEPTED, **device_attacks.ATTACKS}[title]
    responses = None if attack.responses is None else list(attack.responses)
    nonce = bytes(32) if "another window" in title else None
    hooks = with_devices(attack.devices, responses=responses, gpu=attack.gpu, items=attack.items, nonce=nonce)
    return Enclave().build(hooks).data, device_document(**attack.policy)


def of_arm(title: str) -> tuple[bytes, bytes]:
    """The bundle and the policy of an attack on Arm tokens."""
    attack = {**arm_attacks.ACCEPTED, **arm_attacks.PSA, **arm_attacks.CCA}[title]
    return attack.device.build(attack.hooks).data, arm_attacks.document_for(attack)


def titles(kind: str, *attacks: Mapping[str, Any]) -> list[str]:
    return [title for table in attacks for title in table if title.startswith(kind)]


SOURCES: Mapping[str, tuple[list[str], Callable[[str], tuple[bytes, bytes]]]] = {
    "nvidia": (titles("", device_attacks.ACCEPTED, device_attacks.ATTACKS), of_devices),
    "psa": (titles("psa ", arm_attacks.ACCEPTED, arm_attacks.PSA), of_arm),
    "cca": (titles("cca ", arm_attacks.ACCEPTED, arm_attacks.CCA), of_arm),
}


def case(kind: str, title: str, honest: tuple[bytes, bytes]) -> dict[str, Any]:
    data, written = SOURCES[kind][1](title)
    record = record_of(data, policy=decode(written), logged=EVERYTHING_PROVED)
    value = {
        "data": pieces(data, honest[0], "honest"),
        "policy": pieces(written, honest[1], "policy"),
        "now": record.appraised_at,
        "nonce": None,
        "traffic_key": None,
        "proved": True,
    }
    expect: dict[str, Any] = {"ok": {"outcome": record.outcome, "valid_until": record.valid_until}}
    if record.reasons:
        expect = {"error": record.reasons[0], "reasons": list(record.reasons)}
    name = title if title.startswith(kind) else f"{kind} {title}"
    return {"id": slug(name), "what": title, "op": "appraise", "input": value, "expect": expect}


def made(kind: str) -> str:
    """The content of a kind's file, one case per line."""
    listed = SOURCES[kind][0]
    honest = SOURCES[kind][1](listed[0])
    cases = [one for title in listed if len(json.dumps(one := case(kind, title, honest))) < KEPT]
    blobs = {"honest": honest[0].hex(), "policy": honest[1].hex()}
    head = json.dumps({"spec": "appraise", "what": WHAT.format(NAMES[kind]), "blobs": blobs})[:-1]
    return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in cases) + "\n]}\n"


if __name__ == "__main__":
    for name in SOURCES:
        (FOLDER / f"{name}.json").write_text(made(name))
