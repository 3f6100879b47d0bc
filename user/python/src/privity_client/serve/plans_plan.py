"""A local installation with plans as data: what the service, the node and the ledger are told. Source: specs/ledger.md.

The ledger listens on a Unix socket in the state folder; where the folder's name does not fit into the node's
configuration, on the port after those of `plan.Ports`.
"""

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from privity_protocol import canonical

from privity_client.errors import ClientError
from privity_client.serve.home import Home
from privity_client.serve.plan import DEPLOY, Ports, Role

PRICES: Final = {"chat": 1, "embed": 1}
"""Tokens for one request."""
_SOCKET: Final = re.compile(r"/[A-Za-z0-9._/-]{1,100}")
_MAX_FILE: Final = 65_536
_GRACE: Final = 6.0


@dataclass(frozen=True)
class Plans:
    """What accounts may do and pay with; `accounts` are the service's settings."""

    accounts: dict[str, Any]

    def sold_under(self, key: bytes) -> dict[str, Any]:
        """Return the service's settings with the public key of this installation's vouchers."""
        return {**self.accounts, "voucher_keys": [canonical.base64url_encode(key)]}


def read(file: Path | None) -> Plans:
    """Return the plans in a file (specs/plans.md), or the default ones.

    Raises ClientError `file_unreadable` when it holds no JSON object; the service judges what is in it.
    """
    if file is None:
        return Plans({"issuance": {}})
    try:
        with file.open("rb") as opened:
            found = json.loads(opened.read(_MAX_FILE))
    except (OSError, ValueError, RecursionError) as error:
        raise ClientError("file_unreadable", f"{file}: not the plans of a service") from error
    if not isinstance(found, dict):
        raise ClientError("file_unreadable", f"{file}: not the plans of a service")
    return Plans({"issuance": {}, "plans": found})


def socket_of(home: Home) -> Path | None:
    """Return where the ledger listens, None when that name cannot stand in the node's configuration."""
    path = home.ledger / "socket"
    return path if _SOCKET.fullmatch(str(path)) else None


def port_of(home: Home, ports: Ports) -> int | None:
    """Return the ledger's port where it has no socket."""
    return None if socket_of(home) is not None else ports.append + 1


def metering(home: Home, ports: Ports) -> dict[str, object]:
    """Return what the node is told: which tokens it takes, for how much, and who knows which were spent."""
    port = port_of(home, ports)
    ledger = f"unix:{socket_of(home)}" if port is None else f"http://127.0.0.1:{port}"
    hosts = {"issuer": f"localhost:{ports.service}", "origin": f"localhost:{ports.relay}"}
    return {"ledger": ledger, **hosts, "prices": dict(PRICES)}


def ledger_configuration(home: Home, ports: Ports) -> bytes:
    """Return the ledger's configuration."""
    port = port_of(home, ports)
    return canonical.encode(
        {
            "v": 1,
            "deploy": DEPLOY,
            "listen": f"unix:{socket_of(home)}" if port is None else f"tcp:127.0.0.1:{port}",
            "published": str(home.published),
            "state": str(home.ledger / "state"),
            "database": None,
        }
    )


def ledger_role(home: Home) -> Role:
    """Return the process of the ledger."""
    argv = (sys.executable, "-m", "privity_service.ledger", "--config", str(home.ledger_configuration))
    return Role("ledger", "ledger of spent tokens", argv, _GRACE)
