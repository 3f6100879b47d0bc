"""Python and TypeScript, each as client and as node of the other: HELLO, chained RUNs, failures, forgeries."""

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from privity_protocol import xwing
from privity_protocol.chain import ChainKey
from privity_protocol.errors import PrivityError
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.pacing import PROFILES, Emission
from privity_protocol.request_reader import RequestReader
from privity_protocol.response import Data, Error
from privity_protocol.run import begin_run
from privity_protocol.session import Session

DOCUMENT = b'{"interop":"hashed as bytes, never parsed by the channel"}'
SIZES = [0, 1, 4077, 4078, 8154, 8155, 50_000]


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """Pieces of `size` bytes."""
    places = [*range(0, len(data), size), len(data)]
    for begin, end in pairwise(places):
        yield data[begin:end]


def emitted(received: Any, profile: str, parts: list[bytes], next_sid: bytes) -> tuple[bytes, ChainKey]:
    """A whole response of the Python node, and the chain key of the next turn."""
    chosen = PROFILES[profile]
    writer, opening = received.response(record_size=chosen.record_size, entropy=os.urandom)
    emission = Emission(chosen, writer)
    emission.announce_next(next_sid, 600)
    left = [opening]
    for part in parts:
        emission.queue(part)
        left.append(emission.tick())
    emission.finish()
    while (record := emission.tick()) is not None:
        left.append(record)
    return b"".join(left), writer.next_chain()


def hello_from_typescript(peer: Any) -> ChainKey:
    """A TypeScript client says hello to a Python node; the node's chain key."""
    key = xwing.generate()
    request = bytes.fromhex(peer.ask("begin_hello", node_key=key.public_key, node_document=DOCUMENT)["request"])
    sid = os.urandom(16)
    response, chain = answer_hello(
        request, key=key, node_document=DOCUMENT, sid=sid, ttl=120, encapsulate=xwing.encapsulate
    )
    assert peer.ask("finish_hello", response=response) == {"sid": sid.hex(), "ttl": 120}
    return chain


def hello_to_typescript(peer: Any) -> Session:
    """A Python client says hello to a TypeScript node."""
    node_key = bytes.fromhex(peer.ask("make_key")["node_key"])
    sent, request = begin_hello(
        node_key=node_key, node_document=DOCUMENT, encapsulate=xwing.encapsulate, ephemeral=xwing.generate()
    )
    sid = os.urandom(16)
    answer = peer.ask("answer_hello", request=request, node_document=DOCUMENT, sid=sid, ttl=77)
    session = sent.finish(bytes.fromhex(answer["response"]))
    assert (session.sid, session.ttl) == (sid, 77)
    return session


def text(events: list[list[Any]]) -> bytes:
    return b"".join(bytes.fromhex(event[1]) for event in events if event[0] in ("data", "end"))


@pytest.mark.parametrize("profile", ["p0", "p1", "p2"])
def test_a_typescript_client_talks_to_a_python_node(peer: Any, profile: str) -> None:
    chain = hello_from_typescript(peer)
    for turn, size in enumerate(SIZES):
        payload = os.urandom(size)
        request = bytes.fromhex(peer.ask("begin_run", payload=payload)["request"])
        reader = RequestReader(chain, request[:32])
        for piece in cut(request[32:], 1000 + turn):
            reader.feed(piece)
        received = reader.finish()
        assert received.payload == payload
        parts = [os.urandom(size % 700), b"", os.urandom(1200)]
        response, chain = emitted(received, profile, parts, os.urandom(16))
        events = []
        for piece in cut(response, 333):
            events += peer.ask("feed_response", data=piece)["events"]
        assert text(events) == b"".join(parts)
        assert [event[0] for event in events].count("next") == 1
        assert peer.ask("end_response") == {"complete": True, "position": turn + 1}


