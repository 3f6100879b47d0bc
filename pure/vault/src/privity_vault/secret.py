"""Bytes that nobody may see by accident: no repr, no pickle, compared in constant time. Source: specs/opener.md."""

import hmac
from typing import ClassVar, NoReturn

from privity_protocol import kdf

from privity_vault.errors import VaultError


class Secret:
    """Key material of a fixed size. `reveal` is the only way out, so that every use can be found by its name.

    Python cannot wipe bytes: a secret is gone when the process ends (docs/limitations.md).
    """

    SIZE: ClassVar[int] = 32
    __slots__ = ("_bytes",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, data: bytes) -> None:
        """Raises VaultError `opener.malformed` for another size."""
        if len(data) != self.SIZE:
            raise VaultError("opener.malformed", f"{type(self).__name__}: {len(data)} bytes, expected {self.SIZE}")
        self._bytes = bytes(data)

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._bytes

    def derive(self, salt: bytes, info: bytes, size: int = 32) -> bytes:
        """HKDF-SHA256 of this secret (RFC 5869)."""
        return hkdf(self._bytes, salt, info, size)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and hmac.compare_digest(self._bytes, other.reveal())

    def __repr__(self) -> str:
        return f"{type(self).__name__}(<secret>)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")


class AccountKey(Secret):
    """AK: all of an account hangs on it."""

    __slots__ = ()


class ChatKey(Secret):
    """What the objects of one box are sealed under, for one generation."""

    __slots__ = ()


def hkdf(ikm: bytes, salt: bytes, info: bytes, size: int = 32) -> bytes:
    """HKDF-SHA256; an empty salt is the 32 zero bytes of RFC 5869."""
    return kdf.expand(kdf.extract(salt, ikm), info, size)
