"""The operator's file: what to fetch, where to, from whom. TOML, closed: an unknown key is refused.

The keys are described in docs/operating/node.md.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_image.collateral import certificates
from privity_image.collateral.subject import Dcap, Devices, SevSnp, Subject, from_bundle
from privity_image.errors import Failed

ADDRESSES: Final = {
    "intel_pcs": "https://api.trustedservices.intel.com",
    "intel_certificates": "https://certificates.trustedservices.intel.com",
    "amd_kds": "https://kdsintf.amd.com",
    "nvidia_ocsp": "https://ocsp.ndis.nvidia.com",
    "nvidia_rim": "https://rim.attestation.nvidia.com",
}
MAX_FILE: Final = 1024 * 1024
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """One operator's file. `max_age` is in seconds, 0 for none; paths in the file are relative to it."""

    folder: Path
    subject: Subject
    rims: tuple[str, ...]
    addresses: dict[str, str]
    acknowledged: frozenset[str]
    max_age: int
    deadline: float
    proxy: str | None


def load(path: Path) -> Settings:
    """Return the settings in the file at `path`. Raises Failed `configuration`, `evidence`."""
    try:
        table = tomllib.loads(read(path).decode())
    except ValueError as error:
        raise Failed("configuration", f"{path}: {error}") from error
    here = path.parent
    known = {"folder", "evidence", "rims", "acknowledged", "max_age_days", "deadline_seconds", "proxy"}
    _closed(table, known | {"dcap", "sev_snp", "nvidia", "addresses"}, str(path))
    addresses = _table(table, "addresses")
    _closed(addresses, set(ADDRESSES), "addresses")
    proxy = table.get("proxy")
    return Settings(
        folder=here / _text(table, "folder"),
        subject=_subject(table, here),
        rims=tuple(_texts(table, "rims")),
        addresses={name: _address(addresses, name) for name in ADDRESSES},
        acknowledged=frozenset(_texts(table, "acknowledged")),
        max_age=_number(table, "max_age_days", 7, 90) * DAY,
        deadline=float(_number(table, "deadline_seconds", 30, 600)),
        proxy=None if proxy is None else _text(table, "proxy"),
    )


def read(path: Path) -> bytes:
    """Return a bounded file. Raises Failed `configuration`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise Failed("configuration", str(error)) from error
    if len(data) > MAX_FILE:
        raise Failed("configuration", f"{path} is larger than {MAX_FILE} bytes")
    return data


def _subject(table: dict[str, object], here: Path) -> Subject:
    told = from_bundle(read(here / _text(table, "evidence"))) if "evidence" in table else Subject()
    subject = Subject(
        dcap=_dcap(_table(table, "dcap")) if "dcap" in table else told.dcap,
        sev_snp=_sev_snp(_table(table, "sev_snp"), here) if "sev_snp" in table else told.sev_snp,
        devices=_devices(_table(table, "nvidia"), here) if "nvidia" in table else told.devices,
    )
    if subject == Subject() and not table.get("rims"):
        raise Failed("configuration", "nothing to fetch: name evidence, dcap, sev_snp, nvidia or rims")
    return subject


def _dcap(table: dict[str, object]) -> Dcap:
    _closed(table, {"tee", "fmspc", "authority"}, "dcap")
    tee, authority = _text(table, "tee"), _text(table, "authority")
    if tee not in ("tdx", "sgx") or authority not in ("platform", "processor"):
        raise Failed("configuration", "dcap: tee is tdx or sgx, authority is platform or processor")
    return Dcap(tee, _hex(table, "fmspc", 6), authority)


def _sev_snp(table: dict[str, object], here: Path) -> SevSnp:
    _closed(table, {"product", "chip_id", "tcb", "vlek"}, "sev_snp")
    product = _text(table, "product")
    if product not in ("Milan", "Genoa", "Turin"):
        raise Failed("configuration", "sev_snp: product is Milan, Genoa or Turin")
    if "vlek" in table:
        return SevSnp(product, b"", {}, read(here / _text(table, "vlek")))
    levels = _table(table, "tcb")
    _closed(levels, {"bootloader", "tee", "snp", "microcode", "fmc"}, "sev_snp.tcb")
    tcb = {name: _number(levels, name, -1, 255) for name in levels}
    return SevSnp(product, _hex(table, "chip_id", 8 if product == "Turin" else 64), tcb, None)


def _devices(table: dict[str, object], here: Path) -> Devices:
    _closed(table, {"chains"}, "nvidia")
    return Devices(tuple(tuple(certificates.chain(read(here / name), name)) for name in _texts(table, "chains")))


def _closed(table: dict[str, object], known: set[str], what: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise Failed("configuration", f"{what}: unknown key {unknown[0]}")


def _table(table: dict[str, object], name: str) -> dict[str, object]:
    value = table.get(name, {})
    if not isinstance(value, dict):
        raise Failed("configuration", f"{name} is not a table")
    return value


def _text(table: dict[str, object], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise Failed("configuration", f"{name} is not a text")
    return value


def _texts(table: dict[str, object], name: str) -> list[str]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Failed("configuration", f"{name} is not a list of texts")
    return value


def _number(table: dict[str, object], name: str, default: int, most: int) -> int:
    value = table.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise Failed("configuration", f"{name} is not a number from 0 to {most}")
    return value


def _hex(table: dict[str, object], name: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(_text(table, name))
    except ValueError as error:
        raise Failed("configuration", f"{name} is not hexadecimal") from error
    if len(value) != size:
        raise Failed("configuration", f"{name} is {len(value)} bytes where {size} are due")
    return value


def _address(table: dict[str, object], name: str) -> str:
    value = _text(table, name) if name in table else ADDRESSES[name]
    if not value.startswith(("https://", "http://")):
        raise Failed("configuration", f"{name} is not an address")
    return value.rstrip("/")
