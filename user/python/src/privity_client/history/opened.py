"""An account that is open on this device: its keys, its keyring, and what this device may sign.

Nothing of it is stored, only what opens it: the device's record and the accepted keyrings; `custody.py` has the secret.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from privity_protocol.stored import keyring as stored
from privity_protocol.stored.keyring import Keyring, ListedOpener
from privity_vault import keyring, opener, private_half
from privity_vault.errors import VaultError
from privity_vault.keyring import Claim, Trusted
from privity_vault.opener import Record
from privity_vault.private_half import PrivateHalf
from privity_vault.secret import AccountKey

from privity_client.errors import ClientError
from privity_client.history.answers import Keyrings
from privity_client.history.custody import DeviceKeys
from privity_client.history.store import Store

Entropy = Callable[[int], bytes]
"""So many random bytes."""
DAY_S: Final = 86_400


@dataclass(slots=True, repr=False)
class Opened:
    """Keys by epoch, the newest keyring and its private half, and all accepted keyrings by their hash."""

    account: bytes
    origin: str
    device: bytes
    signing: DeviceKeys
    keys: dict[int, AccountKey]
    trusted: Trusted
    half: PrivateHalf
    rings: dict[bytes, Keyring]

    def __repr__(self) -> str:
        return f"Opened(revision {self.trusted.keyring.revision})"

    @property
    def key(self) -> AccountKey:
        """The account key of this epoch."""
        return self.keys[self.trusted.keyring.epoch]

    def trust(self, trusted: Trusted, half: PrivateHalf) -> None:
        """Work with a newer keyring."""
        self.trusted, self.half = trusted, half
        self.rings[trusted.hash] = trusted.keyring
        self.keys = {**half.past, trusted.keyring.epoch: self.key}


def load(store: Store, signing: DeviceKeys) -> Opened:
    """Open the account with what this device holds; the service is not asked.

    Raises ClientError `no_account`, VaultError of the opener and of the keyring.
    """
    record, private, origin, device = (store.get(name) for name in ("record", "private", "origin", "device"))
    if record is None or private is None or origin is None or device is None:
        raise ClientError("no_account")
    account = store.get("account") or b""
    candidate = opener.open_record(opener.decode(record), signing.opener, account=account)
    claims = [claim for _, claim in store.claims()]
    unlocked = keyring.unlock(candidate, claims)
    half = private_half.open_half(private, unlocked.trusted, candidate.key)
    keys = {**half.past, **unlocked.keys}
    return Opened(account, origin.decode(), device, signing, keys, unlocked.trusted, half, rings_of(claims))


def rings_of(claims: Sequence[Claim]) -> dict[bytes, Keyring]:
    """Accepted keyrings by their hash."""
    return {stored.digest(one.public): stored.decode(one.public) for one in claims}


def record_of(records: Sequence[bytes], id_: bytes) -> Record | None:
    """The record of this opener among those that the service delivered. Raises VaultError `opener.malformed`."""
    return next((one for one in map(opener.decode, records) if one.id == id_), None)


def own_record(opened: Opened, records: Sequence[bytes], id_: bytes) -> Record | None:
    """This device's record: the one that it knows, else the one that it made and did not live to remember."""
    known = record_of(records, id_)
    if known is not None:
        return known
    for one in map(opener.decode, records):
        if one.kind is opener.Kind.DEVICE:
            with suppress(VaultError):
                opener.open_record(one, opened.signing.opener, account=opened.account)
                return one
    return None


def advance(
    opened: Opened, found: Keyrings, own: bytes
) -> tuple[Trusted, PrivateHalf, dict[int, AccountKey], Record | None]:
    """Judge what the service says of the keyring, against what this device accepted before. `own` is this opener's id.

    Raises VaultError `keyring.*`, `opener.*`, `object.*`: then nothing has changed.
    """
    known = opened.trusted.keyring.revision
    if found.newest < known or not found.claims:
        raise VaultError("keyring.rolled_back", f"revision {found.newest}, known is {known}")
    newest = stored.decode(found.claims[-1].public)
    keys: Mapping[int, AccountKey] = opened.keys
    record = own_record(opened, found.records, own)
    if newest.epoch > opened.trusted.keyring.epoch:
        keys = {**keys, **_keys_after(opened, found, record)}
    trusted = opened.trusted
    for claim in found.claims:
        trusted = keyring.accept_next(trusted, claim, keys)
    if trusted.keyring.revision < found.newest:
        raise VaultError("keyring.rolled_back", f"revisions up to {trusted.keyring.revision} of {found.newest}")
    _check_listed(trusted.keyring, record, own if record is None else record.id)
    if trusted.hash == opened.trusted.hash:
        return trusted, opened.half, dict(keys), record
    half = private_half.open_half(found.private or b"", trusted, keys[trusted.keyring.epoch])
    return trusted, half, {**half.past, trusted.keyring.epoch: keys[trusted.keyring.epoch]}, record


def _keys_after(opened: Opened, found: Keyrings, record: Record | None) -> dict[int, AccountKey]:
    """The account keys behind a rotation: ours is sealed to this device's opener, others are in the private half.

    The claims that lead there are judged afterwards: what opens under a key that our own lock tagged is of the account.
    """
    if record is None:
        raise VaultError("opener.unlisted", "the account was given a new key, and not to this device")
    key = opener.open_record(record, opened.signing.opener, account=opened.account).key
    public = found.claims[-1].public
    claimed = Trusted(stored.decode(public), stored.digest(public))
    half = private_half.open_half(found.private or b"", claimed, key)
    return {**half.past, record.epoch: key}


def _check_listed(ring: Keyring, record: Record | None, own: bytes) -> None:
    listed = ring.opener(own)
    if record is None and listed is None:
        return
    if record is None or listed != ListedOpener(record.id, record.kind, opener.digest(record)):
        raise VaultError("opener.unlisted", "the keyring does not list the record that the service delivers")
