"""Cases of RUN: requests in every wrong shape, and what a client sends."""

import hashlib
from typing import Any

import vector_material as m
from privity_protocol import kdf, labels
from privity_protocol.chain import ChainKey
from privity_protocol.records import Kind, RecordCipher, encode_record
from privity_protocol.request_reader import RequestReader
from privity_protocol.run import begin_run
from privity_protocol.session import Session
from vector_material import Case, case, flip

HEADER = b"EC1\x02\x00\x01" + m.KID + b"\x00\x00" + m.SID
OPENING = HEADER + m.CRAND
PAYLOAD = b"Why is the sky blue?"
LONG = m.drawn("long payload", 9000)


def prk(chain: bytes = m.CHAIN, opening: bytes = OPENING) -> bytes:
    """The secret of a RUN request."""
    return kdf.extract(kdf.sha256(labels.RUN_SALT, opening), chain)


def plaintext(kind: int, data: bytes, *, length: int | None = None, tail: bytes = b"", size: int = 4096) -> bytes:
    """A record plaintext that need not follow the rules."""
    body = bytes([kind]) + (len(data) if length is None else length).to_bytes(2, "big") + data
    return body + bytes(size - 16 - len(body) - len(tail)) + tail


def request(*plaintexts: bytes, chain: bytes = m.CHAIN, opening: bytes = OPENING) -> bytes:
    """An authentic RUN over any record plaintexts."""
    cipher = RecordCipher(prk(chain, opening), labels.RUN_REQUEST_AEAD)
    return opening + b"".join(cipher.seal(one) for one in plaintexts)


def record(kind: Kind, data: bytes = b"") -> bytes:
    """A record plaintext that follows the rules."""
    return encode_record(kind, data, 4096)


def session(position: int = 0) -> Session:
    return Session(m.SID, m.KID, ChainKey(m.CHAIN), 120, position)


def sent(payload: bytes) -> bytes:
    """The RUN that a client sends."""
    return begin_run(session(), payload, entropy=lambda _: m.CRAND)[1]


GOOD = sent(LONG)
"""Three records: DATA, DATA, END."""
SHORT = sent(PAYLOAD)
"""Two records: END, PAD."""


def begin_cases() -> list[Case]:
    base = {"sid": m.SID.hex(), "kid": m.KID.hex(), "chain": m.CHAIN.hex(), "crand": m.CRAND.hex()}

    def made(name: str, what: str, payload: bytes, position: int = 0) -> Case:
        given = base | {"position": position, "payload": payload.hex()}
        return case(f"begin-run-{name}", what, "begin_run", given, {"ok": {"request": sent(payload).hex()}})

    exhausted = base | {"position": 32, "payload": PAYLOAD.hex()}
    return [
        made("empty", "an empty payload still takes two records", b""),
        made("short", "END and one PAD", PAYLOAD),
        made("full", "a payload that fills one record exactly", m.drawn("full", 4077)),
        made("one-more", "one byte more than one record", m.drawn("one more", 4078)),
        made("long", "DATA, DATA, END", LONG, 31),
        case("begin-run-exhausted", "the chain had its 32 RUNs", "begin_run", exhausted, {"error": "chain_exhausted"}),
    ]


def pieces(body: bytes) -> tuple[bytes, list[bytes]]:
    """Opening and sealed records of a RUN."""
    return body[:64], [body[at : at + 4096] for at in range(64, len(body), 4096)]


def cut_cases() -> list[Case]:
    """Truncated, reordered, duplicated, exchanged, tampered."""
    opening, (first, second, third) = pieces(GOOD)
    other = begin_run(session(), b"another payload", entropy=lambda _: m.drawn("other crand", 32))[1]
    zeros = bytes(4096)
    rows: list[tuple[str, str, bytes, str]] = [
        ("header-only", "nothing after the header", GOOD[:32], "truncated"),
        ("in-crand", "cut inside the client's random bytes", GOOD[:50], "truncated"),
        ("no-records", "no record at all", opening, "truncated"),
        ("in-record-1", "cut inside the first record", GOOD[:1000], "truncated"),
        ("after-record-1", "cut after the first record", opening + first, "truncated"),
        ("after-record-2", "cut after the second record", opening + first + second, "truncated"),
        ("before-last-byte", "one byte missing", GOOD[:-1], "truncated"),
        ("one-byte-more", "one byte after END", GOOD + b"\0", "truncated"),
        ("half-record-more", "half a record after END", GOOD + bytes(2048), "truncated"),
        ("swapped", "two records in the other order", opening + second + first + third, "not_authentic"),
        ("duplicated", "the first record twice", opening + first + first + second + third, "not_authentic"),
        ("repeated-end", "the last record twice", GOOD + third, "not_authentic"),
        ("dropped", "the second record left out", opening + first + third, "not_authentic"),
        ("zero-record", "a record of zeros after END", GOOD + zeros, "not_authentic"),
        ("flipped-first", "first sealed byte flipped", flip(GOOD, 64), "not_authentic"),
        ("flipped-tag", "last byte of the first tag flipped", flip(GOOD, 64 + 4095), "not_authentic"),
        ("flipped-last", "last byte of all flipped", flip(GOOD, len(GOOD) - 1), "not_authentic"),
        ("crand", "a random byte of the client flipped", flip(GOOD, 40), "not_authentic"),
        ("sid", "another session's handle", flip(GOOD, 16), "not_authentic"),
        ("kid", "another key id", flip(GOOD, 6), "not_authentic"),
        ("record-of-other", "a record of another RUN", opening + pieces(other)[1][0] + second + third, "not_authentic"),
        ("magic", "another protocol", b"EC2" + GOOD[3:], "header"),
        ("type", "the type of a HELLO", flip(GOOD, 3, 3), "header"),
        ("suite", "suite 2", GOOD[:4] + b"\0\2" + GOOD[6:], "suite"),
        ("reserved", "a reserved header byte set", flip(GOOD, 15), "reserved_nonzero"),
        ("short-header", "a header cut short", GOOD[:31], "size"),
    ]
    return [refused(name, what, body, reason) for name, what, body, reason in rows]


