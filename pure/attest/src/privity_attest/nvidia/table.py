"""The checks of devices: one set per device of the bundle, the item being the device's label."""

from collections.abc import Iterable, Mapping, Set
from typing import Final

from privity_attest.case import Case, DeviceRun
from privity_attest.checks import Check, check
from privity_attest.nvidia import acceptable, genuine, spdm
from privity_attest.result import Claim

_FORM = ("device_certificate_form",)
GENUINE: Final = (
    "device_form",
    *_FORM,
    "device_certificate_chain",
    "device_certificate_profile",
    "device_certificate_dates",
    "device_root",
    "device_revocation",
    "device_signature",
)
_ROLE = (*GENUINE, "device_role")
_RELEASED = (*_ROLE, "release_form")
RUN: Final[Mapping[str, DeviceRun]] = {**genuine.CHECKS, **acceptable.CHECKS}
_OCSP_FORM: Final = check("ocsp_form", genuine.OCSP, "malformed trailing_data")


def checks_of(labels: Iterable[str]) -> tuple[Check, ...]:
    """Return the checks of the devices under `labels`, in the order in which they run inside each stage."""
    own = tuple(one for label in labels for one in _device(label))
    return (_OCSP_FORM, *own) if own else ()


def claims_of(case: Case, passed: Set[tuple[str, str]]) -> dict[str, Claim]:
    """Return what each device says of itself, by label; `passed` are the names and items of usable checks."""
    genuine_ones = [label for label in case.devices.found if all((name, label) in passed for name in GENUINE)]
    return {label: Claim(_said(case, label), label) for label in genuine_ones}


def _said(case: Case, label: str) -> dict[str, str]:
    one = case.devices.found[label]
    opaque = one.report.opaque
    named = {"driver": one.report.driver, "vbios": one.report.vbios}
    texts = {"project": spdm.PROJECT, "project_sku": spdm.PROJECT_SKU, "chip_sku": spdm.CHIP_SKU}
    numbers = {"firmware": spdm.FWID, "feature": spdm.FEATURE}
    return {
        "kind": one.kind,
        **{name: value for name, value in named.items() if value is not None},
        **{name: spdm.text(opaque[kind]) for name, kind in texts.items() if kind in opaque},
        **{name: opaque[kind].hex() for name, kind in numbers.items() if kind in opaque},
        "measurements": str(len(one.report.measurements)),
    }


def _device(label: str) -> tuple[Check, ...]:
    def of(name: str, reasons: str, needs: tuple[str, ...], *, reads: tuple[str, ...] = ()) -> Check:
        return check(name, label, reasons, reads=reads, needs=needs)

    return (
        of("device_form", "malformed trailing_data unsupported_version", (), reads=(label,)),
        of("device_certificate_form", "certificate_malformed", ("device_form",)),
        of("device_certificate_chain", "certificate_chain", _FORM),
        of("device_certificate_profile", "certificate_profile", _FORM),
        of("device_certificate_dates", "certificate_expired certificate_not_yet_valid", _FORM),
        of("device_root", "root_not_pinned", _FORM),
        of(
            "device_revocation",
            "certificate_revoked certificate_on_hold ocsp_missing ocsp_signature ocsp_mismatch ocsp_expired "
            "ocsp_unknown",
            (*_FORM, "ocsp_form"),
        ),
        of("device_signature", "evidence_signature", _FORM),
        of("device_nonce", "device_nonce", (*GENUINE, "node_document"), reads=("node-document",)),
        of("device_role", "device_kind", GENUINE),
        of("device_kind", "device_kind", _RELEASED),
        of("device_firmware", "firmware_identity", _ROLE),
        of("device_firmware_listed", "firmware_identity", _RELEASED),
        of("device_driver", "driver_not_allowed", _RELEASED),
        of("device_vbios", "vbios_not_allowed", _RELEASED),
        of("device_manifest_dates", "rim_expired", _RELEASED),
        of("device_measurements", "rim_missing rim_conflict rim_mismatch", _RELEASED),
    )
