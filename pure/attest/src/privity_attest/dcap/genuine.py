"""Stages 2 to 5 of tdx and sgx: did Intel's hardware sign this quote, and is none of its keys revoked?

Sources: Intel "TDX DCAP Quoting Library API" appendix 3, Intel "SGX PCK Certificate and CRL Profile Specification".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed

from privity_attest import crl
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.dcap import chains, collateral, pck, quote
from privity_attest.dcap.body import TdBody
from privity_attest.dcap.established import Established
from privity_attest.der import DerError
from privity_attest.roots.pins import is_production
from privity_attest.schema import Unchecked
from privity_attest.signature import P256, EcKey, PublicKey, SignatureInvalid, verify_raw
from privity_attest.x509 import Certificate

COLLATERAL: Final = "dcap-collateral"


def quote_form(case: Case) -> Finding:
    """Parse the quote; its body is of the kind that the media type names."""
    case.dcap = Established()
    try:
        case.dcap.quote = quote.decode(case.item("cpu"))
    except quote.QuoteError as error:
        return (f"{error.code}:cpu",)
    case.report_data = case.dcap.quote.body.report_data
    return fails(isinstance(case.dcap.quote.body, TdBody) != (case.kind == "tdx"), "malformed:cpu")


def collateral_form(case: Case) -> Finding:
    """Parse the collateral's container."""
    if not case.has(COLLATERAL):
        return (f"collateral_missing:{COLLATERAL}",)
    try:
        case.dcap.collateral = collateral.decode(case.item(COLLATERAL))
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:{COLLATERAL}",)
    case.dcap.crls = {}
    return ()


def crl_form(case: Case) -> Finding:
    """Parse the revocation lists that are there."""
    excuse = _unchecked(case)
    if excuse:
        return excuse
    faults = []
    for name in collateral.LISTS:
        data = getattr(case.dcap.collateral, name)
        try:
            if data:
                case.dcap.crls[name] = crl.decode(data)
        except DerError:
            faults.append(f"malformed:{name}")
    case.ends += [one.next_update for one in case.dcap.crls.values()]
    return tuple(faults)


def certificate_form(case: Case) -> Finding:
    """Parse the chain of the PCK certificate, and what Intel says of the platform in it."""
    try:
        case.dcap.chain = pck.chain_of(case.dcap.quote.chain)
        if len(case.dcap.chain) != pck.CERTIFICATES:
            return ("certificate_malformed:cpu",)
        case.path = case.dcap.certificates.path(case.dcap.chain)
        case.dcap.pck = pck.decode(case.path[0].extensions.get(pck.EXTENSION, b""))
    except DerError:
        return ("certificate_malformed:cpu",)
    case.platform_id = sha256(case.dcap.pck.ppid).digest()
    case.ends += [one.not_after for one in case.path]
    return ()


def certificate_chain(case: Case) -> Finding:
    """Each certificate is signed by the next, the root by itself."""
    return fails(not case.dcap.certificates.is_chain(case.dcap.chain), "certificate_chain:cpu")


def certificate_profile(case: Case) -> Finding:
    """Names, usages, path lengths and curves are those of Intel's profile."""
    return fails(chains.pck_faults(case.path), "certificate_profile:cpu")


def certificate_dates(case: Case) -> Finding:
    """Every certificate is valid now."""
    return _dates(case.path, case.now, "cpu")


def root(case: Case) -> Finding:
    """The root's key is one that the policy accepts."""
    kind, pin = case.kind or "", case.path[-1].pin
    if pin not in case.policy.trust_anchors.of(kind):
        return ("root_not_pinned:cpu",)
    case.production = is_production(kind, pin)
    case.foreign_root = not case.production
    return ()


def issuer_form(case: Case) -> Finding:
    """Parse the chains of Intel's signers of lists and documents."""
    case.dcap.issuers = {}
    faults = []
    for name in collateral.CHAINS:
        try:
            case.dcap.issuers[name] = case.dcap.certificates.path(getattr(case.dcap.collateral, name))
        except DerError:
            faults.append(f"certificate_malformed:{name}")
    case.ends += [one.not_after for path in case.dcap.issuers.values() for one in path]
    return tuple(faults)


def issuer_chain(case: Case) -> Finding:
    """Each of those chains is signed."""
    return tuple(
        f"certificate_chain:{name}"
        for name in collateral.CHAINS
        if not case.dcap.certificates.is_chain(getattr(case.dcap.collateral, name))
    )


def issuer_profile(case: Case) -> Finding:
    """Each signer may sign what it signs."""
    faults: Mapping[str, Callable[[Sequence[Certificate]], bool]] = {
        "pck_crl_issuer_chain": chains.crl_issuer_faults,
        "tcb_info_issuer_chain": chains.signer_faults,
        "qe_identity_issuer_chain": chains.signer_faults,
    }
    return tuple(f"certificate_profile:{name}" for name, path in case.dcap.issuers.items() if faults[name](path))


def issuer_dates(case: Case) -> Finding:
    """Every certificate of those chains is valid now."""
    return tuple(fault for name, path in case.dcap.issuers.items() for fault in _dates(path, case.now, name))


