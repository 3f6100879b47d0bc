"""Enclave image files, section by section; the checksum is always right."""

import struct
import zlib

KERNEL, LINE, BOOT, APP, METADATA, SIGNATURE = b"kernel" * 50, b"console=ttyS0", b"boot", b"application", b"{}", b"cose"
SECTIONS = [(1, KERNEL), (2, LINE), (5, METADATA), (3, BOOT), (3, APP), (4, SIGNATURE)]


def eif(
    sections=SECTIONS, *, version: int = 4, magic: bytes = b".eif", count: int | None = None, tail: bytes = b""
) -> bytes:
    """An image file; the checksum is always right."""
    offsets, sizes, body, at = [], [], b"", 548
    for kind, data in sections:
        offsets.append(at)
        sizes.append(len(data))
        body += struct.pack(">HHQ", kind, 0, len(data)) + data
        at += 12 + len(data)
    number = len(sections) if count is None else count
    head = magic + struct.pack(">HHQQHH", version, 0, 1 << 30, 2, 0, number)
    head += struct.pack(">32Q", *offsets, *[0] * (32 - len(offsets)))
    head += struct.pack(">32Q", *sizes, *[0] * (32 - len(sizes))) + bytes(4)
    return sealed(head + bytes(4) + body + tail)


def sealed(image: bytes) -> bytes:
    """`image` with the checksum that belongs to it."""
    checksum = zlib.crc32(image[:544] + image[548:])
    return image[:544] + struct.pack(">I", checksum) + image[548:]
