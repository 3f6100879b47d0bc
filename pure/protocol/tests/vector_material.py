"""Deterministic material of the vectors: keys by name, recorded encapsulations, and the shape of a case."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from privity_protocol import xwing, xwing_seed
from shared_vectors import OWN

Case = dict[str, Any]
RECORDED = OWN / "encapsulations.json"


def drawn(name: str, size: int) -> bytes:
    """Bytes that look random and are the same for ever."""
    return hashlib.shake_128(b"privity vectors " + name.encode()).digest(size)


NODE_SEED = drawn("node seed", 32)
EPHEMERAL_SEED = drawn("client ephemeral seed", 32)
NODE = xwing_seed.from_seed(NODE_SEED)
EPHEMERAL = xwing_seed.from_seed(EPHEMERAL_SEED)
NODE_DOCUMENT = b'{"note":"the channel hashes a node document as bytes and reads nothing in it"}'
DIGEST = hashlib.sha256(NODE_DOCUMENT).digest()
KID = DIGEST[:8]
SID = drawn("sid", 16)
NEXT_SID = drawn("next sid", 16)
CHAIN = drawn("chain", 32)
CRAND = drawn("crand", 32)
SRAND = drawn("srand", 32)


def recorded(name: str) -> dict[str, str]:
    """One kept encapsulation: `toward_node` or `toward_client`."""
    entry: dict[str, str] = json.loads(RECORDED.read_text())[name]
    return {"ciphertext": entry["ciphertext"], "secret": entry["secret"]}


def replay(pair: dict[str, str], public_key: bytes) -> Callable[[bytes], tuple[bytes, bytes]]:
    """An encapsulation that gives the recorded pair, and insists on being asked for the recorded key."""

    def encapsulate(asked: bytes) -> tuple[bytes, bytes]:
        assert asked == public_key, "asked for another key than the recorded one"
        return bytes.fromhex(pair["ciphertext"]), bytes.fromhex(pair["secret"])

    return encapsulate


def record_encapsulations() -> None:
    """Draw the encapsulations anew. All files of ec1 change after this: it was run once."""
    made = {}
    for name, key in (("toward_node", NODE), ("toward_client", EPHEMERAL)):
        ciphertext, secret = xwing.encapsulate(key.public_key)
        made[name] = {"ciphertext": ciphertext.hex(), "secret": secret.hex()}
    RECORDED.write_text(json.dumps(made, indent=1) + "\n")


def case(identifier: str, what: str, op: str, given: dict[str, Any], expect: dict[str, Any]) -> Case:
    """One case of a file."""
    return {"id": identifier, "what": what, "op": op, "input": given, "expect": expect}


def flip(data: bytes, at: int, bit: int = 1) -> bytes:
    """The same bytes with one bit changed."""
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
