"""The checks and claims that tdx and sgx have in common."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Run
from privity_attest.checks import check, genuine_names
from privity_attest.dcap import acceptable, genuine
from privity_attest.kind import ClaimOf

_ITEM: Final = genuine.COLLATERAL
_QUOTE, _FORM = ("quote_form",), ("certificate_form",)
_COLLATERAL, _ISSUERS, _LISTS = ("collateral_form",), ("issuer_form",), ("crl_form",)
_CONTENT: Final = ("collateral_content",)
GENUINE: Final = (
    check(
        "quote_form",
        "cpu",
        "malformed trailing_data unsupported_version unsupported_algorithm",
        reads=("cpu",),
    ),
    check("collateral_form", _ITEM, "collateral_missing malformed trailing_data"),
    check("crl_form", _ITEM, "malformed", needs=_COLLATERAL),
    check("certificate_form", "cpu", "certificate_malformed", needs=_QUOTE),
    check("certificate_chain", "cpu", "certificate_chain", needs=_FORM),
    check("certificate_profile", "cpu", "certificate_profile", needs=_FORM),
    check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", needs=_FORM),
    check("root", "cpu", "root_not_pinned", needs=_FORM),
    check("issuer_form", _ITEM, "certificate_malformed", needs=_COLLATERAL),
    check("issuer_chain", _ITEM, "certificate_chain", needs=_ISSUERS),
    check("issuer_profile", _ITEM, "certificate_profile", needs=_ISSUERS),
    check("issuer_dates", _ITEM, "certificate_expired certificate_not_yet_valid", needs=_ISSUERS),
    check("issuer_root", _ITEM, "root_not_pinned", needs=_ISSUERS),
    check("crl_present", _ITEM, "crl_missing", needs=_LISTS),
    check("crl_signature", _ITEM, "crl_signature", needs=(*_LISTS, *_FORM)),
    check("crl_dates", _ITEM, "crl_expired crl_not_yet_valid", needs=_LISTS),
    check("revocation", "cpu", "certificate_revoked certificate_on_hold", needs=(*_LISTS, *_FORM, *_ISSUERS)),
    check("quote_signature", "cpu", "quote_signature", needs=_QUOTE),
    check("qe_report_signature", "cpu", "qe_report_signature", needs=_FORM),
    check("qe_binding", "cpu", "qe_binding", needs=_QUOTE),
)
SIGNED: Final = genuine_names(GENUINE)
RATED: Final = (*SIGNED, "collateral_signature", "collateral_content")
# Whose text it is does not depend on dates and lists: an old document is told to be old even where those fail too.
_AUTHENTIC: Final = (*_ISSUERS, "issuer_chain", "issuer_profile", "issuer_root", "collateral_signature")
DEBUG: Final = check("debug", "cpu", "debug_enabled", needs=SIGNED)
COLLATERAL: Final = (
    check("collateral_signature", _ITEM, "collateral_signature", needs=_ISSUERS),
    check("collateral_content", _ITEM, "collateral_mismatch", needs=_AUTHENTIC),
    check("collateral_dates", _ITEM, "collateral_expired collateral_not_yet_valid", needs=_CONTENT),
    check("collateral_age", _ITEM, "collateral_too_old", needs=_CONTENT),
    check("collateral_platform", _ITEM, "collateral_mismatch", needs=RATED),
    check("collateral_rollback", _ITEM, "collateral_rollback", needs=RATED),
    check("qe_identity", "cpu", "qe_identity", needs=RATED),
)
LEVEL: Final = check("tcb_level", "cpu", "tcb_no_matching_level", needs=RATED)
RUN: Final[Mapping[str, Run]] = {**genuine.CHECKS, **acceptable.CHECKS}
_SIGNED: Final = frozenset(SIGNED)
_RATING: Final = _SIGNED | {
    "collateral_signature",
    "collateral_content",
    "collateral_dates",
    "collateral_platform",
    "qe_identity",
    "tcb_level",
}


def _of_pck(name: str) -> ClaimOf:
    return ClaimOf("cpu", _SIGNED, lambda case: getattr(case.dcap.pck, name).hex())


def rating_claims(*more: str) -> dict[str, ClaimOf]:
    """Return the claims of Intel's rating, which also need the checks named `more`."""
    needs = _RATING | set(more)
    return {
        "tcb_status": ClaimOf("cpu", needs, lambda case: case.dcap.rating.status),
        "advisories": ClaimOf("cpu", needs, lambda case: list(case.dcap.rating.advisories)),
        "tcb_evaluation": ClaimOf(_ITEM, needs, lambda case: case.dcap.tcb_info.evaluation),
    }


CLAIMS: Final[Mapping[str, ClaimOf]] = {
    "quote_version": ClaimOf("cpu", _SIGNED, lambda case: case.dcap.quote.version),
    "fmspc": _of_pck("fmspc"),
    "ppid": _of_pck("ppid"),
    "pck_sgx_type": ClaimOf("cpu", _SIGNED, lambda case: case.dcap.pck.type),
    "pce_svn": ClaimOf("cpu", _SIGNED, lambda case: case.dcap.pck.pcesvn),
    "cpu_svn": _of_pck("cpu_svn"),
    "report_data": ClaimOf("cpu", _SIGNED, lambda case: case.dcap.quote.body.report_data.hex()),
    "trailing_bytes": ClaimOf("cpu", _SIGNED, lambda case: case.dcap.quote.trailing),
}
