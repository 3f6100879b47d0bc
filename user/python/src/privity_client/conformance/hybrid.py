"""Judges the X-Wing and HPKE files: our key schedule and X-Wing, and slow references for what they cannot repeat."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from privity_protocol import hpke, kdf, labels, xwing_seed

from privity_client.conformance import lattice
from privity_client.conformance.cases import Case, Judge, b, same

HASHES = {1: ("sha256", 32), 2: ("sha384", 48), 3: ("sha512", 64), 0x10: ("shake_128", 32)}
CIPHERS: dict[int, tuple[int, Callable[[bytes], hpke.Aead]]] = {
    1: (16, AESGCM),
    2: (32, AESGCM),
    3: (32, ChaCha20Poly1305),
}
ONE_STAGE = 0x10
LATTICES = {0x40: lattice.MLKEM512, 0x41: lattice.MLKEM768, 0x42: lattice.MLKEM1024}
XWING = 0x647A
Fields = dict[str, Any]


def xwing_encapsulate(public_key: bytes, seed: bytes) -> tuple[bytes, bytes]:
    """X-Wing encapsulation from a 64-byte seed: (ciphertext, shared secret)."""
    lattice_ciphertext, lattice_secret = lattice.encapsulate(public_key[:1184], seed[:32])
    ephemeral = x25519.X25519PrivateKey.from_private_bytes(seed[32:])
    share = ephemeral.public_key().public_bytes_raw()
    agreed = ephemeral.exchange(x25519.X25519PublicKey.from_public_bytes(public_key[1184:]))
    hashed = lattice_secret + agreed + share + public_key[1184:] + labels.XWING
    return lattice_ciphertext + share, hashlib.sha3_256(hashed).digest()


def xwing_cases(document: Any) -> Iterator[Case]:
    for index, entry in enumerate(document):
        yield f"vector {index}", "equal", partial(_xwing, entry)


def _xwing(entry: Fields) -> str:
    key = xwing_seed.from_seed(b(entry["seed"]))
    made = xwing_encapsulate(b(entry["pk"]), b(entry["eseed"]))
    return same(
        sk=(entry["sk"], entry["seed"]),
        pk=(key.public_key, b(entry["pk"])),
        ss=(key.decapsulate(b(entry["ct"])), b(entry["ss"])),
        encapsulation=(made, (b(entry["ct"]), b(entry["ss"]))),
    )


def hpke_cases(document: Any) -> Iterator[Case]:
    for index, entry in enumerate(document):
        name = f"vector {index} ({entry['kem_id']:#x}, {entry['kdf_id']}, {entry['aead_id']}) mode {entry['mode']}"
        yield f"{name}: KEM", "equal", partial(_kem, entry)
        yield f"{name}: key schedule", "equal", partial(_schedule, entry)
        for number, message in enumerate(entry["encryptions"]):
            yield f"{name}: encryption {number}", "equal", partial(_encryption, entry, message, number)
        for number, export in enumerate(entry["exports"]):
            yield f"{name}: export {number}", "equal", partial(_export, entry, export)


def _kem(entry: Fields) -> str:
    kem, secret, enc, public = entry["kem_id"], b(entry["skRm"]), b(entry["enc"]), b(entry["pkRm"])
    if kem == XWING:
        key = xwing_seed.from_seed(secret)
        derived, opened = key.public_key, key.decapsulate(enc)
        made = xwing_encapsulate(public, b(entry["ikmE"]))
    elif kem in LATTICES:
        derived, expanded = lattice.generate(secret, LATTICES[kem])
        opened = lattice.decapsulate(expanded, enc, LATTICES[kem])
        made = lattice.encapsulate(public, b(entry["ikmE"]), LATTICES[kem])
    else:
        agree = _montgomery if kem == 0x20 else _nist
        derived, agreed = agree(secret, enc)
        opened = _dhkem(kem, agreed, enc + public)
        made = (enc, opened)
        if "skEm" in entry:
            share, outward = agree(b(entry["skEm"]), public)
            made = (share, _dhkem(kem, outward, enc + public))
    expected = (enc, b(entry["shared_secret"]))
    return same(pkRm=(derived, public), shared_secret=(opened, expected[1]), encapsulation=(made, expected))


def _montgomery(secret: bytes, peer: bytes) -> tuple[bytes, bytes]:
    key = x25519.X25519PrivateKey.from_private_bytes(secret)
    return key.public_key().public_bytes_raw(), key.exchange(x25519.X25519PublicKey.from_public_bytes(peer))


def _nist(secret: bytes, peer: bytes) -> tuple[bytes, bytes]:
    key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    point = key.public_key().public_numbers()
    public = b"\x04" + point.x.to_bytes(32, "big") + point.y.to_bytes(32, "big")
    return public, key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), peer))


def _dhkem(kem: int, agreed: bytes, context: bytes) -> bytes:
    """ExtractAndExpand of RFC 9180 section 4.1, for the KEMs with HKDF-SHA256."""
    suite = b"HPKE-v1KEM" + kem.to_bytes(2, "big")
    prk = kdf.extract(b"", suite + b"eae_prk" + agreed)
    return kdf.expand(prk, b"\x00\x20" + suite + b"shared_secret" + context, 32)


def _suite(entry: Fields) -> hpke.Suite:
    hash_name, hash_size = HASHES[entry["kdf_id"]]
    key_size, cipher = CIPHERS[entry["aead_id"]]
    return hpke.Suite(entry["kem_id"], entry["kdf_id"], entry["aead_id"], hash_name, hash_size, key_size, cipher)


def _secrets(entry: Fields) -> tuple[bytes, bytes, bytes]:
    suite, shared, info = _suite(entry), b(entry["shared_secret"]), b(entry["info"])
    mode = bytes([entry["mode"]])
    psk, psk_id = b(entry.get("psk", "")), b(entry.get("psk_id", ""))
    if suite.kdf != ONE_STAGE:
        return hpke.schedule(suite, shared, info, mode, psk, psk_id)
    context = mode + _prefixed(psk_id) + _prefixed(info)
    sizes = (suite.key_size, suite.nonce_size, suite.hash_size)
    made = _one_stage(suite, _prefixed(psk) + _prefixed(shared), b"secret", context, sum(sizes))
    return made[: sizes[0]], made[sizes[0] : sizes[0] + sizes[1]], made[sizes[0] + sizes[1] :]


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _one_stage(suite: hpke.Suite, ikm: bytes, label: bytes, context: bytes, size: int) -> bytes:
    """LabeledDerive of the one-stage key schedule (draft-ietf-hpke-hpke), which EC1 does not use."""
    labeled = ikm + b"HPKE-v1" + suite.identifier + _prefixed(label) + size.to_bytes(2, "big") + context
    return hashlib.shake_128(labeled).digest(size)


def _schedule(entry: Fields) -> str:
    key, base_nonce, exporter = _secrets(entry)
    return same(
        key=(key, b(entry["key"])),
        base_nonce=(base_nonce, b(entry["base_nonce"])),
        exporter_secret=(exporter, b(entry["exporter_secret"])),
        suite_id=(entry.get("suite_id", _suite(entry).identifier.hex()), _suite(entry).identifier.hex()),
    )


def _encryption(entry: Fields, message: Fields, number: int) -> str:
    nonce = (int.from_bytes(b(entry["base_nonce"]), "big") ^ number).to_bytes(12, "big")
    ours = [hpke.Context(_suite(entry), *_secrets(entry)) for _ in range(2)]
    for _ in range(number):
        for context in ours:
            context.seal(b"", b"")
    sealed = ours[0].seal(b(message["aad"]), b(message["pt"]))
    opened = ours[1].open(b(message["aad"]), b(message["ct"]))
    return same(
        ct=(sealed, b(message["ct"])),
        pt=(opened, b(message["pt"])),
        nonce=(nonce, b(message.get("nonce", nonce.hex()))),
    )


def _export(entry: Fields, export: Fields) -> str:
    suite, context, size = _suite(entry), b(export["exporter_context"]), export["L"]
    if suite.kdf == ONE_STAGE:
        made = _one_stage(suite, b(entry["exporter_secret"]), b"sec", context, size)
    else:
        made = hpke.Context(suite, *_secrets(entry)).export(context, size)
    return same(exported_value=(made, b(export["exported_value"])))


JUDGES: dict[str, Judge] = {
    "xwing/draft-xwing-kem.json": xwing_cases,
    "hpke/hpke-pq.json": hpke_cases,
    "hpke/rfc9180-x25519.json": hpke_cases,
}
