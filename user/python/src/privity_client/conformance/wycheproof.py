"""Judges Wycheproof files: what the library or our own code says against what the file says."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, padding, rsa, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from privity_protocol import kdf

from privity_client.conformance import lattice
from privity_client.conformance.cases import Case, Judge, b

Fields = dict[str, Any]


def judge(verdict: Callable[[Fields, Fields], bool]) -> Judge:
    """Cases of a file whose tests are decided one by one; `verdict` takes group and test."""

    def cases(document: Any) -> Iterator[Case]:
        for group in document["testGroups"]:
            for test in group["tests"]:
                yield f"tcId {test['tcId']}", test["result"], partial(_word, verdict, group, test)

    return cases


def _word(verdict: Callable[[Fields, Fields], bool], group: Fields, test: Fields) -> str:
    try:
        agreed = verdict(group, test)
    except (InvalidSignature, InvalidTag, lattice.Refused, ValueError):
        agreed = False
    if not agreed:
        return "invalid"
    return "acceptable" if test["result"] == "acceptable" else "valid"


def aes_gcm(_: Fields, test: Fields) -> bool:
    cipher = AESGCM(b(test["key"]))
    sealed = b(test["ct"]) + b(test["tag"])
    opened = cipher.decrypt(b(test["iv"]), sealed, b(test["aad"]))
    return opened == b(test["msg"]) and cipher.encrypt(b(test["iv"]), opened, b(test["aad"])) == sealed


def hkdf(name: str, algorithm: hashes.HashAlgorithm) -> Judge:
    def verdict(_: Fields, test: Fields) -> bool:
        ikm, salt, info, size = b(test["ikm"]), b(test["salt"]), b(test["info"]), test["size"]
        if size > 255 * algorithm.digest_size:
            return False
        ours = kdf.expand(kdf.extract(salt, ikm, name), info, size, name)
        return ours == b(test["okm"]) == HKDF(algorithm, size, salt, info).derive(ikm)

    return judge(verdict)


def curve(_: Fields, test: Fields) -> bool:
    key = x25519.X25519PrivateKey.from_private_bytes(b(test["private"]))
    try:
        shared = key.exchange(x25519.X25519PublicKey.from_public_bytes(b(test["public"])))
    except ValueError:
        # The library refuses an all-zero result, which X-Wing takes as it is: zero is what the function returns.
        shared = bytes(32)
    return shared == b(test["shared"])


def edwards(group: Fields, test: Fields) -> bool:
    key = ed25519.Ed25519PublicKey.from_public_bytes(b(group["publicKey"]["pk"]))
    key.verify(b(test["sig"]), b(test["msg"]))
    return True


def dilithium(group: Fields, test: Fields) -> bool:
    key = mldsa.MLDSA44PublicKey.from_public_bytes(b(group["publicKey"]))
    key.verify(b(test["sig"]), b(test["msg"]), b(test.get("ctx", "")))
    return True


def rsa_pss(group: Fields, test: Fields) -> bool:
    key = serialization.load_der_public_key(b(group["publicKeyDer"]))
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    scheme = padding.PSS(padding.MGF1(hashes.SHA384()), group["sLen"])
    key.verify(b(test["sig"]), b(test["msg"]), scheme, hashes.SHA384())
    return True


def kem_decapsulate(_: Fields, test: Fields) -> bool:
    seed, ciphertext = b(test["seed"]), b(test["c"])
    key = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed)
    ek, dk = lattice.generate(seed)
    secret = key.decapsulate(ciphertext)
    named = b(test["ek"]) if "ek" in test else ek
    return secret == b(test["K"]) == lattice.decapsulate(dk, ciphertext) and named == ek


def kem_generate(_: Fields, test: Fields) -> bool:
    public = mlkem.MLKEM768PrivateKey.from_seed_bytes(b(test["seed"])).public_key().public_bytes_raw()
    return public == b(test["ek"]) and lattice.generate(b(test["seed"])) == (b(test["ek"]), b(test["dk"]))


def kem_encapsulate(_: Fields, test: Fields) -> bool:
    mlkem.MLKEM768PublicKey.from_public_bytes(b(test["ek"]))
    return lattice.encapsulate(b(test["ek"]), b(test["m"])) == (b(test["c"]), b(test["K"]))


def kem_expanded(_: Fields, test: Fields) -> bool:
    dk = b(test["dk"])
    named = dk[1152:2336] == b(test["ek"])
    return lattice.decapsulate(dk, b(test["c"])) == b(test.get("K", "")) and named


JUDGES: dict[str, Judge] = {
    "wycheproof/aes_gcm_256.json": judge(aes_gcm),
    "wycheproof/ed25519.json": judge(edwards),
    "wycheproof/hkdf_sha256.json": hkdf("sha256", hashes.SHA256()),
    "wycheproof/hkdf_sha512.json": hkdf("sha512", hashes.SHA512()),
    "wycheproof/mldsa_44_verify.json": judge(dilithium),
    "wycheproof/mlkem_768.json": judge(kem_decapsulate),
    "wycheproof/mlkem_768_encaps.json": judge(kem_encapsulate),
    "wycheproof/mlkem_768_keygen_seed.json": judge(kem_generate),
    "wycheproof/mlkem_768_semi_expanded_decaps.json": judge(kem_expanded),
    "wycheproof/rsa_pss_2048_sha384_48.json": judge(rsa_pss),
    "wycheproof/x25519.json": judge(curve),
}
