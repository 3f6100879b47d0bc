"""Evidence as vendors and their tools hand it out, turned into the items of a bundle.

PEM chains, collateral as JSON with PEM and hexadecimal (the field names of dcap-qvl's QuoteCollateralV3), raw reports.
Nothing is believed here: a file of the wrong shape raises Malformed, everything else is the appraisal's business.
"""

import binascii
import json
import re
from collections.abc import Mapping
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

MAX_FILE: Final = 512 * 1024  # bytes of one file
_PEM: Final = re.compile(r"-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")
_PUBLIC_KEY: Final = re.compile(r"\s*-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]*)-----END PUBLIC KEY-----\s*")
_CHAINS: Final = ("pck_crl_issuer_chain", "tcb_info_issuer_chain", "qe_identity_issuer_chain")
_HEX: Final = ("root_ca_crl", "pck_crl", "tcb_info_signature", "qe_identity_signature")
_TEXTS: Final = ("tcb_info", "qe_identity")


def certificates(pem: bytes) -> tuple[bytes, ...]:
    """Return the DER of every certificate in `pem`, in order. Raises Malformed."""
    text = pem.decode("latin-1")
    try:
        return tuple(binascii.a2b_base64("".join(match[1].split())) for match in _PEM.finditer(text))
    except binascii.Error as error:
        raise Malformed("member_value", "PEM") from error


def dcap_collateral(text: bytes) -> bytes:
    """Return the item `dcap-collateral` of Intel collateral in JSON. Raises Malformed."""
    try:
        value = json.loads(text[:MAX_FILE])
    except (ValueError, RecursionError) as error:
        raise Malformed("member_value", "collateral is not JSON") from error
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in (*_CHAINS, *_HEX, *_TEXTS)):
        raise Malformed("member_type", "collateral")
    try:
        members: dict[cbor.Key, cbor.Value] = {name: bytes.fromhex(value[name]) for name in _HEX}
    except ValueError as error:
        raise Malformed("member_value", "collateral: hexadecimal") from error
    for name in _CHAINS:
        members[name] = list(certificates(value[name].encode("latin-1", "replace")))
    return cbor.encode({**members, **{name: value[name] for name in _TEXTS}})


def spdm(evidence: bytes, pem: bytes) -> bytes:
    """Return an item `nvidia-spdm+cbor`: `evidence` and its chain, leaf first."""
    return cbor.encode([evidence, list(certificates(pem))])


def issuers(pem: bytes) -> bytes:
    """Return an item `certificates+cbor`."""
    return cbor.encode(list(certificates(pem)))


def public_key(pem: bytes) -> bytes:
    """Return the SubjectPublicKeyInfo of a PEM public key. Raises Malformed."""
    match = _PUBLIC_KEY.fullmatch(pem.decode("latin-1"))
    if match is None:
        raise Malformed("member_value", "PEM public key")
    try:
        return binascii.a2b_base64("".join(match[1].split()))
    except binascii.Error as error:
        raise Malformed("member_value", "PEM public key") from error


def tpm_quote(files: Mapping[str, bytes]) -> bytes:
    """Return an item `sim-tpm-quote+cbor` of a quote, its signature, its key (PEM) and its registers (JSON).

    Raises Malformed, KeyError for a role that is missing.
    """
    try:
        value = json.loads(files["pcrs"][:MAX_FILE])
        registers: dict[cbor.Key, cbor.Value] = {int(index): bytes.fromhex(one) for index, one in value.items()}
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Malformed("member_value", "registers") from error
    return cbor.encode([files["quote"], files["signature"], public_key(files["ak"]), registers])


_CPU: Final[Mapping[str, tuple[str, str]]] = {
    "tdx": ("quote", "tdx-quote"),
    "sgx": ("quote", "sgx-quote"),
    "sev-snp": ("report", "snp-report"),
    "nitro": ("document", "nitro-document"),
    "psa": ("token", "psa-token"),
    "cca": ("token", "cca-token"),
}


def items_of(tee: str, files: Mapping[str, bytes]) -> dict[str, tuple[str, bytes]]:
    """Return the bundle items of one case: `tee` and its files by role, as the shared vectors name them.

    Raises Malformed, KeyError for a role that is missing.
    """
    if tee in ("nvidia-gpu", "nvidia-switch"):
        label = "gpu-0" if tee == "nvidia-gpu" else "switch-0"
        return {label: ("nvidia-spdm+cbor", spdm(files["evidence"], files["chain"]))}
    if tee == "sim-tpm":
        return {"cpu": ("sim-tpm-quote+cbor", tpm_quote(files)), "boot-log": ("tcg-log", files["eventlog"])}
    role, media_type = _CPU[tee]
    items = {"cpu": (media_type, files[role])}
    if "collateral" in files:
        items["dcap-collateral"] = ("dcap-collateral+cbor", dcap_collateral(files["collateral"]))
    if tee == "sev-snp":
        items["snp-leaf"] = ("certificate", files["leaf"])
        items["snp-issuers"] = ("certificates+cbor", issuers(files["chain"]))
        if "crl" in files:
            items["snp-crl"] = ("crl", files["crl"])
    if "ccel" in files:
        items["boot-log"] = ("ccel", files["ccel"])
    return items
