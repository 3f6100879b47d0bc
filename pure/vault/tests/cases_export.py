"""Cases of vectors/share and vectors/export."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import cases_archive
import vault_material as m
from privity_protocol import canonical
from privity_vault import object, passphrase, share
from privity_vault.export import encrypted, manifest
from privity_vault.export.manifest import COUNTED, File, Manifest
from privity_vault.object import Place
from privity_vault.share import Message, ShareKey, ShareLink, Snapshot
from vault_form import Case, case

NOW, ORIGIN = 1_795_600_000, "https://chat.example"
LINK = ShareLink(m.draw("share", 16), ShareKey(m.draw("share key")))
WRITTEN = share.write_link(ORIGIN, LINK)
SNAPSHOT = Snapshot(
    "On boxes", (Message("user", "What is a box?", NOW - 60), Message("assistant", "A chat.", NOW - 50)), (b"receipt",)
)
BODY, EXPIRY = share.seal(SNAPSHOT, LINK, now=NOW, lifetime=604800, nonce=m.draw("nonce", 12))
WORDS = passphrase.make(m.draw("words", 10))
COST = m.COST


def _encrypted(data: bytes) -> bytes:
    writer = encrypted.Writer(WORDS, COST)
    return writer.header() + writer.feed(data) + writer.finish()


SMALL = _encrypted(b"a small archive")
PLAIN = b"a" * encrypted.FRAME
FRAME, HEADER = encrypted.FRAME + encrypted.TAG, encrypted.HEADER
BLOBS = {"share": BODY, "small": SMALL, **cases_archive.BLOBS}
FILES = {"chats/a.json": b"{}", "chats/On boxes.md": b"# On boxes\n", "folders.json": b"[]"}
MANIFEST = manifest.encode(
    Manifest(
        NOW,
        dict.fromkeys(COUNTED, 1),
        {name: File(len(data), sha256(data).digest()) for name, data in FILES.items()},
    )
)
Members = dict[str, Any]


def share_cases() -> list[Case]:
    return [*_share_links(), *_shares()]


def _share_links() -> list[Case]:
    bad = [
        ("empty", "nothing", ""),
        ("no-key", "no key", WRITTEN.split("#")[0]),
        ("key-empty", "an empty key", WRITTEN.split("#")[0] + "#"),
        ("key-short", "a key of 31 bytes", WRITTEN[:-2]),
        ("key-bits", "a second spelling of the key", WRITTEN[:-1] + chr(ord(WRITTEN[-1]) + 1)),
        ("id-long", "an id of 17 bytes", WRITTEN.replace("/s/", "/s/AA")),
        ("path", "another path", WRITTEN.replace("/s/", "/t/")),
        ("long", "more than 1024 characters", "x" * 1024 + WRITTEN),
    ]
    return [
        case("link", "a link", "read_share_link", ..., link=WRITTEN),
        *(case(f"link-{id_}", what, "read_share_link", "share.malformed", link=link) for id_, what, link in bad),
    ]


def _share(id_: str, what: str, expect: Any, data: bytes = BODY, **given: Any) -> Case:
    fixed = {"link": WRITTEN, "expiry": EXPIRY, "now": NOW} | given
    return case(id_, what, "open_share", expect, share=data, **fixed)


def _content(content: Any) -> bytes:
    place = Place(bytes(16), bytes(16), LINK.id, EXPIRY)
    return object.seal(
        content, family=object.SHARE, kind=0, place=place, key=LINK.key, generation=0, nonce=m.draw("nonce", 12)
    )


def _shares() -> list[Case]:
    wrong, bad = "share.wrong_key", "share.malformed"
    other = share.write_link(ORIGIN, ShareLink(LINK.id, ShareKey(m.draw("other"))))
    moved = share.write_link(ORIGIN, ShareLink(bytes(16), LINK.key))
    rows: Any = [[0, "What is a box?", NOW]]
    good: Any = {1: 1, 2: "t", 3: rows, 4: []}
    contents: list[tuple[str, str, Any]] = [
        ("version", "version 2", {**good, 1: 2}),
        ("member", "a member more", {**good, 5: 0}),
        ("role", "a role that is not shown", {**good, 3: [[2, "", NOW]]}),
        ("row", "a message of two members", {**good, 3: [[0, ""]]}),
        ("empty-branch", "no message", {**good, 3: []}),
        ("title", "a title of 1025 bytes", {**good, 2: "x" * 1025}),
        ("receipt", "an empty receipt", {**good, 4: [b""]}),
        ("receipts", "receipts that are no list", {**good, 4: {}}),
        ("time", "a time before 1970", {**good, 3: [[0, "", -1]]}),
    ]
    return [
        _share("snapshot", "two messages and a receipt", ...),
        _share("expired", "after its end", "share.expired", now=EXPIRY),
        _share("prolonged", "a service that names a later end", wrong, expiry=EXPIRY + 1),
        _share("end-large", "an end of 33 bits", bad, expiry=2**32),
        _share("key", "another key", wrong, link=other),
        _share("moved", "under another id", wrong, link=moved),
        _share("bit", "one bit changed", wrong, BODY[:-1] + bytes([BODY[-1] ^ 1])),
        _share("nothing", "no bytes", bad, b""),
        *(_share(f"content-{id_}", what, bad, _content(content)) for id_, what, content in contents),
    ]


def export_cases() -> list[Case]:
    return [*_listings(), *_manifests(), *_files(), *_containers(), *_frames(), *cases_archive.archive_cases()]


def _listings() -> list[Case]:
    path, large = "export.path", "export.too_large"
    names = [
        ("absolute", "an absolute path", "/etc/passwd"),
        ("up", "a path that leaves the folder", "../a"),
        ("up-later", "a path that leaves it later", "a/../../b"),
        ("here", "a part that is a dot", "a/./b"),
        ("empty", "no name", ""),
        ("double", "an empty part", "a//b"),
        ("backslash", "a path of Windows", "a\\..\\b"),
        ("drive", "a drive", "C:a"),
        ("nul", "a NUL", "a\0b"),
        ("line", "a line feed", "a\nb"),
        ("dot-end", "a part that ends in a dot", "a./b"),
        ("surrogate", "half of a character", "\ud800"),
        ("long", "a name of 513 bytes", "é" * 256 + "a"),
    ]
    rows: list[tuple[str, str, list[list[Any]], Any]] = [
        ("listing", "three files", [["manifest.json", 90, 40], ["chats/a.json", 9000, 100], ["chats/", 0, 0]], ...),
        ("listing-none", "an empty archive", [], ...),
        ("listing-ratio-most", "200 times its size", [["a", 20000, 100]], ...),
        ("listing-bomb", "more than 200 times its size", [["a", 20001, 100]], large),
        ("listing-large", "a byte more than 2 GiB", [["a", 2**31 - 1, 2**30], ["b", 2, 2]], large),
        ("listing-negative", "a negative size", [["a", -5, 1], ["b", 2**31, 2**30]], "export.malformed"),
        ("listing-twice", "a name twice", [["a", 1, 1], ["A", 1, 1]], path),
        *((f"listing-{id_}", what, [[name, 1, 1]], path) for id_, what, name in names),
    ]
    many = case("listing-many", "100,001 entries", "check_listing", large, entries=[["a", 1, 1]], times=100_001)
    return [*(case(id_, what, "check_listing", expect, entries=found) for id_, what, found, expect in rows), many]


def _changed(change: Callable[[Members], object]) -> bytes:
    value: Any = canonical.decode(MANIFEST, max_bytes=4096)
    change(value)
    return canonical.encode(value)


def _manifests() -> list[Case]:
    bad = [
        ("empty", "nothing", b""),
        ("spaced", "a space", MANIFEST.replace(b":", b": ", 1)),
        ("format", "format 2", _changed(lambda one: one.update(format=2))),
        ("member", "a member more", _changed(lambda one: one.update(more=1))),
        ("counts", "a count is missing", _changed(lambda one: one["counts"].pop("chats"))),
        ("count", "a negative count", _changed(lambda one: one["counts"].update(chats=-1))),
        ("time", "a time in words", _changed(lambda one: one.update(time="now"))),
        ("order", "files in another order", _changed(lambda one: one["files"].reverse())),
        ("twice", "a file twice", _changed(lambda one: one["files"].append(one["files"][-1]))),
        ("row", "a row of two", _changed(lambda one: one["files"][0].pop())),
        ("hash", "a hash of 31 bytes", _changed(lambda one: one["files"][0].__setitem__(2, "00" * 31))),
        ("size", "more than 2 GiB", _changed(lambda one: one["files"][0].__setitem__(1, 2**31 + 1))),
    ]
    up = _changed(lambda one: one["files"][0].__setitem__(0, "../a"))
    return [
        case("manifest", "three files", "decode_manifest", ..., data=MANIFEST),
        *(case(f"manifest-{id_}", what, "decode_manifest", "export.malformed", data=data) for id_, what, data in bad),
        case("manifest-up", "a path that leaves the folder", "decode_manifest", "export.path", data=up),
    ]


def _files() -> list[Case]:
    honest = [[name, data.decode()] for name, data in FILES.items()]
    rows: list[tuple[str, str, list[list[str]], Any]] = [
        ("all", "all files as listed", honest, ...),
        ("changed", "a file changed", [["chats/a.json", "[]"], *honest[1:]], "export.differs"),
        ("longer", "a file is longer", [["chats/a.json", "{} "], *honest[1:]], "export.differs"),
        ("more", "a file that is not listed", [*honest, ["x", ""]], "export.differs"),
        ("missing", "a file is missing", honest[1:], "export.differs"),
    ]
    return [
        case(f"files-{id_}", what, "check_export", expect, data=MANIFEST, contents=contents)
        for id_, what, contents, expect in rows
    ]


def _container(id_: str, what: str, expect: Any, data: bytes, words: passphrase.Words = WORDS) -> Case:
    return case(id_, what, "decrypt_export", expect, data=data, typed=passphrase.written(words))


def _swapped(at: int) -> bytes:
    return SMALL[:at] + bytes([SMALL[at] ^ 1]) + SMALL[at + 1 :]


def _containers() -> list[Case]:
    other = passphrase.make(m.draw("other words", 10))
    cut, damaged = "export.truncated", "export.damaged"
    weak = SMALL[:4] + (8192).to_bytes(4) + SMALL[8:]
    return [
        _container("small", "one frame", ..., SMALL),
        _container("nothing-inside", "an empty file, encrypted", ..., _encrypted(b"")),
        _container("words", "other words", "export.wrong_key", SMALL, other),
        _container("magic", "another beginning", "export.malformed", b"PK" + SMALL[2:]),
        _container("weak", "a cost that can be guessed", "opener.parameters", weak),
        _container("salt", "another salt", "export.wrong_key", _swapped(9)),
        _container("commit", "another commitment", "export.wrong_key", _swapped(HEADER - 1)),
        _container("frame", "one bit of a frame", damaged, _swapped(HEADER)),
        _container("empty", "no bytes", cut, b""),
        _container("header-only", "the header alone", cut, SMALL[:HEADER]),
        _container("cut", "a byte less", damaged, SMALL[:-1]),
        _container("trailing", "a byte more", damaged, SMALL + b"\0"),
    ]


def _framed(id_: str, what: str, expect: Any, plain: bytes, parts: list[list[int]]) -> Case:
    """An export of `plain`, put together again from these parts of itself."""
    typed = passphrase.written(WORDS)
    return case(f"frames-{id_}", what, "decrypt_parts", expect, plain=plain, typed=typed, salt=COST.salt, parts=parts)


def _frames() -> list[Case]:
    cut, damaged = "export.truncated", "export.damaged"
    two, first = PLAIN + b"and a second frame", HEADER + FRAME
    end = first + 18 + encrypted.TAG
    third = PLAIN + two
    return [
        _framed("two", "two frames", ..., two, [[0, end]]),
        _framed("exact", "one frame that is full", ..., PLAIN, [[0, first]]),
        _framed("cut", "the last frame is gone", cut, two, [[0, first]]),
        _framed("cut-tag", "less than a tag is left of the last frame", cut, two, [[0, first + 9]]),
        _framed("last-alone", "the last frame alone", damaged, two, [[0, HEADER], [first, end]]),
        _framed("repeated", "the last frame twice", damaged, two, [[0, end], [first, end]]),
        _framed("order", "two frames change places", damaged, third,
                [[0, HEADER], [first, first + FRAME], [HEADER, first], [first + FRAME, end + FRAME]]),
    ]  # fmt: skip
