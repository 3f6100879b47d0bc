"""After a `log.*` reason: what two branches of a log hold, and what to append so that nothing is lost.

Source: specs/repair.md. Nothing is chosen here: a person chooses the branch that goes on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from privity_protocol.stored.page import DELETIONS, Entry, Op

from privity_vault import box, page
from privity_vault.box import LaneKey
from privity_vault.page import Chain, Known, Memory, Position, SignedPage, View


@dataclass(frozen=True, slots=True)
class Branch:
    """Verified pages behind the last common one: what they changed, and where they leave each device that signed."""

    position: Position
    chains: Mapping[bytes, Chain]
    known: Mapping[bytes, Known]
    entries: Mapping[bytes, Entry]
    """The newest entry of each id that the branch changed."""
    first: Mapping[bytes, int]
    """The version of the first one."""
    pages: tuple[SignedPage, ...]


@dataclass(frozen=True, slots=True)
class Fork:
    """Two branches behind one page, both by devices of the account.

    `doubled` signed different pages under one sequence: a device that was copied or set back, or its key is elsewhere.
    """

    common: Position
    ours: Branch
    theirs: Branch
    doubled: frozenset[bytes]


class Act(Enum):
    """What to do with one object of the branch that is left."""

    AGAIN = "again"
    """Append its entry with the same body."""
    SEAL = "seal"
    """Open its body and seal the content anew, at this version and under the newest key of its box."""
    MERGE = "merge"
    """Both branches wrote it: merge the contents, write at this version if the kept one does not say it all."""
    DELETE = "delete"
    """Delete it, after texts that were written on the kept branch were offered."""
    OFFER = "offer"
    """The kept branch deleted it: offer the texts that were written on the other, write nothing."""


@dataclass(frozen=True, slots=True)
class Step:
    """One object to treat; `version` is that of the next entry, 0 for an offer."""

    act: Act
    op: Op
    object: bytes
    version: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How the kept branch goes on. `repost` are pages that the service lost: they fit behind its head as they are."""

    keep: Branch
    repost: tuple[SignedPage, ...]
    steps: tuple[Step, ...]


def compare(log: Memory, ours: Sequence[SignedPage], theirs: Sequence[SignedPage]) -> Fork:
    """Verify two sequences of pages that continue `log`, and return where they part.

    `log` is moved on to the last common page. Raises VaultError as `page.accept` does: a branch that does not verify is
    none.
    """
    shared = 0
    for mine, other in zip(ours, theirs, strict=False):
        if mine.data != other.data:
            break
        log.apply(page.accept(log.view(), mine))
        shared += 1
    left, right = _walk(log.view(), ours[shared:]), _walk(log.view(), theirs[shared:])
    both = left.chains.keys() & right.chains.keys()
    return Fork(log.position, left, right, frozenset(both))


def plan(fork: Fork, *, keep_ours: bool, lane: LaneKey) -> Plan:
    """Return what the kept branch lacks of the other, in the order in which to append it: boxes, objects, deletions.

    `lane` shows which box an object is in.
    """
    keep, left = (fork.ours, fork.theirs) if keep_ours else (fork.theirs, fork.ours)
    repost = keep.pages if keep_ours and not left.pages else ()
    steps = (_step(entry, keep, left, lane) for entry in left.entries.values())
    return Plan(keep, repost, tuple(sorted((one for one in steps if one is not None), key=_rank)))


def _walk(view: View, pages: Sequence[SignedPage]) -> Branch:
    chains: dict[bytes, Chain] = {}
    known: dict[bytes, Known] = {}
    entries: dict[bytes, Entry] = {}
    first: dict[bytes, int] = {}
    over = replace(
        view,
        chain=lambda device: chains.get(device) or view.chain(device),
        known=lambda id_: known.get(id_) or view.known(id_),
    )
    for one in pages:
        accepted = page.accept(over, one)
        over = replace(over, position=accepted.position)
        chains[accepted.device] = accepted.chain
        known |= accepted.changes
        for entry in accepted.page.entries:
            entries[entry.object] = entry
            first.setdefault(entry.object, entry.version)
    changed = (MappingProxyType(known), MappingProxyType(entries), MappingProxyType(first))
    return Branch(over.position, MappingProxyType(chains), *changed, tuple(pages))


def _step(entry: Entry, keep: Branch, left: Branch, lane: LaneKey) -> Step | None:
    """What the kept branch lacks of one object."""
    id_, deletes = entry.object, entry.op in DELETIONS
    kept = keep.known.get(id_)
    if kept is not None and kept.deleted:
        return None if deletes or kept.box else Step(Act.OFFER, entry.op, id_, 0)
    version = left.first[id_] if kept is None else kept.version + 1
    if deletes:
        return Step(Act.DELETE, entry.op, id_, version)
    home = None if entry.lane is None else box.lane(entry.lane, lane, id_)
    inside = None if home is None else keep.known.get(home)
    if inside is not None and inside.deleted:
        return Step(Act.OFFER, entry.op, id_, 0)
    if kept is not None:
        told = kept.body == left.known[id_].body or kept.box
        return None if told else Step(Act.MERGE, entry.op, id_, version)
    keys_differ = inside is not None and home in left.known
    same = entry.version == version and not keys_differ
    return Step(Act.AGAIN if same else Act.SEAL, entry.op, id_, version)


def _rank(step: Step) -> int:
    return (Op.BOX_ACTIVE, Op.BOX_ARCHIVED, Op.PUT, Op.DELETE_BOX, Op.DELETE).index(step.op) if step.version else 5
