"""Properties of the channel: cuts do not matter, timing tells only the rung, parsers fail only as documented."""

from collections.abc import Callable
from contextlib import suppress

import pytest
import vector_hello
import vector_material as m
import vector_responses
import vector_runs
from channel_fakes import conversation, entropy, node_reader, request, session
from hypothesis import example, given, settings
from hypothesis import strategies as st
from privity_protocol import application, chat, envelope, jsontext, lines, padding, records, response, response_envelope
from privity_protocol.chain import ChainKey
from privity_protocol.errors import LimitExceeded, Malformed, NotAuthentic
from privity_protocol.hello_answer import answer_hello
from privity_protocol.limits import MAX_REQUEST_RECORDS, RECORD_SIZES, REQUEST_CAPACITY
from privity_protocol.line_reader import LineReader
from privity_protocol.pacing import PROFILES, Emission
from privity_protocol.request import encode_request
from privity_protocol.request_reader import RequestReader
from privity_protocol.run import begin_run

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)
GOOD_RUN = vector_runs.GOOD
GOOD_RESPONSE = vector_responses.GOOD


def pieces(data: bytes, places: list[int]) -> list[bytes]:
    """`data` cut at places that are taken modulo its length."""
    cuts = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]  # noqa: RUF007


places = st.lists(st.integers(0, 2**20), max_size=40)
payloads = st.one_of(st.binary(max_size=200), st.integers(0, 20000).map(lambda size: m.drawn("payload", size)))


@EXAMPLES
@given(payloads, places)
def test_any_cut_of_a_request_gives_the_same_payload(payload: bytes, where: list[int]) -> None:
    _, run = request(payload)
    reader = node_reader(run)
    for piece in pieces(run[32:], where):
        reader.feed(piece)
    assert reader.finish().payload == payload
    assert len(run) == 64 + 4096 * padding.request_records(len(payload))


@EXAMPLES
@given(st.integers(0, len(GOOD_RUN)), st.integers(0, 2**20), st.integers(1, 255), places)
def test_any_cut_of_a_damaged_request_gives_the_same_fault(length: int, at: int, mask: int, where: list[int]) -> None:
    damaged = bytearray(GOOD_RUN[:length])
    if damaged:
        damaged[at % length] ^= mask
    assert read_request(bytes(damaged), []) == read_request(bytes(damaged), where)


def read_request(run: bytes, where: list[int]) -> str:
    try:
        reader = RequestReader(ChainKey(m.CHAIN), run[:32])
        for piece in pieces(run[32:], where):
            reader.feed(piece)
        reader.finish()
    except (Malformed, NotAuthentic) as error:
        return error.reason
    return "accepted"


@EXAMPLES
@given(st.integers(0, len(GOOD_RESPONSE) + 40), st.integers(0, 2**20), st.integers(0, 255), places)
def test_any_cut_of_any_response_gives_the_same_events(length: int, at: int, mask: int, where: list[int]) -> None:
    stream = bytearray((GOOD_RESPONSE + bytes(40))[:length])
    if stream:
        stream[at % length] ^= mask
    assert read_response(bytes(stream), []) == read_response(bytes(stream), where)


def read_response(stream: bytes, where: list[int]) -> tuple[list[object], str, bool]:
    sent, _ = begin_run(session(position=3), vector_runs.PAYLOAD, entropy=lambda _: m.CRAND)
    reader, events = sent.response(), []
    try:
        for piece in pieces(stream, where):
            events += reader.feed(piece)
        reader.eof()
    except (Malformed, NotAuthentic) as error:
        return events, error.reason, reader.complete
    return events, "accepted", reader.complete


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.integers(0, len(GOOD_RESPONSE) - 1), st.integers(1, 255))
def test_no_changed_byte_of_a_response_is_accepted(at: int, mask: int) -> None:
    changed = bytearray(GOOD_RESPONSE)
    changed[at] ^= mask
    assert read_response(bytes(changed), [])[1] != "accepted"


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, len(GOOD_RUN) - 1), st.integers(1, 255))
def test_no_changed_byte_of_a_request_is_accepted(at: int, mask: int) -> None:
    changed = bytearray(GOOD_RUN)
    changed[at] ^= mask
    assert read_request(bytes(changed), []) != "accepted"


@pytest.mark.parametrize("length", range(0, len(GOOD_RESPONSE), 97))
def test_no_beginning_of_a_response_is_accepted(length: int) -> None:
    assert read_response(GOOD_RESPONSE[:length], [])[1] == "truncated"


steps = st.lists(st.one_of(st.integers(0, 2000).map(lambda size: bytes(size)), st.none()), max_size=25)


