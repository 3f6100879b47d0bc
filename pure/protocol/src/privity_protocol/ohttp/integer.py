"""Integers of variable length, as QUIC writes them (RFC 9000 section 16)."""

from typing import Final

from privity_protocol.errors import LimitExceeded

MOST: Final = 2**62 - 1
_SIZES: Final = (1, 2, 4, 8)


def encode(value: int) -> bytes:
    """Return the shortest form. Raises LimitExceeded `integer_range`."""
    for exponent, size in enumerate(_SIZES):
        if 0 <= value < 1 << (8 * size - 2):
            return (value | exponent << (8 * size - 2)).to_bytes(size, "big")
    raise LimitExceeded("integer_range", "62 bits")


def read(data: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """Return the integer at a place and what follows it; None when more bytes are needed. Longer forms are allowed."""
    if at >= len(data):
        return None
    size = _SIZES[data[at] >> 6]
    if at + size > len(data):
        return None
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size
