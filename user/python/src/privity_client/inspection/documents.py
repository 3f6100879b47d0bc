"""Certificates, revocation lists and documents of ours: what they say, in words."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from privity_attest import crl, evidence_files, memory, policy, release, x509
from privity_attest.signature import RsaKey
from privity_protocol import binding, canonical, directory, evidence
from privity_protocol.errors import Malformed

from privity_client.inspection.found import Found, Shown, said, shown


def bundle(data: bytes) -> Found:
    """Read an evidence bundle. Raises Malformed."""
    items = evidence.decode(data).items
    says: dict[str, Shown] = {label: f"{one.media_type}, {len(one.data)} bytes" for label, one in items.items()}
    if "node-document" in items:
        says |= {f"node {name}": one for name, one in _node(items["node-document"].data).items()}
    note = "Judge it whole: privity verify-bundle FILE --at TIME"
    return Found("evidence bundle of a node", says, notes=(note,))


def own_document(data: bytes) -> Found:
    """Read a canonical JSON document of ours. Raises Malformed."""
    value = canonical.decode(data, max_bytes=evidence_files.MAX_FILE)
    if not isinstance(value, dict):
        raise Malformed("member_type", "document")
    what, read = _kind(value)
    return Found(what, read(data))


def certificates(data: bytes) -> Found:
    """Read certificates in PEM or one in DER. Raises Malformed, DerError."""
    ders = evidence_files.certificates(data) if data.lstrip().startswith(b"-----BEGIN") else (data,)
    if not ders:
        raise Malformed("member_value", "no certificate")
    says: dict[str, Shown] = {}
    for number, der in enumerate(ders):
        read = x509.decode(der)
        before = f"certificate {number + 1} " if len(ders) > 1 else ""
        key = "RSA" if isinstance(read.key, RsaKey) else read.key.curve.name
        says |= {
            f"{before}serial number": str(read.serial),
            f"{before}valid from": _moment(read.not_before),
            f"{before}valid to": _moment(read.not_after),
            f"{before}key": key,
            f"{before}pin (SHA-256 of its key)": read.pin.hex(),
            f"{before}may issue others": read.is_ca,
        }
    return Found(f"{len(ders)} certificates" if len(ders) > 1 else "certificate", says)


def revocation_list(data: bytes) -> Found:
    """Read a revocation list in DER. Raises DerError."""
    read = crl.decode(data)
    says: dict[str, Shown] = {
        "number": str(read.number),
        "issued": _moment(read.this_update),
        "next due": _moment(read.next_update),
        "revoked": len(read.revoked),
        "serial numbers": [f"{serial:x}" for serial in list(read.revoked)[:64]],
    }
    return Found("certificate revocation list", says)


def intel_collateral(data: bytes) -> Found:
    """Read Intel collateral in JSON. Raises Malformed."""
    evidence_files.dcap_collateral(data)
    value = json.loads(data)
    info, identity = json.loads(value["tcb_info"]), json.loads(value["qe_identity"])
    says: dict[str, Shown] = {}
    for name, text in (("TCB info", info), ("enclave identity", identity)):
        says |= {
            f"{name} for": str(text.get("id")),
            f"{name} issued": str(text.get("issueDate")),
            f"{name} next due": str(text.get("nextUpdate")),
            f"{name} evaluation number": str(text.get("tcbEvaluationDataNumber")),
            f"{name} levels": len(text.get("tcbLevels", ())),
        }
    return Found("Intel collateral", {"platform model (FMSPC)": str(info.get("fmspc")), **says})


def _node(data: bytes) -> dict[str, Shown]:
    read = binding.decode(data)
    rows = said(read, without=frozenset({"pk", "nbf", "exp"}))
    return {**rows, "usable from": _moment(read.nbf), "usable to": _moment(read.exp)}


def _release(data: bytes) -> dict[str, Shown]:
    read = release.decode(data)
    named = sorted(json.loads(data)["platforms"])
    return {**said(read, without=frozenset({"platforms", "not_before"})), "platforms": named, **_from(read.not_before)}


def _from(moment: int) -> dict[str, Shown]:
    return {"may be used from": _moment(moment)}


def _models(data: bytes) -> dict[str, Shown]:
    return {one.id: f"{one.display}, {one.engine}, {shown(one.sha256)}" for one in release.decode_models(data)}


def _policy(data: bytes) -> dict[str, Shown]:
    return said(policy.decode(data), without=frozenset({"digest"}))


def _directory(data: bytes) -> dict[str, Shown]:
    read = directory.decode(data)
    return {"nodes": len(read.nodes), **{f"node {one.nd.hex()[:16]}": list(one.cap) for one in read.nodes[:64]}}


def _memory(data: bytes) -> dict[str, Shown]:
    return said(memory.decode(data))


_KINDS: Final[tuple[tuple[str, object, str, Callable[[bytes], dict[str, Shown]]], ...]] = (
    ("typ", "ec1-node", "node document", _node),
    ("t", "release", "release", _release),
    ("t", "directory", "directory of nodes", _directory),
    ("format", policy.FORMAT, "appraisal policy", _policy),
)


def _kind(value: Mapping[str, Any]) -> tuple[str, Callable[[bytes], dict[str, Shown]]]:
    for member, expected, what, read in _KINDS:
        if value.get(member) == expected:
            return what, read
    if value.keys() == {"v", "models"}:
        return "models document", _models
    if "challenged" in value:
        return "appraisal memory", _memory
    raise Malformed("member_value", "a document of no known kind")


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


Reader = Callable[[bytes], Found]
READERS: Final[tuple[Reader, ...]] = (bundle, own_document, intel_collateral, certificates, revocation_list)
