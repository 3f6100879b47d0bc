"""One piece of evidence judged by itself: what a quote, report, document or token is worth without a node around it.

For the vectors of vendors, `privity inspect` and auditors. Stages 2 to 9 and 11 of the kind's own checks run; what only
a whole bundle can show (binding, release, freshness) is not looked at, so an item is never accepted as a node.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from privity_protocol.evidence import Bundle, Item

from privity_attest.appraise import Records, device_labels, run_checks, usable
from privity_attest.case import Case, Finding, NotChecked
from privity_attest.checks import GENUINE_STAGES, Check
from privity_attest.kind import Kind
from privity_attest.kinds import KINDS
from privity_attest.logged import NOTHING_LOGGED
from privity_attest.memory import Memory
from privity_attest.nvidia import table
from privity_attest.policy import Policy
from privity_attest.release import Release
from privity_attest.result import CheckRecord, Claim

ALONE: Final = "not_applicable:item"


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """What was found about one item: `reasons` are all failures in stage order, `genuine` says stages 2 to 5 passed."""

    kind: str
    checks: tuple[CheckRecord, ...]
    reasons: tuple[str, ...]
    genuine: bool
    claims: Mapping[str, Claim]


def appraise_item(
    items: Mapping[str, tuple[str, bytes]], *, now: int, policy: Policy, release: Release | None
) -> ItemRecord:
    """Judge the evidence in `items` (label to media type without prefix, and bytes) at `now` by `policy`.

    `cpu` names the kind; endorsements and logs lie beside it under their labels. Without `cpu`, devices are judged
    alone, as the kind `nvidia`. `release` holds reference values, None when there are none: what needs them is then
    not checked. Nothing is raised but KeyError for an unknown media type.
    """
    bundle = Bundle(MappingProxyType({name: Item(name, media, data) for name, (media, data) in items.items()}))
    case = Case(b"", now, policy, NOTHING_LOGGED, None, Memory())
    case.bundle = bundle
    if release is not None:
        case.release = release
    kind = None if case.kind is None else KINDS[case.kind]
    own = (*(kind.checks if kind else ()), *table.checks_of(device_labels(case)))
    rows = tuple(_by_itself(one, own) for one in own)
    needing = {one.name for one in own if _needs_more(case, one, release)}
    run = {name: _skip if name in needing else function for name, function in (kind.run if kind else {}).items()}
    return _record(case, kind, run_checks(case, rows, {**run, **dict.fromkeys(needing, _skip)}))


def _by_itself(check: Check, own: tuple[Check, ...]) -> Check:
    names = {one.name for one in own}
    return replace(check, reads=(), needs=tuple(need for need in check.needs if need in names))


def _needs_more(case: Case, check: Check, release: Release | None) -> bool:
    """Return whether `check` asks for a release or an item that an item alone does not bring."""
    # A device without any golden values is refused for that, not left unchecked.
    without_release = release is None and "release_form" in check.needs and "rim_missing" not in check.reasons
    return without_release or (check.stage not in GENUINE_STAGES and not all(map(case.has, check.reads)))


def _skip(case: Case) -> Finding:
    return NotChecked(ALONE)


def _record(case: Case, kind: Kind | None, records: Records) -> ItemRecord:
    rows = {row for row, one in records.items() if usable(one)}
    passed = {name for name, _ in rows}
    claims = {} if kind is None else kind.claims
    due = {(name, label) for label in device_labels(case) for name in table.GENUINE}
    return ItemRecord(
        kind="nvidia" if kind is None else kind.name,
        checks=tuple(records.values()),
        reasons=tuple(reason for one in records.values() for reason in one.reasons if one.outcome == "failed"),
        genuine=bool(rows) and passed.issuperset(kind.genuine if kind else ()) and rows >= due,
        claims={
            **{name: Claim(one.value(case), one.item) for name, one in claims.items() if one.needs <= passed},
            **table.claims_of(case, rows),
        },
    )
