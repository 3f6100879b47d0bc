"""Kinds 4 and 5: an attachment and its chunks. Source: specs/contents.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol.errors import Malformed

from privity_vault.contents.schema import HASH, ID, Content, Kind, Schema, nullable, number, octets, rows, text

CHUNK_BYTES: Final = 256_000
MAX_CHUNKS: Final = 4096
MAX_SIZE: Final = CHUNK_BYTES * MAX_CHUNKS
"""A little less than a GiB."""
MAX_FILE_NAME: Final = 512
MAX_TYPE: Final = 256


@dataclass(frozen=True, slots=True, repr=False)
class Attachment(Content):
    """A file: `size` bytes with this SHA-256 in chunks of CHUNK_BYTES, the last one shorter.

    `extracted` is another attachment that holds the file's text.
    """

    name: str
    type: str
    size: int
    hash: bytes
    chunks: tuple[bytes, ...]
    extracted: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class Chunk(Content):
    """A piece of an attachment, counted from 0."""

    attachment: bytes
    index: int
    data: bytes


def _check(found: Attachment) -> None:
    if len(set(found.chunks)) != len(found.chunks):
        raise Malformed("member_value", "chunks: one twice")
    if len(found.chunks) != -(-found.size // CHUNK_BYTES):
        raise Malformed("member_value", f"chunks: {len(found.chunks)} for {found.size} bytes")


ATTACHMENT: Final = Schema(
    Kind.ATTACHMENT,
    Attachment,
    (text(MAX_FILE_NAME, 1), text(MAX_TYPE), number(MAX_SIZE), HASH, rows(ID, MAX_CHUNKS), nullable(ID)),
    _check,
)
CHUNK: Final = Schema(Kind.CHUNK, Chunk, (ID, number(MAX_CHUNKS - 1), octets(1, CHUNK_BYTES)))
