"""What the account's devices saw of their service's public logs, held against what this machine sees.

Source: specs/contents.md (kind 13), specs/view.md.
"""

import os
from dataclasses import dataclass

from privity_protocol.errors import PrivityError
from privity_tlog.errors import GROUPS, TlogError
from privity_vault.contents.proof import View
from rich.text import Text

from privity_client import fetch
from privity_client.channel import unix_time
from privity_client.cli.account import stage
from privity_client.history import edits, lost
from privity_client.history.replica import Replica
from privity_client.history.session import Session
from privity_client.printable import clean
from privity_client.serve.home import home_path
from privity_client.trust.server import Server, open_server

DAY_MS = 86_400_000
KEPT = "→ Both are kept as evidence: `privity trust evidence URL`. Show it to others before you go on."
CONTRADICTIONS = frozenset(GROUPS["view"] + GROUPS["tree"])


@dataclass(frozen=True, slots=True)
class Compared:
    """With how many other devices, and what came in between: the service's lie (`convicts`), or no pin, no answer."""

    devices: int
    problem: PrivityError | None = None

    @property
    def convicts(self) -> bool:
        """Whether what the devices were shown cannot be one log."""
        return isinstance(self.problem, TlogError) and self.problem.reason in CONTRADICTIONS


async def hold(replica: Replica, trust: Server) -> None:
    """Hold what other devices saw of the logs against what `trust` established, and show them that once a day.

    Raises TlogError when the service shows them different logs.
    """
    seen = [one for view in _of_others(replica) for one in view.checkpoints.value]
    await trust.compare(seen, now=unix_time())
    own = lost.own_view(replica)
    told = own is not None and own.checkpoints.value and _is_recent(own.checkpoints.stamp.millis, replica.now())
    if not told and replica.stopped is None:
        edits.put_view(replica, checkpoints=trust.checkpoints)
        edits.due(replica, timed=True)


def _of_others(replica: Replica) -> list[View]:
    return [one for one in edits.views(replica) if one.device != replica.opened.device and one.checkpoints.value]


def _is_recent(millis: int, now: int) -> bool:
    """Whether that was today: heads move every few minutes, and each writing of them is a page."""
    return millis // DAY_MS == now // DAY_MS


async def compared(found: Session) -> Compared:
    """Ask the account's own service for its logs now, and `hold` them. What cannot be compared is said, not raised."""
    replica = found.replica
    others = len(_of_others(replica))
    try:
        async with fetch.new_client(replica.opened.origin) as client:
            trust = open_server(client, replica.opened.origin, home_path(dict(os.environ)))
            await trust.refresh(now=unix_time())
            await hold(replica, trust)
    except PrivityError as error:
        return Compared(others, error)
    return Compared(others)


def in_words(result: Compared) -> Text:
    """The result for a person; empty where no other device has shown anything."""
    if result.problem is not None and result.convicts:
        said = clean(f"{result.problem.reason}: {result.problem.detail}")
        return Text(f"✗ Your devices were shown public logs that contradict each other.\n  {said}\n{KEPT}", style="red")
    if result.devices == 0:
        return Text()
    if result.problem is not None:
        words = "Public logs were not compared with what your other devices saw"
        return Text(f"· {words}: {result.problem.reason}", style="yellow")
    return Text("✓ ", style="green") + Text(f"{stage.counted(result.devices, 'other device')} saw the same public logs")
