"""RTMR1, RTMR2 and PCR 11 against recorded boots, and against digests taken from the files themselves."""

import glob
import hashlib
import json
import struct
from pathlib import Path

import pytest
from image_pe import image, without_what_is_not_measured
from privity_image.errors import Failed
from privity_image.reference_values import boot, pe
from privity_image.reference_values.boot import InitrdOption

KERNEL = image({".text": b"kernel" * 300, ".data": b"data"})


def sha384(data: bytes) -> bytes:
    return hashlib.sha384(data).digest()


def ccel(log: bytes) -> list[tuple[int, int, bytes, bytes]]:
    """Register, event type, digest and payload of each event after the header."""
    at = 32 + int.from_bytes(log[28:32], "little")
    events = []
    while log[at : at + 4] not in (b"", b"\xff" * 4):
        register, kind, count = struct.unpack_from("<III", log, at)
        assert count == 1
        size = int.from_bytes(log[at + 62 : at + 66], "little")
        events.append((register, kind, log[at + 14 : at + 62], log[at + 66 : at + 66 + size]))
        at += 66 + size
    return events


def rtmrs(quote: bytes) -> list[bytes]:
    """RTMR0 to RTMR3 of a version 4 quote."""
    return [quote[48 + 328 + 48 * index :][:48] for index in range(4)]


def test_a_recorded_boot_from_disk_has_the_modelled_order(vectors) -> None:
    """Google's own image: shim and GRUB as applications, everything else as in the model."""
    events = ccel(vectors.read("tdx/v4-00806f-gcp-cos113.ccel.bin"))
    second = [(kind, digest) for register, kind, digest, _ in events if register == 2]
    (table,) = [digest for kind, digest in second if kind == 0x80000006]
    applications = [digest for kind, digest in second if kind == 0x80000003]
    assert len(applications) == 2
    modelled = boot.disk_rtmr1(table, applications)
    assert modelled == [digest for _, digest in second]
    assert boot.extended(modelled) == rtmrs(vectors.read("tdx/v4-00806f-gcp-cos113-module-svn.quote.bin"))[1]


def test_a_partition_tables_event_is_measured_as_recorded(vectors) -> None:
    events = ccel(vectors.read("tdx/v4-00806f-gcp-cos113.ccel.bin"))
    ((digest, payload),) = [(digest, payload) for _, kind, digest, payload in events if kind == 0x80000006]
    assert sha384(payload) == digest


def test_a_recorded_direct_boot_has_the_modelled_events(vectors) -> None:
    """A dstack guest: the kernel's digest comes first, load options and initrd alone are in RTMR2."""
    case = vectors.case("v4-90c06f-dstack-eventlog")["files"]
    log = json.loads(vectors.read(case["eventlog"]))
    registers = rtmrs(vectors.read(case["quote"]))
    first = [bytes.fromhex(event["digest"]) for event in log if event["imr"] == 1]
    assert boot.direct_rtmr1(first[0]) == first
    assert boot.extended(boot.direct_rtmr1(first[0])) == registers[1]
    second = [bytes.fromhex(event["digest"]) for event in log if event["imr"] == 2]
    assert len(second) == len(boot.stub_rtmr2("x", b"y"))
    assert boot.extended(second) == registers[2]


def test_pcr_11_of_a_recorded_measured_boot(vectors) -> None:
    sections = {name: bytes.fromhex(one) for name, one in vectors.json("tpm-sim/uki-sections-sha256.json").items()}
    recorded = vectors.json("tpm-sim/pcrs.json")
    flat = json.dumps(recorded)
    assert boot.pcr11(sections).hex() in flat.lower()


def test_a_direct_boot_measures_options_in_utf16_and_the_initrd() -> None:
    first, second = boot.direct(KERNEL, "console=hvc0", b"initrd", InitrdOption.APPENDED)
    events = [sha384("console=hvc0 initrd=initrd\0".encode("utf-16-le")), sha384(b"initrd")]
    assert second == boot.extended(events)
    assert first == boot.extended(boot.direct_rtmr1(sha384(without_what_is_not_measured(KERNEL))))
    assert boot.direct(KERNEL, "a", None, InitrdOption.APPENDED)[1] == boot.extended([sha384(b"a\0\0\0")])


@pytest.mark.parametrize(
    ("option", "expected"),
    [(InitrdOption.APPENDED, "a initrd=initrd"), (InitrdOption.PREPENDED, "initrd=initrd a"), (InitrdOption.NONE, "a")],
)
def test_where_the_firmware_names_the_initrd_is_said(option, expected) -> None:
    assert option.applied("a") == expected
    measured = sha384((expected + "\0").encode("utf-16-le"))
    assert boot.direct(KERNEL, "a", b"i", option)[1] == boot.extended([measured, sha384(b"i")])


def test_a_command_line_beyond_ascii_is_refused() -> None:
    for text in ("ä", "a\0b"):
        with pytest.raises(Failed, match="ASCII"):
            boot.stub_rtmr2(text, None)


