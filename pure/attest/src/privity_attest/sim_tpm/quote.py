"""A TPM 2.0 quote with the registers it is over. Source: specs/simulated.md; TCG TPM 2.0 Library part 2, 10.12.8."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest import x509
from privity_attest.der import DerError
from privity_attest.signature import P256, EcKey

REGISTERS: Final = (0, 1, 2, 3, 4, 5, 7, 9, 11)
"""Registers that every quote is over; any other that it is over must be zero."""
SELECTABLE: Final = 24
REGISTER: Final = 32  # bytes
MAX_QUALIFIER: Final = 64  # bytes of a name or of qualifying data
_GENERATED: Final = bytes.fromhex("ff544347")
_QUOTE: Final = bytes.fromhex("8018")
_ECDSA: Final = bytes.fromhex("0018")
_SHA256: Final = bytes.fromhex("000b")
_CLOCK: Final = 8 + 4 + 4 + 1 + 8  # clock, resets, restarts, safe; firmware version


@dataclass(frozen=True, slots=True)
class Quote:
    """A parsed, unverified quote: `digest` is what the TPM signed over its registers, `registers` what was sent along.

    `signature` is r and s, 32 bytes each; `pin` the SHA-256 of the key's SubjectPublicKeyInfo.
    """

    attest: bytes
    qualifying: bytes
    digest: bytes
    signature: bytes
    key: EcKey
    pin: bytes
    registers: Mapping[int, bytes]


def decode(data: bytes) -> Quote:
    """Return the quote whose CBOR is exactly `data`. Raises Malformed."""
    match cbor.decode(data):
        case [bytes() as attest, bytes() as signature, bytes() as spki, dict() as registers]:
            pass
        case _:
            raise Malformed("member_type", "quote")
    qualifying, selected, digest = _attest(_Fields(attest))
    found = {index: _register(value) for index, value in registers.items() if isinstance(index, int)}
    if tuple(registers) != selected or not set(REGISTERS) <= found.keys():
        raise Malformed("member_value", "registers")
    key, pin = _key(spki)
    return Quote(attest, qualifying, digest, _signature(_Fields(signature)), key, pin, MappingProxyType(found))


def _attest(fields: "_Fields") -> tuple[bytes, tuple[int, ...], bytes]:
    """Read TPMS_ATTEST: qualifying data, the selected registers in order, and the digest over them."""
    fields.expect(_GENERATED + _QUOTE)
    fields.counted(MAX_QUALIFIER + 4)  # the key's name
    qualifying = fields.counted(MAX_QUALIFIER)
    fields.take(_CLOCK)
    fields.expect((1).to_bytes(4) + _SHA256 + bytes([SELECTABLE // 8]))
    bits = int.from_bytes(fields.take(SELECTABLE // 8), "little")
    digest = fields.counted(REGISTER)
    fields.end()
    if len(digest) != REGISTER:
        raise Malformed("member_value", "digest")
    return qualifying, tuple(index for index in range(SELECTABLE) if bits >> index & 1), digest


def _signature(fields: "_Fields") -> bytes:
    """Read TPMT_SIGNATURE by ECDSA with SHA-256; a TPM may leave out leading zeros."""
    fields.expect(_ECDSA + _SHA256)
    r, s = fields.counted(P256.size), fields.counted(P256.size)
    fields.end()
    return r.rjust(P256.size, b"\0") + s.rjust(P256.size, b"\0")


def _key(spki: bytes) -> tuple[EcKey, bytes]:
    try:
        key = x509.public_key(spki)
    except DerError as error:
        raise Malformed("member_value", "key") from error
    if not isinstance(key, EcKey) or key.curve is not P256:
        raise Malformed("member_value", "key")
    return key, sha256(spki).digest()


def _register(value: cbor.Value) -> bytes:
    if not isinstance(value, bytes) or len(value) != REGISTER:
        raise Malformed("member_type", "register")
    return value


class _Fields:
    """A TPM structure, big-endian, read from its front."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def take(self, size: int) -> bytes:
        if size > len(self._data):
            raise Malformed("truncated", "TPM structure")
        part, self._data = self._data[:size], self._data[size:]
        return part

    def expect(self, wanted: bytes) -> None:
        if self.take(len(wanted)) != wanted:
            raise Malformed("member_value", "TPM structure")

    def counted(self, most: int) -> bytes:
        size = int.from_bytes(self.take(2))
        if size > most:
            raise Malformed("member_value", "TPM structure")
        return self.take(size)

    def end(self) -> None:
        if self._data:
            raise Malformed("trailing_data", "TPM structure")
