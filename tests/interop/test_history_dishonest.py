"""A service that breaks its promise, one trick at a time, before the real one's answers reach the client.

Each sentence has the reason code that the client gives; after one of the log or keyring it writes nothing any more.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dishonest_service import (
    Scene,
    added_device,
    another_keyring,
    another_page,
    another_parent,
    broken_chain,
    foreign_page,
    invented_conflict,
    old_keyring,
    omit_a_page,
    omit_all_pages,
    omit_the_last_page,
    promised,
    resurrected,
    roll_back,
    scenes,
    unsigned_device,
    unsigned_page,
)
from privity_client.history.calls import Call, Reply
from privity_client.history.reasons import ServiceRefused
from privity_vault.errors import VaultError


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    yield from scenes(tmp_path)


LIES: dict[str, tuple[Callable[[Scene], None], str]] = {
    "the whole log is an older one": (roll_back, "log.rolled_back"),
    "another page at a known number": (another_page, "log.forked"),
    "a page that continues another history": (another_parent, "log.forked"),
    "a page in the middle is left out": (omit_a_page, "log.omitted"),
    "a head whose pages do not come": (omit_all_pages, "log.omitted"),
    "the end is left out": (omit_the_last_page, "log.omitted"),
    "an older list of devices": (old_keyring, "keyring.rolled_back"),
    "another list of devices under a known revision": (another_keyring, "keyring.rolled_back"),
    "a device that nobody linked": (added_device, "keyring.bad_mac"),
    "a device added with a stolen account key": (unsigned_device, "keyring.bad_signature"),
    "a list of devices that continues nothing": (broken_chain, "keyring.broken_chain"),
    "a page by a stranger": (foreign_page, "log.device"),
    "a page that its device did not sign": (unsigned_page, "log.bad_signature"),
    "a deleted object returns": (resurrected, "log.resurrected"),
    "an invented conflict": (invented_conflict, "log.version"),
}


def test_the_tables_are_those_of_the_specification() -> None:
    assert promised("After this nothing is written any more") == {lie: reason for lie, (_, reason) in LIES.items()}
    bodies = {what: reason for what, _, reason in BODIES} | {SWAPPED: "object.swapped"}
    assert promised("This loses that item alone") == bodies


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


SWAPPED = "another object's body"
BODIES: list[tuple[str, Any, str]] = [
    (
        "a body one bit of which is another",
        lambda mark, body: (mark, body[:-1] + bytes([body[-1] ^ 1])),
        "object.swapped",
    ),
    ("a body that is kept back", lambda mark, body: (1, b""), "object.missing"),
]


@pytest.mark.parametrize(("what", "change", "reason"), BODIES, ids=["other-bytes", "not-delivered"])
def test_a_body_that_does_not_hold_concerns_that_object_alone(
    scene: Scene, what: str, change: Any, reason: str
) -> None:
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


def test_a_conflict_without_end_only_delays(scene: Scene) -> None:
    """Every page is said to come too late: the client gives up for now, and loses nothing."""
    scene.reader.sync()
    chat = scene.reader.write("Patience")
    refusal = json.dumps({"reason": "log.moved", "detail": "", "retry_after": None}).encode()
    scene.house.instead.append(lambda call: Reply(409, refusal) if call.path == "/v1/pages" else None)
    with pytest.raises(ServiceRefused, match=r"log\.moved"):
        scene.reader.push()
    assert scene.reader.replica.stopped is None
    assert scene.reader.seen()[chat.hex()]["title"] == "Patience"
    waiting = [one.object for one in scene.reader.replica.store.waiting()]
    scene.house.instead.clear()
    scene.reader.sync()
    scene.writer.sync()
    assert waiting
    assert scene.reader.replica.store.waiting() == []
    assert scene.writer.seen() == scene.reader.seen()
