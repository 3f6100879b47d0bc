"""Python and TypeScript give the same reason for bytes near good ones of the vault's formats; its constants agree."""

import random
import unicodedata
from collections.abc import Callable
from types import ModuleType
from typing import Any

import test_vault_both_ways as m
from privity_protocol.stored import header as stored_header
from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored import labels as public_labels
from privity_protocol.stored import members as stored_members
from privity_protocol.stored import page as stored_page
from privity_protocol.stored.page import Body, Entry, Op, Page
from privity_vault import (
    box,
    errors,
    keyring,
    labels,
    object,
    opener,
    page,
    pairing,
    passphrase,
    private_half,
    recovery,
    share,
)
from privity_vault.errors import VaultError, reading
from privity_vault.export import encrypted, listing, manifest
from privity_vault.export.listing import Listed
from privity_vault.export.manifest import COUNTED, File, Manifest
from privity_vault.secret import ChatKey

EACH = 250
CASED = ("Lu", "Ll", "Lt", "Mn", "Nl", "So")
"""Categories of Unicode with letters that have another case."""
PLACES = [
    b"\0",
    b"\x01",
    b"\xf6",
    b"\xf5",
    b"\x40",
    b"\x60",
    b"\x80",
    b"\xa0",
    b"\x18\x01",
    b"\x1a\xff\xff\xff\xff",
    b"-",
]
LETTERS = [
    " ",
    "-",
    "\t",
    "\x1c",
    "\x85",
    "\u2003",
    "\ufeff",
    "I",
    "l",
    "U",
    "é",
    "ı",
    "K",
    "𝄞",
    "/",
    "..",
    ".",
    "#",
    "=",
    "A",
]


RECORD, _ = opener.make(
    m.MATERIALS[3][0], m.AK1, account=m.ACCOUNT, id_=m.draw("opener", 16), epoch=1, parameters=m.COST, credential=None,
    encapsulate=m.xwing.encapsulate,
)  # fmt: skip
PAGE = stored_page.encode(
    Page(
        account=m.ACCOUNT, n=2, parent=m.draw("parent"), device=m.LAPTOP, device_seq=2, device_prev=m.draw("prev"),
        keyring=m.draw("ring"), day=m.DAY,
        entries=(
            Entry(Op.PUT, m.draw("a", 16), 1, m.draw("lane", 16), Body(m.draw("body"), 4164)),
            Entry(Op.DELETE, m.draw("b", 16), 3, None, None),
            Entry(Op.BOX_ACTIVE, m.draw("c", 16), 1, None, Body(m.draw("box"), 580)),
        ),
    )
)  # fmt: skip
OFFERED = pairing.offer(link_seed=bytes(32), device_key=bytes(32), nonce=bytes(32), secret=None, now=m.NOW)
MANIFEST = manifest.encode(
    Manifest(m.NOW, dict.fromkeys(COUNTED, 1), {name: File(2, bytes(32)) for name in ("a/é.json", "a/𝄞.md", "b")})
)
BYTES: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "record": (opener.encode(RECORD), opener.decode),
    "keyring": (m.RING_BYTES, stored_keyring.decode),
    "page": (PAGE, stored_page.decode),
    "card": (OFFERED.card, pairing.decode_card),
    "answer": (
        pairing.encode_answer(pairing.Answer(bytes(32), m.ACCOUNT, bytes(32))),
        pairing.decode_answer,
    ),
    "manifest": (MANIFEST, manifest.decode),
}
TEXTS: dict[str, tuple[str, Callable[[str], object]]] = {
    "recovery": (recovery.written(m.LETTERS), recovery.read),
    "passphrase": (passphrase.written(passphrase.make(m.draw("words", 10))), passphrase.read),
    "link": (
        pairing.write_link(m.ORIGIN, bytes(16), OFFERED.card, pairing.LinkSecret(bytes(16))),
        pairing.read_link,
    ),
    "share": (
        share.write_link(m.ORIGIN, share.ShareLink(bytes(16), share.ShareKey(bytes(32)))),
        share.read_link,
    ),
    "name": ("chats/Über Boxen.md", listing.check_name),
}


def near_bytes(good: bytes, draw: random.Random) -> bytes:
    """`good` with something put in, changed or taken away, perhaps twice."""
    for _ in range(draw.choice((1, 1, 2))):
        at = draw.randrange(len(good) + 1)
        put = draw.choice([*PLACES, bytes([draw.randrange(256)]), good[at : at + 9], b""])
        good = good[:at] + put + good[at + draw.choice((0, len(put), 1, 17)) :]
    return good


def near_text(good: str, draw: random.Random) -> str:
    """The same of a text; some are longer than anybody looks at."""
    for _ in range(draw.choice((1, 1, 3))):
        at = draw.randrange(len(good) + 1)
        put = draw.choice(LETTERS) * draw.choice((1, 1, 1, 2, 260))
        good = good[:at] + put + good[at + draw.choice((0, 1, len(put), 40)) :]
    return good.lower() if draw.random() < 0.1 else good


