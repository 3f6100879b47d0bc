"""Cases of canonical JSON, CBOR and outer errors. What must fail is written down here, not computed."""

from typing import Any

import cbor2
from vector_material import Case, case

Bytes = Any


def text(value: str) -> Bytes:
    """ASCII bytes written as text."""
    return {"text": value}


def times(piece: bytes, count: int) -> Bytes:
    """The same bytes again and again."""
    return {"repeat": piece.hex(), "times": count}


CANONICAL_GOOD = {
    "empty object": "{}",
    "empty list": "[]",
    "null": "null",
    "true inside": '{"a":true,"b":false,"c":null}',
    "members sorted bytewise": '{"A":1,"B":2,"a":3,"a-b":4,"a.b":5}',
    "shorter name first": '{"a":1,"aa":2}',
    "names that are digits sort as text": '{"0":1,"1":2,"10":3,"2":4}',
    "name of an inherited property": '{"__proto__":1,"constructor":2}',
    "empty name": '{"":1}',
    "largest integer": "9007199254740991",
    "smallest integer": "-9007199254740991",
    "zero": "0",
    "short escapes": '"\\b\\f\\n\\r\\t\\"\\\\"',
    "solidus stays bare": '"a/b"',
    "other controls as lower-case hex": '"\\u0000\\u001f\\u007f"',
    "letter beyond ASCII": '"\\u00e9"',
    "surrogate pair": '"\\ud83d\\ude00"',
    "brackets inside text do not nest": '"[[[[[[[[[[[["',
    "eight levels": "[[[[[[[[1]]]]]]]]",
}
CANONICAL_BAD = {
    "empty input": "",
    "space after colon": '{"a": 1}',
    "space around": " {}",
    "newline at the end": "{}\n",
    "members not sorted": '{"b":1,"a":2}',
    "digit names sorted as numbers": '{"0":1,"2":2,"10":3}',
    "member twice": '{"a":1,"a":1}',
    "member twice with another value": '{"a":1,"a":2}',
    "fraction": "1.0",
    "exponent": "1e3",
    "minus zero": "-0",
    "leading zero": "01",
    "plus sign": "+1",
    "integer 2^53": "9007199254740992",
    "integer -2^53": "-9007199254740992",
    "very long integer": "1" * 400,
    "not a number": "NaN",
    "infinity": "-Infinity",
    "upper-case escape": '"\\u00E9"',
    "needless escape of a letter": '"\\u0061"',
    "escaped solidus": '"\\/"',
    "long escape for a newline": '"\\u000a"',
    "bare delete character": '"\x7f"',
    "bare control character": '"\x01"',
    "lone high surrogate": '"\\ud83d"',
    "lone low surrogate": '"\\ude00"',
    "surrogates in the wrong order": '"\\ude00\\ud83d"',
    "name beyond ASCII": '{"\\u00e9":1}',
    "name with a quote": '{"\\"":1}',
    "name with a backslash": '{"\\\\":1}',
    "single quotes": "{'a':1}",
    "comment": "{}/**/",
    "trailing comma": "[1,]",
    "two values": "{}{}",
    "unclosed list": "[1",
    "unclosed text": '"a',
    "text that ends in a backslash": '"a\\',
    "name without quotes": "{a:1}",
    "capital literal": "True",
    "closing without opening": "]",
}


def canonical() -> list[Case]:
    """Cases of `decode_canonical`."""
    cases = [_canonical(name, text(data), {"ok": {}}) for name, data in CANONICAL_GOOD.items()]
    cases += [_canonical(name, text(data), {"error": "not_canonical"}) for name, data in CANONICAL_BAD.items()]
    cases += [
        _canonical("exactly the limit", text('"abc"'), {"ok": {}}, most=5),
        _canonical("one byte over the limit", text('"abcd"'), {"error": "too_large"}, most=5),
        _canonical("nine levels", text("[[[[[[[[[1]]]]]]]]]"), {"error": "too_deep"}),
        _canonical("nine levels of objects", text('{"a":' * 9 + "1" + "}" * 9), {"error": "too_deep"}),
        _canonical("deep and never closed", times(b"[", 60_000), {"error": "too_deep"}),
        _canonical("too deep is said before not JSON", text("[[[[[[[[[,"), {"error": "too_deep"}),
        _canonical("UTF-8 instead of an escape", '"é"'.encode().hex(), {"error": "not_canonical"}),
        _canonical("byte order mark", "efbbbf7b7d", {"error": "not_canonical"}),
        _canonical("UTF-16", "{}".encode("utf-16-le").hex(), {"error": "not_canonical"}),
        _canonical("NUL after the value", "7b7d00", {"error": "not_canonical"}),
    ]
    return cases


