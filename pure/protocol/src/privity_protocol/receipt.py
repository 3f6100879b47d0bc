"""A node's signed word on one answer: read, checked, kept as a file. The node's half is `receipt_writer`.

Source: specs/receipt.md. That the key signed says nothing of whose key it is: judging the evidence says that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privity_protocol import binding, canonical, evidence
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.labels import RECEIPT, RECEIPT_RESPONSE
from privity_protocol.limits import MAX_BUNDLE
from privity_protocol.line_reader import DONE_REASONS, MAX_RECEIPT
from privity_protocol.lines import SignedReceipt, Usage
from privity_protocol.receipt_writer import TYPE, request_hash, salt_of

__all__ = [
    "Receipt",
    "ReceiptFile",
    "Shown",
    "check",
    "decode",
    "decode_file",
    "encode_file",
    "request_hash",
    "salt_of",
]

MAX_SHOWN: Final = 33_554_432  # bytes of a body or of an answer in a file
MAX_FILE: Final = 100_663_296  # bytes
FILE_TYPE: Final = "privity-receipt"
_MODELS: Final = 16_384  # bytes; the limit of the bundle item
_MEMBERS: Final = frozenset({"v", "typ", "node", "op", "model", "request", "response", "usage", "egress", "reason"})
_FILE: Final = frozenset({"v", "typ", "document", "signature", "bundle", "shown"})
_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._:/@-]*"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a node signed. `weights`: SHA-256 of each weight file; `request`, `response`: salted hashes."""

    node: bytes
    op: str
    model: str
    weights: tuple[bytes, ...]
    request: bytes
    response: bytes
    usage: Usage | None
    egress: str
    reason: str

    def covers(self, shown: "Shown") -> None:
        """Raise Malformed `member_value` unless this is about what is shown."""
        if request_hash(shown.salt, shown.request) != self.request:
            raise Malformed("member_value", "request is not the hash of what was asked")
        if hashlib.sha256(RECEIPT_RESPONSE + shown.salt + shown.response).digest() != self.response:
            raise Malformed("member_value", "response is not the hash of what was answered")


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """The salt (32 bytes), the request's body, and the answer's application bytes before the receipt's line."""

    salt: bytes
    request: bytes
    response: bytes


@dataclass(frozen=True, slots=True, repr=False)
class ReceiptFile:
    """A receipt as a person keeps it; `bundle` is the node's evidence, `shown` None proves an answer but not which."""

    signed: SignedReceipt
    bundle: bytes
    shown: Shown | None


def decode(document: str) -> Receipt:
    """Return what a receipt's signed text says; its signature is not judged. Raises Malformed."""
    said = canonical.members(
        canonical.decode(document.encode("utf-8", "surrogatepass"), max_bytes=MAX_RECEIPT), _MEMBERS, "receipt"
    )
    canonical.integer(said["v"], "v", least=1, most=1)
    canonical.text(said["typ"], "typ", longest=len(TYPE), pattern=TYPE)
    model = canonical.members(said["model"], frozenset({"id", "sha256"}), "model")
    files = canonical.entries(model["sha256"], "sha256", least=1, most=64)
    return Receipt(
        node=canonical.from_hex(said["node"], "node", size=32),
        op=canonical.text(said["op"], "op", longest=5, pattern="chat|embed"),
        model=canonical.text(model["id"], "id", longest=128, pattern=_ID),
        weights=tuple(canonical.from_hex(digest, "sha256", size=32) for digest in files),
        request=canonical.from_hex(said["request"], "request", size=32),
        response=canonical.from_hex(said["response"], "response", size=32),
        usage=None if said["usage"] is None else _usage(said["usage"]),
        egress=canonical.text(said["egress"], "egress", longest=64, pattern=binding.NAME),
        reason=canonical.text(said["reason"], "reason", longest=16, pattern="|".join(sorted(DONE_REASONS))),
    )


def check(signed: SignedReceipt, *, node_document: bytes, models: bytes) -> Receipt:
    """Return what a receipt says, once the key of `node_document` signed it and both documents agree with it.

    `models` is the models document of the same evidence. Raises NotAuthentic, Malformed.
    """
    receipt = decode(signed.document)
    node = binding.decode(node_document)
    _verify(node.sig, signed)
    if receipt.node != hashlib.sha256(node_document).digest() or receipt.egress != node.egress:
        raise Malformed("member_value", "node or egress of another node document")
    if hashlib.sha256(models).digest() != node.models:
        raise Malformed("member_value", "models is not the document that the node names")
    if (receipt.model, receipt.weights) not in _served(models):
        raise Malformed("member_value", "model is none of the node's")
    return receipt


