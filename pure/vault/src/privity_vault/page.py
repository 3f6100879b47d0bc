"""What a client believes about an account's log: pages in order, by known devices. Source: specs/page.md.

The service can refuse to deliver; everything else it does shows here under a reason. After a `log.*` reason a client
stops writing: nothing heals silently.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.errors import NotAuthentic
from privity_protocol.stored import page as stored
from privity_protocol.stored.keyring import Keyring
from privity_protocol.stored.page import BOXES, DELETIONS, Body, Entry, Page

from privity_vault import object
from privity_vault.errors import VaultError, reading
from privity_vault.keyring import Trusted


@dataclass(frozen=True, slots=True)
class SignedPage:
    """A page as the service delivers it."""

    data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a device's own pages stand: its newest sequence, and that page's head."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """The newest entry of one id. `box` tells box ids from others: one id never changes its nature."""

    version: int
    deleted: bool
    box: bool
    body: Body | None


@dataclass(frozen=True, slots=True)
class Position:
    """How far a client has read. Trusted state of the device, stored in one transaction with what a page changed."""

    account: bytes
    n: int
    head: bytes
    keyring: int


@dataclass(frozen=True, slots=True)
class View:
    """What a page is held against: the position, two look-ups into the device's storage, and accepted keyrings."""

    position: Position
    chain: Callable[[bytes], Chain | None]
    known: Callable[[bytes], Known | None]
    keyrings: Mapping[bytes, Keyring]
    newest: Trusted


@dataclass(frozen=True, slots=True)
class Accepted:
    """All that one page changes; the caller stores the whole of it or nothing."""

    position: Position
    device: bytes
    chain: Chain
    changes: Mapping[bytes, Known]
    page: Page


def start(account: bytes) -> Position:
    """The position before page 1."""
    return Position(account, 0, stored.genesis(account), 0)


def accept(view: View, signed: SignedPage) -> Accepted:
    """Judge one page, checks 1 to 6 of specs/page.md in their order.

    Raises VaultError: `page.malformed`, `log.foreign`, `.forked`, `.omitted`, `.keyring`, `.device`, `.bad_signature`,
    `.sequence`, `.version`, `.resurrected`.
    """
    with reading("page.malformed"):
        page = stored.decode(signed.data)
    _check_place(view.position, page)
    ring = _keyring(view, page)
    key = _device_key(view, ring, page)
    try:
        stored.verify(signed.data, signed.signature, key)
    except NotAuthentic:
        raise VaultError("log.bad_signature", f"page {page.n} is not by the device that it names") from None
    _check_sequence(view.chain(page.device), page)
    changes = {entry.object: _changed(view.known(entry.object), entry) for entry in page.entries}
    head = stored.head(signed.data)
    position = Position(page.account, page.n, head, ring.revision)
    return Accepted(position, page.device, Chain(page.device_seq, head), MappingProxyType(changes), page)


def check_head(position: Position, n: int, head: bytes) -> int:
    """Return how many pages are missing here. Raises VaultError `log.rolled_back`, `log.forked`."""
    if n < position.n:
        raise VaultError("log.rolled_back", f"the service is at page {n}, this device was at {position.n}")
    if n == position.n and head != position.head:
        raise VaultError("log.forked", f"another page {n}")
    return n - position.n


def check_delivery(position: Position, n: int, head: bytes) -> None:
    """What was delivered ends in the promised head. Raises VaultError `log.omitted`, `log.forked`."""
    if position.n < n:
        raise VaultError("log.omitted", f"pages after {position.n} of {n}")
    if position.n == n and position.head != head:
        raise VaultError("log.forked", f"another page {n}")


def check_body(known: Known, body: bytes | None) -> bytes:
    """Return the bytes of an entry's body. Raises VaultError `object.missing`, `object.swapped`."""
    if known.body is None or body is None:
        raise VaultError("object.missing", "the service does not deliver it")
    return object.check(body, hash_=known.body.hash, size=known.body.size)


