"""Stages 2 to 5 of CCA: did a pinned key sign for the platform, and the key that it vouches for sign for the realm?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed

from privity_attest.arm import pinned
from privity_attest.arm.claims import ProfileUnknown
from privity_attest.case import Case, Finding, Run, fails
from privity_attest.cca import token
from privity_attest.cose import CoseError
from privity_attest.signature import SignatureInvalid


def token_form(case: Case) -> Finding:
    """Parse the collection, both COSE_Sign1, and their claims."""
    try:
        platform, realm = token.parts(case.item("cpu"))
        case.sign1, case.realm_sign1 = pinned.sign1(platform), pinned.sign1(realm)
        case.cca_platform = token.platform(case.sign1.payload)
        case.realm = token.realm(case.realm_sign1.payload)
    except CoseError as error:
        return (f"{error.code}:cpu",)
    except ProfileUnknown:
        return ("unsupported_version:cpu",)
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:cpu",)
    case.report_data = case.realm.challenge
    case.platform_id = sha256(case.cca_platform.instance).digest()
    return ()


def realm_signature(case: Case) -> Finding:
    """The realm's own key signed the realm's token."""
    try:
        case.realm_sign1.verify(case.realm.key)
    except SignatureInvalid:
        return ("token_signature:realm",)
    return ()


def key_binding(case: Case) -> Finding:
    """The platform's challenge is the hash of the realm's key, byte for byte as the realm's token encodes it."""
    return fails(case.cca_platform.challenge != case.realm.key_digest, "key_binding:realm")


CHECKS: Final[Mapping[str, Run]] = {
    "token_form": token_form,
    "trust_anchor": pinned.trust_anchor,
    "token_signature": pinned.token_signature,
    "realm_signature": realm_signature,
    "key_binding": key_binding,
}
