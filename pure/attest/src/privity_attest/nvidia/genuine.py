"""Stages 2 to 5 of one device: did NVIDIA's root vouch for the key that signed these measurements, intact?"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest import x509
from privity_attest.case import Case, DeviceRun, Finding, NotChecked, fails
from privity_attest.der import DerError
from privity_attest.nvidia import device, ocsp
from privity_attest.nvidia.ocsp import Answer, Response
from privity_attest.nvidia.spdm import SpdmError
from privity_attest.roots.pins import is_production
from privity_attest.schema import Unchecked
from privity_attest.signature import P384, EcKey, SignatureInvalid, verify_raw
from privity_attest.x509 import Certificate

CHAIN: Final = 5
"""Leaf, the device's own issuer, provisioner, product family, root."""
MAX_RESPONSES: Final = 64
OCSP: Final = "nvidia-ocsp"


def ocsp_form(case: Case, label: str) -> Finding:
    """Parse the responses that lie beside the devices; whether one is missing is judged device by device."""
    if not case.has(label):
        return NotChecked("not_applicable:absent")
    try:
        listed = cbor.decode(case.item(label))
        if not isinstance(listed, list) or not len(listed) <= MAX_RESPONSES:
            return (f"malformed:{label}",)
        case.ocsp = tuple(ocsp.decode(one if isinstance(one, bytes) else b"") for one in listed)
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:{label}",)
    except DerError:
        return (f"malformed:{label}",)
    return ()


def device_form(case: Case, label: str) -> Finding:
    """Parse the messages and take the certificates apart."""
    try:
        case.devices.found[label] = device.decode(case.item(label))
    except SpdmError as error:
        return (f"{error.code}:{label}",)
    return ()


def certificate_form(case: Case, label: str) -> Finding:
    """Parse the chain."""
    one = case.devices.found[label]
    try:
        one.path = tuple(case.devices.certificate(data) for data in one.chain)
    except DerError:
        return (f"certificate_malformed:{label}",)
    case.ends += [certificate.not_after for certificate in one.path]
    return ()


def certificate_chain(case: Case, label: str) -> Finding:
    """Five certificates, each signed by the next, the root by itself."""
    chain = case.devices.found[label].chain
    pairs = zip(chain, (*chain[1:], chain[-1]), strict=True)
    whole = len(chain) == CHAIN and all(case.devices.issued(one, issuer) for one, issuer in pairs)
    return fails(not whole, f"certificate_chain:{label}")


def certificate_profile(case: Case, label: str) -> Finding:
    """Usages, path lengths, critical extensions, and P-384 at the leaf."""
    path = case.devices.found[label].path
    key = path[0].key
    wrong = x509.chain_faults(path) or not (isinstance(key, EcKey) and key.curve is P384)
    return fails(bool(wrong), f"certificate_profile:{label}")


def certificate_dates(case: Case, label: str) -> Finding:
    """Every certificate is valid now; those of devices end in 9999."""
    path = case.devices.found[label].path
    expired = any(case.now > one.not_after for one in path)
    early = any(case.now < one.not_before for one in path)
    return (*fails(expired, f"certificate_expired:{label}"), *fails(early, f"certificate_not_yet_valid:{label}"))


def root(case: Case, label: str) -> Finding:
    """The root is one that the policy trusts for devices."""
    pin = case.devices.found[label].path[-1].pin
    if pin not in case.policy.trust_anchors.of("nvidia"):
        return (f"root_not_pinned:{label}",)
    case.foreign_root |= not is_production("nvidia", pin)
    return ()


def revocation(case: Case, label: str) -> Finding:
    """What OCSP says of every certificate between leaf and root. The device makes its leaf; nobody else knows it."""
    required = case.policy.gpu.require_ocsp
    if isinstance(required, Unchecked):
        return NotChecked(f"unchecked_by_policy:{required.reason}")
    path = case.devices.found[label].path
    answers = [
        (place, issuer, _about(case, one, issuer)) for place, (one, issuer) in enumerate(pairwise(path)) if place > 0
    ]
    if not required and not any(found for _, _, found in answers):
        return NotChecked("unchecked_by_policy:OCSP is not required")
    reasons = [
        f"{code}:{label}:{place}"
        for place, issuer, found in answers
        for code in (_faults(case, found, issuer) if found else (_absence(case, path[place]),) * required)
    ]
    return tuple(dict.fromkeys(reasons))


def _about(case: Case, one: Certificate, issuer: Certificate) -> list[tuple[Response, Answer]]:
    pairs = ((response, answer) for response in case.ocsp for answer in response.answers)
    return [(response, answer) for response, answer in pairs if answer.is_about(one.serial, issuer)]


def _absence(case: Case, one: Certificate) -> str:
    """Return whether nothing is said of `one`, or something of its number under another issuer."""
    numbers = (answer.serial for response in case.ocsp for answer in response.answers)
    return "ocsp_mismatch" if one.serial in numbers else "ocsp_missing"


def _faults(case: Case, found: list[tuple[Response, Answer]], issuer: Certificate) -> list[str]:
    """Return what is wrong with the answers about one certificate: all of them count, not the best one."""
    return [code for response, answer in found for code in _fault(case, response, answer, issuer)]


def _fault(case: Case, response: Response, answer: Answer, issuer: Certificate) -> tuple[str, ...]:
    if not case.devices.answered(response, issuer, case.now):
        return ("ocsp_signature",)
    end = answer.next_update
    age = case.policy.max_collateral_age
    if end is not None and isinstance(age, int):
        end = min(end, answer.this_update + age)
    if end is None or not answer.this_update - case.policy.clock_skew <= case.now <= end:
        return ("ocsp_expired",)
    case.ends.append(end)
    if answer.status == "revoked" and answer.reason == ocsp.ON_HOLD:
        return fails(not case.policy.gpu.allow_hold, "certificate_on_hold")
    return {"good": (), "revoked": ("certificate_revoked",), "unknown": ("ocsp_unknown",)}[answer.status]


def signature(case: Case, label: str) -> Finding:
    """The leaf's key signed both messages; tried even when the chain fails."""
    one = case.devices.found[label]
    key = one.path[0].key
    if not isinstance(key, EcKey) or key.curve is not P384:
        return (f"evidence_signature:{label}",)
    try:
        verify_raw(P384, key.point, one.report.signed, one.report.signature)
    except SignatureInvalid:
        return (f"evidence_signature:{label}",)
    return ()


CHECKS: Final[Mapping[str, DeviceRun]] = {
    "ocsp_form": ocsp_form,
    "device_form": device_form,
    "device_certificate_form": certificate_form,
    "device_certificate_chain": certificate_chain,
    "device_certificate_profile": certificate_profile,
    "device_certificate_dates": certificate_dates,
    "device_root": root,
    "device_revocation": revocation,
    "device_signature": signature,
}
