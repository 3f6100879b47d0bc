"""The operator's key that signs vouchers: a file of 32 bytes, for nobody else's eyes.

Trusted? Wholly: who has it makes paid time. Altered: vouchers of another key, which the service does not take. Lost:
a new key; vouchers that are out stay good while the old public key is configured. Rolled back: it does not change.
"""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SEED: Final = 32


class KeyFileUnfit(Exception):
    """The file is no key, or others can read it."""

    reason = "voucher_key"


def make(path: Path) -> Ed25519PrivateKey:
    """Write a new key into a new file. Raises OSError, also when there is one."""
    made = Ed25519PrivateKey.generate()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(made.private_bytes_raw())
        file.flush()
        os.fsync(file.fileno())
    return made


def read(path: Path) -> Ed25519PrivateKey:
    """Read the key. Raises KeyFileUnfit, OSError."""
    if path.stat().st_mode & 0o077:
        raise KeyFileUnfit(f"{path.name}: others can read it")
    with path.open("rb") as file:
        seed = file.read(_SEED + 1)
    if len(seed) != _SEED:
        raise KeyFileUnfit(f"{path.name}: no key, which has {_SEED} bytes")
    return Ed25519PrivateKey.from_private_bytes(seed)
