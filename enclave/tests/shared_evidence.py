"""Evidence that vendors signed, as the output of a fake device; None where a file of the shared vectors is absent."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(os.environ.get("PRIVITY_VECTORS", Path(__file__).resolve().parents[3] / "shared/vectors")) / "attestation"
NAMES = {
    "v4-b0c06f-uptodate": ("tdx", "tdx/{}.quote.bin"),
    "v4-00806f-gcp-cos113-module-svn": ("tdx", "tdx/{}.quote.bin"),
    "v5-90c06f-uptodate": ("tdx", "tdx/{}.quote.bin"),
    "genoa-v3": ("sev_snp", "sev-snp/{}.report.bin"),
    "turin-v5": ("sev_snp", "sev-snp/{}.report.bin"),
    "dstack-2025-12": ("nitro", "nitro/{}.cose.bin"),
    "evervault-2022-10": ("nitro", "nitro/{}.cose.bin"),
    "cca-tf-rmm": ("cca", "psa-cca/{}.cbor"),
    "cca-trustee": ("cca", "psa-cca/{}.cbor"),
}


@dataclass(frozen=True)
class Quote:
    """One vendor-signed statement; `over` gives it with other report data, where a device would put them."""

    kind: str
    data: bytes
    over: Callable[[bytes], bytes]


def claims(name: str) -> dict[str, str]:
    """What the index of the vectors says is in a statement, in hexadecimal."""
    cases = json.loads((ROOT / "index.json").read_text())["cases"]
    found: dict[str, str] = next(case["claims"] for case in cases if case["id"] == name)
    return found


def real_quotes() -> dict[str, Quote | None]:
    """Name to statement, None where the file is not here."""
    found: dict[str, Quote | None] = {}
    for name, (kind, pattern) in NAMES.items():
        path = ROOT / pattern.format(name)
        found[name] = quote(kind, path.read_bytes()) if path.is_file() else None
    return found


def quote(kind: str, data: bytes) -> Quote:
    """Where report data lie: specs of the formats; a Nitro document and a CCA token end in a part for them here."""
    if kind == "tdx":
        body = {4: 48, 5: 54}[int.from_bytes(data[:2], "little")]
        return Quote(kind, data, lambda given: data[: body + 520] + given + data[body + 584 :])
    if kind == "sev_snp":
        return Quote(kind, data, lambda given: data[:0x50] + given + data[0x90:])
    if kind == "nitro":
        return Quote(kind, data, lambda given: data + given)
    at = data.rindex(b"\x0a\x58\x40") + 3  # claim 10 of the realm token: a challenge of 64 bytes
    return Quote(kind, data, lambda given: data[:at] + given + data[at + 64 :])
