"""Kinds 4 and 5: an attachment and its chunks. Source: specs/contents.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed

from privity_vault.contents.schema import HASH, ID, Content, Kind, Schema, nullable, number, octets, rows, text
from privity_vault.errors import VaultError

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


def split(
    data: bytes, ids: Sequence[bytes], *, id_: bytes, name: str, type_: str, extracted: bytes | None
) -> dict[bytes, Content]:
    """Return an attachment and its chunks by object id. `ids` are those of the chunks, at least one per CHUNK_BYTES.

    Raises VaultError `object.too_large` for more than MAX_SIZE bytes.
    """
    if len(data) > MAX_SIZE:
        raise VaultError("object.too_large", f"{len(data)} bytes, at most {MAX_SIZE}")
    starts = range(0, len(data), CHUNK_BYTES)
    chunks = tuple(ids[: len(starts)])
    whole = Attachment(name, type_, len(data), sha256(data).digest(), chunks, extracted)
    placed = enumerate(zip(chunks, starts, strict=True))
    pieces = {one: Chunk(id_, at, data[start : start + CHUNK_BYTES]) for at, (one, start) in placed}
    return {id_: whole, **pieces}


def join(whole: Attachment, id_: bytes, chunk: Callable[[bytes], Chunk | None]) -> bytes:
    """Return the bytes of an attachment. `chunk` returns a chunk by its id.

    Raises VaultError `object.missing` (a chunk), `object.damaged` (not the bytes that were attached).
    """
    data = bytearray()
    for at, one in enumerate(whole.chunks):
        found = chunk(one)
        if found is None:
            raise VaultError("object.missing", f"chunk {at} of {len(whole.chunks)}")
        if (found.attachment, found.index) != (id_, at):
            raise VaultError("object.damaged", f"chunk {at} belongs elsewhere")
        data += found.data
    if sha256(data).digest() != whole.hash:
        raise VaultError("object.damaged", "not the bytes that were attached")
    return bytes(data)
