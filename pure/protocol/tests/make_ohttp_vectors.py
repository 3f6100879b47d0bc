"""Writes vectors/ohttp. Run it by hand; a test compares its output.

What stands here as bytes was published: RFC 9458 appendix A, RFC 9292 section 5, and the example of
draft-ietf-ohai-chunked-ohttp-08. The rest is made of these.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from privity_protocol.errors import PrivityError
from privity_protocol.ohttp import binary_http, keys
from privity_protocol.ohttp.binary_http import Reader, Request
from privity_protocol.ohttp.encapsulation import Received, Sent, request_chunks
from privity_protocol.ohttp.forms import CHUNKED, OPENING, WHOLE
from shared_vectors import OWN

Case = dict[str, Any]
FORMS = {"whole": WHOLE, "chunked": CHUNKED}
RFC = {
    "key": "3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a",
    "configuration": "01002031e1f05a740102115220e9af918f738674aec95f54db6e04eb705aae8e79815500080001000100010003",
    "ephemeral": "bc51d5e930bda26589890ac7032f70ad12e4ecb37abb1b65b1256c9c48999c73",
    "message": "00034745540568747470730b6578616d706c652e636f6d012f",
    "request": "010020000100014b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b472"
    "6374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525",
    "response": "c789e7151fcba46158ca84b04464910d86f9013e404feea014e7be4a441f234f857fbd",
}
DRAFT = {
    "key": "1c190d72acdbe4dbc69e680503bb781a932c70a12c8f3754434c67d8640d8698",
    "configuration": "010020668eb21aace159803974a4c67f08b4152d29bed10735fd08f98ccdd6fe09570800080001000100010003",
    "ephemeral": "b26d565f3f875ed480d1abced3d665159650c99174fd0b124ac4bda0c64ae324",
    "request": "010020000100018811eb457e100811c40a0aa71340a1b81d804bb986f736f2f566a7199761a032"
    "1c2ad24942d4d692563012f2980c8fef437a336b9b2fc938ef77a5834f"
    "1d2e33d8fd25577afe31bd1c79d094f76b6250ae6549b473ecd950501311"
    "001c6c1395d0ef7c1022297966307b8a7f",
    "response": "bcce7f4cb921309ba5d62edf1769ef091179bf1cc87fa0e2c02de4546945aa3d1e48"
    "12b348b5bd4c594c16b6170b07b475845d1f3200ed9d8a796617a5b27265f4d73247f639",
}
KNOWN_REQUEST = (
    "0003474554056874747073000a2f68656c6c6f2e747874406c0a757365722d6167656e74346375726c2f372e31362e33206c6962637572"
    "6c2f372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e3304686f73740f7777772e6578616d706c652e636f6d"
    "0f6163636570742d6c616e677561676506656e2c206d690000"
)
PLAIN_REQUEST = (
    "0203474554056874747073000a2f68656c6c6f2e7478740a757365722d6167656e74346375726c2f372e31362e33206c69626375726c2f"
    "372e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e3304686f73740f7777772e6578616d706c652e636f6d0f61"
    "63636570742d6c616e677561676506656e2c206d6900"
)
INTERIM_RESPONSE = (
    "0340660772756e6e696e670a22736c65657020313522004067046c696e6b233c2f7374796c652e6373733e3b2072656c3d7072656c6f61"
    "643b2061733d7374796c65046c696e6b243c2f7363726970742e6a733e3b2072656c3d7072656c6f61643b2061733d7363726970740040"
    "c804646174651d4d6f6e2c203237204a756c20323030392031323a32383a353320474d5406736572766572064170616368650d6c617374"
    "2d6d6f6469666965641d5765642c203232204a756c20323030392031393a31353a353620474d5404657461671422333461613338372d64"
    "2d3135363865623030220d6163636570742d72616e6765730562797465730e636f6e74656e742d6c656e67746802353104766172790f41"
    "63636570742d456e636f64696e670c636f6e74656e742d747970650a746578742f706c61696e003348656c6c6f20576f726c6421204d79"
    "20636f6e74656e7420696e636c75646573206120747261696c696e672043524c462e0d0a0000"
)
CHUNKED_RESPONSE = "0140c8001d5468697320636f6e74656e7420636f6e7461696e732043524c462e0d0a0d07747261696c65720474657874"


def text(data: bytes) -> str:
    """Bytes of a head as a person reads them."""
    return data.decode("latin-1")


def shown(head: binary_http.Request | binary_http.Response, content: bytes) -> Case:
    """A message that was read."""
    fields = [[text(name), text(value)] for name, value in head.fields]
    if isinstance(head, Request):
        control = {name: text(getattr(head, name)) for name in ("method", "scheme", "authority", "path")}
    else:
        control = {"status": head.status}  # type: ignore[dict-item]
    return {**control, "fields": fields, "content": content.hex()}


def read(message: bytes, *, response: bool, size: int) -> Case:
    """Read a message that comes in pieces of one size."""
    reader = Reader(response=response)
    content = b"".join(reader.feed(message[at : at + size]) for at in range(0, len(message), size))
    return shown(reader.finish(), content)


def fed(reader: Any, data: bytes, size: int) -> bytes:
    """What a reader of chunks makes of data in pieces of one size."""
    opened = b"".join(reader.feed(data[at : at + size]) for at in range(0, len(data), size))
    return opened + reader.finish()


def operation(op: str, given: Case, size: int = 2**20) -> Case:
    """What the code makes of a case, fed in pieces of `size`. Raises PrivityError."""
    hexed = {name: bytes.fromhex(one) for name, one in given.items() if name not in {"form", "number"}}
    if op == "decode_keys":
        found = keys.decode(hexed["document"])
        return {"keys": [{"number": one.number, "public": one.public.hex(), "aeads": list(one.aeads)} for one in found]}
    if op in {"read_request", "read_response"}:
        return read(hexed["message"], response=op == "read_response", size=size)
    form = FORMS[given["form"]]
    if op == "open_request":
        return {"message": open_request(hexed, given, size).hex()}
    sent = Sent(keys.decode_one(hexed["configuration"]), form, entropy=lambda count: hexed["ephemeral"][:count])
    if op == "seal_request":
        made = sent.whole(hexed["message"]) if form is WHOLE else sent.chunks(hexed["message"])
        return {"request": made.hex()}
    if form is WHOLE:
        return {"message": sent.open_whole(hexed["response"]).hex()}
    return {"message": fed(sent.open_chunks(), hexed["response"], size).hex()}


def open_request(hexed: dict[str, bytes], given: Case, size: int) -> bytes:
    """As a gateway that has one key."""
    ring = {given["number"]: X25519PrivateKey.from_private_bytes(hexed["key"])}
    request = hexed["request"]
    if FORMS[given["form"]] is CHUNKED:
        return fed(request_chunks(ring)[0], request, size)
    return Received(request[:OPENING], WHOLE, ring).open(request[OPENING:], final=False)


Row = tuple[str, str, Case, str | None]


def flipped(data: str, at: int) -> str:
    """One bit of a byte changed; a negative place counts from the end."""
    raw = bytearray.fromhex(data)
    raw[at] ^= 1
    return raw.hex()


def key_cases() -> list[Row]:
    """Documents of key configurations."""
    one = RFC["configuration"]

    def of(*configurations: str) -> Case:
        return {"document": "".join(f"{len(each) // 2:04x}{each}" for each in configurations)}

    head = one[:70]
    p256 = "02001004" + "11" * 64 + "000400010001"
    return [
        ("the key of RFC 9458", "decode_keys", of(one), None),
        ("two keys, the newer one first", "decode_keys", of("02" + one[2:], one), None),
        ("a key of another KEM is left out", "decode_keys", of(p256, one), None),
        ("a key without an AEAD that is known is left out", "decode_keys", of(head + "000400010002", one), None),
        ("a key with another KDF is left out", "decode_keys", of(head + "000400020001"), None),
        ("nothing", "decode_keys", {"document": ""}, None),
        ("half a length", "decode_keys", {"document": "00"}, "truncated"),
        ("a length without a key", "decode_keys", {"document": "0029"}, "truncated"),
        ("a key that is cut", "decode_keys", {"document": of(one)["document"][:-2]}, "truncated"),
        ("a byte behind the last key", "decode_keys", {"document": of(one)["document"] + "00"}, "truncated"),
        ("a byte within a key, behind its algorithms", "decode_keys", of(one + "00"), "trailing_data"),
        ("algorithms that are cut", "decode_keys", of(one[:-8]), "truncated"),
        ("half an algorithm", "decode_keys", of(head + "00060001000100 01".replace(" ", "")), "size"),
        ("no algorithm", "decode_keys", of(head + "0000"), "size"),
        ("a key of three bytes", "decode_keys", of("010020"), "truncated"),
        ("a document beyond its bound", "decode_keys", of(*[one] * 94), "too_large"),
    ]


def message_cases() -> list[Row]:
    """Binary HTTP."""
    get, post = "00034745540568747470730b6578616d706c652e636f6d012f", "0204504f535405687474707300042f656331"
    ok = "0140c8"

    def request(message: str) -> Case:
        return {"message": message}

    def field(name: str, value: bytes = b"v") -> str:
        raw = name.encode("latin-1")
        return f"{len(raw):02x}{raw.hex()}{len(value):02x}{value.hex()}"

    return [
        ("known length, RFC 9292", "read_request", request(KNOWN_REQUEST), None),
        ("known length, without its empty end", "read_request", request(KNOWN_REQUEST[:-4]), None),
        ("indeterminate length, RFC 9292, ten bytes of padding", "read_request",
         request(PLAIN_REQUEST + "0000" + "00" * 10), None),
        ("indeterminate length, all that may be left out", "read_request", request(PLAIN_REQUEST), None),
        ("interim answers, RFC 9292", "read_response", request(INTERIM_RESPONSE), None),
        ("trailers, RFC 9292", "read_response", request(CHUNKED_RESPONSE), None),
        ("control data alone, RFC 9458", "read_request", request(get), None),
        ("a status alone", "read_response", request(ok), None),
        ("content in two pieces", "read_request", request(post + "00" + "0161" + "026263" + "0000"), None),
        ("a length and a byte that is taken for one", "read_request", request(post + "00" + "40014161" + "0000"),
         "truncated"),
        ("a longer form of a length", "read_request", request(post + "00" + "400161" + "0000"), None),
        ("nothing", "read_request", request(""), "truncated"),
        ("a response where a request is read", "read_request", request(ok), "header"),
        ("a request where a response is read", "read_response", request(get), "header"),
        ("another framing", "read_request", request("04" + get[2:]), "header"),
        ("a status of two digits", "read_response", request("0114"), "header"),
        ("a status of four digits", "read_response", request("0143e8"), "header"),
        ("an interim answer alone", "read_response", request("01406400"), "truncated"),
        ("control data that is cut", "read_request", request(get[:-2]), "truncated"),
        ("a field that is cut", "read_request", request(post + "016101"), "truncated"),
        ("fields without their end", "read_request", request(post + field("a")), "truncated"),
        ("content without its end", "read_request", request(post + "00" + "0161"), "truncated"),
        ("content that is cut", "read_request", request(post + "00" + "0261"), "truncated"),
        ("known content that is cut", "read_response", request(ok + "00" + "0261"), "truncated"),
        ("trailers without their end", "read_request", request(post + "0000" + field("a")), "truncated"),
        ("padding that is not zero", "read_request", request(PLAIN_REQUEST + "0000" + "0001"), "padding_nonzero"),
        ("a capital in a name", "read_request", request(post + field("A") + "00"), "member_value"),
        ("a colon in a name", "read_request", request(post + field(":path") + "00"), "member_value"),
        ("a space in a name", "read_request", request(post + field("a b") + "00"), "member_value"),
        ("a line's end in a value", "read_request", request(post + field("a", b"b\r\nc: d") + "00"), "member_value"),
        ("a zero byte in a value", "read_request", request(post + field("a", b"b\0") + "00"), "member_value"),
        ("a space before a value", "read_request", request(post + field("a", b" b") + "00"), "member_value"),
        ("a space in a method", "read_request", request("0203472054"), "member_value"),
        ("a line's end in a path", "read_request", request("020347455405687474707300022f0a"), "member_value"),
        ("a field beyond its section", "read_response", request(ok + "02" + field("abc") + "0000"), "order"),
        ("65 fields", "read_request", request(post + field("a") * 65 + "00"), "too_large"),
        ("a name beyond its bound", "read_request", request(post + "80010000"), "too_large"),
        ("a section beyond its bound", "read_response", request(ok + "8000ffff"), "too_large"),
    ]  # fmt: skip


CHANGES = [
    ("KEM", 2, "suite"),
    ("KDF", 4, "suite"),
    ("AEAD", 5, "suite"),
    ("secret", 20, "not_authentic"),
    ("end", -1, "not_authentic"),
]


def encapsulated_cases() -> list[Row]:
    """Whole and chunked requests and responses."""
    rows: list[Row] = []
    for name, form, given in (("RFC 9458", "whole", RFC), ("the draft", "chunked", DRAFT)):
        asking: Case = {"form": form, "number": 1, "key": given["key"], "request": given["request"]}
        hearing: Case = {"form": form, "configuration": given["configuration"], "ephemeral": given["ephemeral"]}
        other = "chunked" if form == "whole" else "whole"
        rows += [
            (f"{name}: a request", "open_request", asking, None),
            (f"{name}: a response", "open_response", hearing | {"response": given["response"]}, None),
            (f"{name}: a request to another key", "open_request", asking | {"number": 2}, "unknown_key"),
            (f"{name}: a request to another secret", "open_request", asking | {"key": "11" * 32}, "not_authentic"),
            (f"{name}: a response to another request", "open_response",
             hearing | {"ephemeral": "11" * 32, "response": given["response"]}, "not_authentic"),
            (f"{name}: an opening that is cut", "open_request",
             asking | {"request": given["request"][:76]}, "truncated"),
            (f"{name}: a nonce that is cut", "open_response",
             hearing | {"response": given["response"][:30]}, "truncated"),
        ]  # fmt: skip
        for what, at, reason in CHANGES:
            changed = asking | {"request": flipped(given["request"], at)}
            rows.append((f"{name}: a request whose {what} was changed", "open_request", changed, reason))
        for what, at in (("nonce", 0), ("end", -1)):
            changed = hearing | {"response": flipped(given["response"], at)}
            rows.append((f"{name}: a response whose {what} was changed", "open_response", changed, "not_authentic"))
        small = asking | {"request": given["request"][:14] + "00" * 32 + given["request"][78:]}
        rows.append((f"{name}: a secret of small order", "open_request", small, "key"))
        crossed = asking | {"form": other}
        rows.append((f"{name}: taken for the other form", "open_request", crossed,
                     "not_authentic" if other == "whole" else "truncated"))  # fmt: skip
    given = {name: RFC[name] for name in ("configuration", "ephemeral", "message")}
    rows.append(("RFC 9458: sealing", "seal_request", {"form": "whole", **given}, None))
    return rows + chunk_cases()


def chunk_cases() -> list[Row]:
    """What somebody between may do with chunks."""
    request, response = DRAFT["request"], DRAFT["response"]
    opening, first, second, last = request[:78], request[78:136], request[136:196], request[196:]
    asking: Case = {"form": "chunked", "number": 1, "key": DRAFT["key"]}
    hearing: Case = {"form": "chunked", "configuration": DRAFT["configuration"], "ephemeral": DRAFT["ephemeral"]}
    nonce, one, two, end = response[:32], response[32:68], response[68:106], response[106:]
    longer = "401c" + first[2:]

    def asked(*parts: str) -> Case:
        return asking | {"request": opening + "".join(parts)}

    def heard(*parts: str) -> Case:
        return hearing | {"response": nonce + "".join(parts)}

    return [
        ("a longer form of a chunk's length", "open_request", asked(longer, second, last), None),
        ("chunks swapped", "open_request", asked(second, first, last), "not_authentic"),
        ("a chunk left out", "open_request", asked(first, last), "not_authentic"),
        ("a chunk twice", "open_request", asked(first, first, second, last), "not_authentic"),
        ("the last chunk left out", "open_request", asked(first, second), "truncated"),
        ("the last chunk cut", "open_request", asked(first, second, last[:-2]), "not_authentic"),
        ("the last chunk empty", "open_request", asked(first, second, "00"), "not_authentic"),
        ("a chunk taken for the last", "open_request", asked("00" + first[2:]), "not_authentic"),
        ("the last chunk taken for another", "open_request", asked(first, second, "10" + last[2:], last),
         "not_authentic"),
        ("a chunk beyond its bound", "open_request", asked("80004011"), "too_large"),
        ("nothing", "open_request", asking | {"request": ""}, "truncated"),
        ("an answer's chunks swapped", "open_response", heard(two, one, end), "not_authentic"),
        ("an answer's chunk left out", "open_response", heard(one, end), "not_authentic"),
        ("an answer without its last chunk", "open_response", heard(one, two), "truncated"),
        ("an answer whose chunk is taken for the last", "open_response", heard("00" + one[2:]), "not_authentic"),
        ("an answer with a byte more", "open_response", heard(one, two, end + "00"), "not_authentic"),
        ("nothing of an answer", "open_response", hearing | {"response": ""}, "truncated"),
    ]  # fmt: skip


FILES: dict[str, tuple[str, Callable[[], list[Row]]]] = {
    "keys": ("Key configurations of a gateway (RFC 9458 section 3).", key_cases),
    "messages": ("Binary HTTP messages (RFC 9292).", message_cases),
    "encapsulated": ("Encapsulated requests and responses, whole and in chunks.", encapsulated_cases),
}


def failure(op: str, given: Case, size: int = 2**20) -> str:
    """The reason for which a case fails; nothing when it does not."""
    try:
        operation(op, given, size)
    except PrivityError as error:
        return error.reason
    return ""


def made() -> dict[str, str]:
    """File name to text."""
    texts = {}
    for name, (what, rows) in FILES.items():
        cases = []
        for title, op, given, reason in rows():
            if reason is None:
                expect: Case = {"ok": operation(op, given)}
            else:
                expect = {"error": reason}
                assert failure(op, given) == reason, (title, failure(op, given))
            cases.append({"id": f"{op}: {title}", "what": title, "op": op, "input": given, "expect": expect})
        texts[f"{name}.json"] = json.dumps({"spec": "ohttp", "what": what, "cases": cases}, indent=1) + "\n"
    return texts


if __name__ == "__main__":
    (OWN / "ohttp").mkdir(exist_ok=True)
    for name, written in made().items():
        (OWN / "ohttp" / name).write_text(written)
