"""Encapsulated requests and responses, whole (RFC 9458 section 4) and in chunks (draft-ietf-ohai-chunked-ohttp-08).

Source: specs/ohttp.md. A client seals one request and opens one response; a gateway does the reverse. The relay between
them has no key.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privity_protocol.errors import LimitExceeded, Malformed, NotAuthentic
from privity_protocol.ohttp import hpke, integer
from privity_protocol.ohttp.forms import CHUNKED, HEADER, MAX_CHUNK, MAX_CHUNKS, MAX_PLAIN, OPENING, PUBLIC, Form
from privity_protocol.ohttp.hpke import AEADS, KDF, KEM, NONCE, Aead, Context
from privity_protocol.ohttp.keys import Configuration

Entropy = Callable[[int], bytes]
_FINAL: Final = b"final"


class Sent:
    """A client's side of one exchange, its request not yet written."""

    def __init__(self, configuration: Configuration, form: Form, *, entropy: Entropy) -> None:
        """`entropy` gives the ephemeral key. Raises Malformed `key`."""
        if not configuration.aeads:
            raise Malformed("suite", "the gateway's key has no AEAD that is known here")
        aead = AEADS[configuration.aeads[0]]
        header = bytes([configuration.number]) + b"".join(one.to_bytes(2, "big") for one in (KEM, KDF, aead.number))
        ephemeral = X25519PrivateKey.from_private_bytes(entropy(PUBLIC))
        info = form.request_label + b"\x00" + header
        self._form = form
        self._enc, self._context = hpke.sender(configuration.public, ephemeral, aead, info)
        self.opening = header + self._enc

    def whole(self, message: bytes) -> bytes:
        """Return the encapsulated request, whole."""
        return self.opening + self._context.seal(message)

    def chunks(self, message: bytes) -> bytes:
        """Return the encapsulated request in chunks, all of them."""
        pieces = [message[at : at + MAX_PLAIN] for at in range(0, len(message), MAX_PLAIN)] or [b""]
        sealed = [_framed(self._context.seal(one)) for one in pieces[:-1]]
        return self.opening + b"".join(sealed) + integer.encode(0) + self._context.seal(pieces[-1], _FINAL)

    def open_whole(self, data: bytes) -> bytes:
        """Return the response. Raises Malformed `truncated`, NotAuthentic."""
        nonce = data[: self.nonce_size]
        if len(nonce) < self.nonce_size:
            raise Malformed("truncated", "an encapsulated response")
        return self._keys(nonce).open(data[self.nonce_size :], b"")

    def open_chunks(self) -> "ChunkReader":
        """Return what reads the response as it comes."""
        return ChunkReader(self.nonce_size, lambda opening: self._keys(opening).open)

    @property
    def nonce_size(self) -> int:
        """Bytes before a response."""
        return _nonce_size(self._context.aead)

    def _keys(self, nonce: bytes) -> "ResponseKeys":
        return ResponseKeys(self._context, self._form, self._enc, nonce)


class Received:
    """A gateway's side of one exchange, made of the request's first bytes."""

    def __init__(self, opening: bytes, form: Form, keys: Mapping[int, X25519PrivateKey]) -> None:
        """Raises Malformed `truncated`, `unknown_key`, `suite`, `key`."""
        if len(opening) != OPENING:
            raise Malformed("truncated", "an encapsulated request")
        header, self._enc = opening[:HEADER], opening[HEADER:]
        kem, kdf, number = (int.from_bytes(header[at : at + 2], "big") for at in (1, 3, 5))
        key = keys.get(header[0])
        if key is None:
            raise Malformed("unknown_key", f"key {header[0]}")
        if (kem, kdf) != (KEM, KDF) or number not in AEADS:
            raise Malformed("suite", f"KEM {kem}, KDF {kdf}, AEAD {number}")
        self._form = form
        self._context = hpke.receiver(key, self._enc, AEADS[number], form.request_label + b"\x00" + header)

    def open(self, ciphertext: bytes, *, final: bool) -> bytes:
        """Return the next chunk, or all of a whole request (`final` False). Raises NotAuthentic."""
        return self._context.open(ciphertext, _FINAL if final else b"")

    def answer(self, entropy: Entropy) -> "Answering":
        """Return what seals the response."""
        nonce = entropy(_nonce_size(self._context.aead))
        return Answering(nonce, ResponseKeys(self._context, self._form, self._enc, nonce))


