"""The transparency logs of a local installation as data: who signs, who witnesses, which processes.

The witness is the same person's on the same machine, so that the path is that of production and the trust is not: it
vouches that this machine showed itself one history. Source: C2SP tlog-policy, docs/operating/log.md.
"""

import sys
from collections.abc import Sequence
from typing import Final

from privity_tlog import witness_policy
from privity_tlog.errors import TlogError

from privity_client.errors import ClientError
from privity_client.serve.home import Home
from privity_client.serve.plan import DEPLOY, LOGS, Ports, Role

WITNESS: Final = "local"
WITNESS_KEY: Final = f"{DEPLOY}/witness"
ORIGINS: Final = {name: f"{DEPLOY}/{name}" for name in LOGS}
"""Origins of the two logs by their last part."""
_GRACE: Final = 6.0
"""Seconds; a log finishes its batch and its answers."""


def key_commands(home: Home) -> tuple[tuple[str, ...], ...]:
    """Return the commands that make the keys of logs and witness where they are not there, and print public halves."""
    log = ("privity_log", "keys", "--home", str(home.log), "--host", DEPLOY)
    return (log, ("privity_log", "witness", "--home", str(home.witness), "--name", WITNESS_KEY, "--only-keys"))


def policy(public: str, ports: Ports, *, witnessed: bool) -> bytes:
    """Return the witness policy of this installation from what the key commands printed.

    Raises ClientError `role_failed` when that is not what they print.
    """
    lines: list[str] = []
    placed: set[str] = set()
    for words in (line.split() for line in public.splitlines()):
        match words:
            case ["log", vkey]:
                name = vkey.partition("+")[0].rpartition("/")[2]
                lines.append(" ".join([*words, *([] if name in placed else [ports.log_address(name)])]))
                placed.add(name)
            case ["witness", name, vkey] if witnessed and name.endswith("-mldsa44"):
                lines.append(f"witness {WITNESS} {vkey} http://127.0.0.1:{ports.witness}")
    lines.append(f"quorum {WITNESS if witnessed else witness_policy.NONE}")
    text = "".join(f"{line}\n" for line in lines).encode()
    try:
        known = set(witness_policy.decode(text).logs)
    except TlogError as error:
        raise ClientError("role_failed", f"the logs' keys: {error.reason}") from error
    if known != set(ORIGINS.values()):
        raise ClientError("role_failed", "the logs' keys: not those of both logs")
    return text


def log_role(home: Home, ports: Ports, *, witnessed: bool) -> Role:
    """Return the process of both logs."""
    said = ("--policy", str(home.log_policy)) if witnessed else ("--no-witnesses",)
    listen = ("--listen", f"127.0.0.1:{ports.log}", "--append", f"127.0.0.1:{ports.append}")
    argv = ("serve", "--home", str(home.log), "--host", DEPLOY, *said, *listen)
    return Role("log", "transparency log", _log_command(argv), _GRACE)


def witness_role(home: Home, ports: Ports) -> Role:
    """Return the process of the one local witness."""
    argv = ("witness", "--home", str(home.witness), "--name", WITNESS_KEY, "--policy", str(home.log_policy))
    listen = ("--listen", f"127.0.0.1:{ports.witness}")
    return Role("witness", "witness", _log_command([*argv, *listen]), _GRACE)


def _log_command(words: Sequence[str]) -> tuple[str, ...]:
    return (sys.executable, "-m", "privity_log", *words)
