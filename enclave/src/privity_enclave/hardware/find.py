"""Which hardware this is. Found hardware is used or start-up stops; it is never passed over for a simulation."""

import errno
from collections.abc import Collection
from pathlib import Path
from typing import Final

from privity_enclave.failure import StartFailed
from privity_enclave.hardware import Hardware, HardwareFailed, measure
from privity_enclave.hardware.guest import Guest
from privity_enclave.hardware.simulated import Simulated
from privity_enclave.hardware.tree import ConfigfsTree, Tree

REPORTS: Final = "sys/kernel/config/tsm/report"
UNSUPPORTED: Final = ("dev/nsm", "dev/tdx_guest", "dev/sev-guest")
"""Devices of a confidential machine that this node does not drive: found without configfs reports, they stop it."""


def find(allowed: Collection[str], *, simulated_root: Path | None, system: Path = Path("/")) -> Hardware:
    """Return the hardware of this machine. `allowed` are the kinds that the configuration admits.

    A TPM alone isolates no memory and is therefore neither used nor in the way of a simulation.
    Raises StartFailed: `hardware_failed`, `hardware_not_supported`, `hardware_not_allowed`, `hardware_missing`.
    """
    found = _confidential(system)
    if found is None:
        return _simulated(allowed, simulated_root)
    if found.platform.type not in allowed:
        raise StartFailed("hardware_not_allowed", f"this is {found.platform.type}")
    return found


def _confidential(system: Path) -> Hardware | None:
    reports = system / REPORTS
    try:
        if reports.is_dir() and _has_provider(ConfigfsTree(reports)):
            return Guest(ConfigfsTree(reports))
    except HardwareFailed as error:
        raise StartFailed("hardware_failed", str(error)) from error
    for device in UNSUPPORTED:
        if (system / device).exists():
            raise StartFailed("hardware_not_supported", f"/{device}")
    return None


def _has_provider(tree: Tree) -> bool:
    try:
        tree.make("privity-probe")
    except OSError as error:
        if error.errno == errno.ENXIO:  # the kernel has the interface and no driver behind it
            return False
        raise HardwareFailed("mkdir in the report directory failed") from error
    tree.remove("privity-probe")
    return True


def _simulated(allowed: Collection[str], root: Path | None) -> Hardware:
    if "simulated" not in allowed:
        raise StartFailed("hardware_missing", "no confidential hardware found, and the configuration admits no other")
    if root is None:
        raise StartFailed("hardware_missing", "a simulated enclave needs --simulated-root")
    try:
        return Simulated(root, code=measure.code(), closure=measure.closure())
    except HardwareFailed as error:
        raise StartFailed("hardware_failed", str(error)) from error