UKI = {".sbat": b"sbat,1", ".osrel": b"ID=x", ".cmdline": b"root=/dev/dm-0\n\0", ".initrd": b"cpio", ".linux": KERNEL}


def test_a_unified_image_measures_its_sections_in_the_stubs_order() -> None:
    uki = image({".text": b"stub", **UKI, ".pcrsig": b"{}"})
    order = (".linux", ".osrel", ".cmdline", ".initrd", ".sbat")
    value = bytes(32)
    for name in order:
        for part in (name.encode() + b"\0", UKI[name]):
            value = hashlib.sha256(value + hashlib.sha256(part).digest()).digest()
    assert boot.pcr11_of_image(uki) == value
    assert boot.pcr11({name: hashlib.sha256(UKI[name]).digest() for name in order}) == value


def test_a_unified_image_from_disk_on_tdx() -> None:
    uki = image({".text": b"stub", **UKI})
    first, second = boot.unified(uki, b"EFI PART")
    assert first == boot.extended(boot.disk_rtmr1(sha384(b"EFI PART"), [pe.authenticode(uki), pe.authenticode(KERNEL)]))
    sections = [
        digest
        for name in (".linux", ".osrel", ".cmdline", ".initrd", ".sbat")
        for digest in (sha384(name.encode() + b"\0"), sha384(UKI[name]))
    ]
    assert second == boot.extended([*sections, *boot.stub_rtmr2("root=/dev/dm-0", b"cpio")])


@pytest.mark.parametrize("sections", [{".text": b"x"}, {".linux": KERNEL, ".cmdline": b"\xff"}])
def test_a_unified_image_that_cannot_be_predicted_is_refused(sections) -> None:
    with pytest.raises(Failed, match="image"):
        boot.unified(image(sections), b"")


def test_sections_that_the_stub_does_not_measure_are_refused() -> None:
    for sections in ({}, {".text": bytes(32)}, {".linux": bytes(48)}):
        with pytest.raises(Failed, match="does not measure"):
            boot.pcr11(sections)


def signed_files() -> list[Path]:
    """What distributions signed and this machine has: kernels, shim, GRUB."""
    places = ["/boot/vmlinuz-*", "/usr/lib/shim/*.signed", "/usr/lib/grub/x86_64-efi-signed/*.signed"]
    return [Path(one) for place in places for one in sorted(glob.glob(place))]


def test_the_digest_is_the_one_that_signers_signed() -> None:
    """An Authenticode signature holds the SHA-256 that its maker computed over the very same bytes."""
    signed = [data for path in signed_files() if (data := path.read_bytes()) and pe.parse(data).certificates[1]]
    if not signed:
        pytest.skip("no signed kernel or boot loader here: apt-get install shim-signed grub-efi-amd64-signed")
    for data in signed:
        assert pe.authenticode(data, "sha256") in data[pe.parse(data).certificates[0] :]


def test_checksum_and_certificates_are_not_measured() -> None:
    signed = image({".text": b"kernel" * 300, ".data": b"data"}, certificates=b"C" * 64)
    assert pe.authenticode(signed) == sha384(without_what_is_not_measured(signed, 64))
    assert pe.authenticode(signed) == pe.authenticode(KERNEL)
    changed = bytearray(signed)
    changed[-1] ^= 1
    assert pe.authenticode(bytes(changed)) == pe.authenticode(signed)
    changed[0x500] ^= 1
    assert pe.authenticode(bytes(changed)) != pe.authenticode(signed)


def test_bytes_between_sections_and_certificates_are_measured() -> None:
    signed = image({".text": b"t"}, trailing=b"T" * 16, certificates=b"C" * 8)
    assert pe.authenticode(signed, "sha256") == hashlib.sha256(without_what_is_not_measured(signed, 8)).digest()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ",
        KERNEL[:0x100],
        KERNEL[:-1],
        image({".text": b"t"}, magic=0x107),
        image({".text": b"t"}, directories=4),
        image({".text": b"t"}, headers=0x100),
        image({".text": b"t"}, headers=0x7FFFFFFF),
        image({".text": b"t"}, count=0),
        image({".text": b"t"}, count=97),
        image({".text": b"t"}, shift=-512),
        image({".text": b"t"}, shift=8),
        image({".text": b"t"}, certificates=b"C" * 8, gap=-8),
        image({".text": b"t"}, trailing=b"odd"),
    ],
)
def test_what_is_not_a_pe_image_of_known_measure_is_refused(data) -> None:
    with pytest.raises(Failed, match="image"):
        pe.authenticode(data)


def test_sections_of_profiles_and_sections_with_room_are_refused() -> None:
    with pytest.raises(Failed, match="room beyond"):
        boot.pcr11_of_image(image({".linux": KERNEL}, room=1024))
    twice = image({".linux": KERNEL, ".linuy": KERNEL}).replace(b".linuy", b".linux")
    with pytest.raises(Failed, match="twice"):
        boot.pcr11_of_image(twice)
