"""Small PE32+ images with named sections, as a kernel or a unified kernel image is one."""

import struct

CHECKSUM, SECURITY = 0x40 + 24 + 64, 0x40 + 24 + 112 + 8 * 4
HEADERS = 0x400


def image(sections: dict[str, bytes], *, certificates: bytes = b"", trailing: bytes = b"", **changed: int) -> bytes:
    """A PE image: each section's contents, padded to 512 bytes; certificates at the end."""
    count = changed.get("count", len(sections))
    optional = struct.pack("<H", changed.get("magic", 0x20B)).ljust(60, b"\x11")
    optional += struct.pack("<II", changed.get("headers", HEADERS), 0xAABBCCDD).ljust(48, b"\x22")
    optional += struct.pack("<I", changed.get("directories", 16))
    body, table, at = b"", b"", HEADERS
    for name, contents in sections.items():
        padded = contents.ljust(-(-len(contents) // 512) * 512, b"\0")
        loaded = len(contents) + changed.get("room", 0)
        table += struct.pack("<8sIIII", name.encode(), loaded, 0, len(padded), at + changed.get("shift", 0)) + bytes(16)
        body += padded
        at += len(padded)
    end = at + len(trailing)
    security = struct.pack("<II", end + changed.get("gap", 0), len(certificates)) if certificates else bytes(8)
    directories = bytes(32) + security + bytes(88)
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40) + b"PE\0\0"
    head += struct.pack("<HH", 0x8664, count) + bytes(12) + struct.pack("<HH", 240, 0x22) + optional + directories
    return (head + table).ljust(HEADERS, b"\0") + body + trailing + certificates


def without_what_is_not_measured(data: bytes, certificates: int = 0) -> bytes:
    """The measured bytes, straight from the file, for an image whose sections follow each other."""
    return data[:CHECKSUM] + data[CHECKSUM + 4 : SECURITY] + data[SECURITY + 8 : len(data) - certificates]
