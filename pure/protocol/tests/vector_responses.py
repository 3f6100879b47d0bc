"""Cases of RUN responses: what a node writes, what a client accepts."""

from typing import Any

import vector_material as m
import vector_runs as runs
from privity_protocol import kdf, labels
from privity_protocol.records import Kind, RecordCipher, encode_record
from vector_material import Case, case, flip
from vector_runs import plaintext

SIZE = 256
NEXT = m.NEXT_SID + (600).to_bytes(4, "big")
Plain = tuple[Kind, bytes] | bytes


def header(size: int = SIZE) -> bytes:
    return b"EC1\x82\x00\x01" + size.to_bytes(2, "big")


def response_prk(size: int = SIZE) -> bytes:
    secret, transcript = runs.response_secret(runs.SHORT)
    return kdf.extract(kdf.sha256(labels.RUN_RESPONSE_SALT, transcript, header(size), m.SRAND), secret)


def response(*records: Plain, size: int = SIZE) -> bytes:
    """An authentic response over any records."""
    secret = response_prk(size)
    cipher = RecordCipher(secret, labels.RUN_RESPONSE_AEAD)
    plaintexts = [one if isinstance(one, bytes) else encode_record(*one, size) for one in records]
    opening = header(size) + m.SRAND + kdf.expand(secret, labels.RUN_RESPONSE_CONFIRM, 32)
    return opening + b"".join(cipher.seal(one) for one in plaintexts)


PAD, CLOSE = (Kind.PAD, b""), (Kind.CLOSE, b"")
DATA, END = (Kind.DATA, b"Because of "), (Kind.END, b"Rayleigh.")
NAMED = (Kind.NEXT, NEXT)
FAILED = (Kind.ERROR, b"\x00\x05" + b"try later")
GOOD = response(PAD, DATA, NAMED, END, PAD, CLOSE)

EV = {
    "pad": ["pad"],
    "data": ["data", DATA[1].hex()],
    "end": ["end", END[1].hex()],
    "next": ["next", m.NEXT_SID.hex(), 600],
    "error": ["error", 5, "try later"],
    "close": ["close"],
}


def events(words: str) -> list[list[Any]]:
    return [EV[word] for word in words.split()]


def given(body: bytes) -> dict[str, Any]:
    return {
        "sid": m.SID.hex(),
        "kid": m.KID.hex(),
        "chain": m.CHAIN.hex(),
        "position": 3,
        "crand": m.CRAND.hex(),
        "payload": runs.PAYLOAD.hex(),
        "response": body.hex(),
    }


def following(size: int = SIZE) -> dict[str, Any]:
    """The session that a NEXT record names."""
    chain = kdf.expand(response_prk(size), labels.CHAIN, 32)
    return {"sid": m.NEXT_SID.hex(), "ttl": 600, "position": 4, "chain": chain.hex()}


def accepted(name: str, what: str, body: bytes, seen: str, *, complete: bool = True, size: int = SIZE) -> Case:
    after = following(size) if "next" in seen else None
    expect = {"ok": {"events": events(seen), "complete": complete, "next": after}}
    return case(f"response-{name}", what, "read_response", given(body), expect)


def refused(name: str, what: str, body: bytes, reason: str, seen: str = "", *, complete: bool = False) -> Case:
    expect = {"error": reason, "events": events(seen), "complete": complete}
    return case(f"response-{name}", what, "read_response", given(body), expect)


def accepted_cases() -> list[Case]:
    largest = response(DATA, END, CLOSE, size=4096)
    return [
        accepted("good", "PAD, DATA, NEXT, END, PAD, CLOSE", GOOD, "pad data next end pad close"),
        accepted("end-close", "the shortest answer", response(END, CLOSE), "end close"),
        accepted("next-after-end", "NEXT after END", response(END, NAMED, PAD, CLOSE), "end next pad close"),
        accepted("next-first", "NEXT first of all", response(NAMED, PAD, END, CLOSE), "next pad end close"),
        accepted("error", "an inner error", response(DATA, FAILED, PAD, CLOSE), "data error pad close", complete=False),
        accepted(
            "next-error",
            "NEXT, then an inner error",
            response(NAMED, FAILED, CLOSE),
            "next error close",
            complete=False,
        ),
        accepted("size-512", "records of 512 bytes", response(DATA, END, CLOSE, size=512), "data end close"),
        accepted(
            "size-1024", "records of 1024 bytes", response(NAMED, END, CLOSE, size=1024), "next end close", size=1024
        ),
        accepted("size-4096", "records of 4096 bytes", largest, "data end close"),
    ]


