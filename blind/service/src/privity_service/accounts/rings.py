"""Reading keyrings that are stored. They never change under their hash, so decoded ones are kept in memory."""

from privity_protocol.stored import keyring as stored
from privity_protocol.stored.keyring import Keyring
from sqlalchemy import Connection, RowMapping

from privity_service.accounts.page_statements import KEYRING_PUBLIC

_KEPT = 1024


class _Cache:
    """Decoded keyrings by hash."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Keyring] = {}

    def of(self, connection: Connection, account: bytes, revision: int, hash_: bytes) -> Keyring:
        """The keyring with this hash, from memory or from its row."""
        found = self._kept.get(hash_)
        if found is None:
            named = {"of": account, "at": revision}
            found = stored.decode(connection.execute(KEYRING_PUBLIC, named).scalar_one())
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[hash_] = found
        return found


_cache = _Cache()


def newest(connection: Connection, account: RowMapping) -> Keyring:
    """The newest keyring of an account."""
    return _cache.of(connection, account["id"], account["revision"], account["keyring"])
