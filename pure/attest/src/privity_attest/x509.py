"""The part of X.509 (RFC 5280) that attestation chains use: read strictly, verify what the issuer signed.

Certificates with elliptic-curve keys on P-256 and P-384 and ECDSA signatures; whatever else appears is refused, above
all a critical extension that this reader does not know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_attest import der
from privity_attest.der import DerError, Element
from privity_attest.signature import P256, P384, Curve, SignatureInvalid, verify_der

DIGITAL_SIGNATURE: Final = 0
KEY_CERT_SIGN: Final = 5
_EC_KEY = bytes.fromhex("06072a8648ce3d0201")
_CURVES: Final = {bytes.fromhex("06082a8648ce3d030107"): P256, bytes.fromhex("06052b81040022"): P384}
_SIGNATURES: Final = {bytes.fromhex("06082a8648ce3d040302"): P256, bytes.fromhex("06082a8648ce3d040303"): P384}
_BASIC_CONSTRAINTS = bytes.fromhex("551d13")
_KEY_USAGE = bytes.fromhex("551d0f")
_VERSION, _EXTENSIONS = 0xA0, 0xA3


@dataclass(frozen=True, slots=True)
class Certificate:
    """A parsed, unverified certificate; `pin` is the SHA-256 of its SubjectPublicKeyInfo, times are Unix seconds."""

    signed: bytes
    signature: bytes
    signature_curve: Curve
    issuer: bytes
    subject: bytes
    not_before: int
    not_after: int
    curve: Curve
    point: bytes
    pin: bytes
    is_ca: bool
    path_length: int | None
    key_usage: frozenset[int] | None
    unknown_critical: bool


def decode(data: bytes) -> Certificate:
    """Return the certificate whose DER is exactly `data`. Raises DerError."""
    tbs, algorithm, signature = _sequence(der.decode(data), 3)
    fields = tbs.expect(der.SEQUENCE).children
    if len(fields) != 8:
        raise DerError("certificate is not version 3 with extensions")
    version, serial, inner_algorithm, issuer, validity, subject, key, extensions = fields
    if der.integer(_only_child(version, _VERSION)) != 2:
        raise DerError("version")
    der.integer(serial)
    if inner_algorithm.raw != algorithm.raw:
        raise DerError("two signature algorithms")
    not_before, not_after = _sequence(validity, 2)
    curve, point = _public_key(key)
    known, unknown_critical = _extensions(_only_child(extensions, _EXTENSIONS))
    is_ca, path_length = _basic_constraints(known.get(_BASIC_CONSTRAINTS))
    return Certificate(
        signed=tbs.raw,
        signature=_whole_bits(signature),
        signature_curve=_known(_SIGNATURES, _sequence(algorithm, 1)[0]),
        issuer=issuer.expect(der.SEQUENCE).raw,
        subject=subject.expect(der.SEQUENCE).raw,
        not_before=der.time(not_before),
        not_after=der.time(not_after),
        curve=curve,
        point=point,
        pin=sha256(key.raw).digest(),
        is_ca=is_ca,
        path_length=path_length,
        key_usage=_key_usage(known.get(_KEY_USAGE)),
        unknown_critical=unknown_critical,
    )


def verify_issued(certificate: Certificate, issuer: Certificate) -> None:
    """Verify name and signature of `certificate` against `issuer`. Raises SignatureInvalid."""
    if certificate.issuer != issuer.subject or certificate.signature_curve is not issuer.curve:
        raise SignatureInvalid("issuer")
    verify_der(issuer.curve, issuer.point, certificate.signed, certificate.signature)


def chain_faults(path: Sequence[Certificate]) -> tuple[str, ...]:
    """Return the profile faults of `path` (leaf first, root last), each as the index of a certificate and its fault."""
    faults = [f"{index}" for index, one in enumerate(path) if one.unknown_critical]
    leaf, *issuers = path
    if leaf.is_ca or leaf.key_usage is None or DIGITAL_SIGNATURE not in leaf.key_usage:
        faults.append("leaf")
    for below, issuer in enumerate(issuers):
        allowed = issuer.path_length is None or below <= issuer.path_length
        if not (issuer.is_ca and allowed and issuer.key_usage is not None and KEY_CERT_SIGN in issuer.key_usage):
            faults.append(f"issuer-{below}")
    return tuple(faults)


def _sequence(element: Element, count: int) -> tuple[Element, ...]:
    children = element.expect(der.SEQUENCE).children
    if len(children) != count:
        raise DerError(f"{len(children)} elements where {count} are due")
    return children


def _only_child(element: Element, tag: int) -> Element:
    (child,) = children if len(children := element.expect(tag).children) == 1 else (None,)
    if child is None:
        raise DerError("explicit tag")
    return child


def _known(table: dict[bytes, Curve], oid: Element) -> Curve:
    if oid.raw not in table:
        raise DerError("algorithm")
    return table[oid.raw]


def _whole_bits(element: Element) -> bytes:
    data, unused = der.bit_string(element)
    if unused:
        raise DerError("unused bits")
    return data


def _public_key(element: Element) -> tuple[Curve, bytes]:
    algorithm, key = _sequence(element, 2)
    kind, group = _sequence(algorithm, 2)
    if kind.raw != _EC_KEY:
        raise DerError("key algorithm")
    curve = _known(_CURVES, group)
    point = _whole_bits(key)
    if len(point) != 1 + 2 * curve.size or point[0] != 4:
        raise DerError("point")
    return curve, point


def _extensions(element: Element) -> tuple[dict[bytes, Element], bool]:
    known: dict[bytes, Element] = {}
    seen: set[bytes] = set()
    unknown_critical = False
    for extension in element.expect(der.SEQUENCE).children:
        name, *rest = extension.expect(der.SEQUENCE).children or (extension,)
        oid = name.expect(der.OID).content
        # DER leaves out a default: an explicit "critical: false" is a second spelling.
        critical = len(rest) == 2 and der.boolean(rest[0])
        if oid in seen or len(rest) != 1 + critical:
            raise DerError("extension")
        seen.add(oid)
        value = rest[-1].expect(der.OCTET_STRING).content
        if oid in (_BASIC_CONSTRAINTS, _KEY_USAGE):
            known[oid] = der.decode(value)
        else:
            unknown_critical = unknown_critical or critical
    return known, unknown_critical


def _basic_constraints(element: Element | None) -> tuple[bool, int | None]:
    children = element.expect(der.SEQUENCE).children if element else ()
    if not children:
        return False, None
    if len(children) > 2 or not der.boolean(children[0]):
        raise DerError("basic constraints")
    return True, der.integer(children[1]) if len(children) == 2 else None


def _key_usage(element: Element | None) -> frozenset[int] | None:
    if element is None:
        return None
    data, _unused = der.bit_string(element)
    return frozenset(bit for bit in range(8 * len(data)) if data[bit // 8] & 0x80 >> bit % 8)
