"""Writes the bundles of SEV-SNP, Nitro and measured boots into vectors/appraise. Run by hand; a test compares."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import amd_attack
import aws_attack
import test_nitro_refused
import test_sev_snp_refused
import test_sim_tpm
from privity_attest import memory
from privity_attest.policy import decode
from privity_attest.testing import node
from privity_attest.testing.bundle import NOW
from privity_attest.testing.node import EVERYTHING_PROVED, policy_document
from vendor_appraisal import record_of, slug

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "appraise"
ATTACKS: Mapping[str, Any] = {
    "sev_snp": {**test_sev_snp_refused.ACCEPTED, **test_sev_snp_refused.ATTACKS},
    "nitro": {**test_nitro_refused.ACCEPTED, **test_nitro_refused.ATTACKS},
    "sim_tpm": {**test_sim_tpm.ACCEPTED, **test_sim_tpm.ATTACKS},
}
PINS = {"sev_snp": amd_attack.PIN, "nitro": aws_attack.PIN, "sim_tpm": test_sim_tpm.MACHINE.pin}
WHAT = "Whole bundles of {} under a fake vendor, with everything proved: honest ones, and one change at a time."
Piece = str | dict[str, str]
SLICE = re.compile(r"\$(\w+)\[(\d+):(\d+)\]")
KEPT = 8_000
"""Bytes that a case may add: larger ones are left to the tests."""


def pieces(data: bytes, honest: bytes, blob: str) -> list[Piece]:
    """`data` member by member, each as what it shares with the honest one at both ends and what lies between."""
    found: list[Piece] = []
    position = {name: (start, end) for name, start, end in members(honest)}
    for name, start, end in members(data):
        first, last = position.get(name, (0, 0))
        found += between(data[start:end], honest[first:last], blob, first, last)
    return joined(found)


def members(document: bytes) -> list[tuple[bytes, int, int]]:
    """Each item of a bundle, or each field of a policy, with its place; names only serve to find its twin."""
    starts = [match.start() for match in re.finditer(rb'[{,]"[a-z_0-9-]+":', document)] or [0]
    ends = [*starts[1:], len(document)]
    names = [document[start : document.index(b":", start)][1:] if document else b"" for start in starts]
    counted = [(name, names[:index].count(name)) for index, name in enumerate(names)]
    return [
        (name + b"#%d" % count, start, end)
        for (name, count), start, end in zip(counted, [0, *starts[1:]], ends, strict=True)
    ]


def between(data: bytes, honest: bytes, blob: str, first: int, last: int) -> list[Piece]:
    shortest = min(len(data), len(honest))
    start = next((at for at in range(shortest) if data[at] != honest[at]), shortest)
    end = next((at for at in range(shortest - start) if data[-1 - at] != honest[-1 - at]), shortest - start)
    head = f"${blob}[{first}:{first + start}]" if start else ""
    tail = f"${blob}[{last - end}:{last}]" if end else ""
    text = data[start : len(data) - end].decode("ascii")
    return [part for part in (head, {"text": text} if text else "", tail) if part]


def joined(parts: list[Piece]) -> list[Piece]:
    """Neighbouring slices and neighbouring literals as one."""
    result: list[Piece] = []
    for part in parts:
        before = result[-1] if result else None
        if isinstance(part, str) and isinstance(before, str):
            (name, start, end), (_, first, last) = SLICE.findall(before)[0], SLICE.findall(part)[0]
            result[-1:] = [f"${name}[{start}:{last}]"] if end == first else [before, part]
        elif isinstance(part, dict) and isinstance(before, dict):
            result[-1] = {"text": before["text"] + part["text"]}
        else:
            result.append(part)
    return result


def machine_of(attack: Any) -> node.Machine:
    """The machine of an attack, which makes it when it is asked where that takes long."""
    made = attack.machine() if callable(attack.machine) else attack.machine
    return made.machine()


def case(kind: str, title: str, honest: bytes, honest_policy: bytes) -> dict[str, Any] | None:
    attack = ATTACKS[kind][title]
    machine = machine_of(attack)
    data = node.build(machine, attack.hooks).data
    written = policy_document(kind, PINS[kind], machine.platform_id, attack.policy)
    if set(attack.given) - {"memory"}:
        return None
    record = record_of(data, policy=decode(written), logged=EVERYTHING_PROVED, **attack.given)
    value: dict[str, Any] = {
        "data": pieces(data, honest, "honest"),
        "policy": pieces(written, honest_policy, "policy"),
        "now": NOW,
        "nonce": None,
        "traffic_key": None,
        "proved": True,
    }
    if "memory" in attack.given:
        value["memory"] = memory.encode(attack.given["memory"]).hex()
    expect: dict[str, Any] = {"ok": {"outcome": record.outcome, "valid_until": record.valid_until}}
    if record.reasons:
        expect = {"error": record.reasons[0], "reasons": list(record.reasons)}
    one = {"id": f"{kind}-{slug(title)}", "what": title, "op": "appraise", "input": value, "expect": expect}
    return one if len(json.dumps(one)) < KEPT else None


def made(kind: str) -> str:
    """The content of a kind's file, one case per line."""
    machine = machine_of(ATTACKS[kind]["honest"])
    honest = node.build(machine).data
    policy = policy_document(kind, PINS[kind], machine.platform_id)
    cases = [one for title in ATTACKS[kind] if (one := case(kind, title, honest, policy)) is not None]
    blobs = {"honest": honest.hex(), "policy": policy.hex()}
    head = json.dumps({"spec": "appraise", "what": WHAT.format(kind), "blobs": blobs})[:-1]
    return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in cases) + "\n]}\n"


if __name__ == "__main__":
    for name in ATTACKS:
        (FOLDER / f"{name}.json").write_text(made(name))
