"""Writes vectors/token. Run it by hand; a test compares its output. What is expected is worked out without the code."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from issuer_keys import ISSUER, OTHER, IssuerSecret
from privity_protocol import token, token_request
from shared_vectors import OWN

Case = dict[str, Any]
SHA_384 = "0609608648016503040202"
BEFORE = bytes.fromhex(
    f"30820152303d06092a864886f70d01010a3030a00d300b{SHA_384}a11a301806092a864886f70d010108300b{SHA_384}a203020130"
    "0382010f003082010a0282010100"
)
AFTER = bytes.fromhex("0203010001")
CHALLENGE = b"\0\2" + b"\0\x10accounts.example" + b"\0" + b"\0\x0brun.example"
NONCE, SALT = hashlib.sha256(b"token nonce").digest(), hashlib.sha384(b"token salt").digest()
FACTOR = b"\0" + hashlib.shake_128(b"token blinding factor").digest(255)
RID = hashlib.sha256(b"token rid").digest()[:16]


def spki_of(n: int) -> bytes:
    return BEFORE + n.to_bytes(256) + AFTER


SPKI, OTHER_SPKI = spki_of(ISSUER.n), spki_of(OTHER.n)
KEY_ID = hashlib.sha256(SPKI).digest()
INPUT = b"\0\2" + NONCE + hashlib.sha256(CHALLENGE).digest() + KEY_ID


def encoded(message: bytes = INPUT, salt: bytes = SALT, digest: str = "sha384", mask: str = "sha384") -> int:
    """EMSA-PSS as a number, written from RFC 8017 beside the code under test."""
    inner = hashlib.new(digest, bytes(8) + hashlib.new(digest, message).digest() + salt).digest()
    block = (b"\x01" + salt).rjust(255 - len(inner), b"\0")
    stream = b"".join(hashlib.new(mask, inner + bytes([0, 0, 0, number])).digest() for number in range(8))
    masked = int.from_bytes(block) ^ int.from_bytes(stream[: len(block)])
    masked &= (1 << 8 * len(block) - 1) - 1
    return int.from_bytes(masked.to_bytes(len(block)) + inner + b"\xbc")


def signed(number: int, secret: IssuerSecret = ISSUER) -> bytes:
    return INPUT + secret.sign(number).to_bytes(256)


def pkcs1() -> int:
    """EMSA-PKCS1-v1_5 with SHA-384, as a number."""
    info = bytes.fromhex(f"3041300d{SHA_384}05000430") + hashlib.sha384(INPUT).digest()
    return int.from_bytes(b"\0\1" + b"\xff" * (253 - len(info)) + b"\0" + info)


def drawn(factor: bytes) -> tuple[bytes, bytes, bytes]:
    """Request, response and token of one draw, by the formulas of the specification."""
    r = int.from_bytes(factor)
    blinded = encoded() * pow(r, 65_537, ISSUER.n) % ISSUER.n
    request = b"\0\2" + KEY_ID[-1:] + blinded.to_bytes(256)
    return request, ISSUER.sign(blinded).to_bytes(256), INPUT + ISSUER.sign(encoded()).to_bytes(256)


class Given:
    """Entropy in the order in which it is listed."""

    def __init__(self, listed: list[str]) -> None:
        self._left = [bytes.fromhex(one) for one in listed]

    def __call__(self, size: int) -> bytes:
        given = self._left.pop(0)
        if len(self._left) == 0 and size == 256:
            self._left.append(given)
        assert len(given) == size
        return given


def operation(op: str, given: Case) -> Case:
    """What the code makes of a case. Raises PrivityError."""
    hexed = {name: bytes.fromhex(one) for name, one in given.items() if isinstance(one, str)}
    if op == "token_challenge":
        return {"challenge": token.challenge(*given["names"], hexed["context"]).hex()}
    key = token.PublicKey.decode(hexed["spki"])
    if op == "token_key":
        return {"key_id": key.key_id.hex()}
    if op == "token_request":
        return {"blinded": token.decode_request(hexed["request"], key).hex()}
    if op == "verify_token":
        digest = hashlib.sha256(hexed["challenge"]).digest()
        read = token.verify(hexed["token"], {key.key_id: key}, challenge_digest=digest)
        assert read.encode() == hexed["token"]
        mark = token.request_mark(token.nullifier(read), hexed["rid"])
        return {"nullifier": token.nullifier(read).hex(), "mark": mark.hex()}
    assert op == "draw_token"
    pending, request = token_request.begin(key, hexed["challenge"], Given(given["entropy"]))
    return {"request": request.hex(), "token": pending.finish(hexed["response"]).encode().hex()}


def key_cases() -> list[tuple[str, Case, Case | str]]:
    """What, input, and what comes of it."""
    plain = RSAPublicNumbers(65_537, ISSUER.n).public_key()
    changes = {
        "a byte more": SPKI + b"\0",
        "a byte less": SPKI[:-1],
        "nothing": b"",
        "exponent 3": SPKI[:-3] + b"\0\0\3",
        "exponent 65,539": SPKI[:-1] + b"\3",
        "SHA-256 in the parameters": SPKI.replace(bytes.fromhex(SHA_384), bytes.fromhex("0609608648016503040201"), 1),
        "a salt of 32 in the parameters": SPKI.replace(b"\xa2\x03\x02\x01\x30", b"\xa2\x03\x02\x01\x20"),
        "rsaEncryption": plain.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "an even modulus": spki_of(ISSUER.n - 1),
        "a modulus of 2,047 bits": spki_of(ISSUER.n >> 1 | 1),
    }
    refused = [(what, {"spki": spki.hex()}, "key") for what, spki in changes.items()]
    return [("a key", {"spki": SPKI.hex()}, {"key_id": KEY_ID.hex()}), *refused]


def challenge_cases() -> list[tuple[str, Case, Case | str]]:
    names, context = ["accounts.example", "run.example"], hashlib.sha256(b"context").hexdigest()
    long = b"\0\2\0\xff" + b"a" * 255 + b"\0\0\0"
    with_context = CHALLENGE[:20] + b"\x20" + bytes.fromhex(context) + CHALLENGE[21:]
    refused = {
        "no issuer": (["", "run.example"], ""),
        "an issuer of 256 characters": (["a" * 256, ""], ""),
        "an origin of 256 characters": (["a", "b" * 256], ""),
        "a blank in a name": (["accounts example", ""], ""),
        "a line feed after a name": (["accounts.example\n", ""], ""),
        "a letter beyond ASCII": (["a", "ü.example"], ""),
        "a context of 31 bytes": (names, context[2:]),
        "a context of one byte": (names, "00"),
    }
    found: list[tuple[str, Case, Case | str]] = [
        ("a challenge", {"names": names, "context": ""}, {"challenge": CHALLENGE.hex()}),
        ("a challenge with a context", {"names": names, "context": context}, {"challenge": with_context.hex()}),
        ("the longest issuer and no origin", {"names": ["a" * 255, ""], "context": ""}, {"challenge": long.hex()}),
    ]
    found += [(what, {"names": one, "context": two}, "member_value") for what, (one, two) in refused.items()]
    return found


def request_cases() -> list[tuple[str, Case, Case | str]]:
    request = drawn(FACTOR)[0]
    changes = {
        "a request that is a byte short": (request[:-1], "size"),
        "a request that is a byte long": (request + b"\0", "size"),
        "no request": (b"", "size"),
        "a request of type 1": (b"\0\1" + request[2:], "header"),
        "a request of type 514": (b"\2" + request[1:], "header"),
        "a request for another key": (request[:2] + bytes([request[2] ^ 1]) + request[3:], "unknown_key"),
    }
    good = ("a request", {"spki": SPKI.hex(), "request": request.hex()}, {"blinded": request[3:].hex()})
    return [good, *((what, {"spki": SPKI.hex(), "request": one.hex()}, why) for what, (one, why) in changes.items())]


def token_cases() -> list[tuple[str, Case, Case | str]]:
    good = drawn(FACTOR)[2]
    number = int.from_bytes(good[98:])
    other_input = INPUT[:66] + hashlib.sha256(OTHER_SPKI).digest()
    changes = {
        "a token that is a byte short": (good[:-1], "size"),
        "a token that is a byte long": (good + b"\0", "size"),
        "no token": (b"", "size"),
        "a token of type 1": (b"\0\1" + good[2:], "header"),
        "a token of type 0": (b"\0\0" + good[2:], "header"),
        "a token of another key": (other_input + OTHER.sign(encoded(other_input)).to_bytes(256), "unknown_key"),
        "a token that names the key and was signed by another": (signed(encoded(), OTHER), "not_authentic"),
        "a token for another challenge": (good[:34] + bytes(32) + good[66:], "member_value"),
        "another nonce": (good[:2] + bytes(32) + good[34:], "not_authentic"),
        "another authenticator": (good[:-1] + bytes([good[-1] ^ 1]), "not_authentic"),
        "an authenticator of zeros": (INPUT + bytes(256), "not_authentic"),
        "an authenticator of one": (INPUT + (1).to_bytes(256), "not_authentic"),
        "the modulus as authenticator": (INPUT + ISSUER.n.to_bytes(256), "not_authentic"),
        "the negative authenticator": (INPUT + (ISSUER.n - number).to_bytes(256), "not_authentic"),
        "a salt of 32": (signed(encoded(salt=SALT[:32])), "not_authentic"),
        "no salt": (signed(encoded(salt=b"")), "not_authentic"),
        "a hash of SHA-256": (signed(encoded(digest="sha256", mask="sha256")), "not_authentic"),
        "a mask of SHA-256": (signed(encoded(mask="sha256")), "not_authentic"),
        "a signature of PKCS #1 version 1.5": (signed(pkcs1()), "not_authentic"),
    }
    base = {"spki": SPKI.hex(), "challenge": CHALLENGE.hex(), "rid": RID.hex()}
    nullifier = hashlib.sha256(b"ec1 token v1\0" + KEY_ID + NONCE).digest()[:16]
    mark = hashlib.sha256(b"ec1 token request v1\0" + nullifier + RID).digest()[:16]
    spent = {"nullifier": nullifier.hex(), "mark": mark.hex()}
    found: list[tuple[str, Case, Case | str]] = [("a token", base | {"token": good.hex()}, spent)]
    return found + [(what, base | {"token": one.hex()}, why) for what, (one, why) in changes.items()]


def draw_cases() -> list[tuple[str, Case, Case | str]]:
    request, response, made = drawn(FACTOR)
    zeros, beyond, modulus = bytes(256), b"\xff" * 256, ISSUER.n.to_bytes(256)
    number = int.from_bytes(response)
    others = OTHER.sign(int.from_bytes(request[3:]) % OTHER.n).to_bytes(256)

    def given(response: bytes, *factors: bytes) -> Case:
        entropy = [one.hex() for one in (NONCE, SALT, *(factors or (FACTOR,)))]
        return {"spki": SPKI.hex(), "challenge": CHALLENGE.hex(), "entropy": entropy, "response": response.hex()}

    ok = {"request": request.hex(), "token": made.hex()}
    factor = b"\0" + FACTOR[:0:-1]
    second = drawn(factor)
    return [
        ("a token is drawn", given(response), ok),
        ("another factor gives the same token", given(second[1], factor), ok | {"request": second[0].hex()}),
        ("factors that are none are drawn again", given(response, zeros, beyond, modulus, FACTOR), ok),
        ("entropy that gives zeros only", given(response, zeros), "key"),
        ("entropy that gives too much only", given(response, beyond), "key"),
        ("a factor of the modulus", given(response, ISSUER.p.to_bytes(256)), "key"),
        ("an answer that is a byte short", given(response[:-1]), "size"),
        ("an answer that is a byte long", given(b"\0" + response), "size"),
        ("an answer of zeros", given(zeros), "not_authentic"),
        ("an answer at the modulus", given(modulus), "not_authentic"),
        ("an answer beyond the modulus", given(beyond), "not_authentic"),
        ("the negative answer", given((ISSUER.n - number).to_bytes(256)), "not_authentic"),
        ("the question as the answer", given(request[3:]), "not_authentic"),
        ("an answer under a key that is not in the log", given(others), "not_authentic"),
    ]  # fmt: skip


def made() -> str:
    """The text of vectors/token/cases.json."""
    groups = {
        "token_key": key_cases(),
        "token_challenge": challenge_cases(),
        "token_request": request_cases(),
        "verify_token": token_cases(),
        "draw_token": draw_cases(),
    }
    cases = [
        {
            "id": f"{op}-{number}",
            "what": what,
            "op": op,
            "input": given,
            "expect": {"error": found} if isinstance(found, str) else {"ok": found},
        }
        for op, group in groups.items()
        for number, (what, given, found) in enumerate(group)
    ]
    document = {"spec": "token", "what": "Tokens: keys, challenges, requests, drawing and checking.", "cases": cases}
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    (OWN / "token").mkdir(exist_ok=True)
    (OWN / "token/cases.json").write_text(made())
