"""A real measured boot: kernel and initrd as one image, under QEMU with a software TPM, quoted by the node's driver.

Opt-in, for it takes a minute and needs Debian's qemu-system-x86, swtpm, ovmf, systemd-boot-efi, binutils and a kernel:
set PRIVITY_MEASURED_BOOT to the kernel's file, such as /boot/vmlinuz-6.1.0-56-amd64, or one out of a package that need
not be installed (`apt-get download linux-image-…`, `dpkg-deb -x`). Debian's kernels have the TPM's drivers built in.
The guest's first process is `in_the_guest.py`, which drives /dev/tpmrm0 by privity_enclave.hardware.tpm.
"""

import hashlib
import os
import shutil
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import in_the_guest
import initrd
import machine
import privity_enclave
import privity_protocol
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from privity_attest import measured_boot
from privity_protocol import cbor

import image

KERNEL = os.environ.get("PRIVITY_MEASURED_BOOT", "")
PROGRAMS = ("qemu-system-x86_64", "swtpm", "objcopy")
QUOTED = (0, 1, 2, 3, 4, 5, 7, 9, 11)
BOOT_SECONDS = 900

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(1200)]


def lacking() -> str | None:
    """What this machine lacks for the test, or None."""
    if not KERNEL:
        return "a measured boot takes a minute: set PRIVITY_MEASURED_BOOT to a kernel's file"
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    missing += [str(path) for path in (Path(KERNEL), machine.FIRMWARE, image.STUB) if not path.is_file()]
    return f"not here: {', '.join(missing)}" if missing else None


@dataclass(frozen=True)
class Boot:
    """One boot: the image's sections, and what the guest said by name."""

    sections: dict[str, bytes]
    said: dict[str, bytes]


@pytest.fixture(scope="module")
def boot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Boot:
    reason = lacking()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("boot")
    sources = [str(Path(package.__file__ or "").parents[1]) for package in (privity_protocol, privity_enclave)]
    sections = {
        ".osrel": b'ID=privity\nNAME="Privity measured boot"\n',
        ".cmdline": b"console=ttyS0 quiet loglevel=0 panic=-1\0",
        ".linux": Path(KERNEL).read_bytes(),
        ".initrd": initrd.build(Path(in_the_guest.__file__), sources),
    }
    image.build(folder / "esp/EFI/BOOT/BOOTX64.EFI", sections, folder)
    started = time.monotonic()
    said = machine.boot(folder / "esp", folder, seconds=BOOT_SECONDS)
    took = f"measured boot with an initrd of {len(sections['.initrd'])} bytes: {time.monotonic() - started:.0f} s"
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        print(f"\n{took}")
    return Boot(sections, said)


def opened(evidence: bytes, data: bytes) -> tuple[dict[int, bytes], bytes]:
    """Registers and key of a quote whose signature holds and which is over the data."""
    attest, signature, spki, registers = cbor.decode(evidence)  # type: ignore[misc]
    key = load_der_public_key(spki)  # type: ignore[arg-type]
    assert isinstance(key, ec.EllipticCurvePublicKey)
    size = int.from_bytes(signature[4:6])
    raw = encode_dss_signature(int.from_bytes(signature[6 : 6 + size]), int.from_bytes(signature[8 + size :]))
    key.verify(raw, attest, ec.ECDSA(hashes.SHA256()))
    assert attest[:6] == bytes.fromhex("ff5443478018")
    assert hashlib.sha256(data).digest() in attest
    assert tuple(registers) == QUOTED
    assert attest.endswith(hashlib.sha256(b"".join(registers.values())).digest())
    return registers, spki


def test_the_quote_is_signed_by_the_key_of_the_platform(boot: Boot) -> None:
    for name, data in (("first", in_the_guest.FIRST), ("second", in_the_guest.SECOND)):
        spki = opened(boot.said[name], data)[1]
        assert hashlib.sha256(hashlib.sha256(spki).digest()).digest() == boot.said["platform"]


def test_the_register_of_the_image_is_predicted_from_its_sections_alone(boot: Boot) -> None:
    registers, _ = opened(boot.said["first"], in_the_guest.FIRST)
    assert registers[11] == image.predicted(boot.sections)
    changed = boot.sections | {".cmdline": boot.sections[".cmdline"].replace(b"quiet", b"debug")}
    assert registers[11] != image.predicted(changed)


def test_the_boot_log_replays_to_every_quoted_register(boot: Boot) -> None:
    registers, _ = opened(boot.said["first"], in_the_guest.FIRST)
    events = measured_boot.decode(boot.said["boot-log"], measured_boot.SHA256)
    assert measured_boot.payload_faults(events, measured_boot.SHA256) == ()
    replayed = measured_boot.replay(events, measured_boot.SHA256)
    assert {index: replayed.get(index, bytes(32)) for index in QUOTED} == registers


def test_the_runtime_events_come_on_top_of_the_image(boot: Boot) -> None:
    before, _ = opened(boot.said["first"], in_the_guest.FIRST)
    after, _ = opened(boot.said["second"], in_the_guest.SECOND)
    register, log, position = image.predicted(boot.sections), boot.said["runtime-log"], 0
    while position < len(log):
        end = position
        for _ in range(2):
            end += 4 + int.from_bytes(log[end : end + 4])
        register = hashlib.sha256(register + hashlib.sha256(log[position:end]).digest()).digest()
        position = end
    assert after == before | {11: register}
    assert hashlib.sha256(in_the_guest.CONFIGURATION).digest() in log
