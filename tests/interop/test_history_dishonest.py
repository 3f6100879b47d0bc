"""A service that breaks its promise, one trick at a time, before the real one's answers reach the client.

Each sentence has the reason code that the client gives; after one of the log or keyring it writes nothing any more.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from history_stand import Chance, House, Machine
from privity_client.history import accounts, custody, edits, linking
from privity_client.history.calls import Call, Reply, text_of
from privity_client.history.reasons import ServiceRefused
from privity_protocol import xwing
from privity_protocol.canonical import base64url_decode
from privity_protocol.stored import page as stored
from privity_protocol.stored.keyring import Device
from privity_vault import keyring, opener, pairing
from privity_vault.errors import VaultError
from privity_vault.page import SignedPage
from privity_vault.secret import AccountKey


@dataclass
class Scene:
    """Two devices: `writer` has written `pages`, `reader` knew of them up to page `known` when the trick begins."""

    house: House
    writer: Machine
    reader: Machine
    known: int


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    house = House(tmp_path)
    writer = house.create(tmp_path / "writer")
    reader = house.link(tmp_path / "reader", writer)
    chat = writer.write("First")
    writer.sync()
    reader.sync()
    known = reader.replica.position.n
    for text in ("Second", "Third", "Fourth"):
        writer.write(text, chat=chat)
        writer.sync()
    yield Scene(house, writer, reader, known)
    house.close()


def octets(text: str) -> bytes:
    data = base64url_decode(text)
    assert data is not None
    return data


def on(path: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Call, Reply], Reply]:
    """A trick that changes the JSON answers of one route."""

    def trick(call: Call, reply: Reply) -> Reply:
        if not call.path.startswith(path) or reply.status != 200:
            return reply
        value = json.loads(reply.data)
        change(value)
        return Reply(reply.status, json.dumps(value).encode())

    return trick


def pages_of(machine: Machine) -> list[SignedPage]:
    return list(machine.replica.store.pages())


def shown(signed: SignedPage) -> dict[str, str]:
    return {"page": text_of(signed.data), "signature": text_of(signed.signature)}


def head_of(signed: SignedPage) -> str:
    return text_of(stored.head(signed.data))


def roll_back(scene: Scene) -> None:
    """The whole log is an older one."""
    older = pages_of(scene.reader)[: scene.known - 1]

    def change(value: dict[str, Any]) -> None:
        value |= {"n": len(older), "head": head_of(older[-1]), "pages": []}

    scene.house.tricks.append(on("/v1/pages?", change))


def another_page(scene: Scene) -> None:
    """A device's page is replaced by another one of the same device at the same number: it was kept from before."""
    writer = scene.writer.replica
    last = pages_of(scene.writer)[scene.known - 1]
    read = stored.decode(last.data)
    other = stored.encode(replace(read, day=read.day + 1))
    forged = SignedPage(other, writer.opened.signing.signing.sign(stored.signed_bytes(other)))

    def change(value: dict[str, Any]) -> None:
        value |= {"n": scene.known, "head": head_of(forged), "pages": []}

    scene.house.tricks.append(on("/v1/pages?", change))


def another_parent(scene: Scene) -> None:
    """The next page continues another history than the one that is known."""
    writer = scene.writer.replica
    read = stored.decode(pages_of(scene.writer)[scene.known].data)
    other = stored.encode(replace(read, parent=bytes(32)))
    forged = SignedPage(other, writer.opened.signing.signing.sign(stored.signed_bytes(other)))

    def change(value: dict[str, Any]) -> None:
        value |= {"n": scene.known + 1, "head": head_of(forged), "pages": [shown(forged)]}

    scene.house.tricks.append(on("/v1/pages?", change))


def omit_a_page(scene: Scene) -> None:
    """A page in the middle is left out."""
    scene.house.tricks.append(on("/v1/pages?", lambda value: value["pages"].pop(1)))


def omit_all_pages(scene: Scene) -> None:
    """The head is told, and its pages are not."""
    scene.house.tricks.append(on("/v1/pages?", lambda value: value["pages"].clear()))


def omit_the_last_page(scene: Scene) -> None:
    """What is delivered does not end in the head that is told, and no more comes."""
    scene.house.tricks.append(on("/v1/pages?", lambda value: value["pages"].pop() if value["pages"] else None))


