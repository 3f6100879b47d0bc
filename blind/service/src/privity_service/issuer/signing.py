"""One issuer key at work: signs what it cannot read. Source: specs/token.md, section "Drawing one", step 3.

The two exponentiations with secret exponents are GMP's `mpn_sec_powm`: their time and their memory accesses depend on
sizes alone. What they are done to is blinded first, so that nobody who sends messages chooses it.
"""

from dataclasses import dataclass
from secrets import randbelow
from typing import Final, Self

import gmpy2  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from gmpy2 import mpz, powmod, powmod_sec
from privity_protocol.errors import Malformed
from privity_protocol.token import EXPONENT, MODULUS, PublicKey

_BITS: Final = 2048


class SigningFault(Exception):
    """The computer computed wrongly. What it computed is not shown to anybody: it would reveal the key."""

    reason = "issuer_fault"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, as numbers of GMP."""

    public: PublicKey
    _p: mpz
    _q: mpz
    _dp: mpz
    _dq: mpz
    _inverse: mpz

    def __repr__(self) -> str:
        return "SigningKey(secret)"

    @classmethod
    def generate(cls) -> bytes:
        """A new key as PKCS #8 in DER."""
        made = rsa.generate_private_key(public_exponent=EXPONENT, key_size=_BITS)
        return made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read PKCS #8. Raises ValueError unless it is RSA-2048 with the one exponent."""
        key = load_der_private_key(data, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("no RSA key")
        numbers = key.private_numbers()
        if numbers.public_numbers.e != EXPONENT or key.key_size != _BITS:
            raise ValueError("another size or exponent")
        parts = numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp
        return cls(PublicKey.of(numbers.public_numbers.n), *(mpz(one) for one in parts))

    def sign(self, blinded: bytes) -> bytes:
        """The blinded signature. Raises Malformed `size`, `member_value`; SigningFault."""
        if len(blinded) != MODULUS:
            raise Malformed("size", f"a blinded message has {MODULUS} bytes")
        n, message = mpz(self.public.n), mpz.from_bytes(blinded, "big")
        if message >= n:
            raise Malformed("member_value", "a blinded message at or above the modulus")
        factor = mpz(randbelow(self.public.n - 2) + 1)
        base = message * powmod(factor, EXPONENT, n) % n
        signature = self._root(base) * gmpy2.invert(factor, n) % n
        if powmod(signature, EXPONENT, n) != message:
            raise SigningFault
        return int(signature).to_bytes(MODULUS)

    def _root(self, base: mpz) -> mpz:
        """The e-th root, by the Chinese remainder theorem."""
        of_p, of_q = powmod_sec(base % self._p, self._dp, self._p), powmod_sec(base % self._q, self._dq, self._q)
        return of_q + self._q * ((of_p - of_q) * self._inverse % self._p)
