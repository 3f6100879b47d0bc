"""Our vectors of the channel. Streams are read whole, byte by byte, and cut at seeded places, with one outcome."""

import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import make_vectors
import pytest
import vector_material as m
import vector_receipts
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import (
    application,
    chat,
    envelope,
    jsontext,
    lines,
    padding,
    receipt,
    records,
    response,
    response_envelope,
    xwing,
    xwing_seed,
)
from privity_protocol.chain import ChainKey
from privity_protocol.errors import REASONS, Malformed, PrivityError
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.line_reader import LineReader
from privity_protocol.pacing import PROFILES, Emission
from privity_protocol.receipt_writer import ReceiptWriter
from privity_protocol.records import Kind, Phase
from privity_protocol.request import encode_request
from privity_protocol.request_envelope import hello_header, run_header
from privity_protocol.request_reader import RequestReader
from privity_protocol.run import begin_run
from privity_protocol.session import Session
from shared_vectors import OWN
from vector_bytes import Vectors
from vector_chat import FORBIDDEN

SPECS = ("ec1", "envelope", "records", "padding", "pacing", "application", "chat", "receipt")
FILES = {
    f"{path.parent.name}/{path.stem}": Vectors(path) for spec in SPECS for path in sorted((OWN / spec).glob("*.json"))
}
CASES = [(vectors, case) for vectors in FILES.values() for case in vectors.cases]

Given = dict[str, Any]
Outcome = dict[str, Any]


def cuts(data: bytes) -> list[list[bytes]]:
    """The same bytes in several arrangements: whole, small pieces, seeded pieces."""
    step = 1 if len(data) < 3000 else 61
    chance = random.Random(len(data))
    places = sorted({0, len(data), *(chance.randrange(len(data) + 1) for _ in range(7))})
    return [
        [data],
        [data[at : at + step] for at in range(0, len(data), step)],
        [data[start:end] for start, end in pairwise(places)],
    ]


def same(outcomes: list[Outcome]) -> Outcome:
    assert all(one == outcomes[0] for one in outcomes)
    return outcomes[0]


def outcome(work: Callable[[], Outcome]) -> Outcome:
    """What a case came to: `ok`, or `error` with whatever was established before."""
    try:
        return {"ok": work()}
    except PrivityError as error:
        return {"error": error.reason}


def revealed(chain: ChainKey) -> str:
    """The bytes of a chain key; its own interface never shows them."""
    return bytes(chain._cell[0]).hex()


def encapsulate(given: Given, vectors: Vectors, public_key: bytes) -> Any:
    pair = given.get("encapsulation")
    if pair is None:
        return xwing.encapsulate
    return m.replay({name: vectors.bytes(value).hex() for name, value in pair.items()}, public_key)


def do_begin_hello(given: Given, vectors: Vectors) -> Outcome:
    key = vectors.bytes(given["node_key"])
    _, request = begin_hello(
        node_key=key,
        node_document=vectors.bytes(given["node_document"]),
        encapsulate=encapsulate(given, vectors, key),
        ephemeral=xwing_seed.from_seed(vectors.bytes(given["ephemeral_seed"])),
    )
    return {"request": request.hex()}


def do_answer_hello(given: Given, vectors: Vectors) -> Outcome:
    answered, chain = answer_hello(
        vectors.bytes(given["request"]),
        key=xwing_seed.from_seed(vectors.bytes(given["node_seed"])),
        node_document=vectors.bytes(given["node_document"]),
        sid=vectors.bytes(given["sid"]),
        ttl=given["ttl"],
        encapsulate=encapsulate(given, vectors, m.EPHEMERAL.public_key),
    )
    return {"response": answered.hex(), "chain": revealed(chain)}


def do_finish_hello(given: Given, vectors: Vectors) -> Outcome:
    key = vectors.bytes(given["node_key"])
    sent, _ = begin_hello(
        node_key=key,
        node_document=vectors.bytes(given["node_document"]),
        encapsulate=encapsulate(given, vectors, key),
        ephemeral=xwing_seed.from_seed(vectors.bytes(given["ephemeral_seed"])),
    )
    session = sent.finish(vectors.bytes(given["response"]))
    return {"sid": session.sid.hex(), "ttl": session.ttl, "chain": revealed(session.chain)}


