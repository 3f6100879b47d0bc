"""A confidential virtual machine: evidence by configfs-tsm, runtime register by the driver's measurement file."""

import base64
import binascii
import hashlib
import secrets
import time
from pathlib import Path
from typing import Final

from privity_protocol.platform import Platform

from privity_enclave.hardware import HardwareFailed, Items
from privity_enclave.hardware.configfs import PROVIDERS, Report, report
from privity_enclave.hardware.tree import Tree, write_once

REGISTER: Final = Path("/sys/devices/virtual/misc/tdx_guest/measurements/rtmr3:sha384")
SNP_REPORT: Final = 1184  # bytes
_KINDS: Final = {"tdx_guest": "tdx", "sev_guest": "sev_snp"}
_CHIP_ID: Final = slice(0x1A0, 0x1E0)
_PPID: Final = bytes.fromhex("060a2a864886f84d010d0101 0410")
"""DER of OID 1.2.840.113741.1.13.1.1 and the head of the 16-byte octet string after it, in a PCK certificate."""
_BEGIN, _END = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"


class Guest:
    """A TDX or SEV-SNP guest. Making one raises HardwareFailed on anything else: no kind is guessed."""

    def __init__(self, tree: Tree, *, register: Path = REGISTER) -> None:
        self._tree = tree
        self._register = register
        # The identifier of the machine is inside its evidence; this first report is over nothing and is not published.
        first = self._report(bytes(64))
        if first.provider not in _KINDS:
            raise HardwareFailed(f"{first.provider} has no runtime register that this node can extend")
        self._provider = first.provider
        identifier = _chip_id(first.blob) if first.provider == "sev_guest" else _ppid(first.blob)
        self.platform = Platform(_KINDS[first.provider], hashlib.sha256(identifier).digest())
        # SEV-SNP has no register: there the node document alone carries the configuration.
        self.has_register = first.provider == "tdx_guest"

    def extend(self, digest: bytes) -> None:
        """Extend RTMR3 by 48 bytes. Raises HardwareFailed."""
        try:
            written = write_once(self._register, digest)
        except OSError as error:
            raise HardwareFailed("the runtime register cannot be extended") from error
        if written != len(digest):
            raise HardwareFailed("short write of the runtime register")

    def evidence(self, report_data: bytes) -> Items:
        """Return `cpu`. Certificates and collateral are added outside, by whoever publishes the bundle."""
        answer = self._report(report_data)
        if answer.provider != self._provider:
            raise HardwareFailed("the report provider changed")
        return {"cpu": (PROVIDERS[answer.provider], answer.blob)}

    def _report(self, report_data: bytes) -> Report:
        return report(self._tree, report_data, name=f"privity-{secrets.token_hex(8)}", pause=time.sleep)


def _chip_id(blob: bytes) -> bytes:
    if len(blob) != SNP_REPORT:
        raise HardwareFailed(f"SEV-SNP report of {len(blob)} bytes")
    return blob[_CHIP_ID]


def _ppid(quote: bytes) -> bytes:
    start = quote.find(_BEGIN)
    stop = quote.find(_END, start)
    try:
        der = base64.b64decode(quote[start + len(_BEGIN) : stop]) if 0 <= start < stop else b""
    except binascii.Error:
        der = b""
    at = der.find(_PPID) + len(_PPID)
    if at < len(_PPID) or len(der) < at + 16:
        raise HardwareFailed("no platform identifier in the TDX quote")
    return der[at : at + 16]
