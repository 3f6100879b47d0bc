"""A relay as a client knows it: named by a person, offered by a server, or remembered from before."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal
from urllib.parse import urlsplit

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.ohttp import keys as gateway_keys

from privity_client import wellknown
from privity_client.errors import ClientError

Kind = Literal["forward", "ohttp"]
"""A relay that forwards requests as they are, or one that carries Oblivious HTTP to the operator's gateway."""
MAX_NAME: Final = 80
MAX_OFFERS: Final = 8
ORIGIN: Final = r"https?://[A-Za-z0-9.:\[\]-]{1,250}"
RESOURCE: Final = r"https?://[A-Za-z0-9.:\[\]-]{1,250}(/[A-Za-z0-9._~-]{1,256}){0,8}/?"
MAX_KEYS: Final = gateway_keys.MAX_CONFIGURATIONS
_FORWARD: Final = frozenset({"kind", "name", "url"})
_OHTTP: Final = _FORWARD | {"keys"}


@dataclass(frozen=True)
class Relay:
    """`name` is for people; `url` is where everything goes: an origin, or with Oblivious HTTP one address.

    `keys` is then the document of the gateway's keys, which never changes by itself: an operator that gave everybody
    a key of their own would know them again.
    """

    kind: Kind
    name: str
    url: str
    keys: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Offer:
    """A relay as a server offers it; `keys` is the SHA-256 of the gateway's keys, in hexadecimal, or empty."""

    kind: Kind
    name: str
    url: str
    keys: str


def digest(keys: bytes) -> str:
    """Return what people compare of a gateway's keys."""
    return sha256(keys).hexdigest()


def oblivious(url: str, keys: bytes) -> Relay:
    """Return the relay at an address that carries Oblivious HTTP. Raises ClientError `misuse`, Malformed."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ClientError("misuse", "a relay for Oblivious HTTP is an address such as https://relay.example/to-chat")
    if not gateway_keys.decode(keys):
        raise Malformed("unknown_key", "the gateway offers no key that can be used here")
    return Relay("ohttp", f"{host}:{port}" if port else host, url, keys)


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


def offers(value: object) -> tuple[Offer, ...]:
    """Return the relays that a discovery document offers, without those of kinds that are not known here.

    Raises Malformed.
    """
    found = []
    for one in canonical.entries(value, "well-known.relays", most=MAX_OFFERS):
        if isinstance(one, dict) and one.get("kind") == "forward":
            offer = canonical.members(one, _FORWARD, "relay")
            found.append(Offer("forward", _name(offer["name"]), _url(offer["url"], ORIGIN), ""))
        elif isinstance(one, dict) and one.get("kind") == "ohttp":
            offer = canonical.members(one, _OHTTP, "relay")
            keys = canonical.text(offer["keys"], "relay.keys", longest=64, pattern="[0-9a-f]{64}")
            found.append(Offer("ohttp", _name(offer["name"]), _url(offer["url"], RESOURCE), keys))
    return tuple(found)


def offered(document: bytes) -> tuple[Offer, ...]:
    """Return the relays that the bytes of a discovery document offer. Raises Malformed."""
    value = canonical.decode(document, max_bytes=wellknown.MAX_WELL_KNOWN)
    return offers(value["relays"]) if isinstance(value, dict) and "relays" in value else ()


def encode(relay: Relay) -> dict[str, str]:
    """Return the members by which a choice is remembered."""
    members = {"kind": relay.kind, "name": relay.name, "url": relay.url}
    return members if relay.kind == "forward" else {**members, "keys": canonical.base64url_encode(relay.keys)}


def decode(value: object) -> Relay:
    """Return a remembered choice. Raises Malformed."""
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "forward":
        known = canonical.members(value, _FORWARD, "relay")
        return Relay("forward", _name(known["name"]), _url(known["url"], ORIGIN))
    known = canonical.members(value, _OHTTP, "relay")
    if kind != "ohttp":
        raise Malformed("member_value", "relay.kind")
    document = canonical.base64url_decode(canonical.text(known["keys"], "relay.keys", longest=2 * MAX_KEYS)) or b""
    if not gateway_keys.decode(document):
        raise Malformed("unknown_key", "relay.keys")
    return Relay("ohttp", _name(known["name"]), _url(known["url"], RESOURCE), document)


def _name(value: object) -> str:
    return canonical.text(value, "relay.name", longest=MAX_NAME)


def _url(value: object, pattern: str) -> str:
    return canonical.text(value, "relay.url", longest=1024, pattern=pattern)
