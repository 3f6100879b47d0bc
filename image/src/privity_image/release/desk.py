"""An operator's desk: both logs as they are now, and a place to hand a leaf over. The keeper may run beside it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from privity_tlog import merkle, proof
from privity_tlog.leaves import reading
from privity_tlog.limits import MAX_PROOF

from privity_image.keeper import settings as chosen
from privity_image.keeper.files import Files
from privity_image.keeper.keep import read_policy
from privity_image.keeper.ledger import Ledger, Side
from privity_image.keeper.log_reader import LogReader
from privity_image.keeper.logbook import Logbook
from privity_image.keeper.settings import LOGS, Settings
from privity_image.keeper.wire import Wire
from privity_image.release import rules

LOGGED: Final = "logged"
PROOF: Final = ".tlog-proof"
KEYS_LOG: Final = frozenset({"issuers"})


class _Looking(Files):
    """Remembers nothing: the largest heads are the keeper's to keep."""

    def write(self, path: Path, data: bytes) -> None:
        """Write nothing."""


class Desk:
    """What the logs say, and logging. Raises Failed `log`, `surprise`, `leaf`, `configuration`."""

    def __init__(self, settings: Settings, wire: Wire, now: Callable[[], int]) -> None:
        self.settings, self.now, self.files = settings, now, Files()
        self.text, self.policy = read_policy(settings, self.files)
        readers = {name: LogReader(name, settings.logs[name], self.policy, wire) for name in LOGS}
        self.ledger = Ledger(settings, readers, _Looking())
        self._book = Logbook(settings, readers, self.ledger, self.files, lambda _event, _detail: None)

    def look(self) -> "Desk":
        """Read both logs."""
        for name in LOGS:
            self.ledger.look(name)
        return self

    @property
    def release(self) -> Side:
        """Return the release log."""
        return self.ledger.release

    def newest(self, kind: str) -> bytes | None:
        """Return the newest leaf of a kind of which only one counts."""
        entry = self.release.newest.get(kind)
        return None if entry is None else entry.leaf

    def log(self, leaf: bytes) -> int:
        """Log a leaf after holding it to the rules of its kind; keep it with its proof; return its index."""
        rules.check(leaf, self.release, self.now())
        kind = reading.kind_of(leaf)
        (made,) = self._book.log("keys" if kind in KEYS_LOG else "release", [leaf])
        path = self.settings.state / LOGGED / merkle.leaf_hash(leaf).hex()
        self.files.write(path, leaf)
        self.files.write(path.with_name(path.name + PROOF), made)
        return proof.decode(made).index

    def proof(self, leaf: bytes) -> bytes | None:
        """Return the kept proof of a leaf that was logged here."""
        name = merkle.leaf_hash(leaf).hex() + PROOF
        return self.files.read(self.settings.state / LOGGED / name, MAX_PROOF)


def open_desk(path: Path) -> Desk:
    """Return the desk of a configuration, with both logs read."""
    return Desk(chosen.load(path), Wire(), lambda: int(time.time())).look()
