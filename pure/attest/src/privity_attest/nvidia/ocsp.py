"""OCSP responses (RFC 6960), read strictly: whom an answer is about, who signed it, and until when it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256, sha384
from typing import Final, Literal

from privity_attest import der, x509
from privity_attest.der import DerError, Element
from privity_attest.signature import EcKey, Scheme, SignatureInvalid, verify_signed
from privity_attest.x509 import DIGITAL_SIGNATURE, Certificate

MAX_ANSWERS: Final = 64
"""Answers in one response."""
MAX_CERTIFICATES: Final = 4
MAX_ELEMENTS: Final = 2048
ON_HOLD: Final = 6  # CRLReason certificateHold
UNSPECIFIED: Final = 0
_SUCCESSFUL = 0
_BASIC = bytes.fromhex("2b0601050507300101")  # id-pkix-ocsp-basic
_HASHES = {
    bytes.fromhex("608648016503040201"): sha256,
    bytes.fromhex("608648016503040202"): sha384,
}
_EXTENDED_KEY_USAGE = bytes.fromhex("551d25")
_OCSP_SIGNING = bytes.fromhex("2b06010505070309")  # id-kp-OCSPSigning
_EXPLICIT_0, _EXPLICIT_1, _EXPLICIT_2 = 0xA0, 0xA1, 0xA2
_GOOD, _REVOKED, _UNKNOWN = 0x80, 0xA1, 0x82
Status = Literal["good", "revoked", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: whom it is about (hashes of the issuer under `hash`), what it says, Unix seconds."""

    hash: bytes
    issuer_name: bytes
    issuer_key: bytes
    serial: int
    status: Status
    reason: int
    this_update: int
    next_update: int | None

    def is_about(self, serial: int, issuer: Certificate) -> bool:
        """Return whether this is about the certificate `serial` of `issuer`."""
        digest = _HASHES.get(self.hash)
        if digest is None or not isinstance(issuer.key, EcKey) or serial != self.serial:
            return False
        named = digest(issuer.subject).digest(), digest(issuer.key.point).digest()
        return named == (self.issuer_name, self.issuer_key)


@dataclass(frozen=True, slots=True)
class Response:
    """A parsed, unverified response; `responder` is the DER of a name, None when it is named by its key."""

    raw: bytes
    signed: bytes
    signature: bytes
    scheme: Scheme
    responder: bytes | None
    answers: tuple[Answer, ...]
    certificates: tuple[bytes, ...]


def decode(data: bytes) -> Response:
    """Return the successful basic response whose DER is exactly `data`. Raises DerError."""
    status, wrapped = x509.sequence(der.decode(data), 2)
    kind, content = x509.sequence(x509.only_child(wrapped, _EXPLICIT_0), 2)
    successful = der.integer(status, der.ENUMERATED) == _SUCCESSFUL
    if not successful or kind.expect(der.OID).content != _BASIC:
        raise DerError("not a successful basic response")
    basic = der.decode(content.expect(der.OCTET_STRING).content, max_elements=MAX_ELEMENTS)
    fields = basic.expect(der.SEQUENCE).children
    if not 3 <= len(fields) <= 4:
        raise DerError("basic response")
    tbs, algorithm, signature, *wrapped_certificates = fields
    responder, answers = _response_data(tbs)
    return Response(
        raw=data,
        signed=tbs.raw,
        signature=x509.whole_bits(signature),
        scheme=x509.signature_scheme(algorithm),
        responder=responder,
        answers=answers,
        certificates=_certificates(wrapped_certificates),
    )


def verify_response(response: Response, issuer: Certificate, now: int) -> None:
    """Verify that `issuer` signed `response`, or a responder that it authorised and that is valid at `now`.

    Raises SignatureInvalid. Source: RFC 6960 section 4.2.2.2.
    """
    for key in (issuer, *_authorised(response.certificates, issuer, now)):
        if response.responder in (None, key.subject):
            try:
                verify_signed(key.key, response.scheme, response.signed, response.signature)
            except SignatureInvalid:
                continue
            return
    raise SignatureInvalid("responder")