def said(read: Callable[[Any], object], data: Any, reason: str) -> str:
    try:
        with reading(reason):
            read(data)
    except VaultError as error:
        return error.reason
    return "ok"


def test_both_languages_give_the_same_reason(vault_peer: Any) -> None:
    draw = random.Random(20261126)
    inputs: list[tuple[str, bytes]] = []
    ours: list[str] = []
    for name, (good, read) in BYTES.items():
        tried = [good, *(near_bytes(good, draw) for _ in range(EACH))]
        inputs += [(name, data) for data in tried]
        ours += [said(read, data, "keyring.malformed" if name == "keyring" else "page.malformed") for data in tried]
    for name, (text, read_text) in TEXTS.items():
        typed = [text, *(near_text(text, draw) for _ in range(EACH))]
        inputs += [(name, one.encode()) for one in typed]
        ours += [said(read_text, one, "page.malformed") for one in typed]
    theirs = vault_peer.ask("reasons", inputs=[(name, data.hex()) for name, data in inputs])["said"]
    differing = [(case, mine, other) for case, mine, other in zip(inputs, ours, theirs, strict=True) if mine != other]
    assert differing == []
    assert len(set(ours)) >= 11
    assert ours[:: EACH + 1] == ["ok"] * (len(BYTES) + len(TEXTS))


def test_both_languages_refuse_a_changed_body_alike(vault_peer: Any) -> None:
    draw = random.Random(5)
    key, ids = ChatKey(m.draw("chat key")), [m.ACCOUNT, m.draw("chat", 16), m.draw("node", 16)]
    place = object.Place(*ids, 1)
    body = object.seal({1: "x"}, kind=2, place=place, key=key, generation=1, nonce=m.NONCE)
    tried = [body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] for at in (*range(70), len(body) - 1)]
    tried += [near_bytes(body, draw) for _ in range(60)]

    def read(data: bytes) -> object:
        return object.open_body(data, kind=2, place=place, key=key, generation=1)

    theirs = vault_peer.ask(
        "opened", bodies=[one.hex() for one in tried], kind=2, place=[*m.hexed(ids), 1], key=key.reveal(), generation=1
    )["said"]
    assert theirs == [said(read, one, "object.malformed") for one in tried]
    assert set(theirs) - {"ok"} == {"object.malformed", "object.wrong_key", "object.damaged"}


def listed(names: list[str]) -> int:
    return listing.check([Listed(name, 1, 1) for name in names])


def test_names_that_differ_by_case_alone_are_the_same_in_both(vault_peer: Any) -> None:
    """Every letter that has another case and that both know, beside its folded form and beside its capital."""
    cased = [
        chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) in ("Lu", "Ll", "Lt", "Mn", "Nl", "So")
    ]
    odd = [one for one in cased if one.casefold() != one or one.upper() != one]
    newer = {"\u019b", "\u0264", "\ua7d3", "\ua7d5"}
    """Letters that got their capitals after Python 3.11's Unicode 14."""
    pairs = [
        [f"x{one}y", f"x{other}y"]
        for one in odd
        for other in (one.casefold(), one.upper(), one.lower())
        if other != one and one not in newer
    ]
    ours = [
        said(lambda pair: listing.check([Listed(name, 1, 1) for name in pair]), pair, "export.malformed")
        for pair in pairs
    ]
    assert vault_peer.ask("listed", pairs=pairs)["said"] == ours
    assert len(pairs) > 4000
    assert set(ours) == {"ok", "export.path"}


def numbers(module: ModuleType) -> dict[str, int]:
    return {name: int(value) for name, value in vars(module).items() if name.isupper() and isinstance(value, int)}


def test_labels_reasons_and_limits_are_the_same(vault_peer: Any) -> None:
    theirs = vault_peer.ask("constants")
    assert theirs["groups"] == {name: list(reasons) for name, reasons in errors.GROUPS.items()}
    for module, name in ((labels, "labels"), (public_labels, "public_labels")):
        spelled = {key: value.decode() for key, value in vars(module).items() if key.isupper()}
        assert theirs[name] == spelled
    assert theirs["prf_salt"] == opener.PRF_SALT.hex()
    modules = {
        "stored/header": stored_header, "stored/keyring": stored_keyring, "stored/members": stored_members,
        "stored/page": stored_page, "box": box, "keyring": keyring, "object": object, "opener": opener, "page": page,
        "pairing": pairing, "passphrase": passphrase, "private_half": private_half, "recovery": recovery,
        "share": share, "export/encrypted": encrypted, "export/listing": listing, "export/manifest": manifest,
    }  # fmt: skip
    shared = 0
    for name, module in modules.items():
        ours, found = numbers(module), theirs["numbers"][name]
        both = ours.keys() & found.keys()
        shared += len(both)
        assert {key: found[key] for key in both} == {key: ours[key] for key in both}, name
    assert shared >= 45
