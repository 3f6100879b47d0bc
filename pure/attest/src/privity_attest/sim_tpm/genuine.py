"""Stages 2 to 5 of a measured boot: did this TPM's key sign these registers, and was that key given explicitly?"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed

from privity_attest import measured_boot
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.measured_boot import SHA256, BootLogError
from privity_attest.signature import P256, SignatureInvalid, verify_raw
from privity_attest.sim_tpm import quote

BOOT_LOG: Final = "boot-log"


def quote_form(case: Case) -> Finding:
    """Parse the quote, its signature, key and registers."""
    try:
        case.tpm_quote = quote.decode(case.item("cpu"))
    except Malformed as error:
        return (f"{'trailing_data' if error.reason == 'trailing_data' else 'malformed'}:cpu",)
    case.report_data = case.tpm_quote.qualifying
    case.platform_id = sha256(case.tpm_quote.pin).digest()
    return ()


def boot_log_form(case: Case) -> Finding:
    """Parse the log that firmware, stub and boot loader left."""
    if case.bundle is None or not case.has(BOOT_LOG):
        return NotChecked("not_applicable:item")
    if case.bundle.items[BOOT_LOG].media_type != "tcg-log":
        return (f"malformed:{BOOT_LOG}",)
    try:
        case.boot_events = measured_boot.decode(case.item(BOOT_LOG), SHA256)
    except BootLogError:
        return (f"malformed:{BOOT_LOG}",)
    return ()


def root(case: Case) -> Finding:
    """The key was given explicitly. Where simulation is not allowed there is none to compare with."""
    if not case.policy.allow_simulated:
        return NotChecked("blocked_by:kind")
    return fails(case.tpm_quote.pin not in case.policy.trust_anchors.simulated, "root_not_pinned:cpu")


def revocation(case: Case) -> Finding:
    """A TPM's key of its own has no certificate, and so no list."""
    return NotChecked("not_applicable:no certificate")


def quote_signature(case: Case) -> Finding:
    """The key signed the quote, and what it signed is the digest of the registers beside it."""
    found = case.tpm_quote
    values = b"".join(found.registers.values())
    try:
        verify_raw(P256, found.key.point, found.attest, found.signature)
    except SignatureInvalid:
        return ("quote_signature:cpu",)
    return fails(sha256(values).digest() != found.digest, "quote_signature:registers")


CHECKS: Final[Mapping[str, Run]] = {
    "quote_form": quote_form,
    "boot_log_form": boot_log_form,
    "root": root,
    "revocation": revocation,
    "quote_signature": quote_signature,
}
