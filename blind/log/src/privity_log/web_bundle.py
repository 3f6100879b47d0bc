"""The logged web bundle against the one that anybody can rebuild from the same source. Source: specs/leaves.md."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any


def compare_web(leaf: Mapping[str, Any], folder: Path) -> str | None:
    """Return how a logged web bundle differs from the one rebuilt in `folder`, None when every file is the same."""
    logged = leaf.get("files")
    if not isinstance(logged, dict):
        return "it lists no files"
    built = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if logged == built:
        return None
    names = sorted({*logged, *built})
    # Escaped: the names are the log's, and a terminal or a mail must not obey them.
    differing = [ascii(name) for name in names if logged.get(name) != built.get(name)]
    return "not what was rebuilt: " + ", ".join(differing)[:400]
