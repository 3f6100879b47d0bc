"""RTMR1 and RTMR2 of a TDX guest, and PCR 11 of a measured boot, from what is booted.

Two boot flows are modelled, and no other:

*Direct*: OVMF starts a kernel that QEMU hands over unmodified (`-kernel`, through fw_cfg `etc/boot/kernel`: QEMU 10 and
a firmware that reads it; an older QEMU writes addresses into the kernel's header, so that its digest depends on memory
size and must be recorded by booting once). No boot loader, no secure boot. The Linux EFI stub measures its load options
and the initrd. With an initrd, OVMF adds `initrd=initrd` to the command line: at the end, in newer releases in front.

*Unified kernel image (UKI)* as the default boot file of a GPT disk, without shim, boot loader, add-ons or profiles:
systemd-stub measures the sections and loads the kernel inside, whose own stub measures load options and initrd again.
What is said of the initrd holds while the stub hands over `.initrd` alone; with `.pcrsig`, credentials or extensions it
puts generated archives behind it, and the register must be recorded by booting once.

Sources: edk2, SecurityPkg DxeTpm2MeasureBootLib and OvmfPkg TdTcg2Dxe (PCR 2 to 6 are RTMR1, PCR 8 to 15 RTMR2); Linux,
drivers/firmware/efi/libstub; systemd, systemd-stub(7). The order of both flows in RTMR1 and of the direct flow in RTMR2
is that of recorded event logs; that of a UKI in RTMR2 was not seen on TDX hardware by this project.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from hashlib import new, sha384
from typing import Final

from privity_image.errors import Failed
from privity_image.reference_values import pe

CALLING: Final = b"Calling EFI Application from Boot Option"
SEPARATOR: Final = bytes(4)
EXIT: Final = (b"Exit Boot Services Invocation", b"Exit Boot Services Returned with Success")
SECTIONS: Final = (
    *(".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey"),
    *(".profile", ".dtbauto", ".hwids", ".efifw"),
)
"""The sections that systemd-stub measures, in its order; not the PCR signature, which names the resulting value."""


def extended(digests: Iterable[bytes], algorithm: str = "sha384") -> bytes:
    """Return a register that was zero and extended with `digests`."""
    value = bytes(new(algorithm).digest_size)
    for digest in digests:
        value = new(algorithm, value + digest).digest()
    return value


def direct_rtmr1(kernel: bytes) -> list[bytes]:
    """Return the digests of RTMR1 in a direct boot; `kernel` is the Authenticode digest of the kernel image."""
    events = (CALLING, SEPARATOR, *EXIT)
    return [kernel, *(sha384(event).digest() for event in events)]


def disk_rtmr1(partition_table: bytes, applications: Iterable[bytes]) -> list[bytes]:
    """Return the digests of RTMR1 in a boot from disk.

    `partition_table` is the digest of the EV_EFI_GPT_EVENT, `applications` are Authenticode digests in load order.
    """
    before, after = (CALLING, SEPARATOR), EXIT
    return [
        *(sha384(event).digest() for event in before),
        partition_table,
        *applications,
        *(sha384(event).digest() for event in after),
    ]


def stub_rtmr2(command_line: str, initrd: bytes | None) -> list[bytes]:
    """Return the digests that the Linux EFI stub adds to RTMR2: load options (UTF-16, with NUL), then the initrd.

    Raises Failed `image` for a command line that is not ASCII.
    """
    if not command_line.isascii() or "\0" in command_line:
        raise Failed("image", "command line is not ASCII")
    options = (command_line + "\0").encode("utf-16-le")
    return [sha384(options).digest(), *([sha384(initrd).digest()] if initrd else [])]


class InitrdOption(Enum):
    """Where OVMF puts `initrd=initrd` in the command line of a direct boot with an initrd."""

    APPENDED = "appended"
    PREPENDED = "prepended"
    NONE = "none"

    def applied(self, command_line: str) -> str:
        """Return the kernel's load options."""
        match self:
            case InitrdOption.APPENDED:
                return f"{command_line} initrd=initrd"
            case InitrdOption.PREPENDED:
                return f"initrd=initrd {command_line}"
            case InitrdOption.NONE:
                return command_line


def direct(kernel: bytes, command_line: str, initrd: bytes | None, option: InitrdOption) -> tuple[bytes, bytes]:
    """Return RTMR1 and RTMR2 of a direct boot; `option` matters only with an initrd. Raises Failed `image`."""
    options = option.applied(command_line) if initrd else command_line
    return extended(direct_rtmr1(pe.authenticode(kernel))), extended(stub_rtmr2(options, initrd))


def unified(image: bytes, partition_table: bytes) -> tuple[bytes, bytes]:
    """Return RTMR1 and RTMR2 of a UKI from disk; `partition_table` is the payload of its EV_EFI_GPT_EVENT.

    Raises Failed `image`.
    """
    parsed = pe.parse(image)
    kernel = parsed.contents(".linux")
    command_line = parsed.contents(".cmdline") or b""
    if kernel is None:
        raise Failed("image", "UKI without a kernel")
    applications = [pe.authenticode(image), pe.authenticode(kernel)]
    try:
        text = command_line.rstrip(b"\0\n ").decode("ascii")
    except UnicodeDecodeError as error:
        raise Failed("image", "command line is not ASCII") from error
    events = [*section_events(_measured(parsed), "sha384"), *stub_rtmr2(text, parsed.contents(".initrd"))]
    return extended(disk_rtmr1(sha384(partition_table).digest(), applications)), extended(events)


def pcr11(sections: Mapping[str, bytes]) -> bytes:
    """Return PCR 11 (SHA-256) after systemd-stub; `sections` maps names to SHA-256 of their contents."""
    unknown = sorted(set(sections) - set(SECTIONS))
    if unknown or not sections or any(len(digest) != 32 for digest in sections.values()):
        raise Failed("image", f"sections that systemd-stub does not measure: {unknown}")
    return extended(section_digests(sections, "sha256"), "sha256")


def pcr11_of_image(image: bytes) -> bytes:
    """Return PCR 11 (SHA-256) of a unified kernel image. Raises Failed `image`."""
    return extended(section_events(_measured(pe.parse(image)), "sha256"), "sha256")


def section_events(sections: Mapping[str, bytes], algorithm: str) -> list[bytes]:
    """Return the digests of the measured sections from their contents, in the stub's order."""
    hashed = {name: new(algorithm, contents).digest() for name, contents in sections.items()}
    return section_digests(hashed, algorithm)


def section_digests(sections: Mapping[str, bytes], algorithm: str) -> list[bytes]:
    """Return the digests of the measured sections from their digests: of the name with NUL, then of the contents."""
    return [
        digest
        for name in SECTIONS
        if name in sections
        for digest in (new(algorithm, name.encode() + b"\0").digest(), sections[name])
    ]


def _measured(image: pe.Image) -> dict[str, bytes]:
    found = {name: image.contents(name) for name in SECTIONS}
    present = {name: contents for name, contents in found.items() if contents}
    if ".linux" not in present:
        raise Failed("image", "UKI without a kernel")
    return present
