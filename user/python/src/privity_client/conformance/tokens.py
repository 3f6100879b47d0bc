"""Judges the vectors of blind RSA (RFC 9474) and of Privacy Pass tokens of type 2 (RFC 9578)."""

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from privity_protocol import token, token_request

from privity_client.conformance.cases import Case, Judge, b, same

Fields = dict[str, Any]


def blind_rsa(document: Any) -> Iterator[Case]:
    """Encoding, blinding and unblinding; these vectors have 4,096 bits."""
    for entry in document:
        yield entry["name"], "equal", partial(_blind_rsa, entry)


def _blind_rsa(entry: Fields) -> str:
    n, inverse = int(entry["n"], 16), int(entry["inv"], 16)
    size = len(entry["blinded_msg"]) // 2
    encoded = token_request.emsa_pss(b(entry["input_msg"]), b(entry["salt"]), size)
    factor = pow(inverse, -1, n).to_bytes(size)
    found, blinded = token_request.blind(n, encoded, lambda _size: factor)
    signature = int(entry["blind_sig"], 16) * found % n
    known = b(entry["encoded_msg"]) if "encoded_msg" in entry else encoded
    return same(
        message=(b(entry["msg_prefix"]) + b(entry["msg"]), b(entry["input_msg"])),
        padded=(encoded, known),
        blinded=(blinded, b(entry["blinded_msg"])),
        signature=(signature, int(entry["sig"], 16)),
        encoded=(pow(signature, token.EXPONENT, n), int.from_bytes(encoded)),
    )


def tokens(document: Any) -> Iterator[Case]:
    """Every byte from the client's random values, and the token verified."""
    for index, entry in enumerate(document):
        yield f"token {index}", "equal", partial(_token, entry)


def _token(entry: Fields) -> str:
    key, challenge = token.PublicKey.decode(b(entry["pkS"])), b(entry["token_challenge"])
    drawn = iter([b(entry["nonce"]), b(entry["salt"]), b(entry["blind"])])
    pending, request = token_request.begin(key, challenge, lambda _size: next(drawn))
    made = pending.finish(b(entry["token_response"]))
    digest = hashlib.sha256(challenge).digest()
    read = token.verify(b(entry["token"]), {key.key_id: key}, challenge_digest=digest)
    secret = load_pem_private_key(b(entry["skS"]), None)
    assert isinstance(secret, RSAPrivateKey)
    signed = pow(int.from_bytes(request[3:]), secret.private_numbers().d, key.n).to_bytes(token.MODULUS)
    return same(
        answer=(signed, b(entry["token_response"])), request=(request, b(entry["token_request"])), token=(made, read)
    )


JUDGES: Final[dict[str, Judge]] = {"blindrsa/rfc9474.json": blind_rsa, "privacypass/rfc9578-type2-go.json": tokens}
