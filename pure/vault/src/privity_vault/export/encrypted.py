"""An encrypted export: seven words, numbered frames, a final mark. Source: specs/export.md.

Each frame is opened before its bytes are handed out, and the end is only believed with the final mark: a file that was
cut, reordered or prolonged gives a reason, never a shorter export.
"""

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from privity_protocol.errors import StateError

from privity_vault import labels, passphrase
from privity_vault.errors import VaultError
from privity_vault.passphrase import SALT, Cost, Words

OPENING: Final = b"PVX\x01"
HEADER: Final = len(OPENING) + 4 + 1 + SALT + 32
FRAME: Final = 256 * 1024
TAG: Final = 16
MAX_FRAMES: Final = 8192 + 64
"""Two GiB, and the archive's own overhead."""


class Writer:
    """Encrypts what is fed, frame by frame; `finish` ends it. Both return bytes to be written."""

    __slots__ = ("_buffer", "_cipher", "_count", "_ended", "_header")

    def __init__(self, words: Words, cost: Cost) -> None:
        """`cost` has a fresh random salt: key and nonces hang on it. Raises VaultError `opener.parameters`."""
        stretched = passphrase.stretch(words, cost)
        head = OPENING + cost.memory.to_bytes(4) + bytes([cost.passes]) + cost.salt
        self._header = head + stretched.derive(head, labels.EXPORT_COMMIT)
        self._cipher = AESGCM(stretched.derive(head, labels.EXPORT_KEY))
        self._buffer = bytearray()
        self._count = 0
        self._ended = False

    def header(self) -> bytes:
        """The first bytes of the file."""
        return self._header

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what is full. Raises StateError after `finish`, VaultError `export.too_large`."""
        self._buffer += data
        written = bytearray()
        while len(self._buffer) > FRAME:
            written += self._sealed(bytes(self._buffer[:FRAME]), final=False)
            del self._buffer[:FRAME]
        return bytes(written)

    def finish(self) -> bytes:
        """Return the last frame. Raises StateError the second time, VaultError `export.too_large`."""
        last = self._sealed(bytes(self._buffer), final=True)
        self._ended = True
        return last

    def _sealed(self, frame: bytes, *, final: bool) -> bytes:
        if self._ended:
            raise StateError("consumed", "the export was finished")
        nonce = _nonce(self._count, final=final)
        self._count += 1
        return self._cipher.encrypt(nonce, frame, self._header)

    def __repr__(self) -> str:
        return "Writer(<secret>)"


class Reader:
    """Decrypts what is fed, in any pieces. Nothing is complete before `finish` returned."""

    __slots__ = ("_buffer", "_cipher", "_count", "_header", "_words")

    def __init__(self, words: Words) -> None:
        self._words = words
        self._buffer = bytearray()
        self._cipher: AESGCM | None = None
        self._header = b""
        self._count = 0

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return what was opened.

        Raises VaultError: `export.malformed`, `opener.parameters`, `export.wrong_key`, `export.damaged`,
        `export.too_large`.
        """
        self._buffer += data
        if self._cipher is None:
            if len(self._buffer) < HEADER:
                return b""
            self._cipher = self._begin()
        opened = bytearray()
        while len(self._buffer) > FRAME + TAG:
            opened += self._opened(bytes(self._buffer[: FRAME + TAG]), final=False)
            del self._buffer[: FRAME + TAG]
        return bytes(opened)

    def finish(self) -> bytes:
        """Return the last bytes. Raises VaultError `export.truncated`, `export.damaged`, `export.malformed`."""
        if self._cipher is None or len(self._buffer) < TAG:
            raise VaultError("export.truncated", "ends before its final mark")
        rest = bytes(self._buffer)
        try:
            last = self._opened(rest, final=True)
        except VaultError:
            self._opened(rest, final=False)
            raise VaultError("export.truncated", "ends before its final mark") from None
        if not last and self._count > 1:
            raise VaultError("export.malformed", "an empty frame at the end")
        self._buffer.clear()
        return last

    def _begin(self) -> AESGCM:
        header = bytes(self._buffer[:HEADER])
        if header[:4] != OPENING:
            raise VaultError("export.malformed", "not an encrypted export")
        cost = Cost(int.from_bytes(header[4:8]), header[8], header[9 : 9 + SALT])
        stretched = passphrase.stretch(self._words, cost)
        head, commit = header[: 9 + SALT], header[9 + SALT :]
        if not hmac.compare_digest(stretched.derive(head, labels.EXPORT_COMMIT), commit):
            raise VaultError("export.wrong_key", "other words")
        self._header = header
        del self._buffer[:HEADER]
        return AESGCM(stretched.derive(head, labels.EXPORT_KEY))

    def _opened(self, frame: bytes, *, final: bool) -> bytes:
        assert self._cipher is not None
        try:
            opened = self._cipher.decrypt(_nonce(self._count, final=final), frame, self._header)
        except InvalidTag:
            raise VaultError("export.damaged", f"frame {self._count}") from None
        self._count += 1
        return opened

    def __repr__(self) -> str:
        return "Reader(<secret>)"


def _nonce(number: int, *, final: bool) -> bytes:
    if number >= MAX_FRAMES:
        raise VaultError("export.too_large", f"more than {MAX_FRAMES} frames")
    return bytes(7) + bytes([final]) + number.to_bytes(4)
