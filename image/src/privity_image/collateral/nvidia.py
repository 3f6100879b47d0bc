"""NVIDIA: OCSP answers for device chains (RFC 6960) and reference integrity manifests (RIM) by their id.

Source: NVIDIA OCSP service and RIM service API documentation.
"""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID
from privity_protocol import cbor

from privity_image.collateral import certificates
from privity_image.collateral.download import Download
from privity_image.collateral.item import Item, Period
from privity_image.errors import Failed

OCSP_LIMIT: Final = 8 * 1024
RIM_LIMIT: Final = 512 * 1024
ITEM_LIMIT: Final = 64 * 1024
RIM_ID: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}"


async def statuses(
    download: Download,
    chains: Sequence[Sequence[x509.Certificate]],
    *,
    service: str,
    pins: frozenset[bytes],
    max_age: int,
) -> Item:
    """Return the item `nvidia-ocsp`: one answer per certificate between leaf and root, each asked once.

    The leaf is made by the device itself and no responder knows it. Raises Failed.
    """
    responses: dict[tuple[bytes, int], bytes] = {}
    periods: list[Period] = []
    notes: list[str] = []
    for path in chains:
        certificates.check_chain(path, pins, "device chain")
        for subject, issuer in pairwise(path[1:]):
            key = certificates.pin_of(issuer), subject.serial_number
            if key in responses:
                continue
            responses[key], period, note = await _status(download, subject, issuer, service=service, max_age=max_age)
            periods += period
            notes += note
    data = cbor.encode(list(responses.values()))
    if len(data) > ITEM_LIMIT:
        raise Failed("too_large", f"nvidia-ocsp: {len(data)} bytes for {len(responses)} answers")
    return Item("nvidia-ocsp", data, tuple(periods), tuple(notes))


async def _status(
    download: Download, subject: x509.Certificate, issuer: x509.Certificate, *, service: str, max_age: int
) -> tuple[bytes, list[Period], list[str]]:
    request = ocsp.OCSPRequestBuilder().add_certificate(subject, issuer, SHA384()).build()
    body = request.public_bytes(Encoding.DER)
    answer = await download.post(service, body, content_type="application/ocsp-request", limit=OCSP_LIMIT)
    name = f"OCSP {subject.subject.rfc4514_string()[:64]}"
    try:
        response = ocsp.load_der_ocsp_response(answer.body)
    except ValueError as error:
        raise Failed("malformed", f"{name}: not an OCSP answer") from error
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise Failed("status", f"{name}: {response.response_status.name.lower()}")
    signer = _check_answer(response, request, issuer, name)
    if response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
        raise Failed("ocsp_unknown", name)
    since, until = response.this_update_utc, response.next_update_utc
    if until is None:
        raise Failed("malformed", f"{name}: no next update")
    issued = int(since.timestamp())
    periods = [Period(name, issued, int(until.timestamp()))]
    if signer is not issuer:
        periods.append(certificates.period(signer, f"{name} responder"))
    if max_age:
        periods.append(Period(f"{name} age", issued, issued + max_age, "policy"))
    # A revocation is stored all the same: keeping the older "good" would hide it.
    revoked = response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    return answer.body, periods, [f"{name}: revoked"] if revoked else []


def _check_answer(
    response: ocsp.OCSPResponse, request: ocsp.OCSPRequest, issuer: x509.Certificate, name: str
) -> x509.Certificate:
    """Check subject and signature of an answer; return who signed it. Raises Failed."""
    asked = request.issuer_name_hash, request.issuer_key_hash, request.serial_number
    told = response.issuer_name_hash, response.issuer_key_hash, response.serial_number
    if asked != told:
        raise Failed("mismatch", f"{name}: an answer about another certificate")
    algorithm = response.signature_hash_algorithm
    if algorithm is None:
        raise Failed("signature", f"{name}: unknown algorithm")
    signer = _responder(response, issuer, name)
    _check_signature(signer, response.signature, response.tbs_response_bytes, algorithm, name)
    return signer


def _responder(response: ocsp.OCSPResponse, issuer: x509.Certificate, name: str) -> x509.Certificate:
    """The issuer itself, or a certificate it made for answering (RFC 6960 section 4.2.2.2)."""
    if response.responder_name == issuer.subject:
        return issuer
    for one in response.certificates:
        try:
            usage = one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            one.verify_directly_issued_by(issuer)
        except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, TypeError, InvalidSignature):
            continue
        if ExtendedKeyUsageOID.OCSP_SIGNING in usage:
            return one
    # A responder that names itself by key hash and adds no certificate is the issuer.
    if not response.certificates:
        return issuer
    raise Failed("signature", f"{name}: a responder that the issuer did not authorise")


def _check_signature(
    signer: x509.Certificate, signature: bytes, signed: bytes, algorithm: HashAlgorithm, name: str
) -> None:
    key = signer.public_key()
    try:
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, signed, ECDSA(algorithm))
        elif isinstance(key, RSAPublicKey):
            key.verify(signature, signed, PKCS1v15(), algorithm)
        else:
            raise Failed("signature", f"{name}: unknown algorithm")
    except InvalidSignature as error:
        raise Failed("signature", name) from error


async def manifest(download: Download, rim_id: str, *, service: str) -> bytes:
    """Return the XML of the RIM with this id, whose signature is for `reference_values.rim` to check. Raises Failed."""
    if not re.fullmatch(RIM_ID, rim_id):
        raise Failed("configuration", f"not a RIM id: {rim_id[:64]!r}")
    answer = await download.get(f"{service}/v1/rim/{rim_id}", limit=RIM_LIMIT, accept="application/json")
    try:
        value = json.loads(answer.body)
        named, xml = value["id"], base64.b64decode(value["rim"], validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise Failed("malformed", f"{rim_id}: not an answer of the RIM service") from error
    if named != rim_id:
        raise Failed("mismatch", f"{rim_id}: the answer is {str(named)[:64]!r}")
    return xml
