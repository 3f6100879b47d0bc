"""Boxes: a chat's keys, wrapped under the account key; and the box of an object. Source: specs/object.md."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol.cbor import Value
from privity_protocol.stored import members as m

from privity_vault import labels, object
from privity_vault.errors import VaultError, reading
from privity_vault.object import BOX, Place
from privity_vault.secret import AccountKey, ChatKey, Secret

KIND: Final = 0
MAX_KEYS: Final = 1024
"""Generations of one chat: a new one follows a rotation only."""


class LaneKey(Secret):
    """Masks the box of each object in the pages."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Box:
    """The keys of one chat by generation, from 1 without a gap."""

    id: bytes
    keys: Mapping[int, ChatKey]

    @property
    def newest(self) -> int:
        """The generation under which the next object is sealed."""
        return len(self.keys)


def new(id_: bytes, key: ChatKey) -> Box:
    """A box with its first key. The home box has the account's id."""
    return Box(id_, MappingProxyType({1: key}))


def with_next_key(box: Box, key: ChatKey) -> Box:
    """The box with one generation more. Raises VaultError `object.too_large`."""
    if len(box.keys) >= MAX_KEYS:
        raise VaultError("object.too_large", f"{MAX_KEYS} keys")
    return Box(box.id, MappingProxyType({**box.keys, len(box.keys) + 1: key}))


def seal(box: Box, key: AccountKey, *, account: bytes, version: int, epoch: int, nonce: bytes) -> bytes:
    """Return the body of a box: under the account key of `epoch`, in 512 bytes or twice that, and so on."""
    rows: list[Value] = [[generation, box.keys[generation].reveal()] for generation in sorted(box.keys)]
    place = Place(account, box.id, box.id, version)
    content: Value = {1: 1, 2: rows}
    return object.seal(content, family=BOX, kind=KIND, place=place, key=key, generation=epoch, nonce=nonce)


def open_box(body: bytes, keys: Mapping[int, AccountKey], *, account: bytes, id_: bytes, version: int) -> Box:
    """Return the box; the body names the epoch of its account key. Raises VaultError as `object.open_body` does."""
    epoch = object.read_header(body).generation
    if epoch not in keys:
        raise VaultError("object.wrong_key", f"no account key of epoch {epoch}")
    place = Place(account, id_, id_, version)
    content = object.open_body(body, family=BOX, kind=KIND, place=place, key=keys[epoch], generation=epoch)
    with reading("object.malformed"):
        number, rows = m.of_map(content, 2)
        m.version(number)
        read = m.rows(rows, "keys", 2, MAX_KEYS, 1)
        found = {m.number(row[0], "generation", at, at): m.octets(row[1], "key", 32) for at, row in enumerate(read, 1)}
    return Box(id_, MappingProxyType({generation: ChatKey(key) for generation, key in found.items()}))


def lane(box: bytes, key: LaneKey, object_: bytes) -> bytes:
    """Mask a box id for the page that writes `object_`; applied to a lane, it gives the box back."""
    mask = hmac.digest(key.reveal(), object_, "sha256")[:16]
    return bytes(one ^ other for one, other in zip(box, mask, strict=True))


def import_id(key: AccountKey, *, account: bytes, source: str, id_: str) -> bytes:
    """The object id of something imported: importing it twice changes nothing."""
    derived = key.derive(account, labels.IMPORT)
    return hmac.digest(derived, source.encode() + b"\0" + id_.encode(), "sha256")[:16]
