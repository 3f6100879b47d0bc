"""Revocations leaf: what must no longer be accepted. Issued weekly, also when it is empty. Source: specs/leaves.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical

from privity_tlog.leaves import reading

KIND: Final = "revocations"
WEEK: Final = 7 * 86_400
_MEMBERS: Final = frozenset({"time", "releases", "keys", "platforms"})


@dataclass(frozen=True, slots=True)
class Revocations:
    """Everything revoked at `time` (Unix seconds), never less than before: leaf hashes of releases, SHA-256 of public
    keys (fleet, node, issuer), SHA-256 of platform identifiers."""

    time: int
    releases: tuple[bytes, ...]
    keys: tuple[bytes, ...]
    platforms: tuple[bytes, ...]


def decode(data: bytes) -> Revocations:
    """Return the revocations in `data`. Raises Malformed."""
    value = reading.leaf(data, KIND, _MEMBERS)
    return Revocations(
        time=canonical.integer(value["time"], "time"),
        releases=reading.digests(value["releases"], "releases", most=300),
        keys=reading.digests(value["keys"], "keys", most=300),
        platforms=reading.digests(value["platforms"], "platforms", most=300),
    )


def encode(revocations: Revocations) -> bytes:
    """Return the leaf of `revocations`. Raises Malformed."""
    lists = {
        name: [one.hex() for one in sorted(set(getattr(revocations, name)))] for name in _MEMBERS if name != "time"
    }
    data = reading.encode(KIND, {"time": revocations.time, **lists})
    decode(data)
    return data
