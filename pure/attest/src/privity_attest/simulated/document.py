"""The simulated attestation document: a COSE_Sign1 like Nitro's. Source: specs/simulated.md."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest import x509
from privity_attest.der import DerError

CODE, CLOSURE, RUNTIME = 0, 1, 3
REGISTERS: Final = (CODE, CLOSURE, RUNTIME)
MAX_ISSUERS: Final = 3
_KEYS = {"kind", "registers", "report_data", "debug", "certificate", "cabundle"}


@dataclass(frozen=True, slots=True)
class SimDocument:
    """The payload: registers of 48 bytes, 64 bytes of report data, leaf certificate, issuers with the root first."""

    registers: Mapping[int, bytes]
    report_data: bytes
    debug: bool
    certificate: bytes
    cabundle: tuple[bytes, ...]


def decode(payload: bytes) -> SimDocument:
    """Return the document in the COSE payload. Raises Malformed."""
    match cbor.decode(payload):
        case {
            "kind": "sim",
            "registers": dict() as registers,
            "report_data": bytes() as report_data,
            "debug": bool() as debug,
            "certificate": bytes() as certificate,
            "cabundle": list() as issuers,
            **more,
        } if not more:
            pass
        case _:
            raise Malformed("member_type", "simulated document")
    if tuple(registers) != REGISTERS or len(report_data) != 64 or not 1 <= len(issuers) <= MAX_ISSUERS:
        raise Malformed("member_value", "simulated document")
    return SimDocument(
        registers={index: _bytes(registers[index], 48) for index in REGISTERS},
        report_data=report_data,
        debug=debug,
        certificate=certificate,
        cabundle=tuple(_bytes(issuer, None) for issuer in issuers),
    )


def _bytes(value: cbor.Value, size: int | None) -> bytes:
    if not isinstance(value, bytes) or size not in (None, len(value)):
        raise Malformed("member_type", "simulated document")
    return value


def pin_of_pem(pem: bytes) -> bytes:
    """Return the pin (SHA-256 of the SubjectPublicKeyInfo) of the one certificate in `pem`. Raises DerError."""
    lines = pem.decode("ascii", "replace").split()
    text = " ".join(lines)
    head, tail = "-----BEGIN CERTIFICATE----- ", " -----END CERTIFICATE-----"
    if not (text.startswith(head) and text.endswith(tail)):
        raise DerError("not one PEM certificate")
    try:
        data = b64decode(text[len(head) : -len(tail)].replace(" ", ""), validate=True)
    except ValueError as error:
        raise DerError("not base64") from error
    return x509.decode(data).pin


def platform_id(pin: bytes) -> bytes:
    """Return the platform identifier hash of an enclave under the development root of `pin`."""
    return sha256(pin).digest()
