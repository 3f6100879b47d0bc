"""States of the channel: each is consumed by its step, shows no secret, and answers misuse with a documented error."""

import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import vector_hello
import vector_material as m
from channel_fakes import conversation, entropy, node_reader, request, session
from privity_protocol import application, chat, hpke, hpke_sender, kdf, limits, lines, records, xwing, xwing_seed
from privity_protocol.chain import ChainKey
from privity_protocol.errors import LimitExceeded, Malformed, NotAuthentic, StateError
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.line_reader import LineReader
from privity_protocol.pacing import PROFILES, Emission
from privity_protocol.request import encode_request
from privity_protocol.request_reader import RequestReader
from privity_protocol.response import Close, Data, End, Error, Next, Pad
from privity_protocol.run import begin_run


def hello(ephemeral=None, encapsulate=xwing.encapsulate):
    return begin_hello(
        node_key=m.NODE.public_key,
        node_document=m.NODE_DOCUMENT,
        encapsulate=encapsulate,
        ephemeral=ephemeral or xwing.generate(),
    )


def answer(request_bytes, **more):
    given = {"key": m.NODE, "node_document": m.NODE_DOCUMENT, "sid": m.SID, "ttl": 120}
    return answer_hello(request_bytes, encapsulate=xwing.encapsulate, **given | more)


def test_hello_with_real_randomness() -> None:
    sent, made = hello()
    response, chain = answer(made)
    finished = sent.finish(response)
    assert (len(made), len(response)) == (limits.HELLO_REQUEST, limits.HELLO_RESPONSE)
    assert finished.chain.extract(b"x") == chain.extract(b"x")


def test_two_hellos_share_no_byte_but_the_header() -> None:
    (_, one), (_, other) = hello(), hello()
    assert one[:16] == other[:16]
    assert one[16:48] != other[16:48]
    assert answer(one)[0][8:40] != answer(one)[0][8:40]


def test_a_finished_hello_cannot_be_finished_again() -> None:
    sent, made = hello()
    response, _ = answer(made)
    sent.finish(response)
    with pytest.raises(StateError, match="consumed"):
        sent.finish(response)


def test_a_failed_answer_consumes_the_hello_too() -> None:
    sent, made = hello()
    response, _ = answer(made)
    with pytest.raises(NotAuthentic):
        sent.finish(response[:-1] + bytes([response[-1] ^ 1]))
    with pytest.raises(StateError, match="consumed"):
        sent.finish(response)


def test_a_node_refuses_a_handle_of_another_size() -> None:
    _, made = hello()
    with pytest.raises(Malformed, match="size: sid"):
        answer(made, sid=bytes(15))


SMALL_ORDER = (
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
)


@pytest.mark.parametrize("point", SMALL_ORDER, ids=["zero", "one", "order-8"])
def test_points_of_small_order_are_no_error_on_either_side(point: bytes) -> None:
    """X-Wing leaves security to ML-KEM there; a node that failed would answer strangers in a way of its own."""
    ciphertext, secret = xwing.encapsulate(m.NODE.public_key[:1184] + point)
    assert (len(ciphertext), len(secret)) == (1120, 32)
    assert len(m.NODE.decapsulate(ciphertext[:1088] + point)) == 32


def test_a_client_key_of_small_order_gets_an_answer() -> None:
    request_bytes = vector_hello.sealed(m.EPHEMERAL.public_key[:1184] + bytes(32) + bytes(64))
    response, _ = answer(request_bytes)
    assert len(response) == limits.HELLO_RESPONSE


@pytest.mark.parametrize("size", [0, 1119, 1121])
def test_decapsulation_takes_exactly_one_size(size: int) -> None:
    with pytest.raises(Malformed, match="size: X-Wing ciphertext"):
        m.NODE.decapsulate(bytes(size))


def test_a_seed_is_32_bytes() -> None:
    with pytest.raises(Malformed, match="size: X-Wing seed"):
        xwing_seed.from_seed(bytes(31))