def session_of(given: Given, vectors: Vectors) -> Session:
    sid, kid, chain = (vectors.bytes(given[name]) for name in ("sid", "kid", "chain"))
    return Session(sid, kid, ChainKey(chain), 600, given["position"])


def do_begin_run(given: Given, vectors: Vectors) -> Outcome:
    payload, crand = vectors.bytes(given["payload"]), vectors.bytes(given["crand"])
    return {"request": begin_run(session_of(given, vectors), payload, entropy=lambda _: crand)[1].hex()}


def read_run(given: Given, vectors: Vectors, pieces: list[bytes]) -> Outcome:
    whole = b"".join(pieces)
    reader = RequestReader(ChainKey(vectors.bytes(given["chain"])), whole[:32], max_records=given["max_records"])
    skip = 32
    for piece in pieces:
        rest = piece[skip:]
        skip = max(0, skip - len(piece))
        reader.feed(rest)
    return {"payload": reader.finish().payload.hex()}


def do_read_run(given: Given, vectors: Vectors) -> Outcome:
    outcomes = [
        outcome(lambda p=pieces: read_run(given, vectors, p)) for pieces in cuts(vectors.bytes(given["request"]))
    ]
    return again(same(outcomes))


def again(found: Outcome) -> Outcome:
    """Hand on what several arrangements agreed on."""
    if "error" in found:
        raise PrivityError(found["error"])
    return found["ok"]


def do_write_response(given: Given, vectors: Vectors) -> Outcome:
    request = vectors.bytes(given["request"])
    reader = RequestReader(ChainKey(vectors.bytes(given["chain"])), request[:32])
    reader.feed(request[32:])
    srand = vectors.bytes(given["srand"])
    writer, written = reader.finish().response(record_size=given["record_size"], entropy=lambda _: srand)
    calls = {
        "pad": writer.pad,
        "data": lambda data: writer.data(vectors.bytes(data)),
        "end": lambda data: writer.end(vectors.bytes(data)),
        "error": writer.error,
        "next": lambda sid, ttl: writer.next(vectors.bytes(sid), ttl),
        "close": writer.close,
    }
    for name, *arguments in given["calls"]:
        written += calls[name](*arguments)
    return {"response": written.hex(), "next_chain": revealed(writer.next_chain())}


def spelled(event: response.Event) -> list[Any]:
    match event:
        case response.End(data):
            return ["end", data.hex()]
        case response.Data(data):
            return ["data", data.hex()]
        case response.Error(code, text):
            return ["error", code, text]
        case response.Next(sid, ttl):
            return ["next", sid.hex(), ttl]
        case response.Pad():
            return ["pad"]
        case response.Close():
            return ["close"]


def read_response(given: Given, vectors: Vectors, pieces: list[bytes]) -> Outcome:
    payload, crand = vectors.bytes(given["payload"]), vectors.bytes(given["crand"])
    reader = begin_run(session_of(given, vectors), payload, entropy=lambda _: crand)[0].response()
    events: list[list[Any]] = []
    try:
        for piece in pieces:
            events += [spelled(event) for event in reader.feed(piece)]
        reader.eof()
    except PrivityError as error:
        return {"error": error.reason, "events": events, "complete": reader.complete}
    following = reader.next_session()
    named = following and {
        "sid": following.sid.hex(),
        "ttl": following.ttl,
        "position": following.position,
        "chain": revealed(following.chain),
    }
    return {"ok": {"events": events, "complete": reader.complete, "next": named}}


def do_read_response(given: Given, vectors: Vectors) -> Outcome:
    return same([read_response(given, vectors, pieces) for pieces in cuts(vectors.bytes(given["response"]))])


def do_header(op: str) -> Callable[[Given, Vectors], Outcome]:
    def parse(given: Given, vectors: Vectors) -> Outcome:
        found = getattr(response_envelope if "response" in op else envelope, op)(vectors.bytes(given["header"]))
        if isinstance(found, int):
            return {"record_size" if "run" in op else "suite": found}
        made = run_header(found.kid, found.sid) if "run" in op else hello_header(found.kid)
        assert made == vectors.bytes(given["header"])
        names = ("suite", "kid", "sid") if "run" in op else ("suite", "kid")
        return {name: value.hex() if isinstance(value := getattr(found, name), bytes) else value for name in names}

    return parse


