"""Judges the project's known answers of EC1: every byte from the seeds, and the responses that must be refused."""

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from privity_protocol import hpke, kdf, labels, limits, padding, xwing_seed
from privity_protocol.chain import ChainKey
from privity_protocol.errors import PrivityError
from privity_protocol.hello import begin_hello
from privity_protocol.hello_answer import answer_hello
from privity_protocol.records import Kind
from privity_protocol.request_envelope import run_header
from privity_protocol.request_reader import RequestReader, RunReceived
from privity_protocol.response import Next
from privity_protocol.run import begin_run
from privity_protocol.session import Session

from privity_client.conformance.cases import Case, Judge, b, same
from privity_client.conformance.hybrid import xwing_encapsulate

Fields = dict[str, Any]


def cases(document: Any) -> Iterator[Case]:
    for entry in document["ec1"]:
        yield f"{entry['name']}: node document", "equal", partial(_document, entry)
        yield f"{entry['name']}: HELLO secrets", "equal", partial(_hello_secrets, entry)
        yield f"{entry['name']}: HELLO", "equal", partial(_hello, entry)
        for index, turn in enumerate(entry["turns"]):
            yield f"{entry['name']}: turn {index}", "equal", partial(_turn, entry, turn, index)
        for index, refused in enumerate(entry["negative"]):
            name = f"{entry['name']}: negative {index} ({refused['what']})"
            yield name, "refused", partial(_negative, entry, refused)
    for length, padded in document["padme"]:
        yield f"Padmé of {length}", str(padded), partial(_padme, length)


def _padme(length: int) -> str:
    return str(padding.padme(length))


def _document(entry: Fields) -> str:
    document = entry["node_document"].encode()
    report = hashlib.sha512(b"EC1 node document v1\0" + document).digest()
    kid = hashlib.sha256(document).digest()[: limits.KID]
    return same(report_data=(report, b(entry["report_data"])), kid=(kid, b(entry["kid"])))


def _hello_secrets(entry: Fields) -> str:
    node = xwing_seed.from_seed(b(entry["node_seed"]))
    request = b(entry["hello_request"])
    made = xwing_encapsulate(node.public_key, b(entry["hello_encap_seed"]))
    info = labels.HELLO_INFO + request[: limits.HELLO_HEADER] + kdf.sha256(entry["node_document"].encode())
    key, base_nonce, exporter = hpke.schedule(hpke.EC1_SUITE, made[1], info)
    exported = hpke.Context(hpke.EC1_SUITE, key, base_nonce, exporter).export(labels.HELLO_EXPORT, 32)
    return same(
        encapsulation=(made, (request[16:1136], b(entry["hello_shared_secret"]))),
        key=(key, b(entry["hello_hpke_key"])),
        base_nonce=(base_nonce, b(entry["hello_hpke_base_nonce"])),
        exporter_secret=(exporter, b(entry["hello_hpke_exporter_secret"])),
        export=(exported, b(entry["hello_export"])),
        transcript=(kdf.sha256(labels.HELLO_TRANSCRIPT, request), b(entry["hello_transcript_hash"])),
    )


def _hello(entry: Fields) -> str:
    node = xwing_seed.from_seed(b(entry["node_seed"]))
    document = entry["node_document"].encode()
    sent, request = begin_hello(
        node_key=node.public_key,
        node_document=document,
        encapsulate=lambda key: xwing_encapsulate(key, b(entry["hello_encap_seed"])),
        ephemeral=xwing_seed.from_seed(b(entry["client_ephemeral_seed"])),
    )
    response, chain = answer_hello(
        b(entry["hello_request"]),
        key=node,
        node_document=document,
        sid=b(entry["session_id"]),
        ttl=entry["ttl"],
        encapsulate=lambda key: xwing_encapsulate(key, b(entry["hello_response_encap_seed"])),
    )
    session = sent.finish(b(entry["hello_response"]))
    probe = kdf.extract(b"probe", b(entry["chain_0"]))
    return same(
        hello_request=(request, b(entry["hello_request"])),
        hello_response=(response, b(entry["hello_response"])),
        session=((session.sid, session.kid, session.ttl), (b(entry["session_id"]), b(entry["kid"]), entry["ttl"])),
        chain_of_node=(chain.extract(b"probe"), probe),
        chain_of_client=(session.chain.extract(b"probe"), probe),
    )


