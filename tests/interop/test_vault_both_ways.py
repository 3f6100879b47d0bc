"""What one language seals, signs and hands over for an account, the other opens, verifies and accepts."""

from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import cbor, xwing, xwing_seed
from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener
from privity_protocol.stored.page import Body, Entry, Op
from privity_vault import box, keyring, object, opener, page, pairing, passphrase, private_half, recovery, share
from privity_vault.export import encrypted
from privity_vault.keyring import Claim, Trusted
from privity_vault.opener import Absent, DeviceSecret, PrfOutput, Sheet
from privity_vault.page import Memory, SignedPage
from privity_vault.pairing import Confirmed, Grant, LinkSecret
from privity_vault.passphrase import Cost, Stretched
from privity_vault.private_half import NamedOpener, PrivateHalf
from privity_vault.recovery import RecoveryLetters
from privity_vault.secret import AccountKey, ChatKey, Secret
from privity_vault.share import Message, ShareKey, ShareLink, Snapshot


def draw(name: str, size: int = 32) -> bytes:
    """Bytes that follow from a name."""
    return sha256(name.encode()).digest()[:size]


ACCOUNT, NONCE, DAY, NOW = draw("account", 16), draw("nonce", 12), 20_782, 1_795_600_000
AK1, AK2 = AccountKey(draw("account key 1")), AccountKey(draw("account key 2"))
COST = Cost(passphrase.LEAST_MEMORY, passphrase.LEAST_PASSES, draw("salt", 16))
LETTERS = recovery.make(draw("recovery", 20))
SHEET = Sheet(draw("finder", 16), draw("sheet"))
MATERIALS: list[tuple[opener.Material, Sheet | Cost | None, bytes | None]] = [
    (PrfOutput(draw("prf")), None, b"credential"),
    (LETTERS, SHEET, None),
    (DeviceSecret(draw("device")), None, None),
    (Stretched(draw("stretched")), COST, None),
]
KINDS = ["passkey", "recovery", "device", "passphrase"]
ORIGIN = "https://chat.example"


