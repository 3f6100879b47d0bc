"""The obvious tree: recursive definitions of RFC 6962 over a list of leaf hashes, to compare the fast code with."""

from privity_tlog.merkle import root_of


def split(count: int) -> int:
    """The largest power of two below count."""
    return 1 << (count - 1).bit_length() - 1


def inclusion(leaves: list[bytes], index: int) -> list[bytes]:
    """PATH(index, leaves) of section 2.1.1."""
    if len(leaves) == 1:
        return []
    at = split(len(leaves))
    if index < at:
        return [*inclusion(leaves[:at], index), root_of(leaves[at:])]
    return [*inclusion(leaves[at:], index - at), root_of(leaves[:at])]


def consistency(leaves: list[bytes], old: int, whole: bool = True) -> list[bytes]:
    """SUBPROOF(old, leaves, whole) of section 2.1.2."""
    if old == len(leaves):
        return [] if whole else [root_of(leaves)]
    at = split(len(leaves))
    if old <= at:
        return [*consistency(leaves[:at], old, whole), root_of(leaves[at:])]
    return [*consistency(leaves[at:], old - at, False), root_of(leaves[:at])]
