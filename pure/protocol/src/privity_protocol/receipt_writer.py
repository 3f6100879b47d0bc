"""What a node signs of one answer, made while the answer grows. The reader is `receipt`. Source: specs/receipt.md."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Final

from privity_protocol import canonical
from privity_protocol.labels import RECEIPT, RECEIPT_REQUEST, RECEIPT_RESPONSE, RECEIPT_SALT
from privity_protocol.lines import SignedReceipt, Usage

TYPE: Final = "ec1-receipt"


class ReceiptWriter:
    """Takes the lines of one answer, then signs.

    `known`: members `node`, `op`, `model` and `egress` of the receipt. `sign`: by the key `sig` of the node document.
    """

    def __init__(self, known: Mapping[str, object], *, rid: bytes, body: bytes, sign: Callable[[bytes], bytes]) -> None:
        salt = salt_of(rid)
        self._known = {**known, "v": 1, "typ": TYPE, "request": request_hash(salt, body).hex()}
        self._response = hashlib.sha256(RECEIPT_RESPONSE + salt)
        self._sign = sign

    def cover(self, lines: bytes) -> None:
        """Take the next application bytes of the answer."""
        self._response.update(lines)

    def finish(self, usage: Usage | None, reason: str) -> SignedReceipt:
        """Return the line that goes before the done line with `reason`."""
        last = {"response": self._response.hexdigest(), "usage": usage and asdict(usage), "reason": reason}
        document = canonical.encode(self._known | last)
        return SignedReceipt(document.decode(), canonical.base64url_encode(self._sign(RECEIPT + document)))


def salt_of(rid: bytes) -> bytes:
    """Return the salt that belongs to a request id: who holds a receipt without it cannot try out guesses."""
    return hashlib.sha256(RECEIPT_SALT + rid).digest()


def request_hash(salt: bytes, body: bytes) -> bytes:
    """Return what a receipt says of the request's body."""
    return hashlib.sha256(RECEIPT_REQUEST + salt + body).digest()
