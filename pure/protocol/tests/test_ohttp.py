"""Oblivious HTTP against what was published, against its vectors in every cut, and against the channel's own HPKE."""

import json

import make_ohttp_vectors as maker
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol import hpke as channel_hpke
from privity_protocol.errors import LimitExceeded, Malformed, NotAuthentic, PrivityError, StateError
from privity_protocol.ohttp import binary_http, hpke, integer, keys
from privity_protocol.ohttp.binary_http import Reader, Request, Response
from privity_protocol.ohttp.encapsulation import Received, Sent, request_chunks
from privity_protocol.ohttp.forms import CHUNKED, MAX_CHUNKS, MAX_PLAIN, OPENING, WHOLE
from shared_vectors import OWN, shared

CASES = [one for name in maker.FILES for one in json.loads((OWN / f"ohttp/{name}.json").read_text())["cases"]]
KEY = X25519PrivateKey.from_private_bytes(bytes(range(32)))
RING = {7: KEY}


@pytest.mark.parametrize("size", [2**20, 1, 7])
@pytest.mark.parametrize("one", CASES, ids=lambda one: one["id"])
def test_a_case_gives_what_it_expects_however_it_is_cut(one, size: int) -> None:
    if "ok" in one["expect"]:
        assert maker.operation(one["op"], one["input"], size) == one["expect"]["ok"]
        return
    with pytest.raises(PrivityError) as caught:
        maker.operation(one["op"], one["input"], size)
    assert caught.value.reason == one["expect"]["error"]


def test_the_files_are_those_that_the_script_writes_and_most_cases_must_fail() -> None:
    assert {name: (OWN / "ohttp" / name).read_text() for name in maker.made()} == maker.made()
    assert sum("error" in one["expect"] for one in CASES) > len(CASES) / 2


def test_what_was_published_is_among_them() -> None:
    told = {one["id"]: one["expect"] for one in CASES}
    assert told["open_response: RFC 9458: a response"] == {"ok": {"message": "0140c8"}}
    assert told["open_response: the draft: a response"] == {"ok": {"message": "0140c8"}}
    assert told["open_request: the draft: a request"] == {"ok": {"message": maker.RFC["message"]}}
    assert told["seal_request: RFC 9458: sealing"] == {"ok": {"request": maker.RFC["request"]}}


def test_the_official_vectors_of_hpke_open_and_export() -> None:
    found = [one for one in shared("hpke/rfc9180-x25519.json") if (one["mode"], one["aead_id"]) == (0, 3)]
    assert found
    for vector in found:
        raw = {name: bytes.fromhex(one) for name, one in vector.items() if isinstance(one, str)}
        key = X25519PrivateKey.from_private_bytes(raw["skRm"])
        context = hpke.receiver(key, raw["enc"], hpke.AEADS[3], raw["info"])
        for one in vector["encryptions"]:
            assert context.open(bytes.fromhex(one["ct"]), bytes.fromhex(one["aad"])) == bytes.fromhex(one["pt"])
        for one in vector["exports"]:
            assert context.export(bytes.fromhex(one["exporter_context"]), one["L"]).hex() == one["exported_value"]


@pytest.mark.parametrize("number", sorted(hpke.AEADS))
def test_the_key_schedule_is_that_of_the_channels_hpke(number: int) -> None:
    aead, info = hpke.AEADS[number], b"info"
    suite = channel_hpke.Suite(0x20, 1, number, "sha256", 32, aead.key, aead.cipher)
    shared = b"s" * 32
    theirs = channel_hpke.Context(suite, *channel_hpke.schedule(suite, shared, info))
    ours = hpke.Context(aead, shared, info)
    for turn in range(3):
        assert ours.seal(b"%d" % turn, b"aad") == theirs.seal(b"aad", b"%d" % turn)
    assert ours.export(b"what", 41) == theirs.export(b"what", 41)


@settings(max_examples=40)
@given(message=st.binary(max_size=50_000), entropy=st.binary(min_size=32, max_size=32), number=st.sampled_from([1, 3]),
       cut=st.integers(1, 40_000))  # fmt: skip
def test_both_ways_in_both_forms_give_what_was_put_in(message: bytes, entropy: bytes, number: int, cut: int) -> None:
    configuration = keys.Configuration(7, KEY.public_key().public_bytes_raw(), (number,))
    sent = Sent(configuration, WHOLE, entropy=lambda _: entropy)
    request = sent.whole(message)
    received = Received(request[:OPENING], WHOLE, RING)
    assert received.open(request[OPENING:], final=False) == message
    assert sent.open_whole(received.answer(lambda size: entropy[:size]).whole(message)) == message
    sent = Sent(configuration, CHUNKED, entropy=lambda _: entropy)
    reader, exchange = request_chunks(RING)
    assert maker.fed(reader, sent.chunks(message), cut) == message
    answering = exchange().answer(lambda size: entropy[:size])
    parts = answering.opening + answering.chunks(message) + answering.chunks(b"more") + answering.last(b"end")
    assert maker.fed(sent.open_chunks(), parts, cut) == message + b"moreend"