def do_decode_record(given: Given, vectors: Vectors) -> Outcome:
    record = records.decode_record(vectors.bytes(given["plaintext"]))
    if record.kind is records.Kind.ERROR:
        response.decode_error(record.data)
    return {"kind": record.kind.name, "data": record.data.hex()}


def do_encode_record(given: Given, vectors: Vectors) -> Outcome:
    data = vectors.bytes(given["data"])
    return {"plaintext": records.encode_record(Kind[given["kind"]], data, given["record_size"]).hex()}


def do_order(grammar: records.Grammar) -> Callable[[Given, Vectors], Outcome]:
    def follow(given: Given, _: Vectors) -> Outcome:
        phase = Phase.OPEN
        for kind in given["kinds"]:
            phase = records.advance(grammar, phase, Kind[kind])
        return {"phase": phase.name}

    return follow


def do_emission(given: Given, vectors: Vectors) -> Outcome:
    profile = PROFILES[given["profile"]]
    payload, size = b"q", profile.record_size
    sent, request = begin_run(Session(m.SID, m.KID, ChainKey(m.CHAIN), 1), payload, entropy=lambda _: m.CRAND)
    node = RequestReader(ChainKey(m.CHAIN), request[:32])
    node.feed(request[32:])
    writer, opening = node.finish().response(record_size=size, entropy=lambda _: m.SRAND)
    emission, reader = Emission(profile, writer), sent.response()
    out = [opening]
    steps = {
        "queue": lambda data: emission.queue(vectors.bytes(data)),
        "finish": lambda data: emission.finish(vectors.bytes(data)),
        "fail": emission.fail,
        "next": lambda: emission.announce_next(m.NEXT_SID, 600),
        "tick": lambda count: out.extend(emission.tick() or b"" for _ in range(count)),
        "drain": lambda: out.append(emission.drain()),
    }
    for name, *arguments in given["steps"]:
        steps[name](*arguments)
    events = [spelled(event) for event in reader.feed(b"".join(out))]
    lengths = {
        "data": lambda e: len(e[1]) // 2,
        "end": lambda e: len(e[1]) // 2,
        "error": lambda e: 2 + len(e[2].encode()),
    }
    trace = [[e[0].upper(), lengths.get(e[0], lambda e: 20 if e[0] == "next" else 0)(e)] for e in events]
    return {"trace": trace}


def do_decode_request(given: Given, vectors: Vectors) -> Outcome:
    payload = vectors.bytes(given["payload"])
    header, body = application.decode_request(payload)
    assert encode_request(header, body) == payload
    encoded = jsontext.decode(payload[4 : len(payload) - len(body)], max_depth=8)
    return {"header": encoded, "body": body.hex()}


def line_members(line: lines.Line) -> Outcome:
    return jsontext.decode(lines.encode_line(line), max_depth=2)


def read_lines(pieces: list[bytes]) -> Outcome:
    reader = LineReader()
    seen: list[Outcome] = []
    try:
        for piece in pieces:
            seen += [line_members(line) for line in reader.feed(piece)]
        reader.finish()
    except PrivityError as error:
        return {"error": error.reason, "lines": seen}
    return {"ok": {"lines": seen}}


def do_decode_chat(given: Given, vectors: Vectors) -> Outcome:
    request = chat.decode_chat(vectors.bytes(given["body"]))
    return {"model": request.model, "messages": len(request.messages)}


def do_check_receipt(given: Given, vectors: Vectors) -> Outcome:
    data = vectors.bytes(given["file"])
    file = receipt.decode_file(data)
    assert receipt.encode_file(file) == data
    found = receipt.check_file(file)
    told = {"op": found.op, "egress": found.egress, "reason": found.reason, "model": found.model}
    usage = found.usage and {name: getattr(found.usage, name) for name in ("prompt", "cached", "completion")}
    weights = [digest.hex() for digest in found.weights]
    return told | {"node": found.node.hex(), "usage": usage, "weights": weights}


def do_write_receipt(given: Given, vectors: Vectors) -> Outcome:
    part = {name: vectors.bytes(value) for name, value in given.items()}
    known = {"node": part["node"].hex(), "op": "chat", "model": vector_receipts.RECEIPT["model"], "egress": "none"}
    sign = Ed25519PrivateKey.from_private_bytes(part["seed"]).sign
    writer = ReceiptWriter(known, rid=part["rid"], body=part["body"], sign=sign)
    for line in part["lines"].splitlines(keepends=True):
        writer.cover(line)
    written = writer.finish(lines.Usage(9, 2, 3), "stop")
    return {"document": written.document, "signature": written.signature}


