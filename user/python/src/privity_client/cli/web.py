"""`privity web`: the page from this machine's disk, for a server of one's choice."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from privity_client import fetch
from privity_client.cli.connection import relay_of
from privity_client.cli.options import relay_words
from privity_client.errors import ClientError
from privity_client.relayed.way import open_client, words
from privity_client.serve.home import home_path
from privity_client.trust import pins
from privity_client.web import bundle
from privity_client.web.forward import Forwarder
from privity_client.web.local import Local, application


@dataclass(frozen=True)
class Wanted:
    """The command line of `privity web`."""

    url: str
    port: int
    allow_simulated: bool
    relay: str = ""


def web(wanted: Wanted) -> int:
    """Serve until Ctrl-C. Raises ClientError `web_missing`, `web_unusable`, `port_in_use`, `misuse`."""
    local = choose(wanted)
    asyncio.run(_serve(local))
    return 0


def choose(wanted: Wanted) -> Local:
    """Return what will be served: the strict build, unless test enclaves were allowed. Raises ClientError."""
    server = wanted.url.rstrip("/")
    if not server.startswith(("http://", "https://")):
        raise ClientError("misuse", "the server is an address such as https://chat.example")
    build = bundle.find("test" if wanted.allow_simulated else "release")
    if build is None:
        raise ClientError("web_missing", "")
    pin = pins.read(pins.folder(home_path(dict(os.environ)), server))
    return Local(build, server, wanted.port, pin, relay_of(server, wanted.relay))


def bound(port: int) -> socket.socket:
    """Return a socket that listens for this machine alone. Raises ClientError `port_in_use`."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise ClientError("port_in_use", f"port {port}; --port names another") from error


class Server(uvicorn.Server):
    """A server that says where it is once it listens, and leaves signals to its owner."""

    def __init__(self, config: uvicorn.Config, local: Local) -> None:
        super().__init__(config)
        self._local = local

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then tell the person."""
        await super().startup(sockets=sockets)
        announce(self._local)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    def stop(self) -> None:
        """End after what is being answered."""
        self.should_exit = True


async def _serve(local: Local) -> None:
    with bound(local.port) as listening:
        async with fetch.new_client(local.server) as client, open_client(local.server, local.relay) as relayed:
            for one in (client, relayed):
                one.timeout = httpx.Timeout(fetch.QUIET_UNPACED_SECONDS, connect=fetch.CONNECT_SECONDS)
            made = application(local, Forwarder(client, local.server, local.origin, relayed=relayed))
            config = uvicorn.Config(
                made, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
                proxy_headers=False, timeout_graceful_shutdown=1,
            )  # fmt: skip
            server = Server(config, local)
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, server.stop)
            await server.serve([listening])


def announce(local: Local) -> None:
    """Print where the page is, and what it does and does not come from."""
    logs = "as pinned on this machine" if local.pin is not None else "as the server names them at the first contact"
    print(f"· page: version {local.bundle.version} of this disk ({local.bundle.source})")
    print(f"· server: {local.server}; its public logs count {logs}")
    if local.relay is not None:
        print(f"· {relay_words(words(local.server, local.relay), account=True)}")
    print(f"Your own copy of Privity's page is at {local.origin}", flush=True)
