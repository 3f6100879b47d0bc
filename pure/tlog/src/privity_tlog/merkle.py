"""Merkle trees of RFC 6962 section 2.1: hashes, inclusion and consistency. SHA-256; sizes are counts of leaves.

Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2: success returns nothing, failure raises.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_HASHES, MAX_SIZE

EMPTY_ROOT: Final = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes: the plain definition, for tests, audits and small trees."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Verify that `leaf` (a leaf hash) stands at `index` of the tree of `size` leaves under `root`.

    Raises TlogError `inclusion`.
    """
    if not 0 <= index < size <= MAX_SIZE or len(path) > MAX_HASHES or any(len(one) != 32 for one in (leaf, *path)):
        raise TlogError("inclusion", "index, size or path")
    number, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise TlogError("inclusion", "path too long")
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    if last or found != root:
        raise TlogError("inclusion", "root")


def verify_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Verify that the tree of `new` leaves begins with that of `old` leaves.

    The empty tree is the beginning of every tree and needs no path. Raises TlogError `consistency`.
    """
    if not 0 <= old <= new <= MAX_SIZE or len(path) > MAX_HASHES or any(len(one) != 32 for one in path):
        raise TlogError("consistency", "sizes or path")
    if old in (0, new):
        if path or (old == 0 and old_root != EMPTY_ROOT) or (old == new and old_root != new_root):
            raise TlogError("consistency", "root")
        return
    # A complete subtree is its own first hash (RFC 9162 section 2.1.4.2, step 1).
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if not hashes:
        raise TlogError("consistency", "path")
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise TlogError("consistency", "path too long")
        if number & 1 or number == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        number, last = number >> 1, last >> 1
    if last or first != old_root or second != new_root:
        raise TlogError("consistency", "root")
