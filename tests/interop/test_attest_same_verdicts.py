"""Python and TypeScript judge alike: the same tables of checks, the same readers, the same records, bit by bit."""

import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from privity_attest import checks, cose, crl, event_log, memory, policy, release, x509
from privity_attest.appraise import appraise
from privity_attest.cose import CoseError
from privity_attest.defaults import default_document
from privity_attest.der import DerError
from privity_attest.errors import REASONS, PolicyMalformed, Refused
from privity_attest.event_log import EventLogError
from privity_attest.kinds import KINDS
from privity_attest.logged import without_log
from privity_attest.memory import Memory
from privity_attest.signature import EcKey
from privity_attest.simulated import document
from privity_attest.testing.bundle import NOW, Enclave, default_policy
from privity_protocol import canonical, evidence
from privity_protocol.errors import Malformed

SEED = 20_261_125
HONEST = Enclave().build()
NONCE = bytes(range(32))
POLICY = default_document(
    now=NOW, deployment="local", allow_simulated=True, roots=default_policy().trust_anchors.simulated
)
FLIPS_PER_ITEM = 60
STRIDE = 41
"""Of the container every so many bytes is changed; inside items it is a fixed number of draws."""


def rows(table: tuple[checks.Check, ...]) -> list[Any]:
    return [[one.name, one.item, one.stage, sorted(one.reasons), list(one.reads), list(one.needs)] for one in table]


@pytest.fixture
def tables(peer: Any) -> dict[str, Any]:
    answer: dict[str, Any] = peer.ask("tables")
    return answer


def test_the_reasons_are_the_same_in_the_same_order(tables: dict[str, Any]) -> None:
    assert [(stage, tuple(codes)) for stage, codes in tables["reasons"].items()] == list(REASONS.items())


def test_both_judge_the_same_kinds(tables: dict[str, Any]) -> None:
    assert set(tables["tables"]) <= set(KINDS)
    assert tables["not_built"] == rows(checks.NOT_BUILT)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_table_of_checks_is_the_same(kind: str, tables: dict[str, Any]) -> None:
    if kind not in tables["tables"]:
        pytest.skip("TypeScript does not judge this kind")
    theirs, ours = tables["tables"][kind], KINDS[kind]
    assert theirs["table"] == rows(checks.table_of(ours.checks))
    assert theirs["run"] == sorted(ours.run)
    assert theirs["claims"] == {name: [one.item, sorted(one.needs)] for name, one in ours.claims.items()}


def record(data: bytes, **given: Any) -> dict[str, Any]:
    """The record, whatever the outcome."""
    try:
        return appraise(data, **given).record.to_json()
    except Refused as refused:
        return refused.record.to_json()


def flipped(data: bytes, at: int, bit: int) -> bytes:
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


def same_records(peer: Any, bundles: list[bytes], *, nonce: bytes | None = None, key: bytes | None = None) -> set[str]:
    """Appraise `bundles` in both languages; return the headlines that occurred."""
    spelled = canonical.encode(POLICY)
    given = {"now": NOW, "policy": policy.decode(spelled), "nonce": nonce, "memory": Memory()}
    ours = [json.loads(json.dumps(record(data, logged=without_log(key), **given))) for data in bundles]
    asked = {"policy": spelled, "now": NOW, "nonce": nonce, "traffic_key": key, "memory": None}
    theirs = peer.ask("appraise", bundles=[data.hex() for data in bundles], **asked)["records"]
    for mine, other in zip(ours, theirs, strict=True):
        assert other == mine
    return {one["reasons"][0].split(":")[0] if one["reasons"] else one["outcome"] for one in ours}


def test_an_honest_bundle_and_a_challenge_give_the_same_record(peer: Any) -> None:
    assert same_records(peer, [HONEST.data]) == {"accepted_as_simulated"}
    answer = Enclave(nonce=NONCE).build()
    assert same_records(peer, [answer.data], nonce=NONCE, key=answer.node.pk) == {"accepted_as_simulated"}


