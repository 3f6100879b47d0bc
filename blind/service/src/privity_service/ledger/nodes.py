"""Which nodes are believed: those of the directory that the keeper posted. Source: specs/ledger.md, section "Call"."""

import hashlib
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from privity_protocol import canonical, directory
from privity_protocol.errors import PrivityError

from privity_service.ledger.refusal import Refused
from privity_service.ledger.states import Call, Op

LABEL: Final = b"EC1 ledger v1\0"
CLOCK_S: Final = 300
MAX_DOCUMENT: Final = 4096
MAX_CALL: Final = 1024
_MEMBERS: Final = frozenset({"v", "typ", "deploy", "op", "nullifier", "request", "holder", "day", "time"})
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Signed:
    """A call as it came."""

    node: bytes
    call: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class _Key:
    sig: Ed25519PublicKey
    nbf: int
    exp: int


class Nodes:
    """The listed nodes. The directory is read again whenever its file is another one."""

    def __init__(self, published: Path, deploy: str) -> None:
        self._path = published / "directory"
        self._deploy = deploy
        self._mark: tuple[int, int, int] | None = None
        self._directory: directory.Directory | None = None
        self._keys: dict[bytes, _Key] = {}

    def believed(self, signed: Signed, now: int) -> Call:
        """The call, if a listed node signed it for this ledger and this moment. Raises Refused `ledger.refused`.

        One answer for every cause: nobody else has a reason to ask.
        """
        try:
            return self._believed(signed, now)
        except (PrivityError, OSError, InvalidSignature, ValueError) as error:
            raise Refused("ledger.refused") from error

    def _believed(self, signed: Signed, now: int) -> Call:
        key = self._key(signed.node, now)
        if not key.nbf - CLOCK_S <= now < key.exp + CLOCK_S:
            raise Refused("ledger.refused")
        key.sig.verify(signed.signature, LABEL + signed.call)
        value = canonical.members(canonical.decode(signed.call, max_bytes=MAX_CALL), _MEMBERS, "call")
        canonical.integer(value["v"], "v", least=1, most=1)
        canonical.text(value["typ"], "typ", longest=10, pattern="ec1-ledger")
        if value["deploy"] != self._deploy:
            raise Refused("ledger.refused")
        if abs(canonical.integer(value["time"], "time") - now) > CLOCK_S:
            raise Refused("ledger.refused")
        day = canonical.text(value["day"], "day", longest=10, pattern="[0-9]{4}-[0-9]{2}-[0-9]{2}")
        return Call(
            op=Op(canonical.text(value["op"], "op", longest=8)),
            nullifier=canonical.from_hex(value["nullifier"], "nullifier", size=16),
            day=(date.fromisoformat(day) - _EPOCH).days,
            request=canonical.from_hex(value["request"], "request", size=16),
            holder=canonical.from_hex(value["holder"], "holder", size=16),
        )

    def _key(self, document: bytes, now: int) -> _Key:
        """The key of a listed node document: the keeper appraised and endorsed it before it listed it."""
        self._look()
        listed = self._directory
        if listed is None or not listed.nbf - CLOCK_S <= now < listed.exp + CLOCK_S:
            raise Refused("ledger.refused")
        name = hashlib.sha256(document).digest()
        if all(node.nd != name for node in listed.nodes):
            raise Refused("ledger.refused")
        if name not in self._keys:
            value = canonical.decode(document, max_bytes=MAX_DOCUMENT)
            if not isinstance(value, dict):
                raise Refused("ledger.refused")
            sig = canonical.from_base64url(value.get("sig"), "sig", size=32)
            nbf, exp = canonical.integer(value.get("nbf"), "nbf"), canonical.integer(value.get("exp"), "exp")
            self._keys[name] = _Key(Ed25519PublicKey.from_public_bytes(sig), nbf, exp)
        return self._keys[name]

    def _look(self) -> None:
        found = os.stat(self._path)
        mark = found.st_ino, found.st_mtime_ns, found.st_size
        if mark == self._mark:
            return
        with self._path.open("rb") as file:
            data = file.read(directory.MAX_DIRECTORY + 1)
        self._directory = directory.decode(data)
        names = {node.nd for node in self._directory.nodes}
        self._keys = {name: key for name, key in self._keys.items() if name in names}
        self._mark = mark
