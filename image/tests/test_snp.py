"""SNP launch digests through sev-snp-measure, against a second computation written from AMD's description."""

import hashlib
import struct

import pytest
from image_firmware import HASHES_AT, PAGE, firmware
from privity_image.errors import Failed
from privity_image.reference_values.snp import launch_digests
from sevsnpmeasure.sev_mode import SevMode
from sevsnpmeasure.vcpu_types import CPU_SIGS
from sevsnpmeasure.vmm_types import VMMType
from sevsnpmeasure.vmsa import VMSA

NORMAL, VMSA_PAGE, ZERO, SECRETS, CPUID = 1, 2, 3, 5, 6
VMSA_ADDRESS = 0xFFFFFFFFF000
KERNEL, INITRD, COMMAND_LINE = b"kernel" * 100, b"initrd", "console=ttyS0"
BASE = (1 << 32) - 4 * PAGE


def extended(value: bytes, kind: int, address: int, contents: bytes) -> bytes:
    """PAGE_INFO of SNP_LAUNCH_UPDATE: running digest, contents, length, type, no flags, address."""
    page = value + contents + struct.pack("<HBBIQ", 0x70, kind, 0, 0, address)
    assert len(page) == 0x70
    return hashlib.sha384(page).digest()


def entry(guid: str, data: bytes) -> bytes:
    """An entry of QEMU's table of hashes: mixed-endian GUID, length, SHA-256."""
    a, b, c = struct.unpack(">IHH", bytes.fromhex(guid[:16]))
    return (
        struct.pack("<IHH", a, b, c) + bytes.fromhex(guid[16:]) + struct.pack("<H", 50) + hashlib.sha256(data).digest()
    )


def hashes_page() -> bytes:
    """The page with the hashes of what is booted, at its place (edk2, OvmfPkg/AmdSev/BlobVerifierLibSevHashes)."""
    entries = entry("97d02dd8bd204c94aa78e7714d36ab2a", COMMAND_LINE.encode() + b"\0")
    entries += entry("44baf7313a2f4bd79af141e29169781d", INITRD)
    entries += entry("4de79437abd2427fb835d5b172d2045b", KERNEL)
    head = entry("9438d606 4f22 4cc9 b479 a793 d411fd21".replace(" ", ""), b"")[:16]
    table = head + struct.pack("<H", 18 + len(entries)) + entries
    padded = table.ljust(-(-len(table) // 16) * 16, b"\0")
    return (bytes(HASHES_AT % PAGE) + padded).ljust(PAGE, b"\0")


def second_opinion(image: bytes, states: list[bytes], table: bytes | None) -> bytes:
    """The launch digest, page by page."""
    value = bytes(48)
    for at in range(0, len(image), PAGE):
        value = extended(value, NORMAL, BASE + at, hashlib.sha384(image[at : at + PAGE]).digest())
    for at in (0x800000, 0x801000):
        value = extended(value, ZERO, at, bytes(48))
    value = extended(value, SECRETS, 0x80D000, bytes(48))
    value = extended(value, CPUID, 0x80E000, bytes(48))
    if table is None:
        value = extended(value, ZERO, 0x80B000, bytes(48))
    else:
        value = extended(value, NORMAL, 0x80B000, hashlib.sha384(table).digest())
    for state in states:
        value = extended(value, VMSA_PAGE, VMSA_ADDRESS, hashlib.sha384(state).digest())
    return value


def states(cpu: str, count: int) -> list[bytes]:
    """The initial state of each vCPU, which is taken from the library: it has hundreds of fields."""
    return list(VMSA(SevMode.SEV_SNP, 0x80B004, CPU_SIGS[cpu], 1, VMMType.QEMU).pages(count))


@pytest.fixture
def files(tmp_path):
    """Firmware, kernel and initrd."""
    (tmp_path / "firmware").write_bytes(firmware())
    (tmp_path / "kernel").write_bytes(KERNEL)
    (tmp_path / "initrd").write_bytes(INITRD)
    return tmp_path


@pytest.mark.parametrize(("cpu", "count"), [("EPYC-Genoa", 1), ("EPYC-Genoa", 4), ("EPYC-Milan", 2)])
@pytest.mark.parametrize("direct", [False, True])
def test_a_launch_digest_agrees_with_a_second_computation(files, cpu, count, direct) -> None:
    boot = (files / "kernel", files / "initrd", COMMAND_LINE) if direct else None
    found = launch_digests(files / "firmware", cpu_types=[cpu], vcpus=[count], boot=boot)
    table = hashes_page() if direct else None
    assert found == {(cpu, count): second_opinion(firmware(), states(cpu, count), table)}


def test_every_shape_has_its_own_digest(files) -> None:
    types = ["EPYC-Milan", "EPYC-Genoa", "EPYC-Turin"]
    found = launch_digests(files / "firmware", cpu_types=types, vcpus=[1, 2, 2], boot=None)
    assert len(found) == len(set(found.values())) == 6


def test_what_is_booted_is_in_the_digest(files) -> None:
    def digest(command_line: str) -> bytes:
        boot = (files / "kernel", files / "initrd", command_line)
        (value,) = launch_digests(files / "firmware", cpu_types=["EPYC-Genoa"], vcpus=[1], boot=boot).values()
        return value

    before = digest("a")
    assert digest("b") != before
    (files / "initrd").write_bytes(b"other")
    assert digest("a") != before


def test_a_firmware_without_a_place_for_hashes_cannot_boot_a_kernel_measured(files) -> None:
    (files / "firmware").write_bytes(firmware(hashes=False))
    with pytest.raises(Failed, match="SNP_KERNEL_HASHES"):
        launch_digests(files / "firmware", cpu_types=["EPYC"], vcpus=[1], boot=(files / "kernel", None, ""))


@pytest.mark.parametrize("types", [[], ["Xeon"]])
@pytest.mark.parametrize("counts", [[], [0], [513]])
def test_unknown_shapes_are_refused(files, types, counts) -> None:
    with pytest.raises(Failed, match="configuration"):
        launch_digests(files / "firmware", cpu_types=types, vcpus=[1], boot=None)
    with pytest.raises(Failed, match="configuration"):
        launch_digests(files / "firmware", cpu_types=["EPYC"], vcpus=counts, boot=None)


@pytest.mark.parametrize("image", [b"", bytes(4 * PAGE), firmware(entries=[])])
def test_what_is_not_a_firmware_for_snp_is_refused(files, image) -> None:
    (files / "firmware").write_bytes(image)
    with pytest.raises(Failed, match="image"):
        launch_digests(files / "firmware", cpu_types=["EPYC"], vcpus=[1], boot=None)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(Failed, match="configuration"):
        launch_digests(tmp_path / "none", cpu_types=["EPYC"], vcpus=[1], boot=None)
