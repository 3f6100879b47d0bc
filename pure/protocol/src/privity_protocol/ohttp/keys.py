"""Key configurations of a gateway, `application/ohttp-keys` (RFC 9458 section 3). Source: specs/ohttp.md."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.ohttp.forms import PUBLIC
from privity_protocol.ohttp.hpke import AEADS, KDF, KEM

MEDIA_TYPE: Final = "application/ohttp-keys"
MAX_CONFIGURATIONS: Final = 4096
"""Bytes of all; beyond: `too_large`."""
_HEAD: Final = 3 + PUBLIC + 2


@dataclass(frozen=True)
class Configuration:
    """One key of a gateway: number, public key, and the AEADs that it takes with HKDF-SHA256, preferred ones first."""

    number: int
    public: bytes
    aeads: tuple[int, ...] = tuple(AEADS)


def encode(configurations: Iterable[Configuration]) -> bytes:
    """Return the document of key configurations."""
    return b"".join(len(one).to_bytes(2, "big") + one for one in map(encode_one, configurations))


def encode_one(configuration: Configuration) -> bytes:
    """Return one configuration, without the length before it."""
    pairs = b"".join(KDF.to_bytes(2, "big") + aead.to_bytes(2, "big") for aead in configuration.aeads)
    head = bytes([configuration.number]) + KEM.to_bytes(2, "big") + configuration.public
    return head + len(pairs).to_bytes(2, "big") + pairs


def decode(data: bytes) -> tuple[Configuration, ...]:
    """Return the configurations that can be used here, the gateway's first choice first; others are left out.

    Raises Malformed `too_large`, `truncated`, `header`, `size`, `trailing_data`.
    """
    if len(data) > MAX_CONFIGURATIONS:
        raise Malformed("too_large", f"{len(data)} bytes of key configurations")
    found: list[Configuration] = []
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        one = data[at + 2 : at + 2 + length]
        if len(data) < at + 2 or len(one) != length:
            raise Malformed("truncated", "a key configuration")
        found += _usable(one)
        at += 2 + length
    return tuple(found)


def decode_one(data: bytes) -> Configuration:
    """Return one configuration, without the length before it. Raises Malformed."""
    if len(data) < _HEAD:
        raise Malformed("truncated", "a key configuration")
    if int.from_bytes(data[1:3], "big") != KEM:
        raise Malformed("header", f"KEM {int.from_bytes(data[1:3], 'big')}")
    length, pairs = int.from_bytes(data[_HEAD - 2 : _HEAD], "big"), data[_HEAD:]
    if len(pairs) < length:
        raise Malformed("truncated", "algorithms of a key configuration")
    if len(pairs) > length:
        raise Malformed("trailing_data", "behind a key configuration")
    if length < 4 or length % 4:
        raise Malformed("size", "algorithms of a key configuration")
    named = [(int.from_bytes(pairs[at : at + 2], "big"), int.from_bytes(pairs[at + 2 : at + 4], "big"))
             for at in range(0, length, 4)]  # fmt: skip
    return Configuration(
        data[0], data[3 : 3 + PUBLIC], tuple(aead for kdf, aead in named if kdf == KDF and aead in AEADS)
    )


def _usable(data: bytes) -> list[Configuration]:
    if len(data) >= 3 and int.from_bytes(data[1:3], "big") != KEM:
        return []
    one = decode_one(data)
    return [one] if one.aeads else []
