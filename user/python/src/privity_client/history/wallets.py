"""Which tokens this device may spend, by the log and by its own marks. No network. Source: specs/wallet.md."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed
from privity_vault import wallet
from privity_vault.contents.schema import Kind
from privity_vault.contents.wallet import Wallet
from privity_vault.errors import VaultError

from privity_client.history import edits
from privity_client.history.replica import Replica

ABANDONED_S: Final = 900
"""Seconds after which a request that came to no end has none any more: an answer takes ten minutes, a lease three."""


def held(replica: Replica) -> dict[bytes, Wallet]:
    """The wallets that the log holds, by id, as this device believes them: claims that it saw before stay.

    A wallet whose tokens are not those that it had is left out, as is one that does not open.
    """
    found = {}
    with replica.store.transaction():
        for item in replica.store.items(box=replica.home, kind=int(Kind.WALLET)):
            try:
                content = replica.open_body(replica.bytes_of(item), box=replica.home, id_=item.id, version=item.version)
                if isinstance(content, Wallet):
                    found[item.id] = _believed(replica, item.id, content)
            except (VaultError, Malformed):
                continue
    return found


def _believed(replica: Replica, id_: bytes, content: Wallet) -> Wallet:
    rows = replica.store.tokens
    seen, marks = rows.claims(id_), b"".join(wallet.mark(token) for token in content.tokens)
    same = sha256(content.issuer + content.day.to_bytes(4) + marks).digest()
    if any(of != same for _, of in seen.values()):
        raise VaultError("object.malformed", "a wallet's tokens do not change")
    before = replace(content, claims=tuple(sorted((block, device) for block, (device, _) in seen.items())))
    accepted = wallet.accept(before, content)
    for block, device in accepted.claims:
        if block not in seen:
            rows.add_claim(id_, block, device, same)
    return accepted


def of_day(wallets: dict[bytes, Wallet], day: int) -> dict[bytes, Wallet]:
    """The wallets of a day (days since 1970-01-01)."""
    return {id_: one for id_, one in sorted(wallets.items()) if one.day == day}


def left(replica: Replica, day: int) -> int:
    """How many tokens of a day this device may spend without asking anybody."""
    marks, device = replica.store.tokens.marks(), replica.opened.device
    return sum(len(wallet.spendable(one, device, marks)) for one in of_day(held(replica), day).values())


def take(replica: Replica, rid: bytes, count: int) -> tuple[bytes, ...] | None:
    """Take so many tokens of one key for a request, None when there are not enough. Their marks are durable on return.

    The same request is given the same tokens again.
    """
    now, rows, device = replica.now() // 1000, replica.store.tokens, replica.opened.device
    with replica.store.transaction():
        wallets = held(replica)
        mine, marks = rows.of_request(rid), rows.marks()
        keys = sorted({one.issuer for one in wallets.values()}, key=lambda key: not _holds(wallets, key, mine))
        for key in keys:
            own = [one for one in wallets.values() if one.issuer == key]
            already = [token for one in own for token in one.tokens if wallet.mark(token) in mine]
            today = [one for one in own if one.day == replica.day]
            fresh = [token for one in today for token in wallet.spendable(one, device, marks)]
            chosen = (*already, *fresh)[:count]
            if len(chosen) == count:
                for token in chosen[len(already) :]:
                    rows.add_mark(wallet.mark(token), today[0].day, rid, now)
                return chosen
    return None


def _holds(wallets: dict[bytes, Wallet], key: bytes, marks: Iterable[bytes]) -> bool:
    own = {wallet.mark(token) for one in wallets.values() if one.issuer == key for token in one.tokens}
    return not own.isdisjoint(marks)


def unfinished(replica: Replica) -> bytes | None:
    """Take over the id of a request whose tokens go with the next one, None while others are left or there is none.

    A node that failed releases a token for the same request alone. Nobody else is given it while it may be under way.
    """
    if left(replica, replica.day):
        return None
    now, rows = replica.now() // 1000, replica.store.tokens
    with replica.store.transaction():
        found = next(iter(rows.unfinished(replica.day, now - ABANDONED_S)), None)
        if found is not None:
            rows.begin_again(found, now)
    return found


def sweep(replica: Replica) -> int:
    """Delete wallets whose days are over, and forget their marks; it leaves with what leaves next. Returns how many."""
    over = [id_ for id_, one in held(replica).items() if wallet.is_over(one, replica.day)]
    if over:
        with replica.store.transaction():
            edits.delete_ids(replica, over)
            for id_ in over:
                replica.store.tokens.forget_claims(id_)
            replica.store.tokens.forget_marks(replica.day - 1)
    return len(over)
