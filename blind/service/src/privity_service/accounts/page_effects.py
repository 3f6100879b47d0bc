"""What a page does to objects, bodies and the counts of a plan, worked out before anything is written.

Source: specs/service-api.md, checks 8 to 10 of `POST /v1/pages`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_protocol.stored.page import BOXES, DELETIONS, Entry, Op, Page

from privity_service.accounts.plans import Plan
from privity_service.accounts.problem import Problem

OBJECT: Final = 0
ACTIVE: Final = 1
ARCHIVED: Final = 2
_KINDS: Final = {Op.PUT: OBJECT, Op.BOX_ACTIVE: ACTIVE, Op.BOX_ARCHIVED: ARCHIVED}


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of an id; without a body it was deleted."""

    version: int
    kind: int
    body: bytes | None


@dataclass(frozen=True, slots=True)
class Held:
    """A body that is here."""

    size: int
    uses: int
    new: bool


@dataclass(frozen=True, slots=True)
class Effects:
    """The rows to write: objects by id, uses of bodies by hash, and how the counts change."""

    objects: Mapping[bytes, Known]
    uses: Mapping[bytes, int]
    active: int
    archived: int
    erased: tuple[bytes, ...]
    activates: bool
    puts: bool
    names_bodies: bool


def check_bodies(page: Page, held: Mapping[bytes, Held]) -> None:
    """Every named body is here, of the size that is named. Raises Problem `body.absent`."""
    for entry in page.entries:
        if entry.body is not None:
            found = held.get(entry.body.hash)
            if found is None or found.size != entry.body.size:
                raise Problem("body.absent", "a body was not uploaded, or has another size")


def effects(page: Page, known: Mapping[bytes, Known]) -> Effects:
    """Work out what the page changes. Raises Problem `log.version`, `log.resurrected`."""
    objects: dict[bytes, Known] = {}
    uses: Counter[bytes] = Counter()
    counts: Counter[int] = Counter()
    activates = False
    for entry in page.entries:
        before = known.get(entry.object)
        after = _changed(before, entry)
        objects[entry.object] = after
        if entry.object != page.account:
            counts[_counted(before)] -= 1
            counts[_counted(after)] += 1
            activates |= _counted(after) == ACTIVE and _counted(before) != ACTIVE
        if before is not None and before.body is not None:
            uses[before.body] -= 1
        if after.body is not None:
            uses[after.body] += 1
    return Effects(
        objects=objects,
        uses=uses,
        active=counts[ACTIVE],
        archived=counts[ARCHIVED],
        erased=tuple(one.object for one in page.entries if one.op in DELETIONS),
        activates=activates,
        puts=any(one.op is Op.PUT for one in page.entries),
        names_bodies=any(one.body is not None for one in page.entries),
    )


def _counted(known: Known | None) -> int:
    """The kind under which an id counts; nothing counts of what is deleted or unknown."""
    return OBJECT if known is None or known.body is None else known.kind


def _changed(before: Known | None, entry: Entry) -> Known:
    if before is not None and before.body is None:
        raise Problem("log.resurrected", "an id that was deleted")
    due = 1 if before is None else before.version + 1
    if entry.version != due:
        raise Problem("log.version", f"version {entry.version}, expected {due}")
    if before is not None and (before.kind != OBJECT) != (entry.op in BOXES):
        raise Problem("log.version", "a box as an object, or the reverse")
    if entry.body is None:
        return Known(entry.version, ARCHIVED if entry.op is Op.DELETE_BOX else OBJECT, None)
    return Known(entry.version, _KINDS[entry.op], entry.body.hash)


def check_plan(made: Effects, plan: Plan, *, active: int, stored: int) -> None:
    """`active` boxes and `stored` bytes after the page. Raises Problem `plan.active_chats`, `plan.bytes`."""
    if plan.active_chats is not None and active > plan.active_chats and (made.puts or made.activates):
        raise Problem("plan.active_chats", f"{active} active chats, at most {plan.active_chats}")
    if plan.bytes is not None and stored > plan.bytes and made.names_bodies:
        raise Problem("plan.bytes", f"{stored} bytes, at most {plan.bytes}")
