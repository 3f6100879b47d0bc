"""AMD Key Distribution Service: the chip's certificate, its issuers and the revocation list.

Source: AMD publication 57230, VCEK Certificate and KDS Interface Specification.
"""

from typing import Final

from cryptography import x509
from privity_attest import der
from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_image.collateral import certificates
from privity_image.collateral.download import Download
from privity_image.collateral.item import Item
from privity_image.collateral.subject import SevSnp
from privity_image.errors import Failed

LIMITS: Final = {"snp-leaf": 4 * 1024, "snp-issuers": 8 * 1024, "snp-crl": 16 * 1024}
_QUERY: Final = {"bootloader": "blSPL", "tee": "teeSPL", "snp": "snpSPL", "microcode": "ucodeSPL", "fmc": "fmcSPL"}
_ARC: Final = "1.3.6.1.4.1.3704.1.3"
_OIDS: Final = {"bootloader": 1, "tee": 2, "snp": 3, "microcode": 8, "fmc": 9}
_HWID: Final = x509.ObjectIdentifier("1.3.6.1.4.1.3704.1.4")


def leaf_address(service: str, subject: SevSnp) -> str:
    """Return where KDS serves the VCEK of `subject`. Raises Failed `configuration`."""
    turin = subject.product == "Turin"
    wanted = {"bootloader", "tee", "snp", "microcode"} | ({"fmc"} if turin else set())
    if subject.tcb.keys() != wanted or len(subject.chip_id) != (8 if turin else 64):
        raise Failed("configuration", f"{subject.product} needs {sorted(wanted)} and {8 if turin else 64} id bytes")
    names = ["fmc", "bootloader", "tee", "snp", "microcode"]
    query = "&".join(f"{_QUERY[name]}={subject.tcb[name]:02d}" for name in names if name in wanted)
    return f"{service}/vcek/v1/{subject.product}/{subject.chip_id.hex()}?{query}"


async def issuers(download: Download, subject: SevSnp, *, service: str, pins: frozenset[bytes]) -> Item:
    """Return the item `snp-issuers`: ASK (for VLEK: ASVK) and ARK. Raises Failed."""
    kind = "vlek" if subject.vlek else "vcek"
    address = f"{service}/{kind}/v1/{subject.product}/cert_chain"
    answer = await download.get(address, limit=LIMITS["snp-issuers"])
    path = certificates.chain(answer.body, "snp-issuers")
    return checked_issuers(cbor.encode([certificates.der_of(one) for one in path]), subject, pins)


def checked_issuers(data: bytes, subject: SevSnp, pins: frozenset[bytes]) -> Item:
    """Return the item if it holds a signing key of the wanted kind below the product's pinned root. Raises Failed."""
    signing, root = issuer_pair(data)
    certificates.check_chain([signing, root], pins, "snp-issuers")
    if ("VLEK" in signing.subject.rfc4514_string()) != (subject.vlek is not None):
        raise Failed("mismatch", "snp-issuers: ASK and ASVK differ")
    periods = (certificates.period(signing, "snp signing key"), certificates.period(root, "snp root key"))
    return Item("snp-issuers", data, periods)


def issuer_pair(data: bytes) -> tuple[x509.Certificate, x509.Certificate]:
    """Return the two certificates of a `snp-issuers` item, unchecked. Raises Failed `malformed`."""
    try:
        match cbor.decode(data):
            case [bytes(signing), bytes(root)]:
                return certificates.certificate(signing, "snp-issuers"), certificates.certificate(root, "snp-issuers")
    except Malformed as error:
        raise Failed("malformed", "snp-issuers") from error
    raise Failed("malformed", "snp-issuers: two certificates are due")


async def leaf(download: Download, subject: SevSnp, issuer: x509.Certificate, *, service: str) -> Item:
    """Return the item `snp-leaf`, checked against its issuer, the chip and its firmware levels. Raises Failed."""
    if subject.vlek is not None:
        one = certificates.certificate(subject.vlek, "VLEK")
        certificates.check_issued(one, issuer, "VLEK")
        return Item("snp-leaf", subject.vlek, (certificates.period(one, "VLEK"),))
    answer = await download.get(leaf_address(service, subject), limit=LIMITS["snp-leaf"])
    return checked_leaf(answer.body, subject, issuer)


def checked_leaf(data: bytes, subject: SevSnp, issuer: x509.Certificate) -> Item:
    """Return the item of a VCEK if it is this chip's at these firmware levels. Raises Failed."""
    one = certificates.certificate(data, "VCEK")
    certificates.check_issued(one, issuer, "VCEK")
    if _extension(one, _HWID) != subject.chip_id:
        raise Failed("mismatch", "VCEK of another chip")
    for name, level in subject.tcb.items():
        if _level(one, name) != level:
            raise Failed("mismatch", f"VCEK of another firmware level: {name}")
    return Item("snp-leaf", data, (certificates.period(one, "VCEK"),))


async def revocations(download: Download, subject: SevSnp, root: x509.Certificate, *, service: str) -> Item:
    """Return the item `snp-crl`, which the root key signs. Raises Failed."""
    kind = "vlek" if subject.vlek else "vcek"
    answer = await download.get(f"{service}/{kind}/v1/{subject.product}/crl", limit=LIMITS["snp-crl"])
    found = certificates.revocations(answer.body, "snp-crl")
    certificates.check_revocations(found, root, "snp-crl")
    return Item("snp-crl", answer.body, (certificates.list_period(found, "snp-crl"),))


def _extension(one: x509.Certificate, oid: x509.ObjectIdentifier) -> bytes:
    try:
        return one.extensions.get_extension_for_oid(oid).value.public_bytes()
    except (x509.ExtensionNotFound, ValueError) as error:
        raise Failed("mismatch", f"VCEK without extension {oid.dotted_string}") from error


def _level(one: x509.Certificate, name: str) -> int:
    try:
        return der.integer(der.decode(_extension(one, x509.ObjectIdentifier(f"{_ARC}.{_OIDS[name]}"))))
    except der.DerError as error:
        raise Failed("malformed", f"VCEK: {name}") from error
