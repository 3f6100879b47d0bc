"""Evidence through the kernel's configfs-tsm reports (Linux 6.7 and later): TDX, SEV-SNP, Arm CCA.

Source: specs/node-http.md, section "Hardware"; kernel ABI file configfs-tsm-report. Every write to a report moves its
`generation`; a foreign writer in our directory would show as a generation that grew by more than our own writes, and
then the blob may be over foreign data: it is discarded.
"""

import errno
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from privity_enclave.hardware import HardwareFailed
from privity_enclave.hardware.tree import Tree

PROVIDERS: Final = {"tdx_guest": "tdx-quote", "sev_guest": "snp-report", "arm_cca_guest": "cca-token"}
REPORT_DATA: Final = 64  # bytes
ATTEMPTS: Final = 6
PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)  # seconds between attempts; a quoting service may take seconds
TRANSIENT: Final = frozenset({errno.EBUSY, errno.EINTR, errno.ETIMEDOUT, errno.EAGAIN})


@dataclass(frozen=True, slots=True)
class Report:
    """What the kernel answered: its driver and the signed blob. Certificates come from the operator's fetcher."""

    provider: str
    blob: bytes


class _Conflict(Exception):
    """The generation grew by more than our writes."""


def report(tree: Tree, report_data: bytes, *, name: str, pause: Callable[[float], None]) -> Report:
    """Ask for a report over the 64 bytes `report_data`, in an entry `name` that this call makes and removes.

    `pause` waits the given seconds between attempts. Raises HardwareFailed: unknown provider, an error other than a
    transient one, short write, empty blob, or conflicts and transient errors beyond the attempts.
    """
    if len(report_data) != REPORT_DATA:
        raise AssertionError("report data is 64 bytes")
    _strictly(lambda: tree.make(name), "mkdir")
    try:
        for attempt in range(ATTEMPTS):
            if attempt:
                pause(PAUSES[attempt - 1])
            try:
                return _once(tree, name, report_data)
            except _Conflict:
                last = "another writer in our report"
            except OSError as error:
                if error.errno not in TRANSIENT:
                    raise HardwareFailed(_named(error)) from error
                last = _named(error)
        raise HardwareFailed(f"{last}, {ATTEMPTS} times")
    finally:
        _strictly(lambda: tree.remove(name), "rmdir")


def _once(tree: Tree, name: str, report_data: bytes) -> Report:
    provider = tree.read(name, "provider").decode("ascii", "replace").strip()
    if provider not in PROVIDERS:
        raise HardwareFailed("report provider is not one that can be appraised")
    before = _generation(tree, name)
    writes = 1
    if provider == "sev_guest":
        # The kernel may default to a lower privilege level, which a policy refuses.
        _whole(tree, name, "privlevel", b"0")
        writes = 2
    _whole(tree, name, "inblob", report_data)
    blob = tree.read(name, "outblob")
    if _generation(tree, name) != before + writes:
        raise _Conflict
    if not blob:
        raise HardwareFailed("empty report")
    return Report(provider, blob)


def _whole(tree: Tree, name: str, attribute: str, data: bytes) -> None:
    # A second write would start a new blob: what was cut off cannot be added.
    if tree.write(name, attribute, data) != len(data):
        raise HardwareFailed(f"short write of {attribute}")


def _generation(tree: Tree, name: str) -> int:
    text = tree.read(name, "generation").strip()
    if not text.isdigit() or len(text) > 20:
        raise HardwareFailed("generation is not a number")
    return int(text)


def _strictly(step: Callable[[], None], what: str) -> None:
    try:
        step()
    except OSError as error:
        raise HardwareFailed(f"{what}: {_named(error)}") from error


def _named(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "EUNKNOWN")
