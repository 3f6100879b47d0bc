"""PCR 0 to 2 of an AWS Nitro enclave from its image file (EIF), version 3 or 4.

Source: aws-nitro-enclaves-image-format. PCR0 covers kernel, command line and all ramdisks, PCR1 kernel, command line
and the first ramdisk (AWS's own), PCR2 the other ramdisks; each register is zero extended with the SHA-384 of those
bytes. Integers are big-endian; metadata and signature are not measured.
"""

import zlib
from hashlib import sha384
from typing import Final

from privity_image.errors import Failed

MAX_BYTES: Final = 4 * 1024 * 1024 * 1024
MAX_SECTIONS: Final = 32
_HEADER, _SECTION_HEADER = 548, 12
KERNEL, COMMAND_LINE, RAMDISK, SIGNATURE, METADATA = 1, 2, 3, 4, 5
_KINDS: Final = (KERNEL, COMMAND_LINE, RAMDISK, SIGNATURE, METADATA)


def sections(image: bytes) -> list[tuple[int, bytes]]:
    """Return kind and contents of each section, in order. Raises Failed `image`."""
    version, count = int.from_bytes(image[4:6]), int.from_bytes(image[26:28])
    if image[:4] != b".eif" or len(image) < _HEADER or version not in (3, 4) or not 3 <= count <= MAX_SECTIONS:
        raise Failed("image", "not an enclave image file of version 3 or 4")
    if zlib.crc32(image[_HEADER:], zlib.crc32(image[: _HEADER - 4])) != int.from_bytes(image[_HEADER - 4 : _HEADER]):
        raise Failed("image", "EIF: checksum")
    found: list[tuple[int, bytes]] = []
    position = _HEADER
    for place in range(count):
        offset = int.from_bytes(image[28 + 8 * place : 36 + 8 * place])
        size = int.from_bytes(image[284 + 8 * place : 292 + 8 * place])
        head = image[offset : offset + _SECTION_HEADER]
        kind, told = int.from_bytes(head[:2]), int.from_bytes(head[4:12])
        # The loader goes by the header, tools by the sections themselves: an image on which they differ is refused.
        if offset != position or told != size or kind not in _KINDS or offset + _SECTION_HEADER + size > len(image):
            raise Failed("image", f"EIF: section {place}")
        position = offset + _SECTION_HEADER + size
        found.append((kind, image[offset + _SECTION_HEADER : position]))
    if position != len(image):
        raise Failed("image", "EIF: bytes after the last section")
    return found


def pcrs(image: bytes) -> dict[int, bytes]:
    """Return PCR 0, 1 and 2 (48 bytes each). Raises Failed `image`."""
    found = sections(image)
    kernel, command_line = _only(found, KERNEL), _only(found, COMMAND_LINE)
    ramdisks = [data for kind, data in found if kind == RAMDISK]
    if not ramdisks:
        raise Failed("image", "EIF: no ramdisk")
    first, others = ramdisks[0], b"".join(ramdisks[1:])
    return {
        0: _register(kernel + command_line + first + others),
        1: _register(kernel + command_line + first),
        2: _register(others),
    }


def _only(found: list[tuple[int, bytes]], wanted: int) -> bytes:
    parts = [data for kind, data in found if kind == wanted]
    if len(parts) != 1:
        raise Failed("image", f"EIF: {len(parts)} sections of kind {wanted}")
    return parts[0]


def _register(data: bytes) -> bytes:
    return sha384(bytes(48) + sha384(data).digest()).digest()