def authentic_cases() -> list[Case]:
    """Sealed under the right key and still wrong."""
    end, pad, data = record(Kind.END, PAYLOAD), record(Kind.PAD), record(Kind.DATA, b"x")
    rows: list[tuple[str, str, bytes, str]] = [
        ("no-end", "DATA and PAD, no END", request(data, data), "truncated"),
        ("pad-first", "PAD before END", request(pad, end), "order"),
        ("end-twice", "END twice", request(end, end), "order"),
        ("data-after-end", "DATA after END", request(end, data), "order"),
        ("data-after-pad", "DATA after END and PAD", request(end, pad, data), "order"),
        ("close", "CLOSE in a request", request(end, record(Kind.CLOSE)), "record_type"),
        ("next", "NEXT in a request", request(record(Kind.NEXT, bytes(20)), end), "record_type"),
        ("error", "ERROR in a request", request(record(Kind.ERROR, b"\0\1"), end), "record_type"),
        ("unknown-type", "record type 6", request(plaintext(6, b""), end), "record_type"),
        ("type-255", "record type 255", request(plaintext(255, b""), end), "record_type"),
        ("length-over", "a length one beyond the record", request(plaintext(2, b"", length=4078)), "record_length"),
        ("length-max", "the largest length", request(plaintext(1, b"", length=65535), end), "record_length"),
        ("pad-length", "a PAD that carries bytes", request(end, plaintext(0, b"x")), "record_length"),
        (
            "padding-last",
            "last padding byte is not zero",
            request(plaintext(2, PAYLOAD, tail=b"\1")),
            "padding_nonzero",
        ),
        ("padding-first", "first padding byte is not zero", request(plaintext(2, b"abc", length=2)), "padding_nonzero"),
        (
            "pad-nonzero",
            "a PAD whose padding is not zero",
            request(end, plaintext(0, b"", tail=b"\1")),
            "padding_nonzero",
        ),
        ("too-large", "one record more than the node accepts", request(data, data, data, end), "too_large"),
        ("too-large-bytes", "one byte after the last record accepted", request(data, data, data) + b"\0", "too_large"),
    ]
    cases = [refused(name, what, body, reason) for name, what, body, reason in rows]
    for one in cases[-2:]:
        one["input"]["max_records"] = 3
    return cases


def accepted_cases() -> list[Case]:
    end, pad = record(Kind.END, PAYLOAD), record(Kind.PAD)
    rows: list[tuple[str, str, bytes, bytes]] = [
        ("short", "END and PAD", SHORT, PAYLOAD),
        ("long", "DATA, DATA, END", GOOD, LONG),
        ("one-record", "a receiver does not judge padding: END alone", request(end), PAYLOAD),
        ("many-pads", "many PAD records after END", request(end, pad, pad, pad), PAYLOAD),
        ("empty", "an empty payload", sent(b""), b""),
        ("empty-data", "a DATA record without bytes", request(record(Kind.DATA), end), PAYLOAD),
    ]
    return [
        case(f"run-{name}", what, "read_run", given(body), {"ok": {"payload": payload.hex()}})
        for name, what, body, payload in rows
    ]


def given(body: bytes, chain: bytes = m.CHAIN) -> dict[str, Any]:
    return {"chain": chain.hex(), "max_records": 8192, "request": body.hex()}


def refused(name: str, what: str, body: bytes, reason: str, chain: bytes = m.CHAIN) -> Case:
    return case(f"run-{name}", what, "read_run", given(body, chain), {"error": reason})


def request_cases() -> list[Case]:
    other = refused("other-chain", "another chain key", SHORT, "not_authentic", m.drawn("other chain", 32))
    return [*accepted_cases(), *cut_cases(), *authentic_cases(), other]


def received(body: bytes = SHORT) -> Any:
    """The node's side of a good RUN."""
    reader = RequestReader(ChainKey(m.CHAIN), body[:32])
    reader.feed(body[32:])
    return reader.finish()


def response_secret(body: bytes) -> tuple[bytes, bytes]:
    """Secret and transcript hash behind the response of a RUN."""
    secret = kdf.expand(prk(), labels.RUN_RESPONSE_SECRET, 32)
    return secret, hashlib.sha256(labels.RUN_TRANSCRIPT + body).digest()


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    return {
        "ec1/run-begin": ("What a client sends as a RUN.", begin_cases()),
        "ec1/run-request": ("Requests that a node accepts, and those that it refuses.", request_cases()),
    }
