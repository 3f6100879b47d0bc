"""Which platform a document names. A node writes its own and reads none. Source: specs/binding.md."""

from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.platform import Platform

TYPES: Final = frozenset({"tdx", "sgx", "sev_snp", "nitro", "psa", "cca", "simulated", "sim_tpm"})


def decode(value: object) -> Platform:
    """Return the platform that `value` (decoded JSON) names. Raises Malformed."""
    plat = canonical.members(value, frozenset({"type", "id"}), "plat")
    kind = canonical.text(plat["type"], "plat.type", longest=16, pattern="[a-z_]+")
    if kind not in TYPES:
        raise Malformed("member_value", "plat.type")
    return Platform(kind, canonical.from_hex(plat["id"], "plat.id", size=32))
