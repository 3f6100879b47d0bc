"""PCR 0 to 2 of enclave image files, from files built here section by section."""

import hashlib
import struct

import pytest
from image_eif import APP, BOOT, KERNEL, LINE, METADATA, SECTIONS, eif, sealed
from privity_image.errors import Failed
from privity_image.reference_values.eif import pcrs


def register(*parts: bytes) -> bytes:
    """Zero, extended once."""
    return hashlib.sha384(bytes(48) + hashlib.sha384(b"".join(parts)).digest()).digest()


def test_each_register_covers_its_sections_and_no_metadata() -> None:
    expected = {0: register(KERNEL, LINE, BOOT, APP), 1: register(KERNEL, LINE, BOOT), 2: register(APP)}
    assert pcrs(eif()) == expected
    assert pcrs(eif([*SECTIONS[:2], (5, b"other"), *SECTIONS[3:5]], version=3)) == expected


def test_further_ramdisks_belong_to_the_application() -> None:
    found = pcrs(eif([*SECTIONS, (3, b"more")]))
    assert (found[2], found[1]) == (register(APP, b"more"), register(KERNEL, LINE, BOOT))
    assert pcrs(eif(SECTIONS[:4]))[2] == register()


def changed(at: int, value: bytes) -> bytes:
    """A good image with some bytes replaced and the checksum made right again."""
    image = eif()
    return sealed(image[:at] + value + image[at + len(value) :])


@pytest.mark.parametrize(
    "image",
    [
        b"",
        b".eif",
        eif(magic=b".elf"),
        eif(version=2),
        eif(version=5),
        eif(count=2),
        eif(count=33),
        eif(count=5),
        eif(tail=b"x"),
        eif([(1, KERNEL), (1, KERNEL), (2, LINE), (3, BOOT)]),
        eif([(1, KERNEL), (3, BOOT), (3, APP)]),
        eif([(1, KERNEL), (2, LINE), (5, METADATA)]),
        eif([*SECTIONS, (6, b"")]),
        eif([*SECTIONS, (0, b"")]),
        eif()[:-1],
        eif()[:544] + b"\0\0\0\0" + eif()[548:],
        changed(28, struct.pack(">Q", 549)),
        changed(284, struct.pack(">Q", 1)),
        changed(548 + 4, struct.pack(">Q", 1 << 40)),
    ],
)
def test_an_image_that_two_readers_could_read_differently_is_refused(image) -> None:
    with pytest.raises(Failed, match="image"):
        pcrs(image)
