"""Secrets of a payment provider: files of one line, for nobody else's eyes.

Trusted? Wholly: they take payments and say what was paid. Altered: payments fail, and events are refused. Lost: ask the
provider for them. Rolled back: as altered.
"""

from pathlib import Path
from typing import Final

_MAX_SECRET: Final = 512


class SecretUnfit(Exception):
    """A file of a secret holds none, or others can read it."""

    reason = "payments_secret"


def read(path: Path) -> str:
    """The secret in a file. Raises SecretUnfit, OSError."""
    if path.stat().st_mode & 0o077:
        raise SecretUnfit(f"{path.name}: others can read it")
    with path.open("rb") as file:
        data = file.read(_MAX_SECRET + 1)
    text = data.decode("ascii", "replace").strip()
    if len(data) > _MAX_SECRET or not text.isascii() or not text.isprintable() or not text:
        raise SecretUnfit(f"{path.name}: no secret")
    return text