def check_file(file: ReceiptFile) -> Receipt:
    """Return what a kept receipt says, once its signature, documents and what is shown agree.

    The evidence itself is not judged. Raises NotAuthentic, Malformed.
    """
    items = evidence.decode(file.bundle).items
    for label in ("node-document", "models"):
        if label not in items:
            raise Malformed("missing_member", f"bundle.{label}")
    receipt = check(file.signed, node_document=items["node-document"].data, models=items["models"].data)
    if file.shown is not None:
        receipt.covers(file.shown)
    return receipt


def encode_file(file: ReceiptFile) -> bytes:
    """Return the bytes of a receipt file. Raises Malformed when `decode_file` would refuse them."""
    shown = file.shown
    encoded = canonical.encode(
        {
            "v": 1,
            "typ": FILE_TYPE,
            "document": file.signed.document,
            "signature": file.signed.signature,
            "bundle": canonical.base64url_encode(file.bundle),
            "shown": shown
            and {
                "salt": canonical.base64url_encode(shown.salt),
                "request": canonical.base64url_encode(shown.request),
                "response": canonical.base64url_encode(shown.response),
            },
        }
    )
    decode_file(encoded)
    return encoded


def decode_file(data: bytes) -> ReceiptFile:
    """Return a receipt file; nothing in it is judged. Raises Malformed."""
    found = canonical.members(canonical.decode(data, max_bytes=MAX_FILE), _FILE, "receipt file")
    canonical.integer(found["v"], "v", least=1, most=1)
    canonical.text(found["typ"], "typ", longest=len(FILE_TYPE), pattern=FILE_TYPE)
    signature = canonical.base64url_encode(canonical.from_base64url(found["signature"], "signature", size=64))
    document = canonical.text(found["document"], "document", longest=MAX_RECEIPT)
    decode(document)
    return ReceiptFile(
        SignedReceipt(document, signature),
        _bytes(found["bundle"], "bundle", MAX_BUNDLE),
        None if found["shown"] is None else _shown(found["shown"]),
    )


def _shown(value: object) -> Shown:
    shown = canonical.members(value, frozenset({"salt", "request", "response"}), "shown")
    return Shown(
        canonical.from_base64url(shown["salt"], "salt", size=32),
        _bytes(shown["request"], "request", MAX_SHOWN),
        _bytes(shown["response"], "response", MAX_SHOWN),
    )


def _bytes(value: object, what: str, most: int) -> bytes:
    text = canonical.text(value, what, longest=most * 4 // 3 + 4, pattern="[A-Za-z0-9_-]*")
    data = canonical.base64url_decode(text)
    if data is None or len(data) > most:
        raise Malformed("member_value", what)
    return data


def _usage(value: object) -> Usage:
    usage = canonical.members(value, frozenset({"prompt", "cached", "completion"}), "usage")
    return Usage(*(canonical.integer(usage[name], name) for name in ("prompt", "cached", "completion")))


def _verify(key: bytes, signed: SignedReceipt) -> None:
    signature = canonical.from_base64url(signed.signature, "signature", size=64)
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, RECEIPT + signed.document.encode())
    except (InvalidSignature, ValueError):
        raise NotAuthentic from None


def _served(models: bytes) -> set[tuple[str, tuple[bytes, ...]]]:
    """Return id and weights of every model of a models document, whose other members the appraisal reads."""
    document = canonical.decode(models, max_bytes=_MODELS)
    served: set[tuple[str, tuple[bytes, ...]]] = set()
    for entry in canonical.entries(_member(document, "models"), "models", most=64):
        files = canonical.entries(_member(entry, "sha256"), "sha256", least=1, most=64)
        weights = tuple(canonical.from_hex(digest, "sha256", size=32) for digest in files)
        served.add((canonical.text(_member(entry, "id"), "id", longest=128), weights))
    return served


def _member(value: object, name: str) -> object:
    if not isinstance(value, Mapping):
        raise Malformed("member_type", f"what holds {name} is not an object")
    if name not in value:
        raise Malformed("missing_member", name)
    return value[name]
