"""Stages 2 to 5 of SEV-SNP: did a chip under AMD's root sign this report, intact, and is nobody above it revoked?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest import crl, x509
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.der import DerError
from privity_attest.roots.pins import BUILT_IN, is_production
from privity_attest.schema import Unchecked
from privity_attest.sev_snp import report
from privity_attest.sev_snp.endorsement import endorsement
from privity_attest.signature import P384, PSS384, EcKey, RsaKey, SignatureInvalid, verify_raw

LEAF, ISSUERS, CRL = "snp-leaf", "snp-issuers", "snp-crl"


def report_form(case: Case) -> Finding:
    """Parse the report."""
    try:
        case.snp_report = report.decode(case.item("cpu"))
    except report.ReportError as error:
        return (f"{error.code}:cpu",)
    case.report_data = case.snp_report.report_data
    case.platform_id = sha256(case.snp_report.chip_id).digest()
    return ()


def collateral(case: Case) -> Finding:
    """The endorsement key's certificate and its issuers are there."""
    return tuple(f"collateral_missing:{label}" for label in (LEAF, ISSUERS) if not case.has(label))


def crl_form(case: Case) -> Finding:
    """Parse the revocation list if there is one; `revocation` decides whether one is due."""
    case.snp_crl = None
    if not case.has(CRL):
        return NotChecked("not_applicable:no_list")
    try:
        case.snp_crl = crl.decode(case.item(CRL))
    except DerError:
        return (f"malformed:{CRL}",)
    return ()


def certificate_form(case: Case) -> Finding:
    """Parse the leaf and its two issuers, ASK or ASVK and ARK."""
    leaf = _decoded(case.item(LEAF))
    issuers = tuple(_decoded(one) for one in _list(case.item(ISSUERS)))
    wrong = len(issuers) != 2 or None in issuers
    if leaf is None or wrong:
        return (
            *fails(leaf is None, f"certificate_malformed:{LEAF}"),
            *fails(wrong, f"certificate_malformed:{ISSUERS}"),
        )
    case.path = (leaf, *(one for one in issuers if one is not None))
    case.ends += [one.not_after for one in case.path]
    return ()


def _list(data: bytes) -> list[bytes]:
    try:
        value = cbor.decode(data)
    except Malformed:
        return []
    return [one for one in value if isinstance(one, bytes)] if isinstance(value, list) and len(value) == 2 else []


def _decoded(data: bytes) -> x509.Certificate | None:
    try:
        return x509.decode(data)
    except DerError:
        return None


def certificate_chain(case: Case) -> Finding:
    """Each certificate is signed by the next, the root by itself."""
    for one, issuer in zip(case.path, (*case.path[1:], case.path[-1]), strict=True):
        try:
            x509.verify_issued(one, issuer)
        except SignatureInvalid:
            return (f"certificate_chain:{LEAF}",)
    return ()


def certificate_profile(case: Case) -> Finding:
    """AMD's profile: a P-384 leaf that says which chip and firmware it is for, under RSA keys that may issue it.

    Leaves carry neither key usage nor basic constraints, so that nothing is asked of these beyond not contradicting.
    """
    leaf, *issuers = case.path
    try:
        case.endorsement = endorsement(leaf)
    except DerError:
        return (f"certificate_profile:{LEAF}",)
    usage = leaf.key_usage is None or x509.DIGITAL_SIGNATURE in leaf.key_usage
    on_curve = isinstance(leaf.key, EcKey) and leaf.key.curve is P384
    rsa = all(isinstance(one.key, RsaKey) for one in issuers) and all(one.scheme is PSS384 for one in case.path)
    known = not any(one.critical for one in case.path)
    named = {pin.name for pin in BUILT_IN["sev_snp"] if pin.spki == case.path[-1].pin} or {case.endorsement.product}
    return (
        *fails(leaf.is_ca or not usage or not on_curve, f"certificate_profile:{LEAF}"),
        *fails(bool(x509.issuer_faults(case.path)) or not rsa or not known, f"certificate_profile:{ISSUERS}"),
        *fails(case.endorsement.product not in named, "certificate_profile:product"),
    )


def certificate_dates(case: Case) -> Finding:
    """Every certificate is valid now."""
    expired = any(case.now > one.not_after for one in case.path)
    early = any(case.now < one.not_before for one in case.path)
    return (*fails(expired, f"certificate_expired:{LEAF}"), *fails(early, f"certificate_not_yet_valid:{LEAF}"))


def root(case: Case) -> Finding:
    """The ARK is one that the policy names."""
    pin = case.path[-1].pin
    if pin not in case.policy.trust_anchors.of("sev_snp"):
        return (f"root_not_pinned:{ISSUERS}",)
    case.production = is_production("sev_snp", pin)
    case.foreign_root = not case.production
    return ()


def revocation(case: Case) -> Finding:
    """The ARK's list is its own and current, and names neither the issuer nor the ARK.

    AMD revokes issuers only: a leaf has serial number 0, and a chip's key is renewed with its firmware.
    """
    demanded = case.policy.require_crl.sev_snp
    if isinstance(demanded, Unchecked):
        return NotChecked(f"unchecked_by_policy:{demanded.reason}")
    found = case.snp_crl
    if found is None:
        return (f"crl_missing:{CRL}",) if demanded else NotChecked("unchecked_by_policy:not demanded")
    _leaf, issuer, ark = case.path
    try:
        crl.verify_list(found, ark)
    except SignatureInvalid:
        return (f"crl_signature:{CRL}",)
    case.ends.append(found.next_update)
    case.seen.append(("crl_numbers", list_name(case), found.number))
    reasons = [found.revoked.get(one.serial) for one in (issuer, ark)]
    held = crl.ON_HOLD in reasons
    revoked = any(reason is not None and reason != crl.ON_HOLD for reason in reasons)
    return (
        *fails(case.now > found.next_update, f"crl_expired:{CRL}"),
        *fails(case.now < found.this_update, f"crl_not_yet_valid:{CRL}"),
        *fails(revoked, f"certificate_revoked:{ISSUERS}"),
        *fails(held, f"certificate_on_hold:{ISSUERS}"),
    )


def list_name(case: Case) -> str:
    """Return the name under which a client remembers the list's number: AMD lists ASK and ASVK apart."""
    return f"sev_snp/{case.path[1].pin.hex()}"


def report_signature(case: Case) -> Finding:
    """The leaf's key signed the report; tried even when the chain fails."""
    key = case.path[0].key
    try:
        if not isinstance(key, EcKey) or key.curve is not P384:
            raise SignatureInvalid("curve")
        verify_raw(P384, key.point, case.snp_report.signed, case.snp_report.signature)
    except SignatureInvalid:
        return ("report_signature:cpu",)
    return ()


CHECKS: Final[Mapping[str, Run]] = {
    "report_form": report_form,
    "collateral": collateral,
    "crl_form": crl_form,
    "certificate_form": certificate_form,
    "certificate_chain": certificate_chain,
    "certificate_profile": certificate_profile,
    "certificate_dates": certificate_dates,
    "root": root,
    "revocation": revocation,
    "report_signature": report_signature,
}