def old_keyring(scene: Scene) -> None:
    """The list of devices and keys is an older one."""

    def change(value: dict[str, Any]) -> None:
        value["newest"] = 1
        first = scene.writer.replica.store.claims()[0][1]
        half = {"public": text_of(first.public), "private": None, "mac": text_of(first.mac), "mac_before": None}
        value["keyrings"] = [{"revision": 1, **half, "signature": text_of(first.signature)}]

    scene.house.tricks.append(on("/v1/keyring", change))


def next_ring(scene: Scene, **changes: Any) -> keyring.Claim:
    """A keyring that the service made up behind the newest: it has neither the account key nor a device's key."""
    ring = scene.writer.replica.opened.trusted
    made = replace(ring.keyring, revision=ring.keyring.revision + 1, previous=ring.hash, **changes)
    own = custody.make(Chance("stranger")(custody.SIZE))
    return keyring.write(made, {made.epoch: AccountKey(bytes(32))}, own.signing, rises=False)


def added_device(scene: Scene) -> None:
    """A device that nobody linked stands in the list."""
    ring = scene.writer.replica.opened.trusted.keyring
    foreign = Device(bytes([255] * 16), bytes([7] * 32), None, ring.devices[0].id)
    claim = next_ring(scene, devices=(*ring.devices, foreign))
    scene.house.tricks.append(on("/v1/keyring", _with(claim)))


def _with(claim: keyring.Claim) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["newest"] += 1
        row = {"public": text_of(claim.public), "private": None, "mac": text_of(claim.mac), "mac_before": None}
        value["keyrings"].append({"revision": value["newest"], **row, "signature": text_of(claim.signature)})

    return change


def unsigned_device(scene: Scene) -> None:
    """Somebody who learnt the account key and holds no device's key adds a device."""
    found = scene.writer.replica.opened
    ring = found.trusted
    made = replace(
        ring.keyring,
        revision=ring.keyring.revision + 1,
        previous=ring.hash,
        devices=(*ring.keyring.devices, Device(bytes([255] * 16), bytes([7] * 32), None, ring.keyring.devices[0].id)),
    )
    own = custody.make(Chance("stranger")(custody.SIZE))
    claim = keyring.write(made, found.keys, own.signing, rises=False)
    scene.house.tricks.append(on("/v1/keyring", _with(claim)))


def broken_chain(scene: Scene) -> None:
    """The next list of devices does not continue the known one."""
    found = scene.writer.replica.opened
    made = replace(found.trusted.keyring, revision=found.trusted.keyring.revision + 1, previous=bytes(32))
    claim = keyring.write(made, found.keys, found.signing.signing, rises=False)
    scene.house.tricks.append(on("/v1/keyring", _with(claim)))


def foreign_page(scene: Scene) -> None:
    """A page by a device that is not in the list."""
    own = custody.make(Chance("stranger")(custody.SIZE))
    read = stored.decode(pages_of(scene.writer)[scene.known].data)
    data = stored.encode(replace(read, device=bytes([9] * 16), device_seq=1, device_prev=None))
    forged = SignedPage(data, own.signing.sign(stored.signed_bytes(data)))
    _deliver(scene, forged)


def unsigned_page(scene: Scene) -> None:
    """A page in the name of a device that did not sign it."""
    read = stored.decode(pages_of(scene.writer)[scene.known].data)
    data = stored.encode(replace(read, day=read.day + 1))
    _deliver(scene, SignedPage(data, pages_of(scene.writer)[scene.known].signature))


def resurrected(scene: Scene) -> None:
    """An object that was deleted returns."""
    chat = scene.writer.replica.chats()[0]
    scene.house.tricks.clear()
    edits.delete_chat(scene.writer.replica, chat)
    scene.writer.sync()
    scene.reader.sync()
    _forge_entry(scene, chat, deleted=True)


def invented_conflict(scene: Scene) -> None:
    """A version is said to follow one that nobody wrote."""
    scene.reader.sync()
    _forge_entry(scene, scene.writer.replica.chats()[0], deleted=False)


def _forge_entry(scene: Scene, box: bytes, *, deleted: bool) -> None:
    """A page that an honest client would never write; its device's key was stolen."""
    found = scene.writer.replica
    item = found.store.item(box)
    assert item is not None
    last = stored.decode(pages_of(scene.writer)[-1].data)
    body = stored.Body(bytes(32), 580)
    entry = stored.Entry(stored.Op.BOX_ACTIVE, box, item.version + (1 if deleted else 2), None, body)
    position, chain = found.position, found.store.chain(found.opened.device)
    assert chain is not None
    data = stored.encode(
        replace(
            last,
            n=position.n + 1,
            parent=position.head,
            device=found.opened.device,
            device_seq=chain.seq + 1,
            device_prev=chain.hash,
            keyring=found.opened.trusted.hash,
            entries=(entry,),
        )
    )
    _deliver(scene, SignedPage(data, found.opened.signing.signing.sign(stored.signed_bytes(data))))


