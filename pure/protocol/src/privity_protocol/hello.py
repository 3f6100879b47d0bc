"""HELLO: one round trip of fixed sizes that makes a session under an attested node key. Source: specs/ec1.md.

The client's half: `begin_hello` → HelloSent → `finish` → Session. HELLO carries nothing of the user. The node's half,
`answer_hello`, is in `hello_answer`.
"""

import hmac

from privity_protocol import envelope, hpke_sender, kdf, labels, limits, request_envelope, response_envelope, xwing
from privity_protocol.errors import Malformed, NotAuthentic, StateError
from privity_protocol.hello_answer import (
    CONFIRM_AT,
    GRANT_AT,
    REQUEST_RESERVED,
    RESPONSE_RESERVED,
    TTL,
    first_chain,
    hello_prk,
    request_transcript,
)
from privity_protocol.hpke import Encapsulate
from privity_protocol.records import RecordCipher
from privity_protocol.session import Session


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
        response_envelope.parse_hello_response_header(header)
        ciphertext = response[limits.RESPONSE_HEADER : CONFIRM_AT]
        prk = hello_prk(self._transcript, header, ciphertext, export, ephemeral.decapsulate(ciphertext))
        expected = kdf.expand(prk, labels.HELLO_CONFIRM, limits.CONFIRM)
        # Before opening: the confirmation commits the response to one key, which AES-GCM alone does not.
        if not hmac.compare_digest(expected, response[CONFIRM_AT:GRANT_AT]):
            raise NotAuthentic
        grant = RecordCipher(prk, labels.HELLO_AEAD).open(response[GRANT_AT:])
        if grant[limits.SID + TTL :] != RESPONSE_RESERVED:
            raise Malformed("reserved_nonzero", "HELLO response")
        ttl = int.from_bytes(grant[limits.SID : limits.SID + TTL], "big")
        return Session(grant[: limits.SID], self._kid, first_chain(prk), ttl)

    def __repr__(self) -> str:
        return f"HelloSent(kid={self._kid.hex()})"


def begin_hello(
    *, node_key: bytes, node_document: bytes, encapsulate: Encapsulate, ephemeral: xwing.PrivateKey
) -> tuple[HelloSent, bytes]:
    """Return the waiting state and the 2432 bytes to send to the node that `node_document` describes.

    `node_key` is the document's `pk`; the document is hashed as bytes. Raises Malformed `size` or `key` for a bad key.
    """
    digest = kdf.sha256(node_document)
    header = request_envelope.hello_header(digest[: limits.KID])
    enc, context = hpke_sender.setup_base_s(node_key, labels.HELLO_INFO + header + digest, encapsulate=encapsulate)
    request = header + enc + context.seal(b"", ephemeral.public_key + REQUEST_RESERVED)
    export = context.export(labels.HELLO_EXPORT, kdf.SECRET)
    return HelloSent(header[6 : 6 + limits.KID], ephemeral, export, request_transcript(request)), request