def hexed(value: Any) -> Any:
    """Nested lists with their byte strings as the peer reads them."""
    if isinstance(value, bytes):
        return value.hex()
    return [hexed(one) for one in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("number", [1, 2, 3, 4], ids=KINDS)
def test_a_record_opens_in_the_other_language(vault_peer: Any, number: int) -> None:
    material, parameters, credential = MATERIALS[number - 1]
    id_ = draw(f"opener {number}", 16)
    ours, absent = opener.make(
        material, AK1, account=ACCOUNT, id_=id_, epoch=1, parameters=parameters, credential=credential,
        encapsulate=xwing.encapsulate,
    )  # fmt: skip
    sheet = [SHEET.finder, SHEET.public_key] if isinstance(parameters, Sheet) else None
    cost = [COST.memory, COST.passes, COST.salt] if isinstance(parameters, Cost) else None
    made = vault_peer.ask(
        "make_record", kind=number, material=material.reveal(), account_key=AK1.reveal(), account=ACCOUNT, id=id_,
        sheet=hexed(sheet), cost=hexed(cost), credential=credential,
    )  # fmt: skip
    theirs = opener.decode(bytes.fromhex(made["record"]))
    assert (made["public_key"], made["lock"]) == (absent.public_key.hex(), absent.lock.reveal().hex())
    assert replace(theirs, sealed=ours.sealed, tag=ours.tag) == ours
    for record, key in ((ours, AK1), (opener.seal_again(theirs, absent, AK2, account=ACCOUNT, epoch=2,
                                                        encapsulate=xwing.encapsulate), AK2)):  # fmt: skip
        found = vault_peer.ask(
            "open_record", record=opener.encode(record), kind=number, material=material.reveal(), account=ACCOUNT
        )
        assert found["account_key"] == key.reveal().hex()
    renewed = vault_peer.ask(
        "seal_again", record=opener.encode(ours), public_key=absent.public_key, lock=absent.lock.reveal(),
        account_key=AK2.reveal(), account=ACCOUNT, epoch=2,
    )  # fmt: skip
    assert opener.open_record(theirs, material, account=ACCOUNT).key == AK1
    assert opener.open_record(opener.decode(bytes.fromhex(renewed["record"])), material, account=ACCOUNT).key == AK2


def test_codes_and_words_are_the_same(vault_peer: Any) -> None:
    words = passphrase.make(draw("recovery", 20)[:10])
    found = vault_peer.ask("codes", entropy=draw("recovery", 20), cost=hexed([COST.memory, COST.passes, COST.salt]))
    access = recovery.access(LETTERS)
    assert found == {
        "code": recovery.written(LETTERS),
        "words": passphrase.written(words),
        "stretched": passphrase.stretch(words, COST).reveal().hex(),
        "finder": access.finder.hex(),
        "seed": access.signing_seed.reveal().hex(),
    }
    assert recovery.read(found["code"]) == RecoveryLetters(LETTERS.reveal())


LAPTOP = draw("laptop", 16)
SEED = draw("laptop key")
SIGNER = Ed25519PrivateKey.from_private_bytes(SEED)
RING = Keyring(
    account=ACCOUNT, revision=1, epoch=1, previous=None, day=DAY, signer=LAPTOP, private=draw("private"),
    openers=(ListedOpener(draw("opener", 16), 1, draw("record")),),
    devices=(Device(LAPTOP, SIGNER.public_key().public_bytes_raw(), None, draw("opener", 16)),),
)  # fmt: skip
RING_BYTES = stored_keyring.encode(RING)
TRUSTED = Trusted(RING, stored_keyring.digest(RING_BYTES))
NEXT = replace(RING, revision=2, epoch=2, previous=TRUSTED.hash)
KEYS = {1: AK1, 2: AK2}
PAIRS = [[epoch, key.reveal().hex()] for epoch, key in KEYS.items()]


def test_a_keyring_and_a_rotation_are_accepted_by_the_other(vault_peer: Any) -> None:
    ours = [keyring.write(RING, KEYS, SIGNER, rises=False), keyring.write(NEXT, KEYS, SIGNER, rises=True)]
    theirs = []
    for claim, rises in zip(ours, (False, True), strict=True):
        made = vault_peer.ask("write_keyring", data=claim.public, keys=PAIRS, seed=SEED, rises=rises)["claim"]
        theirs.append(Claim(*(None if one is None else bytes.fromhex(one) for one in made)))  # type: ignore[arg-type]
    assert theirs == ours  # Ed25519 and HMAC leave no choice
    last = keyring.accept_next(keyring.accept_all(theirs[:1], ACCOUNT, KEYS), theirs[1], KEYS)
    claims = [hexed([one.public, one.mac, one.mac_before, one.signature]) for one in ours]
    found = vault_peer.ask("accept_keyrings", claims=claims, account=ACCOUNT, keys=PAIRS)
    assert found == {"revision": 2, "hash": last.hash.hex()}


def test_pages_of_both_make_one_log(vault_peer: Any) -> None:
    log = Memory(page.start(ACCOUNT), TRUSTED)
    log.trust(TRUSTED)
    written: list[SignedPage] = []
    chat = draw("chat", 16)
    for at in range(6):
        body = Body(draw(f"body {at}"), 4164)
        entries = (
            Entry(Op.PUT, draw(f"object {at}", 16), 1, draw(f"lane {at}", 16), body),
            Entry((Op.BOX_ACTIVE, Op.BOX_ARCHIVED)[at % 2], chat, at + 1, None, body),
        )
        if at % 2:
            rows = [[int(one.op), one.object, one.version, one.lane, body.hash, body.size] for one in entries]
            found = vault_peer.ask(
                "pages", account=ACCOUNT, ring=RING_BYTES, known=[hexed([one.data, one.signature]) for one in written],
                entries=hexed(rows), device=LAPTOP, seed=SEED, day=DAY + at,
            )  # fmt: skip
            signed = SignedPage(*(bytes.fromhex(one) for one in found["page"]))
        else:
            signed = page.write(log.view(), entries, device=LAPTOP, day=DAY + at, key=SIGNER)
        log.apply(page.accept(log.view(), signed))
        written.append(signed)
        if at % 2:
            assert found["fingerprint"] == page.fingerprint(log.position)
    assert log.position.n == 6


CONTENTS: list[Any] = [
    {1: draw("chat", 16), 2: None, 3: "user", 4: [[0, "What is a box? é 𝄞"]]},
    {1: "x" * 9000, 2: -(2**53) + 1, 3: True, 4: {"a": [], b"b": {}}},
    0,
    {1: bytes(70_000)},
]


@pytest.mark.parametrize("content", CONTENTS, ids=["node", "mixed", "zero", "chunk"])
def test_an_object_opens_in_the_other_language(vault_peer: Any, content: Any) -> None:
    key, ids = ChatKey(draw("chat key")), [ACCOUNT, draw("chat", 16), draw("node", 16)]
    place, where = object.Place(*ids, 3), [*hexed(ids), 3]
    common = {"kind": 2, "place": where, "key": key.reveal(), "generation": 2}
    ours = object.seal(content, kind=2, place=place, key=key, generation=2, nonce=NONCE)
    found = vault_peer.ask("seal_object", content=cbor.encode(content), nonce=NONCE, **common)
    assert found["body"] == ours.hex()
    assert vault_peer.ask("open_object", body=ours, **common)["content"] == cbor.encode(content).hex()
    opened = object.open_body(bytes.fromhex(found["body"]), kind=2, place=place, key=key, generation=2)
    assert opened == content


def test_a_box_and_its_ids_are_the_same(vault_peer: Any) -> None:
    chat, keys = draw("chat", 16), [draw(f"chat key {at}") for at in range(20)]
    made = box.Box(chat, MappingProxyType({at: ChatKey(key) for at, key in enumerate(keys, 1)}))
    ours = box.seal(made, AK2, account=ACCOUNT, version=4, epoch=2, nonce=NONCE)
    theirs = vault_peer.ask(
        "seal_box", id=chat, keys=hexed(keys), key=AK2.reveal(), account=ACCOUNT, version=4, epoch=2, nonce=NONCE
    )
    assert theirs["body"] == ours.hex()
    found = vault_peer.ask("open_box", body=ours, id=chat, keys=PAIRS, account=ACCOUNT, version=4)
    assert found["keys"] == hexed(keys)
    node, lane = draw("node", 16), box.LaneKey(draw("lane"))
    ids = vault_peer.ask(
        "ids", box=chat, lane=lane.reveal(), object=node, key=AK1.reveal(), account=ACCOUNT, source="chatgpt"
    )
    imported = box.import_id(AK1, account=ACCOUNT, source="chatgpt", id_="é")
    assert ids == {"lane": box.lane(chat, lane, node).hex(), "imported": imported.hex()}


def test_a_private_half_is_the_same(vault_peer: Any) -> None:
    public = xwing_seed.from_seed(draw("absent")).public_key
    half = PrivateHalf(
        openers={
            draw(f"opener {at}", 16): NamedOpener(Absent(public, Secret(draw(f"lock {at}"))), f"Key {at} é")
            for at in range(3)
        },
        devices={LAPTOP: "Laptop", draw("phone", 16): ""},
        past={1: AK1},
        lane=box.LaneKey(draw("lane")),
    )
    rows = [
        [
            [id_, one.absent.public_key, one.absent.lock.reveal(), one.label]
            for id_, one in sorted(half.openers.items())
        ],
        [[id_, label] for id_, label in sorted(half.devices.items())],
        [[1, AK1.reveal()]],
        half.lane.reveal(),
    ]
    ours = private_half.seal(half, AK2, account=ACCOUNT, revision=2, epoch=2, nonce=NONCE)
    theirs = vault_peer.ask("seal_half", data=hexed(rows), key=AK2.reveal(), where=hexed([ACCOUNT, 2, 2]), nonce=NONCE)
    assert theirs["body"] == ours.hex()
    ring = replace(NEXT, private=sha256(ours).digest())
    found = vault_peer.ask("open_half", body=ours, ring=stored_keyring.encode(ring), key=AK2.reveal())
    assert [found["openers"], found["devices"], found["past"], found["lane"]] == hexed(rows)


@pytest.mark.parametrize("secret", [LinkSecret(draw("link", 16)), None], ids=["scanned", "typed"])
def test_a_device_of_one_language_links_one_of_the_other(vault_peer: Any, secret: LinkSecret | None) -> None:
    given = Grant(AK1, ACCOUNT, draw("keyring"), draw("head"), 7, ORIGIN)
    shared = None if secret is None else secret.reveal()
    # A new device in Python, an existing one in TypeScript.
    offered = pairing.offer(link_seed=draw("seed"), device_key=draw("phone"), nonce=draw("r n"), secret=secret, now=NOW)
    link = None if secret is None else pairing.write_link(ORIGIN, draw("channel", 16), offered.card, secret)
    answer = vault_peer.ask(
        "answer", card=offered.card, link=link, account=ACCOUNT, device_key=draw("laptop"), now=NOW
    )["answer"]
    answered = offered.answered(bytes.fromhex(answer))
    sealed = vault_peer.ask(
        "grant", reveal=answered.reveal, digits=answered.code, now=NOW, account_key=AK1.reveal(), account=ACCOUNT,
        keyring=given.keyring, head=given.head, n=given.n, origin=ORIGIN,
    )["grant"]  # fmt: skip
    assert answered.granted(bytes.fromhex(sealed), origin=ORIGIN) == given
    # And the reverse.
    new = vault_peer.ask("offer", secret=shared, device_key=draw("phone"), now=NOW)
    read = None if secret is None else pairing.read_link(new["link"])
    replied = pairing.scanned(bytes.fromhex(new["card"]), read, now=NOW).answer(
        nonce=draw("r e"), account=ACCOUNT, device_key=draw("laptop")
    )
    shown = vault_peer.ask("answered", answer=replied.raw)
    confirmed = replied.revealed(bytes.fromhex(shown["reveal"]), now=NOW).typed(shown["code"], now=NOW)
    assert isinstance(confirmed, Confirmed)
    grant = confirmed.grant(given, now=NOW, encapsulate=xwing.encapsulate)
    assert vault_peer.refusal("granted", grant=grant, origin="https://other.example") == "pairing.foreign"
    assert vault_peer.ask("granted", grant=grant, origin=ORIGIN) == {"account_key": AK1.reveal().hex(), "n": 7}


def test_a_share_opens_in_the_other_language(vault_peer: Any) -> None:
    link = ShareLink(draw("share", 16), ShareKey(draw("share key")))
    snapshot = Snapshot("é", (Message("user", "?", NOW), Message("assistant", "𝄞" * 3000, NOW)), (b"receipt",))
    plain = {
        "title": snapshot.title,
        "messages": [{"role": one.role, "text": one.text, "time": one.time} for one in snapshot.messages],
        "receipts": [one.hex() for one in snapshot.receipts],
    }
    body, expiry = share.seal(snapshot, link, now=NOW, lifetime=3600, nonce=NONCE)
    made = vault_peer.ask(
        "seal_share", snapshot=plain, id=link.id, key=link.key.reveal(), now=NOW, lifetime=3600, nonce=NONCE
    )
    assert made == {"body": body.hex(), "expiry": expiry, "link": share.write_link(ORIGIN, link)}
    assert vault_peer.ask("open_share", body=body, link=made["link"], expiry=expiry, now=NOW) == plain
    found = share.open_share(bytes.fromhex(made["body"]), share.read_link(made["link"]), expiry=expiry, now=NOW)
    assert found == snapshot


def test_an_encrypted_export_opens_in_the_other_language(vault_peer: Any) -> None:
    words = passphrase.make(draw("words", 10))
    plain = bytes(range(256)) * 1030
    writer = encrypted.Writer(words, COST)
    ours = writer.header() + writer.feed(plain) + writer.finish()
    typed = passphrase.written(words)
    cost = hexed([COST.memory, COST.passes, COST.salt])
    assert vault_peer.ask("encrypt", words=typed, cost=cost, plain=plain)["file"] == ours.hex()
    assert vault_peer.ask("decrypt", words=typed, file=ours)["plain"] == plain.hex()
    assert vault_peer.refusal("decrypt", words=typed, file=ours[: encrypted.HEADER + 262160]) == "export.truncated"
