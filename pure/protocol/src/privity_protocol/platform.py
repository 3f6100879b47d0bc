"""The machine a node claims to run on: its kind and the hash of its identifier. Source: specs/binding.md.

Its own module, because the directory is read where node documents are not.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

TYPES: Final = frozenset({"tdx", "sgx", "sev_snp", "nitro", "psa", "cca", "simulated", "sim_tpm"})


@dataclass(frozen=True, slots=True)
class Platform:
    """Kind of platform and SHA-256 of its identifier (32 bytes)."""

    type: str
    id: bytes


def decode(value: object) -> Platform:
    """Return the platform that `value` (decoded JSON) names. Raises Malformed."""
    plat = canonical.members(value, frozenset({"type", "id"}), "plat")
    kind = canonical.text(plat["type"], "plat.type", longest=16, pattern="[a-z_]+")
    if kind not in TYPES:
        raise Malformed("member_value", "plat.type")
    return Platform(kind, canonical.from_hex(plat["id"], "plat.id", size=32))


def members(platform: Platform) -> dict[str, object]:
    """Return the JSON members of `platform`."""
    return {"id": platform.id.hex(), "type": platform.type}
