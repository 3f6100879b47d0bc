"""Writes DER for fakes that `cryptography` cannot write deterministically."""


def tlv(tag: int, content: bytes) -> bytes:
    """Return one element."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE of encoded `parts`."""
    return tlv(0x30, b"".join(parts))


def explicit(number: int, content: bytes) -> bytes:
    """Return a context-specific constructed element."""
    return tlv(0xA0 | number, content)
