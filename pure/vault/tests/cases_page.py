"""Cases of vectors/page: a table from what a service or a thief does to the reason that a client gives."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import vault_material as m
from privity_protocol import cbor
from privity_protocol.stored import page as stored
from privity_protocol.stored.keyring import Keyring
from privity_protocol.stored.page import Entry, Op, Page
from privity_vault.page import SignedPage
from vault_form import Case, case

LOG = m.memory(m.RING1, m.RING2)
FIRST = m.appended(LOG, m.LAPTOP, m.box("chat"), m.put("question"), m.put("title"))
SECOND = m.appended(LOG, m.PHONE, m.put("answer"), m.put("title", 2))
THIRD = m.appended(LOG, m.LAPTOP, m.gone("question", 2), m.box("chat", 2, Op.BOX_ARCHIVED))
HONEST = [FIRST, SECOND, THIRD]
LAST = stored.decode(THIRD.data)
RINGS = [m.CLAIM1.public, m.CLAIM2.public, m.CLAIM3.public]
BLOBS = {
    **{f"page{at}": one.data for at, one in enumerate(HONEST, 1)},
    **{f"ring{at}": data for at, data in enumerate(RINGS, 1)},
}
NEXT = Page(
    account=m.ACCOUNT,
    n=4,
    parent=LOG.position.head,
    device=m.PHONE.id,
    device_seq=2,
    device_prev=stored.head(SECOND.data),
    keyring=m.trusted(m.RING2).hash,
    day=m.DAY,
    entries=(m.put("fourth"),),
)
Members = dict[Any, Any]


def page_cases() -> list[Case]:
    return [*_bytes(), *_honest(), *_places(), *_writers(), *_entries(), *_heads()]


def _changed(change: Callable[[Members], object], data: bytes = SECOND.data) -> bytes:
    members: Any = cbor.decode(data)
    change(members)
    return cbor.encode(members)


def _set(member: int, value: object) -> bytes:
    return _changed(lambda members: members.__setitem__(member, value))


def _entry(at: int, value: object, data: bytes = SECOND.data) -> bytes:
    return _changed(lambda members: members[10][0].__setitem__(at, value), data)


def _bytes() -> list[Case]:
    many = [[0, at.to_bytes(16), 1, bytes(16), bytes(32), 4164] for at in range(257)]
    data = SECOND.data
    # The writer refuses such a number too, hence a change of its bytes.
    huge = _set(3, 2**53 - 1).replace(b"\x1b\0\x1f" + b"\xff" * 6, b"\x1b\0\x20" + bytes(6))
    good = [
        ("page", "a page", data),
        ("most", "256 entries", _set(10, many[:256])),
        ("deleting", "deletes", THIRD.data),
    ]
    bad = [
        ("empty", "nothing", b""),
        ("cut", "a byte less", data[:-1]),
        ("trailing", "a byte more", data + b"\0"),
        ("large", "more than 64 KiB", data + bytes(65536)),
        ("version", "version 2", _set(1, 2)),
        ("account", "an account of 15 bytes", _set(2, bytes(15))),
        ("n", "page 0", _set(3, 0)),
        ("n-large", "page 2^53", huge),
        ("parent", "no parent", _set(4, None)),
        ("sequence", "sequence 0", _set(6, 0)),
        ("prev-null", "no own page before the second", _set(6, 2)),
        ("prev-first", "an own page before the first", _set(7, bytes(32))),
        ("keyring", "a keyring of 31 bytes", _set(8, bytes(31))),
        ("day", "a day that is text", _set(9, "2026-11-25")),
        ("member-missing", "no day", _changed(lambda one: one.pop(9))),
        ("member-more", "an eleventh member", _set(11, 0)),
        ("entries-none", "no entry", _set(10, [])),
        ("entries-many", "257 entries", _set(10, many)),
        ("entry-row", "an entry of five", _changed(lambda one: one[10][0].pop())),
        ("entry-twice", "an id twice", _changed(lambda one: one[10].append(one[10][0]))),
        ("op", "op 5", _entry(0, 5)),
        ("version-0", "version 0", _entry(2, 0)),
        ("version-large", "a version of 33 bits", _entry(2, 2**32)),
        ("lane-none", "a put without lane", _entry(3, None)),
        ("lane-delete", "a delete with lane", _entry(3, bytes(16), THIRD.data)),
        ("body-none", "a put without body", _changed(lambda one: one[10][0].__setitem__(slice(4, 6), [None, None]))),
        ("size-none", "a body without size", _entry(5, None)),
        ("body-delete", "a delete with body", _entry(4, bytes(32), THIRD.data)),
        ("size-delete", "a delete with a size", _entry(5, 4164, THIRD.data)),
        ("size-small", "a body that is too small", _entry(5, 579)),
        ("size-large", "a body that is too large", _entry(5, 2**20 + 69)),
    ]  # fmt: skip
    return [
        *(case(id_, what, "decode_page", ..., data=data) for id_, what, data in good),
        *(case(id_, what, "decode_page", "page.malformed", data=data) for id_, what, data in bad),
    ]


def _log(
    id_: str, what: str, expect: Any, *pages: SignedPage, rings: tuple[Keyring, ...] = (m.RING1, m.RING2), **given: Any
) -> Case:
    rows = [[one.data, one.signature] for one in pages]
    known = [m.stored_keyring.encode(one) for one in rings]
    return case(f"log-{id_}", what, "accept_pages", expect, account=m.ACCOUNT, keyrings=known, pages=rows, **given)


def _after(page: Page, signer: m.Signer = m.PHONE) -> tuple[SignedPage, ...]:
    """The honest log, and then this page."""
    return (*HONEST, m.signed(page, signer))


def _honest() -> list[Case]:
    revoked = (m.RING1, m.RING2, m.RING3)
    return [
        _log("whole", "three pages by two devices", ..., *HONEST),
        _log("fourth", "a fourth", ..., *_after(NEXT)),
        _log("none", "no page yet", ...),
        _log("revoked-before", "what a device wrote before it was revoked", ..., *_after(NEXT), rings=revoked),
    ]


def _places() -> list[Case]:
    other = replace(NEXT, parent=stored.head(SECOND.data))
    sibling = replace(LAST, day=m.DAY + 1)
    return [
        _log("omitted", "the middle page is left out", "log.omitted", FIRST, THIRD),
        _log("omitted-first", "the first page is left out", "log.omitted", SECOND),
        _log("repeated", "a page again", "log.forked", FIRST, SECOND, SECOND),
        _log("number", "the number of a page that is known", "log.forked", *_after(replace(NEXT, n=3))),
        _log("sibling", "another third page", "log.forked", *HONEST, m.signed(sibling, m.LAPTOP)),
        _log("parent", "a fourth page that continues another third", "log.forked", *_after(other)),
        _log("genesis", "a first page that begins another log", "log.forked",
             m.signed(replace(stored.decode(FIRST.data), parent=bytes(32)), m.LAPTOP)),
        _log("account", "a page of another account", "log.foreign", *_after(replace(NEXT, account=m.STRANGER))),
        _log("bytes", "a page of no bytes", "page.malformed", SignedPage(b"", bytes(64))),
    ]  # fmt: skip


def _writers() -> list[Case]:
    spoiled = SignedPage(SECOND.data, SECOND.signature[:-1] + bytes([SECOND.signature[-1] ^ 1]))
    older = replace(NEXT, keyring=m.trusted(m.RING1).hash, device=m.LAPTOP.id, device_seq=3,
                    device_prev=stored.head(THIRD.data))  # fmt: skip
    late = replace(NEXT, keyring=m.trusted(m.RING3).hash)
    beyond = replace(NEXT, device_seq=3)
    stranger = replace(NEXT, device=m.THIEF.id, device_seq=1, device_prev=None)
    anew = replace(NEXT, device_seq=1, device_prev=None)
    all_rings = (m.RING1, m.RING2, m.RING3)
    return [
        _log("keyring-unknown", "a keyring that was not accepted", "log.keyring", *_after(late)),
        _log("keyring-older", "an older keyring than the page before", "log.keyring", *_after(older, m.LAPTOP)),
        _log("device-added", "a device that no keyring lists", "log.device", *_after(stranger, m.THIEF)),
        _log("device-revoked", "a device that this keyring revoked", "log.device", *_after(late), rings=all_rings),
        _log("device-late", "a revoked device's page after its last", "log.device", *_after(beyond), rings=all_rings),
        _log("signature", "one bit of a signature", "log.bad_signature", FIRST, spoiled),
        _log("signature-empty", "no signature", "log.bad_signature", SignedPage(FIRST.data, b"")),
        _log("signature-other", "another device's signature", "log.bad_signature", *_after(NEXT, m.LAPTOP)),
        _log("sequence", "a sequence is left out", "log.sequence", *_after(replace(NEXT, device_seq=3))),
        _log("sequence-again", "a sequence again", "log.sequence", *_after(anew)),
        _log("sequence-link", "another own page before", "log.sequence", *_after(replace(NEXT, device_prev=bytes(32)))),
    ]  # fmt: skip


def _entries() -> list[Case]:
    rows: list[tuple[str, str, Entry, Any]] = [
        ("skipped", "a version is left out", m.put("title", 4), "log.version"),
        ("again", "a version again", m.put("title", 2), "log.version"),
        ("rewound", "an older version", m.put("title", 1), "log.version"),
        ("new", "a new object that begins with version 2", m.put("new", 2), "log.version"),
        ("delete-version", "a delete of another version", m.gone("title", 2), "log.version"),
        ("box-object", "a box written as an object", m.put("chat", 3), "log.version"),
        ("object-box", "an object written as a box", m.box("title", 3), "log.version"),
        ("object-box-deleted", "an object deleted as a box", m.gone("title", 3, Op.DELETE_BOX), "log.version"),
        ("resurrected", "a deleted message", m.put("question", 3), "log.resurrected"),
        ("deleted-again", "a deleted message deleted again", m.gone("question", 3), "log.resurrected"),
        ("box-again", "a box made active again", m.box("chat", 3), ...),
        ("box-deleted", "a box deleted", m.gone("chat", 3, Op.DELETE_BOX), ...),
    ]
    return [
        _log(f"entry-{id_}", what, expect, *_after(replace(NEXT, entries=(entry,))))
        for id_, what, entry, expect in rows
    ]


def _heads() -> list[Case]:
    head, older = LOG.position.head, stored.head(SECOND.data)
    return [
        _log("head", "the promised head", ..., *HONEST, n=3, head=head),
        _log("head-older", "a head older than remembered", "log.rolled_back", *HONEST, n=2, head=older),
        _log("head-other", "another head at a known number", "log.forked", *HONEST, n=3, head=bytes(32)),
        _log("head-newer", "the last page is not delivered", "log.omitted", FIRST, SECOND, n=3, head=head),
    ]  # fmt: skip
