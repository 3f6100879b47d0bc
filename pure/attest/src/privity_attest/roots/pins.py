"""SHA-256 of the SubjectPublicKeyInfo of each vendor root, where it comes from, and whether it signs real hardware."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Pin:
    """One root: its `name` says which product it stands for; `production` is False for test keys."""

    spki: bytes
    name: str
    origin: str
    production: bool


def _pin(spki: str, name: str, origin: str) -> Pin:
    return Pin(bytes.fromhex(spki), name, origin, production=True)


_INTEL: Final = _pin(
    "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
    "intel-sgx",
    "Intel SGX Root CA, certificates.trustedservices.intel.com",
)
_AMD: Final = "AMD Key Distribution Service, cert_chain of the product"
BUILT_IN: Final[Mapping[str, tuple[Pin, ...]]] = MappingProxyType(
    {
        "tdx": (_INTEL,),
        "sgx": (_INTEL,),
        "sev_snp": (
            _pin("9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9", "milan", _AMD),
            _pin("429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831", "genoa", _AMD),
            _pin("4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08", "turin", _AMD),
        ),
        "nitro": (
            _pin(
                "f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225",
                "aws-nitro",
                "AWS Nitro Enclaves root G1, aws-nitro-enclaves.amazonaws.com",
            ),
        ),
        "nvidia": (
            _pin(
                "a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4",
                "nvidia-device-identity",
                "NVIDIA Device Identity CA, NVIDIA attestation SDK",
            ),
        ),
    }
)
"""By kind; `nvidia` stands for devices. There is no built-in Arm key: none signs production silicon in public."""


PUBLISHED: Final = frozenset(
    bytes.fromhex(spki)
    for spki in (
        "7b1a17147ca907e16cad79901fef13991ec6206e3d148b657068ad6c4cba4626",  # TF-M: test attestation key
        "0928f896cb02326566530a62a1e36329a12d0a4a308f4fc81e8ff5560bca6bca",  # TF-RMM, Trustee: test platform key
        "7702f967b682116e05e3eb90357b84b898453e2e94da6bf861bed60e6eb831a4",  # Veraison: end-to-end tests
    )
)
"""SHA-256 of the SubjectPublicKeyInfo of Arm keys whose private half is in public: whoever pins one imitates."""


def is_published(spki: bytes) -> bool:
    """Return whether anybody can sign under the key `spki` (SubjectPublicKeyInfo, DER)."""
    return sha256(spki).digest() in PUBLISHED


def built_in(kind: str) -> frozenset[bytes]:
    """Return the pins of `kind` that this verifier was built with."""
    return frozenset(pin.spki for pin in BUILT_IN.get(kind, ()))


def is_production(kind: str, spki: bytes) -> bool:
    """Return whether `spki` is a built-in pin of `kind` that signs real hardware."""
    return any(pin.spki == spki and pin.production for pin in BUILT_IN.get(kind, ()))
