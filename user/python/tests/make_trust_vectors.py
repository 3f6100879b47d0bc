"""Writes the vectors of the trust in a server's logs. Run it by hand; a test compares its output."""

import json
import sys
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from privity_client.testing.fake_log import Deployment, pin
from privity_client.trust import pins
from privity_protocol.errors import PrivityError
from trust_operations import OPERATIONS
from trust_pieces import Writer
from trust_scenes import Case, cases

FILE: Final = Path(__file__).resolve().parents[3] / "vectors/trust/cases.json"
WHAT: Final = "What a client believes of a server's logs, and what they say of a node."


def blobs() -> dict[str, bytes]:
    """What most cases share: an honest deployment."""
    made = Deployment().build()
    return {"bundle": made.bundle, "bulletin": made.bulletin(), "pin": pins.encode(pin())}


def outcome(one: Case) -> dict[str, Any]:
    """What Python makes of a case."""
    try:
        return {"ok": OPERATIONS[one["op"]](one["input"])}
    except PrivityError as error:
        return {"error": error.reason}


def made() -> str:
    """The content of the file, one case per line."""
    shared = blobs()
    writer = Writer(shared)
    lines = []
    for one in cases():
        given = {name: _spelled(value, writer) for name, value in one["input"].items()}
        lines.append(" " + json.dumps({**one, "input": given, "expect": outcome(one)}))
    head = {"spec": "trust", "what": WHAT, "blobs": {name: data.hex() for name, data in shared.items()}}
    return f'{json.dumps(head)[:-1]}, "cases": [\n' + ",\n".join(lines) + "\n]}\n"


def _spelled(value: Any, writer: Writer) -> Any:
    if not isinstance(value, bytes):
        return value
    if len(value) > 1024 and value == value[:1] * len(value):
        return [f"{value[:1].hex()}*{len(value)}"]
    return writer.pieces(value)


if __name__ == "__main__":
    text = made()
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(text)
    written = json.loads(text)["cases"]
    print(f"{len(written)} cases, {sum('error' in one['expect'] for one in written)} must fail, {len(text)} bytes")