def _deliver(scene: Scene, forged: SignedPage) -> None:
    n = stored.decode(forged.data).n

    def change(value: dict[str, Any]) -> None:
        value |= {"n": n, "head": head_of(forged), "pages": [shown(forged)]}

    scene.house.tricks.append(on("/v1/pages?", change))


LIES: dict[str, tuple[Callable[[Scene], None], str]] = {
    "the whole log is an older one": (roll_back, "log.rolled_back"),
    "another page at a known number": (another_page, "log.forked"),
    "a page that continues another history": (another_parent, "log.forked"),
    "a page in the middle is left out": (omit_a_page, "log.omitted"),
    "a head whose pages do not come": (omit_all_pages, "log.omitted"),
    "the end is left out": (omit_the_last_page, "log.omitted"),
    "an older list of devices": (old_keyring, "keyring.rolled_back"),
    "a device that nobody linked": (added_device, "keyring.bad_mac"),
    "a device added with a stolen account key": (unsigned_device, "keyring.bad_signature"),
    "a list of devices that continues nothing": (broken_chain, "keyring.broken_chain"),
    "a page by a stranger": (foreign_page, "log.device"),
    "a page that its device did not sign": (unsigned_page, "log.bad_signature"),
    "a deleted object returns": (resurrected, "log.resurrected"),
    "an invented conflict": (invented_conflict, "log.version"),
}


@pytest.mark.parametrize("lie", LIES, ids=[name.replace(" ", "-") for name in LIES])
def test_each_lie_has_its_reason_and_stops_writing(scene: Scene, lie: str) -> None:
    trick, reason = LIES[lie]
    trick(scene)
    before = scene.reader.replica.position
    rows = before.n
    with pytest.raises(VaultError) as caught:
        scene.reader.sync()
    assert caught.value.reason == reason
    assert scene.reader.replica.position.n >= rows
    assert scene.reader.replica.stopped == reason
    scene.house.tricks.clear()
    scene.reader.write("Not sent")
    posts = [one for one in scene.house.calls if one.method == "POST" and one.path == "/v1/pages"]
    with pytest.raises(VaultError, match=reason.replace(".", r"\.")):
        scene.reader.push()
    assert [one for one in scene.house.calls if one.method == "POST" and one.path == "/v1/pages"] == posts
    assert scene.reader.replica.chats()


def of_bodies(change: Callable[[int, bytes], tuple[int, bytes]]) -> Callable[[Call, Reply], Reply]:
    """A trick on delivered bodies: mark and bytes of each."""

    def trick(call: Call, reply: Reply) -> Reply:
        if call.path != "/v1/bodies/fetch" or reply.status != 200:
            return reply
        data, at, made = reply.data, 0, b""
        while at < len(data):
            size = int.from_bytes(data[at + 1 : at + 5])
            mark, body = change(data[at], data[at + 5 : at + 5 + size])
            made += bytes([mark]) + len(body).to_bytes(4) + body
            at += 5 + size
        return Reply(200, made)

    return trick


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda mark, body: (mark, body[:-1] + bytes([body[-1] ^ 1])), "object.swapped"),
        (lambda mark, body: (1, b""), "object.missing"),
    ],
    ids=["other-bytes", "not-delivered"],
)
def test_a_body_that_does_not_hold_concerns_that_object_alone(scene: Scene, change: Any, reason: str) -> None:
    scene.house.tricks.append(of_bodies(change))
    scene.reader.sync()
    troubled = scene.reader.replica.store.troubled()
    assert {one.trouble for one in troubled} == {reason}
    assert len(troubled) == 3
    assert scene.reader.replica.stopped is None
    assert [len(one["nodes"]) for one in scene.reader.seen().values()] == [1]


def test_two_swapped_bodies_are_seen(scene: Scene) -> None:
    kept: list[bytes] = []

    def swap(mark: int, body: bytes) -> tuple[int, bytes]:
        kept.append(body)
        return mark, kept[-2] if len(kept) % 2 == 0 else body

    scene.house.tricks.append(of_bodies(swap))
    scene.reader.sync()
    assert {one.trouble for one in scene.reader.replica.store.troubled()} == {"object.swapped"}


