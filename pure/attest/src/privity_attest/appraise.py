"""The appraisal: every check of the kind's table, in stage order, then one record of all of it.

Source: specs/appraise.md. Nothing here trusts the prover's word: what can be recomputed is, what cannot be checked is
said, and a check without a record refuses.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_attest import checks
from privity_attest.case import SIMULATED_KINDS, Case, Finding, NotChecked, Run
from privity_attest.checks import Check
from privity_attest.claims import claims_of
from privity_attest.errors import Refused
from privity_attest.kinds import KINDS
from privity_attest.logged import Logged
from privity_attest.memory import Memory
from privity_attest.nvidia import table
from privity_attest.policy import Policy
from privity_attest.result import Appraisal, Checked, CheckRecord, Outcome, Record, SimulatedAppraisal
from privity_attest.stages import before, bound, proved, reference

COMMON: Final[Mapping[str, Run]] = {**before.CHECKS, **proved.CHECKS, **reference.CHECKS, **bound.CHECKS}
EXCUSES: Final[Mapping[str, str]] = {**checks.ALLOWANCES, **checks.NEVER_APPLICABLE}


class Records(dict[tuple[str, str], CheckRecord]):
    """Check name and item to what was found; `usable` are those on which a later check may build.

    A name alone stands for the first record of that name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.usable: set[tuple[str, str] | str] = set()
        self._names: set[str] = set()

    def __setitem__(self, key: tuple[str, str], record: CheckRecord) -> None:
        super().__setitem__(key, record)
        if usable(record):
            self.usable |= {key, key[0]} if key[0] not in self._names else {key}
        self._names.add(key[0])


def appraise(
    bundle: bytes, *, now: int, policy: Policy, logged: Logged, nonce: bytes | None, memory: Memory
) -> Appraisal | SimulatedAppraisal:
    """Judge the evidence `bundle` at `now` (Unix seconds) by `policy`.

    `nonce` holds the caller's 32 bytes when the bundle answers a challenge, else None. Raises Refused, whose record
    holds every failure; no other error leaves.
    """
    case = Case(bundle, now, policy, logged, nonce, memory)
    before.open_container(case)
    kind = KINDS.get(case.kind or "")
    devices = table.checks_of(device_labels(case))
    rows = checks.NOT_BUILT if kind is None else checks.table_of(kind.checks, devices)
    records = run_checks(case, rows, {**COMMON, **(kind.run if kind else {})})
    missing = tuple(f"check_missing:{one.name}" for one in rows[:-1] if (one.name, one.item) not in records)
    last = checks.COMPLETE
    records[last.name, last.item] = _record(last, missing)
    return _conclude(case, records)


def device_labels(case: Case) -> tuple[str, ...]:
    """Return the labels of the devices in the bundle, in its order."""
    return tuple(item.label for item in case.bundle.devices()) if case.bundle else ()


def run_checks(case: Case, rows: tuple[Check, ...], run: Mapping[str, Run]) -> Records:
    """Make the checks of the table `rows` in order; one that nobody can make leaves no record."""
    records = Records()
    for check in rows:
        finding = None if check is checks.COMPLETE else _find(case, check, records, run.get(check.name))
        if finding is not None:
            records[check.name, check.item] = _record(check, finding)
    return records


def _find(case: Case, check: Check, records: Records, run: Run | None) -> Finding | None:
    for label in check.reads:
        if not case.has(label):
            return NotChecked("blocked_by:container" if case.bundle is None else "blocked_by:labels")
    for need in check.needs:
        # A need names a check of the same item where there is one, else the first of that name.
        own = (need, check.item)
        if own not in records.usable and (own in records or need not in records.usable):
            return NotChecked(f"blocked_by:{need}")
    excuse = EXCUSES.get(check.name)
    # Only the simulated kind is excused: elsewhere a check of the same name must exist, or the verdict misses it.
    if excuse is not None and case.kind == "simulated" and not _is_held_to_the_log(case, check.name):
        return NotChecked(excuse)
    if run is not None:
        return run(case)
    of_device = table.RUN.get(check.name)
    return None if of_device is None else of_device(case, check.item)


def _is_held_to_the_log(case: Case, name: str) -> bool:
    """Return whether this check runs for the simulated kind too, since the client knows a log."""
    return name in checks.ALLOWANCES and case.logged.knows_a_log


def usable(record: CheckRecord | None) -> bool:
    """Return whether a later check may build on this one: it passed, or policy or kind excuse it."""
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


def _conclude(case: Case, found: Records) -> Appraisal | SimulatedAppraisal:
    records = tuple(found.values())
    reasons = tuple(reason for one in records if one.outcome == "failed" for reason in one.reasons)
    # A check that is neither passed nor excused blocks acceptance even if nothing else failed.
    open_ones = tuple(one for one in records if one.outcome == "not_checked" and not _allowed(one))
    if reasons or open_ones:
        reasons = reasons or tuple(f"check_missing:{one.check}" for one in open_ones)
        raise Refused(_report(case, records, "refused", reasons))
    established = case.item("node-document"), case.node_document, case.release, case.models
    if _simulated(case):
        return SimulatedAppraisal(_report(case, records, "accepted_as_simulated", ()), *established)
    return Appraisal(_report(case, records, "accepted", ()), *established)


def _report(case: Case, records: tuple[CheckRecord, ...], outcome: Outcome, reasons: tuple[str, ...]) -> Record:
    policy = case.policy
    accepted = outcome != "refused"
    return Record(
        outcome=outcome,
        reasons=reasons,
        checks=records,
        claims={
            **claims_of(case, KINDS.get(case.kind or ""), {one.check for one in records if usable(one)}),
            **table.claims_of(case, {(one.check, one.item) for one in records if usable(one)}),
        },
        hardware_backed=case.production and _genuine(case, records),
        simulated=_simulated(case),
        appraised_at=case.now,
        valid_until=_valid_until(case) if accepted else None,
        policy_name=policy.name,
        policy_version=policy.version,
        policy_digest=policy.digest,
        memory_after=_memory_after(case) if accepted else case.memory,
    )


def _genuine(case: Case, records: tuple[CheckRecord, ...]) -> bool:
    kind = KINDS.get(case.kind or "")
    usable = {one.check for one in records if usable(one)}
    return kind is not None and usable.issuperset(kind.genuine)


def _simulated(case: Case) -> bool:
    """Return whether this is an imitation: by its kind, or because a vendor's kind ends in somebody else's root."""
    return case.kind in SIMULATED_KINDS or case.foreign_root


def _valid_until(case: Case) -> int:
    return min(case.node_document.exp, case.policy.expires_at, *case.ends)


def _memory_after(case: Case) -> Memory:
    memory = case.memory.with_policy(case.policy.name, case.policy.version).with_seen(case.seen)
    if case.nonce is None:
        return memory
    return memory.with_challenge(sha256(case.node_document.pk).hexdigest(), case.now)
