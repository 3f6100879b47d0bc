"""The gateway's keys: one file, the newest key first. A key that is replaced is still taken, and offered no more.

Trusted: yes. Altered: requests are refused. Lost: a new key is made; clients that remember the old one are told.
Rolled back: requests to the newest key are refused.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.ohttp import keys
from privity_protocol.ohttp.keys import Configuration

MOST: Final = 3
"""Keys that are taken: the newest, and two that it replaced."""
MAX_FILE: Final = 4096
_MEMBERS: Final = frozenset({"v", "keys"})
_KEY: Final = frozenset({"number", "private"})
Entropy = Callable[[int], bytes]


class KeysUnusable(Exception):
    """The file of keys cannot be used; the text holds nothing of it."""

    reason = "keys"


@dataclass(frozen=True)
class Ring:
    """The private keys by number, the newest first."""

    keys: dict[int, X25519PrivateKey]

    @property
    def document(self) -> bytes:
        """Return what is offered: the newest key's configuration."""
        number, key = next(iter(self.keys.items()))
        return keys.encode([Configuration(number, key.public_key().public_bytes_raw())])

    def __repr__(self) -> str:
        return f"Ring({list(self.keys)})"


def open_ring(path: Path, entropy: Entropy = os.urandom) -> Ring:
    """Return the keys of a file, which is made if it is not there. Raises KeysUnusable."""
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise KeysUnusable("others can read the file of keys; its mode must be 0600")
            return _decoded(file.read(MAX_FILE + 1))
    except FileNotFoundError:
        ring = Ring({1: X25519PrivateKey.from_private_bytes(entropy(32))})
        _write(path, ring)
        return ring
    except OSError as error:
        raise KeysUnusable(f"the file of keys: {error.strerror}") from error


def rotate(path: Path, entropy: Entropy = os.urandom) -> Ring:
    """Put a new key before the others, of which the oldest may go. Raises KeysUnusable."""
    known = open_ring(path, entropy).keys
    number = next(iter(known)) % 255 + 1
    kept = dict(list(known.items())[: MOST - 1])
    ring = Ring({number: X25519PrivateKey.from_private_bytes(entropy(32)), **kept})
    _write(path, ring)
    return ring


def _decoded(data: bytes) -> Ring:
    try:
        value = canonical.members(canonical.decode(data, max_bytes=MAX_FILE), _MEMBERS, "keys")
        canonical.integer(value["v"], "v", least=1, most=1)
        found = {}
        for one in canonical.entries(value["keys"], "keys", least=1, most=MOST):
            member = canonical.members(one, _KEY, "key")
            private = canonical.base64url_decode(canonical.text(member["private"], "private", longest=64)) or b""
            number = canonical.integer(member["number"], "number", least=1, most=255)
            found[number] = X25519PrivateKey.from_private_bytes(private)
    except (Malformed, ValueError, TypeError) as error:
        raise KeysUnusable("the file of keys is none") from error
    return Ring(found)


def _write(path: Path, ring: Ring) -> None:
    members = [
        {"number": number, "private": canonical.base64url_encode(key.private_bytes_raw())}
        for number, key in ring.keys.items()
    ]
    try:
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(canonical.encode({"v": 1, "keys": members}))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise KeysUnusable(f"the file of keys: {error.strerror}") from error
