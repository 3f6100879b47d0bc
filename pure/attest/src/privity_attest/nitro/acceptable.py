"""Stages 6 to 10 of Nitro: debug, registers, the runtime log, and the binding that is its own."""

from collections.abc import Mapping
from typing import Final

from privity_protocol import binding

from privity_attest import event_log
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.nitro.document import REGISTER, REGISTERS
from privity_attest.schema import Unchecked

_IMAGE: Final = range(3)
_ZERO: Final = bytes(REGISTER)
BY_REPLAY: Final = "by_replay"


def _register(case: Case, index: int) -> bytes:
    """Return a register; the document leaves out those that are not locked, which vouch for nothing."""
    return case.nitro.pcrs.get(index, _ZERO)


def debug(case: Case) -> Finding:
    """An enclave in debug mode can be read by its host; its image registers are all zero."""
    return fails(all(_register(case, index) == _ZERO for index in _IMAGE), "debug_enabled")


def tcb(case: Case) -> Finding:
    """AWS updates and rates its own hypervisor."""
    return NotChecked("not_applicable:no firmware version is published")


def registers(case: Case) -> Finding:
    """The registers that the policy names hold what the release or the policy says."""
    released = case.release.platforms.nitro
    if released is None:
        return ("measurement_mismatch:platform",)
    failures = []
    for index in range(REGISTERS):
        wanted = case.policy.nitro.pcrs.get(str(index), BY_REPLAY)
        if wanted == BY_REPLAY or isinstance(wanted, Unchecked):
            continue
        allowed = released.pcrs.get(str(index), ()) if isinstance(wanted, str) else wanted
        if _register(case, index) not in allowed:
            failures.append(f"measurement_mismatch:{index}")
    return tuple(failures)


def registers_unchecked(case: Case) -> Finding:
    """Says which registers the policy leaves unchecked, and why."""
    named: dict[str, list[int]] = {}
    for index, one in case.policy.nitro.pcrs.items():
        if isinstance(one, Unchecked):
            named.setdefault(one.reason, []).append(int(index))
    texts = (f"{','.join(map(str, sorted(named[reason])))} {reason}" for reason in sorted(named))
    return NotChecked(f"unchecked_by_policy:{'; '.join(texts)}") if named else ()


def registers_zero(case: Case) -> Finding:
    """A register that the policy does not name is zero: nothing was measured that nobody looks at."""
    unnamed = (index for index in range(REGISTERS) if str(index) not in case.policy.nitro.pcrs)
    return tuple(f"register_not_zero:{index}" for index in unnamed if _register(case, index) != _ZERO)


def runtime_register(case: Case) -> Finding:
    """Replaying the log gives the registers that the policy wants replayed."""
    replayed = sorted(int(index) for index, wanted in case.policy.nitro.pcrs.items() if wanted == BY_REPLAY)
    if not replayed:
        return NotChecked("unchecked_by_policy:no register is replayed")
    expected = event_log.replay(case.events)
    return tuple(f"event_log_replay:{index}" for index in replayed if _register(case, index) != expected)


def report_data(case: Case) -> Finding:
    """The document commits to these very bytes of the node document, in the one field that is used for it."""
    wanted = binding.report_data(case.item("node-document"))
    return (
        *fails(case.report_data != wanted, "binding_mismatch"),
        *fails(case.nitro.public_key is not None, "binding_mismatch:public_key"),
        *fails(case.nitro.nonce is not None, "binding_mismatch:nonce"),
    )


CHECKS: Final[Mapping[str, Run]] = {
    "debug": debug,
    "tcb": tcb,
    "registers": registers,
    "registers_unchecked": registers_unchecked,
    "registers_zero": registers_zero,
    "runtime_register": runtime_register,
    "report_data": report_data,
}