def trace(
    profile: str, plan: list[bytes | None], record_size: int, *, announce: bool, fails: bool, seed: int
) -> list[int]:
    """Sizes of what leaves at each tick; None in the plan is a tick, bytes are what the model says."""
    _, writer, _ = conversation(record_size=record_size, seed=seed)
    emission = Emission(PROFILES[profile], writer)
    if announce:
        emission.announce_next(m.NEXT_SID, 600)
    left: list[bytes | None] = []
    for step in plan:
        if step is None:
            left.append(emission.tick())
        else:
            emission.queue(step)
    if fails:
        emission.fail(6, "internal")
    else:
        emission.finish()
    while not emission.closed:
        left.append(emission.tick())
    return [len(one or b"") for one in left]


@EXAMPLES
@given(st.sampled_from(["p1", "p2"]), steps, steps, st.booleans(), st.booleans(), st.booleans())
def test_what_leaves_at_which_tick_is_a_function_of_the_rung(
    profile: str, one: list[bytes | None], other: list[bytes | None], announce: bool, fails: bool, large: bool
) -> None:
    size = 4096 if large else PROFILES[profile].record_size
    first = trace(profile, one, size, announce=announce, fails=fails, seed=1)
    second = trace(profile, other, size, announce=not announce, fails=not fails, seed=9)
    for found in (first, second):
        assert set(found) == {size}
        assert PROFILES[profile].total_after(len(found) - 1) == len(found)
    if len(first) == len(second):
        assert first == second


@EXAMPLES
@given(steps, st.booleans())
def test_no_byte_is_lost_or_reordered_by_an_emission(plan: list[bytes | None], announce: bool) -> None:
    reader, writer, opening = conversation()
    emission, said, out = Emission(PROFILES["p1"], writer), b"", [opening]
    if announce:
        emission.announce_next(m.NEXT_SID, 600)
    for number, step in enumerate(plan):
        if step is None:
            out.append(emission.tick() or b"")
        else:
            marked = m.drawn(str(number), len(step))
            said += marked
            emission.queue(marked)
    emission.finish(b"last")
    while not emission.closed:
        out.append(emission.tick() or b"")
    events = reader.feed(b"".join(out))
    reader.eof()
    assert b"".join(event.data for event in events if hasattr(event, "data")) == said + b"last"
    assert (reader.next_session() is not None) == announce


@EXAMPLES
@given(st.integers(0, 2**20))
def test_totals_rise_and_hold_at_least_one_record_more(count: int) -> None:
    for profile in PROFILES.values():
        try:
            total = profile.total_after(count)
        except LimitExceeded:
            assert count > 2**18
            continue
        assert total > count
        assert profile.total_after(total - 1) == total


@EXAMPLES
@given(st.integers(0, 2**40))
def test_padme_adds_at_most_12_percent_and_never_shrinks(length: int) -> None:
    padded = padding.padme(length)
    assert length <= padded <= length + length * 12 // 100 + 1
    assert padding.padme(padded) == padded
    assert padding.padme(length + 1) >= padded


@EXAMPLES
@given(st.integers(0, MAX_REQUEST_RECORDS * REQUEST_CAPACITY))
def test_a_request_always_has_room_for_its_payload(length: int) -> None:
    count = padding.request_records(length)
    assert 2 <= count <= MAX_REQUEST_RECORDS
    assert count * REQUEST_CAPACITY >= length


@EXAMPLES
@given(
    st.sampled_from([records.Kind.DATA, records.Kind.END]),
    st.sampled_from(sorted(RECORD_SIZES)),
    st.binary(max_size=300),
)
def test_a_record_reads_as_it_was_written(kind: records.Kind, size: int, data: bytes) -> None:
    if len(data) > records.capacity(size):
        with pytest.raises(LimitExceeded, match="record_capacity"):
            records.encode_record(kind, data, size)
        return
    plaintext = records.encode_record(kind, data, size)
    assert len(plaintext) == size - 16
    assert records.decode_record(plaintext) == records.Record(kind, data)


@EXAMPLES
@given(st.integers(0, 65535), st.text(max_size=120))
def test_an_error_reads_as_it_was_written(code: int, text: str) -> None:
    try:
        data = records.encode_error(code, text)
    except LimitExceeded:
        assert len(text.encode()) > 200
        return
    assert response.decode_error(data) == (code, text)


texts = st.text(st.characters(codec="utf-8"), max_size=60)
counts = st.integers(0, 2**53 - 1)
written = st.one_of(
    st.builds(lines.Text, texts),
    st.builds(lines.Reasoning, texts),
    st.builds(lines.Tool, counts, texts, texts, texts),
    st.builds(lines.Notice, st.from_regex(r"[a-z0-9_.]{1,64}", fullmatch=True)),
    st.builds(lines.Usage, counts, counts, counts),
)


@EXAMPLES
@given(st.lists(written, max_size=8), places)
def test_any_cut_of_an_answer_gives_the_same_lines(said: list[lines.Line], where: list[int]) -> None:
    said = [*said, lines.Done("length")]
    data = b"".join(lines.encode_line(line) for line in said)
    reader, seen = LineReader(), []
    for piece in pieces(data, where):
        seen += reader.feed(piece)
    assert seen == said
    assert reader.finish() == said[-1]