def test_an_hpke_message_out_of_order_does_not_open() -> None:
    enc, sender = hpke_sender.setup_base_s(m.NODE.public_key, b"info", encapsulate=xwing.encapsulate)
    first, second = sender.seal(b"", b"one"), sender.seal(b"", b"two")
    with pytest.raises(NotAuthentic):
        hpke.setup_base_r(m.NODE, enc, b"info").open(b"", second)
    receiver = hpke.setup_base_r(m.NODE, enc, b"info")
    assert (receiver.open(b"", first), receiver.open(b"", second)) == (b"one", b"two")
    with pytest.raises(NotAuthentic):
        hpke.setup_base_r(m.NODE, enc, b"other").open(b"", first)


def test_a_chain_key_is_used_once_and_overwritten() -> None:
    chain = ChainKey(m.CHAIN)
    cell = chain._cell[0]
    chain.extract(b"salt")
    assert cell == bytes(32)
    with pytest.raises(StateError, match="consumed"):
        chain.extract(b"salt")
    with pytest.raises(StateError, match="consumed"):
        chain.move()


def test_a_moved_chain_key_leaves_nothing_behind() -> None:
    chain = ChainKey(m.CHAIN)
    moved = chain.move()
    with pytest.raises(StateError, match="consumed"):
        chain.extract(b"salt")
    assert moved.extract(b"salt") == kdf.extract(b"salt", m.CHAIN)


def test_an_erased_chain_key_is_gone_and_erasing_twice_is_no_error() -> None:
    chain = ChainKey(m.CHAIN)
    cell = chain._cell[0]
    chain.erase()
    chain.erase()
    assert cell == bytes(32)
    with pytest.raises(StateError, match="consumed"):
        chain.extract(b"salt")


def test_of_many_threads_one_gets_the_chain_key() -> None:
    for _ in range(20):
        chain, gate = ChainKey(m.CHAIN), threading.Barrier(8)

        def attempt(chain=chain, gate=gate) -> str:
            gate.wait()
            try:
                chain.extract(b"salt")
            except StateError:
                return "consumed"
            return "used"

        with ThreadPoolExecutor(8) as pool:
            outcomes = [future.result() for future in [pool.submit(attempt) for _ in range(8)]]
        assert sorted(outcomes) == ["consumed"] * 7 + ["used"]


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_chain_key_has_32_bytes(size: int) -> None:
    with pytest.raises(AssertionError):
        ChainKey(bytes(size))


def test_a_session_runs_once() -> None:
    one = session()
    begin_run(one, b"", entropy=entropy(1))
    with pytest.raises(StateError, match="consumed"):
        begin_run(one, b"", entropy=entropy(1))


def test_a_chain_ends_after_32_runs_and_the_refusal_costs_nothing() -> None:
    one = session(position=limits.CHAIN_RUNS)
    with pytest.raises(LimitExceeded, match="chain_exhausted"):
        begin_run(one, b"", entropy=entropy(1))
    assert "<secret>" in repr(one.chain)


def test_a_payload_that_is_too_large_costs_no_session() -> None:
    one = session()
    with pytest.raises(LimitExceeded, match="too_large"):
        begin_run(one, bytes(limits.MAX_REQUEST_RECORDS * limits.REQUEST_CAPACITY + 1), entropy=entropy(1))
    assert "<secret>" in repr(one.chain)


def test_poor_entropy_is_refused() -> None:
    with pytest.raises(Malformed, match="size: entropy"):
        begin_run(session(), b"", entropy=lambda size: bytes(size - 1))
    _, run = request()
    reader = node_reader(run)
    reader.feed(run[32:])
    with pytest.raises(Malformed, match="size: entropy"):
        reader.finish().response(record_size=512, entropy=lambda size: b"")


def test_a_response_is_begun_once_on_each_side() -> None:
    sent, run = request()
    sent.response()
    with pytest.raises(StateError, match="consumed"):
        sent.response()
    reader = node_reader(run)
    reader.feed(run[32:])
    received = reader.finish()
    received.response(record_size=256, entropy=entropy(2))
    with pytest.raises(StateError, match="consumed"):
        received.response(record_size=256, entropy=entropy(2))


def test_a_request_reader_is_consumed_by_finish_by_failure_and_by_abandon() -> None:
    _, run = request()
    for spoil in (lambda r: r.feed(run[32:]) or r.finish(), lambda r: r.abandon(), lambda r: fail(r, run)):
        reader = node_reader(run)
        spoil(reader)
        with pytest.raises(StateError, match="consumed"):
            reader.feed(b"")
        with pytest.raises(StateError, match="consumed"):
            reader.finish()