def issuer_root(case: Case) -> Finding:
    """Those chains end in an accepted root too."""
    pins = case.policy.trust_anchors.of(case.kind or "")
    return tuple(f"root_not_pinned:{name}" for name, path in case.dcap.issuers.items() if path[-1].pin not in pins)


def crl_present(case: Case) -> Finding:
    """Where the policy demands revocation lists, both are there."""
    excuse = _unchecked(case)
    if excuse:
        return excuse
    demanded = getattr(case.policy.require_crl, case.kind or "")
    return tuple(f"crl_missing:{name}" for name in collateral.LISTS if demanded and name not in case.dcap.crls)


def crl_signature(case: Case) -> Finding:
    """The root signed its list, the issuer of the PCK certificate the other."""
    excuse = _unchecked(case)
    if excuse:
        return excuse
    issuers = {"root_ca_crl": case.path[-1], "pck_crl": case.path[1]}
    faults = []
    for name, one in case.dcap.crls.items():
        try:
            crl.verify_list(one, issuers[name])
        except SignatureInvalid:
            faults.append(f"crl_signature:{name}")
        case.seen.append(("crl_numbers", f"dcap/{issuers[name].pin.hex()}", one.number))
    return tuple(faults)


def crl_dates(case: Case) -> Finding:
    """Both lists hold now."""
    excuse = _unchecked(case)
    if excuse:
        return excuse
    return (
        *(f"crl_expired:{name}" for name, one in case.dcap.crls.items() if case.now > one.next_update),
        *(f"crl_not_yet_valid:{name}" for name, one in case.dcap.crls.items() if case.now < one.this_update),
    )


def revocation(case: Case) -> Finding:
    """No certificate of any chain is on the list of its issuer."""
    excuse = _unchecked(case)
    if excuse:
        return excuse
    below_root = [("pck_issuer", case.path[1]), ("root", case.path[2])]
    below_root += [(name, path[0]) for name, path in case.dcap.issuers.items()]
    return (*_revoked(case, "pck_crl", [("pck", case.path[0])]), *_revoked(case, "root_ca_crl", below_root))


def _revoked(case: Case, name: str, named: Iterable[tuple[str, Certificate]]) -> tuple[str, ...]:
    if name not in case.dcap.crls:
        return ()
    listed = case.dcap.crls[name].revoked
    found = [(what, listed[one.serial]) for what, one in named if one.serial in listed]
    return tuple(
        f"certificate_{'on_hold' if why == crl.ON_HOLD else 'revoked'}:{what}" for what, why in dict(found).items()
    )


def quote_signature(case: Case) -> Finding:
    """The attestation key signed header and body."""
    key = EcKey(P256, b"\x04" + case.dcap.quote.key)
    return fails(not signed_by(key, case.dcap.quote.signed, case.dcap.quote.signature), "quote_signature:cpu")


def qe_report_signature(case: Case) -> Finding:
    """The platform's certified key signed the report of the quoting enclave; tried even when the chain fails."""
    quoted = case.dcap.quote
    return fails(not signed_by(case.path[0].key, quoted.qe_report, quoted.qe_signature), "qe_report_signature:cpu")


def qe_binding(case: Case) -> Finding:
    """The quoting enclave vouches for this attestation key and this authentication data."""
    vouched = sha256(case.dcap.quote.key + case.dcap.quote.qe_authentication).digest() + bytes(32)
    return fails(case.dcap.quote.qe.report_data != vouched, "qe_binding:cpu")


def signed_by(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Return whether `key`, which must be on P-256, signed `message` (r and s of 32 bytes each)."""
    if not isinstance(key, EcKey) or key.curve is not P256:
        return False
    try:
        verify_raw(P256, key.point, message, signature)
    except SignatureInvalid:
        return False
    return True


def _dates(path: Sequence[Certificate], now: int, what: str) -> tuple[str, ...]:
    expired = any(now > one.not_after for one in path)
    early = any(now < one.not_before for one in path)
    return (*fails(expired, f"certificate_expired:{what}"), *fails(early, f"certificate_not_yet_valid:{what}"))


def _unchecked(case: Case) -> NotChecked | None:
    demanded = getattr(case.policy.require_crl, case.kind or "")
    return NotChecked(f"unchecked_by_policy:{demanded.reason}") if isinstance(demanded, Unchecked) else None


CHECKS: Final[Mapping[str, Run]] = {
    "quote_form": quote_form,
    "collateral_form": collateral_form,
    "crl_form": crl_form,
    "certificate_form": certificate_form,
    "certificate_chain": certificate_chain,
    "certificate_profile": certificate_profile,
    "certificate_dates": certificate_dates,
    "root": root,
    "issuer_form": issuer_form,
    "issuer_chain": issuer_chain,
    "issuer_profile": issuer_profile,
    "issuer_dates": issuer_dates,
    "issuer_root": issuer_root,
    "crl_present": crl_present,
    "crl_signature": crl_signature,
    "crl_dates": crl_dates,
    "revocation": revocation,
    "quote_signature": quote_signature,
    "qe_report_signature": qe_report_signature,
    "qe_binding": qe_binding,
}
