"""What an evidence bundle may hold, and its writer. The reader is `evidence`: a node writes bundles and reads none.

Source: specs/evidence.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol.canonical import base64url_encode
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


def encode(items: Mapping[str, tuple[str, bytes]]) -> bytes:
    """Return the bundle of `items`: label to (media type without prefix, bytes).

    Raises Malformed `label_unknown`, `media_type`, `item_too_large`, `bundle_too_large`: nothing is written that
    `evidence.decode` refuses.
    """
    text = f'{{"__cmwc_t":"{COLLECTION_TYPE}"'
    for label in sorted(items):
        media_type, data = items[label]
        rule = LABELS.get(label)
        if rule is None:
            raise Malformed("label_unknown", label[:64])
        if media_type not in rule.media_types:
            raise Malformed("media_type", label)
        if len(data) > rule.limit:
            raise Malformed("item_too_large", label)
        text += f',"{label}":["{PREFIX}{media_type}","{base64url_encode(data)}",{rule.indicator}]'
    if len(text) >= MAX_BUNDLE:
        raise Malformed("bundle_too_large", f"{len(text) + 1} bytes, at most {MAX_BUNDLE}")
    return (text + "}").encode("ascii")
