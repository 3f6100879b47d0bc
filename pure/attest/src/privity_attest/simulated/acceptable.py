"""Stages 6 to 9 of the simulated kind: does the policy want what the document says?"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from privity_attest import event_log
from privity_attest.case import Case, Finding, fails
from privity_attest.simulated.document import CLOSURE, CODE, RUNTIME, platform_id


def debug(case: Case) -> Finding:
    """A debug enclave can be read by its host."""
    return fails(case.document.debug, "debug_enabled")


def registers(case: Case) -> Finding:
    """Code and closure are those of the release, no more and no fewer."""
    expected = case.release.platforms.get("simulated")
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


def runtime_events(case: Case) -> Finding:
    """The log holds configuration, models and the closing mark, in this order, and hashes of the items beside it."""
    due = (
        (event_log.CONFIGURATION, sha256(case.item("configuration")).digest()),
        (event_log.MODELS, sha256(case.item("models")).digest()),
        (event_log.CLOSED, b""),
    )
    tags = [event.tag for event in case.events]
    missing = tuple(f"event_log_missing:{tag}" for tag, _ in due if tag not in tags)
    if missing:
        return missing
    if tags != [tag for tag, _ in due]:
        return ("event_log_payload:order",)
    return tuple(
        f"event_log_payload:{tag}"
        for event, (tag, payload) in zip(case.events, due, strict=True)
        if event.payload != payload
    )


def platform_bound(case: Case) -> Finding:
    """The node document names the platform that the genuine evidence names."""
    plat = case.node_document.plat
    return (
        *fails(plat.type != "simulated", "platform_mismatch:type"),
        *fails(plat.id != platform_id(case.path[-1].pin), "platform_mismatch:id"),
    )


CHECKS: Final[Mapping[str, Callable[[Case], Finding]]] = {
    "debug": debug,
    "registers": registers,
    "runtime_register": runtime_register,
    "runtime_events": runtime_events,
    "platform_bound": platform_bound,
}
