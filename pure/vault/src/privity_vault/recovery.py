"""The recovery code: 32 letters that alone find, sign in and open an account. Source: specs/opener.md."""

import hashlib
from dataclasses import dataclass
from typing import Final

from privity_vault import labels
from privity_vault.errors import VaultError
from privity_vault.secret import Secret, hkdf

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U."""
LETTERS: Final = 32
CHECK: Final = 2
GROUP: Final = 4
ENTROPY: Final = 20
MAX_TYPED: Final = 256
"""Characters that are looked at: a code with spaces everywhere has 67."""
FORGIVEN: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})
"""Letters that a person may mean another one with."""


class RecoveryLetters(Secret):
    """The 32 letters as ASCII."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Access:
    """What the service needs of a code: which record, and the seed of the key that signs its challenge."""

    finder: bytes
    signing_seed: Secret


def make(entropy: bytes) -> RecoveryLetters:
    """Return the letters of 20 random bytes. Raises VaultError `recovery.malformed` for another number."""
    if len(entropy) != ENTROPY:
        raise VaultError("recovery.malformed", f"{len(entropy)} random bytes, expected {ENTROPY}")
    value = int.from_bytes(entropy)
    return RecoveryLetters("".join(ALPHABET[value >> 5 * (LETTERS - 1 - at) & 31] for at in range(LETTERS)).encode())


def written(letters: RecoveryLetters) -> str:
    """The code as shown and printed: 34 letters in groups of four."""
    whole = letters.reveal().decode() + _check(letters.reveal())
    return "-".join(whole[at : at + GROUP] for at in range(0, len(whole), GROUP))


def read(typed: str) -> RecoveryLetters:
    """Read what a person typed; case, spaces, hyphens and I, L, O are forgiven.

    Raises VaultError: `recovery.malformed`, `recovery.mistyped` (the check letters do not fit).
    """
    if len(typed) > MAX_TYPED:
        raise VaultError("recovery.malformed", f"{len(typed)} characters")
    if not typed.isascii():
        raise VaultError("recovery.malformed", "a letter that no code has")
    plain = "".join(typed.replace("-", "").split()).upper().translate(FORGIVEN)
    if len(plain) != LETTERS + CHECK:
        raise VaultError("recovery.malformed", f"{len(plain)} letters, expected {LETTERS + CHECK}")
    if set(plain) - set(ALPHABET):
        raise VaultError("recovery.malformed", "a letter that no code has")
    if plain[LETTERS:] != _check(plain[:LETTERS].encode()):
        raise VaultError("recovery.mistyped", "the last two letters do not fit the others")
    return RecoveryLetters(plain[:LETTERS].encode())


def access(letters: RecoveryLetters) -> Access:
    """Return finder (16 bytes) and signing seed; no account id is needed, so the code alone signs in."""
    finder = hkdf(letters.reveal(), b"", labels.RECOVERY_FIND, 16)
    return Access(finder, Secret(hkdf(letters.reveal(), b"", labels.RECOVERY_SIGN)))


def _check(letters: bytes) -> str:
    bits = int.from_bytes(hashlib.sha256(labels.RECOVERY_CHECK + letters).digest()[:2]) >> 6
    return ALPHABET[bits >> 5] + ALPHABET[bits & 31]
