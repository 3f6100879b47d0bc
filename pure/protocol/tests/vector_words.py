"""Cases of the application layer: request header, JSON, answer lines, chat bodies."""

import base64
import json
from typing import Any

import vector_material as m
from vector_material import Case, case

RID = base64.urlsafe_b64encode(m.drawn("rid", 16)).rstrip(b"=").decode()
TOKEN = base64.urlsafe_b64encode(m.drawn("token", 354)).rstrip(b"=").decode()
SEEN = {"origin": "example.org/release", "root": m.drawn("root", 32).hex(), "size": 42}
HEADER: dict[str, Any] = {"op": "chat", "prof": "p1", "rid": RID, "seen": [], "tok": [], "v": 1}
BODY = b"{}"


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def payload(header: bytes, body: bytes = BODY, length: int | None = None) -> bytes:
    return (len(header) if length is None else length).to_bytes(4, "big") + header + body


def unreadable_headers() -> list[tuple[str, str, bytes, str]]:
    """Headers that are refused before a member is looked at."""
    good = canonical(HEADER)
    return [
        ("empty", "no bytes", b"", "header_length"),
        ("length-cut", "three bytes of length", b"\0\0\0", "header_length"),
        ("length-over", "a length one beyond the bytes", payload(good, b"", len(good) + 1), "header_length"),
        ("length-huge", "the largest length", payload(good, BODY, 2**32 - 1), "too_large"),
        ("length-limit", "a header above its limit", payload(good, BODY, 65537), "too_large"),
        ("length-zero", "no header", payload(b""), "not_canonical"),
        ("length-short", "a length that cuts the header", payload(good, BODY, len(good) - 1), "not_canonical"),
        ("space", "white space", payload(good.replace(b":", b": ", 1)), "not_canonical"),
        ("newline", "a line feed after the header", payload(good + b"\n"), "not_canonical"),
        (
            "unsorted",
            "members in another order",
            payload(json.dumps(dict(reversed(HEADER.items())), separators=(",", ":")).encode()),
            "not_canonical",
        ),
        ("duplicate", "a member twice", payload(good[:-1] + b',"v":1}'), "not_canonical"),
        ("float", "1.0 for 1", payload(good.replace(b'"v":1', b'"v":1.0')), "not_canonical"),
        ("exponent", "1e0 for 1", payload(good.replace(b'"v":1', b'"v":1e0')), "not_canonical"),
        ("nan", "NaN", payload(good.replace(b'"v":1', b'"v":NaN')), "not_canonical"),
        ("escape", "an escape where none is needed", payload(good.replace(b'"p1"', b'"\\u00701"')), "not_canonical"),
        ("utf8", "a byte that is not ASCII", payload(good.replace(b'"p1"', '"pé"'.encode())), "not_canonical"),
        ("deep", "nine levels", payload(b'{"a":' + b"[" * 8 + b"]" * 8 + b"}"), "too_deep"),
        ("list", "a list for an object", payload(b"[]"), "member_type"),
        ("null", "null for an object", payload(b"null"), "member_type"),
    ]


