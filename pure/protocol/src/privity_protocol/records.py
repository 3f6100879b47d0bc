"""Records: fixed-size plaintexts of type, length, data and zeros, sealed under a counter. Source: specs/records.md."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privity_protocol import kdf, labels
from privity_protocol.errors import LimitExceeded, Malformed, NotAuthentic, StateError
from privity_protocol.limits import MAX_ERROR_TEXT, MAX_RECORDS_PER_KEY, RECORD_HEADER, SID, TAG

_NONCE: Final = 12
_KEY: Final = 32


class Kind(IntEnum):
    """Record types."""

    PAD = 0
    DATA = 1
    END = 2
    CLOSE = 3
    ERROR = 4
    NEXT = 5


class Phase(IntEnum):
    """Where a stream of records stands: CLOSED follows END, ABORTED follows ERROR."""

    OPEN = 0
    ENDED = 1
    FAILED = 2
    CLOSED = 3
    ABORTED = 4


Grammar = dict[tuple[Phase, Kind], Phase]
"""Which record may come in which phase, and the phase after it. What is not here is `order`."""

REQUEST_GRAMMAR: Final[Grammar] = {
    (Phase.OPEN, Kind.DATA): Phase.OPEN,
    (Phase.OPEN, Kind.END): Phase.ENDED,
    (Phase.ENDED, Kind.PAD): Phase.ENDED,
}
RESPONSE_GRAMMAR: Final[Grammar] = {
    (Phase.OPEN, Kind.PAD): Phase.OPEN,
    (Phase.OPEN, Kind.DATA): Phase.OPEN,
    (Phase.OPEN, Kind.NEXT): Phase.OPEN,
    (Phase.OPEN, Kind.END): Phase.ENDED,
    (Phase.OPEN, Kind.ERROR): Phase.FAILED,
    (Phase.ENDED, Kind.PAD): Phase.ENDED,
    (Phase.ENDED, Kind.NEXT): Phase.ENDED,
    (Phase.ENDED, Kind.CLOSE): Phase.CLOSED,
    (Phase.FAILED, Kind.PAD): Phase.FAILED,
    (Phase.FAILED, Kind.CLOSE): Phase.ABORTED,
}
REQUEST_KINDS: Final = frozenset({Kind.PAD, Kind.DATA, Kind.END})
_EMPTY: Final = frozenset({Kind.PAD, Kind.CLOSE})
_NEXT_LENGTH: Final = SID + 4


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One opened record; its data is plaintext and therefore not in its repr."""

    kind: Kind
    data: bytes

    def __repr__(self) -> str:
        return f"Record({self.kind.name}, {len(self.data)} bytes)"


def capacity(record_size: int) -> int:
    """Data bytes that a sealed record of `record_size` bytes carries."""
    return record_size - TAG - RECORD_HEADER


def encode_record(kind: Kind, data: bytes, record_size: int) -> bytes:
    """Return the plaintext of a record whose sealed form has `record_size` bytes.

    Raises LimitExceeded `record_capacity` when the data does not fit.
    """
    if len(data) > capacity(record_size):
        raise LimitExceeded("record_capacity", f"{len(data)} bytes, at most {capacity(record_size)}")
    used = RECORD_HEADER + len(data)
    return bytes((kind,)) + len(data).to_bytes(2, "big") + data + bytes(record_size - TAG - used)


def decode_record(plaintext: bytes) -> Record:
    """Read one opened record of any size.

    Raises Malformed `record_type` (unknown), `record_length` (beyond the record, or wrong for the type),
    `padding_nonzero`. What an ERROR says is read by `response`.
    """
    try:
        kind = Kind(plaintext[0])
    except ValueError:
        raise Malformed("record_type", str(plaintext[0])) from None
    end = RECORD_HEADER + int.from_bytes(plaintext[1:3], "big")
    if end > len(plaintext):
        raise Malformed("record_length", f"{end - RECORD_HEADER} in {len(plaintext) - RECORD_HEADER}")
    if plaintext.count(0, end) != len(plaintext) - end:
        raise Malformed("padding_nonzero", kind.name)
    data = plaintext[RECORD_HEADER:end]
    if (kind in _EMPTY and data) or (kind is Kind.NEXT and len(data) != _NEXT_LENGTH):
        raise Malformed("record_length", f"{len(data)} in {kind.name}")
    return Record(kind, data)


def encode_error(code: int, text: str) -> bytes:
    """Return the data of an ERROR record. Raises LimitExceeded `record_capacity` for a text above 200 UTF-8 bytes."""
    encoded = text.encode()
    if len(encoded) > MAX_ERROR_TEXT:
        raise LimitExceeded("record_capacity", f"error text of {len(encoded)} bytes, at most {MAX_ERROR_TEXT}")
    return code.to_bytes(2, "big") + encoded


class RecordCipher:
    """AEAD(prk, label) of EC1: one key, one direction, nonce = iv XOR counter, empty associated data."""

    __slots__ = ("_cipher", "_count", "_iv")

    def __init__(self, prk: bytes, label: bytes) -> None:
        self._cipher = AESGCM(kdf.expand(prk, label + labels.KEY_SUFFIX, _KEY))
        self._iv = int.from_bytes(kdf.expand(prk, label + labels.IV_SUFFIX, _NONCE), "big")
        self._count = 0

    @property
    def count(self) -> int:
        """Records sealed or opened."""
        return self._count

    def seal(self, plaintext: bytes) -> bytes:
        """Return the sealed record. Raises LimitExceeded `record_limit` after 2^20 records."""
        return self._cipher.encrypt(self._nonce(), plaintext, None)

    def open(self, sealed: bytes) -> bytes:
        """Return the plaintext. Raises NotAuthentic, LimitExceeded `record_limit`."""
        try:
            return self._cipher.decrypt(self._nonce(), sealed, None)
        except InvalidTag:
            raise NotAuthentic from None

    def _nonce(self) -> bytes:
        if self._count >= MAX_RECORDS_PER_KEY:
            raise LimitExceeded("record_limit", f"{MAX_RECORDS_PER_KEY} records under one key")
        nonce = (self._iv ^ self._count).to_bytes(_NONCE, "big")
        self._count += 1
        return nonce

    def __repr__(self) -> str:
        return f"RecordCipher(<secret>, {self._count} records)"


def advance(grammar: Grammar, phase: Phase, kind: Kind, fault: type[Malformed | StateError] = Malformed) -> Phase:
    """Return the phase after a record. Raises `fault` `order`: Malformed of a peer's record, StateError of our own."""
    try:
        return grammar[phase, kind]
    except KeyError:
        raise fault("order", f"{kind.name} in {phase.name}") from None
