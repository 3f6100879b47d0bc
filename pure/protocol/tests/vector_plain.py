"""Cases without keys: headers, records, padding. Others are in `vector_pacing` and `vector_words`."""

import vector_material as m
import vector_pacing
import vector_words
from privity_protocol.records import Kind, encode_record
from vector_material import Case, case, flip
from vector_runs import plaintext

HELLO = b"EC1\x01\x00\x01" + m.KID + b"\x00\x00"
RUN = b"EC1\x02\x00\x01" + m.KID + b"\x00\x00" + m.SID
HELLO_RESPONSE = b"EC1\x81\x00\x01\x00\x00"


def run_response(size: int) -> bytes:
    return b"EC1\x82\x00\x01" + size.to_bytes(2, "big")


def envelope_cases() -> list[Case]:
    def one(op: str, name: str, what: str, header: bytes, expect: dict[str, object]) -> Case:
        return case(f"outer-{name}", what, f"parse_{op}", {"header": header.hex()}, expect)

    kid, sid = m.KID.hex(), m.SID.hex()
    cases = [
        one("hello_header", "hello", "a HELLO header", HELLO, {"ok": {"suite": 1, "kid": kid}}),
        one("run_header", "run", "a RUN header", RUN, {"ok": {"suite": 1, "kid": kid, "sid": sid}}),
        one("hello_response_header", "hello-response", "a HELLO response header", HELLO_RESPONSE, {"ok": {"suite": 1}}),
    ]
    cases += [
        one(
            "run_response_header",
            f"run-response-{size}",
            f"records of {size}",
            run_response(size),
            {"ok": {"record_size": size}},
        )
        for size in (256, 512, 1024, 4096)
    ]
    cases += [
        one(
            "run_response_header",
            f"run-response-{size}",
            f"records of {size}",
            run_response(size),
            {"error": "record_size"},
        )
        for size in (0, 1, 255, 2048, 8192, 65535)
    ]
    for op, good in (
        ("hello_header", HELLO),
        ("run_header", RUN),
        ("hello_response_header", HELLO_RESPONSE),
        ("run_response_header", run_response(512)),
    ):
        name = op.removesuffix("_header").replace("_", "-")
        rows = [
            ("empty", "no bytes", b"", "size"),
            ("short", "one byte missing", good[:-1], "size"),
            ("long", "one byte more", good + b"\0", "size"),
            ("magic", "another protocol", b"EC0" + good[3:], "header"),
            ("case", "the magic in lower case", b"ec1" + good[3:], "header"),
            ("type", "an unknown type", good[:3] + b"\x03" + good[4:], "header"),
            ("direction", "the other direction's type", flip(good, 3, 0x80), "header"),
            ("suite-0", "suite 0", good[:4] + b"\0\0" + good[6:], "suite"),
            ("suite-256", "the suite in the other byte order", good[:4] + b"\1\0" + good[6:], "suite"),
        ]
        if op != "run_response_header":
            at = 6 if op == "hello_response_header" else 14
            rows += [
                ("reserved-first", "first reserved byte set", flip(good, at), "reserved_nonzero"),
                ("reserved-second", "second reserved byte set", flip(good, at + 1, 0x80), "reserved_nonzero"),
            ]
        cases += [one(op, f"{name}-{end}", what, header, {"error": reason}) for end, what, header, reason in rows]
    return cases


