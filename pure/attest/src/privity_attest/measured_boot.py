"""Measured boot: the event log that firmware and boot loader leave, read strictly and replayed into registers.

Sources: TCG PC Client Platform Firmware Profile sections 10.2 (crypto-agile log) and 10.4 (event types); UEFI 2.10
section 38.4 (CCEL, whose registers 1 to 4 are RTMR0 to RTMR3 and whose register 0 is MRTD). A log explains registers
and never excuses them: its payloads are facts only where a replayed digest is their hash.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256, sha384
from typing import Final

MAX_EVENTS: Final = 1024
MAX_ALGORITHMS: Final = 5
CCEL_REGISTERS: Final = range(1, 5)
_SIGNATURE: Final = b"Spec ID Event03\0"
_LOCALITY: Final = b"StartupLocality\0"
_LEGACY_DIGEST: Final = 20  # the first record has the form of SHA-1 logs
EV_NO_ACTION: Final = 0x03
EV_SEPARATOR: Final = 0x04
# Event types of which the profile says that the digest is the hash of the event data itself.
_HASHED: Final = frozenset(
    {
        EV_SEPARATOR,
        0x05,  # EV_ACTION
        0x08,  # EV_S_CRTM_VERSION
        0x80000001,  # EV_EFI_VARIABLE_DRIVER_CONFIG
        0x80000006,  # EV_EFI_GPT_EVENT
        0x80000007,  # EV_EFI_ACTION
        0x800000E0,  # EV_EFI_VARIABLE_AUTHORITY
    }
)


@dataclass(frozen=True, slots=True)
class Bank:
    """One hash of a log: its TPM_ALG_ID, the size of a register, and the function."""

    algorithm: int
    size: int
    digest: Callable[[bytes], bytes]


SHA256: Final = Bank(0x000B, 32, lambda data: sha256(data).digest())
SHA384: Final = Bank(0x000C, 48, lambda data: sha384(data).digest())


class BootLogError(Exception):
    """The bytes are not an event log with the wanted bank; the only error of this module."""


@dataclass(frozen=True, slots=True)
class BootEvent:
    """One event: the register it names, its type, its digest in the wanted bank, and its data."""

    register: int
    type: int
    digest: bytes
    data: bytes


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise BootLogError("truncated")
        part = self.data[self.position : end]
        self.position = end
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")


def decode(data: bytes, bank: Bank) -> tuple[BootEvent, ...]:
    """Return the events of a crypto-agile log, each with its digest of `bank`; 0xFF to the end closes it.

    Raises BootLogError.
    """
    reader = _Reader(data)
    sizes = _header(reader)
    if sizes.get(bank.algorithm) != bank.size:
        raise BootLogError("the log has no such bank")
    events: list[BootEvent] = []
    while reader.position < len(data) and not _ended(data, reader.position):
        if len(events) == MAX_EVENTS:
            raise BootLogError("too many events")
        events.append(_event(reader, sizes, bank))
    return tuple(events)


def replay(events: Sequence[BootEvent], bank: Bank) -> dict[int, bytes]:
    """Return each register that `events` extend, by its number, after all of them."""
    registers: dict[int, bytes] = {}
    for event in events:
        if event.type == EV_NO_ACTION:
            # The profile's section 10.4.5.3: the locality of TPM2_Startup is the last byte of PCR 0 before any event.
            if event.register == 0 and event.data[:-1] == _LOCALITY:
                registers.setdefault(0, bytes(bank.size - 1) + event.data[-1:])
            continue
        before = registers.get(event.register, bytes(bank.size))
        registers[event.register] = bank.digest(before + event.digest)
    return registers


def payload_faults(events: Sequence[BootEvent], bank: Bank) -> tuple[int, ...]:
    """Return the places of events whose digest must be the hash of their data and is not."""
    return tuple(
        place for place, event in enumerate(events) if event.type in _HASHED and bank.digest(event.data) != event.digest
    )


def _header(reader: _Reader) -> dict[int, int]:
    """Read the first record, which names the hashes of the log, and return their sizes."""
    register, kind = reader.number(4), reader.number(4)
    digest = reader.take(_LEGACY_DIGEST)
    inner = _Reader(reader.take(reader.number(4)))
    if kind != EV_NO_ACTION or any(digest) or inner.take(len(_SIGNATURE)) != _SIGNATURE:
        raise BootLogError(f"register {register} begins with something else than the specification event")
    inner.take(8)  # platform class, version, size of addresses: nothing that is measured
    count = inner.number(4)
    if not 1 <= count <= MAX_ALGORITHMS:
        raise BootLogError("number of hashes")
    pairs = [(inner.number(2), inner.number(2)) for _ in range(count)]
    inner.take(inner.number(1))
    sizes = dict(pairs)
    if inner.position != len(inner.data) or len(sizes) != count:
        raise BootLogError("specification event")
    return sizes


def _event(reader: _Reader, sizes: dict[int, int], bank: Bank) -> BootEvent:
    register, kind = reader.number(4), reader.number(4)
    if reader.number(4) != len(sizes):
        raise BootLogError("number of digests")
    digests: dict[int, bytes] = {}
    for _ in sizes:
        algorithm = reader.number(2)
        if algorithm not in sizes or algorithm in digests:
            raise BootLogError("hash that the log does not name, or names twice")
        digests[algorithm] = reader.take(sizes[algorithm])
    return BootEvent(register, kind, digests[bank.algorithm], reader.take(reader.number(4)))


def _ended(data: bytes, position: int) -> bool:
    return data[position] == 0xFF and data.count(0xFF, position) == len(data) - position
