"""Stages 6 to 9 of the simulated kind: does the policy want what the document says?"""

from collections.abc import Mapping
from typing import Final

from privity_attest import event_log
from privity_attest.case import Case, Finding, Run, fails
from privity_attest.simulated.document import CLOSURE, CODE, RUNTIME


def debug(case: Case) -> Finding:
    """A debug enclave can be read by its host."""
    return fails(case.document.debug, "debug_enabled")


def registers(case: Case) -> Finding:
    """Code and closure are those of the release, no more and no fewer."""
    expected = case.release.platforms.simulated
    if expected is None or set(expected) != {CODE, CLOSURE}:
        return ("measurement_mismatch:platform",)
    return tuple(
        f"measurement_mismatch:{index}"
        for index, value in sorted(expected.items())
        if case.document.registers[index] != value
    )


def runtime_register(case: Case) -> Finding:
    """Replaying the log gives the signed runtime register."""
    return fails(event_log.replay(case.events) != case.document.registers[RUNTIME], f"event_log_replay:{RUNTIME}")


CHECKS: Final[Mapping[str, Run]] = {
    "debug": debug,
    "registers": registers,
    "runtime_register": runtime_register,
}