def fail(reader: RequestReader, run: bytes) -> None:
    with pytest.raises(NotAuthentic):
        reader.feed(run[32:-1] + b"\0")


def test_a_request_reader_takes_the_chain_key_at_once() -> None:
    _, run = request()
    chain = ChainKey(m.CHAIN)
    RequestReader(chain, run[:32])
    with pytest.raises(StateError, match="consumed"):
        RequestReader(chain, run[:32])


def test_an_abandoned_request_leaves_no_key_and_no_bytes() -> None:
    _, run = request(b"secret question")
    reader = node_reader(run)
    cell = reader._chain._cell[0]
    reader.feed(run[32:50])
    reader.abandon()
    assert cell == bytes(32)
    reader = node_reader(run)
    reader.feed(run[32:-1])
    reader.abandon()
    assert (reader._payload, reader._buffer, reader._secret) == (b"", b"", [])


def test_the_next_session_can_be_taken_once() -> None:
    reader, writer, opening = conversation()
    reader.feed(opening + writer.next(m.NEXT_SID, 600) + writer.end() + writer.close())
    reader.eof()
    following = reader.next_session()
    assert following is not None
    assert (following.sid, following.ttl, following.position, following.kid) == (m.NEXT_SID, 600, 1, m.KID)
    assert following.chain.extract(b"x") == writer.next_chain().extract(b"x")
    with pytest.raises(StateError, match="consumed"):
        reader.next_session()
    with pytest.raises(StateError, match="consumed"):
        writer.next_chain()


def test_without_next_there_is_no_session() -> None:
    reader, writer, opening = conversation()
    assert reader.next_session() is None
    reader.feed(opening + writer.end() + writer.close())
    assert reader.next_session() is None
    writer.erase()
    with pytest.raises(StateError, match="consumed"):
        writer.next_chain()


def test_a_stream_cut_after_next_leaves_the_session_but_never_a_complete_answer() -> None:
    reader, writer, opening = conversation()
    reader.feed(opening + writer.next(m.NEXT_SID, 600) + writer.data(b"par"))
    with pytest.raises(Malformed, match="truncated"):
        reader.eof()
    assert not reader.complete
    assert reader.next_session() is not None


def test_a_stream_with_another_fault_leaves_no_session() -> None:
    reader, writer, opening = conversation()
    assert reader.feed(opening + writer.next(m.NEXT_SID, 600) + bytes(512)) == [Next(m.NEXT_SID, 600)]
    for _ in range(2):
        with pytest.raises(NotAuthentic):
            reader.feed(b"")
    with pytest.raises(NotAuthentic):
        reader.eof()
    with pytest.raises(NotAuthentic):
        reader.next_session()


def test_next_must_name_16_bytes_and_may_be_tried_again() -> None:
    reader, writer, opening = conversation()
    with pytest.raises(Malformed, match="size: sid"):
        writer.next(bytes(15), 600)
    reader.feed(opening + writer.next(m.NEXT_SID, 600))


def test_a_key_seals_at_most_2_20_records(monkeypatch) -> None:
    monkeypatch.setattr(records, "MAX_RECORDS_PER_KEY", 3)
    reader, writer, opening = conversation()
    sealed = [opening, writer.pad(), writer.pad(), writer.pad()]
    with pytest.raises(LimitExceeded, match="record_limit"):
        writer.pad()
    reader.feed(b"".join(sealed))
    with pytest.raises(LimitExceeded, match="record_limit"):
        reader.feed(bytes(512))


