"""The vendor roots these tools check against, by SHA-256 of the root's SubjectPublicKeyInfo.

Taken from the vendors' published root certificates: Intel SGX Root CA, AMD ARK per product, NVIDIA Device Identity CA,
NVIDIA CoRIM signing Root CA.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Roots:
    """Pinned root keys per vendor and purpose; `amd` is by product."""

    intel: frozenset[bytes]
    amd: dict[str, frozenset[bytes]]
    nvidia_device: frozenset[bytes]
    nvidia_rim: frozenset[bytes]


def _pin(text: str) -> frozenset[bytes]:
    return frozenset({bytes.fromhex(text)})


PINNED: Final = Roots(
    intel=_pin("a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e"),
    amd={
        "Milan": _pin("9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9"),
        "Genoa": _pin("429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831"),
        "Turin": _pin("4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08"),
    },
    nvidia_device=_pin("a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4"),
    nvidia_rim=_pin("dec1dc316477aa851eebdf51327ae9f864bc8d89254657ed1e7eb9168af1e1a3"),
)
