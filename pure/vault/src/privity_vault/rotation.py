"""A new account key, so that a lost device or opener reads nothing that is written from now on.

Source: specs/rotation.md. Everything but the first step can be interrupted: `left` says what is still to do, from what
the keyring, the log and the boxes show.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.hpke import Encapsulate
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener

from privity_vault import keyring, opener, private_half
from privity_vault.errors import VaultError
from privity_vault.keyring import Claim, Keys, Trusted
from privity_vault.opener import Record
from privity_vault.page import Position
from privity_vault.private_half import NamedOpener, PrivateHalf
from privity_vault.secret import AccountKey


@dataclass(frozen=True, slots=True)
class Rotated:
    """What to put at the service in one compare-and-set, and what this device works with once that is accepted."""

    claim: Claim
    body: bytes
    """The sealed private half."""
    records: tuple[Record, ...]
    trusted: Trusted
    half: PrivateHalf
    keys: Keys


@dataclass(frozen=True, slots=True)
class Left:
    """What a rotation still needs, in this order: a page that names the keyring, boxes to wrap again, past account keys
    that no box uses any more.
    """

    pin: bool
    boxes: tuple[bytes, ...]
    drop: tuple[int, ...]


def rotate(
    trusted: Trusted,
    keys: Keys,
    half: PrivateHalf,
    records: Sequence[Record],
    *,
    devices: Sequence[Device],
    signer: bytes,
    signing_key: Ed25519PrivateKey,
    key: AccountKey,
    day: int,
    nonce: bytes,
    encapsulate: Encapsulate,
    added: Sequence[tuple[Record, NamedOpener]] = (),
) -> Rotated:
    """Return the keyring under the new account key `key` (32 random bytes) and what goes with it.

    `records` are those of the openers that stay, `devices` all devices with the revoked ones marked, `added` openers
    that enter, made for `key` and the next epoch. Raises VaultError
    `keyring.malformed` (an opener that the keyring does not know, or nothing that opens), and those of
    `keyring.accept_next`, since it is judged here as others will judge it.
    """
    before = trusted.keyring
    epoch, revision = before.epoch + 1, before.revision + 1
    if any(one.id not in half.openers or before.opener(one.id) is None for one in records):
        raise VaultError("keyring.malformed", "an opener that the keyring does not know")
    again = [
        opener.seal_again(
            one, half.openers[one.id].absent, key, account=before.account, epoch=epoch, encapsulate=encapsulate
        )
        for one in sorted(records, key=lambda one: one.id)
    ]
    sealed = tuple(sorted([*again, *(record for record, _ in added)], key=lambda one: one.id))
    known = {**half.openers, **{record.id: named for record, named in added}}
    openers = {one.id: known[one.id] for one in sealed}
    kept = replace(half, openers=openers, past={**half.past, before.epoch: keys[before.epoch]})
    body = private_half.seal(kept, key, account=before.account, revision=revision, epoch=epoch, nonce=nonce)
    ring = Keyring(
        account=before.account,
        revision=revision,
        epoch=epoch,
        previous=trusted.hash,
        openers=tuple(ListedOpener(one.id, one.kind, opener.digest(one)) for one in sealed),
        devices=tuple(devices),
        day=day,
        signer=signer,
        private=sha256(body).digest(),
    )
    both = {before.epoch: keys[before.epoch], epoch: key}
    claim = keyring.write(ring, both, signing_key, rises=True)
    return Rotated(claim, body, sealed, keyring.accept_next(trusted, claim, both), kept, {**keys, epoch: key})


def left(trusted: Trusted, half: PrivateHalf, position: Position, boxes: Mapping[bytes, int | None]) -> Left:
    """Return what is still to do. `boxes` are all boxes that are not deleted, with the epoch that the header of each
    body names, None where the body is missing: then no account key is dropped, since that box may need it.
    """
    epoch = trusted.keyring.epoch
    due = tuple(sorted(id_ for id_, found in boxes.items() if found is not None and found < epoch))
    used = set(boxes.values())
    drop = () if None in used else tuple(sorted(half.past.keys() - used))
    return Left(position.keyring < trusted.keyring.revision, due, drop)


def without(half: PrivateHalf, epochs: Collection[int]) -> PrivateHalf:
    """The private half of the keyring's next revision, once the account keys of these epochs are used by no box."""
    return replace(half, past={epoch: key for epoch, key in half.past.items() if epoch not in epochs})


def needs_renewal(id_: bytes, rings: Sequence[Keyring]) -> bool:
    """Whether an opener should be replaced by one with a new id: its public key and lock were in the hands of whoever
    held an earlier account key. `rings` are the accepted keyrings, oldest first.
    """
    return any(ring.epoch < rings[-1].epoch and ring.opener(id_) is not None for ring in rings)