def _turn(entry: Fields, turn: Fields, index: int) -> str:
    session = _session(entry, turn, index)
    sent, request = begin_run(session, b(turn["payload"]), entropy=lambda _: b(turn["client_random"]))
    node = RequestReader(ChainKey(b(turn["chain_in"])), b(turn["run_request"])[:32])
    node.feed(b(turn["run_request"])[32:])
    received = node.finish()
    response, chain = _answer(received, turn)
    reader = sent.response()
    events = reader.feed(b(turn["run_response"]))
    reader.eof()
    plaintext = b"".join(event.data for event in events if hasattr(event, "data"))
    named = next((event.sid + event.ttl.to_bytes(4, "big") for event in events if isinstance(event, Next)), None)
    following = reader.next_session()
    probe = kdf.extract(b"probe", b(turn["chain_out"]))
    return same(
        run_request=(request, b(turn["run_request"])),
        payload=(received.payload, b(turn["payload"])),
        run_response=(response, b(turn["run_response"])),
        response_plaintext=(plaintext, b(turn["response_plaintext"])),
        complete=(reader.complete, True),
        next=(named and named.hex(), turn["next"]),
        chain_of_node=(chain.extract(b"probe"), probe),
        chain_of_client=(following.chain.extract(b"probe") if following else probe, probe),
        secrets=(_secrets(entry, turn), (b(turn["run_prk"]), b(turn["run_transcript_hash"]), b(turn["response_prk"]))),
    )


def _session(entry: Fields, turn: Fields, index: int) -> Session:
    return Session(b(turn["session_id"]), b(entry["kid"]), ChainKey(b(turn["chain_in"])), 120, index)


def _secrets(entry: Fields, turn: Fields) -> tuple[bytes, bytes, bytes]:
    """The secrets between, derived by hand: run_prk, transcript hash, response_prk."""
    header = run_header(b(entry["kid"]), b(turn["session_id"]))
    request, response = b(turn["run_request"]), b(turn["run_response"])
    prk = kdf.extract(kdf.sha256(labels.RUN_SALT, header, b(turn["client_random"])), b(turn["chain_in"]))
    transcript = kdf.sha256(labels.RUN_TRANSCRIPT, request)
    salt = kdf.sha256(labels.RUN_RESPONSE_SALT, transcript, response[:8], b(turn["server_random"]))
    return prk, transcript, kdf.extract(salt, kdf.expand(prk, labels.RUN_RESPONSE_SECRET, 32))


def _answer(received: RunReceived, turn: Fields) -> tuple[bytes, ChainKey]:
    srand = b(turn["server_random"])
    writer, written = received.response(record_size=turn["record_size"], entropy=lambda _: srand)
    for number, data in turn["response_frames"]:
        match Kind(number):
            case Kind.PAD:
                written += writer.pad()
            case Kind.DATA:
                written += writer.data(b(data))
            case Kind.END:
                written += writer.end(b(data))
            case Kind.NEXT:
                written += writer.next(b(data)[: limits.SID], int.from_bytes(b(data)[limits.SID :], "big"))
            case Kind.ERROR:
                written += writer.error(int.from_bytes(b(data)[:2], "big"), b(data)[2:].decode())
            case Kind.CLOSE:
                written += writer.close()
    return written, writer.next_chain()


def _negative(entry: Fields, refused: Fields) -> str:
    turn = entry["turns"][refused["turn"]]
    session = _session(entry, turn, refused["turn"])
    sent, _ = begin_run(session, b(turn["payload"]), entropy=lambda _: b(turn["client_random"]))
    reader = sent.response()
    try:
        reader.feed(b(refused["run_response"]))
        reader.eof()
    except PrivityError:
        return "refused"
    return "accepted"


JUDGES: dict[str, Judge] = {"project/ec1-kat.json": cases}
