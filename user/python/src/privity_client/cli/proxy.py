"""`privity proxy`: the OpenAI API at an address of this machine, answered by the verified enclaves of a server."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn
from privity_protocol.limits import MAX_BUNDLE

from privity_client import fetch
from privity_client.channel import Channel
from privity_client.cli.connection import Connection, connect, relay_of
from privity_client.cli.failure import BANNER
from privity_client.cli.options import UNPACED
from privity_client.errors import ClientError
from privity_client.nodes import VerifiedNode
from privity_client.proxy.application import Proxy
from privity_client.proxy.asking import Asking
from privity_client.proxy.gate import Gate
from privity_client.proxy.key import Key, open_key
from privity_client.proxy.listening import allow_many_files, bound, configuration
from privity_client.proxy.receipts import Receipts
from privity_client.proxy.summary import Facts
from privity_client.proxy.verified import VerifiedNodes
from privity_client.relayed.relay import Relay
from privity_client.relayed.way import open_client
from privity_client.serve.home import home_path
from privity_client.version import VERSION


@dataclass(frozen=True)
class Wanted:
    """The command line of `privity proxy`. `aliases` are `NAME=ID`, `origins` what programs may send as `Origin`."""

    url: str
    port: int
    profile: str
    aliases: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    relay: str = ""
    receipts: Path | None = None
    new_key: bool = False
    allow_simulated: bool = False
    development_root: Path | None = None


def proxy(wanted: Wanted) -> int:
    """Serve until Ctrl-C. Raises PrivityError before anything listens: without verified nodes nothing does."""
    aliases = aliases_of(wanted.aliases)
    relay = relay_of(wanted.url, wanted.relay)
    if wanted.profile not in ("p0", "p1", "p2"):
        raise ClientError("misuse", "--profile is p0, p1 or p2")
    asyncio.run(_serve(wanted, aliases, relay))
    return 0


def aliases_of(texts: list[str]) -> dict[str, str]:
    """Return the names that programs ask for, with the models that answer. Raises ClientError `misuse`."""
    pairs = [text.partition("=") for text in texts]
    for (name, _, model), text in zip(pairs, texts, strict=True):
        if not (name and model):
            raise ClientError("misuse", f"--alias is NAME=MODEL, not {text}")
    return {name: model for name, _, model in pairs}


class Server(uvicorn.Server):
    """A server that speaks once it listens, and leaves signals to its owner."""

    def __init__(self, config: uvicorn.Config, wanted: Wanted, key: Key, connected: Connection, port: int) -> None:
        super().__init__(config)
        self._told = (wanted, key, connected, port)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell the person."""
        await super().startup(sockets=sockets)
        announce(*self._told)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    def stop(self) -> None:
        """End after what is being answered."""
        self.should_exit = True


async def _serve(wanted: Wanted, aliases: dict[str, str], relay: Relay | None) -> None:
    consent = {"allow_simulated": wanted.allow_simulated, "development_root": wanted.development_root}
    async with (
        connect(wanted.url, model="", ask=True, relay=relay, **consent) as connected,  # type: ignore[arg-type]
        open_client(wanted.url, relay) as client,
    ):
        nodes = VerifiedNodes(connected.source)
        folder = wanted.receipts or home_path(dict(os.environ)) / "receipts"
        receipts = Receipts(folder, lambda node: _bundle(client, wanted.url, node))
        channel = Channel(client, nodes, purse=connected.purse)
        asking = Asking(channel, wanted.profile, lambda: connected.trust.seen, receipts=receipts)
        allow_many_files()
        sockets = bound(wanted.port)
        # Not before all else went well: a key is shown at the start that chose it, and never again.
        key = open_key(home_path(dict(os.environ)), anew=wanted.new_key)
        port = sockets[0].getsockname()[1]
        facts = Facts(wanted.url, connected.trust.pin.deploy, wanted.profile, relay.url if relay else "", VERSION)
        gate = Gate(key, port, frozenset(wanted.origins))
        made = Proxy(gate, nodes, asking, facts, aliases, signs=wanted.receipts is not None)
        server = Server(configuration(made), wanted, key, connected, port)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        try:
            await server.serve(sockets)
        finally:
            for one in sockets:
                one.close()
            await asking.close()


async def _bundle(client: httpx.AsyncClient, url: str, node: VerifiedNode) -> bytes:
    return await fetch.get(client, f"{url.rstrip('/')}/v1/nodes/{node.digest}", limit=MAX_BUNDLE)


def announce(wanted: Wanted, key: Key, connected: Connection, port: int) -> None:
    """Print what was verified, and the lines that make a program private; the key only when it was chosen just now."""
    node, address = connected.node, f"http://localhost:{port}/v1"
    if node.simulated:
        print(f"! {BANNER}")
    print(f"· server: {wanted.url}, verified: {node.release}, {'test enclave' if node.simulated else node.kind}")
    print(f"· models: {', '.join(model.id for model in node.models)}")
    if connected.relayed:
        print(f"· {connected.relayed}")
    if wanted.receipts is not None:
        print(f"· receipts: question and answer, signed by the node, in {wanted.receipts}")
    if wanted.profile == "p0":
        print(f"· {UNPACED}")
    if key.fresh:
        print("Your key, shown this once. What a program needs:\n")
        print(f"    export OPENAI_BASE_URL={address}\n    export OPENAI_API_KEY={key.text}\n")
    else:
        print(f"· key: the one in {key.path}; --new-key chooses another")
    print(f"· what was verified, in a browser: http://localhost:{port}/ (the key is the password)")
    print(f"Privity's OpenAI interface is at {address}", flush=True)