headers = st.builds(
    application.RequestHeader,
    rid=st.binary(min_size=16, max_size=16),
    op=st.sampled_from(sorted(application.OPERATIONS - {"resume"})),
    prof=st.sampled_from(sorted(PROFILES)),
    tok=st.lists(st.binary(min_size=1, max_size=50), max_size=4).map(tuple),
    seen=st.lists(
        st.builds(application.Seen, st.just("example.org/keys"), counts, st.binary(min_size=32, max_size=32)),
        max_size=4,
    ).map(tuple),
    resume=st.booleans(),
    receipt=st.booleans(),
)


@EXAMPLES
@given(headers, st.binary(max_size=50))
def test_a_header_reads_as_it_was_written(header: application.RequestHeader, body: bytes) -> None:
    assert application.decode_request(encode_request(header, body)) == (header, body)


def test_the_profiles_of_a_header_are_those_of_pacing() -> None:
    assert set(PROFILES) == application.PROFILE_NAMES


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@EXAMPLES
@given(json_values)
def test_strict_json_reads_what_it_wrote(value: object) -> None:
    assert jsontext.decode(jsontext.encode(value), max_depth=32) == value


PARSERS: dict[str, Callable[[bytes], object]] = {
    "hello header": envelope.parse_hello_header,
    "run header": envelope.parse_run_header,
    "hello response header": response_envelope.parse_hello_response_header,
    "run response header": response_envelope.parse_run_response_header,
    "record": lambda data: records.decode_record(data or b"\0\0\0"),
    "error": response.decode_error,
    "request": application.decode_request,
    "json": lambda data: jsontext.decode(data, max_depth=32),
    "lines": lambda data: LineReader().feed(data),
    "chat": chat.decode_chat,
    "run": lambda data: read_request(data, []),
    "response": lambda data: read_response(data, []),
    "hello": lambda data: answer_hello(
        data,
        key=m.NODE,
        node_document=m.NODE_DOCUMENT,
        sid=m.SID,
        ttl=120,
        encapsulate=lambda _: (bytes(1120), bytes(32)),
    ),
}
SAMPLES: dict[str, bytes] = {
    "hello header": vector_hello.HEADER,
    "run header": vector_runs.HEADER,
    "hello response header": b"EC1\x81\x00\x01\x00\x00",
    "run response header": b"EC1\x82\x00\x01\x02\x00",
    "record": records.encode_record(records.Kind.NEXT, bytes(20), 256),
    "error": b"\0\1text",
    "request": b'\0\0\0\x60{"op":"chat","prof":"p1","rid":"AAAAAAAAAAAAAAAAAAAAAA","seen":[],"tok":[],"v":1}',
    "json": b'{"a":[1,2.5,"\\u00e9",{"b":null}]}',
    "lines": b'{"t":"text","d":"hi"}\n{"t":"done","reason":"stop"}\n',
    "chat": b'{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[],"stop":"a","temperature":0.5}',
    "run": GOOD_RUN,
    "response": GOOD_RESPONSE,
    "hello": vector_hello.good()[0],
}


def damaged(sample: bytes) -> st.SearchStrategy[bytes]:
    """Bytes near something good: replaced, cut, repeated."""
    edit = st.tuples(st.integers(0, max(0, len(sample) - 1)), st.integers(0, 40), st.binary(max_size=12))

    def apply(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = sample
        for at, drop, insert in edits:
            data = data[:at] + insert + data[at + drop :]
        return data

    return st.lists(edit, max_size=4).map(apply)


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_a_parser_fails_only_as_documented(name: str) -> None:
    parse, sample = PARSERS[name], SAMPLES[name]

    @settings(max_examples=120, deadline=None, derandomize=True)
    @given(st.one_of(st.binary(max_size=300), damaged(sample)))
    @example(b"")
    @example(sample)
    def attempt(data: bytes) -> None:
        with suppress(Malformed, NotAuthentic):
            parse(data)

    attempt()


@pytest.mark.parametrize("seed", range(3))
def test_a_long_conversation(seed: int) -> None:
    """Thirty-two RUNs over one HELLO's chain, each answered, and the next is refused."""
    one, chain = session(), ChainKey(m.CHAIN)
    for turn in range(32):
        payload = m.drawn(f"{seed} {turn}", 100 * turn)
        sent, run = begin_run(one, payload, entropy=entropy(seed + turn))
        reader = RequestReader(chain, run[:32])
        reader.feed(run[32:])
        received = reader.finish()
        assert received.payload == payload
        writer, opening = received.response(record_size=256, entropy=entropy(seed - turn))
        answer = sent.response()
        answer.feed(opening + writer.next(m.drawn(f"sid {turn}", 16), 600) + writer.end(payload[:100]) + writer.close())
        answer.eof()
        following, chain = answer.next_session(), writer.next_chain()
        assert following is not None
        one = following
    with pytest.raises(LimitExceeded, match="chain_exhausted"):
        begin_run(one, b"", entropy=entropy(seed))
