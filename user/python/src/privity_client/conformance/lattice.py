"""A slow, plain ML-KEM (FIPS 203) that can repeat an encapsulation from its seed, which `cryptography` cannot.

Only for judging vectors: it is not constant-time and no key of anybody passes through it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Q: Final = 3329
N: Final = 256

Polynomial = list[int]


class Refused(ValueError):
    """The input checks of FIPS 203 section 7 refuse a key or a ciphertext."""


@dataclass(frozen=True)
class Parameters:
    """One parameter set."""

    k: int
    eta1: int
    du: int
    dv: int

    @property
    def ek_size(self) -> int:
        return 384 * self.k + 32

    @property
    def dk_size(self) -> int:
        return 768 * self.k + 96

    @property
    def ciphertext_size(self) -> int:
        return 32 * (self.du * self.k + self.dv)


MLKEM512: Final = Parameters(2, 3, 10, 4)
MLKEM768: Final = Parameters(3, 2, 10, 4)
MLKEM1024: Final = Parameters(4, 2, 11, 5)

_REVERSED: Final = [int(f"{i:07b}"[::-1], 2) for i in range(128)]
_ZETA: Final = [pow(17, r, Q) for r in _REVERSED]
_GAMMA: Final = [pow(17, 2 * r + 1, Q) for r in _REVERSED]


def generate(seed: bytes, p: Parameters = MLKEM768) -> tuple[bytes, bytes]:
    """Return (ek, expanded dk) of the 64-byte seed d || z."""
    rho, sigma = _g(seed[:32] + bytes([p.k]))
    matrix = _matrix(rho, p)
    s = [_ntt(_noise(sigma, i, p.eta1)) for i in range(p.k)]
    e = [_ntt(_noise(sigma, p.k + i, p.eta1)) for i in range(p.k)]
    t = [_add(_dot(row, s), error) for row, error in zip(matrix, e, strict=True)]
    ek = b"".join(_pack(poly, 12) for poly in t) + rho
    dk = b"".join(_pack(poly, 12) for poly in s)
    return ek, dk + ek + hashlib.sha3_256(ek).digest() + seed[32:]


def encapsulate(ek: bytes, m: bytes, p: Parameters = MLKEM768) -> tuple[bytes, bytes]:
    """Return (ciphertext, shared secret) for the 32 random bytes `m`. Raises Refused."""
    if len(ek) != p.ek_size or any(_pack(poly, 12) != raw for poly, raw in _coefficients(ek, p)):
        raise Refused("encapsulation key")
    secret, r = _g(m + hashlib.sha3_256(ek).digest())
    return _encrypt(ek, m, r, p), secret


def decapsulate(dk: bytes, ciphertext: bytes, p: Parameters = MLKEM768) -> bytes:
    """Return the shared secret under an expanded key. Raises Refused."""
    split = 384 * p.k
    ek, check, z = dk[split : split + p.ek_size], dk[-64:-32], dk[-32:]
    if len(dk) != p.dk_size or hashlib.sha3_256(ek).digest() != check:
        raise Refused("decapsulation key")
    if len(ciphertext) != p.ciphertext_size:
        raise Refused("ciphertext")
    m = _decrypt(dk[:split], ciphertext, p)
    secret, r = _g(m + check)
    implicit = hashlib.shake_256(z + ciphertext).digest(32)
    return secret if _encrypt(ek, m, r, p) == ciphertext else implicit


def _encrypt(ek: bytes, m: bytes, r: bytes, p: Parameters) -> bytes:
    t = [poly for poly, _ in _coefficients(ek, p)]
    matrix = _matrix(ek[-32:], p)
    y = [_ntt(_noise(r, i, p.eta1)) for i in range(p.k)]
    columns = list(zip(*matrix, strict=True))
    u = [_add(_inverse(_dot(columns[i], y)), _noise(r, p.k + i, 2)) for i in range(p.k)]
    message = [_expand(bit, 1) for bit in _unpack(m, 1)]
    v = _add(_add(_inverse(_dot(t, y)), _noise(r, 2 * p.k, 2)), message)
    first = b"".join(_pack([_shrink(x, p.du) for x in poly], p.du) for poly in u)
    return first + _pack([_shrink(x, p.dv) for x in v], p.dv)


def _decrypt(secret: bytes, ciphertext: bytes, p: Parameters) -> bytes:
    size = 32 * p.du
    u = [[_expand(x, p.du) for x in _unpack(ciphertext[i * size : (i + 1) * size], p.du)] for i in range(p.k)]
    v = [_expand(x, p.dv) for x in _unpack(ciphertext[p.k * size :], p.dv)]
    s = [_unpack(secret[i * 384 : (i + 1) * 384], 12) for i in range(p.k)]
    noisy = _inverse(_dot(s, [_ntt(poly) for poly in u]))
    return _pack([_shrink((a - b) % Q, 1) for a, b in zip(v, noisy, strict=True)], 1)


def _coefficients(ek: bytes, p: Parameters) -> list[tuple[Polynomial, bytes]]:
    parts = [ek[i * 384 : (i + 1) * 384] for i in range(p.k)]
    return [([x % Q for x in _unpack(part, 12)], part) for part in parts]


def _g(data: bytes) -> tuple[bytes, bytes]:
    digest = hashlib.sha3_512(data).digest()
    return digest[:32], digest[32:]


def _matrix(rho: bytes, p: Parameters) -> list[list[Polynomial]]:
    return [[_uniform(rho + bytes([j, i])) for j in range(p.k)] for i in range(p.k)]


def _uniform(seed: bytes) -> Polynomial:
    stream = hashlib.shake_128(seed).digest(168 * 12)
    found: Polynomial = []
    for at in range(0, len(stream), 3):
        a, b, c = stream[at : at + 3]
        found += [x for x in (a + 256 * (b % 16), b // 16 + 16 * c) if x < Q]
    return found[:N]


def _noise(seed: bytes, nonce: int, eta: int) -> Polynomial:
    bits = _unpack(hashlib.shake_256(seed + bytes([nonce])).digest(64 * eta), 1)
    return [(sum(bits[at : at + eta]) - sum(bits[at + eta : at + 2 * eta])) % Q for at in range(0, len(bits), 2 * eta)]


def _pack(poly: Sequence[int], bits: int) -> bytes:
    whole = sum(x << (bits * i) for i, x in enumerate(poly))
    return whole.to_bytes(bits * len(poly) // 8, "little")


def _unpack(data: bytes, bits: int) -> Polynomial:
    whole = int.from_bytes(data, "little")
    return [(whole >> (bits * i)) & ((1 << bits) - 1) for i in range(len(data) * 8 // bits)]


def _shrink(x: int, bits: int) -> int:
    return (((x << (bits + 1)) + Q) // (2 * Q)) % (1 << bits)


def _expand(x: int, bits: int) -> int:
    return (2 * Q * x + (1 << bits)) >> (bits + 1)


def _ntt(poly: Polynomial) -> Polynomial:
    f, i, length = list(poly), 1, 128
    while length >= 2:
        for start in range(0, N, 2 * length):
            zeta, i = _ZETA[i], i + 1
            for j in range(start, start + length):
                t = zeta * f[j + length] % Q
                f[j + length], f[j] = (f[j] - t) % Q, (f[j] + t) % Q
        length //= 2
    return f


def _inverse(poly: Polynomial) -> Polynomial:
    f, i, length = list(poly), 127, 2
    while length <= 128:
        for start in range(0, N, 2 * length):
            zeta, i = _ZETA[i], i - 1
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (t + f[j + length]) % Q, zeta * (f[j + length] - t) % Q
        length *= 2
    return [x * 3303 % Q for x in f]


def _dot(left: Sequence[Polynomial], right: Sequence[Polynomial]) -> Polynomial:
    total = [0] * N
    for a, b in zip(left, right, strict=True):
        for i in range(128):
            a0, a1, b0, b1 = a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]
            total[2 * i] += a0 * b0 + a1 * b1 * _GAMMA[i]
            total[2 * i + 1] += a0 * b1 + a1 * b0
    return [x % Q for x in total]


def _add(left: Polynomial, right: Polynomial) -> Polynomial:
    return [(a + b) % Q for a, b in zip(left, right, strict=True)]
