"""Which key id belongs to which node, from what the nodes themselves report. Nothing here is trusted by clients.

If altered: a request reaches a node that cannot open it, and is refused. If lost: rebuilt at the next poll.
Source: specs/relay.md, section "Nodes".
"""

import re
from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec
from privity_protocol.limits import KEY_GRACE, KID

from privity_service.configuration import NodeAddress

MAX_REPORT: Final = 65536  # bytes of a node's report
MAX_WINDOWS: Final = 8  # keys one node may announce at a time; two overlap in ordinary operation
FAILED_POLLS: Final = 3  # polls in a row after which a node is no longer listed

Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Seconds = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class NodeUnfit(Exception):
    """A node's answer cannot be used; `reason` is one word for the log."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Platform(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Kind of platform and hash of its identifier."""

    type: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,16}\Z")]
    id: Hash


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One key of a node: hash of its node document, and what the directory says about it."""

    nd: Hash
    plat: Platform
    rel: Hash
    cap: Annotated[list[str], msgspec.Meta(min_length=1, max_length=64)]
    w: Annotated[int, msgspec.Meta(ge=1, le=8)]
    nbf: Seconds
    exp: Seconds


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a node answers to GET /ec1/node."""

    windows: Annotated[list[Window], msgspec.Meta(max_length=MAX_WINDOWS)]


def parse_report(data: bytes) -> list[Window]:
    """Return the windows in a node's report. Raises NodeUnfit."""
    if len(data) > MAX_REPORT:
        raise NodeUnfit("report_too_large")
    try:
        report = msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NodeUnfit("report_malformed") from error
    names = [name for window in report.windows for name in window.cap]
    if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}", name) for name in names):
        raise NodeUnfit("report_malformed")
    if len({window.nd for window in report.windows}) != len(report.windows):
        raise NodeUnfit("report_malformed")
    return report.windows


@dataclass
class Entry:
    """What is known of one configured node."""

    address: NodeAddress
    windows: tuple[Window, ...] = ()
    failures: int = 0


@dataclass
class Registry:
    """The configured nodes and the routes that follow from their reports."""

    nodes: list[Entry]
    _routes: dict[bytes, NodeAddress] = field(default_factory=dict)

    def address(self, kid: bytes) -> NodeAddress | None:
        """Return the node that announced the key id `kid` (8 bytes), None when no node did."""
        return self._routes.get(kid)

    def report(self, index: int, windows: list[Window], now: int) -> bool:
        """Take over what node `index` announces, less what has expired. Returns whether anything changed."""
        entry = self.nodes[index]
        entry.failures = 0
        current = tuple(window for window in windows if now < window.exp + KEY_GRACE)
        if current == entry.windows:
            return False
        entry.windows = current
        self._reroute()
        return True

    def fail(self, index: int) -> bool:
        """Count a failed poll of node `index`. Returns whether the node has just been dropped."""
        entry = self.nodes[index]
        entry.failures += 1
        if entry.failures < FAILED_POLLS or not entry.windows:
            return False
        entry.windows = ()
        self._reroute()
        return True

    def listed(self, now: int) -> list[Window]:
        """Return every window not yet expired once, by hash; of two nodes with one key id the first configured wins."""
        windows: dict[str, Window] = {}
        for entry in self.nodes:
            for window in entry.windows:
                if now < window.exp and self._routes[_kid(window)] == entry.address:
                    windows[window.nd] = window
        return [windows[nd] for nd in sorted(windows)]

    def _reroute(self) -> None:
        routes: dict[bytes, NodeAddress] = {}
        for entry in self.nodes:
            for window in entry.windows:
                routes.setdefault(_kid(window), entry.address)
        self._routes = routes


def _kid(window: Window) -> bytes:
    return bytes.fromhex(window.nd)[:KID]