def header_cases() -> list[Case]:
    def one(name: str, what: str, data: bytes, expect: dict[str, Any]) -> Case:
        return case(f"header-{name}", what, "decode_request", {"payload": data.hex()}, expect)

    def accepted(name: str, what: str, **more: Any) -> Case:
        header = HEADER | more
        return one(name, what, payload(canonical(header)), {"ok": {"header": header, "body": BODY.hex()}})

    def refused(name: str, what: str, reason: str, drop: str = "", **more: Any) -> Case:
        header = {key: value for key, value in (HEADER | more).items() if key != drop}
        return one(name, what, payload(canonical(header)), {"error": reason})

    cases = [
        accepted("plain", "the smallest header"),
        accepted("full", "every member of a chat", tok=[TOKEN], seen=[SEEN], resume=True, receipt=True),
        accepted("resume", "a resume", op="resume", **{"from": 1234}),
        accepted("stop", "a stop at the strict profile", op="stop", prof="p2"),
        one("no-body", "an empty body", payload(canonical(HEADER), b""), {"ok": {"header": dict(HEADER), "body": ""}}),
    ]
    cases += [one(name, what, data, {"error": reason}) for name, what, data, reason in unreadable_headers()]
    cases += [refused(f"no-{name}", f"{name} is missing", "missing_member", drop=name) for name in HEADER]
    cases += [
        refused("unknown", "an unknown member", "unknown_member", extra=1),
        refused("account", "an account is not a member", "unknown_member", account="a"),
        refused("v-2", "version 2", "member_value", v=2),
        refused("v-true", "true for 1", "member_type", v=True),
        refused("v-text", "text for 1", "member_type", v="1"),
        refused("rid-short", "15 bytes of rid", "member_value", rid=RID[:20]),
        refused("rid-long", "a longer rid", "member_value", rid=RID + "AA"),
        refused("rid-padded", "padded base64url", "member_value", rid=RID + "=="),
        refused("rid-alphabet", "the other base64 alphabet", "member_value", rid="+" + RID[1:]),
        refused("rid-bits", "spare bits set", "member_value", rid=RID[:-1] + "B" if RID[-1] != "B" else RID[:-1] + "C"),
        refused("rid-number", "a number for rid", "member_type", rid=1),
        refused("op-unknown", "an unknown operation", "member_value", op="shell"),
        refused("op-case", "an operation in capitals", "member_value", op="Chat"),
        refused("op-null", "no operation", "member_type", op=None),
        refused("prof-unknown", "an unknown profile", "member_value", prof="p3"),
        refused("tok-text", "text for a list", "member_type", tok=TOKEN),
        refused("tok-number", "a number for a token", "member_type", tok=[1]),
        refused("tok-padded", "a padded token", "member_value", tok=["AA=="]),
        refused("tok-many", "65 tokens", "member_value", tok=["AA"] * 65),
        refused("tok-long", "a token of 1025 characters", "member_value", tok=["A" * 1025]),
        refused("seen-many", "five checkpoints", "member_value", seen=[SEEN] * 5),
        refused("seen-missing", "a checkpoint without a root", "missing_member", seen=[{"origin": "a", "size": 1}]),
        refused("seen-unknown", "a checkpoint with one member more", "unknown_member", seen=[SEEN | {"time": 1}]),
        refused("seen-root", "a root in capitals", "member_value", seen=[SEEN | {"root": SEEN["root"].upper()}]),
        refused("seen-negative", "a negative size", "member_value", seen=[SEEN | {"size": -1}]),
        refused("resume-false", "false where absence says so", "member_value", resume=False),
        refused("resume-one", "1 for true", "member_type", resume=1),
        refused("receipt-false", "false where absence says so", "member_value", receipt=False),
        refused("from-chat", "from in a chat", "member_value", **{"from": 0}),
        refused("from-missing", "a resume without from", "member_value", op="resume"),
        refused("from-negative", "a negative from", "member_value", op="resume", **{"from": -1}),
    ]
    return cases


def json_cases() -> list[Case]:
    def one(name: str, what: str, text: bytes, expect: dict[str, Any], depth: int = 32) -> Case:
        return case(f"json-{name}", what, "decode_json", {"text": text.hex(), "max_depth": depth}, expect)

    accepted = [
        ("scalars", b'[null,true,false,0,-1,1.5,1e3,"a"]', [None, True, False, 0, -1, 1.5, 1000.0, "a"]),
        ("space", b' { "a" :\t[ ]\r\n} ', {"a": []}),
        ("escapes", rb'"\u00e9\n\ud83d\ude00"', "é\n😀"),
        ("utf8", '"é😀"'.encode(), "é😀"),
        ("brackets-in-text", b'["[[[[[[[[",{"{{{{{":"]"}]', ["[[[[[[[[", {"{{{{{": "]"}]),
        ("largest-integer", b"9007199254740991", 9007199254740991),
        ("same-name-deeper", b'{"a":{"a":1}}', {"a": {"a": 1}}),
        ("proto", b'{"__proto__":1}', {"__proto__": 1}),
    ]
    rows: list[tuple[str, str, bytes, str]] = [
        ("empty", "no text", b"", "not_json"),
        ("two", "two values", b"1 2", "not_json"),
        ("comma", "a comma too many", b"[1,]", "not_json"),
        ("single-quotes", "single quotes", b"{'a':1}", "not_json"),
        ("comment", "a comment", b"[1/**/]", "not_json"),
        ("nan", "NaN", b"[NaN]", "not_json"),
        ("infinity", "Infinity", b"-Infinity", "not_json"),
        ("overflow", "a number that overflows", b"1e999", "not_json"),
        ("integer", "an integer of 2^53", b"9007199254740992", "not_json"),
        ("digits", "a number of 33 characters", b"0." + b"1" * 31, "not_json"),
        ("leading-zero", "a leading zero", b"01", "not_json"),
        ("plus", "a plus sign", b"+1", "not_json"),
        ("hex", "a hexadecimal number", b"0x10", "not_json"),
        ("control", "a line feed inside text", b'"a\nb"', "not_json"),
        ("escape", "an unknown escape", rb'"\x41"', "not_json"),
        ("open", "text without an end", b'"abc', "not_json"),
        ("bom", "a byte order mark", b"\xef\xbb\xbf{}", "not_json"),
        ("duplicate", "a member twice", b'{"a":1,"a":1}', "duplicate_member"),
        ("duplicate-deep", "a member twice, further in", b'[{"b":{"a":1,"c":2,"a":3}}]', "duplicate_member"),
        ("duplicate-escaped", "the same name in two spellings", rb'{"a":1,"\u0061":2}', "duplicate_member"),
        ("latin1", "a byte that is not UTF-8", b'"\xe9"', "not_utf8"),
        ("overlong", "an overlong form", b'"\xc0\xaf"', "not_utf8"),
        ("surrogate-bytes", "a surrogate as bytes", b'"\xed\xa0\x80"', "not_utf8"),
        ("surrogate", "a lone surrogate as an escape", rb'"\ud800"', "not_utf8"),
        ("surrogate-name", "a lone surrogate in a name", rb'{"\udc00":1}', "not_utf8"),
        ("surrogate-order", "a pair in the wrong order", rb'["\ude00\ud83d"]', "not_utf8"),
        ("deep", "33 levels", b"[" * 33 + b"]" * 33, "too_deep"),
        ("deep-objects", "33 levels of objects", b'{"a":' * 33 + b"1" + b"}" * 33, "too_deep"),
        ("deep-open", "a hundred thousand levels", b"[" * 100000, "too_deep"),
    ]
    cases = [one(name, f"{name} is read", text, {"ok": {"value": value}}) for name, text, value in accepted]
    cases += [one(name, what, text, {"error": reason}) for name, what, text, reason in rows]
    return cases


