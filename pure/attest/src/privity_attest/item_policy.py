"""The policy for a single piece of evidence: strict where the vendor speaks, silent where a release would speak.

Status up to date, no debug mode, Milan refused, devices only with golden values, Arm keys only when they are pinned. No
floors, no ages, no measurements: those belong to a deployment. For vendors' vectors and `privity inspect`.
"""

from typing import Final

from privity_protocol import canonical

from privity_attest.defaults import DAY, default_document
from privity_attest.policy import Policy, decode

_OPEN: Final = {"unchecked": "item"}
_BITS: Final = range(64)


def item_document(now: int) -> dict[str, object]:
    """Return the document of the item policy, issued at `now` (Unix seconds)."""
    document = default_document(now=now, deployment="item", allow_simulated=False, roots=())
    tdx = _changed(
        document["tdx"],
        min_tcb_evaluation=_OPEN,
        attributes={"must": [28], "never": [0], "may": [bit for bit in _BITS if bit not in (0, 28)]},
        xfam_allowed="ff" * 8,
        require_zero=["mrservicetd"],
        **dict.fromkeys(("shapes", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "pck_types", "pck_configuration"), _OPEN),
    )
    snp = _changed(
        document["snp"],
        min_report_version=_OPEN,
        policy_must=[],
        policy_must_not=[19],
        platform_info_must=_OPEN,
        vmpl=[0, 1, 2, 3],
        allow_vlek=True,
        allow_masked_chip=True,
    )
    gpu = _changed(
        document["gpu"],
        require_ocsp=_OPEN,
        **dict.fromkeys(("device_kinds", "drivers", "vbios", "firmware_ids"), _OPEN),
    )
    arm = {**dict.fromkeys(("implementation_ids", "components", "partitions", "rim", "rem"), _OPEN)}
    arm["lifecycle"] = list(range(0x3000, 0x3100))  # type: ignore[assignment]
    return {
        **document,
        "expires_at": now + DAY,
        "kinds": ["tdx", "sgx", "sev_snp", "nitro", "psa", "cca"],
        "require_crl": {"tdx": True, "sgx": True, "sev_snp": _OPEN, "nitro": _OPEN},
        "max_collateral_age": _OPEN,
        "tdx": tdx,
        "sgx": _changed(document["sgx"], mrenclave=_OPEN, signers=_OPEN),
        "snp": snp,
        "nitro": {"pcrs": {str(index): _OPEN for index in range(32)}},
        "gpu": gpu,
        "psa": arm,
        "cca": arm,
    }


def item_policy(
    now: int, *, keys: tuple[str, ...] = (), allow_simulated: bool = False, roots: tuple[str, ...] = ()
) -> Policy:
    """Return the item policy at `now`; `keys` are what `trust_anchors.psa` and `.cca` pin, as the policy writes them.

    `roots` are the development roots that `allow_simulated` lets in, SHA-256 in hexadecimal.

    Raises PolicyMalformed.
    """
    document = {**item_document(now), "allow_simulated": allow_simulated}
    anchors = _changed(document["trust_anchors"], psa=list(keys), cca=list(keys), simulated=list(roots))
    return decode(canonical.encode({**document, "trust_anchors": anchors}))


def _changed(section: object, **members: object) -> dict[str, object]:
    if not isinstance(section, dict):
        raise AssertionError("not a section")
    return {**section, **members}
