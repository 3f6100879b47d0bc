"""Writes vectors/endorsement from the table of cases. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from endorsement_cases import BLOBS, DOCUMENT, EXP, FILE, PLATFORM, rows
from privity_attest.endorsement import FleetKey

WHAT = "The operator's word for a node, and what is not it."


def _pieces(data: bytes) -> list[str]:
    for name, blob in BLOBS.items():
        before, found, after = data.partition(blob)
        if found:
            return [*_pieces(before), f"${name}", *_pieces(after)]
    return [data.hex()] if data else []


def _key(key: FleetKey) -> list[Any]:
    return [key.ed25519.hex(), None if key.mldsa44 is None else "$key44"]


def made() -> str:
    """The content of the file, one case per line."""
    cases = []
    for end, what, item, keys, changed, due in rows():
        node = {"node_document": DOCUMENT, "platform": PLATFORM, "exp": EXP} | changed
        given = {
            "data": None if item is None else _pieces(item),
            "keys": [_key(one) for one in keys],
            **{name: value.hex() if isinstance(value, bytes) else value for name, value in node.items()},
        }
        expect = {"ok": due.id.hex()} if isinstance(due, FleetKey) else {"error": due}
        cases.append({"id": end, "what": what, "op": "verify_endorsement", "input": given, "expect": expect})
    blobs = {name: data.hex() for name, data in BLOBS.items()}
    head = json.dumps({"spec": "endorsement", "what": WHAT, "blobs": blobs})[:-1]
    return head + ', "cases": [\n' + ",\n".join(" " + json.dumps(one) for one in cases) + "\n]}\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(made())
