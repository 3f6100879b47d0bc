"""The logged web bundle against the one that anybody can rebuild from the same source. Source: specs/leaves.md."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path


def compare_web(logged: Mapping[str, bytes], folder: Path) -> str | None:
    """Return how a logged web bundle (path to SHA-256) differs from the one rebuilt in `folder`, None when it is it."""
    built = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).digest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if dict(logged) == built:
        return None
    names = sorted({*logged, *built})
    # Escaped: a terminal or a mail must not obey names, wherever they come from.
    differing = [ascii(name) for name in names if logged.get(name) != built.get(name)]
    return "not what was rebuilt: " + ", ".join(differing)[:400]
