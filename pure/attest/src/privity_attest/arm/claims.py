"""Claims of Arm tokens (RFC 9783, RMM specification A7.2): read strictly by type and size; unknown ones are ignored."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from typing import Final

from privity_protocol import cbor
from privity_protocol.cbor import Key, Value
from privity_protocol.errors import Malformed

HASH_SIZES: Final = frozenset({32, 48, 64})
HASHES: Final = {"sha-256": sha256, "sha-384": sha384, "sha-512": sha512}
"""By the names of the IANA registry "Named Information Hash Algorithm"."""
IMPLEMENTATION_BYTES: Final = 32
INSTANCE_BYTES: Final = 33
RANDOM_INSTANCE: Final = 1
"""First byte of an instance id: a random one (RFC 9711 section 4.2.1)."""
SECURED: Final = range(0x3000, 0x3100)
"""The one lifecycle state in which no debugger can look in."""
MAX_COMPONENTS: Final = 64
MAX_TEXT: Final = 256
_TYPE, _VALUE, _VERSION, _SIGNER, _DESCRIPTION = 1, 2, 4, 5, 6


class ProfileUnknown(Exception):
    """The token says that it is of a profile that is not read here."""


@dataclass(frozen=True, slots=True)
class Component:
    """One measured piece of firmware; `signer` is the hash of the key that signed it, empty where none is named."""

    name: str
    value: bytes
    version: str
    signer: bytes


def claims(payload: bytes) -> dict[Key, Value]:
    """Return the map of claims. Raises Malformed."""
    value = cbor.decode(payload, any_order=True)
    if not isinstance(value, dict):
        raise Malformed("member_type", "claims")
    return value


def octets(found: Mapping[Key, Value], key: int, sizes: frozenset[int]) -> bytes:
    """Return a byte string of one of `sizes`. Raises Malformed."""
    value = found.get(key)
    if not isinstance(value, bytes) or len(value) not in sizes:
        raise Malformed("member_value", f"claim {key}")
    return value


def text(found: Mapping[Key, Value], key: int) -> str:
    """Return a text, empty where there is none. Raises Malformed."""
    value = found.get(key, "")
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Malformed("member_value", f"claim {key}")
    return value


def number(found: Mapping[Key, Value], key: int, least: int, most: int) -> int:
    """Return an integer. Raises Malformed."""
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Malformed("member_value", f"claim {key}")
    return value


def instance(found: Mapping[Key, Value], key: int) -> bytes:
    """Return the instance id. Raises Malformed."""
    value = octets(found, key, frozenset({INSTANCE_BYTES}))
    if value[0] != RANDOM_INSTANCE:
        raise Malformed("member_value", f"claim {key}")
    return value


def lifecycle(found: Mapping[Key, Value], key: int) -> int:
    """Return the lifecycle state. Raises Malformed."""
    return number(found, key, 0, 0xFFFF)


def components(found: Mapping[Key, Value], key: int, *, signed: bool) -> tuple[Component, ...]:
    """Return the software components, at least one; `signed` demands a signer of each. Raises Malformed."""
    value = found.get(key)
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_COMPONENTS:
        raise Malformed("member_value", f"claim {key}")
    return tuple(_component(one, signed) for one in value)


def _component(value: Value, signed: bool) -> Component:
    if not isinstance(value, dict):
        raise Malformed("member_type", "component")
    text(value, _DESCRIPTION)
    return Component(
        name=text(value, _TYPE),
        value=octets(value, _VALUE, HASH_SIZES),
        version=text(value, _VERSION),
        signer=octets(value, _SIGNER, HASH_SIZES) if signed or _SIGNER in value else b"",
    )