@settings(max_examples=60)
@given(data=st.binary(max_size=300), response=st.booleans(), size=st.integers(1, 50))
def test_any_bytes_are_a_message_or_one_of_the_documented_failures(data: bytes, response: bool, size: int) -> None:
    for head in (b"", b"\x00", b"\x01", b"\x02", b"\x03"):
        given = {"message": (head + data).hex()}
        reason = maker.failure("read_response" if response else "read_request", given, size)
        assert reason in {"", "truncated", "header", "member_value", "order", "too_large", "padding_nonzero"}


@given(fields=st.lists(st.tuples(st.from_regex(rb"\A[a-z-]{1,9}\Z"), st.from_regex(rb"\A[!-~]{0,9}\Z")), max_size=5),
       content=st.binary(max_size=200), size=st.integers(1, 99))  # fmt: skip
def test_what_is_written_is_read(fields: list[tuple[bytes, bytes]], content: bytes, size: int) -> None:
    request = Request(b"POST", b"https", b"run.example", b"/ec1/run", tuple(fields))
    told = maker.shown(request, content)
    assert maker.read(binary_http.encode_request(request, content), response=False, size=size) == told
    response = Response(200, tuple(fields))
    told = maker.shown(response, content)
    assert maker.read(binary_http.encode_response(response, content), response=True, size=size) == told
    pieces = b"".join(binary_http.piece(content[at : at + 7]) for at in range(0, len(content), 7))
    message = binary_http.begin_response(response) + pieces + binary_http.END
    assert maker.read(message, response=True, size=size) == told


def test_integers_at_their_bounds() -> None:
    for value in (0, 63, 64, 16_383, 16_384, 2**30 - 1, 2**30, integer.MOST):
        written = integer.encode(value)
        assert integer.read(written, 0) == (value, len(written))
        assert integer.read(written[:-1], 0) is None
    for wrong in (-1, integer.MOST + 1):
        with pytest.raises(LimitExceeded):
            integer.encode(wrong)


def test_our_own_misuse_is_ours() -> None:
    with pytest.raises(AssertionError):
        binary_http.piece(b"")
    reader = Reader(response=True)
    reader.feed(bytes.fromhex("0140c8"))
    assert reader.finish() == Response(200)
    with pytest.raises(StateError):
        reader.feed(b"\0")
    with pytest.raises(Malformed, match="suite"):
        Sent(keys.Configuration(1, bytes(32), ()), WHOLE, entropy=bytes)
    with pytest.raises(Malformed, match="key"):
        Sent(keys.Configuration(1, bytes(32)), WHOLE, entropy=lambda size: b"1" * size)
    assert "secret" in repr(hpke.Context(hpke.AEADS[1], b"s", b""))


def test_a_message_of_many_chunks_takes_the_largest_ones() -> None:
    configuration = keys.Configuration(7, KEY.public_key().public_bytes_raw())
    sent = Sent(configuration, CHUNKED, entropy=lambda size: b"e" * size)
    message = bytes(3 * MAX_PLAIN)
    request = sent.chunks(message)
    assert len(request) == OPENING + 2 * (4 + MAX_PLAIN + 16) + 1 + MAX_PLAIN + 16
    assert maker.fed(request_chunks(RING)[0], request, 4096) == message
    assert X25519PublicKey.from_public_bytes(request[7:39])
    with pytest.raises(NotAuthentic):
        maker.fed(request_chunks({7: X25519PrivateKey.generate()})[0], request, 4096)


@pytest.mark.parametrize("size", [2**20, 1000, 1])
def test_a_head_that_goes_on_beyond_its_bound_is_refused(size: int) -> None:
    long, begun = b"\x01a" + integer.encode(16_000) + b"v" * 16_000, b"\x01b" + integer.encode(1000) + b"v" * 500
    message = bytes.fromhex("0204504f535405687474707300022f78") + long + begun
    assert maker.failure("read_request", {"message": message.hex()}, size) == "too_large"


def test_key_configurations_that_are_written_are_read() -> None:
    public = KEY.public_key().public_bytes_raw()
    offered = (keys.Configuration(7, public), keys.Configuration(1, public, (3,)))
    assert keys.decode(keys.encode(offered)) == offered
    assert keys.decode_one(keys.encode_one(offered[1])) == offered[1]
    with pytest.raises(Malformed, match="header"):
        keys.decode_one(b"\x01\x00\x10" + bytes(40))
    with pytest.raises(Malformed, match="size"):
        Sent(keys.Configuration(1, public[:-1]), WHOLE, entropy=lambda size: b"1" * size)


def test_a_last_chunk_and_an_answer_have_their_bounds() -> None:
    sent = Sent(keys.Configuration(7, KEY.public_key().public_bytes_raw()), CHUNKED, entropy=lambda size: b"e" * size)
    reader, _ = request_chunks(RING)
    with pytest.raises(Malformed, match="too_large"):
        reader.feed(sent.opening + integer.encode(0) + bytes(MAX_PLAIN + 17))
    reader, exchange = request_chunks(RING)
    reader.feed(sent.chunks(b""))
    answering = exchange().answer(bytes)
    answering._keys._count = MAX_CHUNKS
    with pytest.raises(LimitExceeded, match="record_limit"):
        answering.chunks(b"x")
