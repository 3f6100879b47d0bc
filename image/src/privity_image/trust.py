"""The vendor roots these tools check against, by SHA-256 of the root's SubjectPublicKeyInfo: the clients' own pins."""

from dataclasses import dataclass
from typing import Final

from privity_attest.roots.pins import BUILT_IN, built_in


@dataclass(frozen=True, slots=True)
class Roots:
    """Pinned root keys per vendor and purpose; `amd` is by product."""

    intel: frozenset[bytes]
    amd: dict[str, frozenset[bytes]]
    nvidia_device: frozenset[bytes]
    nvidia_rim: frozenset[bytes]


def _named(kind: str, name: str) -> frozenset[bytes]:
    return frozenset(pin.spki for pin in BUILT_IN[kind] if pin.name == name)


PINNED: Final = Roots(
    intel=built_in("tdx"),
    amd={product: _named("sev_snp", product.lower()) for product in ("Milan", "Genoa", "Turin")},
    nvidia_device=built_in("nvidia"),
    # NVIDIA CoRIM signing Root CA. Clients never see a manifest, so their list of pins does not have it.
    nvidia_rim=frozenset({bytes.fromhex("dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3")}),
)
