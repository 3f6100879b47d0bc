"""Stages 2 to 5 of PSA: did a pinned key sign this token, intact?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed

from privity_attest.arm import pinned
from privity_attest.arm.claims import ProfileUnknown
from privity_attest.case import Case, Finding, Run
from privity_attest.cose import CoseError
from privity_attest.psa import token


def token_form(case: Case) -> Finding:
    """Parse the COSE_Sign1, tagged or not, and its claims."""
    try:
        case.sign1 = pinned.sign1(case.item("cpu"))
        case.psa = token.decode(case.sign1.payload)
    except CoseError as error:
        return (f"{error.code}:cpu",)
    except ProfileUnknown:
        return ("unsupported_version:cpu",)
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:cpu",)
    case.report_data = case.psa.nonce
    case.platform_id = sha256(case.psa.instance).digest()
    return ()


CHECKS: Final[Mapping[str, Run]] = {
    "token_form": token_form,
    "trust_anchor": pinned.trust_anchor,
    "token_signature": pinned.token_signature,
}