def _canonical(name: str, data: Bytes, expect: dict[str, Any], most: int = 65_536) -> Case:
    given = {"data": data, "max_bytes": most, "max_depth": 8}
    return case(name.replace(" ", "-"), f"canonical JSON: {name}", "decode_canonical", given, expect)


CBOR_GOOD: dict[str, tuple[Any, Any]] = {
    "zero": (0, {"int": 0}),
    "23 in one byte": (23, {"int": 23}),
    "24 in two": (24, {"int": 24}),
    "255": (255, {"int": 255}),
    "256": (256, {"int": 256}),
    "65536": (65_536, {"int": 65_536}),
    "2^32": (2**32, {"int": 2**32}),
    "largest integer": (2**53 - 1, {"int": 2**53 - 1}),
    "minus one": (-1, {"int": -1}),
    "smallest integer": (1 - 2**53, {"int": 1 - 2**53}),
    "bytes": (b"\x01\x02", {"bytes": "0102"}),
    "empty text": ("", {"text": ""}),
    "text beyond ASCII": ("é", {"text": "é"}),
    "byte order mark stays": ("\ufeff", {"text": "\ufeff"}),
    "simple values": ([False, True, None], {"array": [False, True, None]}),
    "map of both signs": ({1: 2, -1: 3}, {"map": [[{"int": 1}, {"int": 2}], [{"int": -1}, {"int": 3}]]}),
    "keys sorted by bytes, not by length": (
        {24: 2, -1: 3},
        {"map": [[{"int": 24}, {"int": 2}], [{"int": -1}, {"int": 3}]]},
    ),
    "shorter keys first": ({"b": 1, "aa": 2}, {"map": [[{"text": "b"}, {"int": 1}], [{"text": "aa"}, {"int": 2}]]}),
    "tag": (cbor2.CBORTag(18, [b""]), {"tag": [18, {"array": [{"bytes": ""}]}]}),
}
CBOR_BAD = {
    "empty input": ("", "truncated"),
    "length byte missing": ("18", "truncated"),
    "text shorter than its length": ("6261", "truncated"),
    "array without its entries": ("8201", "truncated"),
    "huge array without entries": ("9affffffff", "truncated"),
    "huge byte string": ("5b001fffffffffffff", "truncated"),
    "map without a value": ("a101", "truncated"),
    "second value": ("0000", "trailing_data"),
    "one byte more": ("f600", "trailing_data"),
    "23 in two bytes": ("1817", "not_minimal"),
    "255 in three": ("1900ff", "not_minimal"),
    "65535 in five": ("1a0000ffff", "not_minimal"),
    "2^32-1 in nine": ("1b00000000ffffffff", "not_minimal"),
    "text length in two bytes": ("780161", "not_minimal"),
    "integer 2^53": ("1b0020000000000000", "integer_range"),
    "integer -2^53": ("3b001fffffffffffff", "integer_range"),
    "integer 2^64-1": ("1bffffffffffffffff", "integer_range"),
    "half float": ("f93c00", "unsupported_item"),
    "double": ("fb3ff0000000000000", "unsupported_item"),
    "undefined": ("f7", "unsupported_item"),
    "simple value 32": ("f820", "unsupported_item"),
    "reserved length 28": ("1c", "unsupported_item"),
    "indefinite bytes": ("5f4101ff", "unsupported_item"),
    "indefinite array": ("9f01ff", "unsupported_item"),
    "break alone": ("ff", "unsupported_item"),
    "text that is not UTF-8": ("61ff", "unsupported_item"),
    "surrogate in UTF-8": ("63eda080", "unsupported_item"),
    "overlong UTF-8": ("62c0af", "unsupported_item"),
    "key that is an array": ("a18001", "unsupported_item"),
    "key that is true": ("a1f501", "unsupported_item"),
    "key that is null": ("a1f601", "unsupported_item"),
    "key that is a tag": ("a1c10101", "unsupported_item"),
    "key twice": ("a201010102", "key_order"),
    "keys not sorted": ("a202010101", "key_order"),
    "longer key first": ("a262616101616202", "key_order"),
    "text key before integer key": ("a2616101" + "0101", "key_order"),
    "seventeen arrays": ("81" * 17 + "00", "too_deep"),
    "seventeen tags": ("c1" * 17 + "00", "too_deep"),
    "seventeen maps": ("a100" * 17 + "00", "too_deep"),
}


