"""Small OVMF-shaped firmware images: a table of GUIDs at the end, TDVF and SEV metadata before it."""

import struct
from uuid import UUID

FOOTER = UUID("96b582de-1fb2-45f7-baea-a366c55a082d")
TDVF = UUID("e47a6535-984a-4798-865e-4685a7bf8ec2")
SEV = UUID("dc886566-984a-4798-a75e-5585a7bf67cc")
SEV_HASHES = UUID("7255371f-3a3b-4b04-927b-1da6efa8d454")
RESET = UUID("00f771de-1a7e-4fcb-890e-68c77e2fb44e")
PAGE = 4096
HASHES_AT = 0x80B000 + 0xC00
Section = tuple[int, int, int, int, int, int]


def section(offset: int, raw: int, address: int, size: int, kind: int, attributes: int) -> Section:
    """A TDVF section in the order of its fields."""
    return offset, raw, address, size, kind, attributes


def usual(size: int = 4 * PAGE) -> list[Section]:
    """Variables, code, temporary memory, hand-off block and later memory of a firmware of `size` bytes."""
    base = (1 << 32) - size
    return [
        section(PAGE, size - PAGE, base + PAGE, size - PAGE, 0, 1),
        section(0, PAGE, base, PAGE, 1, 0),
        section(0, 0, 0x810000, 2 * PAGE, 3, 0),
        section(0, 0, 0x809000, PAGE, 2, 0),
        section(0, 0, 0x100000, 1024 * PAGE, 4, 2),
    ]


def firmware(
    sections: list[Section] | None = None,
    *,
    size: int = 4 * PAGE,
    version: int = 1,
    signature: bytes = b"TDVF",
    entries: list[tuple[UUID, bytes]] | None = None,
    hashes: bool = True,
) -> bytes:
    """An image of `size` bytes whose contents count up, with its metadata near the end."""
    found = usual(size) if sections is None else sections
    body = bytearray(index * 7 & 0xFF for index in range(size))
    tdvf = struct.pack("<4sIII", signature, 16 + 32 * len(found), version, len(found))
    tdvf += b"".join(struct.pack("<IIQQII", *one) for one in found)
    sev_sections = [(0x800000, 2 * PAGE, 1), (0x80D000, PAGE, 2), (0x80E000, PAGE, 3)]
    sev_sections += [(0x80B000, PAGE, 0x10)] if hashes else []
    sev = struct.pack("<4sIII", b"ASEV", 16 + 12 * len(sev_sections), 1, len(sev_sections))
    sev += b"".join(struct.pack("<III", *one) for one in sev_sections)
    tdvf_at, sev_at = size - 1024, size - 1024 + len(tdvf)
    body[tdvf_at:sev_at] = tdvf
    body[sev_at : sev_at + len(sev)] = sev
    listed = [
        (TDVF, struct.pack("<I", size - tdvf_at)),
        (SEV, struct.pack("<I", size - sev_at)),
        (SEV_HASHES, struct.pack("<II", HASHES_AT, 0x400)),
        (RESET, struct.pack("<I", 0x80B004)),
    ]
    table = b"".join(
        data + struct.pack("<H", len(data) + 18) + guid.bytes_le
        for guid, data in (listed if entries is None else entries)
    )
    footer = struct.pack("<H", len(table) + 18) + FOOTER.bytes_le
    end = size - 32
    body[end - len(table) - 18 : end] = table + footer
    return bytes(body)
