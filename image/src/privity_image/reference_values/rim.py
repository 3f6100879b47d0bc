"""NVIDIA reference integrity manifests: XML signature, signer's chain to the pinned root, golden measurements.

A manifest is a TCG SWID tag with an enveloped XML signature (ECDSA P-384, SHA-384) and its signer's chain inside. XML
signatures stay out of clients; this runs once, at the operator's, and its result goes into the logged release.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from privity_image.collateral.certificates import pin_of

MAX_BYTES: Final = 512 * 1024
MAX_RECORDS: Final = 256
BLOCKS: Final = 64  # SPDM measurement blocks; records above say something of the device's opaque data
MAX_CERTIFICATES: Final = 8
HASH_BYTES: Final = 48
REASONS: Final = ("malformed", "rim_signature", "rim_chain")
_SWID: Final = "{http://standards.iso.org/iso/19770/-2/2015/schema.xsd}"
_DSIG: Final = "{http://www.w3.org/2000/09/xmldsig#}"
_HASH: Final = "{http://www.w3.org/2001/04/xmlenc#sha384}Hash"
_FALSE, _TRUE = "False", "True"


class RimRefused(Exception):
    """A manifest is not NVIDIA's or not a manifest; `reasons` are of REASONS, each with a detail after a colon."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__(", ".join(reasons))


@dataclass(frozen=True, slots=True)
class Rim:
    """A genuine manifest. `values` maps SPDM measurement index (from 1) to the hashes that may stand there.

    `digest` is SHA-256 of the XML file; the signer's chain holds from `valid_from` until `valid_until` (Unix seconds).
    Whether it has expired is for policy to judge: signers live two years, devices longer. `unread` names records that
    are no golden hashes (lowest security versions, say): a genuine manifest may have them, a release cannot say them.
    """

    digest: bytes
    product: str
    edition: str
    version: str
    values: dict[int, tuple[bytes, ...]]
    unread: tuple[str, ...]
    valid_from: int
    valid_until: int

    def expiry(self, now: int) -> str | None:
        """Return `rim_expired` when the signer's chain does not hold at `now`, else None."""
        return None if self.valid_from <= now < self.valid_until else "rim_expired"


def verify(xml: bytes, *, pins: frozenset[bytes]) -> Rim:
    """Return the manifest that NVIDIA signed; dates are returned, not judged. Raises RimRefused with every failure."""
    root = _parse(xml)
    path = _chain(root)
    reasons = _chain_faults(path, pins)
    try:
        signed = _signed(xml, path[0])
    except _NotSigned as error:
        raise RimRefused(f"rim_signature:{error}", *reasons) from error
    if reasons:
        raise RimRefused(*reasons)
    meta = _meta(signed)
    values, unread = _values(signed)
    return Rim(
        digest=sha256(xml).digest(),
        product=meta["product"],
        edition=meta["edition"],
        version=meta["colloquialVersion"],
        values=values,
        unread=unread,
        valid_from=max(_unix(one.not_valid_before_utc) for one in path),
        valid_until=min(_unix(one.not_valid_after_utc) for one in path),
    )


class _NotSigned(Exception):
    pass


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
    )


