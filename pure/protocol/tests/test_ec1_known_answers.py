"""The shared known answers of EC1: every byte of HELLO and three RUNs, and twelve responses that must be refused."""

import hashlib

import pytest
from privity_protocol import kdf, labels, xwing_seed
from privity_protocol.errors import Malformed, NotAuthentic, PrivityError
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.padding import padme
from privity_protocol.records import Kind
from privity_protocol.request_reader import RequestReader
from privity_protocol.response import End, Next, ResponseReader
from privity_protocol.run import begin_run
from shared_vectors import shared

REFUSED = {
    "truncated: last record (CLOSE) missing": "truncated",
    "flipped tag bit": "not_authentic",
    "two records swapped": "not_authentic",
    "confirm flipped": "not_authentic",
    "record size field changed": "not_authentic",
    "duplicate of first record appended": "after_close",
    "authentic DATA after CLOSE": "after_close",
    "authentic DATA after END": "order",
    "no END before CLOSE": "order",
    "non-zero padding": "padding_nonzero",
    "unknown record type": "record_type",
    "length beyond record": "record_length",
}


@pytest.fixture(scope="module")
def kat():
    document = shared("project/ec1-kat.json")
    case = document["ec1"][0]
    return {name: unhex(value) for name, value in case.items()}


def unhex(value):
    if isinstance(value, str):
        try:
            return bytes.fromhex(value)
        except ValueError:
            return value
    if isinstance(value, list):
        return [unhex(entry) for entry in value]
    if isinstance(value, dict):
        return {name: unhex(entry) for name, entry in value.items()}
    return value


def recorded(public_key, ciphertext, secret):
    """An encapsulation that was recorded: `cryptography` cannot repeat one from its seed."""

    def encapsulate(given):
        assert given == public_key
        return ciphertext, secret

    return encapsulate


@pytest.fixture
def hello(kat):
    node = xwing_seed.from_seed(kat["node_seed"])
    ephemeral = xwing_seed.from_seed(kat["client_ephemeral_seed"])
    document = kat["node_document"].encode()
    request, response = kat["hello_request"], kat["hello_response"]
    outward = recorded(node.public_key, request[16:1136], kat["hello_shared_secret"])
    sent, made = begin_hello(node_key=node.public_key, node_document=document, encapsulate=outward, ephemeral=ephemeral)
    back = recorded(ephemeral.public_key, response[8:1128], ephemeral.decapsulate(response[8:1128]))
    answered, chain = answer_hello(
        made, key=node, node_document=document, sid=kat["session_id"], ttl=kat["ttl"], encapsulate=back
    )
    return sent, made, answered, chain


def test_hello_bytes(kat, hello) -> None:
    sent, made, answered, chain = hello
    assert made == kat["hello_request"]
    assert answered == kat["hello_response"]
    session = sent.finish(answered)
    assert (session.sid, session.kid, session.ttl) == (kat["session_id"], kat["kid"], 120)
    salt = b"probe"
    assert session.chain.extract(salt) == chain.extract(salt) == kdf.extract(salt, kat["chain_0"])
    assert kdf.sha256(labels.HELLO_TRANSCRIPT, made) == kat["hello_transcript_hash"]


def test_report_data(kat) -> None:
    document = kat["node_document"].encode()
    assert hashlib.sha512(b"EC1 node document v1\0" + document).digest() == kat["report_data"]


def node_response(turn, received):
    writer, opening = received.response(record_size=turn["record_size"], entropy=lambda _: turn["server_random"])
    call = {
        Kind.PAD: lambda data: writer.pad(),
        Kind.DATA: writer.data,
        Kind.END: writer.end,
        Kind.NEXT: lambda data: writer.next(data[:16], int.from_bytes(data[16:], "big")),
        Kind.CLOSE: lambda data: writer.close(),
    }
    return writer, opening + b"".join(call[Kind(kind)](data or b"") for kind, data in turn["response_frames"])


def test_every_turn_and_every_refusal(kat, hello) -> None:
    sent, _, answered, chain = hello
    session = sent.finish(answered)
    for index, turn in enumerate(kat["turns"]):
        assert session.sid == turn["session_id"]
        waiting, request = begin_run(session, turn["payload"], entropy=lambda _, turn=turn: turn["client_random"])
        assert request == turn["run_request"]
        reader = RequestReader(chain, request[:32])
        reader.feed(request[32:])
        received = reader.finish()
        assert received.payload == turn["payload"]
        writer, response = node_response(turn, received)
        assert response == turn["run_response"]
        secret, transcript = waiting._secret[0], waiting._transcript
        if index == 0:
            refusals(kat, session, secret, transcript)
        events = waiting.response()
        seen = events.feed(response)
        events.eof()
        assert events.complete
        assert b"".join(event.data for event in seen if hasattr(event, "data")) == turn["response_plaintext"]
        assert sum(isinstance(event, End) for event in seen) == 1
        chain = writer.next_chain()
        assert next((event for event in seen if isinstance(event, Next)), None) == (
            Next(turn["next"][:16], 600) if turn["next"] else None
        )
        following = events.next_session()
        if following is None:
            assert turn["next"] is None
            assert chain.extract(b"") == kdf.extract(b"", turn["chain_out"])
        else:
            assert following.position == index + 1
            session = following


def read_whole(reader, response):
    reader.feed(response)
    reader.eof()


def refusals(kat, session, secret, transcript) -> None:
    for case in kat["negative"]:
        assert case["turn"] == 0
        reader = ResponseReader(session, secret, transcript)
        with pytest.raises(PrivityError) as caught:
            read_whole(reader, case["run_response"])
        assert isinstance(caught.value, Malformed | NotAuthentic)
        assert caught.value.reason == REFUSED[case["what"]]
    assert len(kat["negative"]) == len(REFUSED) == 12


def test_padme() -> None:
    assert [padme(length) for length, _ in shared("project/ec1-kat.json")["padme"]] == [
        padded for _, padded in shared("project/ec1-kat.json")["padme"]
    ]
