"""What nodes announce: polled, bounded, believed by nobody. Source: specs/node-http.md, specs/keeper.md.

A node's answers are hostile input: the hash of each key, a weight, and the bundle's bytes are all that is taken.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from privity_protocol.limits import MAX_BUNDLE

from privity_image.errors import Failed
from privity_image.keeper.wire import Answer, Question, Wire

MAX_REPORT: Final = 64 * 1024
MAX_WINDOWS: Final = 8
FAILED_POLLS: Final = 3
"""Unanswered polls in a row after which a node is gone."""
UNHEARD_POLLS: Final = 100
"""The same for a node that never answered: at a start it may need 20 seconds of quick polls to load its model."""
_HASH: Final = re.compile("[0-9a-f]{64}")
Say = Callable[[str, str], None]


@dataclass(slots=True)
class Announced:
    """One key of a node: its weight, and its bundle as the node hands it out."""

    weight: int
    bundle: bytes


@dataclass(slots=True)
class Node:
    """One configured node. `failures` counts unanswered polls in a row; `heard` whether it ever answered."""

    address: str
    failures: int = 0
    heard: bool = False
    trouble: str = ""
    windows: dict[str, Announced] = field(default_factory=dict)


class Nodes:
    """All configured nodes."""

    def __init__(self, addresses: Sequence[str], wire: Wire, say: Say) -> None:
        self._nodes = [Node(address) for address in addresses]
        self._wire, self._say = wire, say

    @property
    def settled(self) -> bool:
        """Return whether every node answered once or is known not to."""
        return all(node.heard or node.failures >= UNHEARD_POLLS for node in self._nodes)

    def announced(self) -> dict[str, Announced]:
        """Return every key at hand by the hash of its node document (hexadecimal)."""
        return {nd: one for node in self._nodes for nd, one in node.windows.items()}

    def poll(self) -> None:
        """Ask every node once, and for the bundles of keys that are new."""
        answers = self._wire.all([Question(node.address, "/ec1/node", MAX_REPORT) for node in self._nodes])
        reports = [self._report(node, answer) for node, answer in zip(self._nodes, answers, strict=True)]
        due = [
            (node, nd)
            for node, report in zip(self._nodes, reports, strict=True)
            for nd in report or ()
            if nd not in node.windows
        ]
        questions = [Question(node.address, f"/ec1/bundle/{nd}", MAX_BUNDLE) for node, nd in due]
        bundles = dict(zip([(node.address, nd) for node, nd in due], self._wire.all(questions), strict=True))
        for node, report in zip(self._nodes, reports, strict=True):
            if report is not None:
                self._take(node, report, bundles)

    def _report(self, node: Node, answer: Answer | Failed) -> dict[str, int] | None:
        try:
            report = parse(_body(answer))
        except Failed as error:
            node.failures += 1
            self._trouble(node, error.reason)
            if node.failures >= FAILED_POLLS:
                node.windows = {}
            return None
        node.failures, node.heard = 0, True
        return report

    def _take(self, node: Node, report: dict[str, int], bundles: dict[tuple[str, str], Answer | Failed]) -> None:
        kept: dict[str, Announced] = {}
        trouble = ""
        for nd, weight in report.items():
            known = node.windows.get(nd)
            if known is not None:
                kept[nd] = Announced(weight, known.bundle)
                continue
            try:
                kept[nd] = Announced(weight, _body(bundles[node.address, nd]))
            except Failed as error:
                trouble = error.reason
        node.windows = kept
        self._trouble(node, trouble)

    def _trouble(self, node: Node, trouble: str) -> None:
        if trouble and trouble != node.trouble:
            self._say("node_unusable", f"{node.address}: {trouble}")
        node.trouble = trouble


def parse(data: bytes) -> dict[str, int]:
    """Return the weight of each key in a node's report by its hash. Raises Failed `malformed`."""
    try:
        windows = json.loads(data)["windows"]
        if not isinstance(windows, list) or len(windows) > MAX_WINDOWS:
            raise Failed("malformed", "windows")
        found = {_text(one["nd"]): _weight(one["w"]) for one in windows}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Failed("malformed", "not a node's report") from error
    return found


def _text(value: object) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise Failed("malformed", "nd")
    return value


def _weight(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 8:
        raise Failed("malformed", "w")
    return value


def _body(answer: Answer | Failed) -> bytes:
    if isinstance(answer, Failed):
        raise answer
    status, data = answer
    if status != 200:
        raise Failed("status", str(status))
    return data
