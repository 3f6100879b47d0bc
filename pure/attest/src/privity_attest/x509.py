"""The part of X.509 (RFC 5280) that attestation chains use: read strictly, verify what the issuer signed.

Certificates with elliptic-curve keys on P-256 and P-384 or RSA keys of 4,096 bits, signed by ECDSA or by RSASSA-PSS;
whatever else appears is refused. Vendor extensions are handed out as bytes; the kind says which may be critical.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from privity_attest import der
from privity_attest.der import DerError, Element
from privity_attest.signature import (
    P256,
    P384,
    PSS384,
    Curve,
    EcKey,
    PublicKey,
    RsaKey,
    Scheme,
    SignatureInvalid,
    verify_signed,
)

DIGITAL_SIGNATURE: Final = 0
KEY_CERT_SIGN: Final = 5
CRL_SIGN: Final = 6
RSA_BITS: Final = 4096
_EC_KEY = bytes.fromhex("06072a8648ce3d0201")
_RSA_KEY = bytes.fromhex("06092a864886f70d010101")
_CURVES: Final = {bytes.fromhex("06082a8648ce3d030107"): P256, bytes.fromhex("06052b81040022"): P384}
_ECDSA: Final = {bytes.fromhex("06082a8648ce3d040302"): P256, bytes.fromhex("06082a8648ce3d040303"): P384}
_PSS = bytes.fromhex("06092a864886f70d01010a")
_MGF1 = bytes.fromhex("06092a864886f70d010108")
_SHA384 = bytes.fromhex("0609608648016503040202")
_NULL = bytes.fromhex("0500")
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_KEY_USAGE = bytes.fromhex("551d0f")
_VERSION, _EXTENSIONS = 0xA0, 0xA3


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed, unverified certificate; `pin` is the SHA-256 of its SubjectPublicKeyInfo, times are Unix seconds.

    `extensions` maps the content of an object identifier to the extension's value, basic constraints and key usage
    excepted; `critical` are those of them that are marked so.
    """

    signed: bytes
    signature: bytes
    scheme: Scheme
    serial: int
    issuer: bytes
    subject: bytes
    not_before: int
    not_after: int
    key: PublicKey
    pin: bytes
    is_ca: bool
    path_length: int | None
    key_usage: frozenset[int] | None
    extensions: Mapping[bytes, bytes]
    critical: frozenset[bytes]


def decode(data: bytes) -> Certificate:
    """Return the certificate whose DER is exactly `data`. Raises DerError."""
    tbs, algorithm, signature = sequence(der.decode(data), 3)
    fields = tbs.expect(der.SEQUENCE).children
    if len(fields) != 8:
        raise DerError("certificate is not version 3 with extensions")
    version, serial, inner_algorithm, issuer, validity, subject, key, extensions = fields
    if der.integer(only_child(version, _VERSION)) != 2:
        raise DerError("version")
    if inner_algorithm.raw != algorithm.raw:
        raise DerError("two signature algorithms")
    not_before, not_after = sequence(validity, 2)
    values, critical = read_extensions(only_child(extensions, _EXTENSIONS))
    is_ca, path_length = _basic_constraints(values.pop(_BASIC_CONSTRAINTS, None))
    key_usage = _key_usage(values.pop(_KEY_USAGE, None))
    return Certificate(
        signed=tbs.raw,
        signature=whole_bits(signature),
        scheme=signature_scheme(algorithm),
        serial=der.integer(serial),
        issuer=issuer.expect(der.SEQUENCE).raw,
        subject=subject.expect(der.SEQUENCE).raw,
        not_before=der.time(not_before),
        not_after=der.time(not_after),
        key=_public_key(key),
        pin=sha256(key.raw).digest(),
        is_ca=is_ca,
        path_length=path_length,
        key_usage=key_usage,
        extensions=MappingProxyType(values),
        critical=critical - {_BASIC_CONSTRAINTS, _KEY_USAGE},
    )


def public_key(data: bytes) -> PublicKey:
    """Return the key whose SubjectPublicKeyInfo is exactly `data`. Raises DerError."""
    return _public_key(der.decode(data))


def verify_issued(certificate: Certificate, issuer: Certificate) -> None:
    """Verify name and signature of `certificate` against `issuer`. Raises SignatureInvalid."""
    if certificate.issuer != issuer.subject:
        raise SignatureInvalid("issuer")
    verify_signed(issuer.key, certificate.scheme, certificate.signed, certificate.signature)


def chain_faults(path: Sequence[Certificate], *, known: frozenset[bytes] = frozenset()) -> tuple[str, ...]:
    """Return the profile faults of `path` (leaf first, root last), each as the index of a certificate and its fault.

    The leaf signs evidence: it is no issuer and has the usage digitalSignature. `known` are critical extensions that
    the caller understands.
    """
    leaf = path[0]
    faults = [f"{index}" for index, one in enumerate(path) if not one.critical <= known]
    if leaf.is_ca or leaf.key_usage is None or DIGITAL_SIGNATURE not in leaf.key_usage:
        faults.append("leaf")
    return (*faults, *issuer_faults(path))


