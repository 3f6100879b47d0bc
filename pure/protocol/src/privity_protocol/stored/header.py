"""The clear header of a sealed object, and the sizes that a body can have. Source: specs/object.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol.errors import Malformed

OPENING: Final = b"PV\x01\x01"
"""Magic, format 1, suite 1 (AES-256-GCM under a derived key)."""
HEADER: Final = 52
OVERHEAD: Final = HEADER + 16
MAX_FRAME: Final = 2**20
MAX_BODY: Final = MAX_FRAME + OVERHEAD
LEAST_BODY: Final = 512 + OVERHEAD


@dataclass(frozen=True, slots=True)
class Header:
    """Generation of the key, nonce, and the commitment to key and place."""

    generation: int
    nonce: bytes
    commit: bytes

    def encode(self) -> bytes:
        """Return the 52 bytes."""
        return OPENING + self.generation.to_bytes(4) + self.nonce + self.commit


def decode(body: bytes) -> Header:
    """Read the header of a whole body. Raises Malformed `size`, `header`."""
    if not LEAST_BODY <= len(body) <= MAX_BODY:
        raise Malformed("size", f"{len(body)} bytes, expected {LEAST_BODY} to {MAX_BODY}")
    if body[:4] != OPENING:
        raise Malformed("header", f"begins with {body[:4].hex()}")
    return Header(int.from_bytes(body[4:8]), body[8:20], body[20:52])
