"""The DER and certificate readers: strictness, limits, agreement with an independent implementation."""

from datetime import UTC, datetime

import pytest
from cryptography import x509 as oracle
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_attest import der, x509
from privity_attest.der import DerError
from privity_attest.signature import SignatureInvalid
from privity_attest.testing.bundle import NOW
from privity_attest.testing.root import Builder, issue, key_of, key_usage, leaf_extensions, make_root, pin_of

ROOT = make_root(7, now=NOW)
LEAF = issue(ROOT, 11, not_before=NOW - 600, not_after=NOW + 7200)
DAY = 86_400


def element(text: str) -> der.Element:
    return der.decode(bytes.fromhex(text))


BAD_DER = {
    "empty": "",
    "tag alone": "30",
    "length beyond the end": "3001",
    "trailing byte": "050000",
    "long tag": "1f810100",
    "indefinite length": "30800000",
    "long length below 128": "0481017f"[:6] + "00",
    "two-byte length below 256": "048200ff" + "00" * 255,
    "four-byte length": "048400000001ff",
    "length bytes missing": "0482",
    "child beyond its parent": "30020401",
}


@pytest.mark.parametrize("text", BAD_DER.values(), ids=BAD_DER)
def test_what_is_not_der_is_refused(text) -> None:
    with pytest.raises(DerError):
        element(text)


def test_lengths_at_their_boundaries() -> None:
    for size, head in (
        (0x7F, "047f"),
        (0x80, "048180"),
        (0xFF, "0481ff"),
        (0x100, "04820100"),
        (0x10000, "0483010000"),
    ):
        assert len(element(head + "00" * size).content) == size


def nested(levels: int) -> bytes:
    data = b"\x05\x00"
    for _ in range(levels - 1):
        data = bytes([0x30, len(data)]) + data
    return data


def test_depth_and_count_stop_at_their_limits() -> None:
    der.decode(nested(der.MAX_DEPTH))
    with pytest.raises(DerError):
        der.decode(nested(der.MAX_DEPTH + 1))
    many = der.MAX_ELEMENTS - 1
    der.decode(b"\x30\x82" + (2 * many).to_bytes(2) + b"\x05\x00" * many)
    with pytest.raises(DerError):
        der.decode(b"\x30\x82" + (2 * many + 2).to_bytes(2) + b"\x05\x00" * (many + 1))


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (der.integer, "0200"),
        (der.integer, "020180"),
        (der.integer, "02020001"),
        (der.integer, "040101"),
        (der.boolean, "010101"),
        (der.boolean, "0100"),
        (der.bit_string, "0300"),
        (der.bit_string, "030108"),
        (der.bit_string, "030101"),
        (der.bit_string, "03020101"),
        (der.time, "170b" + b"2611210000Z".hex()),
        (der.time, "170d" + b"261321000000Z".hex()),
        (der.time, "1711" + b"261121000000+0000".hex()),
        (der.time, "180f" + b"20261121000060Z".hex()),
        (der.time, "180f" + b"20260231000000Z".hex()),
        (der.time, "1811" + b"20261121000000.5Z".hex()),
        (der.time, "040d" + b"261121000000Z".hex()),
    ],
)
def test_values_have_one_spelling(read, text) -> None:
    with pytest.raises(DerError):
        read(element(text))


def test_values_are_read() -> None:
    assert der.integer(element("020200d5")) == 0xD5
    assert der.integer(element("020100")) == 0
    assert der.boolean(element("0101ff")) is True
    assert der.boolean(element("010100")) is False
    assert der.bit_string(element("03020780")) == (b"\x80", 7)
    assert der.time(element("170d" + b"261121000000Z".hex())) == 1_795_219_200
    assert der.time(element("170d" + b"500101000000Z".hex())) == int(datetime(1950, 1, 1, tzinfo=UTC).timestamp())
    assert der.time(element("180f" + b"99991231235959Z".hex())) == 253_402_300_799


@settings(max_examples=300)
@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(data) -> None:
    for read in (der.decode, x509.decode):
        try:
            read(data)
        except DerError:
            continue


def test_a_certificate_is_read_as_the_oracle_reads_it() -> None:
    for signer in (ROOT, LEAF):
        ours, theirs = x509.decode(signer.certificate), oracle.load_der_x509_certificate(signer.certificate)
        assert ours.not_before == int(theirs.not_valid_before_utc.timestamp())
        assert ours.not_after == int(theirs.not_valid_after_utc.timestamp())
        assert ours.signed == theirs.tbs_certificate_bytes
        assert ours.signature == theirs.signature
        assert ours.subject == theirs.subject.public_bytes()
        assert ours.issuer == theirs.issuer.public_bytes()
        assert ours.pin == signer.pin == pin_of(signer.key)
    root, leaf = x509.decode(ROOT.certificate), x509.decode(LEAF.certificate)
    assert root.is_ca
    assert not leaf.is_ca
    assert root.key_usage == {x509.KEY_CERT_SIGN}
    assert leaf.key_usage == {x509.DIGITAL_SIGNATURE}
    assert x509.chain_faults((leaf, root)) == ()


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(LEAF.certificate) - 1), st.integers(0, 7))
def test_a_flipped_bit_breaks_the_certificate_or_its_signature(at, bit) -> None:
    data = bytearray(LEAF.certificate)
    data[at] ^= 1 << bit
    try:
        changed = x509.decode(bytes(data))
    except DerError:
        return
    with pytest.raises(SignatureInvalid):
        x509.verify_issued(changed, x509.decode(ROOT.certificate))


