"""Which tokens a device may spend, without a writing at each question. Source: specs/wallet.md.

A device claims blocks ahead of need. A claim counts once the log holds it, and whoever claimed first keeps the block.
What was spent is marked on the device alone, before the token leaves.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from privity_vault.contents.wallet import BLOCK, Wallet
from privity_vault.errors import VaultError

LEAST_LEFT: Final = 3
"""Unspent tokens of its own below which a device claims another block."""
MAX_DELAY_S: Final = 600
"""Longest wait before a claim is written, so that its moment says nothing about a question's."""
BATCH: Final = 32
"""Most tokens of one drawing. A plan with no more than these a day is drawn in one, and shared by all devices."""
LOW: Final = 8
"""Tokens of its own below which a device of a larger plan draws another batch."""
STOCK: Final = 128
"""Tokens of a day that one device holds at most."""
AHEAD_S: Final = 21_600
"""Seconds before its day from which a day's tokens are drawn."""
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Claimed:
    """A wallet to write as the next version, and the block that it claims."""

    wallet: Wallet
    block: int


def claim(wallet: Wallet, device: bytes, entropy: bytes) -> Claimed | None:
    """Return the wallet with one more block of this device, None when all are claimed.

    `wallet` is the newest in the log; after `log.moved` the claim is made anew on what is the newest then. `entropy` (8
    random bytes) picks among the free blocks, so that two devices seldom want the same.
    """
    taken = {block for block, _ in wallet.claims}
    free = [block for block in range(-(-len(wallet.tokens) // BLOCK)) if block not in taken]
    if not free:
        return None
    block = free[int.from_bytes(entropy[:8]) % len(free)]
    return Claimed(replace(wallet, claims=tuple(sorted((*wallet.claims, (block, device))))), block)


def accept(before: Wallet | None, after: Wallet) -> Wallet:
    """Return what a device believes of a wallet after a newer version: tokens never change and claims only grow.

    What contradicts an earlier version is left out, so that a broken device takes nobody's tokens. Raises VaultError
    `object.malformed` for other tokens under the same id.
    """
    if before is None:
        return after
    if (before.issuer, before.day, before.tokens) != (after.issuer, after.day, after.tokens):
        raise VaultError("object.malformed", "a wallet's tokens do not change")
    claims = dict(after.claims) | dict(before.claims)
    return replace(after, claims=tuple(sorted(claims.items())))


def spendable(wallet: Wallet, device: bytes, spent: Collection[bytes]) -> tuple[bytes, ...]:
    """Return the tokens that this device may spend. `spent` are marks (`mark`) of what it spent already."""
    own = {block for block, by in wallet.claims if by == device}
    return tuple(token for at, token in enumerate(wallet.tokens) if at // BLOCK in own and mark(token) not in spent)


def needs_claim(wallets: Mapping[bytes, Wallet], device: bytes, spent: Collection[bytes], day: int) -> bytes | None:
    """Return the id of the wallet of `day` to claim from, None when this device has enough or nothing is left."""
    today = {id_: one for id_, one in sorted(wallets.items()) if one.day == day}
    if sum(len(spendable(one, device, spent)) for one in today.values()) >= LEAST_LEFT:
        return None
    return next((id_ for id_, one in today.items() if claim(one, device, b"")), None)


def is_shared(daily: int | None) -> bool:
    """Whether all devices share one wallet of the day. `daily` is what the plan allows, None for no limit."""
    return daily is not None and daily <= BATCH


def to_draw(daily: int | None, drawn: int, stock: int) -> int:
    """Return how many tokens of a day a device asks for, 0 for none.

    `drawn` is what the account drew of that day already, by the service's count; `stock` what this device may still
    spend of it.
    """
    left = STOCK if daily is None else max(daily - drawn, 0)
    if is_shared(daily):
        return left
    return 0 if stock >= LOW else min(BATCH, STOCK - stock, left)


def drawn(issuer: bytes, day: int, tokens: tuple[bytes, ...], device: bytes, entropy: bytes, *, shared: bool) -> Wallet:
    """Return the wallet to write for tokens that were just drawn: one block is claimed as by `claim`, or all are."""
    empty = Wallet(issuer, day, tokens, ())
    if shared:
        found = claim(empty, device, entropy)
        return empty if found is None else found.wallet
    return replace(empty, claims=tuple((block, device) for block in range(-(-len(tokens) // BLOCK))))


def draw_moment(day: int, now: int, entropy: bytes) -> int | None:
    """Return when tokens of the day after `day` are drawn: uniform in what is left of its last six hours.

    None before these. `now` in Unix seconds; `entropy` is 8 random bytes.
    """
    opens, closes = (day + 1) * DAY_S - AHEAD_S, (day + 1) * DAY_S
    if not opens <= now < closes:
        return None
    return now + int.from_bytes(entropy[:8]) % (closes - now)


def claim_delay(entropy: bytes) -> int:
    """Return how many seconds to wait before a claim is written, 0 to MAX_DELAY_S. `entropy` is 8 random bytes."""
    return int.from_bytes(entropy[:8]) % (MAX_DELAY_S + 1)


def mark(token: bytes) -> bytes:
    """Return what is stored on the device, durably and first, when a token is about to be spent."""
    return sha256(token).digest()


def is_over(wallet: Wallet, day: int) -> bool:
    """Whether any device may delete the wallet: the issuer's key ended six hours after its day."""
    return day > wallet.day + 1
