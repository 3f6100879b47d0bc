"""The streamed response of a RUN as the client reads it; the node's half is `response_writer`. Source: specs/ec1.md."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from privity_protocol import kdf, labels
from privity_protocol.chain import ChainKey
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.limits import CONFIRM, MAX_ERROR_TEXT, RANDOM, RESPONSE_HEADER, SID
from privity_protocol.pieces import PieceReader
from privity_protocol.records import (
    RESPONSE_GRAMMAR,
    Kind,
    Phase,
    RecordCipher,
    advance,
    decode_record,
)
from privity_protocol.response_envelope import parse_run_response_header
from privity_protocol.response_writer import next_chain_key, response_prk
from privity_protocol.session import Session

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
        if record.kind is Kind.ERROR:
            decode_error(record.data)
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
        prk = response_prk(secret, transcript, opening[:RESPONSE_HEADER], opening[RESPONSE_HEADER:-CONFIRM])
        # Before opening anything: the confirmation commits every record to this one key.
        if not hmac.compare_digest(kdf.expand(prk, labels.RUN_RESPONSE_CONFIRM, CONFIRM), opening[-CONFIRM:]):
            raise NotAuthentic
        self._chain = next_chain_key(prk)
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


def decode_error(data: bytes) -> tuple[int, str]:
    """Return (code, text) of an ERROR record's data. Raises Malformed `record_length`, `error_text`."""
    if len(data) < 2:
        raise Malformed("record_length", "ERROR without a code")
    if len(data) > 2 + MAX_ERROR_TEXT:
        raise Malformed("error_text", f"{len(data) - 2} bytes, at most {MAX_ERROR_TEXT}")
    try:
        return int.from_bytes(data[:2], "big"), data[2:].decode()
    except UnicodeDecodeError:
        raise Malformed("error_text", "not UTF-8") from None
