"""The folder that holds a local installation's state, and the lock that gives it to one `serve` at a time.

Trusted: no. Altered: the node measures its configuration and hashes its models, so a change shows in the evidence or
stops the start. Lost: made anew, with a new development root. Rolled back: an older configuration is measured as it is.
"""

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from privity_client.errors import ClientError

DEFAULT_PORT = 8080


class Home:
    """Paths inside PRIVITY_HOME; `root` is made with mode 0700 by `open_home`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.development_root = root / "development-root"
        self.root_certificate = self.development_root / "root.pem"
        self.models = root / "models"
        self.node = root / "node"
        self.node_configuration = self.node / "configuration.json"
        self.release = self.node / "release.json"
        self.service = root / "service"
        self.service_configuration = self.service / "configuration.json"
        self.log = root / "log"
        self.log_keys = self.log / "public-keys"
        self.log_policy = self.log / "policy"
        self.witness = root / "witness"
        self.keeper = root / "keeper"
        self.keeper_configuration = self.keeper / "configuration.json"
        self.web_leaf = self.keeper / "web.json"
        self.published = self.keeper / "published"
        self.anchor = self.keeper / "anchor"
        self.voucher_key = self.service / "voucher.key"
        self.ledger = root / "ledger"
        self.ledger_configuration = self.ledger / "configuration.json"
        self.logs = root / "logs"
        self.settings = root / "settings.json"


def home_path(environment: dict[str, str]) -> Path:
    """Return PRIVITY_HOME, or ~/.local/share/privity."""
    named = environment.get("PRIVITY_HOME", "")
    return Path(named).expanduser().absolute() if named else Path.home() / ".local" / "share" / "privity"


def port_from(environment: dict[str, str]) -> int:
    """Return PRIVITY_PORT, or 8080. Raises ClientError `misuse` when it is not a usable port."""
    text = environment.get("PRIVITY_PORT", "")
    if not text:
        return DEFAULT_PORT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65530:
        raise ClientError("misuse", "PRIVITY_PORT must be a number from 1 to 65530")
    return int(text)


def open_home(root: Path) -> Home:
    """Make the folders with mode 0700 and return them. Raises ClientError `home_unusable`."""
    home = Home(root)
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.stat().st_uid != os.getuid():
            raise ClientError("home_unusable", f"{root} belongs to another user")
        root.chmod(0o700)
        for folder in (home.models, home.node, home.service, home.log, home.witness, home.keeper, home.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ClientError("home_unusable", f"{root}: {error.strerror}") from error
    return home


@contextlib.contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the folder for this process. The lock dies with the process, so a stale one cannot exist.

    Raises ClientError `already_running` with the number of the process that holds it.
    """
    path = home.root / "serve.lock"
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            handle.seek(0)
            raise ClientError("already_running", f"process {handle.read(20).strip() or 'unknown'}") from error
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        yield


def write_whole(path: Path, content: bytes) -> None:
    """Replace `path` at once, so that a reader or a crash never meets half a file. Raises ClientError `disk_full`."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        reason = "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "home_unusable"
        raise ClientError(reason, str(path)) from error