def test_the_issuer_is_named_and_has_signed() -> None:
    leaf, root = x509.decode(LEAF.certificate), x509.decode(ROOT.certificate)
    x509.verify_issued(leaf, root)
    x509.verify_issued(root, root)
    renamed = make_root(7, now=NOW, name="Another name, the same key")
    with pytest.raises(SignatureInvalid):
        x509.verify_issued(leaf, x509.decode(renamed.certificate))
    with pytest.raises(SignatureInvalid):
        x509.verify_issued(leaf, x509.decode(make_root(8, now=NOW).certificate))


def issued(extend) -> x509.Certificate:
    return x509.decode(issue(ROOT, 11, not_before=NOW, not_after=NOW + DAY, extend=extend).certificate)


def issuer_of(path_length: int | None):
    """Extensions of a certificate that may issue others."""
    constraint = oracle.BasicConstraints(ca=True, path_length=path_length)
    usage = key_usage(sign_certificates=True)
    return lambda builder: builder.add_extension(constraint, critical=True).add_extension(usage, critical=True)


def path_with_root(path_length: int | None, between: int) -> tuple[x509.Certificate, ...]:
    """A path of a leaf, `between` intermediate issuers, and a root of that path length."""
    root, middle = issued(issuer_of(path_length)), issued(issuer_of(None))
    return (x509.decode(LEAF.certificate), *(middle,) * between, root)


def test_path_lengths_count_what_is_below() -> None:
    assert x509.chain_faults(path_with_root(0, 0)) == ()
    assert x509.chain_faults(path_with_root(0, 1)) == ("issuer-1",)
    assert x509.chain_faults(path_with_root(1, 1)) == ()
    assert x509.chain_faults(path_with_root(None, 2)) == ()


def test_usages_and_critical_extensions() -> None:
    root = x509.decode(ROOT.certificate)
    name = oracle.SubjectAlternativeName([oracle.DNSName("x")])
    critical = issued(lambda builder: leaf_extensions(builder).add_extension(name, critical=True))
    assert x509.chain_faults((critical, root)) == ("0",)
    harmless = issued(lambda builder: leaf_extensions(builder).add_extension(name, critical=False))
    assert x509.chain_faults((harmless, root)) == ()
    leaf = x509.decode(LEAF.certificate)
    assert x509.chain_faults((root, root)) == ("leaf",)
    assert x509.chain_faults((leaf, leaf)) == ("issuer-0",)
    constraint = oracle.BasicConstraints(ca=True, path_length=None)
    no_issuer = issued(lambda builder: builder.add_extension(key_usage(sign_certificates=True), critical=True))
    assert x509.chain_faults((leaf, no_issuer)) == ("issuer-0",)
    no_usage = issued(lambda builder: builder.add_extension(constraint, critical=True))
    assert x509.chain_faults((leaf, no_usage)) == ("issuer-0",)
    not_for_certificates = issued(
        lambda builder: builder.add_extension(constraint, critical=True).add_extension(
            key_usage(sign_certificates=False), critical=True
        )
    )
    assert x509.chain_faults((leaf, not_for_certificates)) == ("issuer-0",)
    assert x509.chain_faults((not_for_certificates, root)) == ("leaf",), "an issuer is no leaf, whatever its usage"


def certificate(key, signer, algorithm) -> bytes:
    name = oracle.Name([oracle.NameAttribute(oracle.NameOID.COMMON_NAME, "x")])
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    builder = leaf_extensions(Builder().subject_name(name).issuer_name(name).serial_number(1))
    builder = builder.not_valid_before(moment).not_valid_after(moment).public_key(key.public_key())
    return builder.sign(signer, algorithm).public_bytes(Encoding.DER)


def test_only_the_two_curves_and_their_hashes_are_read() -> None:
    p256 = ec.derive_private_key(5, ec.SECP256R1())
    assert x509.decode(certificate(p256, p256, SHA256())).key.curve.name == "P-256"
    for key, signer, algorithm in (
        (ec.derive_private_key(5, ec.SECP521R1()), key_of(5), SHA384()),
        (key_of(5), key_of(5), SHA512()),
        (ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)), key_of(5), SHA384()),
        (key_of(5), ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)), None),
    ):
        with pytest.raises(DerError):
            x509.decode(certificate(key, signer, algorithm))