def test_the_backlog_is_bounded_and_a_refusal_takes_nothing() -> None:
    _, writer, _ = conversation()
    emission = Emission(PROFILES["p1"], writer)
    emission.queue(bytes(limits.MAX_BACKLOG))
    assert emission.backlog == -(-limits.MAX_BACKLOG // 493)
    with pytest.raises(LimitExceeded, match="backlog_full"):
        emission.queue(b"x")
    with pytest.raises(LimitExceeded, match="backlog_full"):
        emission.finish(b"x")
    emission.finish()


def test_nothing_leaves_after_close() -> None:
    _, writer, _ = conversation()
    emission = Emission(PROFILES["p1"], writer)
    emission.finish()
    assert not emission.ended
    assert sum(emission.tick() is not None for _ in range(40)) == 20
    assert emission.ended
    assert emission.closed
    assert emission.tick() is None


def shown() -> dict[str, object]:
    """One of each type that holds a secret or plaintext."""
    sent, run = request(b"secret question")
    reader = node_reader(run)
    reader.feed(run[32:])
    received = reader.finish()
    response, writer, _ = conversation()
    used = ChainKey(m.CHAIN)
    used.erase()
    header = application.RequestHeader(rid=bytes(16), op="chat", prof="p1", tok=(b"token",))
    body = chat.decode_chat(b'{"model":"m","messages":[{"role":"user","content":"hush"}]}')
    tool = lines.Tool(0, "id", "name", "arguments")
    return {
        "PrivateKey(<secret>)": m.NODE,
        "Context(<secret>)": hpke.setup_base_r(m.NODE, xwing.encapsulate(m.NODE.public_key)[0], b""),
        "ChainKey(<secret>)": ChainKey(m.CHAIN),
        "ChainKey(<used>)": used,
        f"HelloSent(kid={m.KID.hex()})": hello()[0],
        "RunSent(<secret>)": sent,
        "RequestReader(CLOSED)": reader,
        "RunReceived(15 bytes)": received,
        "ResponseWriter(OPEN, 0 records)": writer,
        "ResponseReader(OPEN)": response,
        "RecordCipher(<secret>, 0 records)": records.RecordCipher(m.CHAIN, b"label"),
        "Record(DATA, 4 bytes)": records.Record(records.Kind.DATA, b"hush"),
        "Data(4 bytes)": Data(b"hush"),
        "End(4 bytes)": End(b"hush"),
        "Emission(p1, 0 records)": Emission(PROFILES["p1"], writer),
        "RequestHeader(op=chat, prof=p1)": header,
        "ChatRequest(1 messages)": body,
        "Text()": lines.Text("hush"),
        "Reasoning()": lines.Reasoning("hush"),
        "Tool(index=0)": tool,
        "LineReader(0 bytes)": LineReader(),
    }


@pytest.mark.parametrize(("text", "value"), shown().items(), ids=shown())
def test_what_holds_a_secret_shows_nothing(text: str, value: object) -> None:
    assert repr(value) == text
    assert str(value) == text
    assert f"{value}" == text


def test_parts_of_a_chat_show_nothing() -> None:
    body = chat.decode_chat(b'{"model":"m","messages":[{"role":"user","content":"hush"}]}')
    assert "hush" not in repr(body.messages)


def test_a_session_shows_its_handle_and_no_key() -> None:
    assert m.CHAIN.hex() not in repr(session())
    assert "ChainKey(<secret>)" in repr(session())


@pytest.mark.parametrize("secret", [m.NODE, ChainKey(m.CHAIN)], ids=repr)
def test_a_secret_is_not_serialised(secret: object) -> None:
    with pytest.raises(TypeError, match="not serialised"):
        pickle.dumps(secret)


def test_events_are_values() -> None:
    assert Data(b"a") != End(b"a")
    assert {Pad(), Close(), Error(1, "a"), Next(m.SID, 1)} == {Close(), Pad(), Next(m.SID, 1), Error(1, "a")}


def test_hkdf_gives_at_most_255_blocks() -> None:
    assert len(kdf.expand(bytes(32), b"", 255 * 32)) == 255 * 32
    with pytest.raises(AssertionError):
        kdf.expand(bytes(32), b"", 255 * 32 + 1)


def test_what_cannot_be_read_is_not_written() -> None:
    with pytest.raises(LimitExceeded, match="too_large"):
        lines.encode_line(lines.Text("x" * limits.MAX_LINE))
    with pytest.raises(Malformed, match="not_utf8"):
        lines.encode_line(lines.Text("\ud800"))
    with pytest.raises(Malformed, match="member_value"):
        encode_request(application.RequestHeader(rid=bytes(15), op="chat", prof="p1"), b"")


def test_a_reader_of_lines_counts_what_it_took_and_knows_the_end() -> None:
    reader = LineReader()
    data = lines.encode_line(lines.Text("hi")) + lines.encode_line(lines.Done("stop"))
    reader.feed(data[:5])
    reader.feed(data[5:])
    assert reader.received == len(data)
    assert reader.finish() == lines.Done("stop")
