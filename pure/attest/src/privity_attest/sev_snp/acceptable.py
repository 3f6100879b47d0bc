"""Stages 6 to 9 of SEV-SNP: does the policy want this processor, firmware, guest policy and measurement?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.schema import Unchecked
from privity_attest.sev_snp.endorsement import HWID, LAYOUTS, parts, product_of
from privity_attest.sev_snp.genuine import CRL, list_name
from privity_attest.sev_snp.report import VCEK, VLEK

MUST_BE_ONE: Final = 17
DEBUG: Final = 19
KNOWN_BITS: Final = 26
"""Guest policy bits from here on have no meaning in the ABI that this verifier was written for."""


def _unchecked(field: Unchecked) -> NotChecked:
    return NotChecked(f"unchecked_by_policy:{field.reason}")


def debug(case: Case) -> Finding:
    """A debug guest can be read by its host."""
    return fails(bool(case.snp_report.policy >> DEBUG & 1), "debug_enabled")


def generation(case: Case) -> Finding:
    """The product is wanted, and the processor that the report names is of it. Version 2 names none."""
    product, cpuid = case.endorsement.product, case.snp_report.cpuid
    return (
        *fails(product not in case.policy.snp.generations, f"generation:{product}"),
        *fails(cpuid is not None and product_of(cpuid[0], cpuid[1]) != product, "generation:cpuid"),
    )


def report_version(case: Case) -> Finding:
    """The report is recent enough to say what the policy asks."""
    least, found = case.policy.snp.min_report_version, case.snp_report.version
    if isinstance(least, Unchecked):
        return _unchecked(least)
    return fails(found < least, f"report_version:{found}")


def guest_policy(case: Case) -> Finding:
    """What the guest's owner allowed the host at launch; a bit that nobody knows might allow anything."""
    snp, bits = case.policy.snp, case.snp_report.policy
    must = {MUST_BE_ONE, *snp.policy_must}
    wrong = {bit for bit in must if not bits >> bit & 1}
    wrong |= {bit for bit in snp.policy_must_not if bits >> bit & 1}
    wrong |= {bit for bit in range(KNOWN_BITS, 64) if bits >> bit & 1}
    # Debug has its own reason.
    return tuple(f"guest_policy:{bit}" for bit in sorted(wrong - {DEBUG}))


def platform_info(case: Case) -> Finding:
    """What the platform must have done; bits that nobody asks about are ignored."""
    due = case.policy.snp.platform_info_must
    if isinstance(due, Unchecked):
        return _unchecked(due)
    return tuple(f"platform_info:{bit}" for bit in sorted(due) if not case.snp_report.platform_info >> bit & 1)


def platform_info_clear(case: Case) -> Finding:
    """What the platform must not have enabled."""
    never = case.policy.snp.platform_info_must_not
    if isinstance(never, Unchecked):
        return _unchecked(never)
    return tuple(f"platform_info:{bit}" for bit in sorted(never) if case.snp_report.platform_info >> bit & 1)


def vmpl(case: Case) -> Finding:
    """The report was asked for at a privilege level that the policy names."""
    level = case.snp_report.vmpl
    return fails(level not in case.policy.snp.vmpl, f"vmpl:{level}")


def signing_key(case: Case) -> Finding:
    """The key is of the sort that the report names and the policy allows."""
    sort = VCEK if case.endorsement.hwid is not None else VLEK
    return (
        *fails(case.snp_report.signing_key != sort, "signing_key:certificate"),
        *fails(sort == VLEK and not case.policy.snp.allow_vlek, "signing_key:vlek"),
    )


def id_key(case: Case) -> Finding:
    """The launch was signed by a key that the policy names."""
    keys = case.policy.snp.id_keys
    if isinstance(keys, Unchecked):
        return _unchecked(keys)
    return fails(case.snp_report.id_key_digest not in keys, "signing_key:id_key")


def author_key(case: Case) -> Finding:
    """The key that signed the launch was certified by an author whom the policy names."""
    keys = case.policy.snp.author_keys
    if isinstance(keys, Unchecked):
        return _unchecked(keys)
    known = case.snp_report.author_key_enabled and case.snp_report.author_key_digest in keys
    return fails(not known, "signing_key:author_key")


