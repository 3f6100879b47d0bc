"""The outer headers of EC1: all that a relay reads, and no key. Source: specs/envelope.md. Clients write
those of requests by `request_envelope`, and read those of responses by `response_envelope`.

This module may be loaded by the blind service: it imports nothing that seals or opens.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.limits import HELLO_HEADER, RECORD_SIZES, RUN_HEADER, SUITE

MEDIA_TYPE: Final = "application/vnd.privity.ec1"

_MAGIC: Final = b"EC1"
HELLO: Final = _MAGIC + b"\x01"
RUN: Final = _MAGIC + b"\x02"
HELLO_RESPONSE: Final = _MAGIC + b"\x81"
RUN_RESPONSE: Final = _MAGIC + b"\x82"
RESERVED: Final = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class HelloHeader:
    """Header of a HELLO: the suite, and which node key it is for."""

    suite: int
    kid: bytes


@dataclass(frozen=True, slots=True)
class RunHeader:
    """Header of a RUN: the suite, the node key, and the single-use session handle."""

    suite: int
    kid: bytes
    sid: bytes


def parse_hello_header(header: bytes) -> HelloHeader:
    """Read 16 bytes. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`."""
    exactly(header, HELLO_HEADER, "HELLO header")
    suite = opening(header, HELLO)
    zero(header[14:16])
    return HelloHeader(suite, header[6:14])


def parse_run_header(header: bytes) -> RunHeader:
    """Read 32 bytes. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`."""
    exactly(header, RUN_HEADER, "RUN header")
    suite = opening(header, RUN)
    zero(header[14:16])
    return RunHeader(suite, header[6:14], header[16:32])


def hello_response_header() -> bytes:
    """Return the 8 bytes that open a HELLO response."""
    return HELLO_RESPONSE + SUITE.to_bytes(2, "big") + RESERVED


def run_response_header(record_size: int) -> bytes:
    """Return the 8 bytes that open a RUN response. Raises Malformed `record_size` for a size not in the list."""
    if record_size not in RECORD_SIZES:
        raise Malformed("record_size", str(record_size))
    return RUN_RESPONSE + SUITE.to_bytes(2, "big") + record_size.to_bytes(2, "big")


def exactly(data: bytes, size: int, name: str) -> bytes:
    """Return `data` when it is `size` bytes: a short slice is silent in Python. Raises Malformed `size`."""
    if len(data) != size:
        raise Malformed("size", f"{name}: {len(data)} bytes, expected {size}")
    return data


def opening(header: bytes, expected: bytes) -> int:
    """Return the suite of a header that begins as expected. Raises Malformed `header`, `suite`."""
    if header[:4] != expected:
        raise Malformed("header", f"begins with {header[:4].hex()}, expected {expected.hex()}")
    suite = int.from_bytes(header[4:6], "big")
    if suite != SUITE:
        raise Malformed("suite", f"suite {suite}, expected {SUITE}")
    return suite


def zero(reserved: bytes) -> None:
    """Raise Malformed `reserved_nonzero` unless these two bytes are zero."""
    if reserved != RESERVED:
        raise Malformed("reserved_nonzero", "header")
