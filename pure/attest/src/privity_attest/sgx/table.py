"""The checks of the kind `sgx`, and the values that they vouch for."""

from collections.abc import Callable
from typing import Final

from privity_attest.case import Case
from privity_attest.checks import check
from privity_attest.dcap.body import SgxReport
from privity_attest.dcap.table import CLAIMS as COMMON
from privity_attest.dcap.table import COLLATERAL, DEBUG, GENUINE, LEVEL, SIGNED, rating_claims
from privity_attest.kind import LOGGED, ClaimOf, Kind
from privity_attest.result import ClaimValue
from privity_attest.sgx import acceptable

CHECKS: Final = (
    *GENUINE,
    DEBUG,
    *COLLATERAL,
    LEVEL,
    check("tcb_status", "cpu", "tcb_status", needs=("tcb_level",)),
    check("enclave", "cpu", "measurement_mismatch", needs=(*SIGNED, "release_form")),
)


def _report(value: Callable[[SgxReport], ClaimValue]) -> ClaimOf:
    def of_case(case: Case) -> ClaimValue:
        body = case.dcap.quote.body
        return value(body) if isinstance(body, SgxReport) else None

    return ClaimOf("cpu", frozenset(SIGNED), of_case)


CLAIMS: Final = {
    **COMMON,
    "mr_enclave": _report(lambda body: body.mrenclave.hex()),
    "mr_signer": _report(lambda body: body.mrsigner.hex()),
    "isv_prod_id": _report(lambda body: body.prodid),
    "isv_svn": _report(lambda body: body.isvsvn),
    "attributes": _report(lambda body: body.attributes.hex()),
    "report_cpu_svn": _report(lambda body: body.cpu_svn.hex()),
    **rating_claims(),
}
SGX: Final = Kind(
    "sgx",
    CHECKS,
    acceptable.CHECKS,
    CLAIMS,
    lambda policy: LOGGED | {"dcap-collateral"},
    optional=lambda policy: frozenset(),
)
