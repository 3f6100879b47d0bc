"""Stages 6 to 8 of sgx: is this enclave the one that policy and release want? Source: specs/policy.md."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.dcap import acceptable, genuine
from privity_attest.dcap.body import SgxReport
from privity_attest.platforms import Signer
from privity_attest.schema import Unchecked


def tcb_status(case: Case) -> Finding:
    """The status is one that the policy allows."""
    return acceptable.status_of(case, case.policy.sgx.allowed_status, grace_days=0)


def enclave(case: Case) -> Finding:
    """The enclave is named by its measurement, or by its signer with product and least version."""
    body, policy = case.dcap.quote.body, case.policy.sgx
    if not isinstance(body, SgxReport):
        raise AssertionError("quote_form lets only enclaves through")
    signers = () if isinstance(policy.signers, Unchecked) else policy.signers
    if any(_signed_for(body, one) for one in signers):
        return ()
    if isinstance(policy.mrenclave, Unchecked):
        unchecked = NotChecked(f"unchecked_by_policy:{policy.mrenclave.reason}")
        return ("measurement_mismatch:mrsigner",) if signers else unchecked
    if not isinstance(policy.mrenclave, str):
        return fails(body.mrenclave not in policy.mrenclave, "measurement_mismatch:mrenclave")
    values = case.release.platforms.sgx
    if values is None:
        return ("measurement_mismatch:platform",)
    return fails(body.mrenclave not in values.mrenclave, "measurement_mismatch:mrenclave")


def _signed_for(body: SgxReport, signer: Signer) -> bool:
    return body.mrsigner == signer.mrsigner and body.prodid == signer.prodid and body.isvsvn >= signer.min_isvsvn


CHECKS: Final[Mapping[str, Run]] = {
    **genuine.CHECKS,
    **acceptable.CHECKS,
    "tcb_status": tcb_status,
    "enclave": enclave,
}
