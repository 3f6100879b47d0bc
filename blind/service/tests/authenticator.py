"""A passkey in software, for the tests: makes credentials and answers challenges as an authenticator would."""

import hashlib
import json
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.canonical import base64url_encode as spelled

UP, UV, AT = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One credential of one relying party. Its faults can be set."""

    rp_id: str = "localhost"
    origin: str = "http://localhost:8080"
    flags: int = UP | UV
    counter: int = 0
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    credential: bytes = field(default_factory=lambda: token_bytes(32))

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _authenticator_data(self, extra: bytes = b"", flags: int = 0) -> bytes:
        head = hashlib.sha256(self.rp_id.encode()).digest()
        return head + bytes([self.flags | flags]) + self.counter.to_bytes(4) + extra

    def create(self, challenge: str) -> dict[str, Any]:
        """The answer to `create`."""
        public = self.key.public_key().public_bytes_raw()
        cose = cbor2.dumps({1: 1, 3: -8, -1: 6, -2: public})
        attested = bytes(16) + len(self.credential).to_bytes(2) + self.credential + cose
        data = self._authenticator_data(attested, AT)
        return {
            "id": spelled(self.credential),
            "client_data_json": spelled(self._client_data("webauthn.create", challenge)),
            "attestation_object": spelled(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        }

    def get(self, challenge: str, account: bytes) -> dict[str, Any]:
        """The answer to `get`."""
        client, data = self._client_data("webauthn.get", challenge), self._authenticator_data()
        return {
            "id": spelled(self.credential),
            "client_data_json": spelled(client),
            "authenticator_data": spelled(data),
            "signature": spelled(self.key.sign(data + hashlib.sha256(client).digest())),
            "user_handle": spelled(account),
        }
