"""A unified kernel image: systemd's stub with kernel, release, command line and initrd as sections; and its PCR 11.

Which sections the stub measures, and in which order: systemd-stub(7), and its unified_sections in src/boot/efi. Per
section, register 11 is extended by SHA-256 of the name with its NUL, then by SHA-256 of the section.
"""

import subprocess
from hashlib import sha256
from pathlib import Path

STUB = Path("/usr/lib/systemd/boot/efi/linuxx64.efi.stub")
ADDRESSES = {".osrel": 0x20000, ".cmdline": 0x30000, ".linux": 0x2000000, ".initrd": 0x4000000}
MEASURED = (".linux", ".osrel", ".cmdline", ".initrd")


def build(target: Path, sections: dict[str, bytes], scratch: Path) -> None:
    """Write the image; the sections lie in `scratch` meanwhile. Needs objcopy of binutils."""
    command = ["objcopy"]
    for name, data in sections.items():
        part = scratch / name.lstrip(".")
        part.write_bytes(data)
        command += ["--add-section", f"{name}={part}", "--change-section-vma", f"{name}={ADDRESSES[name]:#x}"]
    target.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([*command, str(STUB), str(target)], check=True, capture_output=True)


def predicted(sections: dict[str, bytes]) -> bytes:
    """PCR 11 after the stub has measured the sections, from the sections alone."""
    register = bytes(32)
    for name in MEASURED:
        for measured in (name.encode() + b"\0", sections[name]):
            register = sha256(register + sha256(measured).digest()).digest()
    return register
