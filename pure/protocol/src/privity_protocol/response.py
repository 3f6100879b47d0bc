"""The streamed response of a RUN: writer on the node, reader on the client. Source: specs/ec1.md, specs/records.md."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from privity_protocol import kdf, labels
from privity_protocol.chain import ChainKey, Session
from privity_protocol.envelope import exactly, parse_run_response_header, run_response_header
from privity_protocol.errors import Malformed, NotAuthentic, StateError
from privity_protocol.limits import CONFIRM, RANDOM, RESPONSE_HEADER, SID
from privity_protocol.pieces import PieceReader
from privity_protocol.records import (
    RESPONSE_GRAMMAR,
    Kind,
    Phase,
    RecordCipher,
    advance,
    capacity,
    decode_error,
    decode_record,
    encode_error,
    encode_record,
)

RESPONSE_OPENING: Final = RESPONSE_HEADER + RANDOM + CONFIRM
"""Bytes before the first record: header, `srand`, confirmation."""


@dataclass(frozen=True, slots=True, repr=False)
class Data:
    """Application bytes; partial until END."""

    data: bytes

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.data)} bytes)"


class End(Data):
    """The last application bytes: the answer is complete."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Pad:
    """A record that carries nothing."""


@dataclass(frozen=True, slots=True)
class Error:
    """The node gives up on this request; `code` is one of the inner errors of specs/errors.md."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Next:
    """The handle of the next RUN and its lifetime in seconds."""

    sid: bytes
    ttl: int


@dataclass(frozen=True, slots=True)
class Close:
    """The last record."""


Event = Data | End | Pad | Error | Next | Close


class ResponseWriter:
    """Seals one response record by record; each call returns exactly one record of the fixed size.

    Out of order calls raise StateError `order`, data above `capacity` LimitExceeded `record_capacity`.
    """

    __slots__ = ("_announced", "_chain", "_cipher", "_phase", "_record_size", "capacity")

    def __init__(self, prk: bytes, record_size: int) -> None:
        self._cipher = RecordCipher(prk, labels.RUN_RESPONSE_AEAD)
        self._chain = _chain(prk)
        self._record_size = record_size
        self._phase = Phase.OPEN
        self._announced = False
        self.capacity: Final = capacity(record_size)

    @classmethod
    def begin(cls, secret: bytes, transcript: bytes, record_size: int, srand: bytes) -> "tuple[ResponseWriter, bytes]":
        """Return the writer and the 72 opening bytes. Raises Malformed `record_size`."""
        header = run_response_header(record_size)
        prk = _prk(secret, transcript, header, exactly(srand, RANDOM, "entropy"))
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
        return self._seal(Kind.ERROR, encode_error(code, text))

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
        phase = advance(RESPONSE_GRAMMAR, self._phase, kind, StateError)
        sealed = self._cipher.seal(encode_record(kind, data, self._record_size))
        self._phase = phase
        return sealed

    def __repr__(self) -> str:
        return f"ResponseWriter({self._phase.name}, {self.records} records)"


class ResponseReader(PieceReader[Event]):
    """Reads one response on the client, in whatever pieces it arrives. Always call `eof` when the stream ends.

    `feed` raises NotAuthentic; Malformed `header`, `suite`, `record_size`, `record_type`, `record_length`,
    `padding_nonzero`, `error_text`, `order`, `after_close`; LimitExceeded `record_limit`.
    """

    __slots__ = ("_announced", "_chain", "_cipher", "_phase", "_record_size", "_secret", "_session")

    def __init__(self, session: Session, secret: bytes, transcript: bytes) -> None:
        super().__init__()
        self._session = session
        self._secret = (secret, transcript)
        self._phase = Phase.OPEN
        self._record_size = 0
        self._cipher: RecordCipher | None = None
        self._chain: ChainKey | None = None
        self._announced: Next | None = None

    @property
    def complete(self) -> bool:
        """Whether END was authenticated: only then may the answer be shown as complete."""
        return self._phase in _COMPLETE

    def eof(self) -> None:
        """The stream has ended. Raises Malformed `truncated` unless CLOSE was the last record, or the stored fault."""
        self._require_sound()
        if self._phase not in _CLOSED or self._buffer:
            self._fault = Malformed("truncated", f"the response ended in {self._phase.name}")
            raise self._fault

    def next_session(self) -> Session | None:
        """Return the session of the next RUN, or None when the node named none. Raises StateError `consumed` when
        asked twice, or the fault of a stream that was not merely cut short."""
        if self._fault is not None and self._fault.reason != "truncated":
            raise self._fault
        if self._announced is None or self._chain is None:
            return None
        session = self._session
        return Session(self._announced.sid, session.kid, self._chain.move(), self._announced.ttl, session.position + 1)

    def _step(self) -> Event | None:
        """Open one record, or return None when there are not enough bytes."""
        if self._phase in _CLOSED:
            if self._buffer:
                raise Malformed("after_close", f"{len(self._buffer)} bytes")
            return None
        cipher = self._cipher or self._begin()
        if cipher is None or len(self._buffer) < self._record_size:
            return None
        sealed = bytes(self._buffer[: self._record_size])
        del self._buffer[: self._record_size]
        record = decode_record(cipher.open(sealed))
        phase = advance(RESPONSE_GRAMMAR, self._phase, record.kind)
        event = _EVENTS[record.kind](record.data)
        if isinstance(event, Next):
            if self._announced is not None:
                raise Malformed("order", "NEXT twice")
            self._announced = event
        self._phase = phase
        return event

    def _begin(self) -> RecordCipher | None:
        # The header is judged as soon as it is here, and the rest later: the same fault for every cut of the stream.
        if self._record_size == 0 and len(self._buffer) >= RESPONSE_HEADER:
            self._record_size = parse_run_response_header(bytes(self._buffer[:RESPONSE_HEADER]))
        if len(self._buffer) < RESPONSE_OPENING:
            return None
        opening = bytes(self._buffer[:RESPONSE_OPENING])
        del self._buffer[:RESPONSE_OPENING]
        secret, transcript = self._secret
        self._secret = (b"", b"")
        prk = _prk(secret, transcript, opening[:RESPONSE_HEADER], opening[RESPONSE_HEADER:-CONFIRM])
        # Before opening anything: the confirmation commits every record to this one key.
        if not hmac.compare_digest(kdf.expand(prk, labels.RUN_RESPONSE_CONFIRM, CONFIRM), opening[-CONFIRM:]):
            raise NotAuthentic
        self._chain = _chain(prk)
        self._cipher = RecordCipher(prk, labels.RUN_RESPONSE_AEAD)
        return self._cipher

    def __repr__(self) -> str:
        return f"ResponseReader({self._phase.name})"


_CLOSED: Final = frozenset({Phase.CLOSED, Phase.ABORTED})
_COMPLETE: Final = frozenset({Phase.ENDED, Phase.CLOSED})


_EVENTS: Final[dict[Kind, Callable[[bytes], Event]]] = {
    Kind.PAD: lambda _: Pad(),
    Kind.DATA: Data,
    Kind.END: End,
    Kind.CLOSE: lambda _: Close(),
    Kind.ERROR: lambda data: Error(*decode_error(data)),
    Kind.NEXT: lambda data: Next(data[:SID], int.from_bytes(data[SID:], "big")),
}


def _prk(secret: bytes, transcript: bytes, header: bytes, srand: bytes) -> bytes:
    return kdf.extract(kdf.sha256(labels.RUN_RESPONSE_SALT, transcript, header, srand), secret)


def _chain(prk: bytes) -> ChainKey:
    return ChainKey(kdf.expand(prk, labels.CHAIN, kdf.SECRET))
