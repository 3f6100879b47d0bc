"""The evidence of an NVIDIA device: an SPDM 1.1 GET_MEASUREMENTS request and its MEASUREMENTS response.

Source: DMTF DSP0274 version 1.1 (messages, measurement blocks), NVIDIA attestation SDK (opaque fields, 96-byte
signature over both messages). Little-endian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

REQUEST_BYTES: Final = 37
MAX_OPAQUE: Final = 1024
"""Bytes of opaque data, by DSP0274."""
SIGNATURE_BYTES: Final = 96
NONCE_BYTES: Final = 32
DRIVER, VBIOS, NVDEC0, CHIP_SKU, PROJECT, PROJECT_SKU, FWID, FEATURE = 3, 6, 11, 15, 17, 18, 20, 36
"""Types of opaque fields that are read here."""
_HEADER = 8
_BLOCK = 4
_DMTF = 1
_DMTF_HEADER = 3
_ASKED = bytes((0x11, 0xE0, 0x01, 0xFF))  # version, GET_MEASUREMENTS, signed, all of them
_ANSWERED = 0x60
_MAX_SLOT = 7


class SpdmError(Exception):
    """The bytes are not such evidence; `code` is the appraisal reason of stage 2."""

    def __init__(self, code: Literal["malformed", "trailing_data", "unsupported_version"]) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Report:
    """Parsed, unverified evidence: measurements by index (from 1), opaque fields by type, 32 bytes of request nonce."""

    signed: bytes
    signature: bytes
    nonce: bytes
    measurements: Mapping[int, bytes]
    opaque: Mapping[int, bytes]

    @property
    def is_switch(self) -> bool:
        """Return whether a switch made this: only GPUs name a driver."""
        return DRIVER not in self.opaque

    @property
    def driver(self) -> str | None:
        """Return the driver's version, None for a switch."""
        value = self.opaque.get(DRIVER)
        return None if value is None else text(value)

    @property
    def vbios(self) -> str | None:
        """Return the version of the VBIOS: five numbers of which a GPU stores four from behind, a switch text."""
        value = self.opaque.get(VBIOS)
        if value is None or self.is_switch:
            return None if value is None else text(value)
        if len(value) != 8 or any(value[5:]):
            return value.hex()
        return ".".join(f"{value[at]:02X}" for at in (3, 2, 1, 0, 4))


def decode(data: bytes) -> Report:
    """Return the report in `data`, every byte consumed but for one zero byte that some devices append.

    Raises SpdmError.
    """
    if len(data) < REQUEST_BYTES + _HEADER:
        raise SpdmError("malformed")
    if data[0] != _ASKED[0] or data[REQUEST_BYTES] != _ASKED[0]:
        raise SpdmError("unsupported_version")
    slot = data[REQUEST_BYTES - 1]
    if data[:4] != _ASKED or data[REQUEST_BYTES + 1] != _ANSWERED or slot > _MAX_SLOT:
        raise SpdmError("malformed")
    count = data[REQUEST_BYTES + 4]
    start = REQUEST_BYTES + _HEADER
    record = _part(data, start, int.from_bytes(data[REQUEST_BYTES + 5 : start], "little"))
    opaque_at = start + len(record) + NONCE_BYTES
    opaque = _part(data, opaque_at + 2, int.from_bytes(_part(data, opaque_at, 2), "little"))
    end = opaque_at + 2 + len(opaque)
    signature = _part(data, end, SIGNATURE_BYTES)
    if data[end + SIGNATURE_BYTES :] not in (b"", b"\0"):
        raise SpdmError("trailing_data")
    return Report(
        signed=data[:end],
        signature=signature,
        nonce=data[4 : 4 + NONCE_BYTES],
        measurements=MappingProxyType(_measurements(record, count)),
        opaque=MappingProxyType(_fields(opaque)),
    )


def text(value: bytes) -> str:
    """Return printable text without the zero bytes behind it, or hexadecimal: never anything in between."""
    trimmed = value.rstrip(b"\0")
    printable = trimmed != b"" and all(0x21 <= byte <= 0x7E for byte in trimmed)
    return trimmed.decode("ascii") if printable else value.hex()


def _part(data: bytes, start: int, size: int) -> bytes:
    part = data[start : start + size]
    if len(part) != size:
        raise SpdmError("malformed")
    return part


def _measurements(record: bytes, count: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    position = 0
    while position < len(record):
        index, specification, low, high = _part(record, position, _BLOCK)
        block = _part(record, position + _BLOCK, low | high << 8)
        position += _BLOCK + len(block)
        if len(block) < _DMTF_HEADER or specification != _DMTF or index == 0 or index in found:
            raise SpdmError("malformed")
        if int.from_bytes(block[1:_DMTF_HEADER], "little") != len(block) - _DMTF_HEADER:
            raise SpdmError("malformed")
        found[index] = block[_DMTF_HEADER:]
    if len(found) != count:
        raise SpdmError("malformed")
    return found


def _fields(opaque: bytes) -> dict[int, bytes]:
    if len(opaque) > MAX_OPAQUE:
        raise SpdmError("malformed")
    found: dict[int, bytes] = {}
    position = 0
    while position < len(opaque):
        header = _part(opaque, position, 4)
        kind, size = int.from_bytes(header[:2], "little"), int.from_bytes(header[2:], "little")
        if kind in found:
            raise SpdmError("malformed")
        found[kind] = _part(opaque, position + 4, size)
        position += 4 + size
    return found
