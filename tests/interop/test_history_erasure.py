"""Erasing an account at the real service: the proof that it takes, the promise that comes back, and lies about it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from history_stand import House, Machine
from privity_client.history import erasure
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
    assert set(erased.document()) == {"receipt", "signature", "key", "page", "day", "backup_days"}
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
