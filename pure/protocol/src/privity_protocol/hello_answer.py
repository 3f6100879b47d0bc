"""HELLO as the node answers it: the layout of both messages and the keys both ends derive. Source: specs/ec1.md.

The client's half is `hello`.
"""

from typing import Final

from privity_protocol import envelope, hpke, kdf, labels, limits, xwing
from privity_protocol.chain import ChainKey
from privity_protocol.errors import Malformed
from privity_protocol.hpke import Encapsulate
from privity_protocol.records import RecordCipher

REQUEST_RESERVED: Final = bytes(64)
RESPONSE_RESERVED: Final = bytes(236)
TTL: Final = 4
SEALED_AT: Final = limits.HELLO_HEADER + xwing.CIPHERTEXT
CONFIRM_AT: Final = limits.RESPONSE_HEADER + xwing.CIPHERTEXT
GRANT_AT: Final = CONFIRM_AT + limits.CONFIRM


def answer_hello(
    request: bytes,
    *,
    key: xwing.PrivateKey,
    node_document: bytes,
    sid: bytes,
    ttl: int,
    encapsulate: Encapsulate,
) -> tuple[bytes, ChainKey]:
    """Open a HELLO with the node's key; return the 1432 bytes of the answer and the first chain key.

    `sid` is 16 fresh random bytes, `ttl` in seconds. Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`,
    `unknown_key` (another node's kid), `key` (the client's ephemeral key is none); NotAuthentic.
    """
    envelope.exactly(request, limits.HELLO_REQUEST, "HELLO request")
    header = envelope.parse_hello_header(request[: limits.HELLO_HEADER])
    digest = kdf.sha256(node_document)
    if header.kid != digest[: limits.KID]:
        raise Malformed("unknown_key", header.kid.hex())
    enc = request[limits.HELLO_HEADER : SEALED_AT]
    context = hpke.setup_base_r(key, enc, labels.HELLO_INFO + request[: limits.HELLO_HEADER] + digest)
    plain = context.open(b"", request[SEALED_AT:])
    if plain[xwing.PUBLIC_KEY :] != REQUEST_RESERVED:
        raise Malformed("reserved_nonzero", "HELLO request")
    export = context.export(labels.HELLO_EXPORT, kdf.SECRET)
    ciphertext, shared_secret = encapsulate(plain[: xwing.PUBLIC_KEY])
    opening = envelope.hello_response_header()
    prk = hello_prk(request_transcript(request), opening, ciphertext, export, shared_secret)
    grant = envelope.exactly(sid, limits.SID, "sid") + ttl.to_bytes(TTL, "big") + RESPONSE_RESERVED
    confirm = kdf.expand(prk, labels.HELLO_CONFIRM, limits.CONFIRM)
    return opening + ciphertext + confirm + RecordCipher(prk, labels.HELLO_AEAD).seal(grant), first_chain(prk)


def request_transcript(request: bytes) -> bytes:
    """Return the hash by which an answer is bound to the whole request."""
    return kdf.sha256(labels.HELLO_TRANSCRIPT, request)


def hello_prk(transcript: bytes, header: bytes, ciphertext: bytes, export: bytes, shared_secret: bytes) -> bytes:
    """Return the secret of a HELLO's answer: of both encapsulations, bound to all that both sides sent."""
    salt = kdf.sha256(labels.HELLO_SALT, transcript, header, ciphertext)
    return kdf.extract(salt, export + shared_secret)


def first_chain(prk: bytes) -> ChainKey:
    """Return the chain key of the first RUN."""
    return ChainKey(kdf.expand(prk, labels.CHAIN, kdf.SECRET))