def test_an_account_key_of_the_services_own_is_refused(tmp_path: Path) -> None:
    """It knows the public key of the code's opener and seals another key to it: only the tag tells."""
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    half = laptop.replica.opened.half
    ring = laptop.replica.opened.trusted.keyring
    code = next(one for one in ring.openers if one.kind == opener.Kind.RECOVERY)

    def change(value: dict[str, Any]) -> None:
        records = [opener.decode(octets(one)) for one in value["openers"]]
        absent = half.openers[code.id].absent
        foreign = opener.Absent(absent.public_key, type(absent.lock)(bytes(32)))
        for at, one in enumerate(records):
            if one.id == code.id:
                made = opener.seal_again(
                    one, foreign, AccountKey(bytes(32)), account=ring.account, epoch=1, encapsulate=xwing.encapsulate
                )
                value["openers"][at] = text_of(opener.encode(made))

    house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError) as caught:
        house.recover(tmp_path / "desktop", laptop.code)
    assert caught.value.reason == "opener.foreign"
    house.close()


def test_a_record_of_the_same_account_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    """A record from before, rightly tagged, is not the one that the keyring names."""
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    found = laptop.replica.opened
    code = next(one for one in found.trusted.keyring.openers if one.kind == opener.Kind.RECOVERY)

    def change(value: dict[str, Any]) -> None:
        for at, text in enumerate(value["openers"]):
            one = opener.decode(octets(text))
            if one.id == code.id:
                absent = found.half.openers[code.id].absent
                made = opener.seal_again(
                    one, absent, found.key, account=found.account, epoch=1, encapsulate=xwing.encapsulate
                )
                value["openers"][at] = text_of(opener.encode(made))

    house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError) as caught:
        house.recover(tmp_path / "desktop", laptop.code)
    assert caught.value.reason == "opener.unlisted"
    house.close()


def test_a_swapped_card_is_refused(tmp_path: Path) -> None:
    """The service puts a card of its own where the new device's was."""
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    mine, other = house.ground(tmp_path / "phone"), house.ground(tmp_path / "stranger")
    shown_card = house.run(linking.offer(mine, now=house.now))
    foreign = house.run(linking.offer(other, now=house.now))
    link = pairing.read_link(shown_card.link)

    def trick(call: Call, reply: Reply) -> Reply:
        return Reply(200, foreign.offered.card) if call.path.endswith("/card") else reply

    house.tricks.append(trick)
    with pytest.raises(VaultError, match=r"pairing\.card_changed"):
        house.run(linking.answer(laptop.replica, laptop.way, link, now=house.now))
    house.close()


def test_a_granted_head_that_the_log_lacks_is_a_rollback(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    position = laptop.replica.position
    accounts.at_least(laptop.replica, position.n, position.head)
    with pytest.raises(VaultError, match=r"log\.rolled_back"):
        accounts.at_least(laptop.replica, position.n + 1, position.head)
    with pytest.raises(VaultError, match=r"log\.forked"):
        accounts.at_least(laptop.replica, position.n, bytes(32))
    house.close()


def test_a_keyring_that_is_promised_and_not_delivered_is_seen(scene: Scene) -> None:
    scene.house.tricks.append(on("/v1/keyring", lambda value: value.update(newest=value["newest"] + 1)))
    with pytest.raises(VaultError, match=r"keyring\.rolled_back"):
        scene.reader.sync()
    with pytest.raises(VaultError, match=r"keyring\.rolled_back"):
        scene.house.recover(scene.writer.folder.parent / "desktop", scene.writer.code)


def test_another_record_for_this_device_is_seen(scene: Scene) -> None:
    """A record from before a rotation, say: rightly tagged, and not the one that the keyring names."""
    found = scene.reader.replica.opened
    own = scene.reader.replica.store.get("opener")
    assert own is not None

    def change(value: dict[str, Any]) -> None:
        for at, text in enumerate(value["openers"]):
            one = opener.decode(octets(text))
            if one.id == own:
                absent = found.half.openers[own].absent
                again = opener.seal_again(
                    one, absent, found.key, account=found.account, epoch=1, encapsulate=xwing.encapsulate
                )
                value["openers"][at] = text_of(opener.encode(again))

    scene.house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError, match=r"opener\.unlisted"):
        scene.reader.sync()


