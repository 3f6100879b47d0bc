"""RSA signers for a fake AMD: two fixed keys, and RSASSA-PSS with a salt that follows from the message.

Fixed, because a key of 4,096 bits takes seconds to make and vectors must come out the same each time. They protect
nothing: a policy that trusts them accepts simulations only.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha384
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

_FIRST_P: Final = (
    "fddbfa3286d3d67cb640d10c6aed813052fff7cd0bef2edeb1ba69fca7e6ea02088db1bae2e2c4c1f0485797d43a9640"
    "8cbcbf6f036f40ea8926fa760d39137cd49d51235d7bc0348e676ae481a25d056ac8fa9a5b0ba22a2215742b828616ca"
    "642bc18f64252e2cca310feaf0cb058849c350f7148bab8ab8ef74ba6936d0d9912845d16f2ff1330dc529ba4c875406"
    "f3bf993110f76e2353fdc780f511c4a9c20323e051a03b5b75190ab0bd426e7dc19036fdcdcdf72062613ae011c608fb"
    "3efcfccc0aac0d5e829cc3c2980a94efb52bf08ba5decf15169e68bd1dc9ea11d6e2ec21a2aef29099d2857b61e0b9fa"
    "1b69fa49a05670766e0e5f0ba38c0ae3"
)
_FIRST_Q: Final = (
    "fd7d491fa6b5536eda176f145b29f557f849b063d3f48de604d3d0b78a062295ee73ea376ef9b024075b170753709e6f"
    "8e8aab94c3e3abf913e7ac3e21897f808821e0cde04a9506fcbdbef7bcf61b3ee405bf3928fd1bd8bd99cf5d8676f5c5"
    "3af88e3ad240a19c4bd57abe23f373d61e6e23a38901822bb71b7b661b5cff896caa8882f0252dff5c7dac0db06e676d"
    "e744256c22ea4c8d82cf8d76c16a1540545749b0b19e03634e8024c0bf89ff2e0dd1d089bde2b329499a242c50c20697"
    "c8d4acfa3443af2eb52f7683866e90a8a62fd156a66f4d3f251086d00eef8f26700a36e9c1c9a8410b09023831cdeb97"
    "02a7d553a177048b80907cf0412fa11b"
)
_SECOND_P: Final = (
    "ec3b197d6cdd471670cef04b1e39e159cf2ec9d797baed79e3f291a02682d5c90c2314094a82acae8e554fb15b2523cc"
    "f521b5911682ef8dda83ca79d90db1c164dd93f7238992f87374c8e567eaddae5f9c82a0aef591a0caed6953c2be4680"
    "bfcf7fb2457583c71e7cf0f03f9c6029d3be2c53f18e011126efb22819c664784d9e3b370d0d12a110d2ef9084e48101"
    "8452767be87177ee287aa6fa9856189ac5c6d7e5dc2adecd83e28ceb1fbd84cb9a94abf7fb1a0fe723efc40b5f8b5bc9"
    "410cd205d7b8eaa3688ae229f6ad712f209020727dae099dd745ee3171b3f4517016775de96afd7b18d14f0d95c8be45"
    "949105c57caec7b698448e0ca90372eb"
)
_SECOND_Q: Final = (
    "d506601f6107afbee031875c918e8a4607124733dd63fd892ac871d6de0707937827a988933192c458474b0fbacb6247"
    "9e1fe33da74558fbde69b1c6d8c62b71831531f897ad1c113eb68e99c6ff0bfa82753bf55a43a18b3d57cfa816ef49a1"
    "3101493b872b6a238735deb6ad146f4b1e0152b7413671b4c023a8a3d1bce89eae4846ada9cff3297d4251dc501c6500"
    "64d05c09203fe55ab51a2ceba4ad10cb3c1d07098b860e88bf8682d6bfaafdf684c3238e3a4a7c927d25161497887a0c"
    "47aeb8f2885d04249c29267b3d5305b12899f65dfa07db26ae2bb42c5d62b82a2a973c11ae293ad97497074fbe7c7e67"
    "7870df1f2f8c3f6705acc1bd81f44f39"
)
_EXPONENT: Final = 65537
_HASH: Final = 48
SIZE: Final = 512  # bytes of a signature


@dataclass(frozen=True, slots=True)
class RsaSigner:
    """A key of 4,096 bits, made of two primes."""

    p: int
    q: int

    @property
    def key(self) -> rsa.RSAPrivateKey:
        """Return the key as `cryptography` takes it."""
        return _loaded(self)

    def sign(self, message: bytes, *, salt: int = _HASH) -> bytes:
        """Return the RSASSA-PSS signature (RFC 8017 section 9.1.1) with SHA-384 and `salt` bytes of salt."""
        digest = sha384(message).digest()
        chosen = sha384(digest).digest()[:salt]
        tail = sha384(bytes(8) + digest + chosen).digest()
        block = (b"\1" + chosen).rjust(SIZE - _HASH - 1, b"\0")
        mask = b"".join(sha384(tail + count.to_bytes(4)).digest() for count in range(10))
        masked = bytes(one ^ other for one, other in zip(block, mask, strict=False))
        return self._raise(bytes([masked[0] & 0x7F]) + masked[1:] + tail + b"\xbc").to_bytes(SIZE)

    def _raise(self, block: bytes) -> int:
        number, key = int.from_bytes(block), self.key.private_numbers()
        by_p, by_q = pow(number, key.dmp1, key.p), pow(number, key.dmq1, key.q)
        return by_q + key.q * ((by_p - by_q) * key.iqmp % key.p)


@cache
def _loaded(signer: RsaSigner) -> rsa.RSAPrivateKey:
    p, q = signer.p, signer.q
    d = rsa.rsa_recover_private_exponent(_EXPONENT, p, q)
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), rsa.rsa_crt_iqmp(p, q), public)
    # Half a second for each process that builds a fake AMD would go into proving again what a test has proved.
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


FIRST: Final = RsaSigner(int(_FIRST_P, 16), int(_FIRST_Q, 16))
SECOND: Final = RsaSigner(int(_SECOND_P, 16), int(_SECOND_Q, 16))
