"""HELLO: one round trip of fixed sizes that makes a session under an attested node key. Source: specs/ec1.md.

Client: `begin_hello` → HelloSent → `finish` → Session. Node: `answer_hello`. HELLO carries nothing of the user.
"""

import hmac
from typing import Final

from privity_protocol import envelope, hpke, kdf, labels, limits, xwing
from privity_protocol.chain import ChainKey, Session
from privity_protocol.errors import Malformed, NotAuthentic, StateError
from privity_protocol.hpke import Encapsulate
from privity_protocol.records import RecordCipher

_REQUEST_RESERVED: Final = bytes(64)
_RESPONSE_RESERVED: Final = bytes(236)
_TTL: Final = 4
_SEALED_AT: Final = limits.HELLO_HEADER + xwing.CIPHERTEXT
_CONFIRM_AT: Final = limits.RESPONSE_HEADER + xwing.CIPHERTEXT
_GRANT_AT: Final = _CONFIRM_AT + limits.CONFIRM

if _SEALED_AT + xwing.PUBLIC_KEY + len(_REQUEST_RESERVED) + limits.TAG != limits.HELLO_REQUEST:
    raise AssertionError("HELLO request layout")
if _GRANT_AT + limits.SID + _TTL + len(_RESPONSE_RESERVED) + limits.TAG != limits.HELLO_RESPONSE:
    raise AssertionError("HELLO response layout")


class HelloSent:
    """A client that waits for the answer to its HELLO. Holds the ephemeral key until `finish`, which consumes it."""

    __slots__ = ("_kid", "_secrets", "_transcript")

    def __init__(self, kid: bytes, ephemeral: xwing.PrivateKey, export: bytes, transcript: bytes) -> None:
        self._kid = kid
        self._transcript = transcript
        self._secrets = [(ephemeral, export)]

    def finish(self, response: bytes) -> Session:
        """Check the node's answer and return the session.

        Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`; NotAuthentic; StateError `consumed`. Any failure
        consumes this state too: the next try is a new HELLO with a new ephemeral key.
        """
        if not self._secrets:
            raise StateError("consumed", "this HELLO was finished")
        ephemeral, export = self._secrets.pop()
        envelope.exactly(response, limits.HELLO_RESPONSE, "HELLO response")
        header = response[: limits.RESPONSE_HEADER]
        envelope.parse_hello_response_header(header)
        ciphertext = response[limits.RESPONSE_HEADER : _CONFIRM_AT]
        prk = _response_prk(self._transcript, header, ciphertext, export, ephemeral.decapsulate(ciphertext))
        expected = kdf.expand(prk, labels.HELLO_CONFIRM, limits.CONFIRM)
        # Before opening: the confirmation commits the response to one key, which AES-GCM alone does not.
        if not hmac.compare_digest(expected, response[_CONFIRM_AT:_GRANT_AT]):
            raise NotAuthentic
        grant = RecordCipher(prk, labels.HELLO_AEAD).open(response[_GRANT_AT:])
        if grant[limits.SID + _TTL :] != _RESPONSE_RESERVED:
            raise Malformed("reserved_nonzero", "HELLO response")
        ttl = int.from_bytes(grant[limits.SID : limits.SID + _TTL], "big")
        return Session(grant[: limits.SID], self._kid, _chain(prk), ttl)

    def __repr__(self) -> str:
        return f"HelloSent(kid={self._kid.hex()})"


def begin_hello(
    *, node_key: bytes, node_document: bytes, encapsulate: Encapsulate, ephemeral: xwing.PrivateKey
) -> tuple[HelloSent, bytes]:
    """Return the waiting state and the 2432 bytes to send to the node that `node_document` describes.

    `node_key` is the document's `pk`; the document is hashed as bytes. Raises Malformed `size` or `key` for a bad key.
    """
    digest = kdf.sha256(node_document)
    header = envelope.HelloHeader(limits.SUITE, digest[: limits.KID]).encode()
    enc, context = hpke.setup_base_s(node_key, labels.HELLO_INFO + header + digest, encapsulate=encapsulate)
    request = header + enc + context.seal(b"", ephemeral.public_key + _REQUEST_RESERVED)
    export = context.export(labels.HELLO_EXPORT, kdf.SECRET)
    return HelloSent(header[6 : 6 + limits.KID], ephemeral, export, _transcript(request)), request


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
    enc = request[limits.HELLO_HEADER : _SEALED_AT]
    context = hpke.setup_base_r(key, enc, labels.HELLO_INFO + request[: limits.HELLO_HEADER] + digest)
    plain = context.open(b"", request[_SEALED_AT:])
    if plain[xwing.PUBLIC_KEY :] != _REQUEST_RESERVED:
        raise Malformed("reserved_nonzero", "HELLO request")
    export = context.export(labels.HELLO_EXPORT, kdf.SECRET)
    ciphertext, shared_secret = encapsulate(plain[: xwing.PUBLIC_KEY])
    opening = envelope.hello_response_header()
    prk = _response_prk(_transcript(request), opening, ciphertext, export, shared_secret)
    grant = envelope.exactly(sid, limits.SID, "sid") + ttl.to_bytes(_TTL, "big") + _RESPONSE_RESERVED
    confirm = kdf.expand(prk, labels.HELLO_CONFIRM, limits.CONFIRM)
    return opening + ciphertext + confirm + RecordCipher(prk, labels.HELLO_AEAD).seal(grant), _chain(prk)


def _transcript(request: bytes) -> bytes:
    return kdf.sha256(labels.HELLO_TRANSCRIPT, request)


def _response_prk(transcript: bytes, header: bytes, ciphertext: bytes, export: bytes, shared_secret: bytes) -> bytes:
    salt = kdf.sha256(labels.HELLO_SALT, transcript, header, ciphertext)
    return kdf.extract(salt, export + shared_secret)


def _chain(prk: bytes) -> ChainKey:
    return ChainKey(kdf.expand(prk, labels.CHAIN, kdf.SECRET))
