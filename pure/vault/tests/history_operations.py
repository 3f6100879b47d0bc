"""The operations that vectors of contents, merging, trees, wallets, repair, archives and importers name."""

from collections.abc import Callable
from typing import Any

from privity_protocol import cbor
from privity_protocol.cbor import Value
from privity_vault.contents import kinds
from privity_vault.contents.schema import Content
from privity_vault.errors import reading
from privity_vault.object import MAX_ITEMS, Place
from privity_vault.secret import ChatKey

Input = dict[str, Any]


def shown(value: Value) -> Any:
    """A CBOR value in JSON: bytes as {"bytes": hexadecimal}, maps as lists of pairs."""
    match value:
        case bytes():
            return {"bytes": value.hex()}
        case list():
            return [shown(one) for one in value]
        case dict():
            return [[shown(key), shown(one)] for key, one in value.items()]
    return value


def content_of(kind: int, data: bytes) -> Content:
    with reading("object.malformed"):
        value = cbor.decode(data, max_items=MAX_ITEMS)
    return kinds.decode(kind, value)


def data_of(content: Content) -> bytes:
    return cbor.encode(kinds.encode(content))


def decode_content(given: Input) -> Any:
    content = content_of(given["kind"], given["data"])
    assert data_of(content) == given["data"]
    assert kinds.kind_of(content) == given["kind"]
    return {"members": shown(list(kinds.encode(content).values())[1:])}  # type: ignore[union-attr]


def place_content(given: Input) -> Any:
    """Seal a content at a place as the service never sees it, and open it there."""
    place = Place(given["account"], given["box"], given["object"], given["version"])
    key, content = ChatKey(given["key"]), content_of(given["kind"], given["data"])
    body = kinds.seal(content, place=place, key=key, generation=1, nonce=bytes(12))
    opened = kinds.open_object(body, place=place, key=key, generation=1)
    assert opened == content
    return {"size": len(body)}


OPERATIONS: dict[str, Callable[[Input], Any]] = {one.__name__: one for one in (decode_content, place_content)}
