"""Quotes, reports, documents and tokens of hardware: recognised, read, and judged with what lies beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from privity_attest import cose, evidence_files, measured_boot
from privity_attest.arm import pinned
from privity_attest.cca import token as cca
from privity_attest.dcap import quote
from privity_attest.dcap.body import SgxReport
from privity_attest.item import appraise_item
from privity_attest.item_policy import item_policy
from privity_attest.nitro import document
from privity_attest.nvidia import spdm
from privity_attest.psa import token as psa
from privity_attest.sev_snp import report

from privity_client.inspection import bits
from privity_client.inspection.found import Found, Shown, said

_SIGNED: Final = frozenset({"signed", "signature"})


@dataclass(frozen=True)
class Beside:
    """Files beside the evidence by role (`collateral`, `leaf`, `chain`, `crl`, `key`), and the time to judge at (Unix
    seconds)."""

    files: Mapping[str, bytes]
    now: int


def dcap_quote(data: bytes, beside: Beside) -> Found:
    """Read an Intel quote. Raises QuoteError."""
    read = quote.decode(data)
    says: dict[str, Shown] = {"quote version": read.version, **said(read.body)}
    if isinstance(read.body, SgxReport):
        return _judged("Intel SGX quote", says, "sgx", {"quote": data}, beside, ("collateral",))
    attributes = int.from_bytes(read.body.tdattributes, "little")
    says["td attributes in words"] = bits.words(attributes, bits.TD_ATTRIBUTES)
    return _judged("Intel TDX quote", says, "tdx", {"quote": data}, beside, ("collateral",))


def snp_report(data: bytes, beside: Beside) -> Found:
    """Read an AMD report. Raises ReportError."""
    read = report.decode(data)
    says = said(read, without=_SIGNED)
    says["policy in words"] = bits.words(read.policy >> 16 << 16, bits.GUEST_POLICY)
    says["platform info in words"] = bits.words(read.platform_info, bits.PLATFORM_INFO)
    return _judged("AMD SEV-SNP report", says, "sev-snp", {"report": data}, beside, ("leaf", "chain"))


def nitro_document(data: bytes, beside: Beside) -> Found:
    """Read an AWS document. Raises CoseError, Malformed."""
    read = document.decode(cose.decode(data, tagged=True).payload)
    says = said(read, without=frozenset({"certificate", "cabundle"}))
    return _judged("AWS Nitro attestation document", says, "nitro", {"document": data}, beside, ())


def psa_token(data: bytes, beside: Beside) -> Found:
    """Read an Arm PSA token. Raises CoseError, Malformed."""
    read = psa.decode(pinned.sign1(data).payload)
    return _judged("Arm PSA token", said(read), "psa", {"token": data}, beside, ("key",))


def cca_token(data: bytes, beside: Beside) -> Found:
    """Read an Arm CCA token. Raises CoseError, Malformed."""
    platform, realm = cca.parts(data)
    of_platform, of_realm = cca.platform(pinned.sign1(platform).payload), cca.realm(pinned.sign1(realm).payload)
    says = {f"platform {name}": one for name, one in said(of_platform).items()}
    says |= {f"realm {name}": one for name, one in said(of_realm, without=frozenset({"key"})).items()}
    return _judged("Arm CCA token", says, "cca", {"token": data}, beside, ("key",))


def device_evidence(data: bytes, beside: Beside) -> Found:
    """Read NVIDIA evidence. Raises SpdmError."""
    read = spdm.decode(data)
    says = said(read, without=_SIGNED)
    tee = "nvidia-switch" if read.is_switch else "nvidia-gpu"
    return _judged("NVIDIA device evidence", says, tee, {"evidence": data}, beside, ("chain",))


def boot_log(data: bytes, _beside: Beside) -> Found:
    """Read a TCG event log and replay it. Raises BootLogError."""
    for bank, registers in ((measured_boot.SHA384, "RTMR"), (measured_boot.SHA256, "PCR")):
        try:
            events = measured_boot.decode(data, bank)
        except measured_boot.BootLogError:
            continue
        offset = 1 if registers == "RTMR" else 0
        replayed = {
            "MRTD" if index < offset else f"{registers} {index - offset}": value.hex()
            for index, value in sorted(measured_boot.replay(events, bank).items())
        }
        says: dict[str, Shown] = {"events": len(events), **replayed}
        note = "A log proves nothing: compare its registers with those of a quote."
        return Found("boot event log", says, notes=(note,))
    raise measured_boot.BootLogError("no known bank")


Reader = Callable[[bytes, Beside], Found]
READERS: Final[tuple[Reader, ...]] = (
    snp_report,
    dcap_quote,
    nitro_document,
    psa_token,
    cca_token,
    device_evidence,
    boot_log,
)


def _judged(
    what: str, says: dict[str, Shown], tee: str, own: Mapping[str, bytes], beside: Beside, due: tuple[str, ...]
) -> Found:
    missing = tuple(role for role in due if role not in beside.files)
    if missing:
        names = " and ".join(f"--{role} FILE" for role in missing)
        return Found(what, says, notes=(f"Nothing of this is proven: to judge it, give {names}.",))
    items = evidence_files.items_of(tee, {**beside.files, **own})
    keys = (evidence_files.public_key(beside.files["key"]).hex(),) if "key" in due else ()
    record = appraise_item(items, now=beside.now, policy=item_policy(beside.now, keys=keys), release=None)
    return Found(what, says, record)
