"""Seven generated words, stretched by Argon2id: the opener of last resort. Source: specs/opener.md.

The words are two syllables each, made by rule: 64 first syllables, 32 second ones (docs/decisions/0010).
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from privity_vault.errors import VaultError
from privity_vault.secret import Secret

WORDS: Final = 7
ENTROPY: Final = 10
"""Random bytes: 7 words of 11 bits take 77 of their 80 bits."""
MAX_TYPED: Final = 256
_VOWELS: Final = "aeio"
_FIRST: Final = tuple(consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in _VOWELS)
_SECOND: Final = tuple(consonant + vowel for consonant in "bdklmnrt" for vowel in _VOWELS)
LIST: Final = tuple(first + second for first in _FIRST for second in _SECOND)
_KNOWN: Final = frozenset(LIST)
LEAST_MEMORY: Final = 64 * 1024
MOST_MEMORY: Final = 256 * 1024
LEAST_PASSES: Final = 3
MOST_PASSES: Final = 10
SALT: Final = 16


class Words(Secret):
    """Seven words with one space between them, 34 ASCII characters."""

    SIZE = WORDS * 5 - 1
    __slots__ = ()


class Stretched(Secret):
    """What Argon2id made of the words."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """Parameters of Argon2id: memory in KiB, passes, and a salt. One lane, always."""

    memory: int
    passes: int
    salt: bytes

    def check(self) -> None:
        """Raises VaultError `opener.parameters`: a service chooses no guessable cost, and none that never ends."""
        if not LEAST_MEMORY <= self.memory <= MOST_MEMORY:
            raise VaultError("opener.parameters", f"{self.memory} KiB, expected {LEAST_MEMORY} to {MOST_MEMORY}")
        if not LEAST_PASSES <= self.passes <= MOST_PASSES:
            raise VaultError("opener.parameters", f"{self.passes} passes, expected {LEAST_PASSES} to {MOST_PASSES}")
        if len(self.salt) != SALT:
            raise VaultError("opener.parameters", f"a salt of {len(self.salt)} bytes, expected {SALT}")


def make(entropy: bytes) -> Words:
    """Return the words of 10 random bytes. Raises VaultError `passphrase.malformed` for another number."""
    if len(entropy) != ENTROPY:
        raise VaultError("passphrase.malformed", f"{len(entropy)} random bytes, expected {ENTROPY}")
    value = int.from_bytes(entropy)
    return Words(" ".join(LIST[value >> 11 * at & 2047] for at in range(WORDS)).encode())


def read(typed: str) -> Words:
    """Read what a person typed; case and spaces are forgiven. Raises VaultError `passphrase.malformed`."""
    if len(typed) > MAX_TYPED or not typed.isascii():
        raise VaultError("passphrase.malformed", "too long, or a letter that no word has")
    words = typed.lower().split()
    if len(words) != WORDS:
        raise VaultError("passphrase.malformed", f"{len(words)} words, expected {WORDS}")
    if any(word not in _KNOWN for word in words):
        raise VaultError("passphrase.malformed", "a word that is not in the list")
    return Words(" ".join(words).encode())


def written(words: Words) -> str:
    """The words as shown."""
    return words.reveal().decode()


def stretch(words: Words, cost: Cost) -> Stretched:
    """Argon2id (RFC 9106), version 0x13. Raises VaultError `opener.parameters` before any work."""
    cost.check()
    kdf = Argon2id(salt=cost.salt, length=32, iterations=cost.passes, lanes=1, memory_cost=cost.memory)
    return Stretched(kdf.derive(words.reveal()))
