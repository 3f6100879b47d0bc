"""The server's self-description: where the channel runs. A hint, trusted for nothing. Source: specs/discovery.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from privity_protocol import canonical

MAX_WELL_KNOWN: Final = 16_384
"""Bytes; more is refused unread."""
_ORIGIN: Final = r"https?://[A-Za-z0-9.:\[\]-]{1,250}"
_ADDRESS: Final = r"https?://[A-Za-z0-9.:\[\]-]{1,250}(/[A-Za-z0-9._-]{1,64}){0,8}"
_LOG: Final = frozenset({"origin", "url"})
MAX_LOGS: Final = 8
_MEMBERS: Final = frozenset({"account", "deploy", "logs", "plans", "relays", "run", "v"})


@dataclass(frozen=True)
class WellKnown:
    """Deployment name, the origin of HELLO and RUN, that of accounts, and where each log can be read, by its origin."""

    deploy: str
    run: str
    account: str | None
    logs: Mapping[str, str] = field(default_factory=dict)


def decode(data: bytes) -> WellKnown:
    """Return what `/.well-known/privity` says. Raises Malformed."""
    value = canonical.members(canonical.decode(data, max_bytes=MAX_WELL_KNOWN), _MEMBERS, "well-known")
    canonical.integer(value["v"], "well-known.v", least=1, most=1)
    return WellKnown(
        deploy=canonical.text(value["deploy"], "well-known.deploy", longest=64),
        run=canonical.text(value["run"], "well-known.run", longest=260, pattern=_ORIGIN),
        account=None
        if value["account"] is None
        else canonical.text(value["account"], "well-known.account", longest=260, pattern=_ORIGIN),
        logs=dict(_log(one) for one in canonical.entries(value["logs"], "well-known.logs", most=MAX_LOGS)),
    )


def _log(value: object) -> tuple[str, str]:
    log = canonical.members(value, _LOG, "log")
    origin = canonical.text(log["origin"], "log.origin", longest=255, pattern="[!-~]+")
    return origin, canonical.text(log["url"], "log.url", longest=800, pattern=_ADDRESS)
