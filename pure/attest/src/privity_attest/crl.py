"""Certificate revocation lists (RFC 5280 section 5), read strictly: who was revoked, why, until when that holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_protocol.canonical import MAX_INTEGER

from privity_attest import der, x509
from privity_attest.der import DerError, Element
from privity_attest.signature import Scheme, SignatureInvalid, verify_signed
from privity_attest.x509 import CRL_SIGN, Certificate

MAX_ELEMENTS: Final = 16_384
"""DER elements of one list: a list of 64 KiB has fewer."""
ON_HOLD: Final = 6  # CRLReason certificateHold
UNSPECIFIED: Final = 0
_CRL_NUMBER = bytes.fromhex("551d14")
_REASON_CODE = bytes.fromhex("551d15")
_EXTENSIONS = 0xA0


@dataclass(frozen=True, slots=True)
class Crl:
    """A parsed, unverified list: serial numbers to reason codes, its own number, times in Unix seconds."""

    signed: bytes
    signature: bytes
    scheme: Scheme
    issuer: bytes
    this_update: int
    next_update: int
    number: int
    revoked: Mapping[int, int]


def decode(data: bytes) -> Crl:
    """Return the list whose DER is exactly `data`: version 2, with a number and an end. Raises DerError."""
    tbs, algorithm, signature = x509.sequence(der.decode(data, max_elements=MAX_ELEMENTS), 3)
    fields = list(tbs.expect(der.SEQUENCE).children)
    if not 6 <= len(fields) <= 7:
        raise DerError("revocation list is not version 2 with extensions")
    version, inner_algorithm, issuer, this_update, next_update, *listed, extensions = fields
    if der.integer(version) != 1 or inner_algorithm.raw != algorithm.raw:
        raise DerError("version or algorithm")
    values, critical = x509.read_extensions(x509.only_child(extensions, _EXTENSIONS))
    if critical or _CRL_NUMBER not in values:
        raise DerError("revocation list extensions")
    number = der.integer(der.decode(values[_CRL_NUMBER]))
    if number > MAX_INTEGER:  # a client remembers it in JSON
        raise DerError("number of the revocation list")
    return Crl(
        signed=tbs.raw,
        signature=x509.whole_bits(signature),
        scheme=x509.signature_scheme(algorithm),
        issuer=issuer.expect(der.SEQUENCE).raw,
        this_update=der.time(this_update),
        next_update=der.time(next_update),
        number=number,
        revoked=MappingProxyType(_revoked(listed[0]) if listed else {}),
    )


def verify_list(crl: Crl, issuer: Certificate) -> None:
    """Verify that `issuer`, which may sign lists, signed `crl`. Raises SignatureInvalid."""
    may_sign = issuer.key_usage is not None and CRL_SIGN in issuer.key_usage
    if crl.issuer != issuer.subject or not may_sign:
        raise SignatureInvalid("issuer of the revocation list")
    verify_signed(issuer.key, crl.scheme, crl.signed, crl.signature)


def _revoked(element: Element) -> dict[int, int]:
    revoked: dict[int, int] = {}
    # Lists repeat a few dates and reasons hundreds of times: each is read once.
    dates: set[bytes] = set()
    reasons: dict[bytes, int] = {}
    for entry in element.expect(der.SEQUENCE).children:
        fields = entry.expect(der.SEQUENCE).children
        if not 2 <= len(fields) <= 3:
            raise DerError("entry of a revocation list")
        serial, date, *extensions = fields
        if date.raw not in dates:
            der.time(date)
            dates.add(date.raw)
        reason = extensions[0].raw if extensions else b""
        if reason not in reasons:
            reasons[reason] = _reason(extensions[0]) if extensions else UNSPECIFIED
        revoked[der.integer(serial)] = reasons[reason]
    return revoked


def _reason(element: Element) -> int:
    values, critical = x509.read_extensions(element)
    if not critical <= {_REASON_CODE}:
        raise DerError("critical extension of an entry")
    value = values.get(_REASON_CODE)
    return UNSPECIFIED if value is None else der.integer(der.decode(value), der.ENUMERATED)
