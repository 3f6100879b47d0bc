"""Stages 2 to 5 of the simulated kind: did this development root sign this document, intact?"""

from collections.abc import Mapping
from typing import Final

from privity_protocol.errors import Malformed

from privity_attest import cose, x509
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.der import DerError
from privity_attest.signature import P384, EcKey, SignatureInvalid
from privity_attest.simulated import document


def document_form(case: Case) -> Finding:
    """Parse the COSE_Sign1 and its payload."""
    try:
        case.sign1 = cose.decode(case.item("cpu"))
        case.document = document.decode(case.sign1.payload)
        case.report_data = case.document.report_data
    except cose.CoseError as error:
        return (f"{error.code}:cpu",)
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:cpu",)
    return fails(case.sign1.curve is not P384, "unsupported_algorithm:cpu")


def certificate_form(case: Case) -> Finding:
    """Parse the leaf and its issuers; the bundle lists the root first, the path is leaf first."""
    try:
        ders = (case.document.certificate, *reversed(case.document.cabundle))
        case.path = tuple(x509.decode(der) for der in ders)
        case.platform_id = document.platform_id(case.path[-1].pin)
        case.ends += [one.not_after for one in case.path]
    except DerError:
        return ("certificate_malformed:cpu",)
    return ()


def certificate_chain(case: Case) -> Finding:
    """Each certificate is signed by the next, the root by itself."""
    for one, issuer in zip(case.path, (*case.path[1:], case.path[-1]), strict=True):
        try:
            x509.verify_issued(one, issuer)
        except SignatureInvalid:
            return ("certificate_chain:cpu",)
    return ()


def certificate_profile(case: Case) -> Finding:
    """Usages, path lengths, critical extensions, and P-384 at the leaf."""
    faults = x509.chain_faults(case.path)
    key = case.path[0].key
    return fails(bool(faults) or not (isinstance(key, EcKey) and key.curve is P384), "certificate_profile:cpu")


def certificate_dates(case: Case) -> Finding:
    """Every certificate is valid now."""
    expired = any(case.now > one.not_after for one in case.path)
    early = any(case.now < one.not_before for one in case.path)
    return (*fails(expired, "certificate_expired:cpu"), *fails(early, "certificate_not_yet_valid:cpu"))


def root(case: Case) -> Finding:
    """The root was given explicitly. Where simulation is not allowed there is none to compare with."""
    if not case.policy.allow_simulated:
        return NotChecked("blocked_by:kind")
    return fails(case.path[-1].pin not in case.policy.trust_anchors.simulated, "root_not_pinned:cpu")


def document_signature(case: Case) -> Finding:
    """The leaf's key signed the document; tried even when the chain fails."""
    try:
        case.sign1.verify(case.path[0].key)
    except SignatureInvalid:
        return ("document_signature:cpu",)
    return ()


CHECKS: Final[Mapping[str, Run]] = {
    "document_form": document_form,
    "certificate_form": certificate_form,
    "certificate_chain": certificate_chain,
    "certificate_profile": certificate_profile,
    "certificate_dates": certificate_dates,
    "root": root,
    "document_signature": document_signature,
}
