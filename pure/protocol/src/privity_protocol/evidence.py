"""The evidence bundle: one flat CMW collection (RFC 9999) whose bytes have exactly one spelling.

Source: specs/evidence.md. A scanner for this grammar alone, not a JSON library: those hide duplicate members, take 4.0
for 4 and recurse. Which items must be present is the policy's business, not the container's.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol.canonical import base64url_decode, base64url_encode
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_BUNDLE

MEDIA_TYPE: Final = "application/cmw+json"
COLLECTION_TYPE: Final = "tag:privity.invalid,2026:evidence-bundle#1"
PREFIX: Final = "application/vnd.privity."
REFERENCE_VALUES: Final = 1
ENDORSEMENT: Final = 2
EVIDENCE: Final = 4
_KI: Final = 1024


@dataclass(frozen=True, slots=True)
class Label:
    """What the table says of one label: media types without prefix, CMW indicator, most bytes after decoding."""

    media_types: frozenset[str]
    indicator: int
    limit: int


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a bundle; `media_type` is without the common prefix."""

    label: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose container is sound. Nothing in it has been believed yet."""

    items: Mapping[str, Item]

    def devices(self) -> tuple[Item, ...]:
        """Return the GPU and switch items in bundle order."""
        return tuple(item for item in self.items.values() if item.label.startswith(("gpu-", "switch-")))


def _label(indicator: int, limit_ki: int, *media_types: str) -> Label:
    return Label(frozenset(media_types), indicator, limit_ki * _KI)


_CPU: Final = (
    "tdx-quote",
    "sgx-quote",
    "snp-report",
    "nitro-document",
    "psa-token",
    "cca-token",
    "sim-document",
    "sim-tpm-quote+cbor",
)
LABELS: Final[Mapping[str, Label]] = MappingProxyType(
    {
        "node-document": _label(EVIDENCE, 4, "node-document+json"),
        "cpu": _label(EVIDENCE, 32, *_CPU),
        **{f"gpu-{index}": _label(EVIDENCE, 16, "nvidia-spdm+cbor") for index in range(16)},
        **{f"switch-{index}": _label(EVIDENCE, 16, "nvidia-spdm+cbor") for index in range(16)},
        "boot-log": _label(EVIDENCE, 64, "ccel", "tcg-log"),
        "runtime-log": _label(EVIDENCE, 16, "runtime-log"),
        "configuration": _label(EVIDENCE, 16, "configuration+json"),
        "models": _label(EVIDENCE, 16, "models+json"),
        "dcap-collateral": _label(ENDORSEMENT, 64, "dcap-collateral+cbor"),
        "snp-leaf": _label(ENDORSEMENT, 4, "certificate"),
        "snp-issuers": _label(ENDORSEMENT, 8, "certificates+cbor"),
        "snp-crl": _label(ENDORSEMENT, 16, "crl"),
        "nvidia-ocsp": _label(ENDORSEMENT, 64, "nvidia-ocsp+cbor"),
        "release": _label(REFERENCE_VALUES, 64, "release+json"),
        "release-proof": _label(ENDORSEMENT, 16, "tlog-proof"),
        "endorsement": _label(ENDORSEMENT, 8, "endorsement+cbor"),
    }
)

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


def encode(items: Mapping[str, tuple[str, bytes]]) -> bytes:
    """Return the bundle of `items`: label to (media type without prefix, bytes).

    Raises Malformed with the reason that `decode` would give; nothing is written that `decode` refuses.
    """
    text = f'{{"__cmwc_t":"{COLLECTION_TYPE}"'
    for label in sorted(items):
        media_type, data = items[label]
        indicator = LABELS[label].indicator if label in LABELS else 0
        text += f',"{label}":["{PREFIX}{media_type}","{base64url_encode(data)}",{indicator}]'
    bundle = (text + "}").encode("ascii", "replace")
    decode(bundle)
    return bundle