def _authorised(certificates: Iterable[bytes], issuer: Certificate, now: int) -> Iterable[Certificate]:
    for data in certificates:
        try:
            one = x509.decode(data)
            x509.verify_issued(one, issuer)
            usages = der.decode(one.extensions.get(_EXTENDED_KEY_USAGE, b"")).expect(der.SEQUENCE).children
        except (DerError, SignatureInvalid):
            continue
        may_sign = one.key_usage is not None and DIGITAL_SIGNATURE in one.key_usage
        wanted = any(usage.tag == der.OID and usage.content == _OCSP_SIGNING for usage in usages)
        if wanted and may_sign and one.critical <= {_EXTENDED_KEY_USAGE} and one.not_before <= now <= one.not_after:
            yield one


def _response_data(tbs: Element) -> tuple[bytes | None, tuple[Answer, ...]]:
    fields = list(tbs.expect(der.SEQUENCE).children)
    if fields and fields[0].tag == _EXPLICIT_0:
        raise DerError("version 1 is the default and not written")
    if not 3 <= len(fields) <= 4:
        raise DerError("response data")
    responder, produced, answers, *extensions = fields
    der.time(produced)
    if extensions:
        _values, critical = x509.read_extensions(x509.only_child(extensions[0], _EXPLICIT_1))
        if critical:
            raise DerError("critical extension of a response")
    listed = answers.expect(der.SEQUENCE).children
    if not 1 <= len(listed) <= MAX_ANSWERS:
        raise DerError("answers")
    return _responder(responder), tuple(_answer(one) for one in listed)


def _responder(element: Element) -> bytes | None:
    if element.tag == _EXPLICIT_1:
        return x509.only_child(element, _EXPLICIT_1).expect(der.SEQUENCE).raw
    x509.only_child(element, _EXPLICIT_2).expect(der.OCTET_STRING)
    return None


def _answer(element: Element) -> Answer:
    fields = element.expect(der.SEQUENCE).children
    if not 3 <= len(fields) <= 5:
        raise DerError("answer")
    about, status, this_update, *rest = fields
    algorithm, name, key, serial = x509.sequence(about, 4)
    next_update = None
    if rest and rest[0].tag == _EXPLICIT_0:
        next_update = der.time(x509.only_child(rest.pop(0), _EXPLICIT_0))
    if rest:
        _values, critical = x509.read_extensions(x509.only_child(rest.pop(0), _EXPLICIT_1))
        if critical or rest:
            raise DerError("extensions of an answer")
    said, reason = _status(status)
    return Answer(
        hash=_hash(algorithm),
        issuer_name=name.expect(der.OCTET_STRING).content,
        issuer_key=key.expect(der.OCTET_STRING).content,
        serial=der.integer(serial),
        status=said,
        reason=reason,
        this_update=der.time(this_update),
        next_update=next_update,
    )


def _hash(algorithm: Element) -> bytes:
    name, *parameters = algorithm.expect(der.SEQUENCE).children or (algorithm,)
    if len(parameters) > 1 or any(one.tag != der.NULL or one.content for one in parameters):
        raise DerError("hash algorithm")
    return name.expect(der.OID).content


def _status(element: Element) -> tuple[Status, int]:
    if element.tag == _REVOKED:
        at, *given = element.children or (element,)
        der.time(at)
        if len(given) > 1:
            raise DerError("revocation")
        reason = der.integer(x509.only_child(given[0], _EXPLICIT_0), der.ENUMERATED) if given else UNSPECIFIED
        return "revoked", reason
    if element.tag not in (_GOOD, _UNKNOWN) or element.content:
        raise DerError("status")
    return ("good" if element.tag == _GOOD else "unknown"), UNSPECIFIED


def _certificates(wrapped: list[Element]) -> tuple[bytes, ...]:
    if not wrapped:
        return ()
    listed = x509.only_child(wrapped[0], _EXPLICIT_0).expect(der.SEQUENCE).children
    if len(listed) > MAX_CERTIFICATES:
        raise DerError("certificates of a response")
    return tuple(one.raw for one in listed)
