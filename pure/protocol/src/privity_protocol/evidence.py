"""The evidence bundle: one flat CMW collection (RFC 9999) whose bytes have exactly one spelling.

Source: specs/evidence.md. A scanner for this grammar alone, not a JSON library: those hide duplicate members, take 4.0
for 4 and recurse. Which items must be present is the policy's business, not the container's. The table of items and the
writer are in `bundle`, which is all of this that a node loads; they are named here too, for whoever reads.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from privity_protocol.bundle import COLLECTION_TYPE, LABELS, MEDIA_TYPE, PREFIX, Item, Label, encode
from privity_protocol.canonical import base64url_decode
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_BUNDLE

__all__ = ["COLLECTION_TYPE", "LABELS", "MEDIA_TYPE", "PREFIX", "Bundle", "Item", "Label", "decode", "encode"]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose container is sound. Nothing in it has been believed yet."""

    items: Mapping[str, Item]

    def devices(self) -> tuple[Item, ...]:
        """Return the GPU and switch items in bundle order."""
        return tuple(item for item in self.items.values() if item.label.startswith(("gpu-", "switch-")))


_BYTES = re.compile(rb"[!#-\[\]-~\"]*")  # 0x21 to 0x7E without the backslash: no white space, no escapes
_HEAD = re.compile(r'\{"__cmwc_t":"([^"]*)"')
_ITEM = re.compile(r',"([^"]*)":\["([^"]*)","([^"]*)",([0-9]+)\]')


def decode(data: bytes) -> Bundle:
    """Return the items of an evidence bundle in their order. `data` is the whole collection.

    Raises Malformed: `bundle_too_large`, `bundle_not_canonical`, `bundle_type`, `label_unknown`, `media_type`,
    `indicator`, `item_too_large`, `item_encoding`; the first one met from the front.
    """
    if len(data) > MAX_BUNDLE:
        raise Malformed("bundle_too_large", f"{len(data)} bytes, at most {MAX_BUNDLE}")
    if not _BYTES.fullmatch(data):
        raise Malformed("bundle_not_canonical", "white space, escape or non-ASCII byte")
    text = data.decode("ascii")
    head = _HEAD.match(text)
    if head is None:
        raise Malformed("bundle_not_canonical", "the collection type comes first")
    if head[1] != COLLECTION_TYPE:
        raise Malformed("bundle_type", head[1][:64])
    items: dict[str, Item] = {}
    position, before = head.end(), ""
    while found := _ITEM.match(text, position):
        label, media_type, encoded, indicator = found.groups()
        if label <= before:
            raise Malformed("bundle_not_canonical", "labels are not strictly ascending")
        items[label] = _item(label, media_type, encoded, indicator)
        position, before = found.end(), label
    if text[position:] != "}":
        raise Malformed("bundle_not_canonical", f"at byte {position}")
    return Bundle(MappingProxyType(items))


def _item(label: str, media_type: str, encoded: str, indicator: str) -> Item:
    rule = LABELS.get(label)
    if rule is None:
        raise Malformed("label_unknown", label[:64])
    short = media_type.removeprefix(PREFIX)
    if short == media_type or short not in rule.media_types:
        raise Malformed("media_type", label)
    if indicator != str(rule.indicator):
        raise Malformed("indicator", label)
    if len(encoded) > (rule.limit * 8 + 5) // 6:
        raise Malformed("item_too_large", label)
    decoded = base64url_decode(encoded)
    if decoded is None:
        raise Malformed("item_encoding", label)
    return Item(label, short, decoded)
