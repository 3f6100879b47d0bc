"""Linking a device, as flows of both sides. What is shown and typed in between is the caller's.

Source: specs/pairing.md.
"""

from dataclasses import dataclass
from typing import Final

from privity_protocol import xwing
from privity_protocol.errors import Malformed
from privity_vault import pairing
from privity_vault.errors import VaultError
from privity_vault.pairing import Answered, Comparing, Confirmed, Grant, Link, LinkSecret, Offered

from privity_client.history import accounts, answers, joining, sync
from privity_client.history.access import Access
from privity_client.history.accounts import Ground
from privity_client.history.calls import Call, Flow, Reply, expect, text_of
from privity_client.history.opened import Opened
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica

STEP: Final = 4096


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """New device: what it shows, a link, or the channel code to be typed where no link can be brought over."""

    offered: Offered
    channel: bytes
    link: str


def offer(ground: Ground, *, now: int, typed: bool = False) -> Flow[Shown]:
    """New device: post a card. `now` in Unix seconds; `typed` for a code. Raises ServiceRefused, Malformed."""
    secret = None if typed else LinkSecret(ground.entropy(LinkSecret.SIZE))
    offered = pairing.offer(
        link_seed=ground.entropy(32), device_key=ground.signing.public, nonce=ground.entropy(32), secret=secret, now=now
    )
    reply = yield Call("POST", "/v1/pairings", json={"card": text_of(offered.card)})
    channel = answers.channel(expect(reply, 201))
    if secret is None:
        return Shown(offered, channel, pairing.write_code(channel))
    return Shown(offered, channel, pairing.write_link(ground.origin, channel, offered.card, secret))


def poll(channel: bytes, step: str) -> Flow[bytes | None]:
    """Ask for a step of the other side; None while it is not there. Raises ServiceRefused, Malformed."""
    reply: Reply = yield Call("GET", f"/v1/pairings/{text_of(channel)}/{step}")
    try:
        data = expect(reply, 200).data
    except ServiceRefused as refused:
        if refused.reason == "pairing.pending":
            return None
        raise
    if len(data) > STEP:
        raise Malformed("too_large", f"{step} of {len(data)} bytes")
    return data


def reveal(shown: Shown, answer: bytes) -> Flow[Answered]:
    """New device: an answer is there; reveal the nonce, and show `code`. Raises VaultError, ServiceRefused."""
    answered = shown.offered.answered(answer)
    expect((yield _put(shown.channel, "reveal", answered.reveal)), 204)
    return answered


def enter(ground: Ground, answered: Answered, sealed: bytes, *, label: str) -> Flow[tuple[Opened, Access, Grant]]:
    """New device: a grant is there; verify the keyring and add this device's own opener. Raises VaultError.

    The caller reads the log and holds it against the grant's head (`accounts.at_least`).
    """
    grant = answered.granted(sealed, origin=ground.origin)
    way = Access(ground.origin, grant.account, joining.device_id(ground.signing.public), ground.signing)
    for _ in range(accounts.MOVED_TRIES):
        stored = yield from sync.fetch_keyrings(way, 1)
        found = joining.with_key(
            stored,
            grant.key,
            account=grant.account,
            origin=ground.origin,
            signing=ground.signing,
            granted=grant.keyring,
        )
        written = joining.with_own_opener(
            found, label=label, introduced_by=None, day=ground.day, entropy=ground.entropy
        )
        if (yield from accounts.put_keyring(way, found, written)):
            joining.settle_in(ground.store, found, stored.claims, written)
            return found, way, grant
    raise ServiceRefused("keyring.moved")


def channel_of(link: Link | bytes) -> bytes:
    """The channel of a link, or of a typed code."""
    return link.channel if isinstance(link, Link) else link


def answer(replica: Replica, way: Access, link: Link | bytes, *, now: int) -> Flow[pairing.Replied]:
    """Existing device: fetch the card that a link or a typed channel names, and answer.

    Raises VaultError (`pairing.foreign`: a link to another service than this account's), ServiceRefused.
    """
    if isinstance(link, Link) and link.origin != replica.opened.origin:
        raise VaultError("pairing.foreign", f"for {link.origin}, not for {replica.opened.origin}")
    channel = channel_of(link)
    card = yield from poll(channel, "card")
    scanned = pairing.scanned(card or b"", link if isinstance(link, Link) else None, now=now)
    replied = scanned.answer(
        nonce=replica.entropy(32), account=replica.opened.account, device_key=replica.opened.signing.public
    )
    yield from way.send(_put(channel, "answer", replied.raw), 204)
    return replied


def typed(way: Access, channel: bytes, comparing: Comparing, digits: str, *, now: int) -> Flow[Confirmed | Comparing]:
    """Existing device: the digits as typed. With the third wrong code the channel is burnt. Raises VaultError."""
    try:
        return comparing.typed(digits, now=now)
    except VaultError as error:
        if error.reason == "pairing.burnt":
            yield from way.send(Call("DELETE", f"/v1/pairings/{text_of(channel)}"), 204)
        raise


def grant(replica: Replica, way: Access, channel: bytes, confirmed: Confirmed, *, label: str, now: int) -> Flow[None]:
    """Existing device, after a fresh proof: add the new device to the keyring, then give it the account key.

    Raises VaultError, ServiceRefused.
    """
    key = confirmed.card.device_key
    for _ in range(accounts.MOVED_TRIES):
        found = replica.opened
        if found.trusted.keyring.device(joining.device_id(key)) is not None:
            break
        written = joining.with_device(
            found, key, label, introduced_by=found.device, day=replica.day, entropy=replica.entropy
        )
        if (yield from accounts.put_keyring(way, found, written)):
            accounts.remember(replica, written)
            break
        yield from sync.refresh_keyring(replica, way)
    else:
        raise ServiceRefused("keyring.moved")
    found, position = replica.opened, replica.position
    given = Grant(found.key, found.account, found.trusted.hash, position.head, position.n, found.origin)
    sealed = confirmed.grant(given, now=now, encapsulate=xwing.encapsulate)
    yield from way.send_fresh(_put(channel, "grant", sealed), 204)


def _put(channel: bytes, step: str, data: bytes) -> Call:
    return Call("PUT", f"/v1/pairings/{text_of(channel)}/{step}", octets=data)