def write(view: View, entries: Sequence[Entry], *, device: bytes, day: int, key: Ed25519PrivateKey) -> SignedPage:
    """Return the next page of this log, signed; it is judged here as others will judge it.

    Raises VaultError as `accept` does.
    """
    before = view.chain(device)
    page = Page(
        account=view.position.account,
        n=view.position.n + 1,
        parent=view.position.head,
        device=device,
        device_seq=1 if before is None else before.seq + 1,
        device_prev=None if before is None else before.hash,
        keyring=view.newest.hash,
        day=day,
        entries=tuple(entries),
    )
    with reading("page.malformed"):
        data = stored.encode(page)
    signed = SignedPage(data, key.sign(stored.signed_bytes(data)))
    accept(view, signed)
    return signed


def rebuild(view: View, signed: SignedPage, *, day: int, key: Ed25519PrivateKey) -> SignedPage:
    """After `409 log.moved`: the same entries behind the new head. Raises VaultError as `write` does."""
    with reading("page.malformed"):
        page = stored.decode(signed.data)
    return write(view, page.entries, device=page.device, day=day, key=key)


def _check_place(position: Position, page: Page) -> None:
    if page.account != position.account:
        raise VaultError("log.foreign", "a page of another account")
    if page.n <= position.n:
        raise VaultError("log.forked", f"another page {page.n}, this device is at {position.n}")
    if page.n > position.n + 1:
        raise VaultError("log.omitted", f"page {page.n} after {position.n}")
    if page.parent != position.head:
        raise VaultError("log.forked", f"page {page.n} continues another page {position.n}")


def _keyring(view: View, page: Page) -> Keyring:
    ring = view.keyrings.get(page.keyring)
    if ring is None:
        raise VaultError("log.keyring", f"page {page.n} names a keyring that was not accepted")
    if ring.revision < view.position.keyring:
        raise VaultError("log.keyring", f"page {page.n} names revision {ring.revision} after {view.position.keyring}")
    return ring


def _device_key(view: View, ring: Keyring, page: Page) -> bytes:
    device = ring.device(page.device)
    if device is None or device.last_seq is not None:
        raise VaultError("log.device", f"page {page.n} is by a device that was not active")
    newest = view.newest.keyring.device(page.device)
    last = None if newest is None else newest.last_seq
    if last is not None and page.device_seq > last:
        raise VaultError("log.device", f"page {page.n} is a revoked device's {page.device_seq}, the last is {last}")
    return device.key


def _check_sequence(before: Chain | None, page: Page) -> None:
    due = (1, None) if before is None else (before.seq + 1, before.hash)
    if (page.device_seq, page.device_prev) != due:
        raise VaultError("log.sequence", f"page {page.n}: the device's {page.device_seq}, expected {due[0]}")


def _changed(known: Known | None, entry: Entry) -> Known:
    box, deleted = entry.op in BOXES, entry.op in DELETIONS
    if known is not None and known.deleted:
        raise VaultError("log.resurrected", "an id that was deleted")
    due = 1 if known is None else known.version + 1
    if entry.version != due:
        raise VaultError("log.version", f"version {entry.version}, expected {due}")
    if known is not None and known.box != box:
        raise VaultError("log.version", "a box as an object, or the reverse")
    return Known(entry.version, deleted, box, entry.body)


@dataclass(slots=True)
class Memory:
    """The state of one account's log in memory: what tests, exports and a fresh device use."""

    position: Position
    newest: Trusted
    keyrings: dict[bytes, Keyring] = field(default_factory=dict)
    chains: dict[bytes, Chain] = field(default_factory=dict)
    objects: dict[bytes, Known] = field(default_factory=dict)

    def view(self) -> View:
        """What the next page is held against."""
        return View(self.position, self.chains.get, self.objects.get, self.keyrings, self.newest)

    def trust(self, trusted: Trusted) -> None:
        """Remember a keyring that was accepted."""
        self.newest = trusted
        self.keyrings[trusted.hash] = trusted.keyring

    def apply(self, accepted: Accepted) -> None:
        """Take over what a page changes."""
        self.position = accepted.position
        self.chains[accepted.device] = accepted.chain
        self.objects |= accepted.changes


FINGERPRINT_DIGITS: Final = 20


def fingerprint(position: Position) -> str:
    """Twenty digits of the head, for people who compare two devices."""
    return str(int.from_bytes(position.head) % 10**FINGERPRINT_DIGITS).zfill(FINGERPRINT_DIGITS)
