"""Intel's certificates of one case: each parsed once and each signature verified once, however often it is carried.

Source: Intel "SGX PCK Certificate and CRL Profile Specification": all keys on P-256, names as below.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from privity_attest import der, x509
from privity_attest.der import DerError
from privity_attest.signature import P256, EcKey, SignatureInvalid
from privity_attest.x509 import Certificate

ROOT: Final = b"Intel SGX Root CA"
PCK_ISSUERS: Final = frozenset({b"Intel SGX PCK Platform CA", b"Intel SGX PCK Processor CA"})
PCK: Final = b"Intel SGX PCK Certificate"
TCB_SIGNER: Final = b"Intel SGX TCB Signing"
_COMMON_NAME: Final = bytes.fromhex("550403")


@dataclass(slots=True)
class Certificates:
    """What was read and verified of a case's certificates, by their DER."""

    read: dict[bytes, Certificate] = field(default_factory=dict)
    verified: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)

    def path(self, ders: Sequence[bytes]) -> tuple[Certificate, ...]:
        """Return the certificates of `ders`. Raises DerError."""
        for one in ders:
            if one not in self.read:
                self.read[one] = x509.decode(one)
        return tuple(self.read[one] for one in ders)

    def is_chain(self, ders: Sequence[bytes]) -> bool:
        """Return whether each of `ders`, all read, is signed by the next and the last by itself."""
        return all(self._issued(one, issuer) for one, issuer in zip(ders, (*ders[1:], ders[-1]), strict=True))

    def _issued(self, one: bytes, issuer: bytes) -> bool:
        known = self.verified.get((one, issuer))
        if known is None:
            try:
                x509.verify_issued(self.read[one], self.read[issuer])
                known = True
            except SignatureInvalid:
                known = False
            self.verified[one, issuer] = known
        return known


@lru_cache(maxsize=32)
def common_name(name: bytes) -> bytes | None:
    """Return the one common name in a distinguished name (DER), None where there is none or more than one."""
    try:
        pairs = [
            x509.sequence(pair, 2)
            for relative in der.decode(name).expect(der.SEQUENCE).children
            for pair in relative.expect(der.SET).children
        ]
    except DerError:
        return None
    names = [value.content for kind, value in pairs if kind.content == _COMMON_NAME]
    return names[0] if len(names) == 1 else None


def pck_faults(path: Sequence[Certificate]) -> bool:
    """Return whether the chain of a PCK certificate breaks Intel's profile."""
    leaf, issuer, root = path
    names = (common_name(leaf.subject), common_name(root.subject)) == (PCK, ROOT)
    return bool(x509.chain_faults(path)) or not (names and common_name(issuer.subject) in PCK_ISSUERS and _p256(path))


def signer_faults(path: Sequence[Certificate]) -> bool:
    """Return whether the chain of the signer of TCB info or QE identity breaks Intel's profile.

    The name tells it from every PCK certificate: those end in the same root and may sign nothing but QE reports.
    """
    names = tuple(common_name(one.subject) for one in path)
    return bool(x509.chain_faults(path)) or names != (TCB_SIGNER, ROOT) or not _p256(path)


def crl_issuer_faults(path: Sequence[Certificate]) -> bool:
    """Return whether the chain of the issuer of PCK certificates breaks Intel's profile."""
    issuer, root = path
    critical = any(one.critical for one in path)
    names = common_name(issuer.subject) in PCK_ISSUERS and common_name(root.subject) == ROOT
    return critical or not issuer.is_ca or bool(x509.issuer_faults(path)) or not (names and _p256(path))


def _p256(path: Sequence[Certificate]) -> bool:
    return all(isinstance(one.key, EcKey) and one.key.curve is P256 for one in path)
