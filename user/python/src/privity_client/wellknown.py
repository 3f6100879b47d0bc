"""The server's self-description: where the channel runs. A hint, trusted for nothing. Source: specs/discovery.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical

MAX_WELL_KNOWN: Final = 16_384
"""Bytes; more is refused unread."""
_ORIGIN: Final = r"https?://[A-Za-z0-9.:\[\]-]{1,250}"
_MEMBERS: Final = frozenset({"account", "deploy", "logs", "plans", "relays", "run", "v"})


@dataclass(frozen=True)
class WellKnown:
    """Deployment name and the origin of HELLO and RUN."""

    deploy: str
    run: str


def decode(data: bytes) -> WellKnown:
    """Return what `/.well-known/privity` says. Raises Malformed."""
    value = canonical.members(canonical.decode(data, max_bytes=MAX_WELL_KNOWN), _MEMBERS, "well-known")
    canonical.integer(value["v"], "well-known.v", least=1, most=1)
    return WellKnown(
        deploy=canonical.text(value["deploy"], "well-known.deploy", longest=64),
        run=canonical.text(value["run"], "well-known.run", longest=260, pattern=_ORIGIN),
    )
