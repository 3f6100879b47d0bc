"""A surprise: something that a log, a witness or a leaf did and must not do. What people are woken up for."""

from dataclasses import dataclass
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Surprise:
    """Which log, a reason (those of specs/log-reasons.md, or `leaf_…`), what exactly, and the notes that prove it."""

    origin: str
    reason: str
    detail: str
    notes: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        """Return a name for this very surprise, so that it is told once and not at every visit."""
        parts = (self.origin.encode(), self.reason.encode(), self.detail.encode(), *self.notes)
        return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:32]

    def __str__(self) -> str:
        """Return one line for people."""
        return f"{self.origin}: {self.reason}: {self.detail}"
