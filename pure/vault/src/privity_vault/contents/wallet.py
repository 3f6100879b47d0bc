"""Kind 8: the tokens of one issuer's day, and which device may spend which. Source: specs/contents.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.stored.members import U32

from privity_vault.contents.schema import HASH, ID, Content, Kind, Schema, number, octets, rising, row, rows

BLOCK: Final = 5
"""Tokens that a device claims at once."""
MAX_TOKENS: Final = 2560
MAX_TOKEN: Final = 1024
MAX_BLOCKS: Final = -(-MAX_TOKENS // BLOCK)


@dataclass(frozen=True, slots=True, repr=False)
class Wallet(Content):
    """Tokens under one issuer key (SHA-256), for one day since 1970-01-01.

    `claims` are (block, device): the device may spend the tokens 5 × block to 5 × block + 4.
    """

    issuer: bytes
    day: int
    tokens: tuple[bytes, ...]
    claims: tuple[tuple[int, bytes], ...]


def _check(found: Wallet) -> None:
    if len(set(found.tokens)) != len(found.tokens):
        raise Malformed("member_value", "tokens: one twice")
    if found.claims and found.claims[-1][0] * BLOCK >= len(found.tokens):
        raise Malformed("member_value", f"claims: no block {found.claims[-1][0]}")


WALLET: Final = Schema(
    Kind.WALLET,
    Wallet,
    (
        HASH,
        number(U32),
        rows(octets(1, MAX_TOKEN), MAX_TOKENS, 1),
        rising(rows(row(number(MAX_BLOCKS - 1), ID), MAX_BLOCKS)),
    ),
    _check,
)
