"""The process: two listeners, the poller, the minute's counts, and a drain at the end."""

import asyncio
import json
import logging
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from privity_service.account_gate import AccountGate, beside
from privity_service.applications import State, relay_application, service_application
from privity_service.asgi import App
from privity_service.configuration import Configuration, Listener
from privity_service.connection import WRITE_BUFFER, bounded
from privity_service.events import Events
from privity_service.poller import Poller
from privity_service.published import Published
from privity_service.shelf import DIRECTORY, Shelf
from privity_service.web_routes import open_web

DRAIN_SECONDS: Final = 20  # for answers in flight when asked to stop; the rest is cut
COUNT_SECONDS: Final = 60.0
MAX_DIRECTORY: Final = 65_535
BACKLOG: Final = 1024


class CannotListen(Exception):
    """An address is taken or not ours."""

    reason = "listen"


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and let those who wait know."""
        await super().startup(sockets=sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing: two servers share one process."""
        yield


class Silence(logging.Handler):
    """Turns whatever a library logs into an event without text: tracebacks can hold what requests held."""

    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        """Report the kind of an unexpected exception and nothing else."""
        kind = record.exc_info[0] if record.exc_info else None
        if kind is not None and kind is not asyncio.CancelledError:
            self._events.emit("internal_error", kind=kind.__name__)


def bind(listener: Listener) -> socket.socket:
    """Return a listening socket. Raises CannotListen."""
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    try:
        bound = socket.create_server((listener.host, listener.port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown host"
        raise CannotListen(f"port {listener.port}: {reason}") from error
    # Inherited by connections; otherwise the kernel takes megabytes for each reader that stopped.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, WRITE_BUFFER)
    return bound


def silence(events: Events) -> None:
    """Route every library's log through `Silence`; nothing else may reach standard error."""
    root = logging.getLogger()
    root.handlers[:] = [Silence(events)]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiohttp"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True


def allow_many_files() -> None:
    """Raise the soft limit of open files: each stream holds two."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def server(application: App, connections: int, *, tells_prefix: bool = False) -> Server:
    """Return a server that names no software, writes no access log and believes no forwarded header."""
    config = uvicorn.Config(
        application,
        http=bounded(connections, tells_prefix=tells_prefix),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=BACKLOG,
    )
    return Server(config)


class Process:
    """Everything that runs between READY and the end. Raises ConfigurationRefused where there is no web client."""

    def __init__(self, configuration: Configuration, events: Events) -> None:
        self._events = events
        self._configuration = configuration
        shelf = Shelf(Path(configuration.state))
        self._state = State.of(configuration, shelf.read(DIRECTORY, MAX_DIRECTORY))
        self._published = None if configuration.published is None else Published(Path(configuration.published))
        self._poller = Poller(
            self._state.registry,
            self._state.publication,
            shelf,
            self._state.upstreams,
            events,
            lambda: int(time.time()),
            self._published,
        )
        self._web = None if configuration.web is None else open_web(configuration, configuration.web)
        self._servers: list[Server] = []
        self._gate: AccountGate | None = None

    def _listening(self, service: str) -> list[Server]:
        """The servers of both origins; `service` is the address of the first."""
        most, chosen = self._configuration.limits.connections, self._configuration
        application = service_application(self._state, service, self._web)
        if chosen.accounts is not None:
            self._gate = AccountGate(chosen, service, self._events)
            self._state.publication.announce_accounts(chosen, chosen.accounts.origin or service)
            application = beside(self._gate, application)
        return [
            server(application, most, tells_prefix=self._gate is not None),
            server(relay_application(self._state), most),
        ]

    async def run(self) -> None:
        """Listen, say READY, serve until a signal, drain. Raises CannotListen."""
        sockets = [bind(self._configuration.service), bind(self._configuration.relay)]
        service, relay = (_origin(each) for each in sockets)
        self._servers = self._listening(service)
        background: list[asyncio.Task[None]] = []
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        serving = [asyncio.create_task(each.serve([bound])) for each, bound in zip(self._servers, sockets, strict=True)]
        for each in self._servers:
            await each.listening.wait()
        if self._published is not None:
            await self._poller.look(self._published)
        await self._poller.store()
        print("READY " + json.dumps({"relay": relay, "service": service}, sort_keys=True), flush=True)
        self._events.emit("started", nodes=len(self._configuration.nodes))
        background = [asyncio.create_task(self._poller.run()), asyncio.create_task(self._count())]
        if self._gate is not None:
            background.append(asyncio.create_task(self._gate.run()))
        await asyncio.gather(*serving)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await self._state.upstreams.close()
        if self._gate is not None:
            await self._gate.close()
        self._report_counts()
        self._events.emit("stopped")

    def _stop(self) -> None:
        first = not any(each.should_exit for each in self._servers)
        if first:
            self._events.emit("stopping", streams=self._state.streams.open)
        if self._gate is not None:
            self._gate.end_streams()
        for each in self._servers:
            each.force_exit = not first
            each.should_exit = True

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_SECONDS)
            self._report_counts()

    def _report_counts(self) -> None:
        counts = {name: number for name, number in self._state.counts.items() if number}
        self._state.counts.clear()
        if counts:
            self._events.emit("counts", **counts)


def _origin(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    shown = "localhost" if host in {"127.0.0.1", "::1"} else (f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def main_loop(configuration: Configuration) -> None:
    """Run the process to its end. Raises CannotListen, ConfigurationRefused."""
    import uvloop

    events = Events(lambda text: print(text, file=sys.stderr, flush=True))
    silence(events)
    allow_many_files()
    uvloop.run(Process(configuration, events).run())
