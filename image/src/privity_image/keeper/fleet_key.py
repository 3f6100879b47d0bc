"""Fleet keys: what endorses nodes. A file of mode 0600 with two seeds. Sources: specs/keeper.md, specs/endorsement.md.

Trusted: yes. Altered: the public half is not in the fleet leaf, and nothing is endorsed. Lost: a new fleet leaf names a
new key. Stolen: whoever has it still needs genuine hardware; revoke it.
"""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from privity_attest import endorsement
from privity_attest.endorsement import Endorsement, FleetKey
from privity_tlog.errors import TlogError
from privity_tlog.spelling import from_base64, to_base64

from privity_image.errors import Failed

SEED: Final = 32
_WORD: Final = "privity-fleet-key-1"
_MAX: Final = 256  # bytes of the file


@dataclass(frozen=True, slots=True)
class FleetSigner:
    """A fleet key with its private half."""

    public: FleetKey
    _ed25519: Ed25519PrivateKey = field(repr=False)
    _mldsa44: MLDSA44PrivateKey = field(repr=False)

    def endorse(self, node_document: bytes, platform: bytes, exp: int) -> bytes:
        """Return the item `endorsement` for a node document that was verified, verified once itself.

        `platform` is `plat.id`, `exp` the end of the node's key.
        """
        said = endorsement.message(node_document, platform, exp)
        made = Endorsement(self.public.id, self._ed25519.sign(said), self._mldsa44.sign(said))
        item = endorsement.encode(made)
        endorsement.verify(item, (self.public,), node_document=node_document, platform=platform, exp=exp)
        return item


def signer_of(first: bytes, second: bytes) -> FleetSigner:
    """Return the fleet key of an Ed25519 seed and an ML-DSA-44 seed, each 32 bytes."""
    ed25519, mldsa44 = Ed25519PrivateKey.from_private_bytes(first), MLDSA44PrivateKey.from_seed_bytes(second)
    public = FleetKey(ed25519.public_key().public_bytes_raw(), mldsa44.public_key().public_bytes_raw())
    return FleetSigner(public, ed25519, mldsa44)


def make(path: Path) -> FleetSigner:
    """Make a new key in a new file. Raises Failed `key_file`: an existing file is never replaced."""
    first, second = secrets.token_bytes(SEED), secrets.token_bytes(SEED)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{_WORD} {to_base64(first)} {to_base64(second)}\n")
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise Failed("key_file", f"{path}: {error.strerror}") from error
    return signer_of(first, second)


def read(path: Path) -> FleetSigner:
    """Return the key of a file that only its owner may read. Raises Failed `key_file`."""
    try:
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(_MAX + 1)
    except OSError as error:
        raise Failed("key_file", f"{path}: {error.strerror}") from error
    if mode & 0o077:
        raise Failed("key_file", f"{path} must be readable by its owner only (chmod 600)")
    try:
        match data.decode("ascii").removesuffix("\n").split(" "):
            case [word, first, second] if word == _WORD:
                seeds = [from_base64(one, "key_malformed", size=SEED) for one in (first, second)]
                return signer_of(*seeds)
    except (UnicodeDecodeError, TlogError) as error:
        raise Failed("key_file", f"{path} is no fleet key") from error
    raise Failed("key_file", f"{path} is no fleet key")
