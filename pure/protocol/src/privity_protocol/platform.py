"""The machine a node claims to run on: its kind and the hash of its identifier. Source: specs/binding.md.

Its own module, because the directory is read where node documents are not. The reader is `platform_reader`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Platform:
    """Kind of platform and SHA-256 of its identifier (32 bytes)."""

    type: str
    id: bytes


def members(platform: Platform) -> dict[str, object]:
    """Return the JSON members of `platform`."""
    return {"id": platform.id.hex(), "type": platform.type}
