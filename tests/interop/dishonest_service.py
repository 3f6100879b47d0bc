"""Tricks of an account service: what it does to the answers of the real one before they reach a client."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from history_stand import Chance, House, Machine
from privity_client.history import custody, edits
from privity_client.history.calls import Call, Reply, text_of
from privity_protocol.canonical import base64url_decode
from privity_protocol.stored import page as stored
from privity_protocol.stored.keyring import Device
from privity_vault import keyring
from privity_vault.page import SignedPage
from privity_vault.secret import AccountKey

SPECIFICATION = Path(__file__).resolve().parents[2] / "specs/history.md"


def promised(heading: str) -> dict[str, str]:
    """The rows of one table of the specification: trick to reason."""
    rows = SPECIFICATION.read_text().split(f"| {heading} | |\n|---|---|\n")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| (.+) \| `([a-z._]+)` \|$", rows, re.MULTILINE))


@dataclass
class Scene:
    """Two devices: `writer` has written `pages`, `reader` knew of them up to page `known` when the trick begins."""

    house: House
    writer: Machine
    reader: Machine
    known: int


def scenes(tmp_path: Path) -> Iterator[Scene]:
    """The scene of one test, closed at its end."""
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


def another_keyring(scene: Scene) -> None:
    """The known revision has other bytes, though a device signed them."""
    found = scene.writer.replica.opened
    ring = found.trusted.keyring
    claim = keyring.write(replace(ring, day=ring.day + 1), found.keys, found.signing.signing, rises=False)

    def change(value: dict[str, Any]) -> None:
        value["keyrings"][0] = _row(ring.revision, claim)

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
        value["keyrings"].append(_row(value["newest"], claim))

    return change


def _row(revision: int, claim: keyring.Claim) -> dict[str, Any]:
    row = {"public": text_of(claim.public), "private": None, "mac": text_of(claim.mac), "mac_before": None}
    return {"revision": revision, **row, "signature": text_of(claim.signature)}


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
