"""What a person chose for the whole account: one settings object, equal on all devices. Source: specs/contents.md."""

from typing import Any

from privity_vault import merge
from privity_vault.clock import NEVER, tick
from privity_vault.contents.home import Settings, Theme
from privity_vault.contents.schema import Field, Kind
from privity_vault.export.library import stamped

from privity_client.history import edits
from privity_client.history.replica import Replica

DEFAULT = Settings(
    theme=Field(Theme.SYSTEM, NEVER),
    language=Field(None, NEVER),
    model=Field(None, NEVER),
    instructions=Field("", NEVER),
    consents=Field((), NEVER),
    lock=Field(900, NEVER),
    titles=Field(False, NEVER),
    at_once=Field(False, NEVER),
)


def read(replica: Replica) -> Settings:
    """Return the settings; where two devices made them, each field's later one counts."""
    found = _found(replica)
    return merge.settle(found, replica.now())[1] if found else DEFAULT


def change(replica: Replica, **values: Any) -> Settings:
    """Change fields, durable when this returns. Raises VaultError `object.malformed` for what is no setting."""
    found = _found(replica)
    if not found:
        with replica.store.transaction():
            clock, stamp = tick(replica.clock(), replica.now())
            replica.set_clock(clock)
            id_ = replica.entropy(edits.ID)
            edits.put(replica, stamped(DEFAULT, stamp), box=replica.home, id_=id_)
        found = _found(replica)
    id_, content, _ = merge.settle(found, replica.now())
    return edits.change(replica, id_, replica.home, content, **values)


def _found(replica: Replica) -> dict[bytes, Settings]:
    contents = replica.contents(replica.home, Kind.SETTINGS)
    return {id_: one for id_, one in contents.items() if isinstance(one, Settings)}
