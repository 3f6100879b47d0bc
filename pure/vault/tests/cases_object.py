"""Cases of vectors/object: bodies that were moved, cut, mixed up or written wrongly."""

from hashlib import sha256
from types import MappingProxyType
from typing import Any

import vault_material as m
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from privity_protocol.stored.header import Header
from privity_vault import box, object
from privity_vault.object import BOX, OBJECT, Family, Place
from privity_vault.secret import ChatKey
from vault_form import Case, case

CHAT, HOME = m.draw("chat", 16), m.ACCOUNT
PLACE = Place(m.ACCOUNT, CHAT, m.draw("node", 16), 1)
KEY = ChatKey(m.draw("chat key"))
NONCE = m.draw("nonce", 12)
CONTENT: Any = {1: CHAT, 2: None, 3: "user", 4: [[0, "What is a box?"]]}
BODY = object.seal(CONTENT, kind=2, place=PLACE, key=KEY, generation=1, nonce=NONCE)
SMALL_PLACE = Place(m.ACCOUNT, CHAT, CHAT, 3)
SMALL = object.seal({1: 1}, family=BOX, kind=0, place=SMALL_PLACE, key=KEY, generation=2, nonce=NONCE)
BOX_OF_TWO = box.with_next_key(box.new(CHAT, KEY), ChatKey(m.draw("chat key 2")))
BOX_BODY = box.seal(BOX_OF_TWO, m.AK1, account=m.ACCOUNT, version=1, epoch=1, nonce=NONCE)
BLOBS = {"body": BODY, "small": SMALL, "box": BOX_BODY}


def object_cases() -> list[Case]:
    return [*_moved(), *_cut(), *_frames(), *_boxes(), *_ids()]


def _object(id_: str, what: str, expect: Any, data: bytes = BODY, place: Place = PLACE, **given: Any) -> Case:
    fixed = {"family": "object", "kind": 2, "generation": 1, "key": KEY.reveal()} | given
    where = {"account": place.account, "box": place.box, "object": place.object, "version": place.version}
    return case(id_, what, "open_object", expect, data=data, **where, **fixed)


def _moved() -> list[Case]:
    wrong, other = "object.wrong_key", bytes(16)
    a, b, o = m.ACCOUNT, CHAT, PLACE.object
    return [
        _object("node", "a message, in 4096 bytes", ...),
        _object("account", "moved to another account", wrong, place=Place(m.STRANGER, b, o, 1)),
        _object("box", "moved to another chat", wrong, place=Place(a, other, o, 1)),
        _object("object", "moved to another object", wrong, place=Place(a, b, other, 1)),
        _object("version", "an older version as a newer one", wrong, place=Place(a, b, o, 2)),
        _object("generation", "another generation", wrong, generation=2),
        _object("header-generation", "another generation in the header", wrong, BODY[:7] + b"\2" + BODY[8:]),
        _object("key", "another chat's key", wrong, key=m.draw("chat key 2")),
        _object("family", "an object read as a share", wrong, family="share"),
        _object("kind", "a message read as a chat", "object.wrong_kind", kind=1),
        _object("id-short", "an id of 15 bytes", "object.malformed", place=Place(a, b, o[1:], 1)),
        _object("version-large", "a version of 33 bits", "object.malformed", place=Place(a, b, o, 2**32)),
    ]


def _flip(at: int) -> bytes:
    return BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]


def _cut() -> list[Case]:
    malformed = "object.malformed"
    return [
        _object("empty", "nothing", malformed, b""),
        _object("magic", "another magic", malformed, b"pV" + BODY[2:]),
        _object("format", "format 2", malformed, _flip(2)),
        _object("suite", "another suite", malformed, _flip(3)),
        _object("nonce", "one bit of the nonce", "object.wrong_key", _flip(8)),
        _object("commit", "one bit of the commitment", "object.wrong_key", _flip(20)),
        _object("ciphertext", "one bit of the ciphertext", "object.damaged", _flip(52)),
        _object("tag", "one bit of the tag", "object.damaged", _flip(len(BODY) - 1)),
        _object("cut", "a byte less", "object.damaged", BODY[:-1]),
        _object("header-only", "the header alone", malformed, BODY[:52]),
        _object("too-large", "one byte more than a body may have", malformed, BODY[:52] + bytes(2**20 + 17)),
    ]


def forged(frame: bytes, family: Family = OBJECT, place: Place = PLACE, generation: int = 1) -> bytes:
    """A body around a frame that no honest writer makes."""
    aad = object.associated(family, place, generation)
    key = KEY.derive(place.object, family.label + b"/key")
    commit = KEY.derive(place.object, family.label + b"/commit\0" + aad + NONCE)
    return Header(generation, NONCE, commit).encode() + AESGCM(key).encrypt(NONCE, frame, aad)


