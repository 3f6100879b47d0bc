"""The devices and openers of an account: shown, revoked; and the new account key that a revocation brings.

Source: specs/rotation.md. The caller proved itself afresh before (`Access.fresh`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from privity_protocol import xwing
from privity_protocol.errors import Malformed
from privity_protocol.stored import keyring as stored
from privity_protocol.stored import page as stored_page
from privity_protocol.stored.keyring import Device, ListedOpener
from privity_protocol.stored.page import Op
from privity_vault import box as boxes
from privity_vault import keyring, object, opener, rotation
from privity_vault.errors import VaultError
from privity_vault.opener import Record
from privity_vault.private_half import NamedOpener
from privity_vault.rotation import Rotated
from privity_vault.secret import AccountKey, ChatKey

from privity_client.errors import ClientError
from privity_client.history import accounts, edits, joining, opened, sync
from privity_client.history.access import Access
from privity_client.history.calls import Flow
from privity_client.history.joining import Written
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica

UNKNOWN_LABEL = "?"


@dataclass(frozen=True, slots=True)
class Shown:
    """A device as a person sees it. `last_day` is that of its newest page, None when it wrote none."""

    id: bytes
    label: str
    active: bool
    this: bool
    last_day: int | None
    pages: int


def shown(replica: Replica) -> list[Shown]:
    """Return all devices, revoked ones last."""
    found, days = replica.opened, _last_days(replica)
    chains = replica.store.chains()
    rows = [
        Shown(
            one.id,
            found.half.devices.get(one.id, UNKNOWN_LABEL),
            one.last_seq is None,
            one.id == found.device,
            days.get(one.id),
            chains[one.id].seq if one.id in chains else 0,
        )
        for one in found.trusted.keyring.devices
    ]
    return sorted(rows, key=lambda one: (not one.active, not one.this, one.label))


def named(replica: Replica, text: str) -> bytes:
    """Return the active device whose id or label is `text`. Raises ClientError `device_unknown`."""
    wanted = text.strip()
    active = [one for one in shown(replica) if one.active]
    found = [one.id for one in active if wanted and (one.id.hex().startswith(wanted.lower()) or one.label == wanted)]
    if len(found) != 1:
        raise ClientError("device_unknown", text if not found else f"{text}: {len(found)} devices are called so")
    return found[0]


Entering = Callable[[AccountKey, int], tuple[Record, NamedOpener]]
"""Makes an opener that enters, for the new account key and its epoch."""


def revoke(replica: Replica, way: Access, device: bytes) -> Flow[None]:
    """Revoke a device, give the account a new key, and wrap every box anew. Raises VaultError, ServiceRefused.

    What was written before stays readable for whoever has it; what is written from now on does not.
    """

    yield from rotate(replica, way, _own_of(device), devices=lambda: _marked(replica, device))


def leave(replica: Replica, way: Access) -> Flow[None]:
    """Send what waits, and revoke this device with its own last signature: the others have a new key then.

    What that rotation still needs, they take up. Raises VaultError, ServiceRefused: then nothing has changed.
    """
    device = replica.opened.device
    for _ in range(accounts.MOVED_TRIES):
        yield from sync.refresh_keyring(replica, way)
        yield from sync.pull(replica, way)
        yield from sync.push(replica, way)
        records = yield from _records(replica, way, _own_of(device))
        rotated = _rotated(replica, records, lambda: _marked(replica, device), None)
        written = Written(rotated.claim, rotated.body, rotated.records, rotated.trusted, rotated.half)
        if (yield from accounts.put_keyring(way, replica.opened, written, fresh=True)):
            return
    raise ServiceRefused("keyring.moved")


def _own_of(device: bytes) -> Callable[[ListedOpener, str], bool]:
    return lambda _, label: label == device.hex()


def _marked(replica: Replica, device: bytes) -> tuple[Device, ...]:
    chain = replica.store.chain(device)
    ring = keyring.revoke(replica.opened.trusted.keyring, device, last_seq=0 if chain is None else chain.seq)
    return ring.devices


def rotate(
    replica: Replica,
    way: Access,
    leaves: Callable[[ListedOpener, str], bool],
    *,
    devices: Callable[[], tuple[Device, ...]] | None = None,
    enter: Entering | None = None,
) -> Flow[None]:
    """Give the account a new key, for the openers that stay and one that enters. Raises VaultError, ServiceRefused.

    `leaves` is asked of each opener and its label; what `devices` and `enter` make is made anew at each try.
    """
    for _ in range(accounts.MOVED_TRIES):
        yield from sync.refresh_keyring(replica, way)
        yield from sync.pull(replica, way)
        records = yield from _records(replica, way, leaves)
        rotated = _rotated(replica, records, devices, enter)
        written = Written(rotated.claim, rotated.body, rotated.records, rotated.trusted, rotated.half)
        if (yield from accounts.put_keyring(way, replica.opened, written, fresh=True)):
            _remember(replica, written, rotated)
            yield from finish(replica, way)
            return
    raise ServiceRefused("keyring.moved")


def finish(replica: Replica, way: Access) -> Flow[None]:
    """Do what a rotation still needs; taken up by any device at any time. Raises VaultError, ServiceRefused."""
    wrap_again(replica)
    yield from sync.push(replica, way)
    left = rotation.left(replica.opened.trusted, replica.opened.half, replica.position, _epochs(replica))
    if left.boxes or not left.drop:
        return  # The pages that wrapped the boxes name the keyring of this epoch: they are the pin.
    found = replica.opened
    half = rotation.without(found.half, left.drop)
    ring = found.trusted.keyring
    written = joining.next_ring(
        found,
        half,
        openers=ring.openers,
        devices=ring.devices,
        signer=found.device,
        day=replica.day,
        records=(),
        entropy=replica.entropy,
    )
    if (yield from accounts.put_keyring(way, found, written)):
        accounts.remember(replica, written)


def take_up(replica: Replica, way: Access) -> Flow[None]:
    """Finish a rotation that this device or another one did not. Raises VaultError, ServiceRefused."""
    yield from _renewed(replica, way)
    epoch = replica.opened.trusted.keyring.epoch
    if epoch == (replica.store.number("wrapped") or 1) or replica.stopped is not None:
        return
    yield from finish(replica, way)
    left = rotation.left(replica.opened.trusted, replica.opened.half, replica.position, _epochs(replica))
    if not left.boxes and not left.drop:
        with replica.store.transaction():
            replica.store.set_number("wrapped", epoch)


def _renewed(replica: Replica, way: Access) -> Flow[None]:
    """Replace this device's opener when an earlier account key's holder knew its public key and lock."""
    found, own = replica.opened, replica.store.get("opener") or b""
    rings = [stored.decode(claim.public) for _, claim in replica.store.claims()]
    if replica.stopped is not None or not rotation.needs_renewal(own, rings):
        return
    label = found.half.devices.get(found.device, UNKNOWN_LABEL)
    written = joining.with_own_opener(
        found, label=label, introduced_by=None, day=replica.day, entropy=replica.entropy, instead_of=own
    )
    if (yield from accounts.put_keyring(way, found, written)):
        with replica.store.transaction():
            replica.store.set("opener", written.records[0].id)
            accounts.remember(replica, written)


def wrap_again(replica: Replica) -> int:
    """Seal boxes of earlier epochs under the account key of this one, each with one more chat key. Returns how many."""
    left = rotation.left(replica.opened.trusted, replica.opened.half, replica.position, _epochs(replica))
    with replica.store.transaction():
        for id_ in left.boxes:
            item = replica.store.item(id_)
            op = next((one.op for one in replica.store.waiting(id_)), item.op if item is not None else Op.BOX_ACTIVE)
            if op is not Op.DELETE_BOX:
                made = boxes.with_next_key(replica.box(id_), ChatKey(replica.entropy(ChatKey.SIZE)))
                edits.put_box(replica, made, op)
    return len(left.boxes)


def _rotated(
    replica: Replica, records: list[Record], devices: Callable[[], tuple[Device, ...]] | None, enter: Entering | None
) -> Rotated:
    found = replica.opened
    key = AccountKey(replica.entropy(AccountKey.SIZE))
    return rotation.rotate(
        found.trusted,
        found.keys,
        found.half,
        records,
        devices=found.trusted.keyring.devices if devices is None else devices(),
        signer=found.device,
        signing_key=found.signing.signing,
        key=key,
        day=replica.day,
        nonce=replica.entropy(12),
        encapsulate=xwing.encapsulate,
        added=() if enter is None else (enter(key, found.trusted.keyring.epoch + 1),),
    )


def _remember(replica: Replica, written: Written, rotated: Rotated) -> None:
    epoch = rotated.trusted.keyring.epoch
    replica.opened.keys = {**replica.opened.keys, epoch: rotated.keys[epoch]}
    accounts.remember(replica, written)
    replica.forget_boxes()


def _records(replica: Replica, way: Access, leaves: Callable[[ListedOpener, str], bool]) -> Flow[list[Record]]:
    """The records of the openers that stay, as the service delivers them; each is held to the keyring's hash."""
    stored = yield from sync.fetch_keyrings(way, replica.opened.trusted.keyring.revision)
    found = []
    for listed in replica.opened.trusted.keyring.openers:
        if leaves(listed, replica.opened.half.openers[listed.id].label):
            continue
        record = opened.record_of(stored.records, listed.id)
        if record is None or opener.digest(record) != listed.record:
            raise VaultError("opener.unlisted", "the service does not deliver a record that the keyring lists")
        found.append(record)
    return found


def _epochs(replica: Replica) -> dict[bytes, int | None]:
    """All boxes that are not deleted, with the epoch that the header of each newest body names."""
    found: dict[bytes, int | None] = {}
    for item in replica.store.boxes():
        row = next(iter(replica.store.waiting(item.id)), None)
        try:
            body = row.body if row is not None and row.body is not None else replica.bytes_of(item)
            found[item.id] = object.read_header(body).generation
        except (VaultError, Malformed):
            found[item.id] = None
    return found


def _last_days(replica: Replica) -> dict[bytes, int]:
    days: dict[bytes, int] = {}
    for signed in replica.store.pages():
        read = stored_page.decode(signed.data)
        days[read.device] = read.day
    return days
