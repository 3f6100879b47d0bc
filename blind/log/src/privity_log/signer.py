"""Who signs: a key file of mode 0600, or a token behind a PKCS#11-shaped interface that never gives its key away.

A log signs notes with Ed25519 (type 0x01) and cosigns its own heads with ML-DSA-44 (type 0x06); a witness cosigns with
types 0x04 and 0x06. Every signature is verified before it is used: a faulty signer or token must not go unnoticed.
"""

import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from privity_tlog import cosignature, keys
from privity_tlog.checkpoint import Checkpoint, encode
from privity_tlog.errors import TlogError
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519, Key
from privity_tlog.note import Signature

from privity_log.errors import LogError

SEED: Final = 32  # bytes of either algorithm's private key
MAX_KEY_FILE: Final = 8192
_PREFIX: Final = "PRIVATE+KEY+"
_HELD: Final = "TOKEN+KEY+"
CKM_EDDSA: Final = 0x1057
CKM_ML_DSA: Final = 0x1D
"""Mechanisms of PKCS#11 3.2; both sign the whole message, without a digest of the caller's."""
MECHANISMS: Final = {NOTE_ED25519: CKM_EDDSA, COSIGNATURE_ED25519: CKM_EDDSA, COSIGNATURE_MLDSA44: CKM_ML_DSA}


class Signer(Protocol):
    """Something that can sign with one key."""

    @property
    def key(self) -> Key:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the signature over the whole message. Raises LogError `signer`."""
        ...


class Token(Protocol):
    """One logged-in session of a PKCS#11 token, as far as it is needed: C_FindObjects by label, then C_Sign."""

    def sign(self, label: str, mechanism: int, message: bytes) -> bytes:
        """Return the signature of the private key `label`."""
        ...


class SeedSigner:
    """Signs with a key in this process's memory."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        if len(seed) != SEED or not keys.is_name(name) or kind not in keys.KEY_BYTES:
            raise LogError("key_file", "name, type or length")
        self._private: Ed25519PrivateKey | MLDSA44PrivateKey = (
            MLDSA44PrivateKey.from_seed_bytes(seed)
            if kind == COSIGNATURE_MLDSA44
            else Ed25519PrivateKey.from_private_bytes(seed)
        )
        self._key = Key(name, kind, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        """Show the public half only."""
        return f"SeedSigner({keys.encode(self._key)[:40]}…)"

    @property
    def key(self) -> Key:
        """The public half."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Return the signature over `message`."""
        return self._private.sign(message)


class TokenSigner:
    """Signs with a key that a token holds."""

    def __init__(self, key: Key, token: Token, label: str) -> None:
        self._key, self._token, self._label = key, token, label

    @property
    def key(self) -> Key:
        """The public half, as configured."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Return the token's signature. Raises LogError `signer`, and whatever the token raises."""
        return self._token.sign(self._label, MECHANISMS[self._key.type], message)


def signature_of(signer: Signer, head: Checkpoint, time: int) -> Signature:
    """Return the signature line of `signer` for a head. Raises LogError `signer`."""
    key = signer.key
    note = key.type == NOTE_ED25519
    message = encode(head).encode() if note else cosignature.message(key, time, head)
    made = signer.sign(message)
    if not key.verify(message, made):
        raise LogError("signer", f"{key.name}: the signature does not verify")
    return Signature(key.name, key.id, made) if note else cosignature.line(key, time, made)


def encode_seed(name: str, kind: int, seed: bytes) -> str:
    """Return the line of a key file: the private counterpart of a vkey."""
    key = SeedSigner(name, kind, seed).key
    return f"{_PREFIX}{name}+{key.id.hex()}+{b64encode(bytes([kind]) + seed).decode('ascii')}"


def read_secret(path: Path, most: int) -> str:
    """Return the ASCII text of a file of at most `most` bytes that nobody but its owner can read.

    Raises LogError `key_file`; its text holds nothing of the file.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise LogError("key_file", f"{path} must be readable by its owner only (chmod 600)")
            return file.read(most).decode("ascii")
    except (OSError, ValueError) as error:
        raise LogError("key_file", f"{path}: {type(error).__name__}") from None


def read_key_file(path: Path, token: Token | None = None) -> tuple[Signer, ...]:
    """Return the signers of a key file, one line each; `token` holds the keys of which the file has the public half.

    Raises LogError `key_file`; its text holds nothing of the file.
    """
    text = read_secret(path, MAX_KEY_FILE)
    try:
        return _signers(text.splitlines(), token)
    except (ValueError, TlogError) as error:
        raise LogError("key_file", f"{path}: {type(error).__name__}") from None


def _signers(lines: Sequence[str], token: Token | None) -> tuple[Signer, ...]:
    found: list[Signer] = []
    for line in lines:
        if line.startswith(_HELD):
            if token is None:
                raise LogError("key_file", "a key in it is held by a token: name the token")
            held = keys.decode(line.removeprefix(_HELD))
            found.append(TokenSigner(held, token, held.name))
            continue
        # Base64 has plus signs of its own: only the first two separate.
        name, identifier, encoded = line.removeprefix(_PREFIX).split("+", 2)
        data = b64decode(encoded, validate=True)
        if not line.startswith(_PREFIX) or not data:
            raise LogError("key_file", "a line is not a private key")
        signer = SeedSigner(name, data[0], data[1:])
        if signer.key.id.hex() != identifier:
            raise LogError("key_file", "a key's id is not its own")
        found.append(signer)
    if not found:
        raise LogError("key_file", "no key in it")
    return tuple(found)


def make_token_file(path: Path, held: Sequence[Key]) -> None:
    """Make a key file that names keys in a token; an existing one is never touched. Raises LogError `key_file`."""
    _write_new(path, [f"{_HELD}{keys.encode(key)}" for key in held])


def make_key_file(path: Path, name: str, kinds: Sequence[int], entropy: bytes) -> tuple[Signer, ...]:
    """Make a key file with one new key of each kind; an existing one is never touched.

    `entropy` holds 32 bytes for each. Raises LogError `key_file`.
    """
    _write_new(path, [encode_seed(name, kind, entropy[at * SEED : (at + 1) * SEED]) for at, kind in enumerate(kinds)])
    return read_key_file(path)


def _write_new(path: Path, lines: Sequence[str]) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise LogError("key_file", f"{path}: {os.strerror(error.errno or 0)}") from None
