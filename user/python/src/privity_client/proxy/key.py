"""The key that programs of this user show to the proxy: chosen at the first start, kept in a file of theirs alone.

Trusted: yes. Altered: programs are refused until they have the new one. Lost: another is chosen. Read by others: they
can ask in this user's name, so a file that others may read is not used.
"""

import hmac
import os
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from privity_protocol import canonical

from privity_client.errors import ClientError

PREFIX: Final = "privity-"
BYTES: Final = 32
LONGEST: Final = 128
"""Characters of a key file; also of what a program shows."""


@dataclass(frozen=True)
class Key:
    """The key, where it lies, and whether it was chosen just now."""

    text: str = field(repr=False)
    path: Path
    fresh: bool

    def opens(self, shown: bytes) -> bool:
        """Say whether `shown` is the key, in a time that does not depend on where it differs."""
        return hmac.compare_digest(shown, self.text.encode("ascii"))


def open_key(home: Path, *, entropy: Callable[[int], bytes] = os.urandom, anew: bool = False) -> Key:
    """Return the key below `home` (PRIVITY_HOME), chosen now when there is none or `anew` asks for it.

    Raises ClientError `home_unusable` when it cannot be read or kept, or when others can read it.
    """
    folder = home / "proxy"
    path = folder / "key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        if anew:
            path.unlink(missing_ok=True)
        fresh = _choose(path, entropy) if not path.exists() else False
        return Key(_read(path), path, fresh)
    except OSError as error:
        raise ClientError("home_unusable", f"{path}: {error.strerror}") from error


def _choose(path: Path, entropy: Callable[[int], bytes]) -> bool:
    """Write a new key at once and whole; return False when another start was quicker."""
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{PREFIX}{canonical.base64url_encode(entropy(BYTES))}\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink(missing_ok=True)
    return True


def _read(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
            raise ClientError("home_unusable", f"{path} is not a file of yours")
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ClientError("home_unusable", f"others can read {path}; choose another key with --new-key")
        text = file.read(LONGEST).decode("ascii", "replace").strip()
    if not text.startswith(PREFIX) or len(text) < len(PREFIX) + BYTES or not text.isascii():
        raise ClientError("home_unusable", f"{path} holds no key; choose another with --new-key")
    return text
