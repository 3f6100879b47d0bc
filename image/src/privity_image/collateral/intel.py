"""Intel Provisioning Certification Service, version 4: one `dcap-collateral` item from four answers and one more host.

Source: Intel PCS API documentation, version 4; issuer chains come URL-encoded in response headers.
"""

import json
import re
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from privity_protocol import cbor

from privity_image.collateral import certificates
from privity_image.collateral.download import Answer, Download
from privity_image.collateral.item import Item, Period
from privity_image.collateral.subject import Dcap
from privity_image.errors import Failed

LIMIT: Final = 48 * 1024
"""Bytes of one answer; all together must fit the item's limit of 64 KiB."""
_QE_ID: Final = {"tdx": "TD_QE", "sgx": "QE"}
_TCB_ID: Final = {"tdx": "TDX", "sgx": "SGX"}


async def collateral(
    download: Download, subject: Dcap, *, service: str, certificates_at: str, pins: frozenset[bytes], max_age: int
) -> Item:
    """Return the item for one platform; `max_age` (seconds) is how old clients let Intel's JSON become.

    Raises Failed.
    """
    base = f"{service}/{subject.tee}/certification/v4"
    tcb = await download.get(f"{base}/tcb?fmspc={subject.fmspc.hex()}&update=early", limit=LIMIT)
    identity = await download.get(f"{base}/qe/identity?update=early", limit=LIMIT)
    lists = f"{service}/sgx/certification/v4/pckcrl?ca={subject.authority}&encoding=der"
    pck_crl = await download.get(lists, limit=LIMIT)
    root_crl = await download.get(f"{certificates_at}/IntelSGXRootCA.der", limit=LIMIT)

    tcb_chain = issuer_chain(tcb, ("tcb-info-issuer-chain", "sgx-tcb-info-issuer-chain"), pins)
    identity_chain = issuer_chain(identity, ("sgx-enclave-identity-issuer-chain",), pins)
    crl_chain = issuer_chain(pck_crl, ("sgx-pck-crl-issuer-chain",), pins)
    tcb_text, tcb_signature = signed_part(tcb.body, "tcbInfo", tcb_chain[0])
    identity_text, identity_signature = signed_part(identity.body, "enclaveIdentity", identity_chain[0])
    members: dict[cbor.Key, cbor.Value] = {
        "pck_crl_issuer_chain": [certificates.der_of(one) for one in crl_chain],
        "root_ca_crl": root_crl.body,
        "pck_crl": pck_crl.body,
        "tcb_info_issuer_chain": [certificates.der_of(one) for one in tcb_chain],
        "tcb_info": tcb_text.decode(),
        "tcb_info_signature": tcb_signature,
        "qe_identity_issuer_chain": [certificates.der_of(one) for one in identity_chain],
        "qe_identity": identity_text.decode(),
        "qe_identity_signature": identity_signature,
    }
    periods = [
        *_described("tcb_info", tcb_text, {"id": _TCB_ID[subject.tee], "fmspc": subject.fmspc.hex()}, max_age),
        *_described("qe_identity", identity_text, {"id": _QE_ID[subject.tee]}, max_age),
        _listed(pck_crl.body, crl_chain[0], "pck_crl"),
        _listed(root_crl.body, crl_chain[-1], "root_ca_crl"),
    ]
    for name, path in (("tcb_info", tcb_chain), ("qe_identity", identity_chain), ("pck_crl", crl_chain)):
        periods += [certificates.period(one, f"{name} issuer {place}") for place, one in enumerate(path)]
    return Item("dcap-collateral", cbor.encode(members), tuple(periods))


def issuer_chain(answer: Answer, headers: tuple[str, ...], pins: frozenset[bytes]) -> list[x509.Certificate]:
    """Return the checked issuer chain that came with an answer, leaf first. Raises Failed."""
    text = next((answer.headers[name] for name in headers if name in answer.headers), None)
    if text is None:
        raise Failed("malformed", f"an answer of Intel's service without the header {headers[0]}")
    path = certificates.chain(unquote(text).encode(), headers[0])
    certificates.check_chain(path, pins, headers[0])
    return path


def signed_part(body: bytes, name: str, signer: x509.Certificate) -> tuple[bytes, bytes]:
    """Return the exact signed JSON text and its 64-byte signature from `{"NAME":…,"signature":"…"}`. Raises Failed.

    The text is cut out, never serialised anew: the signature is over Intel's very bytes.
    """
    shape = rb'\s*\{\s*"%s"\s*:\s*(\{.*\})\s*,\s*"signature"\s*:\s*"([0-9a-fA-F]{128})"\s*\}\s*' % name.encode()
    found = re.fullmatch(shape, body, re.DOTALL)
    key = signer.public_key()
    if found is None or not isinstance(key, EllipticCurvePublicKey):
        raise Failed("malformed", f"not a signed {name}")
    text, signature = found[1], bytes.fromhex(found[2].decode())
    if not text.isascii():
        raise Failed("malformed", f"{name} is not ASCII")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        key.verify(encode_dss_signature(r, s), text, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise Failed("signature", name) from error
    return text, signature


def _described(what: str, text: bytes, expected: dict[str, str], max_age: int) -> tuple[Period, ...]:
    try:
        value = json.loads(text)
        issued, until = _moment(value["issueDate"]), _moment(value["nextUpdate"])
        named = {name: str(value[name]) for name in expected}
    except (ValueError, KeyError, TypeError) as error:
        raise Failed("malformed", what) from error
    if {name: one.lower() for name, one in named.items()} != {name: one.lower() for name, one in expected.items()}:
        raise Failed("mismatch", f"{what} is about {named}, asked was {expected}")
    age = (Period(f"{what} age", issued, issued + max_age, "policy"),) if max_age else ()
    return (Period(what, issued, until), *age)


def _moment(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def _listed(data: bytes, issuer: x509.Certificate, what: str) -> Period:
    found = certificates.revocations(data, what)
    certificates.check_revocations(found, issuer, what)
    return certificates.list_period(found, what)
