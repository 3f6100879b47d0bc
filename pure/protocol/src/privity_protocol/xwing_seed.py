"""An X-Wing key pair that a seed stands for: what a client derives or keeps. A node draws its keys and keeps no seed.

Source: draft-connolly-cfrg-xwing-kem.
"""

import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from privity_protocol.errors import Malformed
from privity_protocol.xwing import PrivateKey

SEED: Final = 32


def from_seed(seed: bytes) -> PrivateKey:
    """Expand a 32-byte seed. Raises Malformed `size`."""
    if len(seed) != SEED:
        raise Malformed("size", f"X-Wing seed: {len(seed)} bytes, expected {SEED}")
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    return PrivateKey(lattice, X25519PrivateKey.from_private_bytes(expanded[64:]))