def _frames() -> list[Case]:
    place = SMALL_PLACE
    rows: list[tuple[str, str, bytes, Any]] = [
        ("least", "the smallest content", b"\0\0\0\0\1\0" + bytes(506), ...),
        ("full", "a frame without padding", b"\0\0\0\1\xfb\x59\1\xf8" + bytes(504), ...),
        ("padding", "padding that is not zero", b"\0\0\0\0\1\0" + bytes(505) + b"\1", "object.malformed"),
        ("length", "a length beyond the frame", b"\0\0\0\1\xfc" + bytes(507), "object.malformed"),
        ("length-huge", "a length of 4 GiB", b"\0\xff\xff\xff\xff" + bytes(507), "object.malformed"),
        ("padded-more", "twice the size that it needs", b"\0\0\0\0\1\0" + bytes(1018), "object.malformed"),
        ("odd-size", "a size that no writer makes", b"\0\0\0\0\1\0" + bytes(507), "object.malformed"),
        ("not-minimal", "CBOR that is not in its one form", b"\0\0\0\0\2\x18\1" + bytes(505), "object.malformed"),
        ("trailing", "a byte after the content", b"\0\0\0\0\2\0\0" + bytes(505), "object.malformed"),
        ("nothing", "no content", bytes(512), "object.malformed"),
    ]
    given = {"family": "box", "kind": 0, "generation": 2}
    return [
        _object(f"frame-{id_}", what, expect, forged(frame, BOX, place, 2), place, **given)
        for id_, what, frame, expect in rows
    ]


def _box(id_: str, what: str, expect: Any, data: bytes = BOX_BODY, **given: Any) -> Case:
    fixed = {"keys": [[1, m.AK1.reveal()]], "account": m.ACCOUNT, "box": CHAT, "version": 1} | given
    return case(f"box-{id_}", what, "open_box", expect, data=data, **fixed)


def _box_of(content: Any) -> bytes:
    place = Place(m.ACCOUNT, CHAT, CHAT, 1)
    return object.seal(content, family=BOX, kind=0, place=place, key=m.AK1, generation=1, nonce=NONCE)


def _boxes() -> list[Case]:
    keys = MappingProxyType({at: ChatKey(m.draw(f"chat key {at}")) for at in range(1, 21)})
    large = box.seal(box.Box(CHAT, keys), m.AK1, account=m.ACCOUNT, version=1, epoch=1, nonce=NONCE)
    malformed, one, two = "object.malformed", bytes(32), bytes([1]) * 32
    return [
        _box("two", "two keys in 512 bytes", ...),
        _box("many", "twenty keys in 1024 bytes", ..., large),
        _box("epoch", "an account key that this device does not have", "object.wrong_key", keys=[[2, m.AK2.reveal()]]),
        _box("foreign", "the service's account key", "object.wrong_key", keys=[[1, m.FOREIGN_KEY.reveal()]]),
        _box("id", "another chat's box", "object.wrong_key", box=bytes(16)),
        _box("version", "an older box", "object.wrong_key", version=2),
        _box("none", "no key", malformed, _box_of({1: 1, 2: []})),
        _box("gap", "a generation is missing", malformed, _box_of({1: 1, 2: [[1, one], [3, two]]})),
        _box("zero", "a generation 0", malformed, _box_of({1: 1, 2: [[0, one]]})),
        _box("short", "a key of 31 bytes", malformed, _box_of({1: 1, 2: [[1, one[1:]]]})),
        _box("other-version", "version 2", malformed, _box_of({1: 2, 2: [[1, one]]})),
        _box("member", "a member more", malformed, _box_of({1: 1, 2: [[1, one]], 3: 0})),
        _box("list", "a list", malformed, _box_of([1])),
    ]


def _ids() -> list[Case]:
    key = m.draw("lane key")
    masked = box.lane(CHAT, box.LaneKey(key), PLACE.object)
    common = {"key": m.AK1.reveal(), "account": m.ACCOUNT}
    named = {"data": SMALL, "hash": sha256(SMALL).digest(), "size": len(SMALL)}
    absent = {"body": None, "hash": bytes(32), "size": 9}
    other = named | {"hash": sha256(BODY).digest()}
    return [
        case("lane", "a box is masked", "lane", ..., box=CHAT, key=key, object=PLACE.object),
        case("lane-back", "and comes back", "lane", ..., box=masked, key=key, object=PLACE.object),
        case("import", "an id of something imported", "import_id", ..., source="chatgpt", id="abc", **common),
        case("import-other", "another source", "import_id", ..., source="chatgpta", id="bc", **common),
        case("body", "the body that a page names", "check_body", ..., **named),
        case("body-swapped", "another body", "check_body", "object.swapped", **other),
        case("body-size", "another size", "check_body", "object.swapped", **(named | {"size": 1})),
        case("fetched", "a body that is delivered", "fetch_body", ..., body=SMALL, hash=named["hash"], size=len(SMALL)),
        case("missing", "a body that is not delivered", "fetch_body", "object.missing", **absent),
        case("largest", "the largest content", "seal_object", ..., key=bytes(32), size=2**20 - 12),
        case("larger", "a byte more", "seal_object", "object.too_large", key=bytes(32), size=2**20 - 11),
    ]  # fmt: skip
