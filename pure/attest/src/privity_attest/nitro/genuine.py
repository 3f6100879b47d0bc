"""Stages 2 to 5 of Nitro: did the hypervisor sign this document under AWS's root, intact and now?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed

from privity_attest import cose, x509
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.der import DerError
from privity_attest.nitro import document
from privity_attest.roots.pins import is_production
from privity_attest.schema import Unchecked
from privity_attest.signature import P384, EcKey, SignatureInvalid


def document_form(case: Case) -> Finding:
    """Parse the COSE_Sign1, tagged or not, and its payload."""
    try:
        case.sign1 = cose.decode(case.item("cpu"), tagged=True)
        case.nitro = document.decode(case.sign1.payload)
    except cose.CoseError as error:
        return (f"{error.code}:cpu",)
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:cpu",)
    case.report_data = case.nitro.user_data or b""
    case.platform_id = sha256(case.nitro.instance.encode()).digest()
    return fails(case.sign1.curve is not P384, "unsupported_algorithm:cpu")


def leaf_form(case: Case) -> Finding:
    """Parse the leaf."""
    try:
        case.path = (x509.decode(case.nitro.certificate),)
    except DerError:
        return ("certificate_malformed:leaf",)
    return ()


def certificate_form(case: Case) -> Finding:
    """Parse the issuers; the document lists the root first, the path is leaf first."""
    try:
        case.path += tuple(x509.decode(one) for one in reversed(case.nitro.cabundle))
    except DerError:
        return ("certificate_malformed:cabundle",)
    case.ends += [one.not_after for one in case.path]
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
    """Usages, CA flags, path lengths, critical extensions, and P-384 throughout."""
    curves = all(isinstance(one.key, EcKey) and one.key.curve is P384 for one in case.path)
    return fails(bool(x509.chain_faults(case.path)) or not curves, "certificate_profile:cpu")


def certificate_dates(case: Case) -> Finding:
    """Every certificate is valid now."""
    expired = any(case.now > one.not_after for one in case.path)
    early = any(case.now < one.not_before for one in case.path)
    return (*fails(expired, "certificate_expired:cpu"), *fails(early, "certificate_not_yet_valid:cpu"))


def root(case: Case) -> Finding:
    """The root is one that the policy names."""
    pin = case.path[-1].pin
    if pin not in case.policy.trust_anchors.of("nitro"):
        return ("root_not_pinned:cpu",)
    case.production = is_production("nitro", pin)
    case.foreign_root = not case.production
    return ()


def revocation(case: Case) -> Finding:
    """A bundle brings no list for AWS's short-lived certificates: a policy that demands one refuses."""
    demanded = case.policy.require_crl.nitro
    if isinstance(demanded, Unchecked):
        return NotChecked(f"unchecked_by_policy:{demanded.reason}")
    return ("crl_missing:cpu",) if demanded else NotChecked("unchecked_by_policy:not demanded")


def document_signature(case: Case) -> Finding:
    """The leaf's key signed the document; tried even when the chain fails."""
    try:
        case.sign1.verify(case.path[0].key)
    except SignatureInvalid:
        return ("document_signature:cpu",)
    return ()


CHECKS: Final[Mapping[str, Run]] = {
    "document_form": document_form,
    "leaf_form": leaf_form,
    "certificate_form": certificate_form,
    "certificate_chain": certificate_chain,
    "certificate_profile": certificate_profile,
    "certificate_dates": certificate_dates,
    "root": root,
    "revocation": revocation,
    "document_signature": document_signature,
}
