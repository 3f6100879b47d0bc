"""Cases of vectors/contents: one good content of each kind, and members that are none."""

from typing import Any

import vault_material as m
from privity_protocol import cbor
from privity_vault.contents.schema import Kind
from vault_form import Case, case

CHAT, NODE, OTHER = m.draw("chat", 16), m.draw("node", 16), m.draw("another", 16)
TIME = 1_795_600_000_123
MALFORMED, WRONG = "object.malformed", "object.wrong_kind"
Members = list[Any]


def at(value: Any, millis: int = TIME, counter: int = 0, device: bytes = m.LAPTOP.id) -> Any:
    """A field as CBOR has it."""
    return [value, millis, counter, device]


PARTS: Any = [
    [0, "What is a box?"],
    [1, "They ask about \u201cboxes\u201d."],
    [2, OTHER],
    [3, "c1", "search", '{"q":"box"}'],
    [4, "c1", "a chat's keys"],
]
GOOD: dict[int, Members] = {
    1: [at("On boxes"), at(None), at(False), at(NODE), at("qwen3-0.6b"), at(None), at("Be brief.")],
    2: [CHAT, None, 0, PARTS, m.draw("model"), [12, 0, 40], 0, TIME],
    3: [at("Work"), at(""), at("V"), at(3)],
    4: ["notes \u00e9.txt", "text/plain", 300_000, m.draw("file"), [OTHER, NODE], None],
    5: [OTHER, 0, b"a piece of the file"],
    6: [at(0), at("de-AT"), at(None), at(""), at([["terms", 1], ["tools", 2]]), at(900), at(False), at(False)],
    7: [at("Prefers tea."), at(CHAT), at(True), at(bytes(16))],
    8: [m.draw("issuer"), m.DAY, [m.draw(f"token {one}") for one in range(12)], [[0, m.LAPTOP.id], [2, m.PHONE.id]]],
    9: [NODE, b"signed", b"franking", OTHER, [7, 9]],
    10: [m.draw("document"), b"bundle", b"appraisal"],
    11: [OTHER, m.draw("share key"), CHAT, TIME // 1000, at(False)],
    12: [at("Summary"), at("Summarise: "), at("/sum")],
    13: [m.LAPTOP.id, at([["log.example/keys", b"note"], ["log.example/release", b"note"]]), at([NODE])],
}


def encoded(members: Members) -> bytes:
    return cbor.encode({1: 1, **dict(enumerate(members, 2))})


BLOBS = {f"kind{kind}": encoded(members) for kind, members in GOOD.items()}


def contents_cases() -> list[Case]:
    return [*_good(), *_shapes(), *_members(), *_bounds(), *_places(), *_orders()]


def _case(id_: str, what: str, kind: int, expect: Any, data: bytes) -> Case:
    return case(id_, what, "decode_content", expect, kind=kind, data=data)


def _good() -> list[Case]:
    empty: dict[int, Members] = {
        1: [at("", 0, 0, bytes(16)) for _ in range(7)],
        2: [CHAT, NODE, 3, [], None, None, 3, 0],
        4: ["a", "", 0, m.draw("nothing"), [], OTHER],
        9: [NODE, b"", None, None, None],
    }
    empty[1][1:6] = [at(None, 0, 0, bytes(16)), at(True), at(None), at(None), at("high")]
    return [
        *(_case(f"good-{kind}", f"a {Kind(kind).name.lower()}", kind, ..., BLOBS[f"kind{kind}"]) for kind in GOOD),
        *(
            _case(f"least-{kind}", f"a {Kind(kind).name.lower()} with little in it", kind, ..., encoded(members))
            for kind, members in empty.items()
        ),
    ]


def _shapes() -> list[Case]:
    members = GOOD[3]
    rows: list[tuple[str, str, int, str, bytes]] = [
        ("empty", "nothing", 3, MALFORMED, b""),
        ("list", "a list", 3, MALFORMED, cbor.encode(members)),
        ("version", "version 2", 3, MALFORMED, cbor.encode({1: 2, **dict(enumerate(members, 2))})),
        ("missing", "a member is missing", 3, MALFORMED, encoded(members[:-1])),
        ("more", "a member more", 3, MALFORMED, encoded([*members, 0])),
        ("named", "members by name", 3, MALFORMED, cbor.encode({"name": "Work"})),
        ("trailing", "a byte more", 3, MALFORMED, BLOBS["kind3"] + b"\0"),
        ("kind-0", "kind 0", 0, WRONG, BLOBS["kind3"]),
        ("kind-14", "kind 14", 14, WRONG, BLOBS["kind3"]),
        ("kind-other", "a folder read as a prompt", 12, MALFORMED, BLOBS["kind3"]),
    ]
    return [_case(*row) for row in rows]


def _with(kind: int, number: int, value: Any) -> bytes:
    members = list(GOOD[kind])
    members[number] = value
    return encoded(members)


def _members() -> list[Case]:
    """Each member of each kind as a map, which none may be; of a field its value."""
    found = []
    for kind, members in GOOD.items():
        for number, member in enumerate(members):
            field = isinstance(member, list) and len(member) == 4 and member[1:2] == [TIME]
            bad: Any = [{}, *member[1:]] if field else {}
            data = _with(kind, number, bad)
            found.append(_case(f"type-{kind}-{number + 2}", f"member {number + 2} is a map", kind, MALFORMED, data))
    return found


def _bounds() -> list[Case]:
    token = m.draw("token 0")
    rows: list[tuple[str, str, int, int, Any]] = [
        ("stamp-short", "a field of three members", 1, 0, at("")[:3]),
        ("stamp-plain", "a value without a stamp", 1, 0, "On boxes"),
        ("stamp-millis", "a stamp of 2^48", 1, 0, at("", 2**48)),
        ("stamp-negative", "a stamp before 1970", 1, 0, at("", -1)),
        ("stamp-counter", "a counter of 33 bits", 1, 0, at("", TIME, 2**32)),
        ("stamp-device", "a device of 15 bytes", 1, 0, at("", device=bytes(15))),
        ("title-long", "a title of 1025 bytes", 1, 0, at("\u00e9" * 512 + "x")),
        ("pinned-one", "1 for true", 1, 2, at(1)),
        ("leaf-short", "a leaf of 15 bytes", 1, 3, at(NODE[1:])),
        ("model-empty", "a model without a name", 1, 4, at("")),
        ("instructions-long", "instructions of 65,537 bytes", 1, 6, at("x" * 65_537)),
        ("node-chat", "a chat of 17 bytes", 2, 0, CHAT + b"\0"),
        ("node-role", "a role that is none", 2, 2, 4),
        ("node-role-true", "true for a role", 2, 2, True),
        ("node-parts", "257 parts", 2, 3, [[0, ""]] * 257),
        ("part-empty", "a part without a type", 2, 3, [[]]),
        ("part-type", "a part of an unknown type", 2, 3, [[5, ""]]),
        ("part-more", "a text with a member more", 2, 3, [[0, "", ""]]),
        ("part-less", "a call without arguments", 2, 3, [[3, "c1", "search"]]),
        ("part-id", "an attachment of 15 bytes", 2, 3, [[2, bytes(15)]]),
        ("part-bytes", "bytes for a text", 2, 3, [[0, b"x"]]),
        ("call-long", "a call's id of 257 bytes", 2, 3, [[4, "x" * 257, ""]]),
        ("node-model", "a digest of 31 bytes", 2, 4, bytes(31)),
        ("node-usage", "a usage of two numbers", 2, 5, [1, 2]),
        ("node-state", "a state that is none", 2, 6, 4),
        ("node-time", "a time of 2^48", 2, 7, 2**48),
        ("folder-order", "an order that ends in 0", 3, 2, at("V0")),
        ("folder-order-empty", "no order", 3, 2, at("")),
        ("folder-order-long", "an order of 257 digits", 3, 2, at("V" * 257)),
        ("folder-order-sign", "an order with a sign", 3, 2, at("V-")),
        ("folder-colour", "colour 16", 3, 3, at(16)),
        ("file-name", "a file without a name", 4, 0, ""),
        ("file-size", "2^30 bytes", 4, 2, 2**30),
        ("file-chunks", "a chunk too few", 4, 4, [OTHER]),
        ("file-chunks-more", "a chunk too many", 4, 4, [OTHER, NODE, CHAT]),
        ("file-chunk-twice", "a chunk twice", 4, 4, [OTHER, OTHER]),
        ("chunk-empty", "an empty chunk", 5, 2, b""),
        ("chunk-long", "a chunk of 256,001 bytes", 5, 2, bytes(256_001)),
        ("chunk-index", "chunk 4096", 5, 1, 4096),
        ("theme", "a theme that is none", 6, 0, at(3)),
        ("consents-order", "consents in another order", 6, 4, at([["tools", 2], ["terms", 1]])),
        ("consents-twice", "a consent twice", 6, 4, at([["terms", 1], ["terms", 2]])),
        ("consent-empty", "a consent without a name", 6, 4, at([["", 1]])),
        ("lock-long", "locks after more than a week", 6, 5, at(604_801)),
        ("memory-long", "a memory of 8,193 bytes", 7, 0, at("x" * 8193)),
        ("wallet-none", "no token", 8, 2, []),
        ("wallet-token", "an empty token", 8, 2, [b""]),
        ("wallet-twice", "a token twice", 8, 2, [token, *GOOD[8][2]]),
        ("wallet-block", "a claim on a block that is not there", 8, 3, [[3, m.LAPTOP.id]]),
        ("wallet-order", "claims in another order", 8, 3, [[1, m.LAPTOP.id], [0, m.PHONE.id]]),
        ("wallet-claimed-twice", "a block claimed twice", 8, 3, [[0, m.LAPTOP.id], [0, m.PHONE.id]]),
        ("receipt-position", "a position of one number", 9, 4, [7]),
        ("evidence-empty", "no bundle", 10, 1, b""),
        ("share-key", "a key of 31 bytes", 11, 1, bytes(31)),
        ("view-order", "logs in another order", 13, 1, at([["b", b"n"], ["a", b"n"]])),
        ("view-five", "five logs", 13, 1, at([[name, b"n"] for name in "abcde"])),
        ("view-missing", "257 objects that are missing", 13, 2, at([NODE] * 257)),
        ("view-id", "an object of 15 bytes", 13, 2, at([NODE[:15]])),
    ]
    return [_case(id_, what, kind, MALFORMED, _with(kind, number, value)) for id_, what, kind, number, value in rows]


def _places() -> list[Case]:
    rows: list[tuple[str, str, int, bytes, int, Any]] = [
        ("chat", "a chat in its box, written again", 1, CHAT, 7, ...),
        ("node", "a message in its chat", 2, CHAT, 1, ...),
        ("settings", "settings at home", 6, m.ACCOUNT, 2, ...),
        ("chat-home", "a chat at home", 1, m.ACCOUNT, 1, WRONG),
        ("folder-chat", "a folder in a chat", 3, CHAT, 1, WRONG),
        ("node-again", "a message written twice", 2, CHAT, 2, WRONG),
        ("evidence-again", "evidence written twice", 10, m.ACCOUNT, 2, WRONG),
        ("node-elsewhere", "a message in another chat", 2, OTHER, 1, MALFORMED),
    ]
    fixed = {"account": m.ACCOUNT, "object": NODE, "key": m.draw("chat key")}
    return [
        case(f"{how}-{id_}", what, "place_content", expect, kind=kind, data=BLOBS[f"kind{kind}"], box=box,
             version=version, forged=how == "forged", **fixed)
        for id_, what, kind, box, version, expect in rows
        for how in ("place", "forged")
    ]  # fmt: skip


def _orders() -> list[Case]:
    rows: list[tuple[str, str, str | None, str | None, Any]] = [
        ("only", "the only one", None, None, ...),
        ("last", "behind the last", "V", None, ...),
        ("last-z", "behind z", "zz", None, ...),
        ("first", "before the first", None, "V", ...),
        ("first-1", "before 1", None, "1", ...),
        ("first-01", "before 01", None, "01", ...),
        ("near", "between neighbours", "A", "B", ...),
        ("near-longer", "between A and B1", "A", "B1", ...),
        ("inside", "between A and A01", "A", "A01", ...),
        ("inside-long", "between Azz and B", "Azz", "B", ...),
        ("wide", "between two far ones", "1", "z", ...),
        ("equal", "between equals", "A", "A", MALFORMED),
        ("turned", "the wrong way", "B", "A", MALFORMED),
        ("zero", "a place that ends in 0", "A0", None, MALFORMED),
        ("empty", "an empty place", "", None, MALFORMED),
        ("full", "no room", "z" * 256, None, "object.too_large"),
    ]
    spread = [("none", 0), ("one", 1), ("five", 5), ("sixty-two", 62)]
    return [
        *(case(f"order-{i}", what, "order_between", expect, before=b, after=a) for i, what, b, a, expect in rows),
        *(case(f"spread-{id_}", f"{count} places", "order_spread", ..., count=count) for id_, count in spread),
        case("spread-many", "65,537 places", "order_spread", "object.too_large", count=65_537),
    ]
