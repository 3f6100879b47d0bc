"""Cases of vectors/endorsement: an honest endorsement, and one change at a time."""

import json
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from privity_attest import endorsement
from privity_attest.endorsement import Endorsement, FleetKey
from privity_protocol import cbor

FILE = Path(__file__).resolve().parents[3] / "vectors/endorsement/cases.json"
DOCUMENT, PLATFORM, EXP = b'{"a":"node document"}', bytes(range(32)), 1_795_600_000
MESSAGE = endorsement.message(DOCUMENT, PLATFORM, EXP)
CLASSICAL = Ed25519PrivateKey.from_private_bytes(sha256(b"fleet").digest())
LATTICE = MLDSA44PrivateKey.from_seed_bytes(sha256(b"fleet").digest())
HYBRID_KEY = FleetKey(CLASSICAL.public_key().public_bytes_raw(), LATTICE.public_key().public_bytes_raw())
PLAIN_KEY = FleetKey(HYBRID_KEY.ed25519, None)


def _kept() -> bytes:
    """The ML-DSA-44 signature in the file, or a new one: it is made with fresh randomness each time."""
    blobs = json.loads(FILE.read_text())["blobs"] if FILE.exists() else {}
    kept = bytes.fromhex(blobs.get("mldsa44", ""))
    try:
        LATTICE.public_key().verify(kept, MESSAGE)
    except (InvalidSignature, ValueError):
        return LATTICE.sign(MESSAGE)
    return kept


SECOND = _kept()
HYBRID = Endorsement(HYBRID_KEY.id, CLASSICAL.sign(MESSAGE), SECOND)
PLAIN = Endorsement(PLAIN_KEY.id, CLASSICAL.sign(MESSAGE), None)
BLOBS = {"mldsa44": SECOND, "key44": HYBRID_KEY.mldsa44 or b""}
Row = tuple[str, str, bytes | None, tuple[FleetKey, ...], dict[str, Any], str | FleetKey]


def _flipped(data: bytes | None, at: int = -1) -> bytes:
    spoiled = bytearray(data or b"")
    spoiled[at] ^= 1
    return bytes(spoiled)


def rows() -> Iterator[Row]:
    """Id, what it is, item, known keys, what differs of the node, and the key or reason that is due."""
    both = (HYBRID_KEY, PLAIN_KEY)
    item, plain = endorsement.encode(HYBRID), endorsement.encode(PLAIN)
    yield "hybrid", "both signatures hold", item, both, {}, HYBRID_KEY
    yield "plain", "a key without a second part", plain, both, {}, PLAIN_KEY
    yield "missing", "no endorsement", None, both, {}, "endorsement_missing"
    yield from _changed(both, item)
    yield from _forms(both, item)


def _changed(both: tuple[FleetKey, ...], item: bytes) -> Iterator[Row]:
    first, second = "endorsement_signature:ed25519", "endorsement_signature:mldsa44"
    stripped, claimed = replace(HYBRID, mldsa44=None), replace(HYBRID, key=PLAIN_KEY.id)
    spoiled, spoiled_second = (
        replace(HYBRID, ed25519=_flipped(HYBRID.ed25519)),
        replace(HYBRID, mldsa44=_flipped(SECOND)),
    )
    bad_point = FleetKey(b"\xff" * 32, None)
    pointless = endorsement.encode(replace(PLAIN, key=bad_point.id))
    yield "other-document", "another node document", item, both, {"node_document": DOCUMENT + b" "}, first
    yield "other-machine", "another machine", item, both, {"platform": bytes(32)}, first
    yield "other-time", "one second later", item, both, {"exp": EXP + 1}, first
    yield "ed25519-spoiled", "one bit changed", endorsement.encode(spoiled), both, {}, first
    yield "mldsa44-spoiled", "one bit changed", endorsement.encode(spoiled_second), both, {}, second
    yield "mldsa44-left-out", "a hybrid key that signed once", endorsement.encode(stripped), both, {}, second
    yield "mldsa44-too-much", "a plain key that signed twice", endorsement.encode(claimed), both, {}, second
    yield "no-point", "a key that is no point", pointless, (bad_point,), {}, first


def _forms(both: tuple[FleetKey, ...], item: bytes) -> Iterator[Row]:
    malformed, unknown = "endorsement_signature:malformed", "endorsement_signature:unknown_key"
    yield "no-keys", "a fleet without keys", item, (), {}, unknown
    yield "unknown-key", "a key that the fleet does not have", item, (PLAIN_KEY,), {}, unknown
    shapes = [
        ("empty", "nothing", b""),
        ("trailing", "a byte more", item + b"\0"),
        ("map", "a map", cbor.encode({})),
        ("two-parts", "two parts", cbor.encode([HYBRID.key, HYBRID.ed25519])),
        ("four-parts", "four parts", cbor.encode([HYBRID.key, HYBRID.ed25519, None, None])),
        ("key-short", "an id of 31 bytes", cbor.encode([HYBRID.key[:-1], HYBRID.ed25519, SECOND])),
        ("ed25519-short", "63 bytes", cbor.encode([HYBRID.key, HYBRID.ed25519[:-1], SECOND])),
        ("ed25519-null", "no first signature", cbor.encode([HYBRID.key, None, SECOND])),
        ("mldsa44-short", "2,419 bytes", cbor.encode([HYBRID.key, HYBRID.ed25519, SECOND[:-1]])),
        ("mldsa44-empty", "an empty second signature", cbor.encode([HYBRID.key, HYBRID.ed25519, b""])),
        ("key-text", "an id in text", cbor.encode([HYBRID.key.hex(), HYBRID.ed25519, SECOND])),
        ("long-null", "null in two bytes", endorsement.encode(PLAIN)[:-1] + b"\xf8\x16"),
    ]
    for end, what, data in shapes:
        yield end, what, data, both, {}, malformed
