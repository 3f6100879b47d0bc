"""Real Chromium on the account page, and the real account service behind it.

with account_service(folder, page_port) as service, Page.on(chromium, folder, service, page_port) as chrome:
    laptop = chrome.open("laptop")
    laptop.press("create")
"""

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ports import free_row

WEB = Path(__file__).resolve().parents[2] / "user/web"
WORKING = "…"
"""What the page says until a step has ended."""
SECONDS = 120
"""After which the browser is ended within one step: it would wait for ever for what never comes."""
KEPT = ("accounts", "passkeys", "keyrings", "openers", "pages", "objects", "bodies", "pairings", "shares", "erasures")
COUNTED = {"passkeys": "counter"}
"""The signature counter moves with each use of a passkey, whatever it opens."""


@dataclass
class Service:
    """A running account service."""

    origin: str
    """What people type: the page's, which forwards."""
    behind: str
    folder: Path
    process: "subprocess.Popen[str]"

    @property
    def database(self) -> Path:
        return self.folder / "state/accounts/accounts.db"

    def rows(self) -> dict[str, list[str]]:
        """What is kept of accounts, without tokens and challenges."""
        with sqlite3.connect(self.database) as connection:
            return {table: [repr(one) for one in _table(connection, table)] for table in KEPT}

    def written(self) -> dict[str, bytes]:
        """Every file and every line that the service wrote."""
        found = (one for one in self.folder.rglob("*") if one.is_file() and "site" not in one.parts)
        files = {str(one): one.read_bytes() for one in found}
        assert str(self.database) in files
        return files


def _table(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    assert columns, table
    chosen = ", ".join(f'"{one}"' for one in columns if one != COUNTED.get(table))
    return sorted(connection.execute(f"SELECT {chosen} FROM {table}").fetchall(), key=repr)


@contextmanager
def account_service(folder: Path, page_port: int) -> Iterator[Service]:
    """Start the service behind the page's origin, as behind a reverse proxy."""
    anywhere = {"host": "127.0.0.1", "port": 0}
    configuration = {
        "v": 1,
        "deploy": "local",
        "service": anywhere,
        "relay": anywhere,
        "nodes": [f"tcp:127.0.0.1:{free_row()}"],
        "state": str(folder / "state"),
        "public_run_origin": "http://localhost:8081",
        "published": None,
        "logs": [],
        "accounts": {"origin": f"http://localhost:{page_port}", "believe_forwarded_for": True},
    }
    (folder / "service.json").write_text(json.dumps(configuration))
    argv = [sys.executable, "-m", "privity_service", "run", "--config", str(folder / "service.json")]
    with (folder / "service.err").open("w") as errors:
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    try:
        ready = process.stdout.readline()
        assert ready.startswith("READY "), ready + (folder / "service.err").read_text()
        behind = json.loads(ready.removeprefix("READY "))["service"]
        yield Service(f"http://localhost:{page_port}", behind, folder, process)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


@contextmanager
def impatient(process: "subprocess.Popen[str]") -> Iterator[None]:
    """End the process when the block takes too long."""
    ends = threading.Timer(SECONDS, process.kill)
    ends.start()
    try:
        yield
    finally:
        ends.cancel()
        ends.join()


class Chrome:
    """One browser; each of its pages is a profile of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, do: str, **members: Any) -> Any:
        """One line to the browser and its answer. AssertionError when it could not be done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **members}) + "\n")
        self._process.stdin.flush()
        with impatient(self._process):
            line = self._process.stdout.readline()
        assert line, "the browser ended"
        answer = json.loads(line)
        assert "is" in answer, (do, members, answer)
        return answer["is"]

    def open(self, name: str, authenticator: dict[str, Any] | None = None, *, passkeys: bool = True) -> "Profile":
        """A new profile on the page; `authenticator` changes what its passkeys can do."""
        self.ask("open", name=name, authenticator=(authenticator or {}) if passkeys else None)
        return Profile(self, name)

    def requests(self) -> list[dict[str, Any]]:
        """Everything that left any page or worker."""
        asked: list[dict[str, Any]] = self.ask("requests")
        return asked


@contextmanager
def chromium_on(binary: str, node: str, service: Service, page_port: int) -> Iterator[Chrome]:
    """Build and serve the page, start the browser."""
    script = WEB / "packages/account/page/drive.mjs"
    argv = [node, str(script), binary, str(service.folder / "site"), service.behind, str(page_port)]
    with (service.folder / "site.err").open("w") as errors:
        process = subprocess.Popen(
            argv, cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with impatient(process):
            ready = process.stdout.readline()
        assert ready == '"ready"\n', (service.folder / "site.err").read_text()[-3000:]
        yield Chrome(process)
    finally:
        try:
            with suppress(BrokenPipeError):
                process.stdin.close()
            process.wait(60)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


@dataclass
class Profile:
    """A person at one page."""

    chrome: Chrome
    name: str

    def _do(self, do: str, **members: Any) -> Any:
        return self.chrome.ask(do, name=self.name, **members)

    def press(self, id_: str, until: str = "nothing") -> str:
        """Click and wait for what is said, or until something is shown."""
        said: str = self._do("press", id=id_, until=until)
        return said

    def fill(self, **texts: str) -> None:
        """Type into fields; `_` in a name is `-`."""
        for id_, text in texts.items():
            self._do("fill", id=id_.replace("_", "-"), text=text)

    def text(self, id_: str) -> str:
        """What an element shows, once it shows something."""
        found: str = self._do("filled", id=id_)
        return found

    def shown(self, id_: str) -> None:
        """Wait until it is visible."""
        self._do("shown", id=id_)

    def mode(self, mode: str) -> None:
        """How passkeys answer from now on: full, late, none, unstable, other, cancelled."""
        self._do("mode", mode=mode)

    def get(self, do: str) -> Any:
        """What the page shows, holds or did."""
        return self._do(do)

    def uncheck(self, id_: str) -> None:
        self._do("uncheck", id=id_)

    def create(self) -> str:
        """Make an account, with as many uses of the passkey as the page asks for."""
        said = self.press("create", until="again")
        while said == WORKING:
            said = self.press("again", until="again")
        return said

    def ceremony(self) -> str:
        """Type groups 3 and 7 of the code; the code."""
        code = self.text("recovery")
        groups = code.split("-")
        self.fill(third=groups[2].lower(), seventh=groups[6])
        assert self.press("typed") == "Done."
        self.shown("open")
        return code

    def write(self, text: str) -> None:
        """Write a message and synchronise."""
        self.fill(text=text)
        assert self.press("writing-button") == "Done."
        assert self.press("sync") == "Done."
