"""MRTD from a firmware's sections, against a second computation written from the module's description."""

import hashlib
import struct
from pathlib import Path

import pytest
from image_firmware import PAGE, SEV, TDVF, firmware, section, usual
from privity_image.errors import Failed
from privity_image.reference_values.firmware import table
from privity_image.reference_values.tdvf import Order, Section, mrtd, sections

DEBIAN = Path("/usr/share/ovmf/OVMF.fd")
BASE = (1 << 32) - 4 * PAGE


def second_opinion(image: bytes, found: list[Section], *, pages_first: bool) -> bytes:
    """The same by events: first the list of what is extended, then one hash over it."""
    events: list[bytes] = []
    for one in found:
        added, measured = [], []
        memory = bytearray(one.size)
        memory[: one.raw] = image[one.offset : one.offset + one.raw]
        for page in range(one.size // PAGE if one.attributes in (0, 1) else 0):
            address = one.address + page * PAGE
            added.append(b"MEM.PAGE.ADD\0\0\0\0" + address.to_bytes(8, "little") + b"\0" * 104)
            chunks = [(address + at, memory[page * PAGE + at :][:256]) for at in range(0, PAGE, 256)]
            records = [b"MR.EXTEND" + b"\0" * 7 + where.to_bytes(8, "little") + b"\0" * 104 + c for where, c in chunks]
            measured.append(b"".join(records) if one.attributes == 1 else b"")
        if pages_first:
            events += added + measured
        else:
            events += [part for pair in zip(added, measured, strict=True) for part in pair]
    return hashlib.sha384(b"".join(events)).digest()


@pytest.mark.parametrize("order", list(Order))
def test_a_firmwares_mrtd_agrees_with_a_second_computation(order) -> None:
    image = firmware()
    expected = second_opinion(image, sections(image), pages_first=order is Order.SECTION)
    assert mrtd(image, order) == expected


@pytest.mark.parametrize("order", list(Order))
def test_debians_firmware_agrees_too(order) -> None:
    if not DEBIAN.exists():
        pytest.skip("Debian's ovmf is not installed: apt-get install ovmf")
    image = DEBIAN.read_bytes()
    found = sections(image)
    assert {one.kind for one in found} >= {0, 1, 2, 3}
    assert mrtd(image, order) == second_opinion(image, found, pages_first=order is Order.SECTION)


def test_the_order_of_the_hypervisor_is_part_of_the_result() -> None:
    assert mrtd(firmware(), Order.PAGE) != mrtd(firmware(), Order.SECTION)


def test_only_measured_contents_count() -> None:
    """The variables are added and not measured; a byte of the code is."""
    image = bytearray(firmware())
    before = mrtd(bytes(image), Order.PAGE)
    image[10] ^= 1
    assert mrtd(bytes(image), Order.PAGE) == before
    image[PAGE + 10] ^= 1
    assert mrtd(bytes(image), Order.PAGE) != before


def test_pages_that_come_later_are_not_measured() -> None:
    without = firmware(usual()[:-1])
    assert [one.attributes for one in sections(firmware())][-1] == 2
    found = sections(without)
    assert mrtd(without, Order.PAGE) == second_opinion(without, found, pages_first=False)


def test_the_code_part_alone_is_refused_instead_of_measured_wrongly() -> None:
    if DEBIAN.exists():
        with pytest.raises(Failed, match="code part alone"):
            mrtd(Path("/usr/share/OVMF/OVMF_CODE.fd").read_bytes(), Order.PAGE)
    shifted = [section(PAGE, PAGE, BASE + PAGE, 3 * PAGE, 0, 1)]
    with pytest.raises(Failed, match="code part alone"):
        mrtd(firmware(shifted), Order.PAGE)


@pytest.mark.parametrize(
    "image",
    [
        b"",
        bytes(4 * PAGE),
        firmware(signature=b"TDVX"),
        firmware(version=2),
        firmware([]),
        firmware([*usual(), section(0, 0, 4097, PAGE, 3, 0)]),
        firmware([*usual(), section(0, 0, 4096, 5, 3, 0)]),
        firmware([*usual(), section(0, 2 * PAGE, 4096, PAGE, 3, 0)]),
        firmware([*usual(), section(4 * PAGE, PAGE, 4096, PAGE, 3, 0)]),
        firmware([*usual(), section(0, 0, 4096, PAGE, 3, 4)]),
        firmware([*usual(), section(0, 0, 4096, PAGE, 3, 3)]),
        firmware([*usual(), section(0, 0, 4096, 1 << 30, 3, 0)]),
        firmware(entries=[]),
        firmware(entries=[(TDVF, b"\xff\xff\xff\xff")]),
        firmware(entries=[(TDVF, b"\0")]),
        firmware(entries=[(SEV, b""), (SEV, b"")]),
    ],
)
def test_what_is_not_a_firmware_for_tdx_is_refused(image) -> None:
    with pytest.raises(Failed, match="image"):
        mrtd(image, Order.PAGE)


def test_a_table_whose_entry_leaves_it_is_refused() -> None:
    image = bytearray(firmware())
    image[-32 - 18 - 18 : -32 - 18 - 16] = b"\xff\x00"
    with pytest.raises(Failed, match="entry"):
        table(bytes(image))


def test_a_guid_that_is_there_twice_is_refused() -> None:
    """Else one reader would load by the first entry and this one measure by the second."""
    entry = struct.pack("<I", 1024)
    with pytest.raises(Failed, match="twice"):
        sections(firmware(entries=[(TDVF, entry), (TDVF, entry)]))
