"""RUN as the node reads it: one request under one chain key, to the writer of its answer. Source: specs/ec1.md.

RequestReader → `finish` → RunReceived → `response` → ResponseWriter. The client's half is `run`.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from privity_protocol import kdf, labels, limits, records
from privity_protocol.chain import ChainKey
from privity_protocol.envelope import parse_run_header
from privity_protocol.errors import Malformed, StateError
from privity_protocol.response_writer import ResponseWriter

Entropy = Callable[[int], bytes]
"""Number of bytes to that many random bytes."""


class RequestReader:
    """Reads one RUN on the node, in whatever pieces it arrives. Memory: the payload so far and one record.

    After any error, and after `finish`, the reader is consumed; `abandon` erases the key of a request that never ended.
    """

    __slots__ = ("_buffer", "_chain", "_cipher", "_hash", "_header", "_max_records", "_payload", "_phase", "_secret")

    def __init__(self, chain: ChainKey, header: bytes, *, max_records: int = limits.MAX_REQUEST_RECORDS) -> None:
        """`header` is the 32 bytes that named the session; `chain` is consumed.

        Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`; StateError `consumed`.
        """
        self._chain = chain.move()
        parse_run_header(header)
        self._header = header
        self._max_records = max_records
        self._hash = hashlib.sha256(labels.RUN_TRANSCRIPT + header)
        self._buffer = bytearray()
        self._payload = bytearray()
        self._phase = records.Phase.OPEN
        self._cipher: records.RecordCipher | None = None
        self._secret: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body after the header.

        Raises NotAuthentic; Malformed `record_type`, `record_length`, `padding_nonzero`, `order`, `too_large`;
        StateError `consumed`.
        """
        self._require_live()
        self._hash.update(data)
        self._buffer += data
        try:
            self._read()
        except Exception:
            self.abandon()
            raise

    def finish(self) -> "RunReceived":
        """Return the request once the body has ended. Raises Malformed `truncated`; StateError `consumed`."""
        self._require_live()
        whole = self._phase is records.Phase.ENDED and not self._buffer
        secret = self._secret.copy()
        payload = bytes(self._payload)
        self.abandon()
        if not whole:
            raise Malformed("truncated", "the request ended before END, or inside a record")
        return RunReceived(payload, secret.pop(), self._hash.digest())

    def abandon(self) -> None:
        """Erase the chain key and what was read, whatever the state: the connection or the request is gone."""
        self._chain.erase()
        self._cipher = None
        self._secret.clear()
        self._buffer.clear()
        self._payload.clear()
        self._phase = records.Phase.CLOSED

    def _require_live(self) -> None:
        if self._phase is records.Phase.CLOSED:
            raise StateError("consumed", "this request was finished or abandoned")

    def _read(self) -> None:
        if self._cipher is None:
            if len(self._buffer) < limits.RANDOM:
                return
            prk = request_prk(self._chain, self._header + bytes(self._buffer[: limits.RANDOM]))
            del self._buffer[: limits.RANDOM]
            self._cipher = records.RecordCipher(prk, labels.RUN_REQUEST_AEAD)
            self._secret.append(response_secret(prk))
        whole = len(self._buffer) - len(self._buffer) % limits.REQUEST_RECORD
        for at in range(0, whole, limits.REQUEST_RECORD):
            self._take(self._cipher, bytes(self._buffer[at : at + limits.REQUEST_RECORD]))
        del self._buffer[:whole]
        if self._cipher.count == self._max_records and self._buffer:
            raise Malformed("too_large", f"more than {self._max_records} records")

    def _take(self, cipher: records.RecordCipher, sealed: bytes) -> None:
        if cipher.count >= self._max_records:
            raise Malformed("too_large", f"more than {self._max_records} records")
        record = records.decode_record(cipher.open(sealed))
        if record.kind not in records.REQUEST_KINDS:
            raise Malformed("record_type", f"{record.kind.name} in a request")
        self._phase = records.advance(records.REQUEST_GRAMMAR, self._phase, record.kind)
        self._payload += record.data

    def __repr__(self) -> str:
        return f"RequestReader({self._phase.name})"


class RunReceived:
    """A request that was read and authenticated to its last byte. `response` consumes it."""

    __slots__ = ("_secret", "_transcript", "payload")

    def __init__(self, payload: bytes, secret: bytes, transcript: bytes) -> None:
        self.payload: Final = payload
        self._secret = [secret]
        self._transcript = transcript

    def response(self, *, record_size: int, entropy: Entropy) -> tuple[ResponseWriter, bytes]:
        """Return the writer and the 72 bytes that open the response.

        Raises Malformed `record_size` for a size not in the list; StateError `consumed`.
        """
        return ResponseWriter.begin(consume(self._secret), self._transcript, record_size, entropy(limits.RANDOM))

    def __repr__(self) -> str:
        return f"RunReceived({len(self.payload)} bytes)"


def request_prk(chain: ChainKey, opening: bytes) -> bytes:
    """Return the secret under which a request is sealed: of the chain key, which is used up, and the opening bytes."""
    return chain.extract(kdf.sha256(labels.RUN_SALT, opening))


def response_secret(prk: bytes) -> bytes:
    """Return what the answer's keys are made of."""
    return kdf.expand(prk, labels.RUN_RESPONSE_SECRET, kdf.SECRET)


def consume(cell: list[bytes]) -> bytes:
    """Take the secret of a request out of its cell. Raises StateError `consumed` when the response was begun before."""
    try:
        return cell.pop()
    except IndexError:
        raise StateError("consumed", "the response was already begun") from None