LINES: list[dict[str, Any]] = [
    {"t": "notice", "code": "model.loading"},
    {"t": "reasoning", "d": "Light of short wavelength…"},
    {"t": "text", "d": "Because of Rayleigh.\n"},
    {"t": "tool", "index": 0, "id": "call_1", "name": "look_up", "arguments": '{"q":'},
    {"t": "tool", "index": 0, "id": "", "name": "", "arguments": '"sky"}'},
    {"t": "logprobs", "bytes": ["Qg", "QQ", "", "ZWNhdXNl"], "surprisal": [1500, 0, 9_999_000_000, 7], "top": [2, 0]},
    {"t": "embedding", "index": 0, "d": "AACAPwAAAMA"},
    {"t": "usage", "prompt": 12, "cached": 3, "completion": 9},
    {"t": "receipt", "document": "{}", "signature": "A" * 86},
    {"t": "done", "reason": "stop"},
]


def text(*lines: Any) -> bytes:
    return b"".join(
        line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines
    )


def refused(name: str, what: str, data: bytes, reason: str, *seen: Any) -> Case:
    """Lines of which the first that are right are read before the reason is given."""
    return case(f"lines-{name}", what, "read_lines", {"data": data.hex()}, {"error": reason, "lines": list(seen)})


def wrong(name: str, what: str, reason: str, /, **members: Any) -> Case:
    return refused(name, what, text(members, LINES[-1]), reason)


def new_kinds() -> list[Case]:
    likely = LINES[5]
    return [
        wrong("logprobs-none", "no token", "member_value", **likely | {"bytes": [], "surprisal": [], "top": []}),
        wrong("logprobs-few", "an alternative without its value", "member_value", **likely | {"surprisal": [1, 2, 3]}),
        wrong("logprobs-more", "a token more than was counted", "member_value", **likely | {"top": [2]}),
        wrong("logprobs-top", "21 alternatives", "member_value", **likely | {"top": [21]}),
        wrong("logprobs-minus", "more than certain", "member_value", **likely | {"surprisal": [-1, 0, 0, 0]}),
        wrong("logprobs-rare", "beyond the rarest", "member_value", **likely | {"surprisal": [9_999_000_001, 0, 0, 0]}),
        wrong("logprobs-float", "a fraction", "member_type", **likely | {"surprisal": [0.5, 0, 0, 0]}),
        wrong("logprobs-base64", "standard base64", "member_value", **likely | {"bytes": ["Qg==", "QQ", "", "Zg"]}),
        wrong("logprobs-text", "a number for bytes", "member_type", **likely | {"bytes": [1, "QQ", "", "Zg"]}),
        wrong("logprobs-token", "769 bytes", "member_value", **likely | {"bytes": ["A" * 1026, "QQ", "", "Zg"]}),
        wrong("embedding-empty", "no number", "member_value", t="embedding", index=0, d=""),
        wrong("embedding-cut", "a number cut", "member_value", t="embedding", index=0, d="AACA"),
        wrong("embedding-index", "no index", "missing_member", t="embedding", d="AACAPw"),
        wrong("receipt-signature", "63 bytes", "member_value", t="receipt", document="{}", signature="A" * 84),
        wrong("receipt-document", "beyond ASCII", "member_value", t="receipt", document="é", signature="A" * 86),
        wrong("receipt-long", "8193 characters", "member_value", t="receipt", document="a" * 8193, signature="A" * 86),
    ]


