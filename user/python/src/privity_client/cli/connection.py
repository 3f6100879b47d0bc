"""From the options of a command to a channel: consent to a test enclave, development root, verified nodes."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from privity_client.appraisal import AllowSimulated, Consent, LocalAppraiser, Refuse, read_root
from privity_client.channel import Channel, unix_time
from privity_client.cli.failure import BANNER
from privity_client.discovery import Discovery
from privity_client.errors import ClientError
from privity_client.nodes import VerifiedNode
from privity_client.relayed.chosen import resolve
from privity_client.relayed.relay import Relay
from privity_client.relayed.way import open_client, through, words
from privity_client.serve.home import Home, home_path
from privity_client.trust.server import Server, reach
from privity_client.wallet.opening import ServerPurse

DEPLOYMENT = "local"


@dataclass
class Connection:
    """A channel to a server and the first verified node; the channel chooses anew at each HELLO."""

    channel: Channel
    source: Discovery
    node: VerifiedNode
    trust: Server
    purse: ServerPurse
    relayed: str = ""
    """What a person is told of the relay that carries it all; empty without one."""


@asynccontextmanager
async def connect(
    url: str,
    *,
    model: str,
    allow_simulated: bool,
    development_root: Path | None,
    ask: bool,
    relay: Relay | None = None,
) -> AsyncIterator[Connection]:
    """Verify the server's nodes and yield a channel. `ask` lets a person at the terminal consent to a test enclave.

    Raises PrivityError; nothing of the user has been sent then.
    """
    async with open_client(url, relay) as client:
        with through(relay):
            connected = await _consented(client, url, model, allow_simulated, development_root, ask, relay is not None)
        async with connected.purse:
            yield connected if relay is None else replace(connected, relayed=words(url, relay))


async def _consented(
    client: httpx.AsyncClient,
    url: str,
    model: str,
    allowed: bool,
    development_root: Path | None,
    ask: bool,
    hidden: bool,
) -> Connection:
    consent: Consent = granted(development_root) if allowed else Refuse()
    try:
        return await _verified(client, url, model, consent, hidden)
    except ClientError as error:
        if error.reason != "simulated_not_allowed" or not (ask and person_agrees()):
            raise
    return await _verified(client, url, model, granted(development_root), hidden)


def relay_of(url: str, asked: str) -> Relay | None:
    """Return the relay for this run: `asked` is an address, `off`, or empty for the one that is remembered.

    Raises ClientError `misuse`, `home_unusable`.
    """
    return resolve(home_path(dict(os.environ)), url, asked)


def granted(development_root: Path | None) -> AllowSimulated:
    """Return consent under the given root, or under that of the local installation.

    Raises ClientError `development_root` when there is neither.
    """
    path = development_root or Home(home_path(dict(os.environ))).root_certificate
    return AllowSimulated((read_root(path),))


def person_agrees() -> bool:
    """Ask, at each run, in words; anything but yes is no. Without a terminal the answer is no."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"\n{BANNER}\nContinue? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


async def _verified(client: httpx.AsyncClient, url: str, model: str, consent: Consent, hidden: bool) -> Connection:
    home = home_path(dict(os.environ))
    trust = await reach(client, url, home)
    appraiser = LocalAppraiser(trust.pin.deploy, consent)
    source = Discovery(client, url, appraiser, clock=unix_time, entropy=os.urandom, trust=trust)
    nodes = await source.nodes(model, refresh=False)
    purse = ServerPurse(url, trust, home, hidden=hidden)
    await purse.serve(nodes)
    return Connection(Channel(client, source, purse=purse), source, nodes[0], trust, purse)
