"""The streamed response of a RUN as the node writes it; the client's reader is `response`. Source: specs/ec1.md."""

from typing import Final

from privity_protocol import kdf, labels, records
from privity_protocol.chain import ChainKey
from privity_protocol.envelope import exactly, run_response_header
from privity_protocol.errors import StateError
from privity_protocol.limits import CONFIRM, RANDOM, SID
from privity_protocol.records import RESPONSE_GRAMMAR, Kind, Phase, RecordCipher


class ResponseWriter:
    """Seals one response record by record; each call returns exactly one record of the fixed size.

    Out of order calls raise StateError `order`, data above `capacity` LimitExceeded `record_capacity`.
    """

    __slots__ = ("_announced", "_chain", "_cipher", "_phase", "_record_size", "capacity")

    def __init__(self, prk: bytes, record_size: int) -> None:
        self._cipher = RecordCipher(prk, labels.RUN_RESPONSE_AEAD)
        self._chain = next_chain_key(prk)
        self._record_size = record_size
        self._phase = Phase.OPEN
        self._announced = False
        self.capacity: Final = records.capacity(record_size)

    @classmethod
    def begin(cls, secret: bytes, transcript: bytes, record_size: int, srand: bytes) -> "tuple[ResponseWriter, bytes]":
        """Return the writer and the 72 opening bytes. Raises Malformed `record_size`."""
        header = run_response_header(record_size)
        prk = response_prk(secret, transcript, header, exactly(srand, RANDOM, "entropy"))
        return cls(prk, record_size), header + srand + kdf.expand(prk, labels.RUN_RESPONSE_CONFIRM, CONFIRM)

    @property
    def records(self) -> int:
        """Records written so far."""
        return self._cipher.count

    def data(self, data: bytes) -> bytes:
        """Application bytes, more to come."""
        return self._seal(Kind.DATA, data)

    def end(self, data: bytes = b"") -> bytes:
        """The last application bytes."""
        return self._seal(Kind.END, data)

    def pad(self) -> bytes:
        """Nothing, in the same size."""
        return self._seal(Kind.PAD, b"")

    def error(self, code: int, text: str = "") -> bytes:
        """An inner error; terminal. The text is at most 200 UTF-8 bytes."""
        return self._seal(Kind.ERROR, records.encode_error(code, text))

    def next(self, sid: bytes, ttl: int) -> bytes:
        """The handle of the next RUN; at most once, and not after an error."""
        if self._announced:
            raise StateError("order", "NEXT twice")
        record = self._seal(Kind.NEXT, exactly(sid, SID, "sid") + ttl.to_bytes(4, "big"))
        self._announced = True
        return record

    def close(self) -> bytes:
        """The last record."""
        return self._seal(Kind.CLOSE, b"")

    def next_chain(self) -> ChainKey:
        """Hand over the chain key of the next RUN. Raises StateError `consumed` the second time."""
        return self._chain.move()

    def erase(self) -> None:
        """Overwrite the next chain key when nobody will use it."""
        self._chain.erase()

    def _seal(self, kind: Kind, data: bytes) -> bytes:
        phase = records.advance(RESPONSE_GRAMMAR, self._phase, kind, StateError)
        sealed = self._cipher.seal(records.encode_record(kind, data, self._record_size))
        self._phase = phase
        return sealed

    def __repr__(self) -> str:
        return f"ResponseWriter({self._phase.name}, {self.records} records)"


def response_prk(secret: bytes, transcript: bytes, header: bytes, srand: bytes) -> bytes:
    """Return the secret under which a response is sealed, bound to the whole request and to the response's opening."""
    return kdf.extract(kdf.sha256(labels.RUN_RESPONSE_SALT, transcript, header, srand), secret)


def next_chain_key(prk: bytes) -> ChainKey:
    """Return the chain key of the RUN after this response."""
    return ChainKey(kdf.expand(prk, labels.CHAIN, kdf.SECRET))
