"""SEV-SNP launch digests, one per vCPU type and count, through sev-snp-measure.

The digest covers firmware, its metadata pages, and one initial state per vCPU; with a firmware made for it (AmdSev) the
hashes of kernel, initrd and command line as well. Source: AMD SEV-SNP Firmware ABI, section SNP_LAUNCH_UPDATE.
"""

from collections.abc import Iterable
from pathlib import Path

from sevsnpmeasure import guest
from sevsnpmeasure.vcpu_types import CPU_SIGS

from privity_image.errors import Failed
from privity_image.reference_values import firmware as table

CPU_TYPES = frozenset(CPU_SIGS)
MAX_VCPUS = 512
GUEST_FEATURES = 0x1  # SNPActive; what the hypervisor sets beyond that it must be told here


def launch_digests(
    firmware: Path,
    *,
    cpu_types: Iterable[str],
    vcpus: Iterable[int],
    boot: tuple[Path, Path | None, str] | None,
    guest_features: int = GUEST_FEATURES,
) -> dict[tuple[str, int], bytes]:
    """Return the launch digest (48 bytes) by vCPU type (as QEMU names it) and count.

    `boot` is kernel, initrd and command line, or None for a firmware that boots from disk. Raises Failed.
    """
    counts, types = sorted(set(vcpus)), sorted(set(cpu_types))
    unknown = sorted(set(types) - CPU_TYPES)
    if unknown or not types or not counts or not all(1 <= count <= MAX_VCPUS for count in counts):
        raise Failed("configuration", f"vCPU types are of {sorted(CPU_TYPES)}, counts from 1 to {MAX_VCPUS}")
    kernel, initrd, command_line = boot or (None, None, "")
    try:
        table.table(firmware.read_bytes())
        return {
            (kind, count): guest.snp_calc_launch_digest(
                count,
                CPU_SIGS[kind],
                str(firmware),
                str(kernel or ""),
                str(initrd or ""),
                command_line,
                guest_features,
                "",
            )
            for kind in types
            for count in counts
        }
    except OSError as error:
        raise Failed("configuration", str(error)) from error
    except (RuntimeError, ValueError, KeyError, AssertionError) as error:
        raise Failed("image", f"{firmware}: {error}") from error