def issuer_faults(path: Sequence[Certificate]) -> tuple[str, ...]:
    """Return which issuers of `path` (leaf first, root last) may not issue what is below them."""
    faults = []
    for below, issuer in enumerate(path[1:]):
        allowed = issuer.path_length is None or below <= issuer.path_length
        if not (issuer.is_ca and allowed and issuer.key_usage is not None and KEY_CERT_SIGN in issuer.key_usage):
            faults.append(f"issuer-{below}")
    return tuple(faults)


def sequence(element: Element, count: int) -> tuple[Element, ...]:
    """Return the `count` children of a SEQUENCE. Raises DerError."""
    children = element.expect(der.SEQUENCE).children
    if len(children) != count:
        raise DerError(f"{len(children)} elements where {count} are due")
    return children


def only_child(element: Element, tag: int) -> Element:
    """Return the one child of an element with explicit `tag`. Raises DerError."""
    (child,) = children if len(children := element.expect(tag).children) == 1 else (None,)
    if child is None:
        raise DerError("explicit tag")
    return child


def whole_bits(element: Element) -> bytes:
    """Return the bytes of a BIT STRING without unused bits. Raises DerError."""
    data, unused = der.bit_string(element)
    if unused:
        raise DerError("unused bits")
    return data


def signature_scheme(element: Element) -> Scheme:
    """Return the scheme of an AlgorithmIdentifier: ECDSA without parameters, or the one RSASSA-PSS. Raises DerError."""
    algorithm, *parameters = element.expect(der.SEQUENCE).children or (element,)
    if algorithm.raw in _ECDSA and not parameters:
        return _ECDSA[algorithm.raw]
    if algorithm.raw != _PSS or len(parameters) != 1:
        raise DerError("algorithm")
    # RFC 4055 section 3.1: hash, mask generation and salt length; the trailer field has one value and may be written.
    given = parameters[0].expect(der.SEQUENCE).children
    if not 3 <= len(given) <= 4:
        raise DerError("PSS parameters")
    hashed, mask, salt, *trailer = given
    _sha384(only_child(hashed, 0xA0))
    generator, of_mask = sequence(only_child(mask, 0xA1), 2)
    _sha384(of_mask)
    numbers = [der.integer(only_child(salt, 0xA2)), *(der.integer(only_child(one, 0xA3)) for one in trailer)]
    if generator.raw != _MGF1 or numbers not in ([PSS384.salt], [PSS384.salt, 1]):
        raise DerError("PSS parameters")
    return PSS384


def _sha384(element: Element) -> None:
    raw = [one.raw for one in element.expect(der.SEQUENCE).children]
    if raw not in ([_SHA384], [_SHA384, _NULL]):
        raise DerError("hash of PSS")


def read_extensions(element: Element) -> tuple[dict[bytes, bytes], frozenset[bytes]]:
    """Return the values by object identifier, and which are critical, of an Extensions SEQUENCE. Raises DerError."""
    values: dict[bytes, bytes] = {}
    critical: set[bytes] = set()
    for extension in element.expect(der.SEQUENCE).children:
        name, *rest = extension.expect(der.SEQUENCE).children or (extension,)
        oid = name.expect(der.OID).content
        # DER leaves out a default: an explicit "critical: false" is a second spelling.
        marked = len(rest) == 2 and der.boolean(rest[0])
        if oid in values or len(rest) != 1 + marked:
            raise DerError("extension")
        values[oid] = rest[-1].expect(der.OCTET_STRING).content
        if marked:
            critical.add(oid)
    return values, frozenset(critical)


def _public_key(element: Element) -> PublicKey:
    algorithm, key = sequence(element, 2)
    kind, parameters = sequence(algorithm, 2)
    bits = whole_bits(key)
    if kind.raw == _RSA_KEY and parameters.raw == _NULL:
        modulus, exponent = sequence(der.decode(bits), 2)
        size = der.integer(modulus).bit_length()
        if size != RSA_BITS or der.integer(exponent) != 65537:
            raise DerError("RSA key")
        return RsaKey(element.raw, size)
    curve = _CURVES.get(parameters.raw)
    if kind.raw != _EC_KEY or curve is None:
        raise DerError("key algorithm")
    return _point(curve, bits)


def _point(curve: Curve, point: bytes) -> EcKey:
    if len(point) != 1 + 2 * curve.size or point[0] != 4:
        raise DerError("point")
    return EcKey(curve, point)


def _basic_constraints(value: bytes | None) -> tuple[bool, int | None]:
    children = der.decode(value).expect(der.SEQUENCE).children if value is not None else ()
    if not children:
        return False, None
    if len(children) > 2 or not der.boolean(children[0]):
        raise DerError("basic constraints")
    return True, der.integer(children[1]) if len(children) == 2 else None


def _key_usage(value: bytes | None) -> frozenset[int] | None:
    if value is None:
        return None
    data, _unused = der.bit_string(der.decode(value))
    return frozenset(bit for bit in range(8 * len(data)) if data[bit // 8] & 0x80 >> bit % 8)
