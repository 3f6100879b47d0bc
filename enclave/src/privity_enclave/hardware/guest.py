"""A confidential virtual machine: evidence by configfs-tsm, runtime register by the kernel's measurement files.

Source: specs/node-http.md, "Hardware"; kernel ABI file sysfs-devices-virtual-misc-tdx_guest (measurements/NAME:HASH).
"""

import hashlib
import re
import secrets
import time
from pathlib import Path
from typing import Final

from privity_protocol.bundle import LABELS
from privity_protocol.platform import Platform

from privity_enclave.hardware import HardwareFailed, Items
from privity_enclave.hardware.configfs import PROVIDERS, Report, report
from privity_enclave.hardware.pem import certificates
from privity_enclave.hardware.tree import Tree, read_at_most, write_once

MEASUREMENTS: Final = "sys/devices/virtual/misc/{}/measurements"
BOOT_LOG: Final = "sys/firmware/acpi/tables/data/CCEL"
SNP_REPORT: Final = 1184  # bytes
_KINDS: Final = {"tdx_guest": "tdx", "sev_guest": "sev_snp", "arm_cca_guest": "cca"}
_REGISTERS: Final = {"tdx_guest": ("rtmr3:sha384",), "arm_cca_guest": ("rem0:sha256", "rem0:sha512")}
"""Files of the runtime register; SEV-SNP has none: there the node document alone carries the configuration."""
_CHIP_ID: Final = slice(0x1A0, 0x1E0)
_PPID: Final = bytes.fromhex("060a2a864886f84d010d0101 0410")
"""DER of OID 1.2.840.113741.1.13.1.1 and the head of the 16-byte octet string after it, in a PCK certificate."""
_INSTANCE: Final = re.compile(rb"\x19\x01\x00\x58\x21(\x01.{32})", re.DOTALL)
"""Claim 256 of the platform token (draft-ffm-rats-cca-token): 33 bytes, the first of which names their kind."""


class Guest:
    """A TDX or SEV-SNP guest, or a realm. Making one raises HardwareFailed on anything else: no kind is guessed."""

    def __init__(self, tree: Tree, *, system: Path = Path("/")) -> None:
        self._tree = tree
        # The identifier of the machine is inside its evidence; this first report is over nothing and is not published.
        first = self._report(bytes(64))
        self._provider = first.provider
        identify = {"tdx_guest": _ppid, "sev_guest": _chip_id, "arm_cca_guest": _instance}[first.provider]
        self.platform = Platform(_KINDS[first.provider], hashlib.sha256(identify(first.blob)).digest())
        self._register = _register(system, first.provider)
        self.has_register = self._register is not None
        self._boot_log = read_at_most(system / BOOT_LOG, LABELS["boot-log"].limit)

    def extend(self, event: bytes) -> None:
        """Extend RTMR3, or REM0 of a realm, by the hash in the register's name. Raises HardwareFailed."""
        if self._register is None:
            raise HardwareFailed("there is no runtime register")
        digest = hashlib.new(self._register.name.partition(":")[2], event).digest()
        try:
            written = write_once(self._register, digest)
        except OSError as error:
            raise HardwareFailed("the runtime register cannot be extended") from error
        if written != len(digest):
            raise HardwareFailed("short write of the runtime register")

    def close(self) -> None:
        """These registers cannot be locked; the event of this name says that no other follows."""

    def evidence(self, report_data: bytes) -> Items:
        """Return `cpu` and, where firmware kept one, `boot-log`. Collateral comes from whoever fetches it."""
        answer = self._report(report_data)
        if answer.provider != self._provider:
            raise HardwareFailed("the report provider changed")
        boot_log = {"boot-log": ("ccel", self._boot_log)} if self._boot_log else {}
        return {"cpu": (PROVIDERS[answer.provider], answer.blob), **boot_log}

    def _report(self, report_data: bytes) -> Report:
        return report(self._tree, report_data, name=f"privity-{secrets.token_hex(8)}", pause=time.sleep)


def _register(system: Path, provider: str) -> Path | None:
    names = _REGISTERS.get(provider, ())
    found = [path for name in names if (path := system / MEASUREMENTS.format(provider) / name).exists()]
    if names and not found:
        raise HardwareFailed(f"this kernel offers no register {names[0]} to extend")
    return found[0] if found else None


def _chip_id(blob: bytes) -> bytes:
    if len(blob) != SNP_REPORT:
        raise HardwareFailed(f"SEV-SNP report of {len(blob)} bytes")
    return blob[_CHIP_ID]


def _ppid(quote: bytes) -> bytes:
    der = b"".join(certificates(quote)[:1])
    at = der.find(_PPID) + len(_PPID)
    if at < len(_PPID) or len(der) < at + 16:
        raise HardwareFailed("no platform identifier in the TDX quote")
    return der[at : at + 16]


def _instance(token: bytes) -> bytes:
    found = _INSTANCE.search(token)
    if found is None:
        raise HardwareFailed("no instance identifier in the CCA token")
    return found[1]