def test_a_changed_container_gives_the_same_record(peer: Any) -> None:
    drawn = random.Random(SEED)
    places = range(drawn.randrange(STRIDE), len(HONEST.data), STRIDE)
    bundles = [flipped(HONEST.data, at, drawn.randrange(8)) for at in places]
    met = same_records(peer, [*bundles, b"", HONEST.data[:-1], HONEST.data + b"}", bytes(600_000)])
    assert met >= {"bundle_not_canonical", "document_signature", "binding_mismatch", "bundle_too_large"}


@pytest.mark.parametrize("label", sorted(HONEST.items))
def test_a_changed_item_gives_the_same_record(label: str, peer: Any) -> None:
    drawn = random.Random(f"{SEED} {label}")
    media_type, original = HONEST.items[label]
    limit = evidence.LABELS[label].limit
    bundles = [
        evidence.encode({**HONEST.items, label: (media_type, altered(original, drawn)[:limit])})
        for _ in range(FLIPS_PER_ITEM)
    ]
    assert "accepted_as_simulated" not in same_records(peer, bundles)


def described(one: x509.Certificate) -> dict[str, Any]:
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
    return {
        "signed": one.signed.hex(), "signature": one.signature.hex(), "scheme": one.scheme.name,
        "issuer": one.issuer.hex(), "this_update": one.this_update, "next_update": one.next_update,
        "number": str(one.number), "revoked": {str(serial): reason for serial, reason in one.revoked.items()},
    }  # fmt: skip


def signed(one: cose.Sign1) -> dict[str, Any]:
    parts = {"protected": one.protected, "payload": one.payload, "signature": one.signature}
    return {**{name: value.hex() for name, value in parts.items()}, "curve": one.curve.name}


def logged(events: tuple[event_log.Event, ...]) -> dict[str, Any]:
    told = [[event.tag, event.payload.hex()] for event in events]
    return {"events": told, "replay": event_log.replay(events).hex()}


def released(one: release.Release) -> dict[str, Any]:
    names = ("simulated", "tdx", "sgx", "sev_snp", "nitro", "sim_tpm", "gpu")
    kinds = sorted(name for name in names if getattr(one.platforms, name) is not None)
    return {"leaf": one.leaf_hash.hex(), "name": one.name, "kinds": kinds, "flags": list(one.flags)}


READERS: dict[str, Callable[[bytes], Any]] = {
    "x509": lambda data: described(x509.decode(data)),
    "crl": lambda data: listed(crl.decode(data)),
    "cose": lambda data: signed(cose.decode(data)),
    "event_log": lambda data: logged(event_log.decode(data)),
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


def samples() -> dict[str, list[bytes]]:
    """Good inputs of each reader."""
    items = {label: data for label, (_, data) in HONEST.items.items()}
    sim = document.decode(cose.decode(items["cpu"]).payload)
    remembered = Memory().with_policy("local", 3).with_seen([("crl_numbers", "a", 7)]).with_challenge("00" * 32, NOW)
    return {
        "x509": [sim.certificate, *sim.cabundle],
        "cose": [items["cpu"]],
        "event_log": [items["runtime-log"]],
        "policy": [canonical.encode(POLICY)],
        "release": [items["release"]],
        "models": [items["models"]],
        "memory": [memory.encode(remembered)],
    }


def read_alike(peer: Any, reader: str, inputs: list[bytes]) -> int:
    """Read `inputs` in both languages; return how many were accepted."""
    ours = [attempt(reader, data) for data in inputs]
    theirs = peer.ask("read", reader=reader, inputs=[data.hex() for data in inputs])["read"]
    for data, mine, other in zip(inputs, ours, theirs, strict=True):
        assert other == json.loads(json.dumps(mine)), data.hex()
    return sum("ok" in one for one in ours)


@pytest.mark.parametrize("reader", sorted(samples()))
def test_a_reader_accepts_the_same_bytes(reader: str, peer: Any) -> None:
    drawn = random.Random(f"{SEED} {reader}")
    for good in samples()[reader]:
        assert read_alike(peer, reader, [good]) == 1
        every_byte = [flipped(good, at, drawn.randrange(8)) for at in range(len(good))]
        read_alike(peer, reader, every_byte[:3000])
        read_alike(peer, reader, [altered(good, drawn) for _ in range(300)])