def _parse(xml: bytes) -> etree._Element:
    # A document type is refused before parsing: entities live there, and no manifest has one. Without NUL bytes
    # the text cannot be in an encoding that would hide one.
    if len(xml) > MAX_BYTES or b"\0" in xml or b"<!" in xml.replace(b"<!--", b""):
        raise RimRefused("malformed:document type, encoding or size")
    try:
        root = etree.fromstring(xml, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        raise RimRefused("malformed:not XML") from error
    if len(root.findall(f"{_DSIG}Signature")) != 1:
        raise RimRefused("malformed:signatures")
    if root.tag != f"{_SWID}SoftwareIdentity":
        raise RimRefused("malformed:not a SWID tag")
    return root


def _chain(root: etree._Element) -> list[x509.Certificate]:
    place = f"{_DSIG}Signature/{_DSIG}KeyInfo/{_DSIG}X509Data/{_DSIG}X509Certificate"
    texts = [one.text or "" for one in root.findall(place)]
    if not 2 <= len(texts) <= MAX_CERTIFICATES:
        raise RimRefused("malformed:certificates")
    try:
        ders = [base64.b64decode("".join(text.split()), validate=True) for text in texts]
        return [x509.load_der_x509_certificate(one) for one in ders]
    except (ValueError, binascii.Error) as error:
        raise RimRefused("malformed:certificates") from error


def _chain_faults(path: list[x509.Certificate], pins: frozenset[bytes]) -> tuple[str, ...]:
    for place, below in enumerate(path):
        issuer = path[min(place + 1, len(path) - 1)]
        try:
            below.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return (f"rim_chain:{place}",)
        if not _may_sign(below, place):
            return (f"rim_chain:{place}",)
    return () if pin_of(path[-1]) in pins else ("rim_chain:root",)


def _may_sign(one: x509.Certificate, place: int) -> bool:
    """The leaf signs data and nothing else; `place` − 1 certificates of authorities lie below an issuer."""
    try:
        basic = one.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = one.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    if place == 0:
        return not basic.ca and usage.digital_signature
    return basic.ca and usage.key_cert_sign and (basic.path_length is None or basic.path_length >= place - 1)


def _signed(xml: bytes, signer: x509.Certificate) -> etree._Element:
    """Return what the signature covers, parsed anew, so that nothing unsigned is ever read."""
    expected = SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset({SignatureMethod.ECDSA_SHA384}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA384}),
        verification_time=signer.not_valid_before_utc,  # dates are the caller's
    )
    try:
        result = XMLVerifier().verify(xml, x509_cert=signer, parser=_parser(), expect_config=expected)
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, AttributeError) as error:
        raise _NotSigned("value") from error
    if isinstance(result, list) or result.signed_xml is None:
        raise _NotSigned("reference")
    if result.signed_xml.tag != f"{_SWID}SoftwareIdentity":
        raise _NotSigned("reference")
    return result.signed_xml


def _meta(signed: etree._Element) -> dict[str, str]:
    found = signed.findall(f"{_SWID}Meta")
    names = ("product", "edition", "colloquialVersion")
    if len(found) != 1 or any(not 0 < len(found[0].get(name, "")) <= 64 for name in names):
        raise RimRefused("malformed:meta")
    return {name: str(found[0].get(name)) for name in names}


def _values(signed: etree._Element) -> tuple[dict[int, tuple[bytes, ...]], tuple[str, ...]]:
    payloads = signed.findall(f"{_SWID}Payload")
    records = list(payloads[0]) if len(payloads) == 1 else []
    if not 1 <= len(records) <= MAX_RECORDS:
        raise RimRefused("malformed:payload")
    values: dict[int, tuple[bytes, ...]] = {}
    unread: list[str] = []
    seen: set[int] = set()
    for record in records:
        if record.tag != f"{_SWID}Resource":
            raise RimRefused("malformed:record")
        index, active = _number(record, "index", 999), record.get("active")
        if index in seen:
            raise RimRefused(f"malformed:record {index}")
        seen.add(index)
        if index >= BLOCKS or record.get("type") != "Measurement":
            unread.append(str(record.get("name", index))[:64])
            continue
        if active not in (_FALSE, _TRUE) or record.get("size") != str(HASH_BYTES):
            raise RimRefused(f"malformed:record {index}")
        if active == _TRUE:
            # Devices count their measurement blocks from 1, manifests from 0.
            values[index + 1] = _hashes(record, index)
    return values, tuple(unread)


def _hashes(record: etree._Element, index: int) -> tuple[bytes, ...]:
    count = _number(record, "alternatives", BLOCKS)
    texts = [record.get(f"{_HASH}{place}", "") for place in range(count)]
    extra = sum(str(name).startswith(_HASH) for name in record.attrib) - count
    try:
        hashes = tuple(bytes.fromhex(text) for text in texts)
    except ValueError as error:
        raise RimRefused(f"malformed:record {index}") from error
    if count < 1 or extra or any(len(one) != HASH_BYTES for one in hashes):
        raise RimRefused(f"malformed:record {index}")
    return hashes


def _number(record: etree._Element, name: str, most: int) -> int:
    text = record.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 3 and int(text) <= most):
        raise RimRefused(f"malformed:{name}")
    return int(text)


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
