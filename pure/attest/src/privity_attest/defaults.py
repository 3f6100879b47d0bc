"""The default values of the appraisal policy, as the document that `policy.decode` reads. Source: specs/policy.md."""

from collections.abc import Sequence
from typing import Final

DAY: Final = 86_400
_FROM_RELEASE: Final = "from_release"


def default_document(*, now: int, deployment: str, allow_simulated: bool, roots: Sequence[bytes]) -> dict[str, object]:
    """Return the default policy for `deployment`, issued at `now` (Unix seconds) for one day."""
    return {
        "format": "privity-policy/1",
        "name": "local",
        "version": 1,
        "issued_at": now,
        "expires_at": now + DAY,
        "kinds": ["tdx", "sev_snp", "nitro"],
        "allow_simulated": allow_simulated,
        "trust_anchors": {
            **dict.fromkeys(("tdx", "sgx", "sev_snp", "nitro", "nvidia"), "built_in"),
            "psa": [],
            "cca": [],
            "simulated": [root.hex() for root in roots],
        },
        "require_crl": {"tdx": True, "sgx": True, "sev_snp": True, "nitro": _unchecked("three-hour leaf")},
        "release_allow": _unchecked("any logged, valid, unrevoked"),
        "max_release_proof_age": 7 * DAY,
        "deployment": deployment,
        "models": _unchecked("any that the release allows"),
        "configuration": _FROM_RELEASE,
        "egress": ["none"],
        "challenge": "on_demand",
        "max_anchor_age": DAY,
        "max_key_lifetime": 7200,
        "clock_skew": 300,
        "fleet": {"platforms": [], "keys": []},
        "max_collateral_age": 7 * DAY,
        "tdx": _tdx(),
        "sgx": {"allowed_status": ["UpToDate"], "mrenclave": _FROM_RELEASE, "signers": []},
        "snp": _snp(),
        "nitro": {"pcrs": _pcrs()},
        "gpu": _gpu(),
        "psa": _arm(),
        "cca": _arm(),
    }


def floor_document() -> dict[str, object]:
    """Return the loosest policy that this verifier was built to accept: what no signed policy may go below.

    It admits every kind that is built, but no debug mode, no migration service, no unrevoked-by-silence and no
    measurement outside the release. A policy that allows simulation says so by itself, at each run.
    """
    loosest = default_document(now=0, deployment="any", allow_simulated=True, roots=())
    open_to_all = _unchecked("floor")
    status = ["UpToDate", "SWHardeningNeeded", "ConfigurationNeeded", "ConfigurationAndSWHardeningNeeded"]
    tdx = {
        **_tdx(),
        "allowed_status": status,
        "grace_days": 90,
        "min_tcb_evaluation": open_to_all,
        "attributes": {"must": [], "never": [0], "may": [27, 28, 29, 30, 31, 63]},
        "xfam_allowed": "ff" * 8,
        "require_zero": ["mrservicetd"],
        "mrconfigid": open_to_all,
        "pck_types": open_to_all,
        "pck_configuration": open_to_all,
    }
    snp = {
        **_snp(),
        "generations": ["milan", "genoa", "turin"],
        "min_report_version": 2,
        "policy_must_not": [19],
        "platform_info_must": open_to_all,
        "vmpl": [0, 1, 2, 3],
        "allow_vlek": True,
        "allow_masked_chip": True,
    }
    named = ("implementation_ids", "components", "partitions", "rim", "rem")
    arm = {**dict.fromkeys(named, open_to_all), "lifecycle": list(range(0x3000, 0x3100))}
    gpu = {
        **_gpu(),
        **dict.fromkeys(("device_kinds", "drivers", "vbios", "firmware_ids", "require_ocsp"), open_to_all),
        "allow_hold": True,
        "rim_expired_days": 730,
    }
    return {
        **loosest,
        "kinds": ["tdx", "sgx", "sev_snp", "nitro", "psa", "cca"],
        "egress": open_to_all,
        "max_collateral_age": 30 * DAY,
        "tdx": tdx,
        "sgx": {"allowed_status": status, "mrenclave": _FROM_RELEASE, "signers": open_to_all},
        "snp": snp,
        "nitro": {"pcrs": {str(index): _FROM_RELEASE for index in range(3)}},
        "gpu": gpu,
        "psa": arm,
        "cca": arm,
    }


def _unchecked(reason: str) -> dict[str, str]:
    return {"unchecked": reason}


def _tdx() -> dict[str, object]:
    return {
        "allowed_status": ["UpToDate"],
        "grace_days": 0,
        "refused_advisories": [],
        "min_tcb_evaluation": 18,
        "min_module_isvsvn": {},
        "mrseam": _unchecked("module identity"),
        "attributes": {"must": [28], "never": [0, 29, 63], "may": [27, 30, 31]},
        "xfam_allowed": (0x642E7).to_bytes(8, "little").hex(),
        "require_zero": ["mrservicetd", "mrowner", "mrownerconfig"],
        "shapes": _FROM_RELEASE,
        "rtmr1": _FROM_RELEASE,
        "rtmr2": _FROM_RELEASE,
        "rtmr3": "by_replay",
        "mrconfigid": _FROM_RELEASE,
        "pck_types": [1, 2],
        "pck_configuration": {"dynamic_platform": True, "cached_keys": True, "smt": True},
    }


def _snp() -> dict[str, object]:
    return {
        "generations": ["genoa", "turin"],
        "min_report_version": 3,
        "min_tcb": _unchecked("no numbers collected yet"),
        "min_abi": _unchecked("no numbers collected yet"),
        "policy_must": [17],
        "policy_must_not": [18, 19],
        "platform_info_must": [5],
        "platform_info_must_not": _unchecked("SMT is common"),
        "vmpl": [0],
        "allow_vlek": False,
        "allow_masked_chip": False,
        "measurement": _FROM_RELEASE,
        "host_data": _unchecked("bound through the node document"),
        "id_keys": _unchecked("measurement decides"),
        "author_keys": _unchecked("measurement decides"),
    }


def _pcrs() -> dict[str, object]:
    instance = _unchecked("differs by instance")
    return {
        **{str(index): _FROM_RELEASE for index in range(3)},
        "3": instance,
        "4": instance,
        "8": instance,
        "16": "by_replay",
    }


def _gpu() -> dict[str, object]:
    named = ("device_kinds", "drivers", "vbios", "firmware_ids", "golden")
    return {
        "count": 0,
        "switches": 0,
        **dict.fromkeys(named, _FROM_RELEASE),
        "require_ocsp": True,
        "allow_hold": False,
        "rim_expired_days": 0,
    }


def _arm() -> dict[str, object]:
    return {name: [] for name in ("implementation_ids", "lifecycle", "components", "partitions", "rim", "rem")}
