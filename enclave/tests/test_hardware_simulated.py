"""The simulated platform: signed as specified, under a root that is made once, measuring what runs."""

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from privity_enclave.hardware import HardwareFailed, measure
from privity_enclave.hardware.simulated import Simulated
from privity_protocol import cbor
from privity_simulation.development_root import make_root

DATA = bytes(range(64))


def opened(document: bytes) -> tuple[dict[cbor.Key, cbor.Value], x509.Certificate, x509.Certificate]:
    """The payload of a document whose signatures hold."""
    parts = cbor.decode(document)
    assert isinstance(parts, list)
    protected, unprotected, payload, signature = parts
    assert isinstance(protected, bytes)
    assert isinstance(payload, bytes)
    assert isinstance(signature, bytes)
    assert (cbor.decode(protected), unprotected, len(signature)) == ({1: -35}, {}, 96)
    claims = cbor.decode(payload)
    assert isinstance(claims, dict)
    certificate, bundle = claims["certificate"], claims["cabundle"]
    assert isinstance(certificate, bytes)
    assert isinstance(bundle, list)
    assert isinstance(bundle[0], bytes)
    leaf, root = x509.load_der_x509_certificate(certificate), x509.load_der_x509_certificate(bundle[0])
    leaf.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    raw = encode_dss_signature(int.from_bytes(signature[:48]), int.from_bytes(signature[48:]))
    signed = cbor.encode(["Signature1", protected, b"", payload])
    key.verify(raw, signed, ec.ECDSA(hashes.SHA384()))
    return claims, leaf, root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_root(tmp_path / "root")
    return tmp_path / "root"


def test_a_document_says_what_was_asked_and_measured(root: Path) -> None:
    simulated = Simulated(root, code=b"a" * 48, closure=b"b" * 48)
    simulated.extend(b"event")
    claims, leaf, issuer = opened(simulated.evidence(DATA)["cpu"][1])
    runtime = hashlib.sha384(bytes(48) + hashlib.sha384(b"event").digest()).digest()
    assert set(claims) == {"kind", "registers", "report_data", "debug", "certificate", "cabundle"}
    assert claims["registers"] == {0: b"a" * 48, 1: b"b" * 48, 3: runtime}
    assert (claims["kind"], claims["report_data"], claims["debug"]) == ("sim", DATA, False)
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert 2 * 3600 + 300 < life.total_seconds() <= 86400
    spki = issuer.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert simulated.platform.id == hashlib.sha256(hashlib.sha256(spki).digest()).digest()


def test_every_document_has_a_leaf_that_is_young(root: Path) -> None:
    simulated = Simulated(root, code=bytes(48), closure=bytes(48))
    serials = {opened(simulated.evidence(DATA)["cpu"][1])[1].serial_number for _ in range(2)}
    assert len(serials) == 2


def test_a_root_is_made_once_for_its_owner_only(root: Path) -> None:
    before = (root / "root.pem").read_bytes()
    make_root(root)
    assert (root / "root.pem").read_bytes() == before
    assert stat.S_IMODE((root / "root-key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert sorted(path.name for path in root.iterdir()) == ["root-key.pem", "root.pem"]


def test_half_a_root_is_made_anew(root: Path) -> None:
    (root / "root.pem").unlink()
    make_root(root)
    Simulated(root, code=bytes(48), closure=bytes(48))


def test_a_root_that_is_broken_or_of_two_halves_is_refused(root: Path, tmp_path: Path) -> None:
    make_root(tmp_path / "other")
    (root / "root-key.pem").write_bytes((tmp_path / "other/root-key.pem").read_bytes())
    with pytest.raises(HardwareFailed, match="belong"):
        Simulated(root, code=bytes(48), closure=bytes(48))
    (root / "root.pem").write_bytes(b"no certificate")
    with pytest.raises(HardwareFailed, match="read"):
        Simulated(root, code=bytes(48), closure=bytes(48))


def test_the_code_register_follows_every_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "privity_enclave"
    (package / "hardware").mkdir(parents=True)
    protocol = tmp_path / "privity_protocol"
    protocol.mkdir()
    for path in (package / "a.py", package / "hardware/measure.py", protocol / "__init__.py"):
        path.write_text("x")
    monkeypatch.setattr(measure, "__file__", str(package / "hardware/measure.py"))
    monkeypatch.setattr(measure.privity_protocol, "__file__", str(protocol / "__init__.py"))
    first = measure.code()
    (package / "notes.txt").write_text("not code")
    assert measure.code() == first
    (package / "a.py").write_text("y")
    assert measure.code() != first
    (package / "a.py").write_text("x")
    (package / "a.py").rename(package / "b.py")
    assert measure.code() != first


def test_the_closure_names_each_package_once_with_its_version() -> None:
    listed = measure.closure_list()
    assert listed == sorted(set(listed))
    names = {entry.split("==")[0] for entry in listed}
    assert {"privity-enclave", "privity-protocol", "cryptography", "uvicorn", "anyio"} <= names
    assert not names & {"pytest", "privity-client", "privity-attest", "privity-service"}
