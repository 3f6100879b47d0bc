"""Erasing an account at the real service: the proof that it takes, the promise that comes back, and lies about it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from history_stand import Cut, House, Machine
from privity_client.history import edits, erasure
from privity_client.history.calls import Call, Reply
from privity_client.history.reasons import ServiceRefused
from privity_protocol.canonical import base64url_decode, base64url_encode
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import erasure as stored


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def laptop(house: House, tmp_path: Path) -> Machine:
    (tmp_path / "laptop").mkdir()
    made = house.create(tmp_path / "laptop")
    made.write("The canary's question")
    made.sync()
    return made


def test_an_account_is_erased_and_the_promise_can_be_held_up(house: House, laptop: Machine) -> None:
    laptop.prove()
    erased = house.run(erasure.account(laptop.replica, laptop.way))
    stored.verify(erased.receipt, erased.signature, erased.key)
    assert (erased.said.n, erased.said.backup_days) == (laptop.replica.position.n, 30)
    names = {"receipt", "signature", "key", "account", "ids", "page", "day", "backup_days"}
    assert set(erased.document()) == names
    with pytest.raises(ServiceRefused, match=r"access\."):
        laptop.sync()


def test_it_takes_a_fresh_proof(house: House, laptop: Machine) -> None:
    house.now += 301  # the proof that made the account is fresh for five minutes
    with pytest.raises(ServiceRefused, match=r"access\.scope"):
        house.run(erasure.account(laptop.replica, laptop.way))
    laptop.sync()


def test_a_promise_that_is_not_signed_or_for_something_else_is_refused(house: House, laptop: Machine) -> None:
    def unsigned(call: Call, reply: Reply) -> Reply:
        return Reply(reply.status, other(reply.data)) if call.path == "/v1/account" else reply

    laptop.prove()
    house.tricks.append(unsigned)
    with pytest.raises((NotAuthentic, Malformed)):
        house.run(erasure.account(laptop.replica, laptop.way))


def other(answer: bytes) -> bytes:
    """The answer with one bit of its signature changed."""
    value = json.loads(answer)
    signature = bytearray(base64url_decode(value["signature"]) or b"")
    signature[0] ^= 1
    return json.dumps({**value, "signature": base64url_encode(bytes(signature))}).encode()


def test_a_receipt_for_other_ids_is_no_receipt_of_the_account(house: House, laptop: Machine) -> None:
    key = Ed25519PrivateKey.generate()
    receipt = stored.encode(stored.Receipt(stored.ids_hash(laptop.replica.opened.account, (bytes(16),)), 1, 1, 30))
    signed = key.sign(stored.signed_bytes(receipt))

    def lies(call: Call, reply: Reply) -> Reply:
        value = json.loads(reply.data) if call.path in ("/v1/service", "/v1/account") else None
        if call.path == "/v1/service":
            value["erasure_key"] = base64url_encode(key.public_key().public_bytes_raw())
        if call.path == "/v1/account":
            value = {"receipt": base64url_encode(receipt), "signature": base64url_encode(signed)}
        return reply if value is None else Reply(reply.status, json.dumps(value).encode())

    laptop.prove()
    house.tricks.append(lies)
    with pytest.raises(Malformed, match="something else"):
        house.run(erasure.account(laptop.replica, laptop.way))


def deleted(laptop: Machine) -> None:
    """Delete the only chat, and send that."""
    edits.delete_chat(laptop.replica, laptop.replica.chats()[0])
    laptop.sync()


def test_the_promise_for_a_deleted_chat_is_kept(house: House, laptop: Machine) -> None:
    assert erasure.kept(laptop.replica) == []
    deleted(laptop)
    again = laptop.reopen()
    (kept,) = erasure.kept(again.replica)
    assert kept.promise is not None
    assert (kept.n, len(kept.ids)) == (again.replica.position.n, 3)
    stored.verify(kept.promise.receipt, kept.promise.signature, kept.promise.key)


def with_receipt(value, **change: str):
    """The answer to a page with another receipt."""
    return value | {"erasure": value["erasure"] | change}


LIES = {
    "no receipt": lambda value: value | {"erasure": None},
    "another signature": lambda value: with_receipt(value, signature=base64url_encode(bytes(64))),
    "bytes that are none": lambda value: with_receipt(value, receipt=base64url_encode(bytes(9))),
}


@pytest.mark.parametrize("what", LIES)
def test_where_no_promise_holds_that_is_kept(house: House, laptop: Machine, what: str) -> None:
    def lies(call: Call, reply: Reply) -> Reply:
        if (call.method, call.path) != ("POST", "/v1/pages"):
            return reply
        value = json.loads(reply.data)
        return reply if value["erasure"] is None else Reply(reply.status, json.dumps(LIES[what](value)).encode())

    house.tricks.append(lies)
    deleted(laptop)
    assert [one.promise for one in erasure.kept(laptop.replica)] == [None]
    assert laptop.replica.store.waits() == 0


def test_a_key_that_comes_later_signs_nothing(house: House, laptop: Machine) -> None:
    laptop.write("Another")
    laptop.sync()
    deleted(laptop)
    house.house = replace(house.house, erasure=Ed25519PrivateKey.generate())
    house.serve()
    deleted(laptop)
    assert [one.promise is None for one in erasure.kept(laptop.replica)] == [False, True]


def test_after_a_lost_answer_the_promise_is_asked_for_again(house: House, laptop: Machine) -> None:
    edits.delete_chat(laptop.replica, laptop.replica.chats()[0])
    house.cut_after(2, arrived=True)
    with pytest.raises(Cut):
        laptop.push()
    house.tricks.clear()
    house.before.clear()
    laptop.sync()
    (kept,) = erasure.kept(laptop.replica)
    assert kept.promise is not None
