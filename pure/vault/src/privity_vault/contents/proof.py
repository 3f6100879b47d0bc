"""Kinds 9, 10 and 13: what can be shown of an answer, what a device saw of the logs. Source: specs/contents.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol.limits import MAX_BUNDLE
from privity_protocol.stored.members import COUNT

from privity_vault.contents.schema import (
    HASH,
    ID,
    Content,
    Field,
    Kind,
    Schema,
    lww,
    nullable,
    number,
    octets,
    rising,
    row,
    rows,
    text,
)

MAX_RECEIPT: Final = 65_536
MAX_FRANKING: Final = 4096
MAX_APPRAISAL: Final = 65_536
MAX_ORIGIN: Final = 255
MAX_NOTE: Final = 65_536
MAX_CHECKPOINTS: Final = 4
"""Two logs, and their successors during a change of keys."""
MAX_MISSING: Final = 256
"""Objects that one device asks the others for at a time."""


@dataclass(frozen=True, slots=True, repr=False)
class Receipt(Content):
    """What a node signed of an answer. `position` is (index, tree size) of its entry in the keys log, if any."""

    node: bytes
    receipt: bytes
    franking: bytes | None
    evidence: bytes | None
    position: tuple[int, int] | None


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(Content):
    """An enclave's evidence as it was appraised; `document` is the SHA-256 of the node document."""

    document: bytes
    bundle: bytes
    appraisal: bytes


@dataclass(frozen=True, slots=True, repr=False)
class View(Content):
    """One per device: the newest checkpoint that it believed of each log, as (origin, note), and the ids of objects
    whose bodies the service did not deliver to it: another device that has them gives them back."""

    device: bytes
    checkpoints: Field[tuple[tuple[str, bytes], ...]]
    missing: Field[tuple[bytes, ...]]


RECEIPT: Final = Schema(
    Kind.RECEIPT,
    Receipt,
    (
        ID,
        octets(0, MAX_RECEIPT),
        nullable(octets(1, MAX_FRANKING)),
        nullable(ID),
        nullable(row(number(COUNT), number(COUNT))),
    ),
)
EVIDENCE: Final = Schema(Kind.EVIDENCE, Evidence, (HASH, octets(1, MAX_BUNDLE), octets(1, MAX_APPRAISAL)))
VIEW: Final = Schema(
    Kind.VIEW,
    View,
    (
        ID,
        lww(rising(rows(row(text(MAX_ORIGIN, 1), octets(1, MAX_NOTE)), MAX_CHECKPOINTS))),
        lww(rows(ID, MAX_MISSING)),
    ),
)