def cbor() -> list[Case]:
    """Cases of `decode_cbor`; good bytes come from an independent encoder."""
    cases = [
        _cbor(name, cbor2.dumps(value).hex(), {"ok": {"value": shown}}) for name, (value, shown) in CBOR_GOOD.items()
    ]
    cases += [_cbor(name, data, {"error": reason}) for name, (data, reason) in CBOR_BAD.items()]
    nested: Any = {"int": 0}
    for _ in range(16):
        nested = {"array": [nested]}
    cases += [
        _cbor("sixteen arrays", "81" * 16 + "00", {"ok": {"value": nested}}),
        _cbor("4096 items", ["990fff", times(b"\0", 4095)], {"ok": {"value": {"array": [{"int": 0}] * 4095}}}),
        _cbor("4097 items", ["991000", times(b"\0", 4096)], {"error": "too_many"}),
    ]
    backwards = {"map": [[{"int": 2}, {"int": 1}], [{"int": 1}, {"bytes": "00"}]]}
    return [
        *cases,
        _vendor("keys backwards", "a2020101" + "4100", {"ok": {"value": backwards}}),
        _vendor("keys in order", "a101" + "02", {"ok": {"value": {"map": [[{"int": 1}, {"int": 2}]]}}}),
        _vendor("key twice, side by side", "a201010102", {"error": "key_order"}),
        _vendor("key twice, apart", "a3" + "0100" + "0200" + "0100", {"error": "key_order"}),
        _vendor("bytes key twice", "a3" + "410100" + "0200" + "410100", {"error": "key_order"}),
        _vendor("longer spelling of a key", "a2" + "180100" + "0100", {"error": "not_minimal"}),
        _vendor("second value", "a0a0", {"error": "trailing_data"}),
        _vendor("array without a count", "9f01ff", {"error": "unsupported_item"}),
        *_uncounted(),
    ]


def _cbor(name: str, data: Bytes, expect: dict[str, Any]) -> Case:
    return case(name.replace(" ", "-"), f"deterministic CBOR: {name}", "decode_cbor", {"data": data}, expect)


def _vendor(name: str, data: Bytes, expect: dict[str, Any]) -> Case:
    given = {"data": data, "any_order": True}
    return case(f"any-order-{name}".replace(" ", "-"), f"CBOR of vendors: {name}", "decode_cbor", given, expect)


def _uncounted() -> list[Case]:
    outcomes: dict[str, tuple[Bytes, dict[str, Any]]] = {
        "array": ("9f0102ff", {"ok": {"value": {"array": [{"int": 1}, {"int": 2}]}}}),
        "empty array": ("9fff", {"ok": {"value": {"array": []}}}),
        "map": ("bf01bf6161f5ffff", {"ok": {"value": {"map": [[{"int": 1}, {"map": [[{"text": "a"}, True]]}]]}}}),
        "array in a counted one": ("819fff", {"ok": {"value": {"array": [{"array": []}]}}}),
        "no break": ("9f01", {"error": "truncated"}),
        "map that breaks before a value": ("bf01ff", {"error": "unsupported_item"}),
        "break in a counted array": ("8201ff", {"error": "unsupported_item"}),
        "break alone": ("ff", {"error": "unsupported_item"}),
        "bytes": ("5f4101ff", {"error": "unsupported_item"}),
        "text": ("7f6161ff", {"error": "unsupported_item"}),
        "key twice": ("bf01000100ff", {"error": "key_order"}),
        "keys backwards": ("bf02000100ff", {"error": "key_order"}),
        "seventeen arrays": ("9f" * 17 + "ff" * 17, {"error": "too_deep"}),
        "4097 items": (["9f", times(b"\0", 4096), "ff"], {"error": "too_many"}),
        "byte after the break": ("9fff00", {"error": "trailing_data"}),
    }
    return [
        case(
            f"uncounted-{name}".replace(" ", "-"),
            f"CBOR of vendors, uncounted: {name}",
            "decode_cbor",
            {"data": data, "indefinite": True},
            expect,
        )
        for name, (data, expect) in outcomes.items()
    ]


def admission() -> list[Case]:
    """Cases of `outer_error` and `reactions`."""
    named = {400: "malformed", 404: "unknown_session", 410: "unknown_key", 413: "too_large", 429: "slow_down"}
    named |= {503: "busy", 500: "busy", 502: "busy", 302: "busy", 401: "busy", 599: "busy"}
    cases = [
        case(f"status-{status}", f"status {status}", "outer_error", {"status": status}, {"ok": {"reason": reason}})
        for status, reason in named.items()
    ]
    both = ["new_hello", "other_node"]
    allowed = dict.fromkeys(("malformed", "unknown_session", "slow_down", "busy"), both)
    allowed |= {"unknown_key": ["other_node"], "too_large": ["give_up"]}
    for reason, after_one in allowed.items():
        for sent in (1, 2, 3, 4):
            expect = {"ok": {"reactions": after_one if sent < 3 else ["give_up"]}}
            what = f"{reason} after {sent} sends"
            cases.append(case(f"{reason}-{sent}", what, "reactions", {"reason": reason, "sent": sent}, expect))
    return cases
