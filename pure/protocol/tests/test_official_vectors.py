"""Official vectors against our own lines: X-Wing, HPKE key schedule, HKDF. `conformance` judges the primitives."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from privity_protocol import hpke, kdf, xwing_seed
from shared_vectors import shared

HASHES = {1: ("sha256", 32), 2: ("sha384", 48)}
CIPHERS = {1: (16, AESGCM), 2: (32, AESGCM), 3: (32, ChaCha20Poly1305)}


def b(text: str) -> bytes:
    return bytes.fromhex(text)


def test_xwing() -> None:
    entries = shared("xwing/draft-xwing-kem.json")
    assert len(entries) == 3
    for entry in entries:
        key = xwing_seed.from_seed(b(entry["seed"]))
        assert key.public_key == b(entry["pk"])
        assert key.decapsulate(b(entry["ct"])) == b(entry["ss"])


@pytest.mark.parametrize("name", ["hpke/hpke-pq.json", "hpke/rfc9180-x25519.json"])
def test_hpke_key_schedule_encryptions_and_exports(name: str) -> None:
    checked = 0
    for entry in shared(name):
        if entry["kdf_id"] not in HASHES:
            continue  # the one-stage schedule, which EC1 does not use
        checked += 1
        hash_name, hash_size = HASHES[entry["kdf_id"]]
        key_size, cipher = CIPHERS[entry["aead_id"]]
        suite = hpke.Suite(entry["kem_id"], entry["kdf_id"], entry["aead_id"], hash_name, hash_size, key_size, cipher)
        psk, psk_id = b(entry.get("psk", "")), b(entry.get("psk_id", ""))
        made = hpke.schedule(suite, b(entry["shared_secret"]), b(entry["info"]), bytes([entry["mode"]]), psk, psk_id)
        assert made == (b(entry["key"]), b(entry["base_nonce"]), b(entry["exporter_secret"]))
        sender, receiver = hpke.Context(suite, *made), hpke.Context(suite, *made)
        for message in entry["encryptions"]:
            assert sender.seal(b(message["aad"]), b(message["pt"])) == b(message["ct"])
            assert receiver.open(b(message["aad"]), b(message["ct"])) == b(message["pt"])
        for export in entry["exports"]:
            assert sender.export(b(export["exporter_context"]), export["L"]) == b(export["exported_value"])
    assert checked == 4


def test_hpke_opens_what_the_kem_of_the_suite_encapsulated() -> None:
    (entry,) = [entry for entry in shared("hpke/hpke-pq.json") if entry["kem_id"] == hpke.EC1_SUITE.kem]
    key = xwing_seed.from_seed(b(entry["skRm"]))
    assert key.public_key == b(entry["pkRm"])
    assert key.decapsulate(b(entry["enc"])) == b(entry["shared_secret"])


@pytest.mark.parametrize("name", ["sha256", "sha512"])
def test_hkdf(name: str) -> None:
    for group in shared(f"wycheproof/hkdf_{name}.json")["testGroups"]:
        for test in group["tests"]:
            prk = kdf.extract(b(test["salt"]), b(test["ikm"]), name)
            if test["result"] == "invalid":
                with pytest.raises(AssertionError):
                    kdf.expand(prk, b(test["info"]), test["size"], name)
            else:
                assert kdf.expand(prk, b(test["info"]), test["size"], name) == b(test["okm"])
