"""Cases of vectors/repair and vectors/rotation: two branches of one log, and what a rotation still needs."""

from typing import Any

import vault_material as m
from privity_protocol.stored.page import DELETIONS, Entry, Op
from privity_vault import box, page
from privity_vault.box import LaneKey
from privity_vault.page import Memory, SignedPage
from vault_form import Case, case

LANE = LaneKey(m.draw("lane key"))
PUT = Op.PUT
Rows = list[tuple[m.Signer, list[Entry]]]
RINGS = [m.CLAIM1.public, m.CLAIM2.public]


def entry(name: str, version: int = 1, op: Op = PUT, body: str | None = None, chat: str = "chat") -> Entry:
    """An entry of an object in a chat's box, or of the box itself."""
    id_ = m.draw(name, 16)
    lane = box.lane(m.draw(chat, 16), LANE, id_) if op is PUT else None
    return Entry(op, id_, version, lane, None if op in DELETIONS else m.body_of((body or name).encode()))


def log_of(*before: list[SignedPage]) -> Memory:
    log = m.memory(m.RING1, m.RING2)
    for pages in before:
        for one in pages:
            log.apply(page.accept(log.view(), one))
    return log


def written(rows: Rows, *before: list[SignedPage]) -> list[SignedPage]:
    log = log_of(*before)
    return [m.appended(log, signer, *entries) for signer, entries in rows]


L, P = m.LAPTOP, m.PHONE
COMMON = written([(L, [entry("chat", op=Op.BOX_ACTIVE), entry("a"), entry("b"), entry("title")]), (P, [entry("c")])])
GONE, BOX_GONE, ARCHIVED = Op.DELETE, Op.DELETE_BOX, Op.BOX_ARCHIVED
BRANCHES: dict[str, Rows] = {
    "new": [(L, [entry("d"), entry("e")])],
    "other": [(P, [entry("f")])],
    "edited": [(L, [entry("title", 2, body="ours")])],
    "edited-twice": [(L, [entry("title", 2, body="x")]), (L, [entry("title", 3, body="y")])],
    "edited-there": [(P, [entry("title", 2, body="theirs")])],
    "same": [(P, [entry("title", 2, body="ours")])],
    "deleted": [(P, [entry("title", 2, GONE), entry("a", 2, GONE)])],
    "chat-gone": [(P, [entry("chat", 2, BOX_GONE), entry("a", 2, GONE), entry("b", 2, GONE)])],
    "archived": [(P, [entry("chat", 2, ARCHIVED, "archived"), entry("g")])],
    "keyed": [(L, [entry("chat", 2, Op.BOX_ACTIVE, "two keys"), entry("h")])],
    "chat": [(L, [entry("second", op=Op.BOX_ACTIVE), entry("i", chat="second")])],
}
PAGES = {name: written(rows, COMMON) for name, rows in BRANCHES.items()}
BLOBS = {
    **{f"ring{at}": data for at, data in enumerate(RINGS, 1)},
    **{f"common{at}": one.data for at, one in enumerate(COMMON, 1)},
    **{f"{name.replace('-', '_')}{at}": one.data for name, pages in PAGES.items() for at, one in enumerate(pages, 1)},
}


def _pages(pages: list[SignedPage]) -> list[list[bytes]]:
    return [[one.data, one.signature] for one in pages]


def _plan(id_: str, what: str, ours: list[SignedPage], theirs: list[SignedPage], keep: str = "theirs",
          expect: Any = ...) -> Case:  # fmt: skip
    sides = {"ours": _pages(COMMON + ours), "others": _pages(COMMON + theirs)}
    common = {"account": m.ACCOUNT, "keyrings": RINGS, "key": LANE.reveal()}
    return case(id_, what, "plan_repair", expect, **sides, **common, keep=keep)


def repair_cases() -> list[Case]:
    p = PAGES
    forged = SignedPage(p["other"][0].data, p["other"][0].signature[:-1] + b"\0")
    later = written(BRANCHES["edited"], COMMON, p["other"])
    return [
        _plan("same", "no fork", p["new"], p["new"]),
        _plan("rolled-back", "the service lost pages: post them again", p["new"], [], "ours"),
        _plan("rolled-back-kept", "go on from the older head", p["new"], []),
        _plan("behind", "pages that were not read yet", [], p["new"]),
        _plan("two", "two devices, two branches", p["new"], p["other"]),
        _plan("two-ours", "the other way", p["new"], p["other"], "ours"),
        _plan("edited", "an edit that the other branch lacks", p["edited"], p["other"]),
        _plan("edited-twice", "two edits become one", p["edited-twice"], p["other"]),
        _plan("both", "both edited", p["edited"], p["edited-there"]),
        _plan("both-same", "both wrote the same bytes", p["edited"], p["same"]),
        _plan("deleted-there", "edited here, deleted there", p["edited"], p["deleted"]),
        _plan("deleted-here", "deleted on the branch that is left", p["edited"], p["deleted"], "ours"),
        _plan("chat-gone", "written into a chat that was deleted there", p["new"], p["chat-gone"]),
        _plan("chat-gone-here", "a chat is deleted on the branch that is left", p["new"], p["chat-gone"], "ours"),
        _plan("box-there", "the box was written there", p["new"], p["archived"]),
        _plan("box-both", "both wrote the box: sealed under the kept one", p["keyed"], p["archived"]),
        _plan("new-chat", "a chat that the other branch lacks", p["chat"], p["other"]),
        _plan("doubled", "one device wrote on both", p["new"], p["edited"]),
        _plan("three", "a longer branch", p["new"], p["other"] + later),
        _plan("forged", "a branch that no device signed", p["new"], [forged], expect="log.bad_signature"),
        _plan("omitted", "a branch with a page left out", p["new"], later, expect="log.omitted"),
        _plan("turned", "pages in another order", p["edited-twice"][::-1], p["other"], expect="log.omitted"),
        _plan("repeated", "a page twice", p["new"] * 2, p["other"], expect="log.forked"),
        _plan("bytes", "bytes that are no page", [SignedPage(b"", bytes(64))], [], expect="page.malformed"),
    ]


def rotation_cases() -> list[Case]:
    rows: list[tuple[str, str, int, list[int], int, list[list[Any]]]] = [
        ("begun", "just rotated", 2, [1], 2, [["a", 1], ["b", 1], ["home", 1]]),
        ("pinned", "a page names the keyring", 2, [1], 3, [["a", 1], ["b", 2]]),
        ("done", "all boxes are wrapped again", 2, [1], 3, [["a", 2], ["b", 2]]),
        ("over", "nothing is left", 2, [], 3, [["a", 2]]),
        ("missing", "a box that the service does not deliver", 2, [1], 3, [["a", 2], ["b", None]]),
        ("two", "two rotations, one box of the first", 3, [1, 2], 3, [["a", 1], ["b", 3]]),
        ("two-between", "no box of the second epoch", 3, [1, 2], 3, [["b", 1], ["a", 1]]),
        ("none", "no box at all", 2, [1], 3, []),
    ]
    return [
        case(id_, what, "rotation_left", ..., epoch=epoch, past=past, pinned=pinned, boxes=boxes)
        for id_, what, epoch, past, pinned, boxes in rows
    ]
