"""All kinds of contents: where each may lie, how often it is written, how it is sealed. Source: specs/contents.md."""

from types import MappingProxyType
from typing import Final

from privity_protocol.cbor import Value

from privity_vault import object
from privity_vault.contents import attachment, chat, home, proof, wallet
from privity_vault.contents.chat import Node
from privity_vault.contents.schema import Content, Kind, Schema
from privity_vault.errors import VaultError
from privity_vault.object import Place
from privity_vault.secret import ChatKey

_ALL: Final = (
    *(chat.CHAT, chat.NODE, home.FOLDER, attachment.ATTACHMENT, attachment.CHUNK, home.SETTINGS, home.MEMORY),
    *(wallet.WALLET, proof.RECEIPT, proof.EVIDENCE, home.SHARE, home.PROMPT, proof.VIEW),
)
SCHEMAS: Final = MappingProxyType({one.kind: one for one in _ALL})
IN_CHAT: Final = frozenset({Kind.CHAT, Kind.NODE, Kind.ATTACHMENT, Kind.CHUNK, Kind.RECEIPT})
"""Kinds in the box of their chat."""
AT_HOME: Final = frozenset(Kind) - IN_CHAT
"""Kinds in the home box."""
WRITTEN_ONCE: Final = frozenset({Kind.NODE, Kind.ATTACHMENT, Kind.CHUNK, Kind.RECEIPT, Kind.EVIDENCE})
_KINDS: Final = frozenset(int(kind) for kind in Kind)
_BY_TYPE: Final[dict[type[Content], Schema]] = {one.type: one for one in _ALL}


def kind_of(content: Content) -> Kind:
    """The kind of a content."""
    return _BY_TYPE[type(content)].kind


def encode(content: Content) -> Value:
    """Return the CBOR value of a content. Raises VaultError `object.malformed` for what nobody would read."""
    return _BY_TYPE[type(content)].write(content)


def decode(kind: int, value: Value) -> Content:
    """Read a content of this kind. Raises VaultError `object.malformed`, `object.wrong_kind` (no such kind)."""
    if kind not in SCHEMAS:
        raise VaultError("object.wrong_kind", f"kind {kind}")
    return SCHEMAS[Kind(kind)].read(value)


def seal(content: Content, *, place: Place, key: ChatKey, generation: int, nonce: bytes) -> bytes:
    """Return the body of a content. `nonce` is 12 random bytes.

    Raises VaultError: `object.wrong_kind` (another box, or written twice), `object.malformed`, `object.too_large`.
    """
    _check_place(content, place)
    return object.seal(encode(content), kind=kind_of(content), place=place, key=key, generation=generation, nonce=nonce)


def open_object(body: bytes, *, place: Place, key: ChatKey, generation: int) -> Content:
    """Return the content of a body, whichever kind may lie at this place.

    Raises VaultError: `object.wrong_kind` and those of `object.open_body`.
    """
    kind, value = object.open_kinds(body, kinds=_KINDS, place=place, key=key, generation=generation)
    content = decode(kind, value)
    _check_place(content, place)
    return content


def _check_place(content: Content, place: Place) -> None:
    kind = kind_of(content)
    if (kind in AT_HOME) != (place.box == place.account):
        raise VaultError("object.wrong_kind", f"{kind.name} in a box where it does not belong")
    if kind in WRITTEN_ONCE and place.version != 1:
        raise VaultError("object.wrong_kind", f"{kind.name} is written once, not in version {place.version}")
    if isinstance(content, Node) and content.chat != place.box:
        raise VaultError("object.malformed", "a message that names another chat")