def chip_id(case: Case) -> Finding:
    """The report names the chip that the certificate is for, or masks it where the policy allows that."""
    named, hwid = case.snp_report.chip_id, case.endorsement.hwid
    if not any(named):
        return fails(not case.policy.snp.allow_masked_chip, "chip_id_mismatch:masked")
    if hwid is None:
        return NotChecked("not_applicable:loaded key is not a chip's")
    return fails(named != hwid.ljust(HWID, b"\0"), "chip_id_mismatch")


def tcb(case: Case) -> Finding:
    """The certificate is for the firmware that the report reports, reserved bytes included."""
    layout = LAYOUTS[case.endorsement.product]
    pairs = zip(layout, case.endorsement.tcb, case.snp_report.reported_tcb, strict=True)
    return tuple(f"tcb_mismatch:{name}" for name, certified, reported in pairs if certified != reported)


def tcb_floor(case: Case) -> Finding:
    """Reported, committed and launch firmware are new enough: AMD signs no status, so the policy's numbers decide."""
    floors, product = case.policy.snp.min_tcb, case.endorsement.product
    if isinstance(floors, Unchecked):
        return _unchecked(floors)
    if product not in floors:
        return (f"tcb_below_floor:{product}",)
    report = case.snp_report
    versions = (("reported", report.reported_tcb), ("committed", report.committed_tcb), ("launch", report.launch_tcb))
    return tuple(
        f"tcb_below_floor:{name}.{part}"
        for name, version in versions
        for part, least in sorted(floors[product].items())
        if parts(product, version).get(part, -1) < least
    )


def abi_floor(case: Case) -> Finding:
    """Current and committed firmware implement an ABI that is new enough."""
    floors, product = case.policy.snp.min_abi, case.endorsement.product
    if isinstance(floors, Unchecked):
        return _unchecked(floors)
    if product not in floors:
        return (f"tcb_below_floor:{product}",)
    report = case.snp_report
    versions = (("current", report.current_firmware), ("committed", report.committed_firmware))
    return tuple(f"tcb_below_floor:{name}.abi" for name, version in versions if version[:2] < floors[product])


def crl_rollback(case: Case) -> Finding:
    """The revocation list is no older than one that this client has seen."""
    if case.snp_crl is None or isinstance(case.policy.require_crl.sev_snp, Unchecked):
        return NotChecked("not_applicable:no_list")
    seen = case.memory.crl_numbers.get(list_name(case), 0)
    return fails(case.snp_crl.number < seen, f"collateral_rollback:{CRL}")


def measurement(case: Case) -> Finding:
    """The launch digest is one of the release, for one of its vCPU types and counts."""
    wanted, released = case.policy.snp.measurement, case.release.platforms.sev_snp
    if released is None:
        return ("measurement_mismatch:platform",)
    allowed = released.measurement if isinstance(wanted, str) else wanted
    return fails(case.snp_report.measurement not in allowed, "measurement_mismatch:measurement")


def host_data(case: Case) -> Finding:
    """What the host passed to the launch is what the release or the policy names."""
    wanted, released = case.policy.snp.host_data, case.release.platforms.sev_snp
    if isinstance(wanted, Unchecked):
        return _unchecked(wanted)
    if released is None:
        return ("measurement_mismatch:platform",)
    allowed = released.host_data if isinstance(wanted, str) else wanted
    return fails(case.snp_report.host_data not in allowed, "measurement_mismatch:host_data")


def runtime_register(case: Case) -> Finding:
    """There is none on SEV-SNP: the record says where the configuration is bound instead."""
    in_host_data = case.has("configuration") and (
        case.snp_report.host_data == sha256(case.item("configuration")).digest()
    )
    where = "host data and node document" if in_host_data else "node document only"
    return NotChecked(f"not_applicable:no runtime register; configuration in {where}")


CHECKS: Final[Mapping[str, Run]] = {
    "debug": debug,
    "generation": generation,
    "report_version": report_version,
    "guest_policy": guest_policy,
    "platform_info": platform_info,
    "platform_info_clear": platform_info_clear,
    "vmpl": vmpl,
    "signing_key": signing_key,
    "id_key": id_key,
    "author_key": author_key,
    "chip_id": chip_id,
    "tcb": tcb,
    "tcb_floor": tcb_floor,
    "abi_floor": abi_floor,
    "crl_rollback": crl_rollback,
    "measurement": measurement,
    "host_data": host_data,
    "runtime_register": runtime_register,
}