def test_a_signature_by_another_curve_is_refused() -> None:
    p256 = ec.derive_private_key(5, ec.SECP256R1())
    mixed = x509.decode(certificate(key_of(5), p256, SHA256()))
    with pytest.raises(SignatureInvalid):
        x509.verify_issued(mixed, mixed)


def tlv(tag: int, *parts: bytes) -> bytes:
    """An element in DER, lengths below 65,536."""
    content = b"".join(parts)
    size = len(content)
    head = bytes([size]) if size < 0x80 else b"\x81" + bytes([size]) if size < 0x100 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + head + content


FIELDS = [child.raw for child in der.decode(LEAF.certificate).children[0].children]
ALGORITHM, SIGNATURE = (child.raw for child in der.decode(LEAF.certificate).children[1:])
KEY = [child.raw for child in der.decode(FIELDS[6]).children]
USAGE = tlv(0x30, bytes.fromhex("0603551d0f"), b"\x01\x01\xff", bytes.fromhex("040403020780"))


def rebuilt(fields=FIELDS, algorithm=ALGORITHM, signature=SIGNATURE) -> bytes:
    """A certificate of these parts; its signature is not looked at here."""
    return tlv(0x30, tlv(0x30, *fields), algorithm, signature)


def with_field(index: int, value: bytes) -> bytes:
    return rebuilt([*FIELDS[:index], value, *FIELDS[index + 1 :]])


def with_extensions(*extensions: bytes) -> bytes:
    return with_field(7, tlv(0xA3, tlv(0x30, *extensions)))


def constraints(*content: bytes, critical: bytes = b"\x01\x01\xff") -> bytes:
    return tlv(0x30, bytes.fromhex("0603551d13"), critical, tlv(0x04, tlv(0x30, *content)))


BAD_CERTIFICATES = {
    "no extensions": rebuilt(FIELDS[:7]),
    "version 2": with_field(0, bytes.fromhex("a003020101")),
    "two versions": with_field(0, bytes.fromhex("a006020102020102")),
    "version without its tag": with_field(0, bytes.fromhex("020102")),
    "negative serial": with_field(1, bytes.fromhex("0201ff")),
    "another algorithm inside": with_field(2, bytes.fromhex("300a06082a8648ce3d040302")),
    "algorithm with parameters": rebuilt(
        [*FIELDS[:2], tlv(0x30, bytes.fromhex("06082a8648ce3d0403030500")), *FIELDS[3:]],
        tlv(0x30, bytes.fromhex("06082a8648ce3d0403030500")),
    ),
    "one date": with_field(4, tlv(0x30, der.decode(FIELDS[4]).children[0].raw)),
    "issuer is no sequence": with_field(3, b"\x05\x00"),
    "compressed point": with_field(6, tlv(0x30, KEY[0], tlv(0x03, b"\0\2" + bytes(48)))),
    "point cut short": with_field(6, tlv(0x30, KEY[0], tlv(0x03, b"\0\4" + bytes(95)))),
    "point with unused bits": with_field(6, tlv(0x30, KEY[0], tlv(0x03, b"\1\4" + bytes(96)))),
    "signature with unused bits": rebuilt(signature=tlv(0x03, b"\1" + bytes(70))),
    "extensions without their tag": with_field(7, tlv(0x30, USAGE)),
    "empty extension": with_extensions(b"\x30\x00"),
    "extension twice": with_extensions(USAGE, USAGE),
    "extension with criticality false": with_extensions(constraints(critical=b"\x01\x01\x00")),
    "extension of four parts": with_extensions(constraints(critical=b"\x01\x01\xff\x05\x00")),
    "extension value is no octet string": with_extensions(tlv(0x30, bytes.fromhex("0603551d13"), b"\x05\x00")),
    "bytes after the extension value": with_extensions(
        tlv(0x30, bytes.fromhex("0603551d13"), tlv(0x04, b"\x30\x00\x00"))
    ),
    "constraints say false": with_extensions(constraints(b"\x01\x01\x00")),
    "constraints of three parts": with_extensions(constraints(b"\x01\x01\xff", b"\x02\x01\x00", b"\x05\x00")),
    "negative path length": with_extensions(constraints(b"\x01\x01\xff", b"\x02\x01\xff")),
    "bytes after the certificate": rebuilt() + b"\0",
}


@pytest.mark.parametrize("data", BAD_CERTIFICATES.values(), ids=BAD_CERTIFICATES)
def test_a_certificate_of_another_form_is_refused(data) -> None:
    with pytest.raises(DerError):
        x509.decode(data)


def test_the_parts_are_put_together_rightly() -> None:
    assert rebuilt() == LEAF.certificate
    assert x509.decode(with_extensions(USAGE)).key_usage == {x509.DIGITAL_SIGNATURE}
    authority = x509.decode(with_extensions(constraints(b"\x01\x01\xff", b"\x02\x01\x02")))
    assert authority.is_ca
    assert authority.path_length == 2
    assert x509.decode(with_extensions(constraints())).is_ca is False
