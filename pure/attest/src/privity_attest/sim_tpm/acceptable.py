"""Stages 7 to 10 of a measured boot: registers against the release, both logs against registers, and the binding."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol import binding

from privity_attest import measured_boot
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.measured_boot import SHA256
from privity_attest.sim_tpm.genuine import BOOT_LOG
from privity_attest.sim_tpm.quote import REGISTER, REGISTERS

IMAGE: Final = 11
"""The register of the image, to which the node adds what it runs with."""
_ZERO: Final = bytes(REGISTER)


def tcb(case: Case) -> Finding:
    """An imitation has no trusted computing base to rate."""
    return NotChecked("not_applicable:no_hardware")


def _booted(case: Case, index: int) -> bytes:
    """Return a register as the boot log leaves it."""
    return measured_boot.replay(case.boot_events, SHA256).get(index, _ZERO)


def registers(case: Case) -> Finding:
    """The image is one of the release, and so is every other register that the release names."""
    released = case.release.platforms.sim_tpm
    if released is None or str(IMAGE) not in released.pcrs:
        return ("measurement_mismatch:platform",)
    found = {**case.tpm_quote.registers, IMAGE: _booted(case, IMAGE)}
    named = sorted((int(index), allowed) for index, allowed in released.pcrs.items())
    return tuple(f"measurement_mismatch:{index}" for index, allowed in named if found.get(index, _ZERO) not in allowed)


def registers_zero(case: Case) -> Finding:
    """A register that no log of ours explains is zero."""
    found = case.tpm_quote.registers
    return tuple(f"register_not_zero:{index}" for index in found if index not in REGISTERS and found[index] != _ZERO)


def boot_registers(case: Case) -> Finding:
    """Replaying the boot log gives the quoted registers, all but the image's, to which the node adds."""
    return tuple(
        f"event_log_replay:{index}"
        for index in REGISTERS
        if index != IMAGE and _booted(case, index) != case.tpm_quote.registers[index]
    )


def boot_payloads(case: Case) -> Finding:
    """Where the event type says so, a digest is the hash of what the log shows."""
    places = measured_boot.payload_faults(case.boot_events, SHA256)
    return tuple(f"event_log_payload:{BOOT_LOG}-{place}" for place in places)


def runtime_register(case: Case) -> Finding:
    """The image's register is what the boot log left, extended by each event of the runtime log."""
    register = _booted(case, IMAGE)
    for event in case.events:
        register = sha256(register + sha256(event.encoded).digest()).digest()
    return fails(register != case.tpm_quote.registers[IMAGE], f"event_log_replay:{IMAGE}")


def report_data(case: Case) -> Finding:
    """A TPM takes no more qualifying data than a hash: it commits to the hash of the report data."""
    wanted = sha256(binding.report_data(case.item("node-document"))).digest()
    return fails(case.report_data != wanted, "binding_mismatch")


CHECKS: Final[Mapping[str, Run]] = {
    "tcb": tcb,
    "registers": registers,
    "registers_zero": registers_zero,
    "boot_registers": boot_registers,
    "boot_payloads": boot_payloads,
    "runtime_register": runtime_register,
    "report_data": report_data,
}