def cut_cases() -> list[Case]:
    opening = GOOD[:72]
    parts = [GOOD[at : at + SIZE] for at in range(72, len(GOOD), SIZE)]
    words = ["pad", "data", "next", "end", "pad"]
    cases = [refused("empty", "nothing at all", b"", "truncated")]
    cases += [
        refused("in-header", "cut inside the header", GOOD[:7], "truncated"),
        refused("in-opening", "cut inside the confirmation", GOOD[:71], "truncated"),
        refused("no-records", "no record", opening, "truncated"),
    ]
    for count in range(1, 6):
        body = opening + b"".join(parts[:count])
        seen = " ".join(words[:count])
        cases.append(
            refused(f"after-{count}", f"cut after record {count}", body, "truncated", seen, complete=count >= 4)
        )
    swapped = opening + parts[1] + parts[0] + b"".join(parts[2:])
    doubled = opening + parts[0] + parts[0] + b"".join(parts[1:])
    dropped = opening + parts[0] + parts[2] + b"".join(parts[3:])
    cases += [
        refused("in-close", "one byte of CLOSE missing", GOOD[:-1], "truncated", " ".join(words), complete=True),
        refused("swapped", "two records in the other order", swapped, "not_authentic"),
        refused("duplicated", "the first record twice", doubled, "not_authentic", "pad"),
        refused("dropped", "a record left out", dropped, "not_authentic", "pad"),
        refused(
            "byte-after-close",
            "one byte after CLOSE",
            GOOD + b"\0",
            "after_close",
            "pad data next end pad close",
            complete=True,
        ),
        refused(
            "close-twice",
            "the CLOSE record again",
            GOOD + parts[5],
            "after_close",
            "pad data next end pad close",
            complete=True,
        ),
        refused("flipped-first", "first sealed byte flipped", flip(GOOD, 72), "not_authentic"),
        refused("flipped-tag", "last byte of the first tag flipped", flip(GOOD, 72 + SIZE - 1), "not_authentic"),
        refused(
            "flipped-later",
            "a byte of the third record flipped",
            flip(GOOD, 72 + 2 * SIZE),
            "not_authentic",
            "pad data",
        ),
        refused("srand", "a random byte of the node flipped", flip(GOOD, 8), "not_authentic"),
        refused("confirm", "a byte of the confirmation flipped", flip(GOOD, 40), "not_authentic"),
        refused(
            "confirm-zero", "no confirmation, all else authentic", GOOD[:40] + bytes(32) + GOOD[72:], "not_authentic"
        ),
        refused("size-changed", "another allowed record size in the header", header(512) + GOOD[8:], "not_authentic"),
        refused("size-0", "record size 0", header(0) + GOOD[8:], "record_size"),
        refused("size-128", "record size 128", header(128) + GOOD[8:], "record_size"),
        refused("size-2048", "record size 2048", header(2048) + GOOD[8:], "record_size"),
        refused("magic", "another protocol", b"EC2" + GOOD[3:], "header"),
        refused("type-request", "the type of a request", flip(GOOD, 3, 0x80), "header"),
        refused("type-hello", "the type of a HELLO response", flip(GOOD, 3, 3), "header"),
        refused("suite", "suite 2", GOOD[:4] + b"\0\2" + GOOD[6:], "suite"),
    ]
    return cases


