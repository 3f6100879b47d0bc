"""Which hardware this is. Found hardware is used or start-up stops; it is never passed over for a simulation."""

import errno
from collections.abc import Collection
from pathlib import Path
from typing import Final

from privity_protocol.bundle import LABELS

from privity_enclave.failure import StartFailed
from privity_enclave.hardware import Hardware, HardwareFailed, measure
from privity_enclave.hardware.guest import Guest
from privity_enclave.hardware.nsm import Nitro, NsmDevice
from privity_enclave.hardware.simulated import Simulated
from privity_enclave.hardware.tpm import Tpm, TpmDevice
from privity_enclave.hardware.tree import Tree, read_at_most

REPORTS: Final = "sys/kernel/config/tsm/report"
NSM, TPM, TPM_LOG = "dev/nsm", "dev/tpmrm0", "sys/kernel/security/tpm0/binary_bios_measurements"
UNSUPPORTED: Final = ("dev/tdx_guest", "dev/sev-guest")
"""Devices of a confidential machine whose kernel is too old for configfs reports: found without these, they stop it."""
SIMULATED: Final = frozenset({"simulated", "sim_tpm"})
"""Kinds that prove nothing about who reads memory: announced at start, refused by clients unless told otherwise."""


def find(allowed: Collection[str], *, simulated_root: Path | None, system: Path = Path("/")) -> Hardware:
    """Return the hardware of this machine. `allowed` are the kinds that the configuration admits.

    A TPM alone isolates no memory: it is used where the configuration admits it, else it is not in the way.
    Raises StartFailed: `hardware_failed`, `hardware_not_supported`, `hardware_not_allowed`, `hardware_missing`.
    """
    try:
        found = _confidential(system) or _imitation(allowed, simulated_root, system)
    except HardwareFailed as error:
        raise StartFailed("hardware_failed", str(error)) from error
    except OSError as error:
        raise StartFailed("hardware_failed", f"a device that is there cannot be opened: {error.strerror}") from error
    if found.platform.type not in allowed:
        raise StartFailed("hardware_not_allowed", f"this is {found.platform.type}")
    return found


def _confidential(system: Path) -> Hardware | None:
    reports = system / REPORTS
    if reports.is_dir() and _has_provider(Tree(reports)):
        return Guest(Tree(reports), system=system)
    if (system / NSM).exists():
        return Nitro(NsmDevice(system / NSM))
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


def _imitation(allowed: Collection[str], root: Path | None, system: Path) -> Hardware:
    if "sim_tpm" in allowed and (system / TPM).exists():
        return Tpm(TpmDevice(system / TPM), boot_log=read_at_most(system / TPM_LOG, LABELS["boot-log"].limit))
    if "simulated" not in allowed:
        raise StartFailed("hardware_missing", "no hardware found that the configuration admits")
    if root is None:
        raise StartFailed("hardware_missing", "a simulated enclave needs --simulated-root")
    return Simulated(root, code=measure.code(), closure=measure.closure())
