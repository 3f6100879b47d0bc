"""Alters evidence and has both languages judge or read it; whatever comes out must be the same."""

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

from privity_attest import cose, crl, event_log, memory, policy, release, x509
from privity_attest.appraise import appraise
from privity_attest.cose import CoseError
from privity_attest.der import DerError
from privity_attest.errors import PolicyMalformed, Refused
from privity_attest.event_log import EventLogError
from privity_attest.logged import PROVED, Logged, without_log
from privity_attest.memory import Memory
from privity_attest.signature import EcKey
from privity_protocol.errors import Malformed


def record(data: bytes, **given: Any) -> dict[str, Any]:
    """The record, whatever the outcome, as it is after a trip through JSON."""
    try:
        told = appraise(data, **given).record.to_json()
    except Refused as refused:
        told = refused.record.to_json()
    alike: dict[str, Any] = json.loads(json.dumps(told))
    return alike


def flipped(data: bytes, at: int, bit: int) -> bytes:
    """`data` with one bit changed."""
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def altered(data: bytes, drawn: random.Random) -> bytes:
    """A flipped bit most of the time, else something cut, doubled or longer."""
    at = drawn.randrange(len(data)) if data else 0
    match drawn.randrange(8):
        case 0:
            return data[:at]
        case 1:
            return data + data[at:]
        case 2:
            return data[:at] + data[at + 1 :]
        case _:
            return flipped(data, at, drawn.randrange(8)) if data else b"\0"


def same_records(
    peer: Any,
    bundles: list[bytes],
    *,
    spelled: bytes,
    now: int,
    nonce: bytes | None = None,
    key: bytes | None = None,
    proved: bool = False,
) -> set[str]:
    """Appraise `bundles` in both languages by the policy `spelled`; return the headlines that occurred."""
    logged = Logged(key, PROVED, PROVED, PROVED, PROVED, PROVED, 0) if proved else without_log(key)
    given = {"now": now, "policy": policy.decode(spelled), "nonce": nonce, "memory": Memory(), "logged": logged}
    ours = [record(data, **given) for data in bundles]
    asked = {"policy": spelled, "now": now, "nonce": nonce, "traffic_key": key, "proved": proved}
    theirs = peer.ask("appraise", bundles=[data.hex() for data in bundles], **asked)["records"]
    for mine, other in zip(ours, theirs, strict=True):
        assert other == mine
    return {one["reasons"][0].split(":")[0] if one["reasons"] else one["outcome"] for one in ours}


def described(one: x509.Certificate) -> dict[str, Any]:
    """A certificate, every field."""
    key = one.key
    return {
        "signed": one.signed.hex(), "signature": one.signature.hex(), "scheme": one.scheme.name,
        "serial": str(one.serial), "issuer": one.issuer.hex(), "subject": one.subject.hex(),
        "not_before": one.not_before, "not_after": one.not_after, "pin": one.pin.hex(), "is_ca": one.is_ca,
        "key": [key.curve.name, key.point.hex()] if isinstance(key, EcKey) else [str(key.bits), key.spki.hex()],
        "critical": sorted(oid.hex() for oid in one.critical),
        "usage": None if one.key_usage is None else sorted(one.key_usage),
        "path_length": None if one.path_length is None else str(one.path_length),
        "extensions": {oid.hex(): value.hex() for oid, value in one.extensions.items()},
    }  # fmt: skip


def listed(one: crl.Crl) -> dict[str, Any]:
    """A revocation list, every field."""
    return {
        "signed": one.signed.hex(), "signature": one.signature.hex(), "scheme": one.scheme.name,
        "issuer": one.issuer.hex(), "this_update": one.this_update, "next_update": one.next_update,
        "number": str(one.number), "revoked": {str(serial): reason for serial, reason in one.revoked.items()},
    }  # fmt: skip


def signed(one: cose.Sign1) -> dict[str, Any]:
    """A signed message, every field."""
    parts = {"protected": one.protected, "payload": one.payload, "signature": one.signature}
    return {**{name: value.hex() for name, value in parts.items()}, "curve": one.curve.name}


def told(events: tuple[event_log.Event, ...]) -> dict[str, Any]:
    listed = [[event.tag, event.payload.hex()] for event in events]
    return {"events": listed, "replay": event_log.replay(events).hex()}


def released(one: release.Release) -> dict[str, Any]:
    names = ("simulated", "tdx", "sgx", "sev_snp", "nitro", "sim_tpm", "gpu")
    kinds = sorted(name for name in names if getattr(one.platforms, name) is not None)
    return {"leaf": one.leaf_hash.hex(), "name": one.name, "kinds": kinds, "flags": list(one.flags)}


READERS: dict[str, Callable[[bytes], Any]] = {
    "x509": lambda data: described(x509.decode(data)),
    "crl": lambda data: listed(crl.decode(data)),
    "cose": lambda data: signed(cose.decode(data)),
    "event_log": lambda data: told(event_log.decode(data)),
    "policy": lambda data: {
        "digest": hashlib.sha256(data).hexdigest(),
        "below_floor": list(policy.below_floor(policy.decode(data))),
    },
    "release": lambda data: released(release.decode(data)),
    "models": lambda data: [
        [one.id, one.context, [digest.hex() for digest in one.sha256]] for one in release.decode_models(data)
    ],
    "memory": lambda data: memory.decode(data).members(),
}


def attempt(reader: str, data: bytes) -> dict[str, Any]:
    try:
        return {"ok": READERS[reader](data)}
    except (Malformed, PolicyMalformed) as error:
        return {"refused": error.reason}
    except CoseError as error:
        return {"refused": error.code}
    except (DerError, EventLogError) as error:
        return {"refused": type(error).__name__}


def read_alike(peer: Any, reader: str, inputs: list[bytes]) -> int:
    """Read `inputs` in both languages; return how many were accepted."""
    ours = [attempt(reader, data) for data in inputs]
    theirs = peer.ask("read", reader=reader, inputs=[data.hex() for data in inputs])["read"]
    for data, mine, other in zip(inputs, ours, theirs, strict=True):
        assert other == json.loads(json.dumps(mine)), data.hex()
    return sum("ok" in one for one in ours)
