"""A Nitro Secure Module that is stricter than the real one: unknown members, other sizes and late extends are refused.

Replies have the members, orders and names of aws-nitro-enclaves-nsm-api; the document is signed as the real one's, by
a key of its own, and its payload is an indefinite map like the real one's. `document` puts other bytes in its place.
`replies` gives the next replies whatever was asked; `fail` gives errnos to the next calls.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from privity_protocol import cbor
from privity_protocol.errors import Malformed

KEY = ec.derive_private_key(20_261_125, ec.SECP384R1())
MODULE = "i-0827e799ec9232d44-enc019b55a68bd2ed4b"
MEMBERS = {
    "ExtendPCR": {"index", "data"},
    "LockPCR": {"index"},
    "Attestation": {"user_data", "nonce", "public_key"},
}


def signed(payload: bytes) -> bytes:
    """COSE_Sign1 over a payload, without its tag, as the module writes it."""
    protected = cbor.encode({1: -35})
    to_sign = cbor.encode(["Signature1", protected, b"", payload])
    r, s = decode_dss_signature(KEY.sign(to_sign, ec.ECDSA(hashes.SHA384())))
    return cbor.encode([protected, {}, payload, r.to_bytes(48) + s.to_bytes(48)])


@dataclass
class FakeNsm:
    """Registers, which of them are locked, and what was asked."""

    module: str = MODULE
    registers: dict[int, bytes] = field(default_factory=lambda: {index: bytes(48) for index in range(32)})
    locked: set[int] = field(default_factory=lambda: set(range(16)))
    document: Callable[[bytes], bytes] | None = None
    replies: list[bytes] = field(default_factory=list)
    fail: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def ask(self, request: bytes) -> bytes:
        if self.fail:
            raise OSError(self.fail.pop(0), "as told")
        if self.replies:
            return self.replies.pop(0)
        if len(request) > 0x1000:
            raise OSError(90, "EMSGSIZE")
        return cbor.encode(self._answer(request))

    def _answer(self, request: bytes) -> Any:
        try:
            value = cbor.decode(request)
        except Malformed:
            return {"Error": "InvalidOperation"}
        if not isinstance(value, dict) or len(value) != 1:
            return {"Error": "InvalidOperation"}
        ((name, members),) = value.items()
        if name not in MEMBERS or not isinstance(members, dict) or members.keys() != MEMBERS[name]:
            return {"Error": "InvalidOperation"}
        self.asked.append(str(name))
        return self._attest(members) if name == "Attestation" else self._register(str(name), members)

    def _register(self, name: str, members: dict[Any, Any]) -> Any:
        index = members["index"]
        if index not in self.registers:
            return {"Error": "InvalidIndex"}
        if index in self.locked:
            return {"Error": "ReadOnlyIndex"}
        if name == "LockPCR":
            self.locked.add(index)
            return "LockPCR"
        data = members["data"]
        if not isinstance(data, bytes) or len(data) != 48:
            return {"Error": "InvalidArgument"}
        self.registers[index] = hashlib.sha384(self.registers[index] + data).digest()
        return {"ExtendPCR": {"data": self.registers[index]}}

    def _attest(self, members: dict[Any, Any]) -> Any:
        given = members["user_data"]
        if not isinstance(given, bytes) or len(given) > 512 or members["nonce"] or members["public_key"]:
            return {"Error": "InvalidArgument"}
        if self.document is not None:
            return {"Attestation": {"document": self.document(given)}}
        pairs: list[tuple[str, Any]] = [
            ("module_id", self.module),
            ("digest", "SHA384"),
            ("timestamp", 1_795_000_000_000),
            ("pcrs", {index: self.registers[index] for index in sorted(self.locked)}),
            ("certificate", b"certificate"),
            ("cabundle", [b"root"]),
            ("public_key", None),
            ("user_data", given),
            ("nonce", None),
        ]
        body = b"".join(cbor.encode(name) + cbor.encode(value) for name, value in pairs)
        return {"Attestation": {"document": signed(b"\xbf" + body + b"\xff")}}