def do_decode_embed(given: Given, vectors: Vectors) -> Outcome:
    request = chat.decode_embed(vectors.bytes(given["body"]))
    return {"model": request.model, "texts": len(request.input)}


OPERATIONS: dict[str, Callable[[Given, Vectors], Outcome]] = {
    "begin_hello": do_begin_hello,
    "answer_hello": do_answer_hello,
    "finish_hello": do_finish_hello,
    "begin_run": do_begin_run,
    "read_run": do_read_run,
    "write_response": do_write_response,
    "decode_record": do_decode_record,
    "encode_record": do_encode_record,
    "request_order": do_order(records.REQUEST_GRAMMAR),
    "response_order": do_order(records.RESPONSE_GRAMMAR),
    "padme": lambda given, _: {"padded": padding.padme(given["length"])},
    "request_records": lambda given, _: {"records": padding.request_records(given["length"])},
    "total_after": lambda given, _: {"total": PROFILES[given["profile"]].total_after(given["count"])},
    "emission": do_emission,
    "decode_request": do_decode_request,
    "decode_json": lambda given, v: {"value": jsontext.decode(v.bytes(given["text"]), max_depth=given["max_depth"])},
    "decode_chat": do_decode_chat,
    "decode_embed": do_decode_embed,
    "check_receipt": do_check_receipt,
    "write_receipt": do_write_receipt,
}
OPERATIONS |= {
    op: do_header(op)
    for op in ("parse_hello_header", "parse_run_header", "parse_hello_response_header", "parse_run_response_header")
}


def resolved(value: Any, vectors: Vectors) -> Any:
    """An expectation with its references to blobs replaced by hex."""
    if isinstance(value, dict):
        return {name: resolved(child, vectors) for name, child in value.items()}
    if isinstance(value, str) and value.startswith("$"):
        return vectors.bytes(value).hex()
    if isinstance(value, list):
        pieces = [child for child in value if isinstance(child, str)]
        if value and len(pieces) == len(value) and any(piece.startswith("$") or "*" in piece for piece in pieces):
            return vectors.bytes(value).hex()
        return [resolved(child, vectors) for child in value]
    return value


@pytest.mark.parametrize(("vectors", "case"), CASES, ids=[case["id"] for _, case in CASES])
def test_case(vectors: Vectors, case: dict[str, Any]) -> None:
    op, given = case["op"], case["input"]
    if op == "read_response":
        found = do_read_response(given, vectors)
    elif op == "read_lines":
        found = same([read_lines(pieces) for pieces in cuts(vectors.bytes(given["data"]))])
    else:
        found = outcome(lambda: OPERATIONS[op](given, vectors))
    assert found == resolved(case["expect"], vectors)


def test_there_are_enough_cases_and_most_must_fail() -> None:
    failing = [case for _, case in CASES if "error" in case["expect"]]
    assert len(CASES) >= 150
    assert len(failing) > len(CASES) // 2
    assert {case["expect"]["error"] for case in failing} <= REASONS


def test_identifiers_are_unique() -> None:
    identifiers = [case["id"] for _, case in CASES]
    assert len(identifiers) == len(set(identifiers))


def test_the_committed_files_are_what_the_script_writes() -> None:
    written = make_vectors.all_files()
    paths = [path for spec in SPECS for path in (OWN / spec).glob("*.json")]
    assert {f"{path.parent.name}/{path.name}": path.read_text() for path in paths} == written


def test_a_refused_chat_member_is_named() -> None:
    vectors = FILES["chat/body"]
    for name in FORBIDDEN:
        found = next(case for case in vectors.cases if case["id"] == f"chat-forbidden-{name}")
        with pytest.raises(Malformed, match=f"bad_request: {name} is not allowed"):
            chat.decode_chat(vectors.bytes(found["input"]["body"]))


def test_an_unprintable_member_is_not_repeated() -> None:
    for name in ("a b", "\\u001b[31m", "x" * 65):
        with pytest.raises(Malformed) as caught:
            chat.decode_chat(f'{{"model":"m","messages":[],"{name}":1}}'.encode())
        assert caught.value.detail == "(unprintable) is not allowed"