def record_cases() -> list[Case]:
    size = 256
    room = size - 19
    accepted = [
        ("pad", Kind.PAD, b""),
        ("data", Kind.DATA, b"abc"),
        ("data-empty", Kind.DATA, b""),
        ("data-full", Kind.DATA, m.drawn("full record", room)),
        ("end", Kind.END, b"z"),
        ("end-empty", Kind.END, b""),
        ("close", Kind.CLOSE, b""),
        ("error", Kind.ERROR, b"\0\x06"),
        ("error-text", Kind.ERROR, b"\0\x09" + "größer".encode()),
        ("error-longest", Kind.ERROR, b"\0\x09" + b"x" * 200),
        ("next", Kind.NEXT, m.NEXT_SID + b"\0\0\x02\x58"),
    ]
    cases = []
    for name, kind, data in accepted:
        plain = encode_record(kind, data, size).hex()
        read = {"ok": {"kind": kind.name, "data": data.hex()}}
        written = {"kind": kind.name, "data": data.hex(), "record_size": size}
        cases.append(case(f"decode-{name}", f"{kind.name} is read", "decode_record", {"plaintext": plain}, read))
        cases.append(
            case(f"encode-{name}", f"{kind.name} is written", "encode_record", written, {"ok": {"plaintext": plain}})
        )
    over = {"kind": "DATA", "data": bytes(room + 1).hex(), "record_size": size}
    cases.append(case("encode-over", "one byte too many", "encode_record", over, {"error": "record_capacity"}))
    rows = [
        ("type-6", "type 6", plaintext(6, b"", size=size), "record_type"),
        ("type-255", "type 255", plaintext(255, b"", size=size), "record_type"),
        (
            "length-over",
            "a length one beyond the record",
            plaintext(1, b"", length=room + 1, size=size),
            "record_length",
        ),
        ("length-max", "the largest length", plaintext(2, b"", length=65535, size=size), "record_length"),
        ("pad-length", "a PAD with a byte", plaintext(0, b"x", size=size), "record_length"),
        ("pad-zero-length", "a PAD with a zero byte", plaintext(0, b"\0", size=size), "record_length"),
        ("close-length", "a CLOSE with a byte", plaintext(3, b"x", size=size), "record_length"),
        ("next-short", "a NEXT of 19 bytes", plaintext(5, bytes(19), size=size), "record_length"),
        ("next-long", "a NEXT of 21 bytes", plaintext(5, bytes(21), size=size), "record_length"),
        ("next-empty", "a NEXT without bytes", plaintext(5, b"", size=size), "record_length"),
        ("error-short", "an ERROR of one byte", plaintext(4, b"\0", size=size), "record_length"),
        ("error-long", "an ERROR text of 201 bytes", plaintext(4, b"\0\1" + b"x" * 201, size=size), "error_text"),
        ("error-text", "an ERROR text that is not UTF-8", plaintext(4, b"\0\1\xc3", size=size), "error_text"),
        ("error-overlong", "an overlong UTF-8 form", plaintext(4, b"\0\1\xc0\xaf", size=size), "error_text"),
        ("tail-first", "first padding byte set", plaintext(1, b"ab", length=1, size=size), "padding_nonzero"),
        ("tail-last", "last padding byte set", plaintext(2, b"a", tail=b"\x80", size=size), "padding_nonzero"),
        ("pad-tail", "a PAD with a set byte at its end", plaintext(0, b"", tail=b"\1", size=size), "padding_nonzero"),
    ]
    cases += [
        case(f"refuse-{name}", what, "decode_record", {"plaintext": plain.hex()}, {"error": reason})
        for name, what, plain, reason in rows
    ]
    return cases


def order_cases() -> list[Case]:
    """One line per sequence: words, and the phase reached or `order`."""
    tables = {
        "request": {
            "END": "ENDED",
            "DATA DATA END PAD PAD": "ENDED",
            "DATA": "OPEN",
            "PAD": "order",
            "DATA PAD": "order",
            "END DATA": "order",
            "END END": "order",
            "END PAD END": "order",
            "END CLOSE": "order",
            "NEXT": "order",
            "ERROR": "order",
        },
        "response": {
            "PAD DATA NEXT END PAD CLOSE": "CLOSED",
            "END NEXT CLOSE": "CLOSED",
            "END": "ENDED",
            "DATA ERROR": "FAILED",
            "ERROR PAD CLOSE": "ABORTED",
            "NEXT ERROR CLOSE": "ABORTED",
            "CLOSE": "order",
            "DATA CLOSE": "order",
            "NEXT CLOSE": "order",
            "END DATA": "order",
            "END END": "order",
            "END ERROR": "order",
            "ERROR END": "order",
            "ERROR DATA": "order",
            "ERROR NEXT": "order",
            "ERROR ERROR": "order",
            "END CLOSE PAD": "order",
            "END CLOSE CLOSE": "order",
            "ERROR CLOSE PAD": "order",
        },
    }
    return [
        case(
            f"{side}-{words.lower().replace(' ', '-')}",
            f"{words} in a {side}",
            f"{side}_order",
            {"kinds": words.split()},
            {"error": "order"} if phase == "order" else {"ok": {"phase": phase}},
        )
        for side, table in tables.items()
        for words, phase in table.items()
    ]


PADME = {
    0: 0,
    1: 1,
    2: 2,
    3: 3,
    8: 8,
    9: 10,
    17: 18,
    33: 36,
    100: 104,
    129: 144,
    257: 272,
    999: 1024,
    4097: 4352,
    7680: 7680,
    7681: 7936,
    8191: 8192,
}
REQUESTS = {0: 2, 1: 2, 4077: 2, 4078: 2, 8154: 2, 8155: 3, 9 * 4077: 10, 100 * 4077: 104, 8192 * 4077: 8192}


def padding_cases() -> list[Case]:
    cases = [
        case(f"padme-{n}", f"Padmé of {n}", "padme", {"length": n}, {"ok": {"padded": to}}) for n, to in PADME.items()
    ]
    cases += [
        case(f"request-{n}", f"records of {n} bytes", "request_records", {"length": n}, {"ok": {"records": to}})
        for n, to in REQUESTS.items()
    ]
    cases += [
        case(f"request-{n}", "more than a node accepts", "request_records", {"length": n}, {"error": "too_large"})
        for n in (8192 * 4077 + 1, 2**31, 2**40)
    ]
    return cases


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    return {
        "envelope/headers": ("Outer headers, right and wrong.", envelope_cases()),
        "records/records": ("Record plaintexts, right and wrong.", record_cases()),
        "records/order": ("Which record may follow which.", order_cases()),
        "padding/padding": ("Padmé, and the records of a request.", padding_cases()),
        **vector_pacing.files(),
        **vector_words.files(),
    }
