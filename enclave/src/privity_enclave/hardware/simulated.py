"""Evidence without hardware, so that everything above it runs everywhere: it proves nothing and says so.

Source: specs/simulated.md. The statement is signed under a development root whose key lies in a file beside the node;
whoever runs the machine can sign what they like. Clients refuse it unless told otherwise at each run.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID
from privity_protocol import cbor_writer
from privity_protocol.platform import Platform

from privity_enclave.hardware import HardwareFailed, Items

NOTICE: Final = "Test enclave. Whoever runs this server can read your messages."
ROOT, ROOT_KEY = "root.pem", "root-key.pem"
_LIFE: Final = timedelta(hours=12)  # beyond the two hours of a node document, within the day that verifiers admit
_PROTECTED: Final = cbor_writer.encode({1: -35})  # ES384, RFC 9053 section 2.1


class Simulated:
    """A pretended platform with three registers, under the development root in `root`.

    Raises HardwareFailed when the root cannot be read.
    """

    has_register = True

    def __init__(self, root: Path, *, code: bytes, closure: bytes) -> None:
        self._root, self._root_key = _load(root)
        self._registers: dict[cbor_writer.Key, cbor_writer.Value] = {0: code, 1: closure}
        self._runtime = bytes(48)
        self._key = ec.generate_private_key(ec.SECP384R1())
        spki = self._root.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.platform = Platform("simulated", hashlib.sha256(hashlib.sha256(spki).digest()).digest())

    def extend(self, event: bytes) -> None:
        """Extend register 3 as hardware does, by SHA-384 of the old value and the event's digest."""
        self._runtime = hashlib.sha384(self._runtime + hashlib.sha384(event).digest()).digest()

    def close(self) -> None:
        """Nothing is locked: whoever runs this could open it again."""

    def evidence(self, report_data: bytes) -> Items:
        """Return `cpu`: COSE_Sign1 (RFC 9052 section 4.2) over a map like that of a Nitro document."""
        leaf = _issue(self._key, self._root, self._root_key)
        payload = cbor_writer.encode(
            {
                "kind": "sim",
                "registers": self._registers | {3: self._runtime},
                "report_data": report_data,
                "debug": False,
                "certificate": _der(leaf),
                "cabundle": [_der(self._root)],
            }
        )
        to_sign = cbor_writer.encode(["Signature1", _PROTECTED, b"", payload])
        r, s = decode_dss_signature(self._key.sign(to_sign, ec.ECDSA(hashes.SHA384())))
        document = cbor_writer.encode([_PROTECTED, {}, payload, r.to_bytes(48) + s.to_bytes(48)])
        return {"cpu": ("sim-document", document)}


def _load(root: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate((root / ROOT).read_bytes())
        key = serialization.load_pem_private_key((root / ROOT_KEY).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise HardwareFailed("the development root cannot be read") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise HardwareFailed("the development root and its key do not belong together")
    return certificate, key


def _issue(
    key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.now(UTC).replace(microsecond=0)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=False, crl_sign=False, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Privity simulated platform")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA384())
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)
