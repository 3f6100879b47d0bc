"""The shared vectors of attestation: cases by kind, their files checked against the index, skipped where absent."""

import binascii
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from privity_attest.policy import Policy, decode
from privity_attest.testing.node import policy_document
from privity_protocol import cbor

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared" / "vectors")) / "attestation"
WHERE = "shared vectors are absent: set PRIVITY_VECTORS to the folder that holds attestation/index.json"
INDEX: Any = json.loads((FOLDER / "index.json").read_text()) if FOLDER.exists() else {"cases": [], "files": {}}
ABSENT = [pytest.param(None, marks=pytest.mark.skip(reason=WHERE), id="absent")]


def cases(tee: str) -> list[Any]:
    """Parameters of the cases of `tee`, or one that is skipped."""
    return [pytest.param(one, id=one["id"]) for one in INDEX["cases"] if one["tee"] == tee] or ABSENT


def content(case: Any, role: str) -> bytes:
    """The bytes of a case's file, which are those that the index describes."""
    path = case["files"][role]
    data = (FOLDER / path).read_bytes()
    described = INDEX["files"][path]
    assert hashlib.sha256(data).hexdigest() == described["sha256"]
    return data


def certificates(pem: bytes) -> list[bytes]:
    """The DER of each certificate."""
    found = re.findall(rb"-----BEGIN CERTIFICATE-----(.*?)-----END", pem, re.DOTALL)
    return [binascii.a2b_base64(one.replace(b"\n", b"")) for one in found]


def items(case: Any) -> dict[str, tuple[str, bytes]]:
    """The items of a case of SEV-SNP or Nitro."""
    if case["tee"] == "nitro":
        return {"cpu": ("nitro-document", content(case, "document"))}
    return {
        "cpu": ("snp-report", content(case, "report")),
        "snp-leaf": ("certificate", content(case, "leaf")),
        "snp-issuers": ("certificates+cbor", cbor.encode(list(certificates(content(case, "chain"))))),
    }


def strict_policy(**changes: object) -> Policy:
    """The policy of the vectors' README for these kinds: strict, without floors or lists, under the built-in roots."""
    unchecked = {"unchecked": "vectors"}
    lenient = {
        "trust_anchors.sev_snp": "built_in",
        "require_crl.sev_snp": unchecked,
        "snp.min_report_version": unchecked,
        "snp.platform_info_must": unchecked,
        "snp.vmpl": [0, 1, 2, 3],
        "snp.allow_vlek": True,
        "snp.allow_masked_chip": True,
    }
    return decode(policy_document("sev_snp", bytes(32), bytes(32), {**lenient, **changes}))


def flips(data: bytes) -> list[bytes]:
    """`data` with one bit of each byte changed, another bit from byte to byte."""
    return [data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in range(len(data))]
