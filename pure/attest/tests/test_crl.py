"""Revocation lists and RSA-PSS issuers: read strictly, believed only from an issuer that may sign them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509 as oracle
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest import crl, der, x509
from privity_attest.der import DerError
from privity_attest.signature import PSS384, RsaKey, SignatureInvalid
from privity_attest.testing.rsa import FIRST, SECOND

START = datetime(2026, 11, 1, tzinfo=UTC)
EC = ec.derive_private_key(77, ec.SECP384R1())
RSA = FIRST.key
PSS = padding.PSS(padding.MGF1(SHA384()), 48)
HELD, REVOKED, PLAIN = 3, 5, 2**70


def name(text: str) -> oracle.Name:
    return oracle.Name([oracle.NameAttribute(NameOID.COMMON_NAME, text)])


def issuer(key, *, crl_sign: bool = True, subject: str = "issuer", salt: int = 48, hashed=None) -> x509.Certificate:
    """A self-signed issuer, read by our reader."""
    usage = oracle.KeyUsage(False, False, False, False, False, True, crl_sign, False, False)
    builder = (
        oracle.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(subject))
        .public_key(key.public_key())
        .serial_number(9)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=30))
        .add_extension(oracle.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
    )
    options = {"rsa_padding": padding.PSS(padding.MGF1(SHA384()), salt)} if key is not EC else {}
    return x509.decode(builder.sign(key, hashed or SHA384(), **options).public_bytes(Encoding.DER))


def revocation_list(key, *, entries=True, number: int | None = 7, critical: bool = False) -> bytes:
    """A list of three serial numbers: one on hold, one compromised, one without a reason."""
    builder = (
        oracle.CertificateRevocationListBuilder()
        .issuer_name(name("issuer"))
        .last_update(START)
        .next_update(START + timedelta(days=7))
    )
    if number is not None:
        builder = builder.add_extension(oracle.CRLNumber(number), critical=critical)
    reasons = {HELD: oracle.ReasonFlags.certificate_hold, REVOKED: oracle.ReasonFlags.key_compromise, PLAIN: None}
    for serial, reason in reasons.items() if entries else ():
        entry = oracle.RevokedCertificateBuilder().serial_number(serial).revocation_date(START)
        if reason is not None:
            entry = entry.add_extension(oracle.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    options = {"rsa_padding": PSS} if key is RSA else {}
    return builder.sign(key, SHA384(), **options).public_bytes(Encoding.DER)


@pytest.mark.parametrize("key", [EC, RSA], ids=["ec", "rsa"])
def test_a_list_says_who_was_revoked_and_until_when_it_holds(key) -> None:
    read = crl.decode(revocation_list(key))
    assert dict(read.revoked) == {HELD: crl.ON_HOLD, REVOKED: 1, PLAIN: crl.UNSPECIFIED}
    assert (read.this_update, read.next_update) == (int(START.timestamp()), int(START.timestamp()) + 7 * 86_400)
    assert read.number == 7
    crl.verify_list(read, issuer(key))


def test_an_empty_list_is_read() -> None:
    assert dict(crl.decode(revocation_list(EC, entries=False)).revoked) == {}


def test_another_signer_a_stranger_and_one_that_may_not_are_refused() -> None:
    read = crl.decode(revocation_list(EC))
    other = ec.derive_private_key(78, ec.SECP384R1())
    for wrong in (issuer(EC, crl_sign=False), issuer(EC, subject="stranger"), issuer(RSA)):
        with pytest.raises(SignatureInvalid):
            crl.verify_list(read, wrong)
    with pytest.raises(SignatureInvalid):
        crl.verify_list(crl.decode(revocation_list(other)), issuer(EC))


@pytest.mark.parametrize(
    ("number", "critical"), [(None, False), (7, True)], ids=["without a number", "critical number"]
)
def test_a_list_without_a_number_or_with_critical_extensions_is_refused(number, critical) -> None:
    with pytest.raises(DerError):
        crl.decode(revocation_list(EC, number=number, critical=critical))


@pytest.mark.parametrize("signer", [FIRST, SECOND], ids=["first", "second"])
def test_the_fixed_keys_are_made_of_primes(signer) -> None:
    signer.key.private_numbers().private_key()


def test_rsa_issuers_are_read_and_only_the_one_scheme_is() -> None:
    read = issuer(RSA)
    assert isinstance(read.key, RsaKey)
    assert read.scheme is PSS384
    x509.verify_issued(read, read)
    with pytest.raises(DerError):
        issuer(RSA, salt=32)
    with pytest.raises(DerError):
        issuer(RSA, hashed=SHA256())
    with pytest.raises(DerError):
        issuer(rsa.generate_private_key(65537, 2048))


def test_a_flipped_bit_of_a_list_breaks_its_form_or_its_signature() -> None:
    data = bytearray(revocation_list(EC))
    by = issuer(EC)
    for at in range(len(data)):
        data[at] ^= 1 << at % 8
        with pytest.raises((DerError, SignatureInvalid)):
            crl.verify_list(crl.decode(bytes(data)), by)
        data[at] ^= 1 << at % 8


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_refused_with_the_one_error(data) -> None:
    with pytest.raises(DerError):
        crl.decode(data)


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x81, size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + content


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_scheme_parameters_of_another_count_are_refused_with_the_one_error(count) -> None:
    parameters = tlv(0x30, *(tlv(0xA0, b"\x05\x00") for _ in range(count)))
    algorithm = tlv(0x30, bytes.fromhex("06092a864886f70d01010a"), parameters)
    with pytest.raises(DerError):
        x509.signature_scheme(der.decode(algorithm))


@pytest.mark.parametrize("parts", [0, 1, 4])
def test_an_entry_of_another_count_is_refused_with_the_one_error(parts) -> None:
    tbs, algorithm, signature = der.decode(revocation_list(ec.derive_private_key(5, ec.SECP256R1()))).children
    *fields, listed, extensions = (one.raw for one in tbs.children)
    entry = [one.raw for one in der.decode(listed).children[0].children] * 2
    changed = tlv(0x30, *fields, tlv(0x30, tlv(0x30, *entry[:parts])), extensions)
    with pytest.raises(DerError):
        crl.decode(tlv(0x30, changed, algorithm.raw, signature.raw))
