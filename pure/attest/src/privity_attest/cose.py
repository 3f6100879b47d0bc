"""COSE_Sign1 (RFC 9052 section 4.2) with ES256 or ES384, read strictly. COSE_Mac0 is symmetric and always refused."""

from dataclasses import dataclass
from typing import Final

from privity_protocol import cbor
from privity_protocol.errors import Malformed

from privity_attest.signature import P256, P384, Curve, EcKey, PublicKey, SignatureInvalid, verify_raw

ALGORITHMS: Final = {-7: P256, -35: P384}
MAC0_TAG: Final = 17
SIGN1_TAG: Final = 18


class CoseError(Exception):
    """The bytes are no acceptable COSE_Sign1; `code` is the appraisal reason of stage 2."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Sign1:
    """A parsed, unverified COSE_Sign1; `curve` follows from the protected algorithm."""

    protected: bytes
    payload: bytes
    signature: bytes
    curve: Curve

    def verify(self, key: PublicKey) -> None:
        """Verify under `key`, which must be on the curve of the algorithm. Raises SignatureInvalid."""
        if not isinstance(key, EcKey) or key.curve is not self.curve:
            raise SignatureInvalid("curve")
        signed = cbor.encode(["Signature1", self.protected, b"", self.payload])
        verify_raw(self.curve, key.point, signed, self.signature)


def decode(data: bytes, *, tagged: bool = False) -> Sign1:
    """Return the COSE_Sign1 in `data`; header maps hold the algorithm alone.

    With `tagged` it may carry tag 18, without it must not: a vendor may write either, we write one.

    Raises CoseError: `malformed`, `trailing_data`, `unsupported_algorithm`, `cose_mac0_not_verifiable`.
    """
    value = _cbor(data)
    if isinstance(value, cbor.Tag) and value.number == MAC0_TAG:
        raise CoseError("cose_mac0_not_verifiable")
    if tagged and isinstance(value, cbor.Tag) and value.number == SIGN1_TAG:
        value = value.value
    match value:
        case [bytes() as protected, dict() as unprotected, bytes() as payload, bytes() as signature]:
            if unprotected:
                raise CoseError("malformed")
        case _:
            raise CoseError("malformed")
    header = _cbor(protected)
    if not isinstance(header, dict) or header.keys() != {1}:
        raise CoseError("malformed")
    algorithm = header[1]
    curve = ALGORITHMS.get(algorithm) if isinstance(algorithm, int) else None
    if curve is None:
        raise CoseError("unsupported_algorithm")
    return Sign1(protected, payload, signature, curve)


def _cbor(data: bytes) -> cbor.Value:
    try:
        return cbor.decode(data)
    except Malformed as error:
        raise CoseError("trailing_data" if error.reason == "trailing_data" else "malformed") from error
