"""Writes vectors/appraise from the table of attacks. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from appraising import record_of
from attack import HONEST, Attack
from privity_attest.defaults import default_document
from privity_attest.logged import NOTHING_LOGGED, without_log
from privity_attest.testing.bundle import NOW, Enclave
from privity_protocol import canonical
from test_refused import ATTACKS

FILE = Path(__file__).resolve().parents[3] / "vectors" / "appraise" / "cases.json"
WHAT = "Whole simulated bundles: an honest one, and one change at a time."
KEPT = 4096
"""Bytes that a case may add to the honest bundle: larger ones are left to the tests."""


def policy(*, allow_simulated: bool) -> bytes:
    roots = [HONEST.root.pin] if allow_simulated else []
    document = default_document(now=NOW, deployment="local", allow_simulated=allow_simulated, roots=roots)
    return canonical.encode(document)


BLOBS = {
    "honest": HONEST.data,
    "policy": policy(allow_simulated=True),
    "policy_without_simulation": policy(allow_simulated=False),
    "key": HONEST.node.pk,
}


def pieces(data: bytes) -> list[Any]:
    """`data` as what it shares with the honest bundle at both ends, and what lies between."""
    honest = HONEST.data
    shortest = min(len(data), len(honest))
    start = next((at for at in range(shortest) if data[at] != honest[at]), shortest)
    end = next((at for at in range(shortest - start) if data[-1 - at] != honest[-1 - at]), shortest - start)
    middle = data[start : len(data) - end]
    parts = [f"$honest[:{start}]", middle.hex(), f"$honest[{len(honest) - end}:]"]
    return [part for part in parts if part]


def case(title: str, data: bytes, given: dict[str, Any]) -> dict[str, Any]:
    record = record_of(data, **given)
    logged, nonce = given.get("logged", NOTHING_LOGGED), given.get("nonce")
    allowed = given["policy"].allow_simulated if "policy" in given else True
    key = logged.traffic_key
    value = {
        "data": pieces(data),
        "policy": "$policy" if allowed else "$policy_without_simulation",
        "now": given.get("now", NOW),
        "nonce": None if nonce is None else nonce.hex(),
        "traffic_key": None if key is None else "$key" if key == HONEST.node.pk else key.hex(),
    }
    if record.reasons:
        expect: dict[str, Any] = {"error": record.reasons[0], "reasons": list(record.reasons)}
    else:
        expect = {"ok": {"outcome": record.outcome, "valid_until": record.valid_until}}
    return {"id": title.replace(" ", "-"), "what": title, "op": "appraise", "input": value, "expect": expect}


def told(attack: Attack) -> bool:
    """Whether a file can say it: memory and policies that no document spells are left to the tests."""
    policy_given = attack.given.get("policy")
    spelled = policy_given is None or not policy_given.allow_simulated
    return spelled and "memory" not in attack.given


def made() -> str:
    """The content of the file, one case per line."""
    nonce = bytes(range(32))
    challenge = {"nonce": nonce, "logged": without_log(HONEST.node.pk)}
    cases = [
        case("honest", HONEST.data, {}),
        case("honest in its last second", HONEST.data, {"now": HONEST.node.exp - 1}),
        case("honest answer to a challenge", Enclave(root=HONEST.root, nonce=nonce).build().data, challenge),
    ]
    for title, attack in ATTACKS.items():
        if told(attack):
            data = attack.data(attack.enclave.build(attack.hooks).data)
            if len(data) < len(HONEST.data) + KEPT:
                cases.append(case(title, data, dict(attack.given)))
    blobs = {name: data.hex() for name, data in BLOBS.items()}
    head = json.dumps({"spec": "appraise", "what": WHAT, "blobs": blobs})[:-1]
    return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in cases) + "\n]}\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(made())