@pytest.mark.parametrize("profile", ["p0", "p1", "p2"])
def test_a_python_client_talks_to_a_typescript_node(peer: Any, profile: str) -> None:
    session: Session | None = hello_to_typescript(peer)
    for size in SIZES:
        assert session is not None
        payload = os.urandom(size)
        sent, request = begin_run(session, payload, entropy=os.urandom)
        pieces = [piece.hex() for piece in cut(request[32:], 5000)]
        assert peer.ask("read_run", header=request[:32], pieces=pieces) == {"payload": payload.hex()}
        parts = [os.urandom(300), os.urandom(size % 900)]
        hexed = [part.hex() for part in parts]
        members = {"profile": profile, "parts": hexed, "next": os.urandom(16).hex(), "ttl": 600, "failure": None}
        response = bytes.fromhex(peer.ask("answer_run", **members)["response"])
        reader = sent.response()
        events = [event for piece in cut(response, 777) for event in reader.feed(piece)]
        reader.eof()
        assert b"".join(event.data for event in events if isinstance(event, Data)) == b"".join(parts)
        session = reader.next_session()


def test_an_inner_error_of_the_typescript_node_reaches_the_python_client(peer: Any) -> None:
    sent, request = begin_run(hello_to_typescript(peer), b"?", entropy=os.urandom)
    peer.ask("read_run", header=request[:32], pieces=[request[32:].hex()])
    members: dict[str, Any] = {"profile": "p1", "parts": [], "next": None, "ttl": 0, "failure": [7, "no such model"]}
    reader = sent.response()
    events = reader.feed(bytes.fromhex(peer.ask("answer_run", **members)["response"]))
    reader.eof()
    assert Error(7, "no such model") in events
    assert not reader.complete


@pytest.mark.parametrize("place", [3, 5, 14, 20, 1200, 2431])
def test_a_changed_hello_gets_the_same_reason_from_both_nodes(peer: Any, place: int) -> None:
    key = xwing.generate()
    _, mine = begin_hello(
        node_key=bytes.fromhex(peer.ask("make_key")["node_key"]),
        node_document=DOCUMENT,
        encapsulate=xwing.encapsulate,
        ephemeral=xwing.generate(),
    )
    theirs = bytes.fromhex(peer.ask("begin_hello", node_key=key.public_key, node_document=DOCUMENT)["request"])
    with pytest.raises(PrivityError) as python:
        answer_hello(
            changed(theirs, place),
            key=key,
            node_document=DOCUMENT,
            sid=bytes(16),
            ttl=1,
            encapsulate=xwing.encapsulate,
        )
    members = {"request": changed(mine, place), "node_document": DOCUMENT, "sid": bytes(16), "ttl": 1}
    assert peer.refusal("answer_hello", **members) == python.value.reason


def changed(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_the_typescript_client_refuses_what_is_not_from_the_node(peer: Any) -> None:
    key = xwing.generate()
    request = bytes.fromhex(peer.ask("begin_hello", node_key=key.public_key, node_document=DOCUMENT)["request"])
    answering: dict[str, Any] = {
        "key": key,
        "node_document": DOCUMENT,
        "sid": bytes(16),
        "ttl": 1,
        "encapsulate": xwing.encapsulate,
    }
    response, _ = answer_hello(request, **answering)
    assert peer.refusal("finish_hello", response=changed(response, 1140)) == "not_authentic"


def test_a_truncated_answer_is_never_complete_in_typescript(peer: Any) -> None:
    chain = hello_from_typescript(peer)
    request = bytes.fromhex(peer.ask("begin_run", payload=b"?")["request"])
    reader = RequestReader(chain, request[:32])
    reader.feed(request[32:])
    response, _ = emitted(reader.finish(), "p1", [b"half of "], os.urandom(16))
    events = peer.ask("feed_response", data=response[: 72 + 512])["events"]
    assert text(events) == b"half of "
    assert peer.refusal("end_response") == "truncated"
