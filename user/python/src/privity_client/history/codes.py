"""Another recovery code in place of the one that was: one rotation takes the old one away and brings the new one.

Source: specs/account.md, section "Replacing the code". The caller proved itself afresh before, and a person typed
groups of the new code back.
"""

from privity_protocol import xwing
from privity_vault import opener
from privity_vault.errors import VaultError
from privity_vault.opener import Record
from privity_vault.private_half import NamedOpener
from privity_vault.recovery import RecoveryLetters
from privity_vault.secret import AccountKey

from privity_client.history import devices, joining, opened, sync
from privity_client.history.access import Access
from privity_client.history.calls import Flow
from privity_client.history.replica import Replica


def replace(replica: Replica, way: Access, letters: RecoveryLetters) -> Flow[None]:
    """Replace the code, and open with the new one what the service then keeps. Raises VaultError, ServiceRefused.

    There is no moment without a code, and whoever knew the old one never held a key of the new one's opener.
    """
    account, chance = replica.opened.account, replica.entropy

    def made(key: AccountKey, epoch: int) -> tuple[Record, NamedOpener]:
        record, absent = opener.make(
            letters,
            key,
            account=account,
            id_=chance(16),
            epoch=epoch,
            parameters=joining.sheet(letters),
            credential=None,
            encapsulate=xwing.encapsulate,
        )
        return record, NamedOpener(absent, joining.RECOVERY_LABEL)

    yield from devices.rotate(replica, way, lambda one, _: one.kind == opener.Kind.RECOVERY, enter=made)
    yield from _prove(replica, way, letters)


def _prove(replica: Replica, way: Access, letters: RecoveryLetters) -> Flow[None]:
    found = replica.opened
    kept = yield from sync.fetch_keyrings(way, found.trusted.keyring.revision)
    listed = [one for one in found.trusted.keyring.openers if one.kind == opener.Kind.RECOVERY]
    record = None if len(listed) != 1 else opened.record_of(kept.records, listed[0].id)
    if record is None or opener.digest(record) != listed[0].record:
        raise VaultError("opener.unlisted", "the service does not deliver the new code's record")
    if opener.open_record(record, letters, account=found.account).key != found.key:
        raise VaultError("opener.foreign", "the code opens something else")
