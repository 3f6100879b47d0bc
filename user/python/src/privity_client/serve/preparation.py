"""Brings PRIVITY_HOME to the state that the roles start from: root, configuration, release, the logs' keys and policy.

A second start finds everything as it is and writes nothing.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privity_client.errors import ClientError
from privity_client.models.shelf import ShelfModel
from privity_client.serve.home import Home, write_whole
from privity_client.serve.keeper_plan import keeper_configuration
from privity_client.serve.log_plan import ORIGINS, key_commands, policy
from privity_client.serve.plan import DEPLOY, Ports, node_configuration, release_leaf, service_configuration
from privity_client.serve.plans_plan import Plans, ledger_configuration, metering
from privity_client.trust import pins
from privity_client.trust.pins import Pin
from privity_client.version import VERSION
from privity_client.web.bundle import Bundle

_TOOL_SECONDS = 60


def check_ports(ports: Ports, *more: int) -> None:
    """Return when all ports can be taken. Raises ClientError `port_in_use` naming the first that cannot."""
    for port in (*ports.all(), *more):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise ClientError("port_in_use", f"port {port}") from error


def make_root(home: Home) -> None:
    """Make the development root unless it is there. Raises ClientError `role_failed`."""
    if not home.root_certificate.exists():
        run_tool("privity_simulation", "root", str(home.development_root))


def write_configurations(
    home: Home, ports: Ports, models: Sequence[ShelfModel], web: Bundle | None, plans: Plans | None = None
) -> None:
    """Write the configurations where they differ from what is there, and the leaf of the web client."""
    folder = None if web is None else web.folder
    if web is not None:
        _write_changed(home.web_leaf, web.leaf())
    accounts = None if plans is None else plans.sold_under(voucher_key(home))
    metered = None if plans is None else metering(home, ports)
    _write_changed(home.node_configuration, node_configuration(models, metered))
    _write_changed(home.service_configuration, service_configuration(home, ports, folder, accounts))
    keeper = keeper_configuration(home, ports, web=web is not None, issues=plans is not None)
    _write_changed(home.keeper_configuration, keeper)
    if plans is not None:
        home.ledger.mkdir(mode=0o700, exist_ok=True)
        _write_changed(home.ledger_configuration, ledger_configuration(home, ports))
    # What an earlier run posted may be too old for clients, and names nodes that are gone: all wait for the keeper.
    home.anchor.unlink(missing_ok=True)
    (home.published / "bulletin").unlink(missing_ok=True)


def voucher_key(home: Home) -> bytes:
    """Return the public half of the key that signs vouchers here, which is made at first. Raises ClientError.

    A file of 32 random bytes (specs/voucher.md), for `privity-admin vouchers`.
    """
    if not home.voucher_key.exists():
        write_whole(home.voucher_key, os.urandom(32))
    try:
        private = Ed25519PrivateKey.from_private_bytes(home.voucher_key.read_bytes())
    except (OSError, ValueError) as error:
        raise ClientError("home_unusable", f"{home.voucher_key}: no key of vouchers") from error
    return private.public_key().public_bytes_raw()


def write_release(home: Home, models: Sequence[ShelfModel], *, now: int) -> None:
    """Measure the installed enclave and write its local release; an unchanged one keeps its date."""
    measured = json.loads(run_tool("privity_simulation", "measure", "--config", str(home.node_configuration)))
    leaf = release_leaf(
        version=VERSION,
        registers=measured["registers"],
        configuration=measured["configuration"],
        models=models,
        not_before=_kept_date(home.release, now),
    )
    _write_changed(home.release, leaf)


def write_log_policy(home: Home, ports: Ports, *, witnessed: bool) -> None:
    """Make the keys of logs and witness at first, and write the policy that names them, as the pin too.

    Raises ClientError.
    """
    if not home.log_keys.exists():
        with ThreadPoolExecutor() as pool:
            printed = list(pool.map(lambda command: run_tool(*command), key_commands(home)))
        _write_changed(home.log_keys, "".join(printed).encode())
    text = policy(home.log_keys.read_text("ascii", "replace"), ports, witnessed=witnessed)
    _write_changed(home.log_policy, text)
    # The same person, on the same machine: what counts for this server's clients here is what it runs by.
    pin = Pin(DEPLOY, text.decode("ascii"), ORIGINS["release"], ORIGINS["keys"], no_quorum=not witnessed)
    pins.write(pins.folder(home.root, ports.origin), pin)


def run_tool(module: str, *arguments: str) -> str:
    """Run a tool of another role and return what it printed. Raises ClientError `role_failed`."""
    argv = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_TOOL_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise ClientError("role_failed", f"{arguments[0]}: no end after {_TOOL_SECONDS} s") from error
    if done.returncode != 0:
        said = (done.stdout.strip() or done.stderr.strip()).splitlines()
        raise ClientError("role_failed", f"{arguments[0]}: {said[-1][:300] if said else 'no words'}")
    return done.stdout


def _kept_date(release: Path, now: int) -> int:
    try:
        value = json.loads(release.read_bytes())["not_before"]
    except (OSError, ValueError, KeyError, TypeError):
        return now
    return value if isinstance(value, int) and 0 < value <= now else now


def _write_changed(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)
        os.chmod(path, 0o600)
