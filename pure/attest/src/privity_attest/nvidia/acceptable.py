"""Stage 11 of one device: does it answer this node, and is it what policy and release want?"""

from collections.abc import Mapping
from typing import Final

from privity_protocol import binding

from privity_attest.case import Case, DeviceRun, Finding, NotChecked, fails
from privity_attest.nvidia import spdm
from privity_attest.nvidia.device import Device, firmware_identity, is_switch
from privity_attest.reference_values import Golden
from privity_attest.schema import Unchecked

DAY: Final = 86_400
ENGINE: Final = 36
"""The measurement of the video decoder NVDEC0, which means nothing where that engine is switched off."""
SWITCHED_OFF: Final = b"\x55"
_A_SWITCH = NotChecked("not_applicable:switch")


def nonce(case: Case, label: str) -> Finding:
    """The device was asked with the nonce of this node document."""
    document = case.node_document
    due = binding.device_nonce(pk=document.pk, node=document.node, nonce=document.nonce)
    return fails(case.devices.found[label].report.nonce != due, f"device_nonce:{label}")


def role(case: Case, label: str) -> Finding:
    """A GPU lies under a GPU's label, a switch under a switch's."""
    return fails(case.devices.found[label].report.is_switch != is_switch(label), f"device_kind:{label}:role")


def kind(case: Case, label: str) -> Finding:
    """The chip is one that may be here."""
    return _listed(case, "device_kinds", case.devices.found[label].kind, f"device_kind:{label}")


def firmware(case: Case, label: str) -> Finding:
    """The firmware that reports is the firmware that the leaf's key was made for."""
    if is_switch(label):
        return _A_SWITCH
    one = case.devices.found[label]
    reported = one.report.opaque.get(spdm.FWID)
    certified = firmware_identity(one.path[0])
    return fails(reported is None or reported != certified, f"firmware_identity:{label}")


def firmware_listed(case: Case, label: str) -> Finding:
    """The firmware is one that may run."""
    if is_switch(label):
        return _A_SWITCH
    reported = case.devices.found[label].report.opaque.get(spdm.FWID)
    return _listed(case, "firmware_ids", reported, f"firmware_identity:{label}:not_listed")


def driver(case: Case, label: str) -> Finding:
    """The driver is one that may run."""
    if is_switch(label):
        return _A_SWITCH
    return _listed(case, "drivers", case.devices.found[label].report.driver, f"driver_not_allowed:{label}")


def vbios(case: Case, label: str) -> Finding:
    """The VBIOS is one that may run."""
    return _listed(case, "vbios", case.devices.found[label].report.vbios, f"vbios_not_allowed:{label}")


def manifest_dates(case: Case, label: str) -> Finding:
    """The signers of the manifests have not been expired for longer than the policy takes."""
    days, wanted = case.policy.gpu.rim_expired_days, case.policy.gpu.golden
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    if isinstance(days, Unchecked):
        return NotChecked(f"unchecked_by_policy:{days.reason}")
    late = [one for one in _golden(case, label) if case.now > one.expires + days * DAY]
    return tuple(f"rim_expired:{label}:{one.version}" for one in late)


def measurements(case: Case, label: str) -> Finding:
    """Every measurement that a manifest of this device names is one of the hashes that it allows there."""
    wanted = case.policy.gpu.golden
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    one = case.devices.found[label]
    manifests = _golden(case, label)
    described = {manifest.version for manifest in manifests if manifest.values}
    missing = [part for part, version in _parts(one).items() if version not in described]
    if missing:
        return tuple(f"rim_missing:{label}:{part}" for part in missing)
    indexes = [index for manifest in manifests for index in manifest.values]
    conflicts = sorted({int(index) for index in indexes if indexes.count(index) > 1})
    if conflicts:
        return tuple(f"rim_conflict:{label}:{index}" for index in conflicts)
    allowed = {int(index): hashes for manifest in manifests for index, hashes in manifest.values.items()}
    if one.report.opaque.get(spdm.NVDEC0) == SWITCHED_OFF:
        allowed.pop(ENGINE, None)
    found = one.report.measurements
    wrong = [index for index, hashes in sorted(allowed.items()) if found.get(index) not in hashes]
    return tuple(f"rim_mismatch:{label}:{index}" for index in wrong)


def _parts(one: Device) -> dict[str, str | None]:
    """Return the parts of a device that a manifest must describe, and their versions."""
    vbios_version = {"vbios": one.report.vbios}
    return vbios_version if one.report.is_switch else {"driver": one.report.driver, **vbios_version}


def _golden(case: Case, label: str) -> tuple[Golden, ...]:
    """Return the golden values for this device; none where no release was given."""
    release = getattr(case, "release", None)
    section = release.platforms.gpu if release is not None else None
    one = case.devices.found[label]
    versions = _parts(one).values()
    described = (golden for golden in (section.golden if section else ()) if golden.device == one.kind)
    wanted = case.policy.gpu.golden
    rims = wanted if isinstance(wanted, tuple) else None
    return tuple(golden for golden in described if golden.version in versions and (rims is None or golden.rim in rims))


def _listed(case: Case, field: str, value: object, reason: str) -> Finding:
    wanted = getattr(case.policy.gpu, field)
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    if wanted == "from_release":
        section = case.release.platforms.gpu
        wanted = () if section is None else getattr(section, field)
    return fails(value not in wanted, reason)


CHECKS: Final[Mapping[str, DeviceRun]] = {
    "device_nonce": nonce,
    "device_role": role,
    "device_kind": kind,
    "device_firmware": firmware,
    "device_firmware_listed": firmware_listed,
    "device_driver": driver,
    "device_vbios": vbios,
    "device_manifest_dates": manifest_dates,
    "device_measurements": measurements,
}
