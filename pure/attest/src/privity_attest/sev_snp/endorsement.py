"""What a VCEK or VLEK certificate says of its chip, and which product a processor is.

Source: AMD 57230, Versioned Chip Endorsement Key Certificate and KDS Interface; AMD 56860 for the TCB bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_attest import der
from privity_attest.der import DerError
from privity_attest.x509 import Certificate

IA5_STRING: Final = 0x16
HWID: Final = 64
HWID_TURIN: Final = 8
"""Turin certificates carry the first 8 bytes of the chip's identifier; the other 56 are zero."""
_ARC = bytes.fromhex("2b060104019c7801")  # 1.3.6.1.4.1.3704.1
_PRODUCT, _HWID, _CSP = (_ARC + bytes([last]) for last in (2, 4, 5))
_SPL: Final = {
    name: _ARC + bytes([3, last])
    for last, name in enumerate(
        ("bootloader", "tee", "snp", "spl4", "spl5", "spl6", "spl7", "microcode", "fmc"), start=1
    )
}
_BEFORE_TURIN: Final = ("bootloader", "tee", "spl4", "spl5", "spl6", "spl7", "snp", "microcode")
_TURIN: Final = ("fmc", "bootloader", "tee", "snp", "spl5", "spl6", "spl7", "microcode")
LAYOUTS: Final[Mapping[str, tuple[str, ...]]] = {"milan": _BEFORE_TURIN, "genoa": _BEFORE_TURIN, "turin": _TURIN}
"""Product to what each byte of its TCB version counts; `spl` are reserved."""
_OTHER_NAMES: Final = {"bergamo": "genoa", "siena": "genoa"}
"""Products of Genoa's chain. KDS writes Genoa for them; its specification leaves room for their own names."""
_MODELS: Final = (
    (0x19, range(0x10), "milan"),
    (0x19, range(0x10, 0x20), "genoa"),
    (0x19, range(0xA0, 0xB0), "genoa"),  # Bergamo and Siena, certified as Genoa
    (0x1A, range(0x12), "turin"),
)


@dataclass(frozen=True, slots=True)
class Endorsement:
    """The extensions of a leaf: `product`, the 8 bytes of its TCB, a chip's `hwid` (VCEK) or a cloud's name (VLEK)."""

    product: str
    tcb: bytes
    hwid: bytes | None
    cloud: str | None


def endorsement(leaf: Certificate) -> Endorsement:
    """Return what `leaf` says of its chip. Raises DerError."""
    values = leaf.extensions
    named = _text(values, _PRODUCT).partition("-")[0].lower()
    product = _OTHER_NAMES.get(named, named)
    layout = LAYOUTS.get(product)
    if layout is None:
        raise DerError("product")
    hwid = values.get(_HWID)  # raw: the extension's value is the identifier itself, not an element that holds it
    if hwid is not None and _CSP in values:
        raise DerError("a chip's key and a cloud's")
    if hwid is not None and len(hwid) not in (HWID, HWID_TURIN):
        raise DerError("chip identifier")
    tcb = bytes(_level(values, name) for name in layout)
    return Endorsement(product, tcb, hwid, _text(values, _CSP) if hwid is None else None)


def parts(product: str, tcb: bytes) -> dict[str, int]:
    """Return the components of a TCB version of `product` by name, without the reserved bytes."""
    return {name: level for name, level in zip(LAYOUTS[product], tcb, strict=True) if not name.startswith("spl")}


def product_of(family: int, model: int) -> str | None:
    """Return the product of a processor by its CPUID, None for one that this verifier does not know."""
    return next((product for known, models, product in _MODELS if family == known and model in models), None)


def _level(values: Mapping[bytes, bytes], name: str) -> int:
    value = values.get(_SPL[name])
    if value is None and name.startswith("spl"):
        return 0
    level = der.integer(der.decode(value or b""))
    if level > 0xFF:
        raise DerError("level")
    return level


def _text(values: Mapping[bytes, bytes], name: bytes) -> str:
    content = der.decode(values.get(name, b"")).expect(IA5_STRING).content
    if not content or not content.isascii():
        raise DerError("text")
    return content.decode("ascii")
