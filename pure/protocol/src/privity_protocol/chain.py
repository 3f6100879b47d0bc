"""The chain key; the session it belongs to on a client is `session`. Source: specs/ec1.md, section "Chaining".

A chain key opens one RUN and is overwritten. Python cannot promise erasure of copies; single use bounds the damage.
"""

from contextlib import suppress

from privity_protocol import kdf
from privity_protocol.errors import StateError


class ChainKey:
    """32 secret bytes that can be used once. Trusted; if lost, the session is lost and a new HELLO replaces it."""

    __slots__ = ("_cell",)

    def __init__(self, key: bytes | bytearray) -> None:
        if len(key) != kdf.SECRET:
            raise AssertionError("chain key size")
        self._cell = [bytearray(key)]

    def extract(self, salt: bytes) -> bytes:
        """Return HKDF-Extract(salt, key) and overwrite the key. Raises StateError `consumed` the second time."""
        key = self._pop()
        try:
            return kdf.extract(salt, key)
        finally:
            key[:] = bytes(kdf.SECRET)

    def move(self) -> "ChainKey":
        """Hand the key to a new owner; this object is consumed. Raises StateError `consumed`."""
        moved = ChainKey.__new__(ChainKey)
        moved._cell = [self._pop()]
        return moved

    def erase(self) -> None:
        """Overwrite the key if it is still here: a session that was dropped."""
        with suppress(StateError):
            self._pop()[:] = bytes(kdf.SECRET)

    def _pop(self) -> bytearray:
        # list.pop is one step: of two threads with the same key one gets it, the other the error.
        try:
            return self._cell.pop()
        except IndexError:
            raise StateError("consumed", "this chain key was used") from None

    def __repr__(self) -> str:
        return "ChainKey(<secret>)" if self._cell else "ChainKey(<used>)"

    def __reduce__(self) -> str:
        raise TypeError("a chain key is not serialised")