def line_cases() -> list[Case]:
    hello, signed, done = LINES[2], LINES[-2], LINES[-1]

    def accepted(name: str, what: str, *lines: Any) -> Case:
        return case(f"lines-{name}", what, "read_lines", {"data": text(*lines).hex()}, {"ok": {"lines": list(lines)}})

    reasons = [
        accepted(f"done-{word}", f"done: {word}", {"t": "done", "reason": word})
        for word in ("stop", "length", "tool_calls", "stopped")
    ]
    raw = [
        refused("none", "no line", b"", "truncated"),
        refused("no-done", "no done line", text(hello), "truncated", hello),
        refused("cut", "a done line without its line feed", text(hello, done)[:-1], "truncated", hello),
        refused("empty-line", "an empty line", text(b"\n", done), "not_json"),
        refused("crlf-only", "a carriage return alone", text(b"\r\n", done), "not_json"),
        refused("not-json", "no JSON", text(hello, b"hello\n", done), "not_json", hello),
        refused("two-values", "two values on a line", text(b'{"t":"text","d":"a"}{}\n'), "not_json"),
        refused("duplicate", "a member twice", text(b'{"t":"text","d":"a","d":"b"}\n'), "duplicate_member"),
        refused("not-utf8", "text that is not UTF-8", text(b'{"t":"text","d":"\xff"}\n'), "not_utf8"),
        refused("surrogate", "a lone surrogate", text(b'{"t":"text","d":"\\ud800"}\n'), "not_utf8"),
        refused("deep", "three levels", text(b'{"t":"text","d":[[1]]}\n'), "too_deep"),
        refused("float", "1.0 for 1", text(b'{"t":"usage","prompt":1.0,"cached":0,"completion":0}\n'), "member_type"),
        refused(
            "exponent", "1e1 for 10", text(b'{"t":"usage","prompt":1e1,"cached":0,"completion":0}\n'), "member_type"
        ),
        refused("after-done", "a line after done", text(done, hello), "order", done),
        refused("done-twice", "done twice", text(done, done), "order", done),
        refused("byte-after-done", "one byte after done", text(done) + b" ", "order", done),
        refused("after-receipt", "a line after the receipt", text(signed, hello, done), "order", signed),
        refused("receipt-twice", "two receipts", text(signed, signed, done), "order", signed),
        refused("too-long", "a line above its limit", text({"t": "text", "d": "x" * 65536}), "too_large"),
        refused("endless", "no line feed within the limit", b" " * 65536, "too_large"),
    ]
    return [
        accepted("all", "one line of each kind", *LINES),
        accepted("empty-text", "a text line without text", {"t": "text", "d": ""}, done),
        *reasons,
        *raw,
        *new_kinds(),
        refused("list", "a list", text(b"[]\n"), "line_kind"),
        refused("number", "a number", text(b"1\n"), "line_kind"),
        wrong("kind-none", "no kind", "line_kind", d="a"),
        wrong("kind-unknown", "an unknown kind", "line_kind", t="html", d="a"),
        wrong("kind-reserved", "a kind that is not specified yet", "line_kind", t="frank", d="a"),
        wrong("kind-list", "a list for a kind", "line_kind", t=["text"], d="a"),
        wrong("text-missing", "text without text", "missing_member", t="text"),
        wrong("text-more", "text with one member more", "unknown_member", t="text", d="a", role="system"),
        wrong("text-null", "null for text", "member_type", t="text", d=None),
        wrong("usage-negative", "a negative count", "member_value", t="usage", prompt=-1, cached=0, completion=0),
        wrong("usage-text", "text for a count", "member_type", t="usage", prompt="1", cached=0, completion=0),
        wrong("usage-bool", "true for a count", "member_type", t="usage", prompt=True, cached=0, completion=0),
        wrong("tool-missing", "a tool call without a name", "missing_member", t="tool", index=0, id="a", arguments=""),
        wrong(
            "tool-arguments",
            "arguments that are no text",
            "member_type",
            t="tool",
            index=0,
            id="a",
            name="b",
            arguments={},
        ),
        wrong("notice-code", "a notice that is prose", "member_value", t="notice", code="Hello you"),
        wrong("notice-long", "a notice of 65 characters", "member_value", t="notice", code="a" * 65),
        wrong("notice-null", "a notice without a code", "member_type", t="notice", code=None),
        wrong("done-reason", "an unknown reason", "member_value", t="done", reason="because"),
        wrong("done-null", "null for a reason", "member_type", t="done", reason=None),
    ]


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    return {
        "application/header": ("Headers of requests, right and wrong.", header_cases()),
        "application/json": ("Strict JSON, and what is none.", json_cases()),
        "application/lines": ("Lines of an answer, right and wrong.", line_cases()),
    }
