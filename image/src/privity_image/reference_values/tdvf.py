"""MRTD of a TDX guest from the sections of its firmware (TDVF).

Source: Intel TDX Module ABI, TDH.MEM.PAGE.ADD and TDH.MR.EXTEND: adding a page extends 128 bytes, "MEM.PAGE.ADD" and
its address at 16; measuring 256 bytes extends 128 bytes, "MR.EXTEND" and their address at 16, then the bytes. Intel TDX
Virtual Firmware Design Guide, section TDVF descriptor: which pages those are.

In which order a hypervisor adds and measures is its own affair and part of the result. Linux from 6.16 measures each
page right after adding it (`PAGE`); hosts with the patches before that added a whole section first (`SECTION`).
"""

from dataclasses import dataclass
from enum import Enum
from hashlib import sha384
from typing import Final
from uuid import UUID

from privity_image.errors import Failed
from privity_image.reference_values import firmware

METADATA_OFFSET: Final = UUID("e47a6535-984a-4798-865e-4685a7bf8ec2")
PAGE: Final = 4096
CHUNK: Final = 256
MAX_SECTIONS: Final = 64
MAX_PAGES: Final = 64 * 1024  # 256 MiB added before start
BFV: Final = 0  # boot firmware volume: the code
EXTEND: Final = 1  # attribute: contents are measured
PAGE_AUG: Final = 2  # attribute: pages come later and are not measured
_FOUR_GIB: Final = 1 << 32
_SECTION_BYTES: Final = 32


class Order(Enum):
    """How a hypervisor interleaves adding and measuring."""

    PAGE = "page"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Section:
    """One TDVF section: where its bytes are in the image, where they go in the guest."""

    offset: int
    raw: int
    address: int
    size: int
    kind: int
    attributes: int


def sections(image: bytes) -> list[Section]:
    """Return the TDVF sections of a whole firmware image (variables and code). Raises Failed `image`."""
    entry = firmware.table(image).get(METADATA_OFFSET)
    if entry is None or len(entry) != 4:
        raise Failed("image", "firmware without TDVF metadata: not built for TDX")
    start = len(image) - int.from_bytes(entry, "little")
    head = image[start : start + 16] if start >= 0 else b""
    count = int.from_bytes(head[12:16], "little")
    if head[:4] != b"TDVF" or head[8:12] != b"\1\0\0\0" or not 1 <= count <= MAX_SECTIONS:
        raise Failed("image", "TDVF descriptor")
    found = [_section(image, start + 16 + _SECTION_BYTES * place) for place in range(count)]
    if sum(one.size for one in found) > MAX_PAGES * PAGE:
        raise Failed("image", "TDVF sections of more than 256 MiB")
    # Offsets count from the start of variables and code together; the code alone would give a wrong value silently.
    code = [one for one in found if one.kind == BFV]
    if not code or any(one.address + one.size == _FOUR_GIB and one.offset + one.raw != len(image) for one in code):
        raise Failed("image", "the code part alone: give the image with variables and code")
    if any(one.offset + one.raw > len(image) for one in found):
        raise Failed("image", "TDVF section beyond the end")
    return found


def _section(image: bytes, at: int) -> Section:
    data = image[at : at + _SECTION_BYTES]
    if len(data) != _SECTION_BYTES:
        raise Failed("image", "TDVF section beyond the end")
    offset, raw = int.from_bytes(data[0:4], "little"), int.from_bytes(data[4:8], "little")
    address, size = int.from_bytes(data[8:16], "little"), int.from_bytes(data[16:24], "little")
    kind, attributes = int.from_bytes(data[24:28], "little"), int.from_bytes(data[28:32], "little")
    if address % PAGE or size % PAGE or raw > size or attributes & ~(EXTEND | PAGE_AUG):
        raise Failed("image", f"TDVF section at {address:#x}")
    if attributes == EXTEND | PAGE_AUG:
        raise Failed("image", f"TDVF section at {address:#x} is measured and not added")
    return Section(offset, raw, address, size, kind, attributes)


def mrtd(image: bytes, order: Order) -> bytes:
    """Return the MRTD (48 bytes) of a guest started with this firmware image. Raises Failed `image`."""
    digest = sha384()
    for one in sections(image):
        if one.attributes & PAGE_AUG:
            continue
        contents = image[one.offset : one.offset + one.raw].ljust(one.size, b"\0")
        pages = range(0, one.size, PAGE)
        if order is Order.SECTION:
            for page in pages:
                digest.update(_record(b"MEM.PAGE.ADD", one.address + page))
        for page in pages:
            if order is Order.PAGE:
                digest.update(_record(b"MEM.PAGE.ADD", one.address + page))
            if one.attributes & EXTEND:
                for chunk in range(page, page + PAGE, CHUNK):
                    digest.update(_record(b"MR.EXTEND", one.address + chunk))
                    digest.update(contents[chunk : chunk + CHUNK])
    return digest.digest()


def _record(name: bytes, address: int) -> bytes:
    return name.ljust(16, b"\0") + address.to_bytes(8, "little") + bytes(104)
