"""A relay as a client knows it: named by a person, offered by a server, or remembered from before."""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from privity_protocol import canonical

from privity_client.errors import ClientError

Kind = Literal["forward"]
MAX_NAME: Final = 80
MAX_OFFERS: Final = 8
ORIGIN: Final = r"https?://[A-Za-z0-9.:\[\]-]{1,250}"
_FORWARD: Final = frozenset({"kind", "name", "url"})


@dataclass(frozen=True)
class Relay:
    """`name` is for people; `url` is the origin that everything goes to."""

    kind: Kind
    name: str
    url: str


def named(url: str) -> Relay:
    """Return the relay whose address a person gave. Raises ClientError `misuse`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    bare = host is not None and not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if not bare or parts.scheme not in ("http", "https"):
        raise ClientError("misuse", "--relay is an address such as https://relay.example")
    return Relay("forward", f"{host}:{port}" if port else str(host), url.rstrip("/"))


def offers(value: object) -> tuple[Relay, ...]:
    """Return the relays that a discovery document offers, without those of kinds that are not known here.

    Raises Malformed.
    """
    found = []
    for one in canonical.entries(value, "well-known.relays", most=MAX_OFFERS):
        if isinstance(one, dict) and one.get("kind") == "forward":
            found.append(_forward(one))
    return tuple(found)


def _forward(value: object) -> Relay:
    offer = canonical.members(value, _FORWARD, "relay")
    return Relay(
        "forward",
        canonical.text(offer["name"], "relay.name", longest=MAX_NAME),
        canonical.text(offer["url"], "relay.url", longest=260, pattern=ORIGIN),
    )


def encode(relay: Relay) -> dict[str, str]:
    """Return the members of an offer, which is also how a choice is remembered."""
    return {"kind": relay.kind, "name": relay.name, "url": relay.url}