def test_a_code_whose_stored_record_does_not_open_makes_no_account(tmp_path: Path) -> None:
    """The client opens what the service keeps with the code, before it says that the account is made."""
    house = House(tmp_path)

    def change(value: dict[str, Any]) -> None:
        for at, text in enumerate(value["openers"]):
            one = opener.decode(octets(text))
            if one.kind is opener.Kind.RECOVERY:
                value["openers"][at] = text_of(opener.encode(replace(one, commit=bytes(32))))

    house.tricks.append(on("/v1/keyring", change))
    with pytest.raises(VaultError, match=r"opener\.wrong_key"):
        house.create(tmp_path / "laptop")
    house.close()


def test_a_token_for_another_account_than_was_begun_is_refused(tmp_path: Path) -> None:
    house = House(tmp_path)

    def trick(call: Call, reply: Reply) -> Reply:
        if call.path != "/v1/account/finish":
            return reply
        return Reply(reply.status, json.dumps(json.loads(reply.data) | {"account": text_of(bytes(16))}).encode())

    house.tricks.append(trick)
    with pytest.raises(VaultError, match=r"keyring\.foreign"):
        house.create(tmp_path / "laptop")
    house.close()


def test_a_new_device_that_is_shown_an_older_keyring_than_was_granted_does_not_enter(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")

    def change(value: dict[str, Any]) -> None:
        value["newest"] = 1
        del value["keyrings"][1:]
        value["keyrings"][0]["private"] = text_of(laptop.replica.store.get("private") or b"")

    ground = house.ground(tmp_path / "phone")
    shown_link, answered = _confirmed(house, laptop, ground)
    house.tricks.append(on("/v1/keyring", change))
    sealed = house.run(linking.poll(shown_link.channel, "grant"))
    assert sealed is not None
    with pytest.raises(VaultError, match="the keyring that the other device named"):
        house.run(linking.enter(ground, answered, sealed, label="phone"))
    house.close()


def _confirmed(house: House, laptop: Machine, ground: accounts.Ground) -> tuple[linking.Shown, pairing.Answered]:
    """A link up to its grant."""
    shown_link = house.run(linking.offer(ground, now=house.now))
    link = pairing.read_link(shown_link.link)
    replied = house.run(linking.answer(laptop.replica, laptop.way, link, now=house.now))
    answered = house.run(linking.reveal(shown_link, house.run(linking.poll(shown_link.channel, "answer")) or b""))
    state = replied.revealed(house.run(linking.poll(shown_link.channel, "reveal")) or b"", now=house.now)
    confirmed = house.run(linking.typed(laptop.way, link.channel, state, answered.code, now=house.now))
    assert isinstance(confirmed, pairing.Confirmed)
    laptop.prove()
    house.run(linking.grant(laptop.replica, laptop.way, link.channel, confirmed, label="phone", now=house.now))
    return shown_link, answered


def test_a_link_to_another_service_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    shown_link = house.run(linking.offer(house.ground(tmp_path / "phone"), now=house.now))
    link = pairing.read_link(shown_link.link.replace("http://localhost:8080", "https://elsewhere.example"))
    before = len(house.calls)
    with pytest.raises(VaultError, match=r"pairing\.foreign"):
        house.run(linking.answer(laptop.replica, laptop.way, link, now=house.now))
    assert len(house.calls) == before
    house.close()


def test_three_wrong_codes_burn_the_channel_at_the_service_too(tmp_path: Path) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    with pytest.raises(VaultError, match=r"pairing\.burnt"):
        house.link(tmp_path / "phone", laptop, wrong=3)
    last = house.calls[-1]
    assert last.method == "DELETE"
    channel = octets(last.path.rpartition("/")[2])
    with pytest.raises(ServiceRefused, match=r"pairing\.burnt"):
        house.run(linking.poll(channel, "grant"))
    house.close()


def test_a_message_in_a_chat_whose_deletion_waits_goes_with_it_and_is_offered(scene: Scene) -> None:
    scene.reader.sync()
    chat = scene.reader.replica.chats()[0]
    edits.delete_chat(scene.reader.replica, chat)
    scene.writer.say(chat, "Written meanwhile")
    scene.writer.sync()
    scene.reader.sync()
    scene.writer.sync()
    assert scene.writer.seen() == scene.reader.seen() == {}
    assert [one.text.value for _, one in edits.offers(scene.reader.replica)] == ["Written meanwhile"]
    assert scene.reader.replica.store.items(box=chat)[0].deleted
