"""Intel's own evidence: the items of a shared case, and the policy of the vectors' README."""

import json
from typing import Any

from privity_attest.evidence_files import items_of
from privity_attest.item import ItemRecord, appraise_item
from privity_attest.policy import Policy, decode
from privity_attest.testing.intel import boot_event, ccel
from privity_attest.testing.node import policy_document
from vendor_cases import content

Items = dict[str, tuple[str, bytes]]


def items(case: Any) -> Items:
    """The items of a case of TDX or SGX; a log of another tool becomes the boot log that holds the same events."""
    files = {role: content(case, role) for role in case["files"]}
    found = items_of(case["tee"], files)
    if "eventlog" in files:
        found["boot-log"] = ("ccel", boot_log(files["eventlog"]))
    return found


def boot_log(text: bytes) -> bytes:
    """The log of dstack (JSON, register by number, digest, payload) as a CCEL."""
    closed = ccel(())
    events = b"".join(
        boot_event(one["imr"] + 1, one["event_type"], bytes.fromhex(one["digest"]), bytes.fromhex(one["event_payload"]))
        for one in json.loads(text)
    )
    return closed[:-16] + events + closed[-16:]


def strict_policy(tee: str, **changes: object) -> Policy:
    """The policy of the vectors' README for these kinds: strict, without floors or ages, under the built-in root."""
    unchecked = {"unchecked": "vectors"}
    lenient = {
        f"trust_anchors.{tee}": "built_in",
        "max_collateral_age": unchecked,
        "tdx.min_tcb_evaluation": unchecked,
        "tdx.pck_types": unchecked,
        "tdx.pck_configuration": unchecked,
        "sgx.mrenclave": unchecked,
    }
    return decode(policy_document(tee, bytes(32), bytes(32), {**lenient, **changes}))


def judged(
    case: Any, *, now: int | None = None, policy: Policy | None = None, given: Items | None = None
) -> ItemRecord:
    """The record of a case at its time, with what is said replaced."""
    return appraise_item(
        given or items(case),
        now=case["verify_as_of_unix"] if now is None else now,
        policy=policy or strict_policy(case["tee"]),
        release=None,
    )
