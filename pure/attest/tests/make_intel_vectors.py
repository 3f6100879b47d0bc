"""Writes the whole bundles of TDX and SGX beside those of vectors/appraise. Run it by hand; a test compares."""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from intel_attack import ROOT_PIN, SGX, TDX, Attack
from make_vendor_vectors import FOLDER, pieces
from privity_attest import memory
from privity_attest.memory import Memory
from privity_attest.testing.node import build, policy_document
from test_intel_refused import ATTACKS
from vendor_appraisal import slug

FILE = FOLDER / "dcap.json"
WHAT = "Whole bundles of TDX and SGX under a fake Intel, with everything proved: honest ones, and one change at a time."
KEPT = 16_000
"""Bytes that a case may add: larger ones are left to the tests."""


def written_policy(attack: Attack) -> bytes:
    platform = sha256(attack.intel.pki.platform.ppid).digest()
    return policy_document(attack.intel.tee, ROOT_PIN, platform, {"kinds": ["tdx", "sgx"], **attack.policy})


HONEST = {f"honest_{intel.tee}": build(intel.machine()).data for intel in (TDX, SGX)}
POLICIES = {f"policy_{intel.tee}": written_policy(Attack((), intel)) for intel in (TDX, SGX)}


def case(title: str) -> dict[str, Any] | None:
    attack, record = ATTACKS[title], ATTACKS[title].record()
    tee = attack.intel.tee
    value: dict[str, Any] = {
        "data": pieces(attack.built().data, HONEST[f"honest_{tee}"], f"honest_{tee}"),
        "policy": pieces(written_policy(attack), POLICIES[f"policy_{tee}"], f"policy_{tee}"),
        "now": attack.now,
        "nonce": None,
        "traffic_key": None,
        "proved": True,
    }
    if attack.memory != Memory():
        value["memory"] = memory.encode(attack.memory).hex()
    expect: dict[str, Any] = {"ok": {"outcome": record.outcome, "valid_until": record.valid_until}}
    if record.reasons:
        expect = {"error": record.reasons[0], "reasons": list(record.reasons)}
    one = {"id": f"dcap-{slug(title)}", "what": title, "op": "appraise", "input": value, "expect": expect}
    return one if len(json.dumps(one)) < KEPT else None


def made() -> str:
    """The content of the file, one case per line."""
    cases = [one for title in ATTACKS if (one := case(title)) is not None]
    blobs = {name: data.hex() for name, data in {**HONEST, **POLICIES}.items()}
    head = json.dumps({"spec": "appraise", "what": WHAT, "blobs": blobs})[:-1]
    return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in cases) + "\n]}\n"


if __name__ == "__main__":
    FILE.write_text(made())