def authentic_cases() -> list[Case]:
    odd = lambda *args, **more: plaintext(*args, **more, size=SIZE)  # noqa: E731
    room = SIZE - 19
    rows: list[tuple[str, str, tuple[Plain, ...], str, str]] = [
        ("close-first", "CLOSE without END", (CLOSE,), "order", ""),
        ("close-early", "CLOSE after DATA", (DATA, CLOSE), "order", "data"),
        ("end-twice", "END twice", (END, END, CLOSE), "order", "end"),
        ("data-after-end", "DATA after END", (END, DATA, CLOSE), "order", "end"),
        ("error-after-end", "ERROR after END", (END, FAILED, CLOSE), "order", "end"),
        ("end-after-error", "END after ERROR", (FAILED, END, CLOSE), "order", "error"),
        ("data-after-error", "DATA after ERROR", (FAILED, DATA, CLOSE), "order", "error"),
        ("next-after-error", "NEXT after ERROR", (FAILED, NAMED, CLOSE), "order", "error"),
        ("error-twice", "ERROR twice", (FAILED, FAILED, CLOSE), "order", "error"),
        ("next-twice", "NEXT twice", (NAMED, NAMED, END, CLOSE), "order", "next"),
        ("next-twice-apart", "NEXT before and after END", (NAMED, END, NAMED, CLOSE), "order", "next end"),
        ("data-after-close", "authentic DATA after CLOSE", (END, CLOSE, DATA), "after_close", "end close"),
        ("unknown-type", "record type 6", (odd(6, b""), END, CLOSE), "record_type", ""),
        ("type-128", "record type 128", (odd(128, b""), END, CLOSE), "record_type", ""),
        ("length-over", "a length one beyond the record", (odd(1, b"", length=room + 1),), "record_length", ""),
        ("length-max", "the largest length", (odd(1, b"", length=65535),), "record_length", ""),
        ("pad-length", "a PAD that carries bytes", (odd(0, b"x"),), "record_length", ""),
        ("close-length", "a CLOSE that carries bytes", (END, odd(3, b"x")), "record_length", "end"),
        ("next-short", "a NEXT of 19 bytes", (odd(5, bytes(19)),), "record_length", ""),
        ("next-long", "a NEXT of 21 bytes", (odd(5, bytes(21)),), "record_length", ""),
        ("error-empty", "an ERROR without a code", (odd(4, b""),), "record_length", ""),
        ("error-half", "an ERROR with half a code", (odd(4, b"\0"),), "record_length", ""),
        ("error-long", "an ERROR text of 201 bytes", (odd(4, b"\0\1" + b"x" * 201),), "error_text", ""),
        ("error-not-utf8", "an ERROR text that is not UTF-8", (odd(4, b"\0\1\xff"),), "error_text", ""),
        ("error-surrogate", "an ERROR text with a surrogate", (odd(4, b"\0\1\xed\xa0\x80"),), "error_text", ""),
        ("padding-first", "first padding byte is not zero", (odd(1, b"ab", length=1),), "padding_nonzero", ""),
        ("padding-last", "last padding byte is not zero", (DATA, odd(2, b"a", tail=b"\1")), "padding_nonzero", "data"),
        ("pad-nonzero", "a PAD whose padding is not zero", (odd(0, b"", tail=b"\1"),), "padding_nonzero", ""),
    ]
    return [
        refused(name, what, response(*records), reason, seen, complete="end" in seen)
        for name, what, records, reason, seen in rows
    ]


def respond_cases() -> list[Case]:
    base = {
        "chain": m.CHAIN.hex(),
        "request": runs.SHORT.hex(),
        "record_size": SIZE,
        "srand": m.SRAND.hex(),
    }
    call = {word: EV[word] for word in ("pad", "data", "end", "next", "error", "close")}

    def wrong(name: str, what: str, words: str, reason: str = "order") -> Case:
        calls = [call[word] for word in words.split()]
        return case(f"respond-{name}", what, "write_response", base | {"calls": calls}, {"error": reason})

    good = [call[word] for word in ("pad", "data", "next", "end", "pad", "close")]
    accepted = {"ok": {"response": GOOD.hex(), "next_chain": following()["chain"]}}
    over = base | {"calls": [["data", bytes(SIZE - 18).hex()]]}
    text = base | {"calls": [["error", 6, "é" * 101]]}
    return [
        case("respond-good", "the good answer", "write_response", base | {"calls": good}, accepted),
        wrong("close-first", "CLOSE before END", "close"),
        wrong("end-twice", "END twice", "end end"),
        wrong("data-after-end", "DATA after END", "end data"),
        wrong("next-twice", "NEXT twice", "next next"),
        wrong("next-after-error", "NEXT after ERROR", "error next"),
        wrong("error-after-end", "ERROR after END", "end error"),
        wrong("pad-after-close", "PAD after CLOSE", "end close pad"),
        case(
            "respond-over", "one byte more than a record carries", "write_response", over, {"error": "record_capacity"}
        ),
        case("respond-text", "an error text of 202 bytes", "write_response", text, {"error": "record_capacity"}),
        case(
            "respond-size",
            "a record size that is not in the list",
            "write_response",
            base | {"record_size": 2048, "calls": []},
            {"error": "record_size"},
        ),
    ]


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    reading = [*accepted_cases(), *cut_cases(), *authentic_cases()]
    return {
        "ec1/run-response": ("Answers that a client accepts, and those that it refuses.", reading),
        "ec1/run-respond": ("What a node writes, and calls out of order.", respond_cases()),
    }
