"""The appraisal: every check of the kind's table, in stage order, then one record of all of it.

Source: specs/appraise.md. Nothing here trusts the prover's word: what can be recomputed is, what cannot be checked is
said, and a check without a record refuses.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from privity_attest import checks
from privity_attest.case import Case, Finding, NotChecked
from privity_attest.checks import Check
from privity_attest.claims import claims_of
from privity_attest.errors import Refused
from privity_attest.logged import Logged
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.result import Appraisal, Checked, CheckRecord, Outcome, Record, SimulatedAppraisal
from privity_attest.simulated import acceptable, genuine
from privity_attest.stages import before, bound, reference

RUN: Final[Mapping[str, Callable[[Case], Finding]]] = {
    **before.CHECKS,
    **reference.CHECKS,
    **genuine.CHECKS,
    **acceptable.CHECKS,
    **bound.CHECKS,
}


def appraise(
    bundle: bytes, *, now: int, policy: Policy, logged: Logged, nonce: bytes | None, memory: Memory
) -> Appraisal | SimulatedAppraisal:
    """Judge the evidence `bundle` at `now` (Unix seconds) by `policy`.

    `nonce` holds the caller's 32 bytes when the bundle answers a challenge, else None. Raises Refused, whose record
    holds every failure; no other error leaves.
    """
    case = Case(bundle, now, policy, logged, nonce, memory)
    before.open_container(case)
    table = checks.for_kind(case.kind)
    records: dict[str, CheckRecord] = {}
    for check in table:
        if check is checks.COMPLETE:
            continue
        finding = _find(case, check, records)
        if finding is not None:
            records[check.name] = _record(check, finding)
    missing = tuple(f"check_missing:{check.name}" for check in table[:-1] if check.name not in records)
    records[checks.COMPLETE.name] = _record(checks.COMPLETE, missing)
    return _conclude(case, tuple(records.values()))


def _find(case: Case, check: Check, records: Mapping[str, CheckRecord]) -> Finding | None:
    for label in check.reads:
        if not case.has(label):
            return NotChecked("blocked_by:container" if case.bundle is None else "blocked_by:labels")
    for need in check.needs:
        if not _usable(records.get(need)):
            return NotChecked(f"blocked_by:{need}")
    excuse = {**checks.ALLOWANCES, **checks.NEVER_APPLICABLE}.get(check.name)
    # Only the simulated kind is excused: elsewhere a check of the same name must exist, or the verdict misses it.
    if excuse is not None and case.kind == "simulated":
        return NotChecked(excuse)
    run = RUN.get(check.name)
    return None if run is None else run(case)


def _usable(record: CheckRecord | None) -> bool:
    return record is not None and (record.outcome == "passed" or _allowed(record))


def _allowed(record: CheckRecord) -> bool:
    return record.outcome == "not_checked" and record.reasons[0].startswith(("unchecked_by_policy:", "not_applicable:"))


def _record(check: Check, finding: Finding) -> CheckRecord:
    if isinstance(finding, NotChecked):
        return CheckRecord(check.stage, check.name, check.item, "not_checked", (finding.text,))
    for reason in finding:
        if reason.split(":")[0] not in check.reasons:
            raise AssertionError(f"{check.name} gave {reason}")
    outcome: Checked = "failed" if finding else "passed"
    return CheckRecord(check.stage, check.name, check.item, outcome, finding)


def _conclude(case: Case, records: tuple[CheckRecord, ...]) -> Appraisal | SimulatedAppraisal:
    reasons = tuple(reason for one in records if one.outcome == "failed" for reason in one.reasons)
    # A check that is neither passed nor excused blocks acceptance even if nothing else failed.
    open_ones = tuple(one for one in records if one.outcome == "not_checked" and not _allowed(one))
    if reasons or open_ones:
        reasons = reasons or tuple(f"check_missing:{one.check}" for one in open_ones)
        raise Refused(_report(case, records, "refused", reasons))
    established = case.item("node-document"), case.node_document, case.release, case.models
    if case.kind == "simulated":
        return SimulatedAppraisal(_report(case, records, "accepted_as_simulated", ()), *established)
    return Appraisal(_report(case, records, "accepted", ()), *established)


def _report(case: Case, records: tuple[CheckRecord, ...], outcome: Outcome, reasons: tuple[str, ...]) -> Record:
    policy = case.policy
    accepted = outcome != "refused"
    return Record(
        outcome=outcome,
        reasons=reasons,
        checks=records,
        claims=claims_of(case, {one.check for one in records if _usable(one)}),
        # True needs a genuine chain to a root marked as production; none is pinned yet.
        hardware_backed=False,
        simulated=case.kind in ("simulated", "sim_tpm"),
        appraised_at=case.now,
        valid_until=_valid_until(case) if accepted else None,
        policy_name=policy.name,
        policy_version=policy.version,
        policy_digest=policy.digest,
        memory_after=_memory_after(case) if accepted else case.memory,
    )


def _valid_until(case: Case) -> int:
    return min(case.node_document.exp, case.policy.expires_at, *(one.not_after for one in case.path))


def _memory_after(case: Case) -> Memory:
    memory = case.memory.with_policy(case.policy.name, case.policy.version)
    if case.nonce is None:
        return memory
    return memory.with_challenge(sha256(case.node_document.pk).hexdigest(), case.now)