def request_chunks(form_keys: Mapping[int, X25519PrivateKey]) -> "tuple[ChunkReader, Callable[[], Received]]":
    """Return what reads a chunked request as it comes, and afterwards the exchange that its opening made."""
    made: list[Received] = []

    def begin(opening: bytes) -> "Open":
        received = Received(opening, CHUNKED, form_keys)
        made.append(received)
        return lambda data, aad: received.open(data, final=aad == _FINAL)

    return ChunkReader(OPENING, begin), lambda: made[0]


Open = Callable[[bytes, bytes], bytes]


class ChunkReader:
    """Reads the opening of a chunked message, then its chunks as they come; the last one has no length."""

    def __init__(self, opening: int, begin: Callable[[bytes], Open]) -> None:
        self.begun = False
        self._size = opening
        self._begin = begin
        self._open: Open | None = None
        self._buffer = bytearray()
        self._last = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return what was opened. Raises Malformed, NotAuthentic."""
        self._buffer += data
        if self._open is None:
            if len(self._buffer) < self._size:
                return b""
            self._open = self._begin(bytes(self._buffer[: self._size]))
            del self._buffer[: self._size]
            self.begun = True
        opened = bytearray()
        while not self._last:
            found = integer.read(self._buffer, 0)
            if found is None:
                break
            length, at = found
            if length > MAX_CHUNK:
                raise Malformed("too_large", f"a chunk of {length} bytes")
            if length and len(self._buffer) < at + length:
                break
            chunk = bytes(self._buffer[at : at + length])
            del self._buffer[: at + length]
            self._last = length == 0
            opened += b"" if self._last else self._open(chunk, b"")
        if self._last and len(self._buffer) > MAX_CHUNK:
            raise Malformed("too_large", "the last chunk")
        return bytes(opened)

    def finish(self) -> bytes:
        """Return the last chunk: only now is the message whole. Raises Malformed `truncated`, NotAuthentic."""
        if self._open is None or not self._last:
            raise Malformed("truncated", "a chunked message without its last chunk")
        return self._open(bytes(self._buffer), _FINAL)


class ResponseKeys:
    """Key and nonces of one response (RFC 9458 section 4.4)."""

    def __init__(self, context: Context, form: Form, enc: bytes, nonce: bytes) -> None:
        aead = context.aead
        secret = context.export(form.response_label, _nonce_size(aead))
        prk = hpke.extract(enc + nonce, secret)
        self._cipher = aead.cipher(hpke.expand(prk, b"key", aead.key))
        self._base = int.from_bytes(hpke.expand(prk, b"nonce", NONCE), "big")
        self._count = 0

    def seal(self, data: bytes, aad: bytes) -> bytes:
        """Return the next chunk, sealed."""
        return self._cipher.encrypt(self._nonce(), data, aad)

    def open(self, data: bytes, aad: bytes) -> bytes:
        """Return the next chunk. Raises NotAuthentic."""
        try:
            return self._cipher.decrypt(self._nonce(), data, aad)
        except InvalidTag:
            raise NotAuthentic from None

    def _nonce(self) -> bytes:
        if self._count >= MAX_CHUNKS:
            raise LimitExceeded("record_limit", "chunks of one response")
        number = self._base ^ self._count
        self._count += 1
        return number.to_bytes(NONCE, "big")


class Answering:
    """A gateway's response on its way: `opening` first, then chunks, then the last one; or one whole message."""

    def __init__(self, opening: bytes, keys: ResponseKeys) -> None:
        self.opening = opening
        self._keys = keys

    def whole(self, message: bytes) -> bytes:
        """Return the response, whole."""
        return self.opening + self._keys.seal(message, b"")

    def chunks(self, message: bytes) -> bytes:
        """Return the chunks of a part of the message that is not its end."""
        return b"".join(
            _framed(self._keys.seal(message[at : at + MAX_PLAIN], b"")) for at in range(0, len(message), MAX_PLAIN)
        )

    def last(self, message: bytes) -> bytes:
        """Return the last chunk."""
        return integer.encode(0) + self._keys.seal(message, _FINAL)


def _framed(sealed: bytes) -> bytes:
    return integer.encode(len(sealed)) + sealed


def _nonce_size(aead: Aead) -> int:
    return max(NONCE, aead.key)
