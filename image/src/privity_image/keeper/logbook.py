"""Writing to both logs: what is handed over is found in the log afterwards, whatever happens in between.

Each directory names the one before, so one that may be in the log already must be handed over again with the very same
bytes: it is kept in `STATE/pending` until the log shows it. Trusted: yes. Altered: the log gets a leaf that monitors
report. Lost: the chain of directories may break once, which monitors report. Rolled back: the same leaf again, no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from privity_tlog import proof
from privity_tlog.leaves import reading
from privity_tlog.limits import MAX_ENTRY

from privity_image.errors import Failed
from privity_image.keeper.files import Files
from privity_image.keeper.ledger import Ledger
from privity_image.keeper.log_reader import LogReader
from privity_image.keeper.settings import Settings

PENDING: Final = "pending"
MAX_TOKEN: Final = 1024
Say = Callable[[str, str], None]


class Logbook:
    """Appends leaves and has the ledger look again; raises Failed `log`, `store`, `surprise`."""

    def __init__(
        self, settings: Settings, readers: Mapping[str, LogReader], ledger: Ledger, files: Files, say: Say
    ) -> None:
        self._token, self._pending = settings.token, settings.state / PENDING
        self._readers, self._ledger, self._files, self._say = readers, ledger, files, say

    def log(self, name: str, leaves: Sequence[bytes]) -> list[bytes]:
        """Log leaves and return their proofs; the log shows them when this returns."""
        proofs = self._readers[name].append(leaves, self._secret())
        for leaf, made in zip(leaves, proofs, strict=True):
            self._say("logged", f"{reading.kind_of(leaf)} {proof.decode(made).index}")
        self._ledger.look(name)
        seen = self._ledger.sides[name].seen
        if seen is None or any(proof.decode(made).index >= seen.size for made in proofs):
            raise Failed("log", f"{name}: what is read lags behind what is written")
        return proofs

    def log_directory(self, leaf: bytes) -> None:
        """Log a directory: from here on it is the next one, whatever happens."""
        self._files.write(self._pending, leaf)
        self.finish()

    def finish(self) -> None:
        """Log the directory that an earlier call, or an earlier run, may or may not have logged."""
        leaf = self._files.read(self._pending, MAX_ENTRY)
        if leaf is not None:
            self.log("keys", [leaf])
            self._files.remove(self._pending)

    def _secret(self) -> str:
        data = self._files.read(self._token, MAX_TOKEN)
        if data is None:
            raise Failed("log", f"there is no token in {self._token}")
        return data.decode("ascii", "replace").strip()
