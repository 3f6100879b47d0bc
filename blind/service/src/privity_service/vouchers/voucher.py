"""What a voucher is: a plan, days, a last day and an id, signed by the operator. Source: specs/voucher.md."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

VERSION: Final = 1
ID: Final = 8
MAX_DAYS: Final = 3660
MAX_DAY: Final = 65_535
_SIGNATURE: Final = 64
_FIXED: Final = 2 + 2 + 2 + ID
_LABEL: Final = b"privity voucher v1\0"
_MARK: Final = b"privity voucher redeemed v1\0"
_PLAN: Final = re.compile(rb"[a-z][a-z0-9-]{0,31}")


class NoVoucher(Exception):
    """The bytes are no voucher."""


class NotSigned(Exception):
    """None of the operator's keys signed it."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """Paid time that whoever holds the code redeems once."""

    plan: str
    days: int
    last_day: int
    """The last day (since 1970-01-01) on which it is taken."""
    id: bytes

    @property
    def mark(self) -> bytes:
        """What is kept of a redeemed one: nobody makes a code of it."""
        return hashlib.sha256(_MARK + self.id).digest()

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """The bytes of the code. Raises ValueError when a member is out of range."""
        name = self.plan.encode("ascii")
        if not (_PLAN.fullmatch(name) and 1 <= self.days <= MAX_DAYS and len(self.id) == ID):
            raise ValueError("no voucher can say this")
        head = bytes([VERSION, len(name)]) + name
        head += self.days.to_bytes(2) + _day(self.last_day).to_bytes(2) + self.id
        return head + key.sign(_LABEL + head)


def _day(day: int) -> int:
    if not 0 <= day <= MAX_DAY:
        raise ValueError("a last day beyond what a code can say")
    return day


def verify(data: bytes, keys: Iterable[Ed25519PublicKey]) -> Voucher:
    """The voucher, which one of the keys signed. Raises NoVoucher, NotSigned."""
    length = data[1] if len(data) > 1 else 0
    if len(data) != length + _FIXED + _SIGNATURE or data[0] != VERSION:
        raise NoVoucher
    head, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
    name, rest = head[2 : 2 + length], head[2 + length :]
    days, last_day = int.from_bytes(rest[:2]), int.from_bytes(rest[2:4])
    if not _PLAN.fullmatch(name) or not 1 <= days <= MAX_DAYS:
        raise NoVoucher
    for key in keys:
        try:
            key.verify(signature, _LABEL + head)
        except InvalidSignature:
            continue
        return Voucher(name.decode("ascii"), days, last_day, rest[4:])
    raise NotSigned
